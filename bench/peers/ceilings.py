"""Question: how near do Millrace's streams come to what a socket and gRPC carry when nobody encodes anything?

Sizes of 4 KiB to 4 MiB; for each, in turns: a plain socket and gRPC's bytes to C++ (raw-echo), gRPC's bytes to Python,
untouched, and Millrace's columns of as many posts as make that size, to C++ as bytes and to Python as arrays.

python ceilings.py MILLRACE_DATA RESULT.json RUNS
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import common
import grpc
import grpc.experimental
import peer_millrace

import millrace
from millrace.v1 import loader_service_pb2 as pb

ROOT = Path(__file__).resolve().parents[2]
RAW_ECHO = str(ROOT / "build/release/bench/raw-echo")
SIZES = (4 << 10, 32 << 10, 256 << 10, 1 << 20, 4 << 20)
# About what a post takes as columns, to choose batch sizes by; what is compared is what was measured.
BYTES_PER_POST = 150


@contextmanager
def server(*command: str) -> Iterator[list[str]]:
    """The words of its first line; ended at the end."""
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield child.stdout.readline().split()  # type: ignore[union-attr]
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()


def cpp(*flags: str) -> dict[str, float]:
    done = subprocess.run([RAW_ECHO, "receive", *flags], stdout=subprocess.PIPE, text=True, check=True, timeout=300)
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def python_bytes(address: str, size: int, count: int) -> float:
    """Untouched: the bytes objects that grpc hands out."""
    options = [("grpc.max_receive_message_length", -1), (grpc.experimental.ChannelOptions.SingleThreadedUnaryStream, 1)]
    with grpc.insecure_channel(address, options=options) as channel:
        grpc.channel_ready_future(channel).result(timeout=10)
        start = time.monotonic()
        received = sum(map(len, channel.unary_stream("/millrace.bench.RawEcho/Stream")(f"{size} {count}".encode())))
        seconds = time.monotonic() - start
    if received != size * count:
        raise AssertionError("bytes were lost")
    return seconds


def python_columns(address: str, plan: str, count: int) -> float:
    """The batches as arrays; the clock starts with the first, as connecting is not the matter."""
    start = 0.0
    fields = ["tag_indexes", *peer_millrace.FIELDS]
    with millrace.Loader(address, plan=plan, split="all", epochs=None, fields=fields) as loader:
        for number, batch in enumerate(loader):
            if number == 0:
                start = time.monotonic()
            elif number == count:
                break
            peer_millrace.from_columns(batch)
    return time.monotonic() - start


def request(plan: str, count: int) -> str:
    """As the package asks."""
    projection = pb.Projection(encoding=pb.BATCH_ENCODING_COLUMNS, fields=["tag_indexes", *peer_millrace.FIELDS])
    message = pb.StreamBatchesRequest(
        plan_id=plan,
        split="all",
        end_epoch=1 << 20,
        max_batch_count=count,
        projection=projection,
        encode_ahead_count=2,
    )
    return message.SerializeToString().hex()


def measure(echo: list[str], address: str, client: Any, size: int, runs: int) -> dict[str, Any]:
    posts = size // BYTES_PER_POST
    plan = client.plans.create(dataset="bench", batch_size=posts, seed=common.SEED, splits={"all": 1}).id
    count = max(40, min(20_000, (384 << 20) // size))
    probe = cpp("--address", address, "--method", peer_millrace.STREAM_BATCHES, "--request", request(plan, 40))
    # A batch's own size, over its parts: what the others send in one message.
    batch = int(probe["bytes"] / 40)
    raw = ["--size", str(batch), "--count", str(count)]
    ways: dict[str, Callable[[], float]] = {
        "socket": lambda: cpp("--plain", "--address", echo[1], *raw)["seconds"],
        "grpc_cpp": lambda: cpp("--address", echo[-1], *raw)["seconds"],
        "grpc_python": lambda: python_bytes(echo[-1], batch, count),
        "millrace_cpp": lambda: cpp(
            "--address", address, "--method", peer_millrace.STREAM_BATCHES, "--request", request(plan, count)
        )["seconds"],
        "millrace_python": lambda: python_columns(address, plan, count),
    }
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, way in ways.items():
            rates[name].append(batch * count / way() / 1e6)
    return {"size": size, "batch_bytes": batch, "posts": posts, "messages": count, "megabytes_per_second": rates}


def main(data: Path, target: Path, runs: int) -> None:
    serve = (str(peer_millrace.SERVER), "--listen", "127.0.0.1:0", "--data-dir", str(data / "data"))
    with server(RAW_ECHO, "serve") as echo, server(*serve) as words, millrace.connect(words[-1]) as client:
        results = [measure(echo, words[-1], client, size, runs) for size in SIZES]
    target.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
