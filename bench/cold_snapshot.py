"""Question: what do batches cost when the snapshot is larger than the memory that is left for it?

Method: a real server in a memory cgroup of its own, whose page cache is bounded with it, over a snapshot several times
that size. The file's pages are dropped first; then a plan in `epoch` order (rows anywhere) and one in `block` order
(neighbouring rows) are streamed as columns, three times in turn, behind a first pass that compares every block with its
checksum. Prints posts/s, bytes read from the disk and major page faults a batch, and the same without a bound. The ids
received with and without the bound must have one SHA-256. Needs root, for the cgroup.

    build/venv/bin/python bench/cold_snapshot.py --posts 3700000 --memory-mib 384
"""

from __future__ import annotations

import argparse
import hashlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from python_client import FIELDS, ROOT, serve

import millrace

ORDERS = ("epoch", "block")


@contextmanager
def memory_bound(mib: int) -> Iterator[Path]:
    """A memory cgroup (version 2 or 1) of that size; gives the file that takes a process's id."""
    root = Path("/sys/fs/cgroup")
    is_v2 = (root / "cgroup.controllers").exists()
    group = root / ("" if is_v2 else "memory") / f"millrace-cold-{os.getpid()}"
    group.mkdir()
    (group / ("memory.max" if is_v2 else "memory.limit_in_bytes")).write_text(str(mib << 20))
    try:
        yield group / "cgroup.procs"
    finally:
        group.rmdir()


def counts(pid: int) -> tuple[int, int]:
    """Major page faults of the process, and bytes that it had read from the disk."""
    faults = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[9])
    io = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    return faults, int(io["read_bytes"])


def drop(path: Path) -> None:
    """The file's pages leave the page cache."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def stream(address: str, plan: str, batches: int, epoch: int) -> tuple[float, str]:
    """Seconds for so many batches of an epoch, and the SHA-256 of their ids."""
    digest = hashlib.sha256()
    start = millrace.Position(epoch, 0)
    with millrace.Loader(address, plan=plan, split="all", fields=FIELDS, start=start, epochs=1) as loader:
        received = iter(loader)
        begin = time.perf_counter()
        for _ in range(batches):
            digest.update(next(received).post_ids)
        return time.perf_counter() - begin, digest.hexdigest()


def measure(data: Path, plans: dict[str, str], batches: int, mib: int | None) -> dict[str, list[str]]:
    """Streams each plan three times; returns the ids' digests."""
    (snapshot,) = (data / "snapshots").glob("*.snapshot")
    server, address = serve(str(data))
    digests: dict[str, list[str]] = {order: [] for order in plans}
    try:
        if mib is None:
            return _measure(
                server.pid,
                address,
                plans,
                batches,
                digests,
                f"memory without a bound, {snapshot.stat().st_size >> 20} MiB snapshot",
            )
        with memory_bound(mib) as processes:
            try:
                processes.write_text(str(server.pid))
                drop(snapshot)
                title = f"memory of {mib} MiB, {snapshot.stat().st_size >> 20} MiB snapshot"
                return _measure(server.pid, address, plans, batches, digests, title)
            finally:
                server.terminate()
                server.wait()
    finally:
        server.terminate()
        server.wait()


def _measure(
    pid: int, address: str, plans: dict[str, str], batches: int, digests: dict[str, list[str]], title: str
) -> dict[str, list[str]]:
    print(title)
    for order, plan in plans.items():  # every block is compared once, whichever order comes first
        seconds, _ = stream(address, plan, batches * 3, 9)
        print(f"  {order:6} first pass {batches * 3 * 256 / seconds:12,.0f} posts/s")
    rates: dict[str, list[float]] = {order: [] for order in plans}
    costs: dict[str, list[tuple[float, float]]] = {order: [] for order in plans}
    for epoch in range(3):
        for order, plan in plans.items():
            before = counts(pid)
            seconds, digest = stream(address, plan, batches, epoch)
            after = counts(pid)
            digests[order].append(digest)
            rates[order].append(batches * 256 / seconds)
            costs[order].append(((after[0] - before[0]) / batches, (after[1] - before[1]) / batches / 1024))
    for order in plans:
        faults, kib = (statistics.median(values) for values in zip(*costs[order], strict=True))
        low, middle, high = min(rates[order]), statistics.median(rates[order]), max(rates[order])
        print(
            f"  {order:6} {middle:12,.0f} posts/s ({low:,.0f} to {high:,.0f}); "
            f"a batch reads {kib:,.0f} KiB and waits at {faults:.1f} page faults"
        )
    return digests


def import_posts(data: Path, posts: int) -> None:
    server, address = serve(str(data))
    try:
        with tempfile.NamedTemporaryFile(suffix=".jsonl") as dump:
            command = [str(ROOT / "build/release/bench/generate-dump"), "--posts", str(posts)]
            subprocess.run(command, stdout=dump, check=True)
            millrace.connect(address).import_(dump.name, dataset="synthetic")
    finally:
        server.terminate()
        server.wait()


def make_plans(data: Path) -> dict[str, str]:
    server, address = serve(str(data))
    try:
        plans = millrace.connect(address).plans
        return {
            order: plans.create(
                dataset="synthetic",
                batch_size=256,
                seed=1,
                splits=[millrace.SplitSpec("all", share=1, order=order)],
            ).id
            for order in ORDERS
        }
    finally:
        server.terminate()
        server.wait()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=3_700_000)
    parser.add_argument("--memory-mib", type=int, default=384)
    parser.add_argument("--batches", type=int, default=200)
    parser.add_argument("--data", type=Path, help="a data folder whose dataset `synthetic` has one snapshot; kept")
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        print("cold_snapshot: a memory cgroup needs root", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        data = arguments.data or Path(folder, "data")
        if arguments.data is None:
            import_posts(data, arguments.posts)
        plans = make_plans(data)
        cold = measure(data, plans, arguments.batches, arguments.memory_mib)
        warm = measure(data, plans, arguments.batches, None)
    if cold != warm:
        print("cold_snapshot: other posts were received with the bound than without", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
