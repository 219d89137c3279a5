"""The millrace command against a real server: what it prints, what it leaves behind, and its exit codes.

MILLRACE_CLI names the program, by default the release build's. Every call has a time limit; what is expected of the
data comes from the bundled dump, read without Millrace. With MILLRACE_REWRITE_DOCS=1 the outputs shown in docs/cli.md
are replaced by those of this run, instead of compared with them.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import itertools
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import dump
import millrace
from server_process import ROOT, ServerProcess, free_port

CLI = Path(os.environ.get("MILLRACE_CLI", ROOT / "build" / "release" / "clients" / "cli" / "millrace"))
CALL_S_MAX = 60.0
UNKNOWN = "0" * 64

pytestmark = pytest.mark.skipif(not CLI.is_file(), reason=f"no command line client at {CLI}")


def environment(address: str, **extra: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS")}
    return {**kept, "MILLRACE_ADDRESS": address, "TERM": "xterm", **extra}


def run(address: str, *arguments: str, expect: int = 0, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Runs one command and checks its exit code."""
    command = [str(CLI), *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, env=environment(address), timeout=CALL_S_MAX)
    assert done.returncode == expect, f"{arguments}: {done.stdout.decode()}{done.stderr.decode()}"
    return done


def documents(address: str, *arguments: str, **options: Any) -> list[dict[str, Any]]:
    """The JSON lines that a command prints."""
    return [json.loads(line) for line in run(address, "--json", *arguments, **options).stdout.splitlines()]


def make_plan(address: str, *flags: str) -> str:
    [created] = documents(address, "plan", "create", "--dataset", "openclipart", "--batch-size", "32", *flags)
    plan_id: str = created["plan"]["id"]
    return plan_id


def ids_digest(ids: list[int]) -> str:
    return hashlib.sha256(struct.pack(f"<{len(ids)}q", *ids)).hexdigest()


def streamed(address: str, *arguments: str) -> tuple[list[int], dict[str, Any]]:
    """All ids of a stream, and its summary."""
    *batches, last = documents(address, "stream", *arguments)
    return [int(i) for line in batches for i in line["batch"]["post_ids"]], last["summary"]


def test_stats_tell_what_the_dump_holds(server: ServerProcess) -> None:
    records = dump.records()
    [answer] = documents(server.address, "stats", "openclipart")
    counts = dump.tag_counts(records)
    assert int(answer["stats"]["post_count"]) == len(records)
    assert int(answer["stats"]["tag_count"]) == len(counts)
    assert int(answer["stats"]["tag_use_count"]) == sum(counts.values())
    text = run(server.address, "stats", "openclipart").stdout.decode()
    assert f"posts        {len(records):,}\n" in text


def test_tags_are_listed_by_count_and_found_by_name(server: ServerProcess) -> None:
    counts = dump.tag_counts(dump.records())
    listed = documents(server.address, "tags", "list", "openclipart", "--limit", "0")
    assert {(int(t["id"]), int(t["post_count"])) for t in listed} == {(t.id, n) for t, n in counts.items()}
    assert [-int(t["post_count"]) for t in listed] == sorted(-n for n in counts.values())
    [found] = documents(server.address, "tags", "get", "-d", "openclipart", listed[0]["name"])
    assert found["tag"] == listed[0]


def test_lists_of_tags_and_pools_are_shown_with_what_the_source_says(server: ServerProcess) -> None:
    lists = ROOT / "tests" / "core" / "ingest" / "fixtures" / "e621-csv"
    files = [str(next(lists.glob(f"{kind}-*.csv"))) for kind in ("tags", "pools")]
    run(server.address, "import", "lists", *files, "--format", "e621-csv")
    [fox] = documents(server.address, "tags", "listed", "lists", "--prefix", "fo")
    assert (fox["name"], fox["category"], fox["source_post_count"]) == ("fox", "TAG_CATEGORY_SPECIES", "900")
    assert json.loads(fox["extra_json"]) == {"category": 5}
    assert "canine" in run(server.address, "tags", "listed", "lists").stdout.decode()
    assert documents(server.address, "tags", "pools", "lists")[0].get("post_ids", []) == []
    [pool] = documents(server.address, "tags", "pools", "lists", "--id", "5", "--posts")
    assert pool["post_ids"] == ["15", "14"]
    assert "15 14" in run(server.address, "tags", "pools", "lists", "--posts").stdout.decode()


def test_posts_are_shown_by_id_and_md5_and_missing_ones_give_3(server: ServerProcess) -> None:
    record = dump.records()[0]
    for key in (record["id"], record["md5"]):
        [post] = documents(server.address, "posts", "get", "-d", "openclipart", key)
        assert (post["id"], post["md5"], post["source"]) == (record["id"], record["md5"], record["source"])
    missing = run(server.address, "posts", "get", "-d", "openclipart", record["id"], "999999999", expect=3)
    assert record["md5"] in missing.stdout.decode()
    assert "POST_NOT_FOUND" in missing.stderr.decode()


def test_a_sample_repeats_with_the_seed_it_told(server: ServerProcess) -> None:
    [first] = documents(server.address, "posts", "sample", "openclipart", "-n", "20")
    [again] = documents(server.address, "posts", "sample", "openclipart", "-n", "20", "--seed", first["seed"])
    assert again == first
    assert len({post["id"] for post in first["posts"]}) == 20


def test_a_plan_is_the_same_plan_when_created_again(server: ServerProcess) -> None:
    plan_id = make_plan(server.address, "--split", "train=9", "--split", "dev=1:fixed", "--last", "drop")
    assert make_plan(server.address, "--split", "train=9", "--split", "dev=1:fixed", "--last", "drop") == plan_id
    [answer] = documents(server.address, "plan", "get", plan_id[:8])
    assert [split["name"] for split in answer["plan"]["splits"]] == ["train", "dev"]
    assert plan_id[:12] in run(server.address, "plan", "list").stdout.decode()
    assert plan_id in run(server.address, "plan", "list", "--full").stdout.decode()
    run(server.address, "plan", "delete", plan_id)
    run(server.address, "plan", "get", plan_id, expect=3)
    run(server.address, "plan", "delete", plan_id, "--allow-missing")


def test_a_stream_is_what_the_python_client_receives(server: ServerProcess) -> None:
    plan_id = make_plan(server.address, "--seed", "7")
    ids, summary = streamed(server.address, plan_id, "train", "--epochs", "2")
    with millrace.Loader(server.address, plan=plan_id, split="train", epochs=2) as loader:
        expected = [int(i) for batch in loader for i in batch.post_ids]
    assert ids == expected
    assert summary["post_ids_sha256"] == ids_digest(expected)
    text = run(server.address, "stream", plan_id, "train", "--epochs", "2", "--quiet", "--ids-only").stdout.decode()
    assert ids_digest(expected) in text


def test_a_stream_goes_on_at_any_position_and_stops_at_its_limit(server: ServerProcess) -> None:
    plan_id = make_plan(server.address)
    ids, _ = streamed(server.address, plan_id, "train", "--epochs", "2")
    head, _ = streamed(server.address, plan_id, "train", "--limit", "5")
    tail, _ = streamed(server.address, plan_id, "train", "--start", "0:5", "--epochs", "2")
    assert head + tail == ids


def test_a_batch_is_the_ranks_slices_in_order(server: ServerProcess) -> None:
    plan_id = make_plan(server.address)

    def batch(*flags: str) -> list[str]:
        [answer] = documents(server.address, "batch", plan_id, "train", "--step", "3", *flags)
        ids: list[str] = answer["batch"]["post_ids"]
        return ids

    slices = [batch("--rank", str(rank), "--world-size", "3") for rank in range(3)]
    assert [post_id for part in slices for post_id in part] == batch()
    assert "step      3 of" in run(server.address, "batch", plan_id, "train", "--step", "3").stdout.decode()


def listed(values: dict[str, Any], name: str) -> list[list[Any]]:
    """The lists of a column with offsets, one a post."""
    offsets = values[f"{name}.offsets"]
    part = values[f"{name}.values"] if f"{name}.values" in values else values[f"{name}.bytes"]
    return [part[begin:end] for begin, end in itertools.pairwise(offsets)]


def test_columns_are_what_the_rows_say_in_one_part_and_in_many(start_server: Callable[..., ServerProcess]) -> None:
    address = start_server("data", "--part-bytes", "65536").address
    run(address, "import", "openclipart", str(dump.POSTS_PATH))
    [created] = documents(address, "plan", "create", "-d", "openclipart", "-b", "600", "--split", "train=1")
    plan_id = created["plan"]["id"]
    [rows] = documents(address, "batch", plan_id, "train")
    posts = rows["batch"]["posts"]
    [columns] = documents(address, "batch", plan_id, "train", "--columns")
    values = columns["values"]
    assert values["id"] == rows["batch"]["post_ids"]
    assert values["row"] == rows["batch"]["rows"]
    assert [bytes(md5).hex() for md5 in values["md5"]] == [post["md5"] for post in posts]
    assert listed(values, "tags") == [[tag["id"] for tag in post["tags"]] for post in posts]
    assert [bytes(text).decode() for text in listed(values, "source")] == [post["source"] for post in posts]
    assert columns["batch"]["token"] == rows["batch"]["token"]
    *batches, by_columns = documents(address, "stream", plan_id, "train", "--columns", "--epochs", "2")
    assert batches[0]["values"] == values
    assert int(batches[0]["batch"]["body_size_bytes"]) > 65536
    by_rows = documents(address, "stream", plan_id, "train", "--epochs", "2")[-1]
    for name in ("post_ids_sha256", "post_count", "batch_count", "token"):
        assert by_columns["summary"][name] == by_rows["summary"][name]


def test_rows_and_columns_have_the_fields_asked_for(server: ServerProcess) -> None:
    plan_id = make_plan(server.address)
    [rows] = documents(server.address, "batch", plan_id, "train", "--fields", "tags")
    assert {"id", "row", "tags"} <= rows["batch"]["posts"][0].keys()
    assert not {"md5", "source", "score"} & rows["batch"]["posts"][0].keys()
    flags = ["--columns", "--fields", "score,rating", "--rating-one-hot"]
    [columns] = documents(server.address, "batch", plan_id, "train", *flags)
    assert list(columns["values"]) == ["id", "row", "rating", "score", "rating_one_hot"]
    assert columns["values"]["rating_one_hot"][0] == [0, 0, 0, 0, 1]  # safe
    unknown = run(server.address, "batch", plan_id, "train", "--fields", "tgas", expect=1)
    assert b"projection.fields[0]" in unknown.stderr
    missing = run(server.address, "stream", plan_id, "train", "--columns", "--labels", "nothing", expect=3)
    assert b"VOCABULARY_NOT_FOUND" in missing.stderr


def test_an_import_takes_files_folders_and_standard_input(server: ServerProcess, tmp_path: Path) -> None:
    folder = tmp_path / "dump"
    folder.mkdir()
    (folder / "a.jsonl").write_bytes(dump.made_up(10))
    (folder / "b.jsonl.gz").write_bytes(gzip.compress(dump.made_up(10, first_id=11)))
    first = run(server.address, "import", "files", str(folder), "--no-snapshot")
    assert "reading as danbooru-jsonl" in first.stderr.decode()
    assert "new posts       20\n" in first.stdout.decode()
    piped = documents(
        server.address, "import", "files", "-", "--format", "danbooru-jsonl", stdin=dump.made_up(5, first_id=18)
    )
    assert (piped[-1]["result"]["new_post_count"], piped[-1]["result"]["replaced_post_count"]) == ("2", "3")


def test_the_same_request_id_imports_once(server: ServerProcess, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(dump.made_up(3))
    arguments = ("import", "once", str(path), "--request-id", "the-request")
    assert documents(server.address, *arguments)[-1]["result"]["already_imported"] is False
    assert documents(server.address, *arguments)[-1]["result"]["already_imported"] is True


def test_a_rejected_record_is_named_and_fails_the_import_unless_allowed(server: ServerProcess, tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(dump.made_up(2) + b'{"tags": []}\n' + dump.made_up(1, first_id=3))
    failed = run(server.address, "import", "rejects", str(path), expect=5).stderr.decode()
    assert f"{path}:3" in failed
    assert "nothing was changed" in failed
    run(server.address, "stats", "rejects", expect=3)
    taken = run(server.address, "import", "rejects", str(path), "--max-rejected", "1")
    assert "rejected        1\n" in taken.stdout.decode()
    assert f"{path}:3: id" in taken.stderr.decode()


def test_what_is_not_there_gives_3_and_says_where_to_look(server: ServerProcess) -> None:
    for arguments in (("stats", "nobody"), ("snapshot", "get", UNKNOWN), ("stream", UNKNOWN, "train")):
        done = run(server.address, *arguments, expect=3)
        assert b"See which there are: millrace" in done.stderr
    plan_id = make_plan(server.address)
    assert b"SPLIT_NOT_FOUND" in run(server.address, "batch", plan_id, "nothing", expect=3).stderr


def test_a_refusal_gives_1_and_names_the_field(server: ServerProcess) -> None:
    for size in ("0", "2147483648"):
        done = run(server.address, "plan", "create", "--dataset", "openclipart", "--batch-size", size, expect=1)
        assert b"FIELD_INVALID, field spec.batch_size" in done.stderr
    plan_id = make_plan(server.address)
    assert b"STEP_PAST_END" in run(server.address, "batch", plan_id, "test", "--step", "999", expect=1).stderr
    error = run(server.address, "--json", "batch", plan_id, "test", "--rank", "2", expect=1).stderr
    assert json.loads(error)["error"]["field"] == "rank"


def test_no_server_gives_4() -> None:
    address = f"127.0.0.1:{free_port()}"
    assert f"cannot reach {address}".encode() in run(address, "stats", "x", expect=4).stderr


def test_a_damaged_snapshot_gives_5(start_server: Callable[..., ServerProcess]) -> None:
    server = start_server()
    run(server.address, "import", "openclipart", str(dump.POSTS_PATH))
    [snapshot] = documents(server.address, "snapshot", "list")
    assert b"is intact" in run(server.address, "snapshot", "verify", snapshot["digest"]).stdout
    path = server.data_dir / "snapshots" / f"{snapshot['digest']}.snapshot"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)
    assert b"damaged" in run(server.address, "snapshot", "verify", snapshot["digest"], expect=5).stderr


def first_line(process: subprocess.Popen[bytes]) -> bytes:
    """What a command says first. One that says nothing is ended."""
    assert process.stdout is not None
    if not select.select([process.stdout], [], [], CALL_S_MAX)[0]:
        process.kill()
        raise AssertionError(f"not a word within {CALL_S_MAX} s from {process.args!r}")
    return process.stdout.readline()


def test_a_reader_that_goes_away_ends_a_listing_quietly(server: ServerProcess) -> None:
    process = subprocess.Popen(
        [str(CLI), "posts", "list", "openclipart", "--limit", "0", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(server.address),
    )
    assert process.stdout is not None
    assert process.stderr is not None
    first_line(process)
    process.stdout.close()
    assert process.wait(CALL_S_MAX) == -signal.SIGPIPE
    assert process.stderr.read() == b""
    process.stderr.close()


def test_an_interrupted_import_changes_nothing(server: ServerProcess) -> None:
    process = subprocess.Popen(
        [str(CLI), "import", "interrupted", "-", "--format", "danbooru-jsonl", "--json"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(server.address),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(dump.made_up(100))
    process.stdin.flush()
    first_line(process)  # progress: the server has begun
    process.send_signal(signal.SIGINT)
    assert process.wait(CALL_S_MAX) == 130  # with standard input still open
    _, error = process.communicate(timeout=CALL_S_MAX)
    assert "nothing was changed" in json.loads(error)["error"]["message"]
    run(server.address, "stats", "interrupted", expect=3)


def test_a_pipeline_that_is_interrupted_does_not_import_its_half(server: ServerProcess) -> None:
    """Ctrl-C ends the writer of the pipe, too; the end of its output must not pass for the end of the dump."""
    for _ in range(10):
        script = f'cat | "{CLI}" import pipeline - --format danbooru-jsonl --json'
        process = subprocess.Popen(
            ["bash", "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(server.address),
            start_new_session=True,
            # A shell starts background jobs, and so all their children, with Ctrl-C ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        assert process.stdin is not None
        assert process.stdout is not None
        # While the server still ends the import before, the command ends at once.
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(dump.made_up(100))
            process.stdin.flush()
        first_line(process)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(CALL_S_MAX) != 0
        with contextlib.suppress(BrokenPipeError):
            process.communicate(timeout=CALL_S_MAX)
    run(server.address, "stats", "pipeline", expect=3)


def test_an_import_from_a_silent_pipe_is_given_up(start_server: Callable[..., ServerProcess]) -> None:
    server = start_server("data", "--import-idle-timeout", "1s")
    process = subprocess.Popen(
        [str(CLI), "import", "silent", "-", "--format", "danbooru-jsonl"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(server.address),
    )
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write(dump.made_up(100))
    process.stdin.flush()
    # The pipe stays open: the program ends by itself.
    assert process.wait(CALL_S_MAX) == 1
    error = process.communicate(timeout=CALL_S_MAX)[1].decode()
    assert "nothing was changed" in error
    assert "IMPORT_IDLE" in error
    assert "write it to a file first" in error
    run(server.address, "stats", "silent", expect=3)


def terminal_output(address: str, arguments: list[str], stdin: bytes, **extra: str) -> str:
    """What a command writes when its output is a terminal, for as long as it runs."""
    parent, child = pty.openpty()
    process = subprocess.Popen(
        [str(CLI), *arguments], stdin=subprocess.PIPE, stdout=child, stderr=child, env=environment(address, **extra)
    )
    os.close(child)
    assert process.stdin is not None
    process.stdin.write(stdin)
    process.stdin.flush()
    text, deadline = b"", time.monotonic() + CALL_S_MAX
    while time.monotonic() < deadline:
        if select.select([parent], [], [], 0.2)[0]:
            try:
                text += os.read(parent, 65536)
            except OSError:  # the last writer closed the terminal
                break
        if b"importing" in text and not process.stdin.closed:
            process.stdin.close()
    process.stdin.close()
    assert process.wait(CALL_S_MAX) == 0, text
    os.close(parent)
    return text.decode()


def test_a_terminal_shows_progress_and_color_unless_told_not_to(server: ServerProcess) -> None:
    arguments = ["import", "terminal", "-", "--format", "danbooru-jsonl"]
    text = terminal_output(server.address, arguments, dump.made_up(50))
    assert "\rimporting  " in text
    assert "\r\x1b[K" in text  # the bar is taken away in the end
    assert "\x1b[1mdataset\x1b[0m" in text
    plain = terminal_output(server.address, ["stats", "terminal"], b"", NO_COLOR="1")
    assert "\x1b[" not in plain


REFERENCE = ROOT / "docs" / "cli.md"
CONSOLE_BLOCK = re.compile(r"(?<=```console\n).*?(?=```)", re.DOTALL)
# What differs from run to run. Digests are promised, but by tests/golden, not by a page that shows some.
VOLATILE = [
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ",
    r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}",
    r"\b[0-9a-f]{64}\b|\b(?=\w*\d)[0-9a-f]{12}\b",
    r"(?m)^time .*$",
    r"[0-9.,]+/s|[0-9.]+ MB/s",
]


def transcript(address: str, commands: list[str]) -> list[str]:
    """What a shell shows for each command, one shell for all; the exit code where it is not 0."""
    mark = "==millrace-command=="
    lines = [f'{c}\ncode=$?; [ $code = 0 ] || echo "[exit code $code]"; echo {mark}' for c in commands]
    done = subprocess.run(
        ["bash", "-c", "\n".join(lines)],
        cwd=ROOT,
        env=environment(address, PATH=f"{CLI.parent}:{os.environ['PATH']}"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=CALL_S_MAX,
        check=True,
    )
    outputs = done.stdout.decode().split(mark + "\n")
    assert len(outputs) == len(commands) + 1
    return outputs[:-1]


def masked(text: str) -> str:
    for pattern in VOLATILE:
        text = re.sub(pattern, "~", text)
    return text


def test_the_reference_shows_what_the_commands_print(start_server: Callable[..., ServerProcess]) -> None:
    reference = REFERENCE.read_text()
    commands = re.findall(r"(?m)^\$ (.*)$", "".join(CONSOLE_BLOCK.findall(reference)))
    outputs = iter(transcript(start_server().address, commands))

    def actual(block: re.Match[str]) -> str:
        return "".join(f"{line}\n{next(outputs)}" for line in block[0].splitlines() if line.startswith("$ "))

    run_now = CONSOLE_BLOCK.sub(actual, reference)
    if os.environ.get("MILLRACE_REWRITE_DOCS"):
        REFERENCE.write_text(run_now)
    assert masked(run_now) == masked(REFERENCE.read_text())
