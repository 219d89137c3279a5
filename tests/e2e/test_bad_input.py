"""What people and attackers send: each gets an error that says what, where and what to do; nothing is changed.

Method: after every refused import the dataset must not exist and the server must still answer.
"""

from __future__ import annotations

import gzip
import io
import json
import random
import sqlite3
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import dump
import millrace

GOOD = b'{"id":"1","rating":"s","tags":[]}\n'


@pytest.fixture
def dataset(client: millrace.Client) -> Iterator[str]:
    """A name that no import may have made come into being, unless the test imported something good."""
    name = f"bad-{uuid.uuid4()}"
    yield name
    client.stats(dataset="openclipart")


def refused(
    client: millrace.Client, dataset: str, data: bytes, *, name: str = "bad.jsonl", **options: Any
) -> millrace.Error:
    """Imports `data`, which has to fail and change nothing; the error."""
    file = io.BytesIO(data)
    file.name = name
    with pytest.raises(millrace.Error) as caught:
        client.import_(file, dataset=dataset, **options)
    assert caught.value.code == "INVALID_ARGUMENT", caught.value
    with pytest.raises(millrace.DatasetNotFound):
        client.stats(dataset=dataset)
    return caught.value


@pytest.mark.parametrize(
    ("line", "field"),
    [
        pytest.param(b'{"id":"2","rating":"s","tags":[{"id"', None, id="truncated"),
        pytest.param(b'{"id":"2","rating":"s","source":"\xff\xfe","tags":[]}', None, id="invalid UTF-8"),
        pytest.param(b'{"id":"2","rating":"s","source":"a\x00b","tags":[]}', None, id="NUL byte"),
        pytest.param(b'{"id":"99999999999999999999","rating":"s","tags":[]}', "id", id="number out of range"),
        pytest.param(
            b'{"id":"2","image_width":"4294967296","rating":"s","tags":[]}', "image_width", id="width out of range"
        ),
        pytest.param(b'{"id":"-2","rating":"s","tags":[]}', "id", id="negative id"),
        pytest.param(b'{"rating":"s","tags":[]}', "id", id="missing id"),
        pytest.param(b'{"id":"2","rating":"x","tags":[]}', "rating", id="unknown rating"),
        pytest.param(b'{"id":"2","md5":"zz","rating":"s","tags":[]}', "md5", id="bad md5"),
        pytest.param(b'{"id":"2","tags":[{"id":"0","name":"a","category":"0"}]}', "tags[0].id", id="tag without id"),
        pytest.param(b'{"id":"2","created_at":"yesterday","tags":[]}', "created_at", id="bad time"),
        pytest.param(b"[1,2]", None, id="not an object"),
        pytest.param(b'{"id":"1","rating":"s","tags":[]}', "id", id="two records with one id"),
    ],
)
def test_a_bad_record_is_named(client: millrace.Client, dataset: str, line: bytes, field: str | None) -> None:
    error = refused(client, dataset, GOOD + line + b"\n" + GOOD.replace(b'"1"', b'"3"'))
    assert isinstance(error, millrace.RecordRejected)
    assert error.metadata["file"] == "bad.jsonl"
    assert error.metadata["line"] == "2"
    assert error.metadata["reason"]
    if field is not None:
        assert error.metadata["field"] == field


def test_a_bad_record_may_be_allowed_and_is_reported(client: millrace.Client, dataset: str) -> None:
    data = GOOD + b"{broken\n" * 5 + GOOD.replace(b'"1"', b'"2"')
    heard: list[millrace.RejectedRecord] = []
    file = io.BytesIO(data)
    result = client.import_(
        file, dataset=dataset, format="danbooru-jsonl", max_rejected=-1, max_reported=3, on_rejected=heard.append
    )
    assert (result.new_post_count, result.rejected_count) == (2, 5)
    assert [record.line for record in heard] == [2, 3, 4]
    assert client.stats(dataset=dataset).post_count == 2


def test_more_bad_records_than_allowed_fail_the_import(client: millrace.Client, dataset: str) -> None:
    data = GOOD + b"{broken\n" * 5
    error = refused(client, dataset, data, max_rejected=4)
    assert error.metadata["line"] == "6"


def test_a_line_of_100_mib_is_rejected_and_passed_over(client: millrace.Client, dataset: str) -> None:
    data = GOOD + b'{"id":"2","source":"' + b"x" * (100 << 20) + b'","tags":[]}\n' + GOOD.replace(b'"1"', b'"3"')
    error = refused(client, dataset, data)
    assert isinstance(error, millrace.RecordRejected)
    assert error.metadata["line"] == "2"
    result = client.import_(io.BytesIO(data), dataset=dataset, format="danbooru-jsonl", max_rejected=1)
    assert (result.new_post_count, result.rejected_count) == (2, 1)


@pytest.mark.parametrize("where", ["start", "middle", "checksum", "cut"])
def test_a_damaged_gzip_file(client: millrace.Client, dataset: str, where: str) -> None:
    data = bytearray(gzip.compress(dump.POSTS_PATH.read_bytes(), mtime=0))
    if where == "cut":
        del data[len(data) // 2 :]
    else:
        at = {"start": 20, "middle": len(data) // 2, "checksum": len(data) - 6}[where]
        data[at] ^= 0xFF
    error = refused(client, dataset, bytes(data), name="bad.jsonl.gz", max_rejected=-1)
    assert isinstance(error, millrace.FileInvalid)
    assert error.metadata["file"] == "bad.jsonl.gz"


def test_a_cut_zstd_file(client: millrace.Client, dataset: str) -> None:
    zstandard = pytest.importorskip("zstandard")
    data = zstandard.ZstdCompressor().compress(dump.POSTS_PATH.read_bytes())
    error = refused(client, dataset, data[: len(data) // 2], name="bad.jsonl.zst", max_rejected=-1)
    assert isinstance(error, millrace.FileInvalid)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.sqlite", GOOD),
        ("a.sqlite", b""),
        ("a.jsonl", b"SQLite format 3\x00" + bytes(4080)),
        ("a.jsonl", b"\x89PNG\r\n\x1a\n" + bytes(100)),
        ("a.jsonl", b"id,md5\n1,2\n"),
        ("a.jsonl.gz", GOOD),
        ("a.jsonl.zst", gzip.compress(GOOD)),
    ],
)
def test_bytes_that_are_not_of_the_format(client: millrace.Client, dataset: str, name: str, data: bytes) -> None:
    kind = "danbooru-meta-sqlite" if name.endswith(".sqlite") else "danbooru-jsonl"
    error = refused(client, dataset, data, name=name, format=kind)
    assert error.metadata["file"] == name
    assert error.reason in ("FILE_INVALID", "RECORD_REJECTED")


def sqlite_bytes(tmp_path: Path, script: str, *, good: bool = False) -> bytes:
    """A SQLite file's bytes, by a script; `good`: over a correct file with three posts."""
    path = tmp_path / f"{uuid.uuid4()}.sqlite"
    if good:
        dump.write_sqlite(path, dump.records()[:3])
    with sqlite3.connect(path) as database:
        database.executescript(script)
    database.close()
    return path.read_bytes()


@pytest.mark.parametrize(
    ("script", "good"),
    [
        pytest.param("CREATE TABLE x (a);", False, id="another schema"),
        pytest.param("ALTER TABLE posts DROP COLUMN md5;", True, id="missing column"),
        pytest.param(
            "DROP TABLE posts; CREATE VIEW posts AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n)"
            " SELECT id, id AS post_id, '' AS md5, 's' AS rating, 1 AS width, 1 AS height, '' AS file_ext,"
            " 1 AS file_size, '' AS source, 0 AS pixiv_id FROM n;",
            True,
            id="an endless view in place of a table",
        ),
        pytest.param(
            "PRAGMA writable_schema=1; UPDATE sqlite_master SET sql = 'CREATE TABLE posts (id)' WHERE name = 'posts';",
            True,
            id="a schema that lies",
        ),
        pytest.param(
            "PRAGMA writable_schema=1; UPDATE sqlite_master SET rootpage = 999999 WHERE name = 'posts';",
            True,
            id="a root page outside the file",
        ),
        pytest.param(
            "PRAGMA writable_schema=1; UPDATE sqlite_master SET rootpage ="
            " (SELECT rootpage FROM sqlite_master WHERE name = 'tags') WHERE name = 'posts';",
            True,
            id="two tables on one page",
        ),
    ],
)
def test_foreign_and_malicious_sqlite_files(
    client: millrace.Client, dataset: str, tmp_path: Path, script: str, good: bool
) -> None:
    error = refused(client, dataset, sqlite_bytes(tmp_path, script, good=good), name="bad.sqlite", max_rejected=-1)
    assert isinstance(error, millrace.FileInvalid)
    assert error.metadata["file"] == "bad.sqlite"


def test_triggers_and_functions_of_a_sqlite_file_do_not_run(
    client: millrace.Client, dataset: str, tmp_path: Path
) -> None:
    script = """
        CREATE TRIGGER t AFTER INSERT ON posts BEGIN SELECT load_extension('/nonexistent'); END;
        CREATE INDEX i ON posts (post_id) WHERE post_id > 0;
        CREATE VIEW v AS SELECT readfile('/etc/passwd');
    """
    data = sqlite_bytes(tmp_path, script, good=True)
    result = client.import_(io.BytesIO(data), dataset=dataset, format="danbooru-meta-sqlite")
    assert result.new_post_count == 3


def test_flipped_bytes_in_a_sqlite_file_never_end_the_server(client: millrace.Client, tmp_path: Path) -> None:
    data = sqlite_bytes(tmp_path, "", good=True)
    chance = random.Random(5)
    outcomes = set()
    for round_number in range(60):
        damaged = bytearray(data)
        for _ in range(chance.randint(1, 8)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        name = f"flipped-{round_number}"
        try:
            client.import_(io.BytesIO(bytes(damaged)), dataset=name, format="danbooru-meta-sqlite", timeout_s=1)
            outcomes.add("imported")
        except (millrace.FileInvalid, millrace.RecordRejected) as error:
            outcomes.add(error.reason)
    assert "FILE_INVALID" in outcomes


def test_an_import_without_its_end_changes_nothing(client: millrace.Client, dataset: str) -> None:
    import grpc

    from millrace.v1 import import_service_pb2 as pb

    messages = [
        pb.ImportRequest(start=pb.ImportStart(dataset=dataset, format=1, request_id=str(uuid.uuid4()))),
        pb.ImportRequest(file=pb.ImportFile(name="a.jsonl")),
        pb.ImportRequest(chunk=GOOD),
    ]
    wrong_end = pb.ImportRequest(end=pb.ImportEnd(file_count=1, byte_count=len(GOOD) + 1))
    second_start = [messages[0], *messages]
    with grpc.insecure_channel(client.address) as channel:
        call = channel.stream_stream(
            "/millrace.v1.ImportService/Import",
            request_serializer=pb.ImportRequest.SerializeToString,
            response_deserializer=pb.ImportResponse.FromString,
        )
        for sequence in (messages, [*messages, wrong_end], second_start, messages[1:], []):
            with pytest.raises(grpc.RpcError) as caught:
                list(call(iter(sequence), timeout=30))
            assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT, caught.value
    with pytest.raises(millrace.DatasetNotFound):
        client.stats(dataset=dataset)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"batch_size": 0}, "spec.batch_size"),
        ({"batch_size": -1}, "spec.batch_size"),
        ({"batch_size": 2**31}, "spec.batch_size"),
        ({"splits": {"train": 0, "test": 0}}, "spec.splits"),
        ({"splits": {"train": 2**31}}, "spec.splits[0].share"),
        ({"splits": {"": 1}}, "spec.splits[0].name"),
        ({"splits": [millrace.SplitSpec("a", 1), millrace.SplitSpec("a", 1)]}, "spec.splits[1].name"),
        ({"splits": {f"s{i}": 1 for i in range(65)}}, "spec.splits"),
    ],
)
def test_impossible_plans_name_the_field(client: millrace.Client, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(millrace.InvalidRequest) as caught:
        client.plans.create(**{"dataset": "openclipart", "batch_size": 8, **changes})
    assert [violation.field for violation in caught.value.field_violations] == [field]


def test_a_share_that_is_no_count_is_refused_before_it_is_sent(client: millrace.Client) -> None:
    with pytest.raises(ValueError, match=r"splits\[0\].share is -1"):
        client.plans.create(dataset="openclipart", batch_size=8, splits={"train": -1})


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"rank": 1, "world_size": 1}, millrace.InvalidRequest),
        ({"rank": -1}, millrace.InvalidRequest),
        ({"world_size": 65537}, millrace.InvalidRequest),
        ({"step": -1}, millrace.InvalidRequest),
        ({"epoch": -1}, millrace.InvalidRequest),
        ({"epoch": 2**31}, millrace.InvalidRequest),
        ({"step": 1000}, millrace.StepPastEnd),
        ({"split": "tarin"}, millrace.SplitNotFound),
        ({"split": ""}, millrace.Error),
        ({"plan": "0" * 64}, millrace.PlanNotFound),
        ({"plan": "01234567"}, millrace.PlanNotFound),
        ({"plan": "../../etc"}, millrace.InvalidRequest),
        ({"plan": ""}, millrace.InvalidRequest),
    ],
)
def test_impossible_batches_are_refused(
    client: millrace.Client, changes: dict[str, Any], kind: type[millrace.Error]
) -> None:
    plan = client.plans.create(dataset="openclipart", batch_size=8)
    with pytest.raises(kind) as caught:
        client.batch(**{"plan": plan.id, **changes})
    assert caught.value.reason
    assert caught.value.args[0]


def test_the_message_says_how_many_steps_and_which_splits(client: millrace.Client) -> None:
    plan = client.plans.create(dataset="openclipart", batch_size=8)
    with pytest.raises(millrace.StepPastEnd, match=str(plan.split("train").batch_count)):
        client.batch(plan.id, step=10**6)
    with pytest.raises(millrace.SplitNotFound, match=r"train.*validation.*test"):
        client.batch(plan.id, split="tarin")


def test_unknown_things_are_not_found(client: millrace.Client) -> None:
    with pytest.raises(millrace.DatasetNotFound):
        client.stats(dataset="nothing")
    with pytest.raises(millrace.SnapshotNotFound):
        client.stats(snapshot="0" * 64)
    with pytest.raises(millrace.SnapshotNotFound):
        client.plans.create(snapshot="0" * 64, batch_size=8)
    with pytest.raises(millrace.DatasetNotFound):
        client.plans.create(dataset="nothing", batch_size=8)
    with pytest.raises(millrace.DatasetNotFound):
        client.snapshots.create("nothing")


@pytest.mark.parametrize("name", ["", "UPPER", "a/b", "../x", "a" * 65, "-a", "ä"])
def test_impossible_dataset_names_are_refused(client: millrace.Client, name: str) -> None:
    with pytest.raises(millrace.InvalidRequest) as caught:
        client.import_(io.BytesIO(GOOD), dataset=name, format="danbooru-jsonl")
    assert caught.value.field_violations[0].field == "start.dataset"


def test_a_foreign_page_token_is_refused(client: millrace.Client) -> None:
    import grpc

    from millrace.v1 import catalog_service_pb2 as pb

    def page(channel: grpc.Channel, **fields: Any) -> pb.ListTagsResponse:
        request = pb.ListTagsRequest(dataset="openclipart", page_size=10, **fields)
        method = channel.unary_unary(
            "/millrace.v1.CatalogService/ListTags",
            request_serializer=pb.ListTagsRequest.SerializeToString,
            response_deserializer=pb.ListTagsResponse.FromString,
        )
        response: pb.ListTagsResponse = method(request, timeout=30)
        return response

    with grpc.insecure_channel(client.address) as channel:
        token = page(channel).next_page_token
        assert page(channel, page_token=token).tags
        for fields in ({"page_token": token, "prefix": "s"}, {"page_token": token[:-1]}, {"page_token": "x"}):
            with pytest.raises(grpc.RpcError) as caught:
                page(channel, **fields)
            assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_errors_are_in_the_log_with_their_request_id(client: millrace.Client, server: Any) -> None:
    with pytest.raises(millrace.PlanNotFound) as caught:
        client.plans.get("f" * 64)
    # The line is written when the call is over, which the client may learn first.
    deadline = time.monotonic() + 10
    while not (lines := [line for line in server.log.splitlines() if caught.value.request_id in line]):
        assert time.monotonic() < deadline, "the call is not in the log"
        time.sleep(0.01)
    assert [(json.loads(line)["reason"], json.loads(line)["code"]) for line in lines] == [
        ("PLAN_NOT_FOUND", "NOT_FOUND")
    ]
