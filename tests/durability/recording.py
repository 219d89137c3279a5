"""What a server did to its data folder, call by call, as strace saw it; and what its client knew at each moment.

    strace ... python -m durability.recording DATA_DIR MARKS_FILE WORKLOAD STEP...

runs the steps (see `perform`) with server and client below one strace, so that the writes of the one and the marks of
the other, small writes to MARKS_FILE, are in one order that depends on no clock.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import millrace
from durability.listed import ListedWorkload
from durability.refreshing import RefreshWorkload, pages_in_history
from durability.streams import stopped
from durability.workload import DATASET, Known, Stream, Workload, query, start
from server_process import ROOT, ServerProcess

# Everything that changes files or folders, or makes changes durable. Calls of these that the model does not know are
# refused (disk.py), and its last state is compared with the real folder: nothing is missed silently.
_TRACED = (
    "write,writev,pwrite64,pwritev,pwritev2,ftruncate,truncate,fallocate,copy_file_range,sendfile,splice,sync,syncfs,"
    "sync_file_range,fsync,fdatasync,msync,open,openat,openat2,creat,mkdir,mkdirat,rmdir,unlink,unlinkat,rename,renameat,"
    "renameat2,link,linkat,symlink,symlinkat"
)
# The longest write that can be recorded whole.
_DATA_BYTES_MAX = 64 << 20


@dataclass(frozen=True)
class Event:
    """A call that succeeded. It took effect at some moment between `entered` and `left`, numbers of lines of the
    trace."""

    entered: int
    left: int
    call: str
    text: str  # its arguments as strace writes them, all strings in hexadecimal
    result: int

    def strings(self) -> list[bytes]:
        """Its string arguments: paths and data."""
        return [bytes.fromhex(hexadecimal.replace("\\x", "")) for hexadecimal in _STRING.findall(self.text)]

    def descriptor(self) -> tuple[int, str]:
        """The first argument: its number and its path. A file that has no name any more has "" for a path."""
        match = _DESCRIPTOR.match(self.text)
        if match is None:
            return -1, ""
        path = bytes.fromhex(match[2].replace("\\x", "")).decode()
        return int(match[1]), "" if match[3] else path

    def numbers(self) -> list[int]:
        """The plain numbers among the arguments after the first."""
        return [int(number) for number in re.findall(r", (\d+)(?=,|\)|$)", self.text)]


_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_DESCRIPTOR = re.compile(r"(\d+)<((?:\\x[0-9a-f]{2})*)>(\(deleted\))?")
_LINE = re.compile(r"(\d+) +(.*)", re.DOTALL)
_RESUMED = re.compile(r"<\.\.\. (\w+) resumed>(.*)", re.DOTALL)
_CALL = re.compile(r"(\w+)\((.*)\) += (-?\d+|\?)(?:<[^>]*>)?(?: .*)?$", re.DOTALL)
_UNFINISHED = " <unfinished ...>"


def as_traced(path: Path) -> str:
    """A path as strace -xx writes it."""
    return "".join(f"\\x{byte:02x}" for byte in str(path).encode())


def events_of(trace: Path, below: Path) -> Iterator[Event]:
    """Those on files below the folder, in the order in which they ended. ValueError for a line that is not understood,
    or a call that was cut short."""
    ours = as_traced(below)
    begun: dict[str, tuple[int, str]] = {}
    with open(trace, encoding="ascii") as lines:
        for number, line in enumerate(lines):
            match = _LINE.match(line.rstrip("\n"))
            if match is None:
                raise ValueError(f"{trace}, line {number + 1} is not understood: {line[:200]}")
            thread, text = match.groups()
            if text.startswith(("+++", "---")):
                continue
            if text.endswith(_UNFINISHED):
                begun[thread] = number, text[: -len(_UNFINISHED)]
                continue
            entered = number
            if (resumed := _RESUMED.match(text)) is not None:
                entered, start = begun.pop(thread)
                text = start + resumed[2]
            if ours not in text:
                continue
            if (whole := _CALL.match(text)) is None or '"...' in text:
                raise ValueError(f"{trace}, line {number + 1} is not understood: {text[:200]}")
            call, arguments, result = whole.groups()
            if result == "?":
                raise ValueError(f"{trace}, line {number + 1}: a call did not come to its end: {text[:100]}")
            if int(result) >= 0:
                yield Event(entered, number, call, arguments, int(result))


def record(data_dir: Path, steps: Sequence[str], workload: Workload, known: Known | None = None) -> tuple[Path, Path]:
    """Runs the steps on the folder, below strace. The trace, and the file of marks. RuntimeError when strace cannot."""
    trace, marks = data_dir.with_name("trace"), data_dir.with_name("marks")
    marks.write_text(json.dumps(asdict(known or Known())) + "\n")
    command = ["strace", "-f", "--seccomp-bpf", "-qq", "-y", "-xx", "-s", str(_DATA_BYTES_MAX), "-o", str(trace)]
    command += ["-e", f"trace={_TRACED}", "-e", "signal=none"]
    command += [sys.executable, "-m", "durability.recording", str(data_dir), str(marks)]
    command += [json.dumps([type(workload).__name__, asdict(workload)]), *steps]
    path = os.pathsep.join(str(ROOT / "tests" / name) for name in ("", "e2e"))
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"nothing could be recorded (strace needs CAP_SYS_PTRACE): {done.stderr[-2000:]}")
    return trace, marks


def perform(data_dir: Path, marks: Path, workload: Workload, steps: Sequence[str]) -> None:
    """The steps: start, stop, step (the workload's next), step-only (without a snapshot), repeat (the interrupted one),
    refresh (as many of the workload's as the board has pages), snapshot, plan (and a reader of it, who stops), sweep
    (waits for its end), checkpoint (as the server makes one when its log is 64 MiB long)."""
    known = _known(json.loads(marks.read_text()))
    server: ServerProcess | None = None
    client: millrace.Client | None = None
    mark_file = os.open(marks, os.O_WRONLY | os.O_APPEND)

    def mark(now: Known) -> None:
        nonlocal known
        known = now
        os.write(mark_file, (json.dumps(asdict(known)) + "\n").encode())

    for step in steps:
        if step == "start":
            server = start(data_dir, workload)
            client = millrace.connect(server.address)
            continue
        assert server is not None and client is not None
        if step == "stop":
            client.close()
            assert server.stop() == 0
        elif step == "sweep":
            while query(data_dir, "SELECT count(*) FROM imports WHERE is_swept = 0") != [(0,)]:
                time.sleep(0.005)
        elif step == "checkpoint":
            with contextlib.closing(sqlite3.connect(data_dir / "catalog.sqlite3")) as database:
                assert database.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()[0] == 0
        elif step == "snapshot":
            mark(replace(known, snapshots=(*known.snapshots, client.snapshots.create(DATASET).digest)))
        elif step == "plan":
            plan = client.plans.create(dataset=DATASET, batch_size=8, seed=known.acknowledged)
            mark(replace(known, plans=(*known.plans, plan.id)))
            mark(replace(known, streams=(*known.streams, stopped(server.address, plan.id))))
        elif step == "refresh":
            assert isinstance(workload, RefreshWorkload)
            workload.walk(client, known, mark, partial(pages_in_history, client))
        else:
            if step != "repeat":
                mark(replace(known, begun=known.begun + 1))
            snapshot = workload.step(client, known.begun - 1, skip_snapshot=step == "step-only")
            made = (snapshot,) if snapshot else ()
            mark(replace(known, acknowledged=known.acknowledged + 1, snapshots=known.snapshots + made))


def _known(fields: dict[str, Any]) -> Known:
    streams = tuple(Stream(**stream) for stream in fields["streams"])
    snapshots, plans = tuple(fields["snapshots"]), tuple(fields["plans"])
    return Known(fields["acknowledged"], fields["begun"], snapshots, plans, streams)


def _workload(text: str) -> Workload:
    name, fields = json.loads(text)
    kinds = {kind.__name__: kind for kind in (Workload, ListedWorkload, RefreshWorkload)}
    return kinds[name](**fields)


def known_of(mark: bytes) -> Known:
    return _known(json.loads(mark))


if __name__ == "__main__":
    perform(Path(sys.argv[1]), Path(sys.argv[2]), _workload(sys.argv[3]), sys.argv[4:])
