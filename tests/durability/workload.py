"""What the programs of this folder import, what must be there afterwards, and how that is compared.

The dataset goes through states: state k is what it holds after the dumps 0 to k - 1, imported in order. A snapshot is
named by the digest of all that it holds, so the digest of a fresh snapshot says exactly which state a server is in, and
anything else (a post too few, a count that is off, half an import) is no state at all.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc

import millrace
from millrace.types import ImportResult
from millrace.v1 import snapshot_service_pb2
from server_process import ServerProcess

DATASET = "durable"
STATE_COUNT = 6
TAGS_A_POST = 12
SWEEP_S_MAX = 30.0


class Fault(AssertionError):
    """A promise that was broken."""


class TwoImports:
    """Two clients that import the same dump with the same request_id at the same time: they begin at once, and each
    goes on until it is answered or the server is gone. `attempt` imports in one attempt; `results` are the answers."""

    def __init__(self, attempt: Callable[[], ImportResult]) -> None:
        self.results: list[ImportResult] = []
        self._attempt = attempt
        self._threads = [threading.Thread(target=self._work) for _ in range(2)]
        for thread in self._threads:
            thread.start()

    def join(self) -> list[ImportResult]:
        for thread in self._threads:
            thread.join()
        return self.results

    def _work(self) -> None:
        while True:
            try:
                self.results.append(self._attempt())
                return
            except millrace.ImportRunning:
                time.sleep(0.002)
            except (millrace.Error, ValueError):
                return


@dataclass(frozen=True)
class Workload:
    """The dumps of one size. Each replaces most of the posts of the one before, and brings some."""

    posts_a_dump: int = 300

    def request_id(self, number: int) -> str:
        return f"request-{number}"

    def post_ids(self, number: int) -> range:
        first = 1 + number * self.posts_a_dump // 3
        return range(first, first + self.posts_a_dump)

    @functools.lru_cache(maxsize=STATE_COUNT)  # noqa: B019 - there are a few workloads, for as long as the process lives
    def dump(self, number: int) -> bytes:
        lines = []
        for i in self.post_ids(number):
            tags = [{"id": str(1 + tag), "name": f"t{tag}", "category": "0"} for tag in self.tags(number, i)]
            md5 = hashlib.md5(f"{i} {number}".encode()).hexdigest()
            lines.append(json.dumps({"id": str(i), "md5": md5, "score": str(number), "rating": "s", "tags": tags}))
        return ("\n".join(lines) + "\n").encode()

    @staticmethod
    def tags(number: int, post_id: int) -> list[int]:
        return [(post_id + number + k) % 500 for k in range(TAGS_A_POST)]

    def tagged(self, tag: int, state: int) -> list[int]:
        """The posts that have tag "t<tag>" in that state."""
        newest = {post_id: number for number in range(state) for post_id in self.post_ids(number)}
        return sorted(post_id for post_id, number in newest.items() if tag in self.tags(number, post_id))

    def post_count(self, state: int) -> int:
        return self.post_ids(state - 1).stop - 1 if state > 0 else 0

    def do(self, client: millrace.Client, number: int, *, skip_snapshot: bool = False) -> ImportResult:
        """Imports dump `number`, in one attempt."""
        with tempfile.NamedTemporaryFile(suffix=".jsonl") as file:
            file.write(self.dump(number))
            file.flush()
            return client.import_(
                Path(file.name),
                dataset=DATASET,
                format="danbooru-jsonl",
                request_id=self.request_id(number),
                skip_snapshot=skip_snapshot,
                timeout_s=0.01,
            )

    def do_twice_at_once(
        self, client: millrace.Client, number: int, *, skip_snapshot: bool = False
    ) -> list[ImportResult]:
        return TwoImports(lambda: self.do(client, number, skip_snapshot=skip_snapshot)).join()


@dataclass(frozen=True)
class Reference:
    """What an undisturbed server made of a workload: for each state its digest, and the file's SHA-256."""

    workload: Workload
    digests: tuple[str, ...]
    file_hashes: dict[str, str]

    def state_of(self, digest: str) -> int:
        if digest not in self.digests:
            raise Fault(f"the dataset is in no state that it should ever be in (digest {digest[:12]})")
        return self.digests.index(digest)


@functools.lru_cache(maxsize=4)
def reference(workload: Workload) -> Reference:
    digests = ["none"]
    hashes = {}
    with tempfile.TemporaryDirectory() as folder, ServerProcess(Path(folder) / "data") as server:
        with millrace.connect(server.address) as client:
            for number in range(STATE_COUNT):
                digest = workload.do(client, number).snapshot
                assert digest is not None
                digests.append(digest)
                hashes[digest] = hash_of(server.data_dir / "snapshots" / f"{digest}.snapshot")
        server.stop()
    return Reference(workload, tuple(digests), hashes)


def create_snapshot(address: str) -> str:
    """The digest. grpc.RpcError at once when the server is gone, where the client would go on trying."""
    with grpc.insecure_channel(address) as channel:
        call = channel.unary_unary(
            "/millrace.v1.SnapshotService/CreateSnapshot",
            request_serializer=snapshot_service_pb2.CreateSnapshotRequest.SerializeToString,
            response_deserializer=snapshot_service_pb2.CreateSnapshotResponse.FromString,
        )
        digest: str = call(snapshot_service_pb2.CreateSnapshotRequest(dataset=DATASET)).snapshot.digest
        return digest


def hash_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@contextlib.contextmanager
def prepared(workload: Workload, state: int, *, snapshots: bool = True) -> Iterator[Path]:
    """A data folder in that state, closed in order, as a template to copy."""
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder) / "data"
        with ServerProcess(data_dir, "--log-level", "warning") as server:
            with millrace.connect(server.address) as client:
                for number in range(state):
                    workload.do(client, number, skip_snapshot=not snapshots)
            server.stop()
        yield data_dir


def copy_of(template: Path, folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(template, folder)
    return folder


@dataclass(frozen=True)
class Known:
    """What clients know about a data folder: how many imports were acknowledged and begun, and which snapshots and
    plans."""

    acknowledged: int = 0
    begun: int = 0
    snapshots: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()


def check(data_dir: Path, known: Known, expected: Reference, *, repeat: bool = True) -> int:
    """Starts a server on the folder and compares. The state that it was found in. Fault when a promise was broken.

    repeat: also imports the interrupted dump again with the same request_id, twice at once, which must count once.
    """
    with ServerProcess(data_dir, "--log-level", "warning") as server, millrace.connect(server.address) as client:
        check_snapshots(client, known, expected)
        for plan in known.plans:
            client.plans.get(plan)
        state = state_of(client, expected)
        if not known.acknowledged <= state <= known.begun:
            raise Fault(f"state {state}, with {known.acknowledged} imports acknowledged and {known.begun} begun")
        check_once(client, state)
        await_sweep(data_dir, expected.workload.post_count(state))
        after = state
        if repeat and known.begun > 0:
            # The last one that was begun, whether it came to its end or not.
            after = known.begun
            results = expected.workload.do_twice_at_once(client, known.begun - 1)
            if len({result.import_id for result in results}) != 1 or len(results) != 2:
                raise Fault(f"the repeated import gave {results}")
            if [r.already_imported for r in results].count(False) != (0 if state == known.begun else 1):
                raise Fault(f"state {state} of {known.begun}, and the repeated import gave {results}")
            if state_of(client, expected) != after:
                raise Fault("the repeated import did not lead to its state")
            check_once(client, after)
            await_sweep(data_dir, expected.workload.post_count(after))
        server.stop()
    check_files(data_dir, expected)
    return state


def state_of(client: millrace.Client, expected: Reference) -> int:
    try:
        stats = client.stats(dataset=DATASET)
    except millrace.DatasetNotFound:
        return 0
    state = expected.state_of(client.snapshots.create(DATASET).digest)
    count = expected.workload.post_count(state)
    if (stats.post_count, stats.tag_use_count) != (count, count * TAGS_A_POST):
        raise Fault(f"the counts of state {state} are {stats}")
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
        if snapshot.post_count != expected.workload.post_count(expected.state_of(digest)):
            raise Fault(f"snapshot {digest[:12]} has {snapshot.post_count} posts")


def check_once(client: millrace.Client, state: int) -> None:
    """Each import was committed once, and none is still called running."""
    records = [record for record in client.imports() if record.state == "committed"]
    committed = sorted(record.request_id for record in records)
    if committed != sorted(Workload().request_id(number) for number in range(state)):
        raise Fault(f"in state {state} these imports are called committed: {committed}")
    if any(record.state == "running" for record in client.imports()):
        raise Fault("an import is called running, and nobody imports")


def query(data_dir: Path, sql: str) -> list[tuple[object, ...]]:
    uri = f"file:{data_dir / 'catalog.sqlite3'}?mode=ro"
    with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=10)) as database:
        return database.execute(sql).fetchall()


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
