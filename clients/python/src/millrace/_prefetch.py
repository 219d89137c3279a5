"""Takes batches from a source ahead of its reader, in a thread of its own."""

from __future__ import annotations

import os
import queue
import threading
import weakref
from collections.abc import Callable, Iterator

from millrace._sequence import Interrupted
from millrace.batch import Batch

Source = Callable[[Interrupted], Iterator[Batch]]


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
        self._source: Iterator[Batch] | None = None
        self.close: Callable[[], object]
        if depth == 0:
            self._source = source(self._interrupted)
            self.close = self._close_source
            return
        self._queue: queue.Queue[Batch | _End] = queue.Queue(maxsize=depth)
        # The thread must not refer to self, or self would never be dropped.
        thread = threading.Thread(
            target=_run,
            args=(source, self._interrupted, self._queue),
            name="millrace-prefetch",
            daemon=True,
        )
        self.close = weakref.finalize(self, _stop, os.getpid(), self._interrupted, self._queue, thread)
        thread.start()

    def __iter__(self) -> Prefetcher:
        return self

    def __next__(self) -> Batch:
        if self._ended:
            raise StopIteration
        if self._source is not None:
            return next(self._source)
        item = self._queue.get()
        if not isinstance(item, _End):
            return item
        self._ended = True
        if item.error is not None:
            raise item.error
        raise StopIteration

    def _close_source(self) -> None:
        self._interrupted.stop()
        self._ended = True


def _run(source: Source, interrupted: Interrupted, target: queue.Queue[Batch | _End]) -> None:
    error: BaseException | None = None
    try:
        for batch in source(interrupted):
            if not _put(target, batch, interrupted):
                return
    except BaseException as failure:
        error = failure
    _put(target, _End(error), interrupted)


def _put(target: queue.Queue[Batch | _End], item: Batch | _End, interrupted: Interrupted) -> bool:
    """False when the reader went away."""
    while not interrupted.stopped:
        try:
            # The limit only bounds how long a reader that went away goes unnoticed.
            target.put(item, timeout=0.2)
            return True
        except queue.Full:
            continue
    return False


def _stop(
    pid: int,
    interrupted: Interrupted,
    target: queue.Queue[Batch | _End],
    thread: threading.Thread,
) -> None:
    # A forked child has the objects without the thread, and perhaps with a lock that nobody will release.
    if os.getpid() != pid:
        return
    interrupted.stop()
    while True:
        try:
            target.get_nowait()
        except queue.Empty:
            break
    thread.join(timeout=5.0)
