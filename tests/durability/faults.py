"""Makes the disk fail under a server: each call on its data folder in turn gives EIO or ENOSPC, once or from then on.

While an import runs (with its snapshot), while data is read, and at the start. What must hold: whoever asked gets the
answer or an error with the reason IO_ERROR or DISK_FULL; the server lives, and goes on to read; once the fault is gone
the same import succeeds, counts once, and everything is as if nothing had been (workload.check).
"""

from __future__ import annotations

import errno
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import millrace
from durability.comparison import check
from durability.meddled import FOREVER, READING, WRITING, Meddle, MeddledServer, build_meddle
from durability.report import Report, told
from durability.workload import (
    DATASET,
    Fault,
    Known,
    Workload,
    copy_of,
    prepared,
    reference,
)
from server_process import ServerProcess, StartError

REASONS = {errno.EIO: "IO_ERROR", errno.ENOSPC: "DISK_FULL"}
WORKLOAD = Workload(posts_a_dump=300)
# A server that ends because it cannot start says why, and does not crash.
EXIT_FAILED = 1


class Try:
    """One run of a scene with one fault: asks for things, and notes how the failing ones were refused."""

    def __init__(
        self, client: millrace.Client, plan: str, right: dict[str, object], error: int, refused: Counter[str]
    ) -> None:
        self.client = client
        self.plan = plan
        self.right = right
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
        if reason != REASONS[self._error]:
            raise Fault(f"{what} was refused with {message}")
        self._refused[reason] += 1


def _reason_of(message: str) -> str:
    """Of SQLite's or the system's words for what went wrong."""
    words = {"No space left": "DISK_FULL", "disk is full": "DISK_FULL", "no space left": "DISK_FULL"}
    words |= {"Input/output error": "IO_ERROR", "disk I/O error": "IO_ERROR", "unable to open": "IO_ERROR"}
    # SQLite opens a file for reading alone when it cannot be opened for writing, and says so at the first write.
    words |= {"readonly database": "IO_ERROR"}
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


def _read(attempt: Try) -> None:
    for what, read in READS.items():
        found = attempt.ask(what, lambda read=read: read(attempt.client, attempt.plan))  # type: ignore[misc]
        if found is not None and found != attempt.right[what]:
            raise Fault(f"{what} is not what it is without faults")


@dataclass(frozen=True)
class Scene:
    """What is done while calls fail. from_start: they fail from the server's start on."""

    calls: str
    act: Callable[[Try], None]
    from_start: bool = False


SCENES = {
    "importing": Scene(WRITING, _import),
    "reading": Scene(READING, _read),
    "starting": Scene(f"{WRITING},{READING}", lambda attempt: None, from_start=True),
}
# A scene, an error, and whether all calls fail from one on or only one does.
SERIES = tuple(
    (name, error, forever)
    for name, errors in (
        ("importing", (errno.EIO, errno.ENOSPC)),
        ("reading", (errno.EIO,)),
        ("starting", (errno.EIO, errno.ENOSPC)),
    )
    for error in errors
    for forever in (False, True)
)
SERIES_COUNT = len(SERIES)


class Faults:
    """One series: faults at one call after the other. refused: requests and starts by reason."""

    def __init__(self, program: Path, folder: Path, number: int) -> None:
        self.count = 0
        self.refused: Counter[str] = Counter()
        self.failures: list[str] = []
        scene, self._error, self._forever = SERIES[number]
        self._scene = SCENES[scene]
        self.name = f"{scene}, {errno.errorcode[self._error]} {'from a call on' if self._forever else 'once'}"
        self._folder = folder
        self._meddle = Meddle(program, folder)
        self._expected = reference(WORKLOAD)

    def run(self, *, sample: int | None, seed: int) -> None:
        """At every call; or at as many as `sample`, drawn by `seed`."""
        with prepared(WORKLOAD, 1) as template:
            self._learn(template)
            numbers: Iterator[int] = iter(range(1, FOREVER))
            if sample is not None:
                self._try(template, FOREVER)
                count = len(self._meddle.noted())
                numbers = iter(sorted(random.Random(seed).sample(range(1, count + 1), min(sample, count))))
            for number in numbers:
                if self._try(template, number):
                    self.count += 1
                elif sample is None:
                    break

    def _learn(self, template: Path) -> None:
        """Makes the plan, and notes what reads give when nothing fails."""
        with ServerProcess(template, "--log-level", "warning") as server:
            with millrace.connect(server.address) as client:
                self._plan = client.plans.create(dataset=DATASET, batch_size=16, seed=1).id
                self._right = {what: read(client, self._plan) for what, read in READS.items()}
            server.stop()

    def _try(self, template: Path, number: int) -> bool:
        """Whether a call failed: there were as many."""
        data_dir = copy_of(template, self._folder / "data")
        self._meddle.leave_alone()
        try:
            if self._scene.from_start:
                self._break(number)
            server = self._start(data_dir)
            with server, millrace.connect(server.address) as client:
                if not self._scene.from_start:
                    self._break(number)
                self._scene.act(Try(client, self._plan, self._right, self._error, self.refused))
                self._meddle.leave_alone()
                self._go_on(client, server)
            check(data_dir, Known(2, 2, self._expected.digests[1:3], (self._plan,)), self._expected)
        except (Fault, StartError, millrace.Error) as broken:
            self.failures.append(f"{self.name}, {self._failed() or 'no fault'} (call {number}): {told(broken)}")
        return self._failed() is not None

    def _break(self, number: int) -> None:
        self._meddle.order(self._error, self._scene.calls, first=number, last=FOREVER if self._forever else number)

    def _failed(self) -> str | None:
        """The first call that failed."""
        return next((noted.point for noted in self._meddle.noted() if noted.done != "note"), None)

    def _start(self, data_dir: Path) -> MeddledServer:
        """On the failing disk, or else, once it said that it cannot, on one that works again."""
        try:
            return self._meddle.start(data_dir)
        except StartError as refused:
            if refused.exit_code != EXIT_FAILED or not _reason_of(refused.log):
                raise
            self.refused["no start"] += 1
        self._meddle.leave_alone()
        return self._meddle.start(data_dir)

    def _go_on(self, client: millrace.Client, server: MeddledServer) -> None:
        """The fault is gone: everything works at once, in the same server."""
        for what, read in READS.items():
            if what in ("a batch", "a search", "a list of tags"):
                read(client, self._plan)
        result = WORKLOAD.do(client, 1)
        if result.snapshot is None:
            raise Fault(f"with the fault gone, the import has no snapshot: {result.snapshot_error}")
        # A search by tag needs the postings, which may not have been written.
        right = WORKLOAD.tagged(7, state=2)
        if list(client.posts.search_ids("t7", snapshot=result.snapshot)) != right:
            raise Fault("with the fault gone, a search in the new snapshot finds other posts")
        if server.stop() != 0:
            raise Fault("the server did not end in order")


def run(folder: Path, number: int, *, sample: int | None = None, seed: int = 1) -> Report:
    """Series `number`, below SERIES_COUNT."""
    faults = Faults(build_meddle(), folder, number)
    faults.run(sample=sample, seed=seed)
    details = [
        "refused: " + (", ".join(f"{n} x {reason}" for reason, n in sorted(faults.refused.items())) or "nothing")
    ]
    return Report(f"faults: {faults.name}", faults.count, details, faults.failures)
