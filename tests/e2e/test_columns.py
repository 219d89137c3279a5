"""Batches of columns from a real server are the batches of rows, field by field, and labels are what the tags say.

Method: the same steps asked for both ways, over the bundled data; parts by a server with the smallest part size.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import numpy as np
import pytest

import dump
import millrace
from millrace import ColumnBatch, Labels, Loader, Post
from millrace.v1 import post_pb2
from server_process import ServerProcess, StartServer

NUMBERS = [
    *("width_px", "height_px", "file_size_bytes", "pixiv_id", "parent_id"),
    *("uploader_id", "approver_id", "score", "up_score", "down_score", "favorite_count", "duration_us"),
]
TIMES = ["created_at", "updated_at", "last_commented_at", "last_noted_at"]
TEXTS = ["file_ext", "source", "location", "extra_json"]
FLAGS = [field.name for field in post_pb2.PostFlags.DESCRIPTOR.fields]
RATINGS = {None: 0, **{name: post_pb2.Rating.Value(f"RATING_{name.upper()}") for name in ("safe", "questionable")}}
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def plan(client: millrace.Client) -> millrace.Plan:
    return client.plans.create(dataset="openclipart", batch_size=48, seed=3)


def optional(batch: ColumnBatch, name: str, i: int) -> int | None:
    return int(batch[name][i]) if batch.present(name)[i] else None


def check_post(batch: ColumnBatch, i: int, post: Post) -> None:
    assert batch.post_ids[i] == post.id
    for name in NUMBERS:
        assert optional(batch, name, i) == getattr(post, name), name
    for name in TIMES:
        microseconds = optional(batch, name, i)
        moment = None if microseconds is None else EPOCH + timedelta(microseconds=microseconds)
        assert moment == getattr(post, name), name
    for name in TEXTS:
        assert batch.texts(name)[i] == getattr(post, name), name
    assert (bytes(batch["md5"][i]).hex() if batch.present("md5")[i] else None) == post.md5
    assert batch["rating"][i] == RATINGS[post.rating]
    for bit, name in enumerate(FLAGS):
        flag = bool(batch["flags"][i] >> bit & 1) if batch["flags"][i] >> (8 + bit) & 1 else None
        assert flag == getattr(post.flags, name), name
    assert batch.tags.of(i).tolist() == [tag.id for tag in post.tags]
    assert batch.lists("favorite_user_ids").of(i).tolist() == list(post.favorite_user_ids)
    first = batch.lists("pools").offsets[i]
    kinds = batch.texts("pools.kind")
    pools = batch.lists("pools").of(i).tolist()
    assert [(id, kinds[first + p]) for p, id in enumerate(pools)] == [(pool.id, pool.kind) for pool in post.pools]


def test_every_field_of_every_post_is_the_rows(client: millrace.Client, plan: millrace.Plan) -> None:
    for step in range(4):
        rows = client.batch(plan.id, step=step)
        columns = client.batch(plan.id, step=step, view="columns")
        assert isinstance(columns, ColumnBatch)
        assert columns.token == rows.token
        assert columns.rows.tolist() == rows.rows.tolist()
        for i, post in enumerate(rows.posts):
            check_post(columns, i, post)


def test_a_stream_in_parts_is_what_single_batches_are(
    start_server: StartServer, client: millrace.Client, plan: millrace.Plan
) -> None:
    server = start_server("parts", "--part-bytes", "65536")
    with millrace.connect(server.address) as other:
        other.import_(dump.POSTS_PATH, dataset="openclipart")
        large = other.plans.create(dataset="openclipart", batch_size=600, splits={"all": 1})
        other.vocabularies.create("all", dataset="openclipart")
        options = {"labels": Labels("all", "dense"), "fields": ["tags", "source"]}
        with Loader(server.address, plan=large.id, split="all", epochs=2, **options) as loader:
            batches = list(loader)
        assert [batch.epoch for batch in batches] == [0, 1]
        for batch in batches:
            assert isinstance(batch, ColumnBatch)
            assert len(batch._body) > 5 * 65536
            whole = other.batch(large.id, split="all", epoch=batch.epoch, **options)
            assert isinstance(whole, ColumnBatch)
            assert batch._body.tobytes() == whole._body.tobytes()


def test_labels_say_what_the_tags_say_in_every_encoding(client: millrace.Client, plan: millrace.Plan) -> None:
    vocabulary = client.vocabularies.create("top", dataset="openclipart", top=50)
    names = [entry.name for entry in client.vocabularies.entries("top")]
    rows = client.batch(plan.id, step=1)
    expected = np.array([[name in {tag.name for tag in post.tags} for name in names] for post in rows.posts])
    read = {}
    for encoding in ("csr", "dense", "bits"):
        batch = client.batch(plan.id, step=1, labels=Labels(vocabulary.digest, encoding))
        assert isinstance(batch, ColumnBatch)
        assert (batch.vocabulary, batch.label_count) == (vocabulary.digest, len(names))
        read[encoding] = batch.labels
    assert np.array_equal(read["dense"], expected)
    bits = np.unpackbits(read["bits"], axis=1, count=len(names), bitorder="little")
    assert np.array_equal(bits, expected)
    for i, row in enumerate(expected):
        assert sorted(read["csr"].of(i).tolist()) == np.flatnonzero(row).tolist()


def test_ratings_as_one_hot(client: millrace.Client, plan: millrace.Plan) -> None:
    batch = client.batch(plan.id, rating_one_hot=True)
    rows = client.batch(plan.id)
    assert isinstance(batch, ColumnBatch)
    assert sorted(batch.columns) == ["id", "rating_one_hot", "row"]
    order = ["general", "sensitive", "questionable", "explicit", "safe"]
    assert [order[int(row.argmax())] for row in batch["rating_one_hot"]] == [post.rating for post in rows.posts]


def test_rows_hold_only_the_fields_asked_for(client: millrace.Client, plan: millrace.Plan) -> None:
    batch = client.batch(plan.id, view="posts", fields=["rating"])
    assert all(post.rating is not None and post.md5 is None and not post.tags for post in batch.posts)


def test_wrong_projections_say_what_is_wrong(client: millrace.Client, plan: millrace.Plan) -> None:
    with pytest.raises(millrace.InvalidRequest, match="widht_px"):
        client.batch(plan.id, fields=["widht_px"])
    with pytest.raises(millrace.InvalidRequest, match="twice"):
        client.batch(plan.id, fields=["tags", "tags"])
    with pytest.raises(millrace.VocabularyNotFound):
        client.batch(plan.id, labels="nobody-made-this")


@pytest.mark.parametrize("world_size", [2, 5])
def test_ranks_columns_join_to_the_global_batch(server: ServerProcess, plan: millrace.Plan, world_size: int) -> None:
    def ids(rank: int, world: int) -> list[list[int]]:
        options = {"fields": ["tags"], "rank": rank, "world_size": world}
        with Loader(server.address, plan=plan.id, **options) as loader:  # type: ignore[arg-type]
            return [batch.post_ids.tolist() for batch in loader]

    slices = [ids(rank, world_size) for rank in range(world_size)]
    assert [sum(parts, []) for parts in zip(*slices, strict=True)] == ids(0, 1)
