"""A server of before there were readings of tags passes the field over: the client notices by what comes back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fake_server import PLAN_ID, FakeServer

import millrace


def create_plan(client: millrace.Client, tags: str | None) -> millrace.Plan:
    return client.plans.create(dataset="d", batch_size=8, tags=tags)


def create_vocabulary(client: millrace.Client, tags: str | None) -> millrace.Vocabulary:
    return client.vocabularies.create("v", dataset="d", tags=tags)


def explain_query(client: millrace.Client, tags: str | None) -> object:
    return client.explain_query("cat", dataset="d", tags=tags)


def search(client: millrace.Client, tags: str | None) -> object:
    assert [post.id for post in client.posts.search("cat", dataset="d", tags=tags)] == [1, 2]
    return None


def search_ids(client: millrace.Client, tags: str | None) -> object:
    assert list(client.posts.search_ids("cat", dataset="d", tags=tags)) == [1, 2]
    return None


@pytest.mark.parametrize(
    ("ask", "did"),
    [
        (create_plan, f"made plan {PLAN_ID}"),
        (create_vocabulary, "made vocabulary v@2"),
        (explain_query, "answered"),
        (search, "answered"),
        (search_ids, "answered"),
    ],
)
def test_a_reading_that_was_passed_over_is_an_error(
    server: FakeServer, ask: Callable[[millrace.Client, str | None], object], did: str
) -> None:
    with millrace.connect(server.address) as client:
        for tags in ("applied", "as_said", None):
            ask(client, tags)
        server.knows_readings = False
        with pytest.raises(millrace.ServerOutdated, match=f"it {did} by tags as said; update it") as caught:
            ask(client, "applied")
        assert caught.value.code == "UNIMPLEMENTED"
        for tags in ("as_said", None):
            ask(client, tags)


def test_posts_of_a_search_by_another_reading_are_not_given(server: FakeServer) -> None:
    server.knows_readings = False
    with millrace.connect(server.address) as client:
        found = client.posts.search("cat", dataset="d", tags="applied")
        with pytest.raises(millrace.ServerOutdated):
            next(found)


def test_a_plan_tells_its_reading(server: FakeServer) -> None:
    with millrace.connect(server.address) as client:
        assert create_plan(client, "applied").tags == "applied"
        assert create_plan(client, None).tags == "as_said"


def test_a_vocabulary_from_a_file_has_none(server: FakeServer) -> None:
    server.knows_readings = False
    with millrace.connect(server.address) as client:
        assert client.vocabularies.create("v", csv=b"name\n1girl\n").reference == "v@2"
