"""What grpcurl sees: the server describes itself, and everything streamed can be looked at without a client of ours."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
from typing import Any

import pytest

import dump
import millrace
from server_process import ServerProcess

GRPCURL = os.environ.get("GRPCURL") or shutil.which("grpcurl")
pytestmark = pytest.mark.skipif(
    GRPCURL is None or not os.access(GRPCURL, os.X_OK), reason="no grpcurl: scripts/setup --test installs it"
)
SERVICES = [
    "CatalogService",
    "ImportService",
    "LoaderService",
    "PlanService",
    "QueryService",
    "SnapshotService",
    "SourceService",
    "TagService",
    "VocabularyService",
]


def run(*arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [str(GRPCURL), "-plaintext", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60)


def lines(*arguments: str) -> list[str]:
    done = run(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")


def messages(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    """The messages of an answer: grpcurl prints one JSON object after the other. Field names as in the protos: some
    versions print them in camel case."""
    assert done.returncode == 0, done.stderr
    found, text = [], done.stdout.strip()
    while text:
        message, end = json.JSONDecoder(object_pairs_hook=with_proto_names).raw_decode(text)
        found.append(message)
        text = text[end:].strip()
    return found


def with_proto_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), name): value for name, value in pairs}


def call(server: ServerProcess, method: str, request: dict[str, Any]) -> list[dict[str, Any]]:
    return messages(run("-d", json.dumps(request), server.address, f"millrace.v1.{method}"))


def test_lists_all_services(server: ServerProcess) -> None:
    listed = lines(server.address, "list")
    for name in [
        *(f"millrace.v1.{s}" for s in SERVICES),
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
    ]:
        assert name in listed
    assert "grpc.reflection.v1alpha.ServerReflection" in listed


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
def test_each_reflection_version_answers_by_itself(server: ServerProcess, version: str) -> None:
    service = f"grpc.reflection.{version}.ServerReflection"
    request = json.dumps({"list_services": "*"})
    (answer,) = messages(run("-d", request, server.address, f"{service}/ServerReflectionInfo"))
    names = {s["name"] for s in answer["list_services_response"]["service"]}
    assert {f"millrace.v1.{name}" for name in SERVICES} <= names


@pytest.mark.parametrize("service", SERVICES)
def test_describes_services_and_their_messages(server: ServerProcess, service: str) -> None:
    described = "\n".join(lines(server.address, "describe", f"millrace.v1.{service}"))
    assert f"service {service}" in described
    for method in lines(server.address, "list", f"millrace.v1.{service}"):
        if method:
            assert "rpc" in "\n".join(lines(server.address, "describe", method))
    assert "message Post {" in "\n".join(lines(server.address, "describe", "millrace.v1.Post"))


@pytest.mark.parametrize("service", ["", *(f"millrace.v1.{name}" for name in SERVICES)])
def test_health_is_serving(server: ServerProcess, service: str) -> None:
    done = run("-d", json.dumps({"service": service}), server.address, "grpc.health.v1.Health/Check")
    assert json.loads(done.stdout) == {"status": "SERVING"}


def test_calls_and_streams(server: ServerProcess, client: millrace.Client) -> None:
    (stats,) = call(server, "CatalogService/GetStats", {"dataset": "openclipart"})
    assert int(stats["stats"]["post_count"]) == len(dump.records())

    spec = {"dataset": "openclipart", "batchSize": 32, "seed": 42}
    (created,) = call(server, "PlanService/CreatePlan", {"spec": spec})
    plan = created["plan"]
    assert plan["id"] == client.plans.create(dataset="openclipart", batch_size=32, seed=42).id

    where = {"plan_id": plan["id"], "split": "train"}
    (single,) = call(server, "LoaderService/GetBatch", {**where, "step": 2})
    ours = client.batch(plan["id"], step=2)
    assert [int(i) for i in single["batch"]["post_ids"]] == ours.post_ids.tolist()
    assert [post["md5"] for post in single["batch"]["posts"]] == [post.md5 for post in ours.posts]

    stream = call(
        server,
        "LoaderService/StreamBatches",
        {**where, "start": {"step": 1}, "max_batch_count": 3, "view": "BATCH_VIEW_IDENTITIES"},
    )
    assert [int(message["batch"]["step"]) for message in stream] == [1, 2, 3]
    assert stream[1]["batch"]["post_ids"] == single["batch"]["post_ids"]
    assert "posts" not in stream[1]["batch"]


def test_imports_by_hand(server: ServerProcess) -> None:
    record = b'{"id":"5","rating":"s","tags":[{"id":"1","name":"a","category":"0"}]}\n'
    requests = [
        {"start": {"dataset": "by-hand", "format": "SOURCE_FORMAT_DANBOORU_JSONL", "request_id": "hand-1"}},
        {"file": {"name": "a.jsonl"}},
        {"chunk": base64.b64encode(record).decode()},
        {"end": {"file_count": 1, "byte_count": len(record)}},
    ]
    stdin = "\n".join(json.dumps(message) for message in requests)
    answers = messages(run("-d", "@", server.address, "millrace.v1.ImportService/Import", stdin=stdin))
    assert answers[-1]["result"]["new_post_count"] == "1"
    (found,) = call(server, "CatalogService/GetPost", {"dataset": "by-hand", "id": 5})
    assert found["post"]["tags"] == [{"id": "1", "name": "a", "category": "TAG_CATEGORY_GENERAL"}]


def test_errors_show_their_reason_and_field(server: ServerProcess) -> None:
    request = json.dumps({"spec": {"dataset": "openclipart", "batch_size": 0}})
    done = run("-d", request, server.address, "millrace.v1.PlanService/CreatePlan")
    assert done.returncode != 0
    for part in ("InvalidArgument", "FIELD_INVALID", "spec.batch_size"):
        assert part in done.stderr
