"""Which failures are worth another try, and how long tries go on.

Method: errors made by hand, as the server and gRPC itself make them; no server and no waiting.
"""

from __future__ import annotations

import pytest

from millrace._backoff import Backoff, is_transient
from millrace.errors import Error


def test_a_cancellation_that_nobody_gave_a_reason_for_is_transient() -> None:
    """What gRPC answers for calls that are still open when a server stops."""
    assert is_transient(Error("CANCELLED", code="CANCELLED"))


def test_a_cancellation_with_a_reason_is_final() -> None:
    assert not is_transient(Error("superseded", code="CANCELLED", reason="IMPORT_CANCELLED"))


@pytest.mark.parametrize(
    ("error", "transient"),
    [
        (Error("stopping", code="UNAVAILABLE", reason="SHUTTING_DOWN"), True),
        (Error("no connection", code="UNAVAILABLE"), True),
        (Error("busy", code="RESOURCE_EXHAUSTED", reason="SERVER_BUSY", retry_delay_s=0.1), True),
        (Error("message too large", code="RESOURCE_EXHAUSTED"), False),
        (Error("Received RST_STREAM with error code 2", code="INTERNAL"), True),
        (Error("Received RST_STREAM with error code 2", code="INTERNAL", reason="INTERNAL"), False),
        (Error("a bug", code="INTERNAL"), False),
        (Error("no such plan", code="NOT_FOUND", reason="PLAN_NOT_FOUND"), False),
    ],
)
def test_other_failures_follow_the_contract(error: Error, transient: bool) -> None:
    assert is_transient(error) is transient


def test_tries_end_when_the_time_is_up_and_begin_anew_after_a_success() -> None:
    gone = Error("no connection", code="UNAVAILABLE")
    never = Backoff(timeout_s=0.0)
    assert never.delay_s(gone) is None
    patient = Backoff(timeout_s=1000.0)
    delays = [patient.delay_s(gone) for _ in range(12)]
    assert all(delay is not None and 0.025 <= delay <= 3.0 for delay in delays)
    assert max(delay or 0.0 for delay in delays) >= 1.5
    patient.reset()
    assert (patient.delay_s(gone) or 1.0) <= 0.05


def test_the_servers_wish_is_added_to_the_delay() -> None:
    busy = Error("busy", code="RESOURCE_EXHAUSTED", retry_delay_s=5.0)
    assert (Backoff(timeout_s=1000.0).delay_s(busy) or 0.0) > 5.0
