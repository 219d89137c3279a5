"""When to try again, and after how long."""

from __future__ import annotations

import random
import time

from millrace.errors import Error

_DELAY_S_FIRST = 0.05
_DELAY_S_MAX = 3.0


class Backoff:
    """Delays that double from 50 ms to 3 s, each shortened at random by up to half, so that the trainers of
    a restarted server do not return all at once. Gives up `timeout_s` after the first of a row of
    failures. Not thread-safe.
    """

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self.reset()

    def reset(self) -> None:
        """Something went well: the row of failures is over."""
        self._delay_s = _DELAY_S_FIRST
        self._deadline: float | None = None

    def delay_s(self, error: Error) -> float | None:
        """How long to wait before the next try; None when there should be none."""
        if not is_transient(error):
            return None
        now = time.monotonic()
        if self._deadline is None:
            self._deadline = now + self._timeout_s
        delay = self._delay_s * random.uniform(0.5, 1.0)
        self._delay_s = min(self._delay_s * 2, _DELAY_S_MAX)
        if error.retry_delay_s is not None:
            delay += error.retry_delay_s
        return delay if now + delay < self._deadline else None


def is_transient(error: Error) -> bool:
    """Whether the same call may succeed later, unchanged, by the contract's rules."""
    if error.code == "UNAVAILABLE":
        return True
    if error.code == "RESOURCE_EXHAUSTED":
        return error.retry_delay_s is not None
    # gRPC on the server's side cancels what is still open when the server stops; a cancellation of our own never
    # comes here, and one that the service meant carries a reason.
    if error.code == "CANCELLED" and not error.reason:
        return True
    # A connection that is cut within a call sometimes shows as one of these, made by the client's own gRPC.
    text = error.args[0] if error.args else ""
    cut = ("RST_STREAM", "Stream removed", "Connection reset")
    return not error.reason and error.code in ("INTERNAL", "UNKNOWN") and any(sign in text for sign in cut)
