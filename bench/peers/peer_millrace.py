"""Millrace itself: the server from build/release, and millrace.Loader."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import common
import grpc
import numpy as np

import millrace
from millrace.v1 import loader_service_pb2 as pb

ROOT = Path(__file__).resolve().parents[2]
SERVER = ROOT / "build/release/server/millrace-server"
FIELDS = ["rating", "width_px", "height_px", "score"]
STREAM_BATCHES = "/millrace.v1.LoaderService/StreamBatches"


class Millrace(common.Peer):
    packages = ("millrace", "grpcio", "protobuf", "numpy")

    @classmethod
    def prepare(cls, content: common.Content, folder: Path) -> None:
        command = [str(SERVER), "--listen", "127.0.0.1:0", "--data-dir", str(folder / "data")]
        with (folder / "server.log").open("wb") as log:
            server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            address = server.stdout.readline().rpartition("listening on ")[2].strip()  # type: ignore[union-attr]
            with millrace.connect(address) as client:
                client.import_(content.folder / "dump.jsonl", dataset="bench")
                plans = {
                    size: client.plans.create(dataset="bench", batch_size=size, seed=common.SEED, splits={"all": 1}).id
                    for size in (common.BATCH_SIZE, common.UNARY_BATCH_SIZE)
                }
            (folder / "plans.json").write_text(json.dumps(plans))
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(60)

    @classmethod
    def serve(cls, options: argparse.Namespace) -> NoReturn:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})
        os.execv(SERVER, [str(SERVER), "--listen", "127.0.0.1:0", "--data-dir", str(options.data / "data")])

    def __init__(self, options: Any) -> None:
        super().__init__(options)
        self.plans = json.loads((options.data / "plans.json").read_text())
        is_columns = options.variant == "columns"
        self.tag_ids: Any = None
        self.convert = from_columns if is_columns else from_rows
        self.loader = millrace.Loader(
            options.address,
            plan=self.plans[str(common.BATCH_SIZE)],
            split="all",
            prefetch=self.workers,
            fields=["tag_indexes", *FIELDS] if is_columns else None,
        )

    def epoch(self, number: int) -> Iterator[common.Batch]:
        """A pass is an epoch; the next one goes on with the next."""
        return map(self.convert, self.loader)

    def state(self) -> Any:
        return self.loader.state_dict()

    def load(self, state: Any) -> None:
        self.loader.load_state_dict(state)

    def unary(self) -> tuple[int, common.Unary]:
        """GetBatch as rows, of the fields that the others send; parsed."""
        plan = self.plans[str(common.UNARY_BATCH_SIZE)]
        call = grpc.insecure_channel(self.options.address).unary_unary(
            "/millrace.v1.LoaderService/GetBatch",
            pb.GetBatchRequest.SerializeToString,
            pb.GetBatchResponse.FromString,
        )

        rows = pb.Projection(encoding=pb.BATCH_ENCODING_ROWS, fields=["tags", *FIELDS])

        def get(step: int) -> pb.Batch:
            return call(pb.GetBatchRequest(plan_id=plan, split="all", step=step, projection=rows)).batch

        return get(0).batch_count, lambda step: len(get(step).posts)

    def checked(self, batch: common.Batch) -> common.Batch:
        """The snapshot numbers its tags in ascending order of their ids."""
        if self.options.variant != "columns":
            return batch
        if self.tag_ids is None:
            self.tag_ids = np.unique(common.Content(self.options.content).tag_values)
        return batch._replace(tag_values=self.tag_ids[batch.tag_values])


def from_columns(batch: Any) -> common.Batch:
    tags, columns = batch.lists("tag_indexes"), batch.columns
    return common.Batch(batch.post_ids, tags.values, tags.offsets, *(columns[name] for name in FIELDS))


def from_rows(batch: Any) -> common.Batch:
    # From the messages themselves: batch.posts, which makes a Post of each, would take longer.
    posts = batch._posts()
    fixed = (np.array([getattr(post, name) for post in posts], dtype=np.int32) for name in FIELDS[1:])
    rating = np.array([post.rating for post in posts], dtype=np.uint8)
    tags = batch.tags
    return common.Batch(batch.post_ids, tags.values.astype(np.int32), tags.offsets.astype(np.int32), rating, *fixed)


if __name__ == "__main__":
    common.main(Millrace)
