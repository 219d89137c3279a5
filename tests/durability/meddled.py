"""A server whose system calls on its data folder are counted, and made to kill it or to fail (meddle.cc)."""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from server_process import ServerProcess

# Whatever can change what is in the folder.
WRITING = (
    "write,writev,pwrite64,pwritev,ftruncate,fallocate,fsync,fdatasync,open,openat,"
    "mkdir,mkdirat,rmdir,unlink,unlinkat,rename,renameat,renameat2,link,linkat"
)
SYNCING = "fsync,fdatasync"
READING = "read,pread64"
FOREVER = 1 << 40

_NOT_PERMITTED = 3
_SOURCE = Path(__file__).with_name("meddle.cc")


# For the program, which is compiled once a process; removed at its end.
_folder = functools.cache(lambda: tempfile.TemporaryDirectory(prefix="meddle-"))


@functools.cache
def build_meddle() -> Path:
    """Compiles meddle.cc. RuntimeError where tracing processes is not permitted: nothing could be shown there."""
    folder = Path(_folder().name)
    program = folder / "meddle"
    compiler = os.environ.get("CXX", "c++")
    subprocess.run([compiler, "-std=c++20", "-O1", "-o", str(program), str(_SOURCE)], check=True)
    nothing = [program, folder, folder / "no-orders", folder / "meddle.log", Path("/bin/true")]
    tried = subprocess.run(nothing, capture_output=True, text=True)
    if tried.returncode != 0:
        raise RuntimeError(f"processes cannot be traced here (CAP_SYS_PTRACE is needed): {tried.stderr.strip()}")
    return program


def kind_of(path: str) -> str:
    """What a path of the data folder is, in a word."""
    name = path.rpartition("/")[2]
    suffixes = {"-wal": "wal", "-shm": "shm", "-journal": "journal", ".sqlite3": "catalog", "LOCK": "lock"}
    for suffix, kind in suffixes.items():
        if name.endswith(suffix):
            return kind
    if "/snapshots/compile." in path:
        return "unfinished"
    if name.endswith((".snapshot", ".postings")):
        return name.rpartition(".")[2]
    return "spool" if "/spool" in path else "folder"


@dataclass(frozen=True)
class Noted:
    """One call that was counted: `done` is "note" when it was left alone."""

    number: int
    done: str
    call: str
    path: str

    @property
    def point(self) -> str:
        return f"{self.call} {kind_of(self.path)}"


class Meddle:
    """Orders to the meddler of one server after the other. Without orders, calls are left alone."""

    def __init__(self, program: Path, folder: Path) -> None:
        self._program = program
        self._orders = folder / "orders"
        self._log = folder / "meddle.log"
        self._serial = itertools.count(1)

    def start(self, data_dir: Path, *flags: str) -> MeddledServer:
        wrapper = (str(self._program), str(data_dir), str(self._orders), str(self._log))
        return MeddledServer(data_dir, "--log-level", "warning", *flags, wrapper=wrapper)

    def order(self, action: str | int, calls: str = WRITING, *, first: int = 1, last: int | None = None) -> None:
        """Counts anew. action: "kill", "note" or an error's number; it applies to calls first to last (one: first)."""
        self.leave_alone()
        self._log.write_bytes(b"")
        text = f"{next(self._serial)} {action} {first} {first if last is None else last} {calls}\n"
        draft = self._orders.with_suffix(".draft")
        draft.write_text(text)
        draft.rename(self._orders)

    def leave_alone(self) -> None:
        self._orders.unlink(missing_ok=True)

    def noted(self) -> list[Noted]:
        """The calls counted since the last order."""
        lines = (line.split(" ", 3) for line in self._log.read_text().splitlines())
        return [Noted(int(number), done, call, path) for number, done, call, path in lines]


class MeddledServer(ServerProcess):
    def kill(self) -> None:
        # The meddler tells when the server is gone; killed itself, it would be gone first.
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGUSR1)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
        super().kill()
