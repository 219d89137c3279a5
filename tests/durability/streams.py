"""Readers that stop in mid-plan, and go on behind a crash from the state that they kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import millrace
from durability.workload import Stream
from millrace.batch import Batch

BATCHES_BEFORE = 3


def stopped(address: str, plan: str) -> Stream:
    """Reads some batches, keeps the state that the last one tells, and notes what comes behind."""
    with millrace.Loader(address, plan=plan, prefetch=0) as loader:
        batches = list(loader)
    if len(batches) <= BATCHES_BEFORE:
        raise ValueError(f"plan {plan[:12]} has no more than {len(batches)} batches")
    token = batches[BATCHES_BEFORE - 1].token
    return Stream(plan, token, _hash(batches[BATCHES_BEFORE:]))


def continued(address: str, stream: Stream) -> str:
    """The hash of what comes behind the state."""
    with millrace.Loader(address, plan=stream.plan, start=stream.token, prefetch=0) as loader:
        return _hash(loader)


def _hash(batches: Iterable[Batch]) -> str:
    hashed = hashlib.sha256()
    for batch in batches:
        hashed.update(repr((batch.post_ids.tolist(), batch.posts)).encode())
    return hashed.hexdigest()
