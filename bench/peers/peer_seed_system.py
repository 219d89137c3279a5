"""The seed system's stand-in (seed_system/): JSON batches over HTTP from SQLite, one query a post and one for its tags.

The client keeps its connections, parses with orjson, and asks for as many batches at once as it has workers (threads).
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import os
import signal
import sqlite3
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import local
from typing import Any, NoReturn

import common
import numpy as np
import orjson
import sqlite_format

ROOT = Path(__file__).resolve().parents[2]
SERVER = ROOT / "build/bench/seed_system/release/seed-system"


def collate(posts: list[dict[str, Any]]) -> common.Batch:
    names = ("post_id", "rating", "width", "height", "score")
    tags = [post["tags"] for post in posts]
    offsets = np.zeros(len(posts) + 1, dtype=np.int32)
    np.cumsum([len(of_post) for of_post in tags], out=offsets[1:])
    values = np.fromiter(itertools.chain.from_iterable(tags), dtype=np.int32, count=int(offsets[-1]))
    types = (np.int64, np.uint8, np.int32, np.int32, np.int32)
    ids, *fixed = (
        np.array([post[name] for post in posts], dtype=kind) for name, kind in zip(names, types, strict=True)
    )
    return common.Batch(ids, values, offsets, *fixed)


class SeedSystem(common.Peer):
    packages = ("orjson",)

    @classmethod
    def prepare(cls, content: common.Content, folder: Path) -> None:
        sqlite_format.prepare(content, folder)

    @classmethod
    def serve(cls, options: argparse.Namespace) -> NoReturn:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})
        path = str(options.data / sqlite_format.FILE_NAME)
        os.execv(SERVER, [str(SERVER), "--database", path, "--listen", "127.0.0.1:0"])

    def __init__(self, options: Any) -> None:
        super().__init__(options)
        self.host, port = options.address.split(":")
        self.port = int(port)
        self.threads = local()
        self.pool = ThreadPoolExecutor(max(1, self.workers))
        self.first = self.next = 0

    def get(self, path: str) -> Any:
        if not hasattr(self.threads, "connection"):
            self.threads.connection = http.client.HTTPConnection(self.host, self.port)
        self.threads.connection.request("GET", path)
        response = self.threads.connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise RuntimeError(f"{path}: {response.status} {body[:200]!r}")
        return orjson.loads(body)

    def batch(self, plan: str, step: int) -> common.Batch:
        return collate(self.get(f"/plans/{plan}/batches/{step}")["posts"])

    def epoch(self, number: int) -> Iterator[common.Batch]:
        plan = self.get(f"/plans/new?seed={common.SEED + number}&batch_size={common.BATCH_SIZE}")
        self.next, self.first = self.first, 0
        ahead: list[Future[common.Batch]] = []
        for step in range(self.next, plan["batch_count"]):
            if self.workers == 0:
                self.next += 1
                yield self.batch(plan["id"], step)
                continue
            ahead.append(self.pool.submit(self.batch, plan["id"], step))
            if len(ahead) > self.workers:
                self.next += 1
                yield ahead.pop(0).result()
        for future in ahead:
            self.next += 1
            yield future.result()

    def state(self) -> Any:
        return self.next

    def load(self, state: Any) -> None:
        self.first = state

    def versions(self) -> dict[str, str]:
        return {**super().versions(), "sqlite (preparing)": sqlite3.sqlite_version}


if __name__ == "__main__":
    common.main(SeedSystem)
