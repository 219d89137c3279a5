"""Loaders that are left before their stream's end give their connection back, in the trainer and at the server.

Method: the open files of both processes are counted before and behind many loaders.
"""

from __future__ import annotations

import itertools
import os
import time
from pathlib import Path
from typing import Any

import pytest

import millrace
from server_process import ServerProcess

LOADER_COUNT = 12


def open_file_count(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


@pytest.fixture(scope="module")
def plan(client: millrace.Client) -> millrace.Plan:
    return client.plans.create(dataset="openclipart", batch_size=4, seed=3)


@pytest.mark.parametrize("batch_count", [2, None])
@pytest.mark.parametrize("prefetch", [0, 2])
@pytest.mark.parametrize("content", [{"fields": ["tags"]}, {"view": "posts"}])
def test_a_loader_keeps_no_connection(
    server: ServerProcess, plan: millrace.Plan, content: dict[str, Any], prefetch: int, batch_count: int | None
) -> None:
    def read() -> None:
        with millrace.Loader(server.address, plan=plan.id, prefetch=prefetch, **content) as loader:
            assert len(list(itertools.islice(loader, batch_count))) == (batch_count or loader.batch_count)

    read()  # what a process opens once
    pids = os.getpid(), server.process.pid
    before = [open_file_count(pid) for pid in pids]
    for _ in range(LOADER_COUNT):
        read()
    # Sockets are closed by gRPC's own threads, shortly after.
    deadline = time.monotonic() + 20
    while any(open_file_count(pid) > count + 2 for pid, count in zip(pids, before, strict=True)):
        assert time.monotonic() < deadline, f"{before} grew to {[open_file_count(pid) for pid in pids]}"
        time.sleep(0.05)
