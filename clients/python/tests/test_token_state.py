"""Loaders and states bound to their plan and split by a token.

Method: a fake server that counts calls, so that a refusal is seen to come before anything is requested.
"""

from __future__ import annotations

import pytest
from fake_server import PLAN_ID, FakeServer

from millrace import Loader, Position
from millrace.reference import make_token


def test_a_loader_starts_at_a_batchs_token(server: FakeServer) -> None:
    with Loader(server.address, plan=PLAN_ID, epochs=2) as whole:
        batches = list(whole)
    assert len({batch.token for batch in batches}) == len(batches)
    for batch in batches[::5]:
        with Loader(server.address, plan=PLAN_ID[:9], start=batch.token) as rest:
            assert next(iter(rest)).position == batch.next_position


@pytest.mark.parametrize(
    ("token", "fault"),
    [
        (make_token("00" * 32, "train", 0, 1), "of plan 00"),
        (make_token(PLAN_ID, "test", 0, 1), "of split 'test'"),
        (make_token(PLAN_ID, "train", 0, 1)[:-2], "cut off"),
        (make_token(PLAN_ID, "train", 0, 1)[:-1] + "g", "not a token"),
        (make_token(PLAN_ID, "train", 0, 1).replace("ab", "bb", 1), "changed"),
        ("0:1", "not a token"),
        ("", "not a token"),
    ],
)
def test_a_token_that_does_not_fit_is_refused_before_any_call(server: FakeServer, token: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        Loader(server.address, plan=PLAN_ID, start=token)
    with Loader(server.address, plan=PLAN_ID, start=Position(1, 1)) as loader:
        with pytest.raises(ValueError, match=fault):
            loader.load_state_dict({**loader.state_dict(), "token": token})
        assert loader.position == Position(1, 1)
    assert server.calls == []


def test_a_token_of_another_plan_than_the_prefix_told_is_refused(server: FakeServer) -> None:
    with pytest.raises(ValueError, match="of plan 00"):
        Loader(server.address, plan=PLAN_ID[:8], start=make_token("00" * 32, "train", 0, 1))


def test_a_state_that_contradicts_its_token_is_refused(server: FakeServer) -> None:
    with Loader(server.address, plan=PLAN_ID, start=Position(0, 4)) as loader:
        state = loader.state_dict()
        for change in ({"step": 5}, {"epoch": 1}, {"token": None}):
            with pytest.raises(ValueError, match="token"):
                loader.load_state_dict({**state, **change})
        assert loader.position == Position(0, 4)


def test_a_state_without_a_token_is_taken(server: FakeServer) -> None:
    with Loader(server.address, plan=PLAN_ID) as loader:
        loader.load_state_dict({"version": 1, "plan_id": PLAN_ID, "split": "train", "epoch": 0, "step": 9})
        assert next(iter(loader)).step == 9
