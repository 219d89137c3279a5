"""Kills an importing server (kill -9) at random moments, again and again, and looks at what is left.

What must hold after every kill: the server starts; every import that was acknowledged is there whole; one that was
not is there whole or not at all; the posts, counts and the file itself agree; nothing staged is left behind.

    python tests/e2e/kill_import.py --rounds 300
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import sqlite3
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import millrace
from server_process import ServerProcess

DATASET = "killed"
POST_COUNT = 4000
TAG_COUNT = 12
SWEEP_S_MAX = 30.0


def dump_of(version: int, chance: random.Random) -> tuple[range, bytes]:
    """JSON lines whose posts carry `version` as their score; overlapping ranges of ids, so that most replace others."""
    first = chance.randrange(1, 3 * POST_COUNT)
    ids = range(first, first + chance.randint(POST_COUNT // 4, POST_COUNT))
    lines = []
    for i in ids:
        tags = [
            {"id": str(1 + (i + version + k) % 500), "name": f"t{(i + version + k) % 500}", "category": "0"}
            for k in range(TAG_COUNT)
        ]
        lines.append(json.dumps({"id": str(i), "md5": f"{i:032x}", "score": str(version), "rating": "s", "tags": tags}))
    return ids, ("\n".join(lines) + "\n").encode()


@dataclass
class Outcome:
    rounds: int = 0
    acknowledged: int = 0
    unacknowledged_whole: int = 0
    unacknowledged_absent: int = 0
    failures: list[str] = field(default_factory=list)


class KillTest:
    """State: what the dataset must hold, as a map of post id to version."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.outcome = Outcome()
        self._folder = folder
        self._random = random.Random(seed)
        self._versions: dict[int, int] = {}
        # How long an import takes, undisturbed; kills are spread over a little more than that.
        self._import_s = 1.0

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
            path = self._write(0)
            started = time.monotonic()
            client.import_(path[1], dataset=DATASET)
            self._import_s = time.monotonic() - started
            self._versions.update(dict.fromkeys(path[0], 0))
            server.stop()

    def _write(self, version: int) -> tuple[range, Path]:
        ids, data = dump_of(version, self._random)
        path = self._folder / "dump.jsonl"
        path.write_bytes(data)
        return ids, path

    def _round(self, version: int) -> None:
        ids, path = self._write(version)
        acknowledged = self._import_and_kill(path)
        with self._start() as server, millrace.connect(server.address) as client:
            self._compare(client, version, ids, acknowledged)
            self._await_sweep()
            # Every so often the next round begins on a folder that was closed in order.
            if self._random.random() < 0.3:
                server.stop()
        if not self.outcome.failures:
            self._check_file()

    def _import_and_kill(self, path: Path) -> bool:
        """Whether the server had acknowledged the import when it was killed."""
        results: list[millrace.ImportResult] = []
        server = self._start()
        client = millrace.connect(server.address)

        def work() -> None:
            with contextlib.suppress(millrace.Error, ValueError):
                results.append(client.import_(path, dataset=DATASET, timeout_s=0.01))

        thread = threading.Thread(target=work)
        thread.start()
        time.sleep(self._random.uniform(0, 1.3 * self._import_s))
        server.kill()
        thread.join()
        client.close()
        return bool(results)

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
        states = {record.state for record in client.imports(dataset=DATASET)}
        if "running" in states:
            self._fail(version, "an import is still recorded as running")

    def _query(self, sql: str) -> list[tuple[object, ...]]:
        uri = f"file:{self._folder / 'data' / 'catalog.sqlite3'}?mode=ro"
        with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=10)) as database:
            return database.execute(sql).fetchall()

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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=300, help="kills (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments and dumps (default: %(default)s)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = KillTest(Path(folder), arguments.seed).run(arguments.rounds)
    print(
        f"{outcome.rounds} kills: {outcome.acknowledged} imports acknowledged, all whole; "
        f"{outcome.unacknowledged_whole} not acknowledged but whole; {outcome.unacknowledged_absent} absent; "
        f"{len(outcome.failures)} failures"
    )
    for failure in outcome.failures:
        print(failure, file=sys.stderr)
    return 1 if outcome.failures else 0


if __name__ == "__main__":
    sys.exit(main())
