"""Forking and ending: no hang and no wrong batch, whatever the process was doing.

Method: a fake server in a process of its own; the parent uses its client, or streams in the background, and
forks; the children stream everything and compare. A child that takes longer than a minute counts as hung.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import types
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from fake_server import BATCH_COUNT, PLAN_ID, expected_ids, fake_process

import millrace
from millrace._connection import Connection
from millrace._rpc import ServerStream

# Python 3.12 warns of every fork in a process with threads; that is the very thing under test.
warnings.filterwarnings("ignore", category=DeprecationWarning, message=".*fork.*")
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

FORKS = 10


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with fake_process() as of_process:
        yield of_process


def succeeds_in_child(work: Callable[[], None]) -> bool:
    """Runs `work` in a forked child; False when it raises or hangs."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException as error:
            print(repr(error), file=sys.stderr)
        finally:
            os._exit(code)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return status == 0
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return False


def stream_all(loader: millrace.Loader, from_step: int = 0) -> None:
    ids = [batch.post_ids.tolist() for batch in loader]
    assert ids == [expected_ids(0, step) for step in range(from_step, BATCH_COUNT)]


def test_a_client_used_before_works_in_parent_and_children(address: str) -> None:
    with millrace.connect(address) as client:
        for _ in range(FORKS):
            assert client.stats(dataset="d").post_count == 0
            assert succeeds_in_child(lambda: client.stats(dataset="d") and None)
        assert client.stats(dataset="d").post_count == 0


def test_a_client_closed_just_before_does_not_hold_up_children(address: str) -> None:
    def use() -> None:
        with millrace.connect(address) as client:
            client.stats(dataset="d")

    for _ in range(5 * FORKS):
        use()
        assert succeeds_in_child(use)


def test_a_loader_made_before_works_in_children(address: str) -> None:
    loader = millrace.Loader(address, plan=PLAN_ID)
    for _ in range(FORKS):
        assert succeeds_in_child(lambda: stream_all(loader))


def test_a_loader_in_use_goes_on_in_parent_and_children(address: str) -> None:
    with millrace.Loader(address, plan=PLAN_ID, prefetch=4) as loader:
        iterator = iter(loader)
        for step in range(FORKS):
            assert next(iterator).post_ids.tolist() == expected_ids(0, step)
            assert succeeds_in_child(lambda step=step: stream_all(loader, step + 1))
        assert [b.step for b in iterator] == list(range(FORKS, BATCH_COUNT))


def test_a_background_stream_neither_disturbs_nor_is_disturbed(address: str) -> None:
    with millrace.Loader(address, plan=PLAN_ID, epochs=None, prefetch=2) as background:
        received = iter(background)
        expected = 0
        for _ in range(FORKS):
            for _ in range(50):
                assert next(received).post_ids.tolist() == expected_ids(*divmod(expected, BATCH_COUNT))
                expected += 1
            assert succeeds_in_child(lambda: stream_all(millrace.Loader(address, plan=PLAN_ID)))


@pytest.mark.parametrize("prefetch", [0, 3])
def test_a_program_ends_with_a_loader_left_open(address: str, prefetch: int) -> None:
    program = f"""
import millrace
loader = millrace.Loader({address!r}, plan={PLAN_ID!r}, epochs=None, prefetch={prefetch})
iterator = iter(loader)
print(next(iterator).step)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "0\n", "")


class EndingCall:
    """A call that a fork has cancelled, of which gRPC has one event left to tell, and tells it when it is let."""

    def __init__(self) -> None:
        self.told = threading.Event()
        self.waiting = threading.Event()
        self._state = types.SimpleNamespace(due={"event"})

    def __next__(self) -> bytes:
        raise grpc.RpcError

    def cancel(self) -> None: ...

    def _consume_next_event(self) -> None:
        self.waiting.set()
        assert self.told.wait(60)
        self._state.due.clear()


def read_to_error(stream: ServerStream) -> None:
    with pytest.raises(grpc.RpcError):
        stream.next()


@pytest.mark.parametrize("leave", [ServerStream.end, read_to_error])
def test_a_fork_waits_for_a_stream_that_is_being_ended(leave: Callable[[ServerStream], Any]) -> None:
    connection, call = Connection("127.0.0.1:1"), EndingCall()
    reader = threading.Thread(target=leave, args=(ServerStream(connection, call),), daemon=True)
    reader.start()
    assert call.waiting.wait(60)
    forking = threading.Thread(target=connection.before_fork, daemon=True)
    forking.start()
    forking.join(0.3)
    waits = forking.is_alive()
    call.told.set()
    for thread in (forking, reader):
        thread.join(60)
        assert not thread.is_alive()
    connection.after_fork_in_parent()
    assert waits


def test_who_forks_may_end_a_stream_meanwhile() -> None:
    connection, call, others = Connection("127.0.0.1:1"), EndingCall(), EndingCall()
    call.told.set()
    others.told.set()
    connection.before_fork()
    ending = threading.Thread(target=ServerStream(connection, others).end, daemon=True)
    ending.start()
    ServerStream(connection, call).end()
    ending.join(0.2)
    assert not others.waiting.is_set()  # who does not fork waits until that is done
    connection.after_fork_in_parent()
    ending.join(60)
    assert not call._state.due
    assert not others._state.due
