"""Kills an importing server (kill -9) at random moments, again and again, and looks at what is left.

Two clients import the same dump with the same request_id at the same time. What must hold after every kill: the server
starts; an import that was acknowledged is there whole; one that was not is there whole or not at all; repeated, again
by two at a time, it counts once; the posts, counts and the file itself agree; nothing staged is left behind.
"""

from __future__ import annotations

import itertools
import json
import random
import time
from dataclasses import dataclass, field
from pathlib import Path

import millrace
from durability.report import Report
from durability.workload import TwoImports, query
from server_process import ServerProcess

DATASET = "killed"
POST_COUNT = 2000
TAG_COUNT = 12
# Of every eighth dump: so long that its posts are staged in several transactions.
LONG_SOURCE = "https://example.net/" + "a" * 8000
SWEEP_S_MAX = 30.0


def dump_of(version: int, chance: random.Random) -> tuple[range, bytes]:
    """JSON lines whose posts carry `version` as their score; overlapping ranges of ids, so that most replace others."""
    first = chance.randrange(1, 3 * POST_COUNT)
    ids = range(first, first + chance.randint(POST_COUNT // 4, POST_COUNT))
    source = LONG_SOURCE if chance.random() < 1 / 8 else ""
    lines = []
    for i in ids:
        tags = [
            {"id": str(1 + (i + version + k) % 500), "name": f"t{(i + version + k) % 500}", "category": "0"}
            for k in range(TAG_COUNT)
        ]
        record = {
            "id": str(i),
            "md5": f"{i:032x}",
            "score": str(version),
            "rating": "s",
            "source": source,
            "tags": tags,
        }
        lines.append(json.dumps(record))
    return ids, ("\n".join(lines) + "\n").encode()


@dataclass
class Outcome:
    rounds: int = 0
    acknowledged: int = 0
    unacknowledged_whole: int = 0
    unacknowledged_absent: int = 0
    repeated: int = 0
    failures: list[str] = field(default_factory=list)


class KillTest:
    """State: what the dataset must hold, as a map of post id to version."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.outcome = Outcome()
        self._folder = folder
        self._random = random.Random(seed)
        self._versions: dict[int, int] = {}
        # Kills come up to so much later than imports begin. Adapts, so that about half come after the answer.
        self._kill_s_max = 1.0

    def run(self, rounds: int) -> Outcome:
        self._measure()
        for number in range(1, rounds + 1):
            self._round(number)
            self.outcome.rounds += 1
            if self.outcome.failures:
                break
        return self.outcome

    def _start(self) -> ServerProcess:
        return ServerProcess(self._folder / "data", "--log-level", "warning")

    def _measure(self) -> None:
        with self._start() as server, millrace.connect(server.address) as client:
            ids, path = self._write(0)
            started = time.monotonic()
            client.import_(path, dataset=DATASET)
            self._kill_s_max = 1.3 * (time.monotonic() - started)
            self._versions.update(dict.fromkeys(ids, 0))
            server.stop()

    def _write(self, version: int) -> tuple[range, Path]:
        ids, data = dump_of(version, self._random)
        path = self._folder / "dump.jsonl"
        path.write_bytes(data)
        return ids, path

    def _round(self, version: int) -> None:
        ids, path = self._write(version)
        acknowledged = self._import_and_kill(version, path)
        with self._start() as server, millrace.connect(server.address) as client:
            self._compare(client, version, ids, acknowledged)
            if not self.outcome.failures and self._random.random() < 0.5:
                self._repeat(client, version, ids, path)
            self._await_sweep()
            # Every so often the next round begins on a folder that was closed in order.
            if self._random.random() < 0.3:
                server.stop()
        if not self.outcome.failures:
            self._check_file()

    def _import_and_kill(self, version: int, path: Path) -> bool:
        """Whether the server had acknowledged the import, to one client or both, when it was killed."""
        with self._start() as server, millrace.connect(server.address) as client:
            imports = self._import_twice(client, version, path)
            time.sleep(self._random.uniform(0, self._kill_s_max))
            server.kill()
            results = imports.join()
        self._kill_s_max *= 0.9 if results else 1.1
        return bool(results)

    def _import_twice(self, client: millrace.Client, version: int, path: Path) -> TwoImports:
        return TwoImports(lambda: client.import_(path, dataset=DATASET, request_id=f"kill-{version}", timeout_s=0.01))

    def _repeat(self, client: millrace.Client, version: int, ids: range, path: Path) -> None:
        was_there = self._versions.get(ids[0]) == version
        results = self._import_twice(client, version, path).join()
        if [result.already_imported for result in results].count(False) != (0 if was_there else 1) or len(results) != 2:
            self._fail(version, f"repeated, with whole={was_there}: {results}")
            return
        self.outcome.repeated += 1
        self._versions.update(dict.fromkeys(ids, version))
        self._compare_once(client, version, 1)
        if {post.id: post.score for post in client.posts.list(dataset=DATASET)} != self._versions:
            self._fail(version, "repeated, it does not give its posts")

    def _compare_once(self, client: millrace.Client, version: int, count: int) -> None:
        newest = itertools.islice(client.imports(dataset=DATASET), 10)
        committed = [
            record for record in newest if (record.request_id, record.state) == (f"kill-{version}", "committed")
        ]
        if len(committed) != count:
            self._fail(version, f"{len(committed)} imports of its request_id are committed, not {count}")

    def _compare(self, client: millrace.Client, version: int, ids: range, acknowledged: bool) -> None:
        found = {post.id: post.score for post in client.posts.list(dataset=DATASET)}
        with_it = {**self._versions, **dict.fromkeys(ids, version)}
        if found == with_it:
            self._versions = with_it
            if acknowledged:
                self.outcome.acknowledged += 1
            else:
                self.outcome.unacknowledged_whole += 1
        elif found == self._versions and not acknowledged:
            self.outcome.unacknowledged_absent += 1
        else:
            new = sum(1 for i in ids if found.get(i) == version)
            self._fail(version, f"acknowledged={acknowledged}, {new} of its {len(ids)} posts are there")
            return
        stats = client.stats(dataset=DATASET)
        posts_by_id = stats.post_count, stats.min_post_id, stats.max_post_id
        if posts_by_id != (len(found), min(found), max(found)):
            self._fail(version, f"the counts {posts_by_id} are not those of the {len(found)} posts")
        if stats.tag_use_count != TAG_COUNT * len(found):
            self._fail(version, f"{stats.tag_use_count} tag uses, not {TAG_COUNT * len(found)}")
        if any(record.state == "running" for record in itertools.islice(client.imports(dataset=DATASET), 10)):
            self._fail(version, "an import is still recorded as running")
        self._compare_once(client, version, 0 if self._versions.get(ids[0]) != version else 1)

    def _query(self, sql: str) -> list[tuple[object, ...]]:
        return query(self._folder / "data", sql)

    def _await_sweep(self) -> None:
        """Waits until only the posts that are to be seen are in the file: what was staged or replaced goes soon."""
        deadline = time.monotonic() + SWEEP_S_MAX
        while (rows := self._query("SELECT count(*) FROM posts")[0][0]) != len(self._versions):
            if time.monotonic() > deadline:
                self._fail(self.outcome.rounds + 1, f"{rows} rows are left of {len(self._versions)} posts")
                return
            time.sleep(0.01)

    def _check_file(self) -> None:
        for check in ("integrity_check", "foreign_key_check"):
            rows = self._query(f"PRAGMA {check}")
            if rows not in ([("ok",)], []):
                self._fail(self.outcome.rounds + 1, f"{check}: {rows[:3]}")
        leftovers = [path.name for path in (self._folder / "data" / "spool").glob("*")]
        snapshots = self._folder / "data" / "snapshots"
        leftovers += [path.name for path in snapshots.glob("*") if path.suffix not in (".snapshot", ".postings")]
        if leftovers:
            self._fail(self.outcome.rounds + 1, f"left behind: {leftovers}")

    def _fail(self, version: int, what: str) -> None:
        self.outcome.failures.append(f"round {version}: {what}")


def run(folder: Path, seed: int, count: int) -> Report:
    outcome = KillTest(folder, seed).run(count)
    details = [
        f"{outcome.acknowledged} acknowledged, all whole; of others {outcome.unacknowledged_whole} whole, "
        f"{outcome.unacknowledged_absent} absent; {outcome.repeated} repeated by two at once, all counted once"
    ]
    return Report(f"random kills: of imports (seed {seed})", outcome.rounds, details, outcome.failures)
