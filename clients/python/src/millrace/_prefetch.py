"""Takes batches from a source ahead of its reader, in a thread of its own."""

from __future__ import annotations

import os
import queue
import threading
import weakref
from collections.abc import Callable, Generator
from contextlib import suppress

from millrace._sequence import Interrupted
from millrace.batch import Batch

Source = Callable[[Interrupted], Generator[Batch, None, None]]


class _End:
    """Stands behind the last batch; `error` is what ended the source, if anything went wrong."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


class Prefetcher:
    """Iterates a source's batches, up to `depth` of them fetched ahead; with depth 0 in the reader's thread.

    For one reader. close() ends the thread; so does dropping the last reference, and the program's end.
    """

    def __init__(self, source: Source, depth: int) -> None:
        self._interrupted = Interrupted()
        self._ended = False
        self._source: Generator[Batch, None, None] | None = None
        self.close: Callable[[], object]
        if depth == 0:
            self._source = source(self._interrupted)
            self.close = self._close_source
            return
        # Queues in C, so that handing a batch over costs the interpreter's lock a microsecond. `room` holds a token for
        # each batch that may be fetched ahead.
        self._batches: queue.SimpleQueue[Batch | _End] = queue.SimpleQueue()
        self._room: queue.SimpleQueue[None] = queue.SimpleQueue()
        for _ in range(depth):
            self._room.put(None)
        # The thread must not refer to self, or self would never be dropped.
        thread = threading.Thread(
            target=_run,
            args=(source, self._interrupted, self._batches, self._room),
            name="millrace-prefetch",
            daemon=True,
        )
        self.close = weakref.finalize(self, _stop, os.getpid(), self._interrupted, self._room, thread)
        thread.start()

    def __iter__(self) -> Prefetcher:
        return self

    def __next__(self) -> Batch:
        if self._ended:
            raise StopIteration
        if self._source is not None:
            return next(self._source)
        item = self._batches.get()
        if not isinstance(item, _End):
            self._room.put(None)
            return item
        self._ended = True
        if item.error is not None:
            raise item.error
        raise StopIteration

    def _close_source(self) -> None:
        self._interrupted.stop()
        self._ended = True
        if self._source is not None:
            # One that another thread, or this one beneath a signal's handler, is in the middle of ends by itself.
            with suppress(ValueError):
                self._source.close()


def _run(
    source: Source,
    interrupted: Interrupted,
    target: queue.SimpleQueue[Batch | _End],
    room: queue.SimpleQueue[None],
) -> None:
    error: BaseException | None = None
    try:
        for batch in source(interrupted):
            room.get()
            if interrupted.stopped:
                break
            target.put(batch)
    except BaseException as failure:
        error = failure
    # Always: beneath a signal's handler, which stops this thread, the reader may be waiting.
    target.put(_End(error))


def _stop(pid: int, interrupted: Interrupted, room: queue.SimpleQueue[None], thread: threading.Thread) -> None:
    # A forked child has the objects without the thread, and perhaps with a lock that nobody will release.
    if os.getpid() != pid:
        return
    interrupted.stop()
    room.put(None)  # wakes the thread, should it wait for room
    thread.join(timeout=5.0)
