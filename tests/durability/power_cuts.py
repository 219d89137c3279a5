"""Cuts the power of a server at many moments, and looks at what a server makes of the disk that is left.

A run is recorded once, call by call (recording.py). Then, for many moments and many fates of what was not synced, the data
folder is made as it could be after a power cut at that moment (disk.py), a server starts on it, and the result is compared
with what clients knew at that moment (workload.check).

That these cuts can find a fault is shown by disks that lie: with the syncs of the write-ahead log overlooked, acknowledged
imports must get lost; with those of snapshots, or of their folder, snapshots must.
"""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import millrace
from durability.disk import Chance, Disk, Ignored
from durability.recording import events_of, known_of, record
from durability.workload import Fault, Known, Workload, check, copy_of, reference
from server_process import StartError

FOREVER = 1 << 60
KINDS = ("none", "all", "some", "some", "some")


class Recording:
    """One recorded run: the folder before it, the calls, and what clients knew when."""

    def __init__(
        self, folder: Path, steps: Sequence[str], workload: Workload, before: Path | None = None, known: Known | None = None
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
        trace, marks = record(self._data_dir, steps, posts_a_dump=workload.posts_a_dump, known=known)
        self._events = list(events_of(trace))
        written = [event for event in self._events if event.descriptor()[1] == str(marks)]
        self.marks = [(0, known or Known()), *((mark.entered, known_of(mark.strings()[0])) for mark in written)]
        ours = str(self._data_dir).encode().hex()
        self.moments = [event.left for event in self._events if ours in event.text.replace("\\x", "")]
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

    def known_at(self, cut: int) -> Known:
        return [known for moment, known in self.marks if moment < cut or moment == 0][-1]

    def disk(self, ignored: Ignored = lambda path: False) -> Disk:
        disk = Disk(self._data_dir, self._before, ignored=ignored)
        disk.replay(self._events)
        return disk

    def write_image(self, disk: Disk, cut: int, chance: Chance) -> None:
        shutil.rmtree(self.image, ignore_errors=True)
        disk.write_image(cut, chance, self.image)


def _same(made: Path, real: Path) -> bool:
    # SQLite writes its index of the log through a mapping, and makes it anew at every start.
    return made.suffix == ".sqlite3-shm" or made.read_bytes() == real.read_bytes()


@dataclass
class Outcome:
    """Cuts by what was kept of that which was not synced; whole and absent: of imports that were not acknowledged."""

    cuts: Counter[str] = field(default_factory=Counter)
    moments: int = 0
    whole: int = 0
    absent: int = 0
    failures: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        kinds = ", ".join(f"{count} with {kind} of it kept" for kind, count in sorted(self.cuts.items()))
        yield f"  at {self.moments} moments, and of what was not synced: {kinds}"


class PowerCuts:
    def __init__(self, recording: Recording, outcome: Outcome, seed: int) -> None:
        self.outcome = outcome
        self._recording = recording
        self._random = random.Random(seed)
        self._seed = seed
        outcome.moments += len(recording.moments)

    def run(self, count: int) -> None:
        disk = self._recording.disk()
        for number in range(count):
            kind = self._random.choice(KINDS)
            self._try(disk, self._moment(), kind, self._seed * 1_000_003 + number)
            self.outcome.cuts[kind] += 1

    def _moment(self) -> int:
        """Any moment after a change of the folder; every third time one at which a client has just been answered."""
        if self._random.random() < 1 / 3:
            return self._random.choice(self._recording.marks)[0] + 1
        return self._random.choice(self._recording.moments) + 1

    def _try(self, disk: Disk, cut: int, kind: str, seed: int) -> None:
        recording = self._recording
        known = recording.known_at(cut)
        recording.write_image(disk, cut, Chance(kind, seed))
        try:
            state = check(recording.image, known, reference(recording.workload))
        except (Fault, StartError, millrace.Error) as broken:
            self.outcome.failures.append(f"power cut before line {cut}, {kind} kept (seed {seed}): {broken}")
            return
        self.outcome.whole += known.acknowledged < known.begun == state
        self.outcome.absent += state < known.begun

    def lying(self, ignored: Ignored) -> list[str]:
        """What is found on a disk that overlooks these syncs: cuts right after each answer, with nothing else kept."""
        disk = self._recording.disk(ignored)
        own, self.outcome = self.outcome, Outcome()
        for moment, _ in self._recording.marks:
            self._try(disk, moment + 1, "none", 0)
        own, self.outcome = self.outcome, own
        return own.failures


# What a disk may lie about, and the word by which the loss that follows is known.
LIES: dict[str, tuple[Ignored, str]] = {
    "the write-ahead log's syncs": (lambda path: path.endswith("-wal"), "imports acknowledged"),
    "the syncs of the folder of snapshots": (lambda path: path.endswith("/snapshots"), "snapshot"),
    "the syncs of unfinished snapshots": (lambda path: path.endswith("/snapshot"), "is damaged"),
}


def undetected_lies(cuts: PowerCuts) -> list[str]:
    """The lies whose loss was not found: none, or the cuts prove nothing."""
    return [name for name, (ignored, word) in LIES.items() if not any(word in loss for loss in cuts.lying(ignored))]
