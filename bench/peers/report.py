"""Makes docs/benchmarks-peers.md and its plots of what run.py measured.

python report.py RESULTS DOCS
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib.pyplot as plt

# Without a screen; and the same figures give the same file.
plt.switch_backend("Agg")
plt.rcParams["svg.hashsalt"] = "millrace"

US = "millrace"
COLOR, OTHERS = "#b5432e", "#8a8f98"
Record = dict[str, Any]
MIB = 1 << 20


def values(record: Record, task: str, name: str) -> list[float]:
    return [run[name] for run in record.get(task, ()) if run.get(name) is not None]


def middle(record: Record, task: str, name: str) -> float | None:
    found = values(record, task, name)
    return median(found) if found else None


def with_spread(found: list[float], form: Callable[[float], str]) -> str:
    return f"{form(median(found))} ({form(min(found))} to {form(max(found))})" if found else "-"


def rate(value: float) -> str:
    return f"{float(f'{value:.3g}'):,.0f}"


def factor(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}" if value < 10 else f"{value:,.0f}"


def seconds(value: float) -> str:
    return f"{value:.2f}"


def row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    return [row(head), row(["---"] * len(head)), *map(row, rows), ""]


def measured(results: Record) -> dict[str, Record]:
    """Peers with figures, the fastest first."""
    peers = {name: record for name, record in results["peers"].items() if record.get("steady")}
    return dict(sorted(peers.items(), key=lambda item: -(middle(item[1], "steady", "posts_per_second") or 0)))


def ratio(ours: float | None, theirs: float | None) -> float | None:
    return ours / theirs if ours and theirs else None


def proof(record: Record) -> str:
    verify = record["verify"]
    return "whole epoch" if verify["is_whole"] else f"{verify['distinct']:,} distinct ids"


def throughput(peers: dict[str, Record]) -> list[str]:
    ours = middle(peers.get(US, {}), "steady", "posts_per_second")
    rows = []
    for name, record in peers.items():
        times = factor(ratio(ours, middle(record, "steady", "posts_per_second")))
        cpu = middle(record, "steady", "cpu_seconds_per_million")
        verify = record["verify"]
        rows.append(
            [
                f"**{record['label']}**" if name == US else record["label"],
                record["config"],
                with_spread(values(record, "steady", "posts_per_second"), rate),
                "" if name == US or times == "-" else f"{times} x",
                f"{cpu:.2f}",
                f"{verify['pss_bytes'] / MIB:,.0f}",
                f"{verify['private_bytes'] / MIB:,.0f}",
                record["shuffle"],
                proof(record),
            ]
        )
    head = ["peer", "best setting", "posts/s, median (min to max)", "Millrace is", "CPU s a million posts"]
    head += ["peak PSS MiB", "of it private", "shuffle", "proved"]
    return table(head, rows)


def resumes(record: Record) -> tuple[str, str]:
    """Time to the first batch at 90 %, and by what means."""
    runs = record.get("resume", [])
    found = values(record, "resume", "first_seconds")
    wrong = next((run["wrong"] for run in runs if "wrong" in run), None)
    means = "state" if record["verify"].get("has_state") else "skips"
    if wrong:
        means += f"; wrong: {wrong}"
    return with_spread(found, seconds), means


def starts(peers: dict[str, Record]) -> list[str]:
    ours = middle(peers.get(US, {}), "steady", "first_seconds")
    rows = []
    for name, record in peers.items():
        first = middle(record, "steady", "first_seconds")
        server = middle(record, "steady", "server_start_seconds")
        resume, means = resumes(record)
        again = ratio(middle(record, "resume", "first_seconds"), first)
        rows.append(
            [
                f"**{record['label']}**" if name == US else record["label"],
                with_spread(values(record, "steady", "first_seconds"), seconds),
                "" if name == US or not ours else f"{factor(ratio(first, ours))} x",
                f"{server:.2f}" if server else "-",
                resume,
                "-" if again is None else f"{again:.2f}",
                means,
                f"{record['prepared']['seconds']:.0f}",
                f"{record['prepared']['bytes'] / 1e6:,.0f}",
            ]
        )
    head = ["peer", "start to first batch, s", "of Millrace's", "its server's start, s", "resume at 90 %, s"]
    head += ["resume / start", "by", "preparing, s", "files, MB"]
    return table(head, rows)


def growth(small: Record, large: Record) -> list[str]:
    """What ten times the posts do."""
    before, after = measured(small), measured(large)
    rows = []
    for name in after:
        if name in before:
            a, b = before[name], after[name]
            memory = ratio(b["verify"]["private_bytes"], a["verify"]["private_bytes"])
            pairs = [
                (middle(b, "steady", "posts_per_second"), middle(a, "steady", "posts_per_second")),
                (middle(b, "steady", "first_seconds"), middle(a, "steady", "first_seconds")),
            ]
            rows.append([a["label"], *(factor(ratio(*pair)) for pair in pairs), factor(memory)])
    return table(["peer", "posts/s", "start to first batch", "private memory"], rows)


def verdict(goal: float, value: float | None, *, is_limit: bool = False) -> str:
    if value is None:
        return "-"
    is_reached = value <= goal if is_limit else value >= goal
    shown = f"{value:.2f}" if goal < 2 else factor(value)
    return f"{shown}, reached" if is_reached else f"**{shown}, missed**"


def goals(every: list[Record]) -> list[str]:
    """The ratios that the design set itself, a column for each number of posts."""
    columns = [ratios(results["peers"]) for results in every]
    rows = []
    for what, (goal, _, is_limit) in columns[0].items():
        cells = [verdict(goal, column[what][1], is_limit=is_limit) for column in columns]
        rows.append([what, f"{'<=' if is_limit else '>='} {goal:g}", *cells])
    return table(["ratio", "goal", *(f"{results['posts']:,} posts" for results in every)], rows)


def ratios(peers: dict[str, Record]) -> dict[str, tuple[float, float | None, bool]]:
    """Goal, figure and whether the goal is a limit, by what they say."""

    def steady(name: str) -> float | None:
        return middle(peers.get(name, {}), "steady", "posts_per_second")

    def first(name: str) -> float | None:
        return middle(peers.get(name, {}), "steady", "first_seconds")

    unary = [middle(peers.get(name, {}), "unary", "batches_per_second") for name in ("millrace_rows", "seed_system")]
    again = middle(peers.get(US, {}), "resume", "first_seconds")
    return {
        "columns to numpy / rows to numpy": (20, ratio(steady(US), steady("millrace_rows")), False),
        "Millrace / torch DataLoader over SQLite, post by post": (20, ratio(steady(US), steady("torch_sqlite")), False),
        "Millrace / torch DataLoader over SQLite, by batch": (
            20,
            ratio(steady(US), steady("torch_sqlite_batched")),
            False,
        ),
        "Millrace / seed system's HTTP batches (stand-in)": (30, ratio(steady(US), steady("seed_system")), False),
        "GetBatch of 64 rows / the seed system's": (5, ratio(*unary), False),
        "resume at 90 % / start": (1.1, ratio(again, first(US)), True),
        "start to first batch, s": (0.2, first(US), True),
        "torch over Parquet in memory / Millrace, start to first batch": (
            20,
            ratio(first("torch_parquet"), first(US)),
            False,
        ),
    }


def ceiling_goals(ceilings: list[Record]) -> list[str]:
    rows = []
    for result in ceilings:
        rates = {name: median(found) for name, found in result["megabytes_per_second"].items()}
        size = f"{result['size'] >> 10:,} KiB"
        # The design asks for it from 256 KiB on.
        if result["size"] >= 256 << 10:
            share = rates["millrace_cpp"] / rates["socket"]
            rows.append([f"C++ stream of columns / plain socket, {size}", ">= 0.6", verdict(0.60, share)])
        share = rates["millrace_python"] / rates["grpc_python"]
        rows.append([f"Python columns / untouched bytes in Python, {size}", ">= 0.65", verdict(0.65, share)])
    return table(["ratio", "goal", "measured"], rows)


def ceiling_table(ceilings: list[Record]) -> list[str]:
    names = {
        "socket": "plain socket",
        "grpc_cpp": "gRPC's bytes, C++",
        "grpc_python": "gRPC's bytes, Python",
        "millrace_cpp": "Millrace's columns as bytes, C++",
        "millrace_python": "Millrace's columns, Python",
    }
    rows = []
    for result in ceilings:
        rates = result["megabytes_per_second"]
        cells = [with_spread(rates[name], rate) for name in names]
        rows.append([f"{result['size'] >> 10:,} KiB ({result['posts']:,} posts)", *cells])
    return table(["a batch, MB/s", *names.values()], rows)


def unary_table(results: Record) -> list[str]:
    rows = []
    for record in results["peers"].values():
        if record.get("unary"):
            cells = [with_spread(values(record, "unary", "batches_per_second"), rate)]
            cells += [f"{middle(record, 'unary', name):.2f}" for name in ("p50_ms", "p99_ms")]
            rows.append([record["label"], *cells])
    return table(["one request at a time, 64 posts each", "batches/s", "p50 ms", "p99 ms"], rows) if rows else []


def plot(path: Path, title: str, unit: str, bars: list[tuple[str, str, list[float]]], *, is_log: bool) -> None:
    """Horizontal bars, medians with their spread; ours in color. (name, label, values), PNG and SVG."""
    bars = [bar for bar in bars if bar[2]]
    if not bars:
        return
    figure, axes = plt.subplots(figsize=(9, 0.42 * len(bars) + 1.2))
    middles = [median(bar[2]) for bar in bars]
    spans = [[m - min(bar[2]) for m, bar in zip(middles, bars, strict=True)]]
    spans.append([max(bar[2]) - m for m, bar in zip(middles, bars, strict=True)])
    colors = [COLOR if bar[0].startswith(US) else OTHERS for bar in bars]
    axes.barh([bar[1] for bar in bars], middles, xerr=spans, color=colors, error_kw={"lw": 1, "capsize": 2})
    for place, value in enumerate(middles):
        text = rate(value) if value >= 1000 else f"{value:.3g}"
        axes.annotate(
            text, (max(bars[place][2]), place), xytext=(5, 0), textcoords="offset points", va="center", size=8
        )
    if is_log:
        axes.set_xscale("log")
    axes.margins(x=0.16)
    axes.invert_yaxis()
    axes.set_title(title, loc="left", size=11)
    axes.set_xlabel(unit)
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    for kind in ("png", "svg"):
        figure.savefig(path.with_suffix(f".{kind}"), dpi=120, metadata={"Date": None} if kind == "svg" else None)
    plt.close(figure)


def plots(results: Record, folder: Path) -> list[str]:
    posts = results["posts"]
    peers = measured(results)
    figures = (
        ("rate", "Posts delivered to a Python process", "posts/s (logarithmic)", "steady", "posts_per_second", True),
        ("first", "Process start to first batch (its server runs already)", "s", "steady", "first_seconds", False),
        (
            "cpu",
            "CPU time, server and client together",
            "s a million posts (log.)",
            "steady",
            "cpu_seconds_per_million",
            True,
        ),
    )
    lines = []
    for name, title, unit, task, key, is_log in figures:
        bars = [(peer, record["label"], values(record, task, key)) for peer, record in peers.items()]
        path = folder / f"peers-{name}-{posts}"
        plot(path, f"{title}, {posts:,} posts", unit, bars, is_log=is_log)
        lines.append(f"![{title}, {posts:,} posts]({folder.name}/{path.name}.svg)")
    memory = [(peer, r["label"], [r["verify"]["private_bytes"] / MIB]) for peer, r in peers.items()]
    path = folder / f"peers-memory-{posts}"
    plot(path, f"Peak private memory, server and client together, {posts:,} posts", "MiB", memory, is_log=False)
    lines.append(f"![Peak private memory, {posts:,} posts]({folder.name}/{path.name}.svg)")
    return [line for pair in zip(lines, [""] * len(lines), strict=True) for line in pair]


def section(results: Record, folder: Path) -> list[str]:
    peers = measured(results)
    runs = results["runs"]
    rounds = max(len(record["steady"]) for record in peers.values())
    machine = results["machine"]
    about = (
        f"{machine['cores']} cores, {machine['cpu']}, {machine['system']}. {runs['taken']}, {rounds} interleaved runs"
    )
    busy = max(runs["cores_busy_before"], default=0.0)
    lines = [f"## {results['posts']:,} posts", "", f"{about}; others kept up to {busy:.1f} cores busy.", ""]
    if busy > 0.3:
        lines += ["**Taken on a loaded machine: good for nothing but trying the programs.**", ""]
    lines += plots(results, folder)
    lines += throughput(peers) + starts(peers) + unary_table(results)
    missing = [[r["label"], r["unavailable"]] for r in results["peers"].values() if "unavailable" in r]
    if missing:
        lines += table(["not measured", "why"], missing)
    return lines


def versions(every: list[Record]) -> list[str]:
    found: dict[str, str] = {}
    for results in every:
        for record in results["peers"].values():
            found |= record.get("verify", {}).get("versions", {})
    return [", ".join(f"{name} {version}" for name, version in sorted(found.items())) + ".", ""]


def main(folder: Path, docs: Path) -> None:
    every = [json.loads(path.read_text()) for path in folder.glob("[0-9]*.json")]
    every = sorted((results for results in every if measured(results)), key=lambda results: results["posts"])
    if not every:
        raise SystemExit("report: nothing was measured")
    ceilings = json.loads((folder / "ceilings.json").read_text()) if (folder / "ceilings.json").exists() else []
    lines = ["# Millrace beside its peers", ""]
    lines += ["Written by `scripts/bench peers`; [benchmarks.md](benchmarks.md#peers) says how, and what is fair.", ""]
    lines += ["## Ratios", "", *goals(every)]
    if ceilings:
        lines += ceiling_goals(ceilings)
    for results in every:
        lines += section(results, docs / "benchmarks")
    for small, large in pairwise(every):
        lines += [f"## From {small['posts']:,} to {large['posts']:,} posts", "", *growth(small, large)]
    if ceilings:
        lines += ["## Ceilings", "", *ceiling_table(ceilings)]
    lines += ["## Versions", "", *versions(every)]
    (docs / "benchmarks-peers.md").write_text("\n".join(lines).rstrip() + "\n")
    print(f"report: {docs / 'benchmarks-peers.md'}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
