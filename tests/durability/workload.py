"""What the programs of this folder do to a server, step by step, and what must be there afterwards (comparison.py).

The dataset goes through states: state k is what it holds after the steps 0 to k - 1, done in order. A snapshot is
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
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import grpc

import millrace
from millrace.types import ImportResult
from millrace.v1 import snapshot_service_pb2
from server_process import ServerProcess

DATASET = "durable"
TAGS_A_POST = 12


class Fault(AssertionError):
    """A promise that was broken."""


@dataclass(frozen=True)
class Stream:
    """A reader's state: where in a plan it stood, and a hash of all that came behind."""

    plan: str
    token: str
    rest: str


@dataclass(frozen=True)
class Known:
    """What clients know about a data folder: how many steps were acknowledged and begun, and which snapshots and
    plans; and where their readers stand."""

    acknowledged: int = 0
    begun: int = 0
    snapshots: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()
    streams: tuple[Stream, ...] = ()


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
    """Imports of dumps of one size: step k imports dump k. Each replaces most of the posts of the one before, and
    brings some. Others (listed.py, refreshing.py) do other things in their steps."""

    posts_a_dump: int = 300
    state_count: int = 6

    format: ClassVar[str] = "danbooru-jsonl"
    apply_aliases: ClassVar[bool] = False
    # Whether a state is more than a digest tells: what lists told, what a post keeps of its source's words.
    is_more_than_digest: ClassVar[bool] = False

    @property
    def flags(self) -> tuple[str, ...]:
        """Of the server."""
        return ()

    def request_id(self, number: int) -> str:
        return f"request-{number}"

    def post_ids(self, number: int) -> range:
        first = 1 + number * self.posts_a_dump // 3
        return range(first, first + self.posts_a_dump)

    @functools.lru_cache(maxsize=12)  # noqa: B019 - there are a few workloads, for as long as the process lives
    def files(self, number: int) -> dict[str, bytes]:
        """Dump `number`: files by name, in the order in which they are sent."""
        lines = []
        for i in self.post_ids(number):
            tags = [{"id": str(1 + tag), "name": f"t{tag}", "category": "0"} for tag in self.tags(number, i)]
            md5 = hashlib.md5(f"{i} {number}".encode()).hexdigest()
            lines.append(json.dumps({"id": str(i), "md5": md5, "score": str(number), "rating": "s", "tags": tags}))
        return {"posts.jsonl": ("\n".join(lines) + "\n").encode()}

    @staticmethod
    def tags(number: int, post_id: int) -> list[int]:
        return [(post_id + number + k) % 500 for k in range(TAGS_A_POST)]

    def newest(self, state: int) -> dict[int, int]:
        """For each post the dump that it is from."""
        return {post_id: number for number in range(state) for post_id in self.post_ids(number)}

    def tagged(self, tag: int, state: int) -> list[int]:
        """The posts that have tag "t<tag>" in that state."""
        return sorted(post_id for post_id, number in self.newest(state).items() if tag in self.tags(number, post_id))

    def post_count(self, state: int) -> int:
        return self.post_ids(state - 1).stop - 1 if state > 0 else 0

    def tag_use_count(self, state: int) -> int:
        return TAGS_A_POST * self.post_count(state)

    def do(self, client: millrace.Client, number: int, *, skip_snapshot: bool = False) -> ImportResult:
        """Imports dump `number`, in one attempt."""
        with tempfile.TemporaryDirectory() as folder:
            paths = []
            for name, data in self.files(number).items():
                paths.append(Path(folder) / name)
                paths[-1].write_bytes(data)
            return client.import_(
                paths,
                dataset=DATASET,
                format=self.format,
                request_id=self.request_id(number),
                skip_snapshot=skip_snapshot,
                apply_aliases=self.apply_aliases,
                timeout_s=0.01,
            )

    def do_twice_at_once(
        self, client: millrace.Client, number: int, *, skip_snapshot: bool = False
    ) -> list[ImportResult]:
        return TwoImports(lambda: self.do(client, number, skip_snapshot=skip_snapshot)).join()

    # What other workloads do otherwise -------------------------------

    def step(self, client: millrace.Client, number: int, *, skip_snapshot: bool = False) -> str | None:
        """Does step `number`. The snapshot that it made."""
        return self.do(client, number, skip_snapshot=skip_snapshot).snapshot

    def key(self, client: millrace.Client, digest: str) -> str:
        """What tells a state from all others."""
        return digest

    def check_records(self, client: millrace.Client, state: int) -> None:
        """Fault unless the records tell of each step that was done, once, and of none that runs."""
        records = list(client.imports())
        committed = sorted(record.request_id for record in records if record.state == "committed")
        if committed != sorted(self.request_id(number) for number in range(state)):
            raise Fault(f"in state {state} these imports are called committed: {committed}")
        if any(record.state == "running" for record in records):
            raise Fault("an import is called running, and nobody imports")

    def go_on(self, client: millrace.Client, begun: int, state: int) -> int:
        """Does again what was begun last, whether it came to its end or not, twice at once; it must count once. The
        state that follows."""
        results = self.do_twice_at_once(client, begun - 1)
        if len({result.import_id for result in results}) != 1 or len(results) != 2:
            raise Fault(f"the repeated import gave {results}")
        if [r.already_imported for r in results].count(False) != (0 if state == begun else 1):
            raise Fault(f"state {state} of {begun}, and the repeated import gave {results}")
        return begun


@dataclass(frozen=True)
class Reference:
    """What an undisturbed server made of a workload. Of each state its key, its digest, and a hash of all that clients
    see (empty where the digest says it); of each digest the file's SHA-256."""

    workload: Workload
    keys: tuple[str, ...]
    digests: tuple[str, ...]
    seen: tuple[str, ...]
    file_hashes: dict[str, str] = field(hash=False)

    def state_of(self, key: str) -> int:
        if key not in self.keys:
            raise Fault(f"the dataset is in no state that it should ever be in ({key})")
        return self.keys.index(key)

    def post_count_of(self, digest: str) -> int:
        if digest not in self.digests:
            raise Fault(f"there is a snapshot of no state that the dataset should ever be in ({digest[:12]})")
        return self.workload.post_count(self.digests.index(digest))


@functools.lru_cache(maxsize=8)
def reference(workload: Workload) -> Reference:
    digests = ["none"]
    seen = [""]
    hashes = {}
    with tempfile.TemporaryDirectory() as folder, start(Path(folder) / "data", workload) as server:
        with millrace.connect(server.address) as client:
            keys = ["none"]
            for number in range(workload.state_count):
                workload.step(client, number)
                digest = digest_of(client)
                digests.append(digest)
                keys.append(workload.key(client, digest))
                seen.append(seen_by(client) if workload.is_more_than_digest and digest != "none" else "")
                if digest != "none":
                    hashes[digest] = hash_of(server.data_dir / "snapshots" / f"{digest}.snapshot")
        server.stop()
    if len(set(keys)) != len(keys):
        raise ValueError(f"states of the workload cannot be told apart: {keys}")
    return Reference(workload, tuple(keys), tuple(digests), tuple(seen), hashes)


def start(data_dir: Path, workload: Workload) -> ServerProcess:
    return ServerProcess(data_dir, "--log-level", "warning", *workload.flags)


def digest_of(client: millrace.Client) -> str:
    """Of a fresh snapshot; "none" when there is no dataset."""
    try:
        return client.snapshots.create(DATASET).digest
    except millrace.DatasetNotFound:
        return "none"


def seen_by(client: millrace.Client) -> str:
    """A hash of all that clients see of the dataset, whether snapshots hold it or not."""
    stats = replace(client.stats(dataset=DATASET), last_import=None)  # its id counts those that failed, too
    seen = hashlib.sha256(repr(stats).encode())
    for things in (
        client.posts.list(dataset=DATASET),
        client.tags.list(dataset=DATASET),
        client.tags.relations(dataset=DATASET),
        client.tags.listed(DATASET),
        client.tags.pools(DATASET, with_post_ids=True),
        client.tags.artists(DATASET),
    ):
        for thing in things:
            seen.update(repr(thing).encode())
    return seen.hexdigest()


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
        with start(data_dir, workload) as server:
            with millrace.connect(server.address) as client:
                for number in range(state):
                    workload.step(client, number, skip_snapshot=not snapshots)
            server.stop()
        yield data_dir


def copy_of(template: Path, folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(template, folder)
    return folder


def query(data_dir: Path, sql: str) -> list[tuple[object, ...]]:
    uri = f"file:{data_dir / 'catalog.sqlite3'}?mode=ro"
    with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=10)) as database:
        return database.execute(sql).fetchall()
