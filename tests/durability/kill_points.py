"""Kills the server (kill -9) on entry to each system call that changes its data folder, one after the other.

For each operation (the first start, imports, a snapshot, a start after a crash, an orderly end) and N = 1, 2, ... the
server starts on the same folder, is killed at its N-th such call, and what it left is compared (workload.check), until
the operation ends without a kill. So every point between two changes of the folder was a server's end.
"""

from __future__ import annotations

import contextlib
import functools
import random
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import grpc

import millrace
from durability import listed
from durability.comparison import check
from durability.listed import ListedWorkload
from durability.meddled import FOREVER, SYNCING, WRITING, Meddle, MeddledServer, build_meddle
from durability.refreshing import RELATE, REWIND, RefreshWorkload, board
from durability.report import Report, told
from durability.workload import (
    Fault,
    Known,
    Workload,
    copy_of,
    create_snapshot,
    prepared,
    query,
    reference,
    start,
)
from server_process import StartError

LARGE = Workload(posts_a_dump=1500)
SMALL = Workload(posts_a_dump=300)
# So many that aliases are applied in two transactions (kRewrittenRowCountMax of core/catalog/alias_rewriter.cc).
ALIASED = ListedWorkload(posts_a_dump=2400, state_count=2)
EXIT_KILLED = 137
# An import syncs the log's header and folder, its record, what it stages, the md5s, its commit, and what it sweeps. At
# these it is killed: before the commit, and when the commit is in the log.
STAGED_SYNC = 5
COMMIT_SYNC = 6
# Of imports, in the catalog.
RUNNING = 1
COMMITTED = 2


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
    # Tells what the server was at when it was killed, and what there is to be at.
    phase: Callable[[Path], str] | None = None
    phases: tuple[str, ...] = ()


@dataclass
class Act:
    """One try of an operation: the parts that `do` needs, and what it came to know."""

    operation: Operation
    server: MeddledServer
    client: millrace.Client
    known: Known

    def step(self, *, skip_snapshot: bool = False) -> None:
        known = self.known
        self.know(Known(known.acknowledged, known.begun + 1, known.snapshots))
        snapshot = self.operation.workload.step(self.client, known.begun, skip_snapshot=skip_snapshot)
        snapshots = (*known.snapshots, snapshot) if snapshot else known.snapshots
        self.know(Known(known.acknowledged + 1, known.begun + 1, snapshots))

    def know(self, known: Known) -> None:
        self.known = known


def _step(act: Act) -> None:
    act.step()


def _step_only(act: Act) -> None:
    act.step(skip_snapshot=True)


def _refresh(act: Act) -> None:
    assert isinstance(act.operation.workload, RefreshWorkload)
    act.operation.workload.walk(act.client, act.known, act.know)


def _relate(act: Act) -> None:
    workload, known = act.operation.workload, act.known
    assert isinstance(workload, RefreshWorkload)
    act.know(replace(known, begun=known.begun + 1))
    snapshot = workload.refresh(act.client)
    act.know(Known(known.acknowledged + 1, known.begun + 1, (snapshot,) if snapshot else ()))


@contextlib.contextmanager
def _asked_for_relations(workload: Workload) -> Iterator[Path | None]:
    assert isinstance(workload, RefreshWorkload)
    with prepared(workload, RELATE) as template:
        with start(template, workload) as server, millrace.connect(server.address) as client:
            workload.ask_for_relations(client)
            server.stop()
        yield template


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
def crashed(workload: Workload, meddle: Meddle, folder: Path, sync_number: int) -> Iterator[Path]:
    """A folder whose server was killed at a sync of its second import: a log to recover, rows to sweep."""
    with prepared(workload, 1) as template:
        data_dir = copy_of(template, folder / "crashed")
        meddle.leave_alone()
        with meddle.start(data_dir) as server, millrace.connect(server.address) as client:
            meddle.order("kill", SYNCING, first=sync_number)
            with contextlib.suppress(millrace.Error, ValueError):
                workload.do(client, 1, skip_snapshot=True)
        left = query(data_dir, "SELECT state, (SELECT count(*) FROM posts) FROM imports WHERE is_swept = 0")
        if left != [(RUNNING if sync_number == STAGED_SYNC else COMMITTED, 2 * workload.posts_a_dump)]:
            raise Fault(f"sync {sync_number} of an import is not what it was, and leaves {left}; choose another here")
        yield data_dir


def operations(meddle: Meddle, folder: Path, address: str) -> list[Operation]:
    """`address`: of the board to refresh from."""
    staged, committed = (
        functools.partial(crashed, meddle=meddle, folder=folder, sync_number=number)
        for number in (STAGED_SYNC, COMMIT_SYNC)
    )
    refreshed = RefreshWorkload(address=address)
    return [
        Operation("first start", SMALL, _nothing, lambda act: None, from_start=True),
        Operation("first import", LARGE, lambda w: prepared(w, 0), _step),
        Operation("replacing import", LARGE, lambda w: prepared(w, 1), _step_only, Known(1, 1)),
        Operation("snapshot", SMALL, lambda w: prepared(w, 2, snapshots=False), _snapshot, Known(2, 2)),
        Operation("start after a crash before a commit, and stop", LARGE, staged, _sweep_and_stop, Known(1, 2), True),
        Operation(
            "start after a crash behind a commit, and stop", LARGE, committed, _sweep_and_stop, Known(1, 2), True
        ),
        Operation(
            "import with lists and aliases of its own", ALIASED, lambda w: prepared(w, 1), _step_only, Known(1, 1),
            phase=listed.phase, phases=listed.PHASES,
        ),
        Operation("first refresh of a board", refreshed, lambda w: prepared(w, 1), _refresh, Known(1, 1)),
        Operation(
            "refresh of a changed board", refreshed, lambda w: prepared(w, REWIND + 1), _refresh,
            Known(REWIND + 1, REWIND + 1),
        ),
        Operation("aliases of a board", refreshed, _asked_for_relations, _relate, Known(RELATE, RELATE)),
    ]  # fmt: skip


OPERATION_COUNT = 10


class KillPoints:
    """One operation's. kills: how many at which call and kind of file; phases: and at what. whole and absent: the
    states that were found. `address`: of the board."""

    def __init__(self, program: Path, folder: Path, number: int, address: str) -> None:
        self.kills: Counter[str] = Counter()
        self.phases: Counter[str] = Counter()
        self.whole = 0
        self.absent = 0
        self.failures: list[str] = []
        self._data_dir = folder / "data"
        self._meddle = Meddle(program, folder)
        self._copy = folder / "copy"
        self.operation = operations(self._meddle, folder, address)[number]
        self._expected = reference(self.operation.workload)

    def run(self, *, sample: int | None, seed: int) -> None:
        """All points; or as many as `sample`, drawn by `seed`."""
        with self.operation.make(self.operation.workload) as template:
            numbers: Iterator[int] = iter(range(1, FOREVER))
            if sample is not None:
                self._try(template, FOREVER)
                count = len(self._meddle.noted())
                numbers = iter(sorted(random.Random(seed).sample(range(1, count + 1), min(sample, count))))
            for number in numbers:
                point = self._try(template, number)
                if point is not None:
                    self.kills[point] += 1
                elif sample is None:
                    break
        if sample is None:
            missed = [phase for phase in self.operation.phases if not self.phases[phase]]
            self.failures += [f"{self.operation.name}: no kill came {phase}" for phase in missed]

    def _try(self, template: Path | None, number: int) -> str | None:
        """The call that it was killed at; None when it came to its end."""
        if template is not None:
            copy_of(template, self._data_dir)
        else:
            shutil.rmtree(self._data_dir, ignore_errors=True)
        self._meddle.leave_alone()
        if self.operation.from_start:
            self._meddle.order("kill", WRITING, first=number)
        known = self._act(number)
        noted = self._meddle.noted()
        killed = noted[-1] if noted and noted[-1].done == "kill" else None
        if killed is not None and self.operation.phase is not None:
            # Of a copy: to look recovers the log.
            self.phases[self.operation.phase(copy_of(self._data_dir, self._copy))] += 1
        try:
            state = check(self._data_dir, known, self._expected)
        except (Fault, StartError, millrace.Error) as broken:
            where = f"killed at {killed.point} (call {number})" if killed else "not killed"
            self.failures.append(f"{self.operation.name}, {where}: {told(broken)}")
            return killed.point if killed else None
        if killed is None:
            return None
        self.whole += state == known.begun
        self.absent += state < known.begun
        return killed.point

    def _act(self, number: int) -> Known:
        """What clients know in the end."""
        operation = self.operation
        try:
            server = self._meddle.start(self._data_dir, *operation.workload.flags)
        except StartError as error:
            if error.exit_code != EXIT_KILLED:
                raise
            return operation.known
        with server, millrace.connect(server.address) as client:
            act = Act(operation, server, client, operation.known)
            if not operation.from_start:
                self._meddle.order("kill", WRITING, first=number)
            with contextlib.suppress(millrace.Error, grpc.RpcError, ValueError):
                operation.do(act)
            return act.known


def run(folder: Path, number: int, *, sample: int | None = None, seed: int = 1) -> Report:
    """Of operation `number`, below OPERATION_COUNT."""
    with board() as address:
        points = KillPoints(build_meddle(), folder, number, address)
        points.run(sample=sample, seed=seed)
    details = [", ".join(f"{count} x {point}" for point, count in sorted(points.kills.items()))]
    details.append(
        f"{points.whole} times all was there afterwards, {points.absent} times what was not acknowledged was not"
    )
    if points.phases:
        details.append(", ".join(f"{points.phases[phase]} times {phase}" for phase in points.operation.phases))
    count = sum(points.kills.values())
    return Report(f"kill points: {points.operation.name}", count, details, points.failures)
