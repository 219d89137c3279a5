"""Vocabularies by the client against a fake server: what is asked for, what comes back, and what is refused here.

Method: the server keeps the requests it gets and answers from a table of versions.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from fake_server import FakeServer, error_metadata

import millrace
from millrace import _vocabularies
from millrace.v1 import post_pb2 as posts
from millrace.v1 import vocabulary_service_pb2 as vocabularies

DIGEST = "ef" * 32


@pytest.fixture
def client(server: FakeServer) -> Iterator[millrace.Client]:
    with millrace.connect(server.address) as connected:
        yield connected


def created(server: FakeServer) -> vocabularies.CreateVocabularyRequest:
    (request,) = server.vocabulary_requests
    assert isinstance(request, vocabularies.CreateVocabularyRequest)
    return request


def test_a_selection_is_asked_for_as_it_is_said(server: FakeServer, client: millrace.Client) -> None:
    client.vocabularies.create(
        "v",
        dataset="d",
        top=100,
        min_post_count=5,
        categories=["general", "character"],
        include=["1girl", "solo"],
        exclude=iter(["comic"]),
        tags="applied",
    )
    assert created(server) == vocabularies.CreateVocabularyRequest(
        name="v",
        selection=vocabularies.VocabularySelection(
            dataset="d",
            top=100,
            min_post_count=5,
            categories=[posts.TAG_CATEGORY_GENERAL, posts.TAG_CATEGORY_CHARACTER],
            include=["1girl", "solo"],
            exclude=["comic"],
            tags=posts.TAG_READING_APPLIED,
        ),
    )


def test_what_is_not_said_stays_unsaid(server: FakeServer, client: millrace.Client) -> None:
    client.vocabularies.create("v", snapshot="abcdef01")
    expected = vocabularies.VocabularySelection(snapshot="abcdef01")
    assert created(server) == vocabularies.CreateVocabularyRequest(name="v", selection=expected)


@pytest.mark.parametrize("kind", [bytes, str, Path])
def test_a_csv_file_is_bytes_or_a_path(
    server: FakeServer, client: millrace.Client, tmp_path: Path, kind: type[bytes] | type[str] | type[Path]
) -> None:
    content = "name\nä,\r\n".encode()
    path = tmp_path / "labels.csv"
    path.write_bytes(content)
    client.vocabularies.create("v", csv=content if kind is bytes else kind(path))  # type: ignore[arg-type]
    assert created(server) == vocabularies.CreateVocabularyRequest(name="v", csv=content)


def test_an_empty_file_is_a_file(server: FakeServer, client: millrace.Client) -> None:
    client.vocabularies.create("v", csv=b"")
    assert created(server).WhichOneof("origin") == "csv"


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"dataset": "d", "snapshot": "abcdef01"},
        {"csv": b"name\na\n", "dataset": "d"},
        {"csv": b"name\na\n", "top": 5},
        {"csv": b"name\na\n", "include": ["a"]},
        {"dataset": "d", "categories": ["wrong"]},
        {"dataset": "d", "categories": "general"},
        {"dataset": "d", "include": "1girl"},
        {"dataset": "d", "exclude": "1girl"},
        {"dataset": "d", "include": []},
    ],
)
def test_arguments_that_do_not_go_together_are_refused(
    server: FakeServer, client: millrace.Client, arguments: dict[str, object]
) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        client.vocabularies.create("v", **arguments)  # type: ignore[arg-type]
    assert not server.vocabulary_requests


def test_a_file_that_is_too_large_is_refused_here(
    server: FakeServer, client: millrace.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_vocabularies, "CSV_SIZE_BYTES_MAX", 9)
    client.vocabularies.create("v", csv=b"name\na\nb\n")
    with pytest.raises(ValueError, match="has 10 bytes; at most 9"):
        client.vocabularies.create("v", csv=b"name\na\nbc\n")
    with pytest.raises(FileNotFoundError):
        client.vocabularies.create("v", csv="no/such/file.csv")


def test_a_version_comes_back_as_a_value(server: FakeServer, client: millrace.Client) -> None:
    found = client.vocabularies.get("v")
    assert (found.name, found.version, found.reference) == ("v", 2, "v@2")
    assert (found.digest, found.label_count, found.snapshot) == (DIGEST, 5, None)
    assert found.created_at is not None
    assert client.vocabularies.get("v@1").snapshot == "cd" * 32
    with pytest.raises(millrace.VocabularyNotFound):
        client.vocabularies.get("w")


def test_versions_and_entries_are_listed_over_all_pages(server: FakeServer, client: millrace.Client) -> None:
    assert [one.reference for one in client.vocabularies.list()] == ["v@2", "v@1"]
    assert list(client.vocabularies.list(name="w")) == []
    entries = list(client.vocabularies.entries("v"))
    assert [entry.name for entry in entries] == [f"tag{i}" for i in range(5)]
    assert entries[0] == millrace.VocabularyEntry(tag_id=None, name="tag0", category="artist", post_count=None)
    assert (entries[1].tag_id, entries[1].post_count) == (1, 10)
    assert server.calls.count("VocabularyService/ListVocabularyEntries") == 3


def test_an_export_is_the_file(client: millrace.Client) -> None:
    assert client.vocabularies.export("v") == b"tag_id,name,category,count\n"


def test_a_name_is_resolved_before_a_deletion(server: FakeServer, client: millrace.Client) -> None:
    """Otherwise a call that is repeated because its answer was lost would delete a second version."""
    answered = []

    def on_call(method: str, context: grpc.ServicerContext) -> None:
        answered.append(method)
        if method.endswith("DeleteVocabulary") and len(answered) == 2:
            server.delete_vocabulary("v@2")  # done, but the answer is lost
            context.abort(grpc.StatusCode.UNAVAILABLE, "broken on request")

    server.on_call = on_call
    client.vocabularies.delete("v", allow_missing=True)
    assert [one.reference for one in client.vocabularies.list()] == ["v@1"]


@pytest.mark.parametrize("reference", ["w", "w@1", "ab" * 32])
def test_what_is_not_there_cannot_be_deleted(client: millrace.Client, reference: str) -> None:
    with pytest.raises(millrace.VocabularyNotFound):
        client.vocabularies.delete(reference)
    client.vocabularies.delete(reference, allow_missing=True)


def test_a_bad_file_is_told_with_line_and_column(server: FakeServer, client: millrace.Client) -> None:
    def on_call(method: str, context: grpc.ServicerContext) -> None:
        code = grpc.StatusCode.INVALID_ARGUMENT
        context.set_trailing_metadata(error_metadata(code, "line 3", "VOCABULARY_INVALID", line="3", column="2"))
        context.abort(code, "line 3")

    server.on_call = on_call
    with pytest.raises(millrace.VocabularyInvalid) as caught:
        client.vocabularies.create("v", csv=b"name\n")
    assert caught.value.metadata == {"line": "3", "column": "2"}
    assert isinstance(caught.value, millrace.InvalidRequest)
