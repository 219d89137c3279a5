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
import millrace
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
SERVER = ROOT / "build/release/server/millrace-server"
FIELDS = ["rating", "width_px", "height_px", "score"]
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
                plan = client.plans.create(
                    dataset="bench", batch_size=common.BATCH_SIZE, seed=common.SEED, splits={"all": 1}
                )
            (folder / "plan.json").write_text(json.dumps({"plan": plan.id}))
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(60)

    @classmethod
    def serve(cls, options: argparse.Namespace) -> NoReturn:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})
        os.execv(SERVER, [str(SERVER), "--listen", "127.0.0.1:0", "--data-dir", str(options.data / "data")])

    def __init__(self, options: Any) -> None:
        super().__init__(options)
        plan = json.loads((options.data / "plan.json").read_text())["plan"]
        # Until the package has columns, whole posts as rows stand in for them.
        self.has_columns = options.variant == "columns" and HAS_COLUMNS
        fields: dict[str, Any] = {"fields": ["tag_indexes", *FIELDS]} if self.has_columns else {"view": "posts"}
        self.loader = millrace.Loader(
            options.address, plan=plan, split="all", epochs=1, prefetch=max(1, self.workers), **fields
        )
        self.convert = from_columns if self.has_columns else from_rows
        self.tag_ids: Any = None

    def epoch(self, number: int) -> Iterator[common.Batch]:
        for batch in self.loader:
            yield self.convert(batch)

    def state(self) -> Any:
        return self.loader.state_dict()

    def load(self, state: Any) -> None:
        self.loader.load_state_dict(state)

    def checked(self, batch: common.Batch) -> common.Batch:
        """The snapshot numbers its tags in ascending order of their ids."""
        if not self.has_columns:
            return batch
        if self.tag_ids is None:
            self.tag_ids = np.unique(common.Content(self.options.content).tag_values)
        return batch._replace(tag_values=self.tag_ids[batch.tag_values])


def from_rows(batch: Any) -> common.Batch:
    # From the messages themselves: batch.posts, which makes a Post of each, would take longer.
    posts = batch._posts()
    fixed = (np.array([getattr(post, name) for post in posts], dtype=np.int32) for name in FIELDS[1:])
    rating = np.array([post.rating for post in posts], dtype=np.uint8)
    tags = batch.tags
    return common.Batch(batch.post_ids, tags.values.astype(np.int32), tags.offsets.astype(np.int32), rating, *fixed)


def from_columns(batch: Any) -> common.Batch:
    raise NotImplementedError


if __name__ == "__main__":
    common.main(Millrace)
