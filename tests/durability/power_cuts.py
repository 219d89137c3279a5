"""Cuts the power of a server at many moments, and looks at what a server makes of the disk that is left.

A run is recorded once, call by call (recording.py). Then, for many moments and many fates of what was not synced, the
data folder is made as it could be after a power cut at that moment (disk.py), a server starts on it, and the result is
compared with what clients knew at that moment (workload.check).

That these cuts can find a fault is shown by disks that lie: with the syncs of the write-ahead log overlooked,
acknowledged imports must get lost, and pages; with those of the catalog's file, pages that were copied into it and
whose place in the log was used anew; with those of snapshots, or of their folder, snapshots must.
"""

from __future__ import annotations

import contextlib
import random
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import millrace
from durability.comparison import check
from durability.disk import Chance, Disk, Ignored
from durability.kill_points import SMALL, STAGED_SYNC, crashed
from durability.listed import ListedWorkload
from durability.meddled import Meddle, build_meddle
from durability.recording import Event, as_traced, events_of, known_of, record
from durability.refreshing import RefreshWorkload, board
from durability.report import Report, told
from durability.workload import Fault, Known, Workload, copy_of, prepared, reference
from server_process import StartError

FOREVER = 1 << 60
KINDS = ("none", "all", "some", "some", "some")


class Recording:
    """One recorded run: the folder before it, the calls, and what clients knew when."""

    def __init__(
        self,
        folder: Path,
        steps: Sequence[str],
        workload: Workload,
        before: Path | None = None,
        known: Known | None = None,
    ) -> None:
        self.workload = workload
        self.image = folder / "image" / "data"
        self._before = before
        self._data_dir = folder / "recorded" / "data"
        for path in (self.image.parent, self._data_dir.parent):
            shutil.rmtree(path, ignore_errors=True)
            path.mkdir()
        if before is not None:
            copy_of(before, self._data_dir)
        trace, marks = record(self._data_dir, steps, workload, known)
        self._events = list(events_of(trace, self._data_dir.parent))
        written = [event for event in self._events if event.descriptor()[1] == str(marks)]
        self.marks = [(0, known or Known()), *((mark.entered, known_of(mark.strings()[0])) for mark in written)]
        self.moments = [event.left for event in self._events if as_traced(self._data_dir) in event.text]
        trace.unlink()
        self._check_complete()

    def _check_complete(self) -> None:
        """The model's end must be the folder's, byte for byte: a change that was not seen would show here."""
        self.write_image(self.disk(), FOREVER, Chance("all", 0))
        made, real = ({str(p.relative_to(d)): p for p in d.rglob("*")} for d in (self.image, self._data_dir))
        differing = [
            name
            for name in made.keys() | real.keys()
            if name not in made or name not in real or (real[name].is_file() and not _same(made[name], real[name]))
        ]
        if differing:
            raise ValueError(f"the recording is not complete: {differing} are not what they became")

    def begins_log_anew(self) -> bool:
        """Whether the log was copied whole in mid-run, and then used again from its start, before the last answer."""
        copied = [event.left for event in self._events if _is_of(event, "fdatasync", ".sqlite3")]
        begun = [event for event in self._events if _is_of(event, "pwrite64", "-wal") and event.numbers()[-1] == 0]
        return any(copied[0] < event.entered < self.marks[-1][0] for event in begun) if copied else False

    def known_at(self, cut: int) -> Known:
        return [known for moment, known in self.marks if moment < cut or moment == 0][-1]

    def disk(self, ignored: Ignored = lambda path: False) -> Disk:
        disk = Disk(self._data_dir, self._before, ignored=ignored)
        disk.replay(self._events)
        return disk

    def write_image(self, disk: Disk, cut: int, chance: Chance) -> None:
        shutil.rmtree(self.image, ignore_errors=True)
        disk.write_image(cut, chance, self.image)


def _is_of(event: Event, call: str, suffix: str) -> bool:
    return event.call == call and event.descriptor()[1].endswith(suffix)


def _same(made: Path, real: Path) -> bool:
    # SQLite writes its index of the log through a mapping, and makes it anew at every start.
    return made.suffix == ".sqlite3-shm" or made.read_bytes() == real.read_bytes()


class PowerCuts:
    """Of one recording. cuts: how many by what was kept of that which was not synced. whole and absent: of imports that
    were not acknowledged."""

    def __init__(self, recording: Recording, seed: int) -> None:
        self.cuts: Counter[str] = Counter()
        self.whole = 0
        self.absent = 0
        self.failures: list[str] = []
        self._recording = recording
        self._random = random.Random(seed)
        self._seed = seed

    def run(self, count: int) -> None:
        disk = self._recording.disk()
        for number in range(count):
            kind = self._random.choice(KINDS)
            self._try(disk, self._moment(), kind, self._seed * 1_000_003 + number)
            self.cuts[kind] += 1

    def _moment(self) -> int:
        """Any moment after a change of the folder; every third time one at which a client has just been answered."""
        if self._random.random() < 1 / 3:
            return self._random.choice(self._recording.marks)[0] + 1
        return self._random.choice(self._recording.moments) + 1

    def _try(self, disk: Disk, cut: int, kind: str, seed: int, *, repeat: bool = True) -> None:
        recording = self._recording
        known = recording.known_at(cut)
        recording.write_image(disk, cut, Chance(kind, seed))
        try:
            state = check(recording.image, known, reference(recording.workload), repeat=repeat)
        except (Fault, StartError, millrace.Error) as broken:
            self.failures.append(f"power cut before line {cut}, {kind} kept (seed {seed}): {told(broken)}")
            return
        self.whole += known.acknowledged < known.begun == state
        self.absent += state < known.begun

    def finds(self, ignored: Ignored, loss: str) -> bool:
        """Whether a cut right after an answer, of a disk that overlooks these syncs and keeps no more, finds it."""
        disk = self._recording.disk(ignored)
        for moment, _ in self._recording.marks:
            self._try(disk, moment + 1, "none", 0, repeat=False)
            if any(loss in failure for failure in self.failures):
                return True
        return False


# What a disk may lie about, and the words by which the loss that follows may be known.
LOG: dict[str, tuple[Ignored, str]] = {
    "the write-ahead log's syncs": (lambda path: path.endswith("-wal"), "acknowledged"),
}
LIES: dict[str, tuple[Ignored, str]] = {
    **LOG,
    "the data folder's syncs": (lambda path: path.endswith("/data"), "acknowledged"),
    "the syncs of the folder of snapshots": (lambda path: path.endswith("/snapshots"), "SNAPSHOT_MISSING"),
    "the syncs of unfinished snapshots": (lambda path: path.endswith("/snapshot"), "is damaged"),
}
COPIED: dict[str, tuple[Ignored, str]] = {
    **LOG,
    "the syncs of the catalog's file": (lambda path: path.endswith(".sqlite3"), ""),
}


@dataclass(frozen=True)
class Life:
    """What is recorded: steps of recording.perform. lies: of which a loss must follow."""

    name: str
    workload: Workload
    steps: tuple[str, ...]
    known: Known = field(default_factory=Known)  # before
    is_crashed: bool = False  # it begins with what a crash left
    lies: dict[str, tuple[Ignored, str]] = field(default_factory=dict)


def lives(address: str) -> tuple[Life, ...]:
    """`address`: of the board to refresh from."""
    return (
        # Imports, with snapshots and without, plans, orderly ends; the log is copied into the database in mid-run and
        # begins anew. It makes everything anew, and so needs each sync.
        Life(
            "a life",
            SMALL,
            (
                *("start", "step", "plan", "step", "checkpoint", "step-only", "stop"),
                *("start", "snapshot", "step", "stop"),
            ),
            lies=LIES,
        ),
        # What a crash left is recovered and swept, and the interrupted import is done again.
        Life("after a crash", SMALL, ("start", "sweep", "repeat", "plan", "stop"), Known(1, 2), is_crashed=True),
        # Lists of all kinds, and aliases that are applied to the posts of the same import.
        Life(
            "lists and aliases",
            ListedWorkload(posts_a_dump=120, state_count=4),
            ("start", "step", "plan", "step-only", "checkpoint", "step", "stop", "start", "step-only", "sweep", "stop"),
            lies=LOG,
        ),
        # A board's pages, while the log is copied beside them and begun anew; the board once more when it has changed;
        # and its aliases. The catalog is there before, and no orderly end in between: only these copies need its syncs.
        Life(
            "refreshes",
            RefreshWorkload(address=address),
            ("start", "refresh", "plan", "step", "refresh", "plan", "step", "stop"),
            Known(1, 1),
            lies=COPIED,
        ),
    )


RUN_COUNT = 4
# On a busy machine the log may not be copied before the next page comes; then it is recorded again. Should it never be,
# the cuts say so.
RECORDINGS_MAX = 6


@contextlib.contextmanager
def recorded(folder: Path, life: Life) -> Iterator[Recording]:
    with contextlib.ExitStack() as stack:
        before = None
        if life.is_crashed:
            meddle = Meddle(build_meddle(), folder)
            before = stack.enter_context(crashed(life.workload, meddle, folder, STAGED_SYNC))
        elif life.known.begun > 0:
            before = stack.enter_context(prepared(life.workload, life.known.begun))
        for _ in range(RECORDINGS_MAX):
            recording = Recording(folder, life.steps, life.workload, before, life.known)
            if life.lies is not COPIED or recording.begins_log_anew():
                break
        yield recording


def undetected_lies(recording: Recording, lies: dict[str, tuple[Ignored, str]]) -> list[str]:
    """The lies whose loss was not found: none, or the cuts prove nothing."""
    return [name for name, (ignored, loss) in lies.items() if not PowerCuts(recording, seed=0).finds(ignored, loss)]


def run(folder: Path, number: int, count: int, seed: int) -> Report:
    """Of life `number`, below RUN_COUNT."""
    with board() as address:
        life = lives(address)[number]
        with recorded(folder, life) as recording:
            cuts = PowerCuts(recording, seed)
            cuts.run(count)
            undetected = undetected_lies(recording, life.lies)
    failures = cuts.failures + [f"the cuts did not find what is lost without {lie}" for lie in undetected]
    kinds = ", ".join(f"{number} with {kind} of it kept" for kind, number in sorted(cuts.cuts.items()))
    details = [
        f"{len(recording.moments)} moments; of what was not synced: {kinds}",
        f"what was begun and not acknowledged: {cuts.whole} times whole, {cuts.absent} times not",
    ]
    return Report(f"power cuts: {life.name} (seed {seed})", count, details, failures)
