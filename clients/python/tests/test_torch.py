"""millrace.torch with DataLoader: every number of workers and start method gives the same sequence.

Method: a fake server in a process of its own whose batches are a formula; all ids are compared with it.
"""

from __future__ import annotations

import multiprocessing
from typing import Any

import pytest
from fake_server import BATCH_COUNT, BATCH_SIZE, PLAN_ID, FakeServer, expected_ids
from test_fork import address  # noqa: F401 - a fixture

import millrace

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
from torch.utils.data import DataLoader  # noqa: E402

Dataset = Any
METHODS = multiprocessing.get_all_start_methods()


def received(dataset: Dataset, workers: int, method: str | None, **options: Any) -> list[list[int]]:
    context = method if workers else None
    loader = DataLoader(
        dataset,
        batch_size=None,
        num_workers=workers,
        multiprocessing_context=context,
        timeout=120 * (workers > 0),
        **options,
    )
    return [batch["post_ids"].tolist() for batch in loader]


def expected(first: int, end: int) -> list[list[int]]:
    return [expected_ids(*divmod(i, BATCH_COUNT)) for i in range(first, end)]


@pytest.mark.parametrize(("workers", "method"), [(0, None), *((n, m) for m in METHODS for n in (1, 2, 4))])
def test_batches_arrive_once_and_in_order(address: str, workers: int, method: str | None) -> None:  # noqa: F811
    with millrace.connect(address) as client:
        client.stats(dataset="d")  # gRPC is in use when the workers are forked
        dataset = millrace.torch.dataset(address, plan=PLAN_ID, epochs=2)
        assert len(dataset) == 2 * BATCH_COUNT
        assert received(dataset, workers, method) == expected(0, 2 * BATCH_COUNT)


def test_a_stream_asks_the_server_to_make_batches_ahead() -> None:
    with FakeServer() as server:
        dataset = millrace.torch.dataset(server.address, plan=PLAN_ID, encode_ahead=3)
        assert received(dataset, 0, None) == expected(0, BATCH_COUNT)
        assert server.encode_ahead_counts == [3]
    with pytest.raises(ValueError, match="encode_ahead"):
        millrace.torch.dataset("127.0.0.1:1", plan=PLAN_ID, encode_ahead=65)


@pytest.mark.parametrize("workers", [0, 2, 3])
def test_start_resumes_with_workers(address: str, workers: int) -> None:  # noqa: F811
    start = millrace.Position(1, 20)
    dataset = millrace.torch.dataset(address, plan=PLAN_ID, epochs=2, start=start)
    got = received(dataset, workers, "fork")
    assert len(dataset) == len(got)
    assert got == expected(BATCH_COUNT + 20, 3 * BATCH_COUNT)


@pytest.mark.parametrize("persistent", [False, True])
def test_set_epoch_reaches_workers(address: str, persistent: bool) -> None:  # noqa: F811
    dataset = millrace.torch.dataset(address, plan=PLAN_ID)
    loader = DataLoader(
        dataset, batch_size=None, num_workers=2, multiprocessing_context="fork", persistent_workers=persistent
    )
    for epoch in (0, 1, 2):
        dataset.set_epoch(epoch)
        got = [batch["post_ids"].tolist() for batch in loader]
        assert got == expected(epoch * BATCH_COUNT, (epoch + 1) * BATCH_COUNT)


def test_set_epoch_keeps_a_resumed_step(address: str) -> None:  # noqa: F811
    dataset = millrace.torch.dataset(address, plan=PLAN_ID, start=millrace.Position(3, 5))
    dataset.set_epoch(3)
    assert dataset.start == millrace.Position(3, 5)
    dataset.set_epoch(4)
    assert dataset.start == millrace.Position(4, 0)


@pytest.mark.parametrize("workers", [0, 2])
def test_ranks_and_workers_together_see_every_sample_once(address: str, workers: int) -> None:  # noqa: F811
    seen: list[int] = []
    for rank in range(3):
        dataset = millrace.torch.dataset(address, plan=PLAN_ID, rank=rank, world_size=3)
        seen += [i for ids in received(dataset, workers, "fork") for i in ids]
    assert sorted(seen) == list(range(1, BATCH_COUNT * BATCH_SIZE + 1))


def test_an_error_in_a_worker_is_raised_as_itself(address: str) -> None:  # noqa: F811
    dataset = millrace.torch.dataset(address, plan=PLAN_ID, split="tarin")
    with pytest.raises(millrace.SplitNotFound, match="it has train"):
        received(dataset, 2, "fork")


def identity(batch: millrace.Batch) -> millrace.Batch:
    return batch


def test_a_transform_may_pass_batches_whole(address: str) -> None:  # noqa: F811
    dataset = millrace.torch.dataset(address, plan=PLAN_ID, transform=identity)
    batches = list(DataLoader(dataset, batch_size=None, num_workers=2, multiprocessing_context="spawn"))
    assert [b.position.step for b in batches] == list(range(BATCH_COUNT))
    assert batches[0].posts[0].id == 1


def test_tensors_have_the_documented_types(address: str) -> None:  # noqa: F811
    batch = next(iter(millrace.torch.dataset(address, plan=PLAN_ID)))
    assert batch["post_ids"].dtype == batch["rows"].dtype == batch["tag_values"].dtype == torch.int64
    assert batch["mask"].dtype == torch.bool
    bag = torch.nn.EmbeddingBag(1000, 4, include_last_offset=True)
    assert bag(batch["tag_values"], batch["tag_offsets"]).shape == (BATCH_SIZE, 4)


def test_several_ranks_by_environment_alone_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "4")
    with pytest.raises(ValueError, match="not initialized"):
        millrace.torch.dataset("127.0.0.1:1", plan=PLAN_ID)
    dataset = millrace.torch.dataset("127.0.0.1:1", plan=PLAN_ID, rank=1, world_size=4)
    assert dataset.start == millrace.Position(0, 0)
