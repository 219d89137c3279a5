"""Runs Millrace and its peers on the same content and writes down what it measured.

Standard library only: every peer has an environment of its own (build/bench/venvs/NAME), and this program starts
peer_NAME.py in it, once for each measurement, with a server before it where the peer has one. docs/benchmarks.md says
what is measured; report.py makes the tables and plots.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BENCH = ROOT / "build/bench"
PYTHON = "/usr/bin/python3"
# Nothing may look for a network, and nobody may count more threads than others.
ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "PYTHONUNBUFFERED": "1",
    "PYTHONPATH": str(HERE),
}


@dataclass(frozen=True)
class Config:
    """How a peer is set; the best of a peer's configs is measured."""

    workers: int = 0
    variant: str = ""

    def __str__(self) -> str:
        return f"{self.variant or 'default'}, {self.workers} workers"


def by_workers(variant: str = "", workers: tuple[int, ...] = (0, 1, 2)) -> tuple[Config, ...]:
    return tuple(Config(count, variant) for count in workers)


@dataclass(frozen=True)
class Peer:
    """What the driver must know of a peer. venv: its environment, requirements-VENV.txt. data: its prepared files,
    shared by peers that read the same. largest: posts beyond which a run would take too long."""

    name: str
    label: str
    script: str
    venv: str
    data: str
    configs: tuple[Config, ...]
    has_server: bool = False
    shuffle: str = "global"
    largest: int = 10**9
    system_packages: bool = False
    needs: tuple[str, ...] = ()
    has_unary: bool = False


PEERS = (
    Peer("millrace", "Millrace", "peer_millrace.py", "millrace", "millrace", by_workers("columns", (0, 2, 4)), True),
    Peer(
        "millrace_rows",
        "Millrace, whole posts as rows",
        "peer_millrace.py",
        "millrace",
        "millrace",
        by_workers("rows", (0, 2)),
        True,
        has_unary=True,
    ),
    Peer(
        "torch_sqlite",
        "torch DataLoader, SQLite, post by post",
        "peer_torch_sqlite.py",
        "torch",
        "sqlite",
        by_workers("post"),
        system_packages=True,
        largest=1_000_000,
    ),
    Peer(
        "torch_sqlite_batched",
        "torch DataLoader, SQLite, batch by batch",
        "peer_torch_sqlite.py",
        "torch",
        "sqlite",
        by_workers("batch"),
        system_packages=True,
    ),
    Peer(
        "torch_parquet",
        "torch DataLoader, Parquet in memory",
        "peer_torch_parquet.py",
        "torch",
        "parquet",
        by_workers("memory"),
        system_packages=True,
    ),
    Peer(
        "torch_parquet_stream",
        "torch DataLoader, Parquet row groups",
        "peer_torch_parquet.py",
        "torch",
        "parquet",
        by_workers("stream"),
        shuffle="groups, rows among 16",
        system_packages=True,
    ),
    Peer(
        "tf_data",
        "tf.data, in process",
        "peer_tf_data.py",
        "tf_data",
        "tfrecord",
        by_workers("local", (0,)),
        shuffle="files, buffer of 10,000",
    ),
    Peer(
        "tf_data_service",
        "tf.data service",
        "peer_tf_data.py",
        "tf_data",
        "tfrecord",
        (Config(0, "plain"), Config(0, "compressed")),
        True,
        shuffle="files, buffer of 10,000",
    ),
    Peer("mosaicml", "MosaicML streaming", "peer_mosaicml.py", "mosaicml", "mds", by_workers(), system_packages=True),
    Peer("litdata", "LitData", "peer_litdata.py", "litdata", "litdata", by_workers(), system_packages=True),
    Peer(
        "webdataset",
        "WebDataset",
        "peer_webdataset.py",
        "webdataset",
        "tar",
        by_workers(),
        shuffle="shards, buffer of 10,000",
        system_packages=True,
    ),
    Peer(
        "hf_datasets",
        "Hugging Face datasets",
        "peer_hf_datasets.py",
        "hf_datasets",
        "hf_datasets",
        (Config(0, "map"), Config(0, "iterable"), *by_workers("loader")),
        system_packages=True,
    ),
    Peer(
        "grain",
        "Grain",
        "peer_grain.py",
        "grain",
        "array_record",
        (Config(0, "plain"), *by_workers("threads")),
    ),
    Peer(
        "seed_system",
        "seed system (stand-in)",
        "peer_seed_system.py",
        "tools",
        "sqlite",
        by_workers("", (0, 1, 2)),
        True,
        needs=("cargo",),
        has_unary=True,
        largest=1_000_000,
    ),
    Peer(
        "arrow_flight",
        "Arrow Flight (ceiling: ready batches)",
        "peer_arrow_flight.py",
        "flight",
        "none",
        by_workers("", (0,)),
        True,
        shuffle="global, drawn before",
    ),
)


class Unavailable(Exception):
    """The peer cannot be had, or does not work, here; why."""


def say(text: str) -> None:
    print(text, flush=True)


def run_quietly(command: list[str], log: Path, timeout: float, **options: Any) -> None:
    """Runs to the end, or raises Unavailable with the end of what it said."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        child = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True, **options)
        try:
            code = child.wait(timeout)
        except subprocess.TimeoutExpired:
            code = -1
        finally:
            end_group(child)
    if code != 0:
        lines = log.read_text(errors="replace").strip().splitlines()
        reason = lines[-1] if lines else "no output"
        raise Unavailable(
            f"{'took too long' if code == -1 else f'exit code {code}'}: {reason} (see {log.relative_to(ROOT)})"
        )


def end_group(child: subprocess.Popen[Any]) -> None:
    """Ends the child and whatever it started; its group is its own (start_new_session)."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def requirements(venv: str) -> Path:
    return HERE / f"requirements-{venv}.txt"


def ensure_venv(peer: Peer) -> Path:
    """The peer's environment, made anew when its requirements have changed. The files pin every package, so nothing
    needs resolving: --no-deps keeps torch's wheel, with several GB of CUDA, out of environments that use Debian's."""
    folder = BENCH / "venvs" / peer.venv
    python = folder / "bin/python"
    digest = hashlib.sha256(requirements(peer.venv).read_bytes())
    if peer.venv == "millrace":
        for path in sorted([*(ROOT / "clients/python/src").rglob("*.py"), *(ROOT / "proto").rglob("*.proto")]):
            digest.update(path.read_bytes())
    stamp = folder / f".requirements-{digest.hexdigest()[:16]}"
    if stamp.exists():
        return python
    say(f"  installing {peer.venv}")
    shutil.rmtree(folder, ignore_errors=True)
    options = ["--system-site-packages"] if peer.system_packages else []
    log = BENCH / "logs" / f"venv-{peer.venv}.log"
    run_quietly([PYTHON, "-m", "venv", *options, str(folder)], log, 300)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    run_quietly([*pip, "-r", str(requirements(peer.venv))], log, 1800)
    if peer.venv == "millrace":
        # From a copy: what an earlier build left beside the sources would be packed as well.
        copy = BENCH / "package"
        shutil.rmtree(copy, ignore_errors=True)
        leftovers = shutil.ignore_patterns("build", "*.egg-info", "__pycache__")
        shutil.copytree(ROOT / "clients/python", copy / "clients/python", ignore=leftovers)
        shutil.copytree(ROOT / "proto", copy / "proto")
        run_quietly([*pip, "--no-build-isolation", str(copy / "clients/python")], log, 600)
    stamp.touch()
    return python


def ensure_seed_system() -> None:
    if shutil.which("cargo") is None:
        raise Unavailable("cargo is not installed")
    command = ["cargo", "build", "--release", "--manifest-path", str(HERE / "seed_system/Cargo.toml")]
    environment = {**os.environ, "CARGO_TARGET_DIR": str(BENCH / "seed_system")}
    run_quietly(command, BENCH / "logs/seed_system-build.log", 1800, env=environment)


def ensure_content(posts: int, tools: Path) -> Path:
    """The dump and the columns that are made of it."""
    folder = BENCH / "content" / str(posts)
    if (folder / "content.json").exists():
        return folder
    say(f"content of {posts:,} posts")
    folder.mkdir(parents=True, exist_ok=True)
    dump = folder / "dump.jsonl"
    with dump.open("wb") as output:
        generate = [str(ROOT / "build/release/bench/generate-dump"), "--posts", str(posts)]
        subprocess.run(generate, stdout=output, stderr=subprocess.DEVNULL, check=True, timeout=1800)
    command = [str(tools), str(HERE / "content.py"), str(dump), str(folder)]
    run_quietly(command, BENCH / "logs/content.log", 1800)
    return folder


def ensure_data(peer: Peer, python: Path, content: Path, posts: int) -> tuple[Path, dict[str, Any]]:
    """The peer's own files, and what making them took."""
    folder = BENCH / "data" / str(posts) / peer.data
    done = folder / "prepared.json"
    # Another server may want other files.
    server = (ROOT / "build/release/server/millrace-server").stat()
    maker = f"{server.st_size} {server.st_mtime}" if peer.data == "millrace" else ""
    if not done.exists() or json.loads(done.read_text()).get("maker", "") != maker:
        say(f"  preparing {peer.data}")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        command = [str(python), str(HERE / peer.script), "prepare", "--content", str(content), "--data", str(folder)]
        start = time.monotonic()
        log = BENCH / "logs" / f"prepare-{peer.data}-{posts}.log"
        run_quietly(command, log, 3600, env={**os.environ, **ENVIRONMENT})
        seconds = time.monotonic() - start
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        done.write_text(json.dumps({"seconds": seconds, "bytes": size, "maker": maker}))
    return folder, json.loads(done.read_text())


def warm(folder: Path) -> None:
    """Reads every file, so that each measurement begins with a warm page cache: systems drop pages that nobody has used
    for a while, also where memory is left (DAMON), and with them what the peer before had time for."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb", buffering=0) as file:
                while file.read(1 << 20):
                    pass


def descendants(roots: list[int]) -> list[int]:
    """Twin of common.processes_below; this file stands by itself."""
    parents: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with suppress(OSError):
                text = Path(f"/proc/{entry}/stat").read_text()
                parents.setdefault(int(text.rpartition(")")[2].split()[1]), []).append(int(entry))
    found = list(roots)
    for pid in found:
        found.extend(parents.get(pid, ()))
    return found


class MemoryWatch:
    """The peak of what processes and their descendants occupy together. A page that several share counts once (PSS)."""

    def __init__(self, roots: list[int]) -> None:
        self.roots = roots
        self.pss_bytes = self.private_bytes = 0
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()

    def watch(self) -> None:
        while not self.stopped.wait(0.1):
            pss = private = 0
            for pid in descendants(self.roots):
                with suppress(OSError):
                    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
                        name, value, *_ = line.split()
                        if name == "Pss:":
                            pss += int(value) * 1024
                        elif name in ("Pss_Anon:", "Pss_Shmem:"):
                            private += int(value) * 1024
            self.pss_bytes = max(self.pss_bytes, pss)
            self.private_bytes = max(self.private_bytes, private)

    def stop(self) -> dict[str, int]:
        self.stopped.set()
        self.thread.join()
        return {"pss_bytes": self.pss_bytes, "private_bytes": self.private_bytes}


@dataclass
class Bench:
    """One peer on one content."""

    peer: Peer
    posts: int
    python: Path
    content: Path
    data: Path
    state: Path

    def command(self, task: str, config: Config, *more: str) -> list[str]:
        options = {"content": self.content, "data": self.data, "posts": self.posts, "workers": config.workers}
        options |= {"variant": config.variant, "state": self.state}
        flags = [text for name, value in options.items() for text in (f"--{name}", str(value))]
        return [str(self.python), str(HERE / self.peer.script), task, *flags, *more]

    def log(self, task: str) -> Path:
        path = BENCH / "logs" / f"{self.peer.name}-{self.posts}-{task}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    @contextmanager
    def server(self, config: Config) -> Iterator[tuple[list[str], list[int], float]]:
        """Its flags for the client, its pids, and the seconds from its start until it could be used."""
        if not self.peer.has_server:
            yield [], [], 0.0
            return
        start = time.monotonic()
        with self.log("serve").open("wb") as log:
            child = subprocess.Popen(
                self.command("serve", config),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
                env={**os.environ, **ENVIRONMENT},
            )
        # A server that says nothing is ended, which ends the reading.
        watchdog = threading.Timer(600, lambda: os.killpg(child.pid, signal.SIGKILL))
        watchdog.start()
        try:
            words: list[str] = []
            for line in child.stdout or ():
                words = line.split()
                if line.startswith("ready ") or "listening on " in line:
                    break
            else:
                raise Unavailable(f"the server did not start (see {self.log('serve').relative_to(ROOT)})")
            watchdog.cancel()
            yield ["--address", words[-1], "--server-pid", str(child.pid)], [child.pid], time.monotonic() - start
            child.terminate()
            with suppress(subprocess.TimeoutExpired):
                child.wait(10)
        finally:
            watchdog.cancel()
            end_group(child)

    def run(self, task: str, config: Config, *more: str, timeout: float = 600, watch: bool = False) -> dict[str, Any]:
        """One measurement: a server if need be, and a client that reports in one line."""
        warm(self.data)
        with self.server(config) as (flags, pids, server_seconds), self.log(task).open("wb") as log:
            started_at = time.monotonic()
            child = subprocess.Popen(
                [*self.command(task, config, *more, *flags), "--started-at", repr(started_at)],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
                env={**os.environ, **ENVIRONMENT},
            )
            memory = MemoryWatch([child.pid, *pids]) if watch else None
            try:
                output, _ = child.communicate(timeout=timeout)
            except subprocess.TimeoutExpired:
                raise Unavailable(f"{task} ({config}) took more than {timeout:.0f} s") from None
            finally:
                watched = memory.stop() if memory else {}
                end_group(child)
        lines = output.strip().splitlines()
        if child.returncode != 0 or not lines:
            tail = self.log(task).read_text(errors="replace").strip().splitlines()[-1:]
            raise Unavailable(
                f"{task} ({config}) failed: {''.join(tail) or 'no output'} (see {self.log(task).relative_to(ROOT)})"
            )
        return {**json.loads(lines[-1]), **watched, "server_start_seconds": server_seconds}


def check_steady(result: dict[str, Any], expected: dict[str, Any]) -> None:
    """Every id at most once in an epoch; all of them, when the epoch was delivered whole."""
    if result["distinct"] != result["first_epoch_posts"]:
        raise Unavailable(f"delivered only {result['distinct']} of {result['first_epoch_posts']} posts once")
    if result["epochs"] > 0 and result["ids"] != expected["ids"]:
        raise Unavailable("an epoch had not the content's ids")


def check_verify(result: dict[str, Any], expected: dict[str, Any]) -> None:
    if result["is_whole"]:
        for name in ("posts", "ids", "checksum"):
            if result[name] != expected[name]:
                raise Unavailable(f"delivered other content: {name} is {result[name]}, not {expected[name]}")
    elif result["distinct"] != result["posts"]:
        raise Unavailable("delivered posts twice in an epoch")


class Results:
    """What was measured, written after every step, so that a run that is broken off has left what it had."""

    def __init__(self, path: Path, posts: int) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self.all: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {"posts": posts, "peers": {}}
        self.all["machine"] = {"cores": os.cpu_count(), "system": platform.platform(), "cpu": processor()}
        taken = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
        self.all["runs"] = {"taken": taken, "cores_busy_before": []}

    def of(self, peer: Peer) -> dict[str, Any]:
        return self.all["peers"].setdefault(peer.name, {})

    def save(self) -> None:
        self.path.write_text(json.dumps(self.all, indent=1))


def cores_busy() -> float:
    """By others, while this program waits: figures of a machine that is not quiet are marked."""
    busy = []
    for _ in range(2):
        fields = [int(text) for text in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
        busy.append(sum(fields) - fields[3] - fields[4])
        if len(busy) == 1:
            time.sleep(1)
    return (busy[1] - busy[0]) / os.sysconf("SC_CLK_TCK")


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return "unknown"


def prepare(peer: Peer, posts: int, content: Path) -> tuple[Bench, dict[str, Any]]:
    if "cargo" in peer.needs:
        ensure_seed_system()
    python = ensure_venv(peer)
    data, preparing = ensure_data(peer, python, content, posts)
    state = BENCH / "data" / str(posts) / f"{peer.name}.state"
    return Bench(peer, posts, python, content, data, state), preparing


def calibrate(bench: Bench) -> tuple[Config, dict[str, float]]:
    """The best of the peer's configs, by one short run each."""
    rates: dict[Config, float] = {}
    for config in bench.peer.configs:
        with suppress(Unavailable):
            result = bench.run("steady", config, "--min-seconds", "1", "--max-seconds", "2", timeout=120)
            rates[config] = result["posts_per_second"]
    if not rates:
        raise Unavailable(f"no config works (see {bench.log('steady').relative_to(ROOT)})")
    best = max(rates, key=lambda config: rates[config])
    return best, {str(config): round(rate) for config, rate in rates.items()}


def measure_all(options: argparse.Namespace, posts: int) -> None:
    tools = ensure_venv(Peer("tools", "", "", "tools", "", ()))
    content = ensure_content(posts, tools)
    expected = json.loads((content / "content.json").read_text())
    results = Results(BENCH / "results" / f"{posts}.json", posts)
    chosen = [peer for peer in PEERS if not options.only or peer.name in options.only]
    benches: list[tuple[Bench, Config]] = []
    for peer in chosen:
        say(f"{posts:,} posts: {peer.label}")
        record: dict[str, Any] = {"label": peer.label, "shuffle": peer.shuffle, "venv": peer.venv}
        results.all["peers"][peer.name] = record
        try:
            if posts > peer.largest:
                raise Unavailable(f"left out above {peer.largest:,} posts: it would take too long")
            bench, record["prepared"] = prepare(peer, posts, content)
            config, record["calibration"] = calibrate(bench)
            record["config"] = str(config)
            bench.state.unlink(missing_ok=True)
            timeout = options.verify_seconds + 300
            verify = bench.run(
                "verify", config, "--max-seconds", str(options.verify_seconds), timeout=timeout, watch=True
            )
            check_verify(verify, expected)
            record["verify"] = verify
            benches.append((bench, config))
            say(f"  {config}; {max(record['calibration'].values()):,} posts/s when tried")
        except Unavailable as reason:
            record["unavailable"] = str(reason)
            say(f"  not available: {reason}")
        results.save()
    # Interleaved: what the machine does to one round it does to all peers alike.
    for number in range(options.runs):
        busy = cores_busy()
        results.all["runs"]["cores_busy_before"].append(busy)
        say(f"{posts:,} posts: round {number + 1} of {options.runs}; others keep {busy:.1f} cores busy")
        for bench, config in benches:
            record = results.of(bench.peer)
            if "unavailable" in record:
                continue
            try:
                steady = bench.run("steady", config, "--min-seconds", "2", "--max-seconds", str(options.max_seconds))
                check_steady(steady, expected)
                record.setdefault("steady", []).append(steady)
                if bench.peer.has_unary:
                    record.setdefault("unary", []).append(bench.run("unary", config, "--min-seconds", "1"))
                if number < options.resume_runs and bench.state.exists():
                    resume = bench.run("resume", config)
                    if resume["distinct"] != posts or resume["posts"] != posts:
                        resume["wrong"] = f"{resume['posts']} posts in all, {resume['distinct']} of them distinct"
                    record.setdefault("resume", []).append(resume)
            except Unavailable as reason:
                record["unavailable"] = str(reason)
                say(f"  {bench.peer.label}: {reason}")
            results.save()
    for bench, _ in benches:
        record = results.of(bench.peer)
        if "steady" in record:
            rate = median(run["posts_per_second"] for run in record["steady"])
            say(f"  {bench.peer.label:45} {rate:12,.0f} posts/s")


def measure_ceilings(options: argparse.Namespace, posts: int, tools: Path) -> None:
    """In turns: socket, gRPC's bytes, and Millrace's streams, at several sizes of a message."""
    say(f"{posts:,} posts: ceilings")
    millrace = PEERS[0]
    bench, _ = prepare(millrace, posts, ensure_content(posts, tools))
    command = [str(bench.python), str(HERE / "ceilings.py"), str(bench.data), str(BENCH / "results/ceilings.json")]
    (BENCH / "results").mkdir(exist_ok=True)
    run_quietly([*command, str(options.runs)], BENCH / "logs/ceilings.log", 1800, env={**os.environ, **ENVIRONMENT})


def report(tools: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    command = [str(tools), str(HERE / "report.py"), str(BENCH / "results"), str(folder)]
    subprocess.run(command, check=True, timeout=300)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--posts", default="100000", help="sizes of the content, comma-separated")
    parser.add_argument("--only", action="append", choices=[peer.name for peer in PEERS], help="a peer; repeatable")
    parser.add_argument("--runs", type=int, default=5, help="interleaved rounds")
    parser.add_argument("--resume-runs", type=int, default=3, help="in how many of them to resume as well")
    parser.add_argument("--max-seconds", type=float, default=4, help="of a steady run that has not ended its epoch")
    parser.add_argument("--verify-seconds", type=float, default=120, help="of the epoch that is checked in full")
    parser.add_argument("--ceilings", action=argparse.BooleanOptionalAction, default=True, help="gRPC's and sockets'")
    parser.add_argument("--prepare-only", action="store_true", help="environments, content and formats, no measurement")
    parser.add_argument("--report-only", action="store_true", help="tables and plots of what was measured before")
    parser.add_argument("--publish", action="store_true", help="the report goes to docs, not to build/bench/report")
    options = parser.parse_args()
    sizes = [int(text) for text in options.posts.split(",")]
    tools = ensure_venv(Peer("tools", "", "", "tools", "", ()))
    for posts in [] if options.report_only else sizes:
        if not options.prepare_only:
            measure_all(options, posts)
            continue
        content = ensure_content(posts, tools)
        for peer in PEERS:
            if (not options.only or peer.name in options.only) and posts <= peer.largest:
                try:
                    prepare(peer, posts, content)
                except Unavailable as reason:
                    say(f"  {peer.label}: {reason}")
    if options.ceilings and not options.only and not (options.report_only or options.prepare_only):
        measure_ceilings(options, sizes[0], tools)
    if not options.prepare_only:
        report(tools, ROOT / "docs" if options.publish else BENCH / "report")


if __name__ == "__main__":
    sys.exit(main())
