"""What every peer shares: the content, the batch that is delivered, and the measuring.

A peer is one file peer_NAME.py with a subclass of Peer; it runs in its own virtual environment, so this module needs
nothing but numpy. The driver (run.py) starts it as a process of its own and reads one line of JSON from it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import pickle
import signal
import struct
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import count, islice
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numpy as np
import numpy.typing as npt

BATCH_SIZE = 256
SEED = 42
Int32Array = npt.NDArray[np.int32]


class Batch(NamedTuple):
    """What every peer delivers: numpy arrays, or anything that numpy takes for one without a copy."""

    ids: npt.NDArray[np.int64]
    tag_values: Int32Array
    tag_offsets: Int32Array
    rating: npt.NDArray[np.uint8]
    width: Int32Array
    height: Int32Array
    score: Int32Array


class Content:
    """The common source: one array a column, mapped, in ascending order of id."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("ids", *Batch._fields[1:]):
            setattr(self, name, np.load(folder / f"{name}.npy", mmap_mode="r"))
        self.ids: npt.NDArray[np.int64]
        self.tag_values: Int32Array
        self.tag_offsets: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)

    def rows(self, first: int, last: int) -> Batch:
        """The posts of rows first to last - 1, as a batch."""
        offsets = np.asarray(self.tag_offsets[first : last + 1])
        fixed = [np.asarray(getattr(self, name)[first:last]) for name in Batch._fields[3:]]
        values = np.asarray(self.tag_values[offsets[0] : offsets[-1]])
        return Batch(np.asarray(self.ids[first:last]), values, (offsets - offsets[0]).astype(np.int32), *fixed)

    def posts(self, first: int = 0, last: int | None = None) -> Iterator[tuple[int, int, int, int, int, Int32Array]]:
        """(id, rating, width, height, score, tags) of these rows' posts, for writers of other formats."""
        last = len(self) if last is None else last
        for at in range(first, last, 4096):
            batch = self.rows(at, min(last, at + 4096))
            tags = np.split(batch.tag_values, batch.tag_offsets[1:-1])
            fixed = (getattr(batch, name).tolist() for name in ("ids", "rating", "width", "height", "score"))
            yield from zip(*fixed, tags, strict=True)


# A post as one record of bytes, for formats whose samples are bytes: the header's fields, then the tags.
HEADER_FIELDS = 6


def encode_record(post: tuple[int, int, int, int, int, Int32Array]) -> bytes:
    """int64 id, int32 width, height, score, rating, then int32 tags."""
    post_id, rating, width, height, score, tags = post
    return struct.pack("<qiiii", post_id, width, height, score, rating) + tags.tobytes()


def collate_records(records: Sequence[bytes]) -> Batch:
    """A batch of records, without a loop over their fields: the cheapest that Python can do."""
    words = np.frombuffer(b"".join(records), dtype=np.int32)
    ends = np.cumsum([len(record) // 4 for record in records])
    starts = np.concatenate(([0], ends[:-1]))
    header = words[starts[:, None] + np.arange(HEADER_FIELDS)]
    is_tag = np.ones(len(words), dtype=bool)
    is_tag[(starts[:, None] + np.arange(HEADER_FIELDS)).ravel()] = False
    offsets = np.zeros(len(records) + 1, dtype=np.int32)
    offsets[1:] = ends - HEADER_FIELDS * np.arange(1, len(records) + 1)
    ids = np.ascontiguousarray(header[:, :2]).view(np.int64)[:, 0]
    width, height, score = (np.ascontiguousarray(header[:, column]) for column in (2, 3, 4))
    return Batch(ids, words[is_tag], offsets, header[:, 5].astype(np.uint8), width, height, score)


def collate_posts(posts: Sequence[tuple[int, int, int, int, int, Int32Array]]) -> Batch:
    """A batch of (id, rating, width, height, score, tags)."""
    ids, rating, width, height, score, tags = zip(*posts, strict=True)
    offsets = np.zeros(len(posts) + 1, dtype=np.int32)
    np.cumsum([len(of_post) for of_post in tags], out=offsets[1:])
    return Batch(
        np.array(ids, dtype=np.int64),
        np.concatenate(tags).astype(np.int32, copy=False),
        offsets,
        np.array(rating, dtype=np.uint8),
        *(np.array(values, dtype=np.int32) for values in (width, height, score)),
    )


class Checksum:
    """Proves what was delivered, whatever its order: sums modulo 2^64 that bind every value to its post's id."""

    def __init__(self) -> None:
        self.sums = {"fields": 0, "tags": 0, "tag_count": 0}

    def add(self, batch: Batch) -> None:
        if not len(batch.ids) == len(batch.rating) == len(batch.width) == len(batch.tag_offsets) - 1:
            raise AssertionError("the columns of a batch differ in length")
        ids = np.asarray(batch.ids).astype(np.uint64)
        factors = {"rating": 3, "width": 5, "height": 7, "score": 11}
        fields = sum(np.asarray(getattr(batch, name)).astype(np.int64) * factor for name, factor in factors.items())
        offsets = np.asarray(batch.tag_offsets).astype(np.int64)
        # Squares, so that tags which changed places between posts of one id sum do not cancel out.
        running = np.concatenate(([0], np.cumsum(np.asarray(batch.tag_values).astype(np.int64) ** 2)))
        tags = running[offsets[1:]] - running[offsets[:-1]]
        for name, values in (("fields", fields), ("tags", tags)):
            self.sums[name] = (self.sums[name] + int((ids * values.astype(np.uint64)).sum(dtype=np.uint64))) % 2**64
        self.sums["tag_count"] += int(offsets[-1])


def ids_digest(ids: npt.NDArray[np.int64]) -> str:
    """Of a set of ids, whatever their order."""
    return hashlib.sha256(np.sort(ids).tobytes()).hexdigest()[:16]


def displacement(ids: npt.NDArray[np.int64]) -> float:
    """How far an epoch's order is from the stored one: 1.0 is what a uniform shuffle gives, 0 is no shuffle."""
    return float(np.abs(ids - np.arange(1, len(ids) + 1)).mean() / (len(ids) / 3))


def processes_below(roots: Sequence[int]) -> list[int]:
    """These processes and all their living descendants."""
    parents: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                text = Path(f"/proc/{entry}/stat").read_text()
            except OSError:
                continue
            # The name, in parentheses, may hold spaces.
            parents.setdefault(int(text.rpartition(")")[2].split()[1]), []).append(int(entry))
    found = list(roots)
    for pid in found:
        found.extend(parents.get(pid, ()))
    return found


def cpu_seconds(roots: Sequence[int]) -> float:
    """Used so far by these processes and their descendants, those that have ended included."""
    total = 0
    for pid in processes_below(roots):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(map(int, fields[11:15]))
    return total / os.sysconf("SC_CLK_TCK")


class Peer:
    """One way of loading the content. `options` are the driver's: content, data, workers, address, variant."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.workers: int = options.workers

    @classmethod
    def prepare(cls, content: Content, folder: Path) -> None:
        """Writes the content in the peer's own format."""

    @classmethod
    def serve(cls, options: argparse.Namespace) -> NoReturn:
        """Runs the peer's server: prints "ready ADDRESS" and goes on until SIGTERM."""
        raise NotImplementedError

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of an epoch, or what is left of it after `load`."""
        raise NotImplementedError

    def state(self) -> Any:
        """Where the reader is, for a checkpoint. None: the peer has no such thing, and a user must skip."""
        return None

    def load(self, state: Any) -> None:
        """Continues at a state: the next `epoch` yields what is left."""

    def checked(self, batch: Batch) -> Batch:
        """The batch as the checksum wants it (tags by their ids), for peers that number tags in their own way."""
        return batch

    def versions(self) -> dict[str, str]:
        """What was measured."""
        from importlib.metadata import version

        return {name: version(name) for name in self.packages}

    packages: tuple[str, ...] = ()


def announce(address: str) -> None:
    """Tells the driver that the server can be used."""
    print(f"ready {address}", flush=True)


def wait_for_stop() -> NoReturn:
    """Until the driver ends the server."""
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    os._exit(0)


def _rest(peer: Peer, options: argparse.Namespace) -> tuple[Iterator[Batch], npt.NDArray[np.int64]]:
    """The rest of epoch 0 behind the saved state, and the ids before it."""
    saved = pickle.loads(Path(options.state).read_bytes())
    if saved["state"] is None:
        return islice(peer.epoch(0), saved["batch_count"], None), saved["ids"]
    peer.load(saved["state"])
    return peer.epoch(0), saved["ids"]


def _resume(peer: Peer, options: argparse.Namespace) -> dict[str, Any]:
    """Time from the process's start to the first batch behind 90 % of the epoch, and whether the rest is right."""
    batches, before = _rest(peer, options)
    # A peer may have lost what it had not handed out (its shuffle buffer), and find nothing left.
    ids = [np.array(batch.ids) for batch in islice(batches, 1)]
    first_seconds = time.monotonic() - options.started_at if ids else None
    ids.extend(np.array(batch.ids) for batch in batches)
    together = np.concatenate([before, *ids])
    return {"first_seconds": first_seconds, "posts": len(together), "distinct": len(np.unique(together))}


def _verify(peer: Peer, options: argparse.Namespace) -> dict[str, Any]:
    """One epoch in full, every value checked, and a checkpoint at 90 % of it."""
    checksum = Checksum()
    ids: list[npt.NDArray[np.int64]] = []
    first_seconds = 0.0
    save_at = int(options.posts * 0.9) // BATCH_SIZE
    deadline = time.monotonic() + options.max_seconds
    is_whole = True
    for index, batch in enumerate(peer.epoch(0)):
        if index == 0:
            first_seconds = time.monotonic() - options.started_at
        ids.append(np.array(batch.ids))
        checksum.add(peer.checked(batch))
        if index + 1 == save_at:
            saved = {"state": peer.state(), "batch_count": save_at, "ids": np.concatenate(ids)}
            Path(options.state).write_bytes(pickle.dumps(saved))
        if time.monotonic() > deadline:
            is_whole = False
            break
    together = np.concatenate(ids)
    return {
        "first_seconds": first_seconds,
        "is_whole": is_whole,
        "posts": len(together),
        "distinct": len(np.unique(together)),
        "ids": ids_digest(together),
        "displacement": displacement(together) if is_whole else None,
        "has_state": Path(options.state).exists() and saved["state"] is not None,
        "checksum": checksum.sums,
        "versions": peer.versions(),
    }


def _steady(peer: Peer, options: argparse.Namespace) -> dict[str, Any]:
    """Posts a second over whole epochs, and the processor's time for them.

    The loop does next to nothing with a batch: it copies the ids of the first epoch into an array that is there
    already, to be checked behind the clock, and counts tags.
    """
    roots = [os.getpid(), *options.server_pid]
    delivered = np.zeros(options.posts, dtype=np.int64)
    post_count = tag_count = epoch_count = 0
    first_seconds = start = start_cpu = 0.0
    start_posts = -1
    finished = False
    for number in count():
        for batch in peer.epoch(number):
            ids = batch.ids
            now = time.monotonic()
            if first_seconds == 0.0:
                first_seconds = now - options.started_at
                first_at = now
            if number == 0:
                delivered[post_count : post_count + len(ids)] = ids
            post_count += len(ids)
            tag_count += int(batch.tag_offsets[-1])
            # What was fetched ahead of the first batch would flatter the peer.
            if start_posts < 0 and (post_count >= options.posts // 20 or now - first_at > 0.5):
                start_posts, start_cpu, start = post_count, cpu_seconds(roots), time.monotonic()
            if start_posts >= 0 and now - start > options.max_seconds:
                finished = True
                break
        else:
            epoch_count += 1
            finished = time.monotonic() - start > options.min_seconds
        if finished:
            break
    seconds = time.monotonic() - start
    cpu = cpu_seconds(roots) - start_cpu
    ids = delivered[: min(post_count, options.posts)]
    posts = post_count - start_posts
    return {
        "first_seconds": first_seconds,
        "posts_per_second": posts / seconds,
        "seconds": seconds,
        "cpu_seconds": cpu,
        "cpu_seconds_per_million": cpu / posts * 1e6,
        "posts": posts,
        "tags_per_post": tag_count / post_count,
        "epochs": epoch_count,
        "first_epoch_posts": len(ids),
        "distinct": len(np.unique(ids)),
        "ids": ids_digest(ids),
    }


def main(peer_class: type[Peer]) -> None:
    """The command line of every peer_NAME.py."""
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=("prepare", "serve", "steady", "verify", "resume"))
    parser.add_argument("--content", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--posts", type=int, default=0)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--variant", default="")
    parser.add_argument("--address", default="")
    parser.add_argument("--server-pid", type=int, action="append", default=[])
    parser.add_argument("--started-at", type=float, default=time.monotonic())
    parser.add_argument("--min-seconds", type=float, default=3.0)
    parser.add_argument("--max-seconds", type=float, default=8.0)
    parser.add_argument("--state", type=Path)
    options = parser.parse_args()
    if options.task == "prepare":
        peer_class.prepare(Content(options.content), options.data)
        return
    if options.task == "serve":
        # Blocked before any thread starts, so that wait_for_stop gets the signal.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
        peer_class.serve(options)
    measure = {"steady": _steady, "verify": _verify, "resume": _resume}[options.task]
    result = measure(peer_class(options), options)
    print(json.dumps(result), flush=True)
    # Some peers' threads and workers take seconds to end, or never do; nothing is left to lose.
    sys.stdout.flush()
    os._exit(0)
