"""Compares what a server finds in a data folder with what an undisturbed one made, and with what clients know."""

from __future__ import annotations

import time
from pathlib import Path

import millrace
from durability.streams import continued
from durability.workload import (
    DATASET,
    Fault,
    Known,
    Reference,
    digest_of,
    hash_of,
    query,
    seen_by,
    start,
)

SWEEP_S_MAX = 30.0


def check(data_dir: Path, known: Known, expected: Reference, *, repeat: bool = True) -> int:
    """Starts a server on the folder and compares. The state that it was found in. Fault when a promise was broken.

    repeat: also does again what was interrupted, which must lead to where it leads undisturbed, and count once.
    """
    workload = expected.workload
    with start(data_dir, workload) as server, millrace.connect(server.address) as client:
        check_snapshots(client, known, expected)
        for plan in known.plans:
            client.plans.get(plan)
        for stream in known.streams:
            if continued(server.address, stream) != stream.rest:
                raise Fault(f"plan {stream.plan[:12]}, read on from where a reader stood, gives other batches")
        state = state_of(client, expected)
        if not known.acknowledged <= state <= known.begun:
            raise Fault(f"state {state}, with {known.acknowledged} steps acknowledged and {known.begun} begun")
        workload.check_records(client, state)
        await_sweep(data_dir, workload.post_count(state))
        if repeat and known.begun > 0:
            after = workload.go_on(client, known.begun, state)
            if state_of(client, expected) != after:
                raise Fault(f"repeated in state {state}, what was interrupted did not lead to state {after}")
            workload.check_records(client, after)
            await_sweep(data_dir, workload.post_count(after))
        server.stop()
    check_files(data_dir, expected)
    return state


def state_of(client: millrace.Client, expected: Reference) -> int:
    workload = expected.workload
    digest = digest_of(client)
    try:
        key = workload.key(client, digest)
    except millrace.SourceNotFound:
        key = digest
    state = expected.state_of(key)
    if digest == "none":
        return state
    stats = client.stats(dataset=DATASET)
    if (stats.post_count, stats.tag_use_count) != (workload.post_count(state), workload.tag_use_count(state)):
        raise Fault(f"the counts of state {state} are {stats}")
    if workload.is_more_than_digest and seen_by(client) != expected.seen[state]:
        raise Fault(f"in state {state} the catalog is not what it is undisturbed, though the snapshot is")
    return state


def check_snapshots(client: millrace.Client, known: Known, expected: Reference) -> None:
    """Every snapshot that a client may ask for is whole; those that were acknowledged are there."""
    listed = {snapshot.digest: snapshot for snapshot in client.snapshots.list()}
    for digest in known.snapshots:
        if digest not in listed:
            raise Fault(f"the acknowledged snapshot {digest[:12]} is not in the catalog")
    for digest, snapshot in listed.items():
        report = client.snapshots.verify(digest)
        if not report.intact:
            raise Fault(f"snapshot {digest[:12]} is damaged: {report.damages}")
        if snapshot.post_count != expected.post_count_of(digest):
            raise Fault(f"snapshot {digest[:12]} has {snapshot.post_count} posts")


def await_sweep(data_dir: Path, post_count: int) -> None:
    """Waits until the file holds the posts that are to be seen and no others: nothing staged, nothing replaced."""
    deadline = time.monotonic() + SWEEP_S_MAX
    while True:
        ((rows, unswept),) = query(
            data_dir, "SELECT (SELECT count(*) FROM posts), (SELECT count(*) FROM imports WHERE is_swept = 0)"
        )
        if rows == post_count and not unswept:
            return
        if time.monotonic() > deadline:
            raise Fault(f"{rows} rows are left of {post_count} posts, and {unswept} imports to sweep")
        time.sleep(0.005)


def check_files(data_dir: Path, expected: Reference) -> None:
    """After the server's end: a sound database, whole snapshots, and nothing else."""
    for pragma, answer in (("integrity_check", [("ok",)]), ("foreign_key_check", [])):
        found = query(data_dir, f"PRAGMA {pragma}")
        if found != answer:
            raise Fault(f"{pragma}: {found[:3]}")
    strays = [path.name for path in (data_dir / "spool").iterdir()]
    for path in (data_dir / "snapshots").iterdir():
        if path.suffix == ".snapshot":
            if hash_of(path) != expected.file_hashes.get(path.stem):
                raise Fault(f"the file {path.name} is not the one that an undisturbed server writes")
        elif path.suffix != ".postings" or not path.with_suffix(".snapshot").exists():
            strays.append(path.name)
    known = {"LOCK", "catalog.sqlite3", "catalog.sqlite3-wal", "catalog.sqlite3-shm", "snapshots", "spool"}
    strays += [path.name for path in data_dir.iterdir() if path.name not in known]
    if strays:
        raise Fault(f"left behind: {strays}")
