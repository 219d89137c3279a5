"""Checkpoints of the torch dataset: a state goes on behind what was consumed, whoever goes on and however ahead
the workers were.

Method: a fake server in a process of its own whose batches are a formula; the ids before and after the state are
compared with the formula's in full.
"""

from __future__ import annotations

import copy
import random
from types import SimpleNamespace
from typing import Any

import pytest
from fake_server import BATCH_COUNT, PLAN_ID, expected_ids
from test_fork import address  # noqa: F401 - a fixture

import millrace
from millrace import Position
from millrace.reference import make_token

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
from torch.utils.data import DataLoader  # noqa: E402

Ids = list[list[int]]


def loader_of(dataset: Any, workers: int, kind: Any = DataLoader) -> Any:
    return kind(
        dataset,
        batch_size=None,
        num_workers=workers,
        multiprocessing_context="fork" if workers else None,
        timeout=60 * (workers > 0),
    )


def taken(loader: Any, count: int | None = None) -> tuple[Ids, Any]:
    """The ids of the loader's next batches, at most `count`, and the last batch."""
    ids: Ids = []
    batch = None
    for batch in loader:
        ids.append(batch["post_ids"].tolist())
        if len(ids) == count:
            break
    return ids, batch


def expected(first: int, end: int, rank: int = 0, world_size: int = 1) -> Ids:
    return [expected_ids(*divmod(i, BATCH_COUNT), rank, world_size) for i in range(first, end)]


@pytest.mark.parametrize(("before", "after"), [(0, 0), (0, 3), (1, 2), (3, 1), (4, 0), (4, 4)])
def test_a_state_goes_on_with_another_number_of_workers(address: str, before: int, after: int) -> None:  # noqa: F811
    count = random.Random(before * 10 + after).randrange(1, 2 * BATCH_COUNT)
    first = millrace.torch.dataset(address, plan=PLAN_ID, epochs=2)
    ids, batch = taken(loader_of(first, before), count)
    state = first.state_dict(batch)
    second = millrace.torch.dataset(address, plan=PLAN_ID, epochs=2)
    second.load_state_dict(state)
    assert len(second) == 2 * BATCH_COUNT - count
    rest, _ = taken(loader_of(second, after))
    # Passes are counted as before, so the second ends where the first would have.
    assert ids + rest == expected(0, 2 * BATCH_COUNT)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_state_goes_on_at_another_world_size(address: str, workers: int) -> None:  # noqa: F811
    first = [millrace.torch.dataset(address, plan=PLAN_ID, rank=rank, world_size=2) for rank in range(2)]
    batches = [taken(loader_of(dataset, workers), 9)[1] for dataset in first]
    states = [dataset.state_dict(batch) for dataset, batch in zip(first, batches, strict=True)]
    assert states[0] == states[1]
    for rank in range(3):
        dataset = millrace.torch.dataset(address, plan=PLAN_ID, rank=rank, world_size=3)
        dataset.load_state_dict(states[0])
        ids, _ = taken(loader_of(dataset, workers))
        assert ids == expected(9, BATCH_COUNT, rank, 3)


def test_states_of_loaders_and_datasets_are_the_same(address: str) -> None:  # noqa: F811
    dataset = millrace.torch.dataset(address, plan=PLAN_ID)
    _, batch = taken(dataset, 4)
    state = dataset.state_dict(batch)
    with millrace.Loader(address, plan=PLAN_ID) as loader:
        loader.load_state_dict(state)
        assert loader.state_dict() == state
        assert [b.post_ids.tolist() for b in loader] == expected(4, BATCH_COUNT)


def test_the_kinds_of_a_consumed_batch_agree(address: str) -> None:  # noqa: F811
    dataset = millrace.torch.dataset(address, plan=PLAN_ID[:12], transform=lambda batch: batch)
    for batch in dataset:
        state = dataset.state_dict(batch)
        behind = Position(*divmod(batch.step + 1, BATCH_COUNT))
        assert state == {
            "version": 1,
            "plan_id": PLAN_ID,
            "split": "train",
            "epoch": behind.epoch,
            "step": behind.step,
            "token": make_token(PLAN_ID, "train", behind.epoch, behind.step),
        }
        assert dataset.state_dict(batch.next_position) == state
        assert dataset.state_dict(millrace.torch.to_tensors(batch)) == state
    with pytest.raises(TypeError, match="next_position"):
        dataset.state_dict({"x": 1})
    with pytest.raises(TypeError, match="next_position"):
        dataset.state_dict((batch.post_ids, batch.mask))


def test_a_batch_of_another_split_is_refused(address: str) -> None:  # noqa: F811
    dataset = millrace.torch.dataset(address, plan=PLAN_ID)
    batch = next(iter(dataset))
    with pytest.raises(ValueError, match="split 'validation'"):
        dataset.state_dict({**batch, "split": "validation"})
    with pytest.raises(ValueError, match="plan 00"):
        dataset.state_dict({**batch, "plan_id": "00" * 32})


def test_a_prefix_is_bound_to_the_states_plan(address: str) -> None:  # noqa: F811
    plan_id = PLAN_ID[:8] + "0" * 56
    state = {"version": 1, "plan_id": plan_id, "split": "train", "epoch": 0, "step": 1}
    by_prefix = millrace.torch.dataset(address, plan=PLAN_ID[:8])
    by_prefix.load_state_dict(state)
    token = make_token(plan_id, "train", 0, 1)
    assert by_prefix.state_dict(Position(0, 1)) == {**state, "token": token}
    known = millrace.torch.dataset(address, plan=PLAN_ID[:8])
    assert len(known) == BATCH_COUNT
    with pytest.raises(ValueError, match="plan"):
        known.load_state_dict(state)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "version 1"),
        ({"plan_id": "00" * 32}, "of plan '00"),
        ({"plan_id": PLAN_ID[:8]}, "of plan"),
        ({"plan_id": None}, "of plan"),
        ({"split": "test"}, "split 'test'"),
        ({"step": 1.5}, "integers"),
        ({"epoch": None}, "integers"),
        ({"epoch": -1}, "no such position"),
        ({"worker": {"id": 0, "count": 2}}, "single DataLoader worker"),
    ],
)
def test_a_state_that_does_not_fit_is_refused_and_changes_nothing(change: dict[str, Any], message: str) -> None:
    dataset = millrace.torch.dataset("127.0.0.1:1", plan=PLAN_ID, start=Position(2, 3))
    state = {"version": 1, "plan_id": PLAN_ID, "split": "train", "epoch": 0, "step": 1}
    with pytest.raises(ValueError, match=message):
        dataset.load_state_dict({**state, **change})
    assert dataset.start == Position(2, 3)
    dataset.load_state_dict({**state, "anchor": "of a later version"})
    assert dataset.start == Position(0, 1)


def test_a_step_that_no_epoch_has_is_refused_when_it_is_read(address: str) -> None:  # noqa: F811
    dataset = millrace.torch.dataset(address, plan=PLAN_ID)
    dataset.load_state_dict(dataset.state_dict(Position(0, BATCH_COUNT + 1)))
    with pytest.raises(ValueError, match="no such position"):
        next(iter(dataset))


@pytest.mark.parametrize("workers", [0, 2])
def test_without_a_batch_only_an_iteration_of_this_process_has_a_state(address: str, workers: int) -> None:  # noqa: F811
    dataset = millrace.torch.dataset(address, plan=PLAN_ID)
    assert dataset.state_dict()["step"] == 0
    taken(loader_of(dataset, workers), 5)
    if workers:
        with pytest.raises(ValueError, match="fetch ahead"):
            dataset.state_dict()
    else:
        assert dataset.state_dict()["step"] == 5
    dataset.set_epoch(3)
    assert (dataset.state_dict()["epoch"], dataset.state_dict()["step"]) == (3, 0)


@pytest.mark.parametrize("count", [7, BATCH_COUNT, BATCH_COUNT + 7])
def test_the_loop_of_a_new_run_serves_a_resumed_one(address: str, count: int) -> None:  # noqa: F811
    """A loop that begins at the epoch of the last batch trained on, even when that was the epoch's last."""
    trained = Position(*divmod(count - 1, BATCH_COUNT))
    dataset = millrace.torch.dataset(address, plan=PLAN_ID)
    dataset.load_state_dict(
        dataset.state_dict({"epoch": trained.epoch, "step": trained.step, "batch_count": BATCH_COUNT})
    )
    ids: Ids = []
    for epoch in range(trained.epoch, 3):
        dataset.set_epoch(epoch)
        ids += taken(dataset)[0]
    assert ids == expected(count, 3 * BATCH_COUNT)
    # What was resumed is over: going back is going back.
    dataset.set_epoch(0)
    assert taken(dataset)[0] == expected(0, BATCH_COUNT)


def test_passes_of_several_epochs_keep_their_ends(address: str) -> None:  # noqa: F811
    dataset = millrace.torch.dataset(address, plan=PLAN_ID, epochs=2)
    dataset.load_state_dict(dataset.state_dict(Position(3, 4)))
    dataset.set_epoch(2)
    assert taken(dataset)[0] == expected(3 * BATCH_COUNT + 4, 4 * BATCH_COUNT)
    dataset.set_epoch(4)
    assert len(dataset) == 2 * BATCH_COUNT
    dataset.start = Position(1, 0)
    assert taken(dataset)[0] == expected(BATCH_COUNT, 3 * BATCH_COUNT)


@pytest.mark.parametrize("count", [1, 5, 2 * BATCH_COUNT - 1, 2 * BATCH_COUNT])
@pytest.mark.parametrize("worker_count", [1, 3])
def test_each_worker_goes_on_with_its_own_state(
    address: str,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    count: int,
    worker_count: int,
) -> None:
    """What StatefulDataLoader does, in one process: a copy of the dataset for each worker, asked in turn."""
    current = 0
    monkeypatch.setattr("millrace.torch.get_worker_info", lambda: SimpleNamespace(id=current, num_workers=worker_count))
    dataset = millrace.torch.dataset(address, plan=PLAN_ID, epochs=2)
    copies = [copy.copy(dataset) for _ in range(worker_count)]
    iterators: list[Any] = []
    for current in range(worker_count):
        iterators.append(iter(copies[current]))
    ids: Ids = []
    for i in range(count):
        current = i % worker_count
        ids.append(next(iterators[current])["post_ids"].tolist())
    states = []
    for current in range(worker_count):
        states.append(copies[current].state_dict())
        if current != 0:
            with pytest.raises(ValueError, match="of worker"):
                copies[current].load_state_dict(states[0])
    resumed = [copy.copy(millrace.torch.dataset(address, plan=PLAN_ID, epochs=2)) for _ in range(worker_count)]
    for current in range(worker_count):
        resumed[current].load_state_dict(states[current])
        assert resumed[current].state_dict() == states[current]
        iterators[current] = iter(resumed[current])
    for i in range(count, 2 * BATCH_COUNT):
        current = i % worker_count
        ids.append(next(iterators[current])["post_ids"].tolist())
    assert ids == expected(0, 2 * BATCH_COUNT)
    for current in range(worker_count):
        assert next(iterators[current], None) is None
        # The state was for one iteration.
        assert next(iter(resumed[current]))["step"] == current


@pytest.mark.parametrize("workers", [0, 1, 3])
@pytest.mark.parametrize("count", [1, 10, BATCH_COUNT])
def test_the_stateful_dataloader_resumes(address: str, workers: int, count: int) -> None:  # noqa: F811
    stateful = pytest.importorskip("torchdata.stateful_dataloader", reason="torchdata is not installed")
    first = loader_of(millrace.torch.dataset(address, plan=PLAN_ID), workers, stateful.StatefulDataLoader)
    ids: Ids = []
    for batch in first:
        ids.append(batch["post_ids"].tolist())
        if len(ids) == count:
            state = first.state_dict()
            break
    dataset = millrace.torch.dataset(address, plan=PLAN_ID)
    second = loader_of(dataset, workers, stateful.StatefulDataLoader)
    second.load_state_dict(state)
    for epoch in range(2):
        dataset.set_epoch(epoch)
        ids += taken(second)[0]
    assert ids == expected(0, 2 * BATCH_COUNT)
    # A state of an iteration that has ended begins the next one.
    third = loader_of(millrace.torch.dataset(address, plan=PLAN_ID, start=Position(2, 0)), workers, type(second))
    third.load_state_dict(second.state_dict())
    assert taken(third)[0] == expected(2 * BATCH_COUNT, 3 * BATCH_COUNT)


@pytest.mark.parametrize("workers", [0, 2])
def test_the_stateful_dataloaders_state_goes_on_at_another_world_size(address: str, workers: int) -> None:  # noqa: F811
    stateful = pytest.importorskip("torchdata.stateful_dataloader", reason="torchdata is not installed")
    first = loader_of(millrace.torch.dataset(address, plan=PLAN_ID), workers, stateful.StatefulDataLoader)
    iterator = iter(first)
    for _ in range(9):
        next(iterator)
    for rank in range(3):
        dataset = millrace.torch.dataset(address, plan=PLAN_ID, rank=rank, world_size=3)
        second = loader_of(dataset, workers, stateful.StatefulDataLoader)
        second.load_state_dict(first.state_dict())
        assert taken(second)[0] == expected(9, BATCH_COUNT, rank, 3)
