"""One server, as this process sees it: a channel that is made when it is needed and survives fork and pickle.

gRPC's threads and sockets do not survive fork(): a channel made before and used after it hangs or fails, and
so may a new one when a call was in progress at the moment of the fork. PyTorch's DataLoader workers fork. So
  - before a fork in this process, calls that can be resumed are cancelled and waited for, so that no thread is
    inside gRPC and its own preparations for a fork can run; the parent resumes the calls afterwards;
  - one channel that is never used stays open as long as the process: closing the last one makes gRPC end itself
    in the background, and a child forked in that moment would wait for the end forever;
  - a child drops what it inherited, without closing it (the sockets are the parent's);
  - pickling leaves the channel behind.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

import grpc

# A batch with whole posts takes some 2 KiB a post. The limit stands on the client's side only.
MESSAGE_SIZE_BYTES_MAX = 512 << 20
# How long a fork waits for calls in progress.
_QUIESCE_S_MAX = 5.0

_OPTIONS: list[tuple[str, Any]] = [
    ("grpc.max_receive_message_length", MESSAGE_SIZE_BYTES_MAX),
    ("grpc.max_send_message_length", MESSAGE_SIZE_BYTES_MAX),
    # Without it a forked child's channel to the same server would take over the parent's connection.
    ("grpc.use_local_subchannel_pool", 1),
    # A server that restarts should be found again in seconds; gRPC would wait up to two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 1000),
    ("grpc.max_reconnect_backoff_ms", 3000),
    # Finds a peer that vanished without a word. Servers of gRPC allow one ping in five minutes, not more.
    ("grpc.keepalive_time_ms", 310_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    # Streams are read in the reader's own thread: ten times the throughput at 4 KiB a message, 3.6 times at 32 KiB, and
    # no less at 1 MiB, so that one mode is the best for every size.
    ("SingleThreadedUnaryStream", 1),
]

_connections: weakref.WeakSet[Connection] = weakref.WeakSet()
# Inherited channels, kept alive so that no destructor closes them.
_inherited: list[grpc.Channel] = []
# The channel that keeps gRPC running, by the process that it belongs to. It never connects.
_anchors: dict[int, grpc.Channel] = {}


class Connection:
    """A server's address and, on demand, a channel to it. Thread-safe."""

    def __init__(self, address: str) -> None:
        if not address or any(c.isspace() for c in address):
            raise ValueError(f"address must be HOST:PORT or another gRPC target, not {address!r}")
        self.address = address
        self._reset()
        _connections.add(self)

    def _reset(self) -> None:
        self._condition = threading.Condition()
        self._pid = os.getpid()
        self._channel: grpc.Channel | None = None
        self._busy_count = 0
        self._forking = False
        self._forking_thread = 0
        self._closed = False
        self._generation = 0
        self._calls: weakref.WeakSet[Any] = weakref.WeakSet()

    @property
    def generation(self) -> int:
        """Changes when calls in progress were interrupted by a fork; they should then be made again."""
        return self._generation

    def busy(self) -> _Busy:
        """The channel, for as long as one blocking wait on it; a fork elsewhere in the process waits for it."""
        return _Busy(self)

    def ending(self) -> _Ending:
        """For as long as one waits for what gRPC still has to say of a call that is over; a fork elsewhere in the
        process waits for it. Also when the connection is closed."""
        return _Ending(self)

    def _hold(self) -> None:
        with self._condition:
            # The thread that forks may end a stream itself: what it runs meanwhile may drop the last reference to one.
            while self._forking and self._forking_thread != threading.get_ident():
                self._condition.wait()
            self._busy_count += 1

    def _enter(self) -> grpc.Channel:
        self._drop_if_inherited()
        with self._condition:
            while self._forking:
                self._condition.wait()
            if self._closed:
                raise ValueError(f"the connection to {self.address} is closed")
            if self._channel is None:
                if os.getpid() not in _anchors:
                    _anchors[os.getpid()] = grpc.insecure_channel("127.0.0.1:1")
                self._channel = grpc.insecure_channel(self.address, options=_OPTIONS)
            self._busy_count += 1
            return self._channel

    def _leave(self) -> None:
        with self._condition:
            self._busy_count -= 1
            # Nobody but a fork waits for that.
            if self._forking:
                self._condition.notify_all()

    def interruptible(self, start: Callable[[grpc.Channel], Any]) -> Any:
        """Starts a call that a fork may cancel. Its owner sees CANCELLED and a new generation."""
        with self.busy() as channel:
            call = start(channel)
            with self._condition:
                self._calls.add(call)
            return call

    def close(self) -> None:
        """Ends calls in progress; later ones raise ValueError."""
        self._drop_if_inherited()
        with self._condition:
            channel, self._channel = self._channel, None
            self._closed = True
        if channel is not None:
            channel.close()

    def before_fork(self) -> None:
        if self._pid != os.getpid():
            return
        with self._condition:
            self._forking = True
            self._forking_thread = threading.get_ident()
            calls = list(self._calls)
            if calls:
                self._generation += 1
            self._calls.clear()
        for call in calls:
            call.cancel()
        deadline = time.monotonic() + _QUIESCE_S_MAX
        with self._condition:
            # A call that cannot be repeated (an import) goes on; the child must then do without luck.
            while self._busy_count and time.monotonic() < deadline:
                self._condition.wait(deadline - time.monotonic())

    def after_fork_in_parent(self) -> None:
        with self._condition:
            self._forking = False
            self._condition.notify_all()

    def _drop_if_inherited(self) -> None:
        if self._pid == os.getpid():
            return
        if self._channel is not None:
            _inherited.append(self._channel)
        self._reset()

    def __getstate__(self) -> str:
        return self.address

    def __setstate__(self, state: str) -> None:
        self.address = state
        self._reset()
        _connections.add(self)


class _Busy:
    """What `with` takes. A class, because a generator's context costs as much again as all that is done in it, and this
    is entered for every message."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __enter__(self) -> grpc.Channel:
        return self._connection._enter()

    def __exit__(self, *_: object) -> None:
        self._connection._leave()


class _Ending:
    """As _Busy, without a channel."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection._hold()

    def __exit__(self, *_: object) -> None:
        self._connection._leave()


def _before_fork() -> None:
    for connection in list(_connections):
        connection.before_fork()


def _after_fork_in_parent() -> None:
    for connection in list(_connections):
        connection.after_fork_in_parent()


def _after_fork_in_child() -> None:
    for connection in list(_connections):
        connection._drop_if_inherited()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )
