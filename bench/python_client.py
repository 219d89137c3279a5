"""Question: what does a batch of columns cost in the Python client beyond receiving its bytes?

Method: a real server on loopback, an import of synthetic posts, one plan. In turn, five times each: a bare gRPC stream
whose messages are left untouched; the Loader with columns, each array that was asked for looked at; and the Loader with
rows made into the same arrays. Prints medians, spread and ratios; the ids received must have one SHA-256.

    build/venv/bin/python bench/python_client.py --posts 200000
"""

from __future__ import annotations

import argparse
import hashlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import numpy as np

import millrace
from millrace import _connection
from millrace.v1 import loader_service_pb2 as pb

ROOT = Path(__file__).resolve().parent.parent
FIELDS = ("tags", "rating", "width_px", "height_px", "score")


def serve(data_dir: str) -> tuple[subprocess.Popen[str], str]:
    """A server on a free port, and its address."""
    command = [str(ROOT / "build/release/server/millrace-server"), "--listen", "127.0.0.1:0", "--data-dir", data_dir]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert server.stdout is not None
    for line in server.stdout:
        if "listening on" in line:
            return server, line.split()[-1]
    raise SystemExit("the server did not start")


def request(plan: str, batches: int) -> pb.StreamBatchesRequest:
    asked = pb.StreamBatchesRequest(plan_id=plan, split="all", max_batch_count=batches)
    asked.projection.encoding = pb.BATCH_ENCODING_COLUMNS
    asked.projection.fields.extend(FIELDS)
    return asked


def untouched(address: str, plan: str, batches: int) -> tuple[float, int]:
    """Seconds, and bytes received."""
    with grpc.insecure_channel(address, options=_connection._OPTIONS) as channel:
        call = channel.unary_stream(
            "/millrace.v1.LoaderService/StreamBatches",
            request_serializer=pb.StreamBatchesRequest.SerializeToString,
            response_deserializer=None,
        )
        grpc.channel_ready_future(channel).result()  # as the loader is connected when its clock starts
        start = time.perf_counter()
        size = sum(map(len, call(request(plan, batches))))
        return time.perf_counter() - start, size


def looked_at(batch: millrace.Batch) -> np.ndarray:
    """Every array that was asked for; returns the ids."""
    assert isinstance(batch, millrace.ColumnBatch)
    tags = batch.tags
    _ = tags.values, tags.offsets, batch["rating"], batch["width_px"], batch["height_px"], batch["score"]
    return batch.post_ids


def from_rows(batch: millrace.Batch) -> np.ndarray:
    """The same arrays out of messages."""
    posts, tags = batch._posts(), batch.tags
    _ = tags.values, tags.offsets
    for name in FIELDS[1:]:
        np.fromiter((getattr(post, name) for post in posts), np.int32, count=len(posts))
    return batch.post_ids


def load(
    address: str, plan: str, batches: int, arrays: Callable[[millrace.Batch], np.ndarray], **options: object
) -> tuple[float, str]:
    """Seconds, and the SHA-256 of the ids."""
    digest = hashlib.sha256()
    with millrace.Loader(address, plan=plan, split="all", **options) as loader:  # type: ignore[arg-type]
        assert loader.batch_count >= batches, "the split has fewer batches than are asked for"
        received: Iterator[millrace.Batch] = iter(loader)
        start = time.perf_counter()
        for _ in range(batches):
            digest.update(arrays(next(received)))
        return time.perf_counter() - start, digest.hexdigest()


def ratio(times: list[float], others: list[float]) -> float:
    """Of the rates, run by run; the median."""
    return statistics.median(other / own for own, other in zip(times, others, strict=True))


def measure(address: str, plan: str, batches: int, row_batches: int) -> None:
    bare, columns, inline, rows, digests, size = [], [], [], [], set(), 0
    for _ in range(5):
        seconds, size = untouched(address, plan, batches)
        bare.append(seconds / batches * 1e6)
        seconds, digest = load(address, plan, batches, looked_at, fields=FIELDS)
        columns.append(seconds / batches * 1e6)
        digests.add(digest)
        seconds, digest = load(address, plan, batches, looked_at, fields=FIELDS, prefetch=0)
        inline.append(seconds / batches * 1e6)
        digests.add(digest)
        seconds, row_digest = load(address, plan, row_batches, from_rows, prefetch=0)
        rows.append(seconds / row_batches * 1e6)
    _, expected = load(address, plan, row_batches, looked_at, fields=FIELDS)
    if len(digests) != 1 or row_digest != expected:
        raise SystemExit("the ways of reading gave different posts")
    print(f"a batch of 256 posts as columns: {size / batches / 1024:.1f} KiB; ids sha256 {digests.pop()[:16]}")
    for name, values in (
        ("untouched bytes", bare),
        ("Loader, columns, no prefetch", inline),
        ("Loader, columns", columns),
        ("Loader, rows to numpy", rows),
    ):
        low, middle, high = min(values), statistics.median(values), max(values)
        print(f"{name:32} {middle:9.1f} us a batch ({low:.1f} to {high:.1f})  {256e6 / middle:12,.0f} posts/s")
    beyond = statistics.median(a - b for a, b in zip(inline, bare, strict=True))
    print(f"beyond the untouched bytes: {beyond:.1f} us a batch (goal: at most 15)")
    print(f"columns / untouched bytes: {ratio(columns, bare):.2f} of its rate (goal: at least 0.65)")
    print(f"columns / rows to numpy: {ratio(columns, rows):.1f} times its rate (goal: at least 20)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=200_000)
    parser.add_argument("--batches", type=int, default=700)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        dump = Path(folder, "posts.jsonl")
        with dump.open("wb") as out:
            command = [str(ROOT / "build/release/bench/generate-dump"), "--posts", str(arguments.posts)]
            subprocess.run(command, stdout=out, check=True)
        server, address = serve(f"{folder}/data")
        try:
            client = millrace.connect(address)
            client.import_(str(dump), dataset="synthetic")
            plan = client.plans.create(dataset="synthetic", batch_size=256, splits={"all": 1}, seed=1)
            measure(address, plan.id, arguments.batches, 40)
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    sys.exit(main())
