"""A real millrace-server as a child process, on a free loopback port."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_S_MAX = 30.0
STOP_S_MAX = 20.0


def binary() -> Path:
    return Path(os.environ.get("MILLRACE_SERVER", ROOT / "build" / "release" / "server" / "millrace-server"))


def environment() -> dict[str, str]:
    """This process's, without MILLRACE_ variables: the server refuses those it does not know."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MILLRACE_")}


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class StartError(RuntimeError):
    """The server ended instead of listening; `exit_code` and `log` say how and why."""

    def __init__(self, exit_code: int | None, log: str) -> None:
        super().__init__(f"the server did not start (exit code {exit_code}): {log}")
        self.exit_code = exit_code
        self.log = log


class ServerProcess:
    """Starts at once. Ends with stop() (SIGTERM, must end by itself) or kill() (SIGKILL).

    wrapper: a command that runs the server, passes SIGTERM on to it, ends as it ends and takes it along.
    """

    def __init__(self, data_dir: Path, *flags: str, port: int = 0, wrapper: Sequence[str] = ()) -> None:
        self.data_dir = data_dir
        self._log_path = data_dir.with_name(data_dir.name + ".log")
        listen = f"127.0.0.1:{port}"
        command = [*wrapper, str(binary()), "--listen", listen, "--data-dir", str(data_dir), *flags]
        with open(self._log_path, "ab") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment(),
            )
        try:
            self.address = self._await_address()
        except BaseException:  # nobody else can end it yet
            self.kill()
            raise
        self.port = int(self.address.rpartition(":")[2])

    @property
    def log(self) -> str:
        return self._log_path.read_text(errors="replace")

    def stop(self) -> int:
        """SIGTERM; the exit code. AssertionError when it does not end by itself in time."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the server did not stop within {STOP_S_MAX} s of SIGTERM: {self.log}") from None
        finally:
            self._close()

    def kill(self) -> None:
        """SIGKILL."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(STOP_S_MAX)
        self._close()

    def _close(self) -> None:
        if self.process.stdout is not None:
            self.process.stdout.close()

    def _await_address(self) -> str:
        """Reads "... listening on HOST:PORT" from the server's output."""
        assert self.process.stdout is not None
        file = self.process.stdout.fileno()
        os.set_blocking(file, False)
        deadline = time.monotonic() + START_S_MAX
        text = b""
        while time.monotonic() < deadline:
            text += self.process.stdout.read() or b""
            for line in text.decode().splitlines(keepends=True):
                if "listening on " in line and line.endswith("\n"):
                    return line.rpartition(" ")[2].strip()
            if self.process.poll() is not None:
                break
            time.sleep(0.005)
        code = self.process.poll()
        self.kill()
        raise StartError(code, self.log)

    def __enter__(self) -> ServerProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


# start(name="data", *flags, port=0): starts a server on a folder of that name, or again on the same.
StartServer = Callable[..., ServerProcess]
