"""Leaving steps out: counting among those that are left, and readers that never see the others.

Method: the counting is compared with lists of numbers; readers with the fake server's formula, over streams broken
at random, seeded points.
"""

from __future__ import annotations

import random
from typing import Any

import pytest
from fake_server import BATCH_COUNT, PLAN_ID, FakeServer, expected_ids
from test_fork import address  # noqa: F401 - a fixture

import millrace
from millrace import Loader, Position
from millrace._skip import Skips, checked

SKIP = [(0, 3, 5), (0, BATCH_COUNT - 1, BATCH_COUNT - 1), (1, 0, 1), (1, 9, 9), (2, 20, BATCH_COUNT - 1)]


def kept_positions(skip: list[tuple[int, int, int]], end_epoch: int, start: Position | None = None) -> list[Position]:
    every = [Position(e, s) for e in range(end_epoch) for s in range(BATCH_COUNT)]
    out = {Position(e, s) for e, first, last in skip for s in range(first, last + 1)}
    return [p for p in every if p not in out and p >= (start or Position(0, 0))]


def test_ranges_are_merged_and_sorted() -> None:
    assert checked([(1, 5, 9), (0, 4, 4), (1, 2, 4), (1, 7, 12), (0, 0, 1)]) == ((0, 0, 1), (0, 4, 4), (1, 2, 12))


@pytest.mark.parametrize("bad", [(0, 3, 2), (-1, 0, 1), (0, -1, 1), (1 << 31, 0, 0), (0, 1), (0, 0.5, 1), "012", 7])
def test_impossible_ranges_are_refused_at_once(bad: Any) -> None:
    with pytest.raises(ValueError, match=r"skip|no such range"):
        Loader("127.0.0.1:1", plan=PLAN_ID, skip=[bad])


def test_more_ranges_than_the_contract_takes_are_refused() -> None:
    assert len(checked([(0, 2 * i, 2 * i) for i in range(1000)])) == 1000
    with pytest.raises(ValueError, match="1000"):
        checked([(0, 2 * i, 2 * i) for i in range(1001)])


def test_counting_agrees_with_lists() -> None:
    chance = random.Random(3)
    for _ in range(200):
        batch_count, epochs = chance.randint(1, 6), 4
        steps = {(e, s) for e in range(epochs) for s in range(batch_count) if chance.random() < 0.5}
        skips = Skips(checked((e, s, s) for e, s in steps), batch_count)
        total = epochs * batch_count
        out = {e * batch_count + s for e, s in steps}
        kept = [i for i in range(3 * total) if i not in out]
        for index in range(total + 1):
            behind = [i for i in kept if i >= index]
            assert skips.kept(index) == behind[0]
            assert [skips.advance(index, n) for n in range(total)] == behind[:total]
            if index not in out:
                origin = chance.randint(0, index)
                run = 0
                while index - run - 1 in out and index - run - 1 >= origin:
                    run += 1
                assert skips.run_before(index, origin) == run
            for end in range(index, total + 3):
                assert skips.skipped_count(index, end) == len(out & set(range(index, end)))


@pytest.mark.parametrize("prefetch", [0, 2])
@pytest.mark.parametrize("broken", [0.0, 0.3])
def test_a_loader_yields_what_is_left_in_order(server: FakeServer, prefetch: int, broken: float) -> None:
    server.break_stream = broken
    with Loader(server.address, plan=PLAN_ID, epochs=3, prefetch=prefetch, skip=SKIP) as loader:
        expected = kept_positions(SKIP, 3)
        assert len(loader) == loader.remaining == len(expected)
        batches = list(loader)
        assert [b.position for b in batches] == expected
        assert all(b.post_ids.tolist() == expected_ids(b.epoch, b.step) for b in batches)
        # Every step left out is told once, however often the stream broke, but for those behind the last batch.
        assert sum(b.skipped_step_count for b in batches) == 3 * BATCH_COUNT - len(expected) - 3
        assert {b.position: b.skipped_step_count for b in batches if b.skipped_step_count} == {
            Position(0, 6): 3,
            Position(1, 2): 3,
            Position(1, 10): 1,
        }
        # Nothing is left of the pass, although steps that are left out stand at its end.
        assert loader.position == Position(3, 0)


def test_a_state_before_steps_left_out_goes_on_behind_them(server: FakeServer) -> None:
    expected = kept_positions(SKIP, 3)
    for count in range(1, len(expected) + 1, 4):
        with Loader(server.address, plan=PLAN_ID, epochs=3, skip=SKIP) as first:
            iterator = iter(first)
            seen = [next(iterator).position for _ in range(count)]
            state = first.state_dict()
        with Loader(server.address, plan=PLAN_ID, epochs=3, skip=SKIP) as second:
            second.load_state_dict(state)
            assert second.remaining == len(expected) - count
            assert seen + [b.position for b in second] == expected


def test_an_epoch_that_is_left_out_whole_is_an_empty_pass(server: FakeServer) -> None:
    with Loader(server.address, plan=PLAN_ID, skip=[(0, 0, BATCH_COUNT - 1)]) as loader:
        assert len(loader) == 0
        assert list(loader) == []
        assert [b.position for b in loader] == [Position(1, step) for step in range(BATCH_COUNT)]


def test_a_step_that_no_epoch_has_is_refused_before_a_batch_is_asked_for(server: FakeServer) -> None:
    loader = Loader(server.address, plan=PLAN_ID, skip=[(0, 3, BATCH_COUNT)])
    with loader, pytest.raises(ValueError, match=f"{BATCH_COUNT} steps"):
        next(iter(loader))
    assert server.calls == ["PlanService/GetPlan"]


@pytest.mark.parametrize("workers", [0, 1, 2, 3])
@pytest.mark.parametrize("start", [Position(0, 0), Position(0, 4), Position(1, 9)])
def test_workers_share_what_is_left(address: str, workers: int, start: Position) -> None:  # noqa: F811
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    dataset = millrace.torch.dataset(address, plan=PLAN_ID, epochs=3, start=start, skip=SKIP)
    # A pass is counted from its start's epoch.
    expected = kept_positions(SKIP, start.epoch + 3, start)
    loader = torch.utils.data.DataLoader(
        dataset, batch_size=None, num_workers=workers, multiprocessing_context="fork" if workers else None
    )
    assert len(dataset) == len(expected)
    batches = list(loader)
    assert [Position(b["epoch"], b["step"]) for b in batches] == expected
    # The same numbers, whoever fetched the batches.
    at = start
    for batch in batches:
        here = Position(batch["epoch"], batch["step"])
        distance = (here.epoch - at.epoch) * BATCH_COUNT + here.step - at.step
        assert batch["skipped_step_count"] == distance
        at = Position(*divmod(here.epoch * BATCH_COUNT + here.step + 1, BATCH_COUNT))


def test_a_workers_state_needs_the_same_steps_left_out(address: str, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    pytest.importorskip("torch", reason="PyTorch is not installed")
    from types import SimpleNamespace

    from millrace import torch as adapter

    monkeypatch.setattr(adapter, "get_worker_info", lambda: SimpleNamespace(id=1, num_workers=2))
    of = millrace.torch.dataset(address, plan=PLAN_ID, skip=SKIP)
    iterator = iter(of)
    assert [next(iterator)["step"] for _ in range(3)] == [1, 6, 8]
    state = of.state_dict()
    same = millrace.torch.dataset(address, plan=PLAN_ID, skip=SKIP)
    same.load_state_dict(state)
    assert next(iter(same))["step"] == 10
    with pytest.raises(ValueError, match="worker"):
        millrace.torch.dataset(address, plan=PLAN_ID).load_state_dict(state)
