"""Kills the server (kill -9) on entry to each system call that changes its data folder, one after the other.

For each operation (the first start, imports, a snapshot, a start after a crash, an orderly end) and N = 1, 2, ... the server
starts on the same folder, is killed at its N-th such call, and what it left is compared (workload.check), until the operation
ends without a kill. So every point between two changes of the folder was a server's end.
"""

from __future__ import annotations

import contextlib
import functools
import random
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import millrace
from durability.meddled import FOREVER, SYNCING, WRITING, Meddle, MeddledServer
from durability.workload import (
    Fault,
    Known,
    Reference,
    Workload,
    check,
    copy_of,
    create_snapshot,
    prepared,
    query,
    reference,
)
from server_process import StartError

# Several transactions of staged posts.
LARGE = Workload(posts_a_dump=1500)
SMALL = Workload(posts_a_dump=300)


@dataclass(frozen=True)
class Operation:
    """`make` prepares the folder; `do` operates and says what is acknowledged when the server died or the end came."""

    name: str
    workload: Workload
    make: Callable[[Workload], contextlib.AbstractContextManager[Path | None]]
    do: Callable[[Act], None]
    known: Known = field(default_factory=Known)  # when it begins
    # Whether calls are counted from the server's start, or from when it listens.
    from_start: bool = False


@dataclass
class Act:
    """One try of an operation: the parts that `do` needs, and what it came to know."""

    operation: Operation
    server: MeddledServer
    client: millrace.Client
    known: Known

    def import_next(self, *, skip_snapshot: bool = False) -> None:
        known = self.known
        self.known = Known(known.acknowledged, known.begun + 1, known.snapshots)
        result = self.operation.workload.do(self.client, known.begun, skip_snapshot=skip_snapshot)
        snapshots = (*known.snapshots, result.snapshot) if result.snapshot else known.snapshots
        self.known = Known(known.acknowledged + 1, known.begun + 1, snapshots)


def _import(act: Act) -> None:
    act.import_next()


def _import_only(act: Act) -> None:
    act.import_next(skip_snapshot=True)


def _snapshot(act: Act) -> None:
    digest = create_snapshot(act.server.address)
    act.known = Known(act.known.acknowledged, act.known.begun, (*act.known.snapshots, digest))


def _sweep_and_stop(act: Act) -> None:
    deadline = time.monotonic() + 30
    while query(act.server.data_dir, "SELECT count(*) FROM imports WHERE is_swept = 0") != [(0,)]:
        # A kill is what ends the wait, unless everything is swept.
        if act.server.process.poll() is not None:
            return
        if time.monotonic() > deadline:
            raise Fault("nothing was swept within 30 s")
        time.sleep(0.002)
    act.server.process.terminate()
    act.server.process.wait(20)


@contextlib.contextmanager
def _nothing(_: Workload) -> Iterator[Path | None]:
    yield None


@contextlib.contextmanager
def _crashed(workload: Workload, meddle: Meddle, folder: Path, sync_number: int) -> Iterator[Path]:
    """A folder whose server was killed at a sync of its second import: a log to recover, rows to sweep."""
    with prepared(workload, 1) as template:
        data_dir = copy_of(template, folder / "crashed")
        meddle.leave_alone()
        with meddle.start(data_dir) as server, millrace.connect(server.address) as client:
            meddle.order("kill", SYNCING, first=sync_number)
            with contextlib.suppress(millrace.Error, ValueError):
                workload.do(client, 1, skip_snapshot=True)
            if not meddle.noted() or meddle.noted()[-1].done != "kill":
                raise Fault(f"an import makes fewer than {sync_number} syncs; choose others here")
        yield data_dir


def operations(meddle: Meddle, folder: Path) -> list[Operation]:
    # An import syncs its record, what it stages, the md5s, its commit, and what it sweeps.
    staged, committed = (
        functools.partial(_crashed, meddle=meddle, folder=folder, sync_number=number) for number in (3, 5)
    )
    return [
        Operation("first start", SMALL, _nothing, lambda act: None, from_start=True),
        Operation("first import", LARGE, lambda w: prepared(w, 0), _import),
        Operation("replacing import", LARGE, lambda w: prepared(w, 1), _import_only, Known(1, 1)),
        Operation("snapshot", SMALL, lambda w: prepared(w, 2, snapshots=False), _snapshot, Known(2, 2)),
        Operation("start after a crash in staging, and stop", LARGE, staged, _sweep_and_stop, Known(1, 2), True),
        Operation("start after a crash in sweeping, and stop", LARGE, committed, _sweep_and_stop, Known(1, 2), True),
    ]


@dataclass
class Outcome:
    """kills: for each operation how many at which call and kind of file."""

    kills: dict[str, Counter[str]] = field(default_factory=dict)
    whole: int = 0
    absent: int = 0
    failures: list[str] = field(default_factory=list)

    @property
    def kill_count(self) -> int:
        return sum(sum(points.values()) for points in self.kills.values())

    def lines(self) -> Iterator[str]:
        for name, points in self.kills.items():
            yield f"  {name}: " + ", ".join(f"{count} x {point}" for point, count in sorted(points.items()))


class KillPoints:
    def __init__(self, program: Path, folder: Path) -> None:
        self.outcome = Outcome()
        self._folder = folder
        self._meddle = Meddle(program, folder)

    def run(self, *, sample: int | None = None, seed: int = 1) -> Outcome:
        """All points; or of each operation `sample`, drawn by `seed`."""
        for operation in operations(self._meddle, self._folder):
            expected = reference(operation.workload)
            points = self.outcome.kills.setdefault(operation.name, Counter())
            with operation.make(operation.workload) as template:
                numbers: Iterator[int] = iter(range(1, FOREVER))
                if sample is not None:
                    self._try(operation, template, FOREVER, expected)
                    count = len(self._meddle.noted())
                    chance = random.Random(seed)
                    numbers = iter(sorted(chance.sample(range(1, count + 1), min(sample, count))))
                for number in numbers:
                    point = self._try(operation, template, number, expected)
                    if point is None:
                        break
                    points[point] += 1
        return self.outcome

    def _try(self, operation: Operation, template: Path | None, number: int, expected: Reference) -> str | None:
        """The call that it was killed at; None when it came to its end."""
        data_dir = self._folder / "data"
        if template is not None:
            copy_of(template, data_dir)
        else:
            shutil.rmtree(data_dir, ignore_errors=True)
        self._meddle.leave_alone()
        if operation.from_start:
            self._meddle.order("kill", WRITING, first=number)
        known = self._act(operation, data_dir, number)
        noted = self._meddle.noted()
        killed = noted[-1] if noted and noted[-1].done == "kill" else None
        try:
            state = check(data_dir, known, expected)
            self.outcome.whole += state == known.begun
            self.outcome.absent += state < known.begun
        except (Fault, StartError, millrace.Error) as broken:
            where = f"killed at {killed.point} (call {number})" if killed else "not killed"
            self.outcome.failures.append(f"{operation.name}, {where}: {broken}")
        return killed.point if killed else None

    def _act(self, operation: Operation, data_dir: Path, number: int) -> Known:
        try:
            server = self._meddle.start(data_dir)
        except StartError as error:
            if error.exit_code != 137:
                raise
            return operation.known
        with server, millrace.connect(server.address) as client:
            act = Act(operation, server, client, operation.known)
            if not operation.from_start:
                self._meddle.order("kill", WRITING, first=number)
            with contextlib.suppress(millrace.Error, grpc.RpcError, ValueError):
                operation.do(act)
            return act.known

