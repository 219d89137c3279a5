"""Millrace itself: the server from build/release, and millrace.Loader."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from inspect import signature
from pathlib import Path
from typing import Any, NoReturn

import common
import grpc
import grpc.experimental
import numpy as np

import millrace
from millrace.v1 import loader_service_pb2 as pb

ROOT = Path(__file__).resolve().parents[2]
SERVER = ROOT / "build/release/server/millrace-server"
FIELDS = ["rating", "width_px", "height_px", "score"]
TYPES = {pb.DATA_TYPE_UINT8: np.uint8, pb.DATA_TYPE_INT32: np.int32, pb.DATA_TYPE_INT64: np.int64}
STREAM_BATCHES = "/millrace.v1.LoaderService/StreamBatches"
HAS_COLUMNS = "fields" in signature(millrace.Loader).parameters


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
        self.plan = self.plans[str(common.BATCH_SIZE)]
        self.is_columns = options.variant == "columns"
        fields: dict[str, Any] = {"fields": ["tag_indexes", *FIELDS]} if self.is_columns else {"view": "posts"}
        if self.is_columns and not HAS_COLUMNS:
            return
        self.loader = millrace.Loader(
            options.address, plan=self.plan, split="all", epochs=1, prefetch=self.workers, **fields
        )

    def epoch(self, number: int) -> Iterator[common.Batch]:
        if not self.is_columns:
            yield from map(from_rows, self.loader)
        elif HAS_COLUMNS:
            yield from map(from_columns, self.loader)
        else:
            self.step, self.first = self.first, 0
            ahead = max(1, self.workers)
            for batch in columns(self.options.address, self.plan, ahead=ahead, epoch=number, step=self.step):
                self.step += 1
                yield batch

    first = step = 0
    tag_ids: Any = None

    def state(self) -> Any:
        return self.loader.state_dict() if hasattr(self, "loader") else self.step

    def load(self, state: Any) -> None:
        if hasattr(self, "loader"):
            self.loader.load_state_dict(state)
        else:
            self.first = state

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
        if not self.is_columns:
            return batch
        if self.tag_ids is None:
            self.tag_ids = np.unique(common.Content(self.options.content).tag_values)
        return batch._replace(tag_values=self.tag_ids[batch.tag_values])


def columns(
    address: str, plan: str, *, ahead: int, epoch: int = 0, step: int = 0, end_epoch: int = 0
) -> Iterator[common.Batch]:
    """Columns without the package's help, until it reads them itself."""
    request = pb.StreamBatchesRequest(
        plan_id=plan,
        split="all",
        start=pb.Position(epoch=epoch, step=step),
        end_epoch=end_epoch,
        encode_ahead_count=ahead,
        projection=pb.Projection(encoding=pb.BATCH_ENCODING_COLUMNS, fields=["tag_indexes", *FIELDS]),
    )
    options = [("grpc.max_receive_message_length", -1), (grpc.experimental.ChannelOptions.SingleThreadedUnaryStream, 1)]
    with grpc.insecure_channel(address, options=options) as channel:
        messages = channel.unary_stream(STREAM_BATCHES, pb.StreamBatchesRequest.SerializeToString)(request)
        for message in messages:
            response = pb.StreamBatchesResponse.FromString(message)
            head, body = response.batch, response.body
            if len(body) < head.body_size_bytes:
                body = joined(body, head.body_size_bytes, messages)
            yield from_columns({column.name: from_column(column, body) for column in head.columns})


def joined(first: bytes, size: int, messages: Iterator[bytes]) -> bytearray:
    """A body that comes in parts."""
    body = bytearray(size)
    part, received = first, 0
    while True:
        body[received : received + len(part)] = part
        received += len(part)
        if received == size:
            return body
        part = pb.StreamBatchesResponse.FromString(next(messages)).body


def from_column(column: pb.Column, body: bytes | bytearray) -> Any:
    count = column.shape[0]
    return np.frombuffer(body, dtype=TYPES[column.data_type], count=count, offset=column.offset_bytes if count else 0)


def from_columns(columns: Any) -> common.Batch:
    tags = (columns["tag_indexes.values"], columns["tag_indexes.offsets"])
    return common.Batch(columns["id"], *tags, *(columns[name] for name in FIELDS))


def from_rows(batch: Any) -> common.Batch:
    # From the messages themselves: batch.posts, which makes a Post of each, would take longer.
    posts = batch._posts()
    fixed = (np.array([getattr(post, name) for post in posts], dtype=np.int32) for name in FIELDS[1:])
    rating = np.array([post.rating for post in posts], dtype=np.uint8)
    tags = batch.tags
    return common.Batch(batch.post_ids, tags.values.astype(np.int32), tags.offsets.astype(np.int32), rating, *fixed)


if __name__ == "__main__":
    common.main(Millrace)
