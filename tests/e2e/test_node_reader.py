"""What clients/node reads of batches of columns is what the same batches are as rows: every field, labels in every
encoding, in one part and in many. Node speaks gRPC and Protobuf by hand; the rows come through grpcio.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

import dump
import millrace
from millrace.v1 import loader_service_pb2 as loader
from millrace.v1 import post_pb2 as posts
from millrace.v1 import vocabulary_service_pb2 as vocabularies
from server_process import ServerProcess

NODE = shutil.which("node") or shutil.which("nodejs")
READER = Path(__file__).with_name("read_columns.mjs")
CALL_S_MAX = 60.0
PART_BYTES = 65_536
NUMBERS = ["width_px", "height_px", "score", "up_score", "down_score", "favorite_count"]
WIDE_NUMBERS = ["file_size_bytes", "pixiv_id", "parent_id", "uploader_id", "approver_id", "duration_us"]
TIMES = ["created_at", "updated_at", "last_commented_at", "last_noted_at"]
TEXTS = ["file_ext", "source", "location", "extra_json"]
Values = dict[str, Any]

pytestmark = pytest.mark.skipif(NODE is None, reason="no Node: scripts/setup --test installs it")


def varied(count: int) -> bytes:
    """Posts that have some of the fields, in all combinations that chance gives, and some that have none."""
    chance = random.Random(20261126)
    lines = []
    for i in range(1, count + 1):
        tags = [{"id": str(t), "name": f"tag {t}", "category": str(t % 2)} for t in chance.sample(range(1, 60), i % 20)]
        optional: Values = {
            "md5": f"{chance.getrandbits(128):032x}",
            "rating": chance.choice("sqe"),
            "image_width": str(chance.randrange(1, 5000)),
            "image_height": str(chance.randrange(1, 5000)),
            "file_ext": chance.choice(["png", "jpg"]),
            "file_size": str(chance.randrange(1, 2**40)),
            "source": "https://example.org/ä/日本/" + "x" * chance.randrange(600),
            "pixiv_id": str(chance.randrange(1, 2**40)),
            "parent_id": str(chance.randrange(1, count + 1)),
            "uploader_id": str(chance.randrange(1, 1000)),
            "approver_id": str(chance.randrange(1, 1000)),
            "score": str(chance.randrange(-100, 100)),
            "up_score": str(chance.randrange(100)),
            "down_score": str(-chance.randrange(100)),
            "created_at": f"19{chance.randrange(60, 99)}-03-04 05:06:07.{chance.randrange(10**6):06} UTC",
            "updated_at": "2020-01-02 03:04:05 UTC",
            "last_commented_at": "2020-01-02 03:04:06 UTC",
            "last_noted_at": "2020-01-02 03:04:07 UTC",
            "pools": ["7", "8", "series", "collection"] if i % 3 else [],
            "favs": [str(chance.randrange(1, 10**6)) for _ in range(i % 5)],
            "is_pending": chance.choice([True, False]),
            "has_children": chance.choice([True, False]),
            "another_field": {"ö": i},
        }
        share = chance.random()
        kept = {name: value for name, value in optional.items() if chance.random() < share}
        lines.append(json.dumps({"id": str(i), "tags": tags, **kept}))
    return ("\n".join(lines) + "\n").encode()


@pytest.fixture(scope="module")
def small_parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server with small parts, with the bundled data and the varied ones."""
    folder = tmp_path_factory.mktemp("parts")
    path = folder / "varied.jsonl"
    path.write_bytes(varied(500))
    with ServerProcess(folder / "data", "--part-bytes", str(PART_BYTES)) as process:
        with millrace.connect(process.address) as client:
            client.import_(dump.POSTS_PATH, dataset="openclipart")
            client.import_(path, dataset="varied")
        yield process
        assert process.stop() == 0


def plan_of(server: ServerProcess, dataset: str, batch_size: int) -> str:
    with millrace.connect(server.address) as client:
        return client.plans.create(dataset=dataset, batch_size=batch_size, splits={"train": 1}).id


def node(server: ServerProcess, method: str, **request: Any) -> list[Values]:
    command = [str(NODE), str(READER), server.address, method, json.dumps(request)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=CALL_S_MAX)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def rows(server: ServerProcess, plan_id: str) -> list[loader.Batch]:
    """The epoch's batches with whole posts."""
    with grpc.insecure_channel(server.address) as channel:
        stream = channel.unary_stream(
            "/millrace.v1.LoaderService/StreamBatches",
            request_serializer=loader.StreamBatchesRequest.SerializeToString,
            response_deserializer=loader.StreamBatchesResponse.FromString,
        )
        request = loader.StreamBatchesRequest(plan_id=plan_id, split="train", view=loader.BATCH_VIEW_POSTS)
        return [response.batch for response in stream(request, timeout=CALL_S_MAX)]


def microseconds(time: Timestamp) -> str:
    return str(time.seconds * 10**6 + time.nanos // 1000)


def plain(post: posts.Post) -> Values:
    """A post as read_columns.mjs prints it: 64-bit numbers as text, absent numbers None, absent texts empty."""
    known = post.flags.DESCRIPTOR.fields
    values: Values = {"id": str(post.id), "row": str(post.row), "rating": post.rating}
    values |= {name: getattr(post, name) if post.HasField(name) else None for name in NUMBERS}
    values |= {name: str(getattr(post, name)) if post.HasField(name) else None for name in WIDE_NUMBERS}
    values |= {name: microseconds(getattr(post, name)) if post.HasField(name) else None for name in TIMES}
    values |= {name: getattr(post, name) for name in TEXTS}
    values["md5"] = post.md5 if post.HasField("md5") else None
    values["tags"] = [str(tag.id) for tag in post.tags]
    values["pools"] = [[str(pool.id), pool.kind] for pool in post.pools]
    values["favorite_user_ids"] = [str(user) for user in post.favorite_user_ids]
    values["flags"] = sum(
        getattr(post.flags, flag.name) << flag.number - 1 | post.flags.HasField(flag.name) << flag.number + 7
        for flag in known
    )
    return values


@pytest.mark.parametrize(("dataset", "batch_size"), [("openclipart", 600), ("varied", 500), ("varied", 7)])
def test_every_field_is_what_the_rows_say(small_parts: ServerProcess, dataset: str, batch_size: int) -> None:
    plan_id = plan_of(small_parts, dataset, batch_size)
    expected = rows(small_parts, plan_id)
    found = node(small_parts, "streamBatches", planId=plan_id, split="train")
    assert len(found) == len(expected)
    for batch, row_batch in zip(found, expected, strict=True):
        assert batch["posts"] == [plain(post) for post in row_batch.posts]
        head = batch["head"]
        assert (head["planId"], head["epoch"], head["step"]) == (plan_id, row_batch.epoch, row_batch.step)
        assert (head["token"], head["batchCount"]) == (row_batch.token, row_batch.batch_count)
    # Otherwise nothing would be known of parts.
    assert (found[0]["head"]["bodySizeBytes"] > 2 * PART_BYTES) == (batch_size > 7)


def test_the_varied_posts_have_and_lack_every_field(small_parts: ServerProcess) -> None:
    """Guards the test above: a field that all posts or none have would prove little."""
    [batch] = rows(small_parts, plan_of(small_parts, "varied", 500))
    for field in posts.Post.DESCRIPTOR.fields:
        if field.name in ("id", "row", "favorite_count", "duration_us"):
            continue  # the last two are in no line of this format
        having = sum(any(name.name == field.name for name, _ in post.ListFields()) for post in batch.posts)
        assert 0 < having < 500, field.name


def test_one_batch_is_the_streams(small_parts: ServerProcess) -> None:
    plan_id = plan_of(small_parts, "varied", 150)
    streamed = node(small_parts, "streamBatches", planId=plan_id, split="train")
    [one] = node(small_parts, "getBatch", planId=plan_id, split="train", step=2)
    assert one == streamed[2]
    [from_two] = node(
        small_parts, "streamBatches", planId=plan_id, split="train", start={"epoch": 0, "step": 2}, maxBatchCount=1
    )
    assert from_two == streamed[2]
    halves = [
        node(small_parts, "getBatch", planId=plan_id, split="train", step=2, rank=rank, worldSize=2)[0]["posts"]
        for rank in range(2)
    ]
    assert halves[0] + halves[1] == streamed[2]["posts"]


def test_only_the_fields_asked_for_come(small_parts: ServerProcess) -> None:
    plan_id = plan_of(small_parts, "varied", 500)
    fields = ["tag_indexes", "source", "tags"]
    [batch] = node(small_parts, "getBatch", planId=plan_id, split="train", fields=fields, ratingOneHot=True)
    lists = [f"{name}.{part}" for name, part in [("tags", "offsets"), ("tags", "values")]]
    texts = ["source.offsets", "source.bytes"]
    indexes = ["tag_indexes.offsets", "tag_indexes.values"]
    assert batch["names"] == ["id", "row", *texts, *lists, *indexes, "rating_one_hot"]
    ids = sorted({int(tag) for post in batch["posts"] for tag in post["tags"]})
    [row_batch] = rows(small_parts, plan_id)
    for post, row_post in zip(batch["posts"], row_batch.posts, strict=True):
        # The snapshot numbers its tags in the order of their ids, and here every tag is in the batch.
        assert [ids[index] for index in post["tag_indexes"]] == [int(tag) for tag in post["tags"]]
        assert post["rating_one_hot"] == [int(row_post.rating == rating) for rating in range(1, 6)]


def make_vocabulary(server: ServerProcess) -> tuple[str, dict[tuple[str, int], int]]:
    """A vocabulary of most of the varied posts' tags: its digest, and the label of each name and category."""
    with grpc.insecure_channel(server.address) as channel:
        create = channel.unary_unary(
            "/millrace.v1.VocabularyService/CreateVocabulary",
            request_serializer=vocabularies.CreateVocabularyRequest.SerializeToString,
            response_deserializer=vocabularies.CreateVocabularyResponse.FromString,
        )
        entries = channel.unary_unary(
            "/millrace.v1.VocabularyService/ListVocabularyEntries",
            request_serializer=vocabularies.ListVocabularyEntriesRequest.SerializeToString,
            response_deserializer=vocabularies.ListVocabularyEntriesResponse.FromString,
        )
        selection = vocabularies.VocabularySelection(dataset="varied", top=43)
        made = create(vocabularies.CreateVocabularyRequest(name="most", selection=selection), timeout=CALL_S_MAX)
        digest = made.vocabulary.digest
        listed = entries(vocabularies.ListVocabularyEntriesRequest(vocabulary=digest, page_size=1000))
    assert len(listed.entries) == 43
    return digest, {(entry.name, entry.category): label for label, entry in enumerate(listed.entries)}


def test_labels_are_those_of_the_tags_in_every_encoding(small_parts: ServerProcess) -> None:
    digest, label_of = make_vocabulary(small_parts)
    plan_id = plan_of(small_parts, "varied", 500)
    [row_batch] = rows(small_parts, plan_id)
    expected = [
        [label_of[tag.name, tag.category] for tag in post.tags if (tag.name, tag.category) in label_of]
        for post in row_batch.posts
    ]
    read: dict[str, list[Values]] = {}
    for encoding in ("csr", "dense", "bits"):
        labels = {"vocabulary": "most", "encoding": encoding}
        [batch] = node(small_parts, "streamBatches", planId=plan_id, split="train", fields=["id"], labels=labels)
        assert (batch["head"]["vocabulary"], batch["head"]["labelCount"]) == (digest, 43)
        read[encoding] = batch["posts"]
    assert [post["labels"] for post in read["csr"]] == expected
    assert [[i for i, cell in enumerate(post["labels.dense"]) if cell] for post in read["dense"]] == [
        sorted(labels) for labels in expected
    ]
    assert [[i for i in range(48) if post["labels.bits"][i // 8] >> i % 8 & 1] for post in read["bits"]] == [
        sorted(labels) for labels in expected
    ]


def test_an_error_has_its_code_and_reason(small_parts: ServerProcess) -> None:
    plan_id = plan_of(small_parts, "varied", 7)
    [unknown] = node(small_parts, "streamBatches", planId="0" * 64, split="train")
    assert (unknown["error"]["code"], unknown["error"]["reason"]) == ("NOT_FOUND", "PLAN_NOT_FOUND")
    [past] = node(small_parts, "getBatch", planId=plan_id, split="train", step=99999)
    assert (past["error"]["code"], past["error"]["reason"]) == ("OUT_OF_RANGE", "STEP_PAST_END")
