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


@pytest.mark.parametrize(("create", "made"), [(create_plan, f"plan {PLAN_ID}"), (create_vocabulary, "vocabulary v@2")])
def test_a_reading_that_was_passed_over_is_an_error(
    server: FakeServer, create: Callable[[millrace.Client, str | None], object], made: str
) -> None:
    with millrace.connect(server.address) as client:
        for tags in ("applied", "as_said", None):
            create(client, tags)
        server.knows_readings = False
        with pytest.raises(millrace.ServerOutdated, match=f"made {made} by tags as said; update it") as caught:
            create(client, "applied")
        assert caught.value.code == "UNIMPLEMENTED"
        for tags in ("as_said", None):
            create(client, tags)


def test_a_plan_tells_its_reading(server: FakeServer) -> None:
    with millrace.connect(server.address) as client:
        assert create_plan(client, "applied").tags == "applied"
        assert create_plan(client, None).tags == "as_said"


def test_a_vocabulary_from_a_file_has_none(server: FakeServer) -> None:
    server.knows_readings = False
    with millrace.connect(server.address) as client:
        assert client.vocabularies.create("v", csv=b"name\n1girl\n").reference == "v@2"
