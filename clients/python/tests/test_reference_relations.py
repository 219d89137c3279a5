"""The reference's two readings of tags (docs/tags.md), by hand: a small family of names, some of which no post says."""

from __future__ import annotations

import pytest

from millrace.reference import Plan, Post, Query, QueryError, Relations, Snapshot, Tag

TAGS = [Tag(1, "cat"), Tag(2, "neko"), Tag(3, "tabby"), Tag(4, "mammal"), Tag(5, "puss"), Tag(6, "mammal", "meta")]
POSTS = [Post(tag.id, tags=(tag,)) for tag in TAGS]
RELATIONS = Relations(
    {"neko": "cat", "kitty": "cat", "puss": "pussy_cat", "pool:1": "cat"},
    [("tabby", "neko"), ("cat", "feline"), ("feline", "mammal"), ("mammal", "cat")],
)


def ids(query: str, *, is_applied: bool) -> list[int]:
    snapshot = Snapshot(POSTS, RELATIONS, is_applied=is_applied)
    matches = Query(query).on(snapshot)
    return [post.id for post in snapshot.posts if matches(post)]


def test_tags_are_applied_through_names_that_no_post_says_and_round_in_circles() -> None:
    applied = {post.id: [tag.id for tag in post.tags] for post in Snapshot(POSTS, RELATIONS, is_applied=True).posts}
    assert applied == {1: [1, 4, 6], 2: [1, 4, 6], 3: [1, 3, 4, 6], 4: [1, 4], 5: [5], 6: [1, 6]}
    assert Snapshot(POSTS, RELATIONS).posts == POSTS
    counts = Snapshot(POSTS, RELATIONS, is_applied=True).post_counts
    assert (counts[1], counts[2], counts[4], counts[6]) == (5, 0, 4, 4)


def test_names_mean_their_alias_class_and_what_implies_it_on_request() -> None:
    for name in ("cat", "neko", "kitty", "kit*", '"pool:1"'):
        assert ids(name, is_applied=False) == [1, 2]
        assert ids(name, is_applied=True) == [1, 2, 3, 4, 6]
    assert ids("pussy_cat", is_applied=False) == [5]
    assert ids("feline", is_applied=True) == [1, 2, 3, 4, 6]
    for refused in ("feline", "felin*", "pool:1"):
        with pytest.raises(QueryError):
            ids(refused, is_applied=False)
    assert ids("tagcount:3..", is_applied=True) == [1, 2, 3]


def test_a_plan_says_which_reading_it_means() -> None:
    spec = {
        "batch_size": 6,
        "last_batch": "keep",
        "query": "cat",
        "seed": "0",
        "snapshot": "0" * 64,
        "splits": [{"name": "all", "order": "sequential", "share": 1}],
        "strategy": "exact",
        "version": 1,
    }
    assert Plan(spec, POSTS, RELATIONS).rows == [0, 1]
    assert Plan({**spec, "tags": "applied"}, POSTS, RELATIONS).rows == [0, 1, 2, 3, 5]
    assert Plan({**spec, "tags": "applied"}, POSTS).rows == [0]
    with pytest.raises(ValueError, match="tags"):
        Plan({**spec, "tags": "as_said"}, POSTS, RELATIONS)
