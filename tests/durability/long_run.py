"""The long run: scripts/durability. Every kill point, every fault, 1,000 random kills, and power cuts for the rest of
the time."""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from pathlib import Path

from durability import faults, kill_points, power_cuts, random_kills
from durability.report import Report

RANDOM_KILL_COUNT = 1000
RANDOM_KILL_SHARES = 8
CUT_COUNT_MIN = 1000
# Cuts between two looks at the clock.
CUT_ROUND = 50


def tasks(arguments: argparse.Namespace) -> Iterator[Callable[[Path], Report]]:
    """Independent of each other; the longest first."""
    share = arguments.kills // RANDOM_KILL_SHARES
    drawn = {"sample": arguments.points, "seed": arguments.seed}
    yield from (partial(kill_points.run, number=i, **drawn) for i in reversed(range(kill_points.OPERATION_COUNT)))
    yield from (partial(random_kills.run, seed=arguments.seed + i, count=share) for i in range(RANDOM_KILL_SHARES))
    yield from (partial(faults.run, number=i, **drawn) for i in range(faults.SERIES_COUNT))


def cut_tasks(arguments: argparse.Namespace, round_number: int) -> Iterator[Callable[[Path], Report]]:
    for i in range(power_cuts.RUN_COUNT):
        seed = arguments.seed + round_number * power_cuts.RUN_COUNT + i
        yield partial(power_cuts.run, number=i, count=CUT_ROUND, seed=seed)


def in_folder(task: Callable[[Path], Report]) -> Report:
    """In a folder of its own, in another process."""
    with tempfile.TemporaryDirectory() as folder:
        return task(Path(folder))


def end_processes_below(folder: str) -> list[str]:
    """Ends whatever runs with something of the folder on its command line: these command lines."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            command = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if folder in command:
                os.kill(int(path.parent.name), signal.SIGKILL)
                found.append(command)
    return found


def interrupt(_: int, __: object) -> None:
    raise KeyboardInterrupt


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/durability", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20, help="how long at least (default: %(default)s)")
    parser.add_argument("--kills", type=int, default=RANDOM_KILL_COUNT, help="random kills (default: %(default)s)")
    parser.add_argument("--cuts", type=int, default=CUT_COUNT_MIN, help="power cuts at least (default: %(default)s)")
    parser.add_argument("--points", type=int, help="kill points and faults of each series (default: every call)")
    parser.add_argument("--seed", type=int, default=1, help="of moments and fates (default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="programs at a time (default: one a core)")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, interrupt)
    with tempfile.TemporaryDirectory(prefix="millrace-durability-", ignore_cleanup_errors=True) as folder:
        # Whatever is made by whichever process lies in here.
        os.environ["TMPDIR"] = folder
        started = time.monotonic()
        try:
            reports = run_all(arguments)
        finally:
            left = end_processes_below(folder)
            # What was killed is gone a moment later, and the folder can be removed then.
            while end_processes_below(folder):
                time.sleep(0.05)
    reports.append(Report("", 0, failures=[f"left running: {command}" for command in left]))
    return conclude(reports, time.monotonic() - started)


def run_all(arguments: argparse.Namespace) -> list[Report]:
    deadline = time.monotonic() + arguments.minutes * 60
    reports: list[Report] = []
    # Other processes, begun anew: a forked one would inherit gRPC's threads, and not their work.
    with ProcessPoolExecutor(arguments.jobs, multiprocessing.get_context("spawn")) as pool:

        def run(todo: Iterator[Callable[[Path], Report]]) -> None:
            for done in as_completed([pool.submit(in_folder, task) for task in todo]):
                reports.append(done.result())
                show(reports[-1])

        try:
            run(tasks(arguments))
            cut_count, round_number = 0, 0
            while cut_count < arguments.cuts or time.monotonic() < deadline:
                run(cut_tasks(arguments, round_number))
                cut_count += power_cuts.RUN_COUNT * CUT_ROUND
                round_number += 1
        except BaseException:
            # The tasks that run would go on to their end otherwise, for minutes.
            pool.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                process.terminate()
            raise
    return reports


def show(report: Report) -> None:
    print(f"{report.count:6} {report.title}", *report.details, sep="\n       ", flush=True)
    for failure in report.failures:
        print(f"FAILED {failure}", file=sys.stderr, flush=True)


def conclude(reports: list[Report], elapsed_s: float) -> int:
    totals: dict[str, int] = {}
    for report in reports[:-1]:
        kind = report.title.partition(":")[0]
        totals[kind] = totals.get(kind, 0) + report.count
    failure_count = sum(len(report.failures) for report in reports)
    counts = ", ".join(f"{count} {kind}" for kind, count in totals.items())
    print(f"durability: {counts} in {elapsed_s / 60:.1f} minutes")
    result = "ok: nothing was lost, torn or made twice" if failure_count == 0 else f"FAILED {failure_count} times"
    print(f"durability: {result}")
    return 0 if failure_count == 0 else 1
