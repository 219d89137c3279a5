"""Queries by chance, over small posts by chance: millrace.reference and a real server must mean the same.

Method: both get the same posts, which the reference reads from the server in the contract's form. For each query, the
posts that match, or that it is refused and where; its canonical form; and for every term and group that the server
explains, that the text it shows for it matches as many posts as the server says. MILLRACE_QUERY_SEED repeats a failure.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

import pytest

import millrace
from millrace import explanation, reference, types
from random_queries import QueryMaker, danbooru_lines, e621_page

SEED = int(os.environ.get("MILLRACE_QUERY_SEED", "1"))
QUERY_COUNT = int(os.environ.get("MILLRACE_QUERY_COUNT", "400"))
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
FLAGS = types.PostFlags.__dataclass_fields__


class Meant(NamedTuple):
    """What a query means: the ids of posts in order, or where it is refused."""

    ids: list[int] | None
    char_offset: int | None = None
    canonical: str | None = None


def reference_post(post: types.Post) -> reference.Post:
    created_at = post.created_at
    return reference.Post(
        id=post.id,
        parent_id=post.parent_id,
        rating=post.rating or "unspecified",
        score=post.score,
        width=post.width_px,
        height=post.height_px,
        pools=tuple(pool.id for pool in post.pools),
        tags=tuple(reference.Tag(tag.id, tag.name, tag.category or "unspecified") for tag in post.tags),
        md5=post.md5,
        favorite_count=post.favorite_count,
        file_ext=post.file_ext,
        file_size_bytes=post.file_size_bytes,
        duration_us=post.duration_us,
        created_at_us=None if created_at is None else (created_at - EPOCH) // timedelta(microseconds=1),
        source=post.source,
        pixiv_id=post.pixiv_id,
        uploader_id=post.uploader_id,
        approver_id=post.approver_id,
        pool_kinds=tuple(pool.kind for pool in post.pools if pool.kind is not None),
        flags={name.removeprefix("is_"): flag for name in FLAGS if (flag := getattr(post.flags, name)) is not None},
    )


MAKERS: dict[str, Callable[[random.Random, int], str]] = {"danbooru": danbooru_lines, "e621": e621_page}


@pytest.fixture(scope="module", params=sorted(MAKERS))
def dataset(client: millrace.Client, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("posts") / "posts.json"
    path.write_text(MAKERS[request.param](random.Random(SEED), 70))
    client.import_(path, dataset=request.param)
    return str(request.param)


@pytest.fixture(scope="module")
def snapshot(client: millrace.Client, dataset: str) -> reference.Snapshot:
    return reference.Snapshot([reference_post(post) for post in client.posts.list(dataset=dataset)])


def served(client: millrace.Client, dataset: str, query: str) -> tuple[Meant, explanation.QueryExplanation | None]:
    try:
        explained = client.explain_query(query, dataset=dataset)
        return Meant([*client.posts.search_ids(query, dataset=dataset)], None, explained.canonical_query), explained
    except millrace.QueryInvalid as error:
        return Meant(None, int(error.metadata["char_offset"])), None


def meant(snapshot: reference.Snapshot, text: str) -> Meant:
    try:
        search = reference.Search(text)
        rows = search.rows(snapshot)
    except reference.QueryError as error:
        return Meant(None, error.char_offset)
    return Meant([snapshot.posts[row].id for row in rows], None, search.text)


def query_maker(snapshot: reference.Snapshot, seed: str) -> QueryMaker:
    return QueryMaker(random.Random(seed), lambda term: meant(snapshot, term).ids is not None)


def check_canonical_form(snapshot: reference.Snapshot, ours: Meant) -> None:
    """A plan may hold it: it is its own canonical form, and the same posts match."""
    query = reference.Query(ours.canonical or "")
    matches = query.on(snapshot)
    assert query.text == ours.canonical
    assert {post.id for post in snapshot.posts if matches(post)} == set(ours.ids or ())


def check_nodes(snapshot: reference.Snapshot, node: explanation.QueryNode) -> None:
    found = meant(snapshot, node.text).ids
    assert found is not None, node.text
    assert node.post_count in (None, len(found)), node.text  # groups have no count of their own
    for child in node.children:
        check_nodes(snapshot, child)


def test_random_queries_mean_what_the_reference_says(
    client: millrace.Client, dataset: str, snapshot: reference.Snapshot
) -> None:
    maker = query_maker(snapshot, f"{SEED} {dataset}")
    accepted = 0
    for number in range(QUERY_COUNT):
        query = maker.query()
        where = f"seed {SEED}, {dataset}, query {number}: {query!r}"
        ours, explained = served(client, dataset, query)
        expected = meant(snapshot, query)
        assert ours == expected, where
        if explained is not None:
            accepted += 1
            assert explained.post_count == len(expected.ids or ())
            check_canonical_form(snapshot, ours)
            # A pattern that would end a group has no other form: the text of a group with it is for people only.
            if "*)" not in query:
                check_nodes(snapshot, explained.root)
    assert accepted > QUERY_COUNT // 5


def test_random_searches_come_in_the_references_order(
    client: millrace.Client, dataset: str, snapshot: reference.Snapshot
) -> None:
    maker = query_maker(snapshot, f"{SEED} {dataset} searches")
    for number in range(QUERY_COUNT // 4):
        query = maker.search()
        ours, _ = served(client, dataset, query)
        assert ours == meant(snapshot, query), f"seed {SEED}, {dataset}, search {number}: {query!r}"
