"""Makes the disk fail under a server: each call on its data folder in turn gives EIO or ENOSPC, once or from then on.

While an import runs (with its snapshot), while data is read, and at the start. What must hold: whoever asked gets the answer
or an error with the reason IO_ERROR or DISK_FULL; the server lives, and goes on to read; once the fault is gone the same
import succeeds, counts once, and everything is as if nothing had been (workload.check).
"""

from __future__ import annotations

import errno
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import millrace
from durability.meddled import FOREVER, READING, WRITING, Meddle, MeddledServer
from durability.workload import (
    DATASET,
    Fault,
    Known,
    Reference,
    Workload,
    check,
    copy_of,
    prepared,
    reference,
)
from server_process import ServerProcess, StartError

REASONS = {errno.EIO: ("IO_ERROR",), errno.ENOSPC: ("DISK_FULL",)}
WORKLOAD = Workload(posts_a_dump=300)
# A server that ends because it cannot start says why, and does not crash.
EXIT_FAILED = 1


@dataclass(frozen=True)
class Scene:
    """What is done while calls fail: `act` is given the server, and a way to run a request that may be refused."""

    name: str
    calls: str
    act: Callable[[Try], None]
    errors: tuple[int, ...]
    from_start: bool = False


class Try:
    """One run of a scene with one fault: asks for things, and notes how the failing ones were refused."""

    def __init__(self, client: millrace.Client, plan: str, error: int, refused: Counter[str]) -> None:
        self.client = client
        self.plan = plan
        self._error = error
        self._refused = refused

    def ask(self, what: str, request: Callable[[], object]) -> object:
        """What the request gives, or None when it was refused for the right reason."""
        try:
            return request()
        except millrace.Error as error:
            self.note(what, error.reason, str(error))
            return None

    def note(self, what: str, reason: str, message: str) -> None:
        if reason not in REASONS[self._error]:
            raise Fault(f"{what} was refused with {message}")
        self._refused[reason] += 1


def _reason_of(message: str) -> str:
    """Of SQLite's or the system's words for what went wrong."""
    words = {"No space left": "DISK_FULL", "disk is full": "DISK_FULL", "no space left": "DISK_FULL"}
    words |= {"Input/output error": "IO_ERROR", "disk I/O error": "IO_ERROR", "unable to open": "IO_ERROR"}
    return next((reason for word, reason in words.items() if word in message), "")


def _import(attempt: Try) -> None:
    result = attempt.ask("the import", lambda: WORKLOAD.do(attempt.client, 1))
    if isinstance(result, millrace.ImportResult) and result.snapshot_error is not None:
        # The package gives the message alone.
        attempt.note("the import's snapshot", _reason_of(result.snapshot_error), result.snapshot_error)
    # Whatever became of it, what was there can be read on the disk that still fails.
    if attempt.client.stats(dataset=DATASET).post_count not in (WORKLOAD.post_count(1), WORKLOAD.post_count(2)):
        raise Fault("the counts are those of no state")
    for step in range(3):
        attempt.client.batch(attempt.plan, step=step)


# What a reader sees, as something that can be compared.
READS: dict[str, Callable[[millrace.Client, str], object]] = {
    "a list of posts": lambda client, _: [post.id for post in client.posts.list(dataset=DATASET)],
    "a batch": lambda client, plan: client.batch(plan, step=1).post_ids.tolist(),
    "a search": lambda client, _: list(client.posts.search_ids("t7 or t8", dataset=DATASET)),
    "a list of tags": lambda client, _: [(tag.name, tag.post_count) for tag in client.tags.list(dataset=DATASET)],
    "a new snapshot": lambda client, _: client.snapshots.create(DATASET).digest,
}


def _read(attempt: Try, right: dict[str, object]) -> None:
    for what, read in READS.items():
        found = attempt.ask(what, lambda read=read: read(attempt.client, attempt.plan))  # type: ignore[misc]
        if found is not None and found != right[what]:
            raise Fault(f"{what} is not what it is without faults")


@dataclass
class Outcome:
    """tried: faults by scene, error and duration; refused: requests by reason."""

    tried: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    @property
    def fault_count(self) -> int:
        return sum(self.tried.values())

    def lines(self) -> Iterator[str]:
        for name, count in self.tried.items():
            yield f"  {name}: {count} calls, one after the other"
        yield "  refused: " + ", ".join(f"{count} x {reason}" for reason, count in sorted(self.refused.items()))


class Faults:
    def __init__(self, program: Path, folder: Path) -> None:
        self.outcome = Outcome()
        self._folder = folder
        self._meddle = Meddle(program, folder)
        self._plan = ""
        self._right: dict[str, object] = {}

    def run(self, *, sample: int | None = None, seed: int = 1) -> Outcome:
        """Every call of every scene; or `sample` of each, drawn by `seed`."""
        expected = reference(WORKLOAD)
        with prepared(WORKLOAD, 1) as template:
            self._learn(template)
            scenes = [
                Scene("importing", WRITING, _import, (errno.EIO, errno.ENOSPC)),
                Scene("reading", READING, lambda attempt: _read(attempt, self._right), (errno.EIO,)),
                Scene("starting", f"{WRITING},{READING}", lambda attempt: None, (errno.EIO, errno.ENOSPC), True),
            ]
            for scene in scenes:
                for error in scene.errors:
                    for forever in (False, True):
                        self._run(scene, error, forever, template, expected, sample, seed)
        return self.outcome

    def _learn(self, template: Path) -> None:
        """Makes the plan, and notes what reads give when nothing fails."""
        with ServerProcess(template, "--log-level", "warning") as server:
            with millrace.connect(server.address) as client:
                self._plan = client.plans.create(dataset=DATASET, batch_size=16, seed=1).id
                self._right = {what: read(client, self._plan) for what, read in READS.items()}
            server.stop()

    def _run(
        self, scene: Scene, error: int, forever: bool, template: Path, expected: Reference, sample: int | None, seed: int
    ) -> None:
        name = f"{scene.name}, {errno.errorcode[error]} {'from a call on' if forever else 'once'}"
        numbers: Iterator[int] = iter(range(1, FOREVER))
        if sample is not None:
            self._try(scene, name, error, FOREVER, False, template, expected)
            count = len(self._meddle.noted())
            numbers = iter(sorted(random.Random(seed).sample(range(1, count + 1), min(sample, count))))
        for number in numbers:
            if not self._try(scene, name, error, number, forever, template, expected):
                break
            self.outcome.tried[name] += 1

    def _try(
        self, scene: Scene, name: str, error: int, number: int, forever: bool, template: Path, expected: Reference
    ) -> bool:
        """Whether a call failed: there were as many."""
        data_dir = copy_of(template, self._folder / "data")
        self._meddle.leave_alone()
        order = (error, scene.calls)
        last = FOREVER if forever else number
        point = f"call {number}"
        failed = None
        try:
            if scene.from_start:
                self._meddle.order(*order, first=number, last=last)
            server = self._start(data_dir, error)
            if server is None:
                self._meddle.leave_alone()
                server = self._meddle.start(data_dir)
            with server, millrace.connect(server.address, timeout_s=20) as client:
                if not scene.from_start:
                    self._meddle.order(*order, first=number, last=last)
                scene.act(Try(client, self._plan, error, self.outcome.refused))
                failed = next((noted for noted in self._meddle.noted() if noted.done != "note"), None)
                point = f"{failed.point} (call {number})" if failed else "no fault"
                self._meddle.leave_alone()
                self._go_on(client, server)
            known = Known(2, 2, expected.digests[1:3], (self._plan,))
            check(data_dir, known, expected)
        except (Fault, StartError, millrace.Error) as broken:
            self.outcome.failures.append(f"{name}, {point}: {broken}")
            noted = self._meddle.noted()
            failed = next((each for each in noted if each.done != "note"), None)
        return failed is not None

    def _start(self, data_dir: Path, error: int) -> MeddledServer | None:
        try:
            return self._meddle.start(data_dir)
        except StartError as refused:
            if refused.exit_code != EXIT_FAILED or "millrace-server: " not in refused.log:
                raise
            self.outcome.refused[f"start with {errno.errorcode[error]}"] += 1
            return None

    def _go_on(self, client: millrace.Client, server: MeddledServer) -> None:
        """The fault is gone: everything works at once, in the same server."""
        for what, read in READS.items():
            if what in ("a batch", "a search", "a list of tags"):
                read(client, self._plan)
        result = WORKLOAD.do(client, 1)
        if result.snapshot is None:
            raise Fault(f"with the fault gone, the import has no snapshot: {result.snapshot_error}")
        if list(client.posts.search_ids("score:1", snapshot=result.snapshot)) != list(WORKLOAD.post_ids(1)):
            raise Fault("with the fault gone, a search in the new snapshot finds other posts")
        if server.stop() != 0:
            raise Fault("the server did not end in order")
