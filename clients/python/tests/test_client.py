"""The client against a fake server: errors, retries, paging, imports."""

from __future__ import annotations

import gzip
import io
import pickle
from pathlib import Path

import grpc
import pytest
from fake_server import FakeServer, error_metadata
from google.rpc import error_details_pb2

import millrace
from millrace import _chunks, _sources
from millrace.errors import _BY_REASON


def failing(server: FakeServer, code: grpc.StatusCode, reason: str, **facts: str) -> None:
    """Every call fails like this from now on."""
    violation = error_details_pb2.BadRequest.FieldViolation(field="spec.batch_size", description="is 0")
    details = [error_details_pb2.BadRequest(field_violations=[violation])] if reason == "FIELD_INVALID" else []

    def on_call(method: str, context: grpc.ServicerContext) -> None:
        context.set_trailing_metadata(error_metadata(code, "the message", reason, details, **facts))
        context.abort(code, "the message")

    server.on_call = on_call


@pytest.mark.parametrize(("reason", "kind"), _BY_REASON.items())
def test_each_reason_has_its_exception(server: FakeServer, reason: str, kind: type[millrace.Error]) -> None:
    failing(server, grpc.StatusCode.FAILED_PRECONDITION, reason, file="a.json", line="17")
    with millrace.connect(server.address) as client, pytest.raises(kind) as caught:
        client.stats(dataset="d")
    error = caught.value
    assert (error.code, error.reason) == ("FAILED_PRECONDITION", reason)
    assert error.metadata == {"file": "a.json", "line": "17"}
    assert "the message" in str(error)
    assert error.request_id


def test_field_violations_are_told(server: FakeServer) -> None:
    failing(server, grpc.StatusCode.INVALID_ARGUMENT, "FIELD_INVALID")
    with millrace.connect(server.address) as client, pytest.raises(millrace.InvalidRequest) as caught:
        client.stats(dataset="d")
    assert caught.value.field_violations == (millrace.FieldViolation("spec.batch_size", "is 0"),)


def test_errors_survive_pickling(server: FakeServer) -> None:
    failing(server, grpc.StatusCode.NOT_FOUND, "PLAN_NOT_FOUND", plan_id="x")
    with millrace.connect(server.address) as client, pytest.raises(millrace.PlanNotFound) as caught:
        client.stats(dataset="d")
    copy = pickle.loads(pickle.dumps(caught.value))
    assert type(copy) is millrace.PlanNotFound
    assert (str(copy), copy.reason, copy.metadata) == (str(caught.value), "PLAN_NOT_FOUND", {"plan_id": "x"})


def test_an_error_that_is_not_of_millrace_has_no_reason(server: FakeServer) -> None:
    with millrace.connect(server.address) as client, pytest.raises(millrace.Error) as caught:
        list(client.plans.list())
    assert (caught.value.code, caught.value.reason) == ("UNIMPLEMENTED", "")


def test_an_unreachable_server_is_tried_until_the_timeout() -> None:
    with millrace.connect("127.0.0.1:1", timeout_s=0.4) as client, pytest.raises(millrace.Unavailable):
        client.stats(dataset="d")


def test_unavailable_is_tried_again(server: FakeServer) -> None:
    left = [3]

    def on_call(method: str, context: grpc.ServicerContext) -> None:
        left[0] -= 1
        if left[0] >= 0:
            context.abort(grpc.StatusCode.UNAVAILABLE, "not yet")

    server.on_call = on_call
    with millrace.connect(server.address) as client:
        assert client.stats(dataset="d").post_count == 0
    assert len(server.calls) == 4


def test_other_errors_are_not_tried_again(server: FakeServer) -> None:
    failing(server, grpc.StatusCode.INTERNAL, "INTERNAL")
    with millrace.connect(server.address) as client, pytest.raises(millrace.Error):
        client.stats(dataset="d")
    assert len(server.calls) == 1


def test_pages_are_followed_to_the_last(server: FakeServer) -> None:
    with millrace.connect(server.address) as client:
        tags = list(client.tags.list(dataset="d"))
    assert [tag.name for tag in tags] == ["t0", "t1", "t2", "t3", "t4"]
    assert tags[0].category == "artist"


def test_scope_is_a_dataset_or_a_snapshot(server: FakeServer) -> None:
    with millrace.connect(server.address) as client:
        with pytest.raises(ValueError, match="either"):
            client.stats()
        with pytest.raises(ValueError, match="either"):
            client.stats(dataset="a", snapshot="b")


def test_import_sends_files_whole_and_reports(server: FakeServer, tmp_path: Path) -> None:
    data = b"x" * (3 * _chunks.CHUNK_SIZE_BYTES + 5)
    (tmp_path / "b.jsonl").write_bytes(data)
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(b"y"))
    rejected: list[millrace.RejectedRecord] = []
    progress: list[millrace.ImportProgress] = []
    with millrace.connect(server.address) as client:
        result = client.import_(tmp_path, dataset="d", on_rejected=rejected.append, on_progress=progress.append)
    assert server.imported[0][1] == gzip.compress(b"y", mtime=0)[:4] + server.imported[0][1][4:]
    assert server.imported[0][1].endswith(data)
    assert result.byte_count == len(server.imported[0][1]) == progress[0].byte_count
    assert rejected == [millrace.RejectedRecord("b.jsonl", 3, "id", "missing", None)]


def test_import_shows_a_bar_over_the_bytes(
    server: FakeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("tqdm")
    (tmp_path / "a.jsonl").write_bytes(b"x" * 2000)
    heard: list[millrace.ImportProgress] = []
    with millrace.connect(server.address) as client:
        client.import_(tmp_path / "a.jsonl", dataset="d", progress=True, on_progress=heard.append)
    assert "2.00k/2.00k" in capsys.readouterr().err
    assert [progress.byte_count for progress in heard] == [2000]


def test_import_is_repeated_with_the_same_request_id(server: FakeServer, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"x")
    server.import_failures = 2
    with millrace.connect(server.address) as client:
        client.import_(tmp_path / "a.jsonl", dataset="d", request_id="r-1")
    assert server.imported == [("r-1", b"x")]
    assert server.calls.count("ImportService/Import") == 3


def test_import_of_an_open_file_starts_where_it_stands(server: FakeServer) -> None:
    stream = io.BytesIO(b"skipped kept")
    stream.seek(8)
    server.import_failures = 1
    with millrace.connect(server.address) as client:
        client.import_(stream, dataset="d", format="danbooru-jsonl")
    assert server.imported[0][1] == b"kept"


class Pipe(io.RawIOBase):
    """A stream that can be read once."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._data.read(size)


def test_import_of_a_pipe_is_not_repeated(server: FakeServer) -> None:
    server.import_failures = 1
    with millrace.connect(server.address) as client, pytest.raises(millrace.Unavailable):
        client.import_(Pipe(b"once"), dataset="d", format="danbooru-jsonl")  # type: ignore[arg-type]
    assert server.imported == []


def test_a_file_that_cannot_be_read_fails_the_import_with_its_own_error(server: FakeServer, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"x")

    class Vanishing(Pipe):
        def read(self, size: int = -1) -> bytes:
            raise OSError("the disk went away")

    with millrace.connect(server.address) as client, pytest.raises(OSError, match="went away"):
        client.import_([path, Vanishing(b"")], dataset="d", format="danbooru-jsonl")  # type: ignore[list-item]
    assert server.imported == []


def test_import_takes_a_folder_in_order_and_tells_the_compression_by_name(tmp_path: Path) -> None:
    for name in ("a.json", "b.jsonl.gz", "c.ndjson.zst"):
        (tmp_path / name).touch()
    files, _ = _sources.collect(tmp_path, None)
    assert [file.name for file in files] == ["a.json", "b.jsonl.gz", "c.ndjson.zst"]
    assert [_sources.compression_of(file.name) for file in files] == [None, "gzip", "zstd"]


def test_a_folder_with_something_else_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").touch()
    (tmp_path / "notes.txt").touch()
    with pytest.raises(ValueError, match=r"notes\.txt"):
        _sources.collect(tmp_path, "danbooru-jsonl")


def test_files_without_a_suffix_need_a_format(tmp_path: Path) -> None:
    (tmp_path / "2019000000000000").touch()
    with pytest.raises(ValueError, match="2019000000000000"):
        _sources.collect(tmp_path, None)
    assert len(_sources.collect(tmp_path, "danbooru-jsonl").files) == 1
