"""PyTorch's DataLoader over a real server: the plan's batches, once and in order, for every number of workers and
every start method.

Method: ids compared with the plain loader's. Each case has a limit of its own, so that a hang is a failure.
"""

from __future__ import annotations

import multiprocessing
from typing import Any

import pytest

import millrace
from server_process import ServerProcess

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
from torch.utils.data import DataLoader  # noqa: E402

CASES = [(0, None), *((n, m) for m in multiprocessing.get_all_start_methods() for n in (1, 2, 4))]


@pytest.fixture(scope="module")
def plan(client: millrace.Client) -> millrace.Plan:
    return client.plans.create(dataset="openclipart", batch_size=16, seed=3)


def plain(address: str, plan: millrace.Plan, **options: Any) -> list[tuple[list[int], list[int]]]:
    with millrace.Loader(address, plan=plan.id, **options) as loader:
        return [(batch.post_ids.tolist(), batch.tags.values.tolist()) for batch in loader]


def by_torch(address: str, plan: millrace.Plan, workers: int, method: str | None, **options: Any) -> Any:
    dataset = millrace.torch.dataset(address, plan=plan.id, **options)
    loader = DataLoader(
        dataset,
        batch_size=None,
        num_workers=workers,
        multiprocessing_context=method,
        timeout=60 if workers else 0,
    )
    return [(batch["post_ids"].tolist(), batch["tag_values"].tolist()) for batch in loader]


@pytest.mark.timeout(120)
@pytest.mark.parametrize(("workers", "method"), CASES)
def test_workers_deliver_the_plans_sequence(
    server: ServerProcess, plan: millrace.Plan, workers: int, method: str | None
) -> None:
    # Also makes this process one that has used gRPC when its workers are forked.
    expected = plain(server.address, plan)
    assert by_torch(server.address, plan, workers, method) == expected


@pytest.mark.timeout(120)
@pytest.mark.parametrize("rank", [0, 1, 2])
def test_ranks_with_workers_get_their_slices(server: ServerProcess, plan: millrace.Plan, rank: int) -> None:
    options = {"rank": rank, "world_size": 3, "epochs": 2, "start": millrace.Position(0, 11)}
    assert by_torch(server.address, plan, 2, "fork", **options) == plain(server.address, plan, **options)


@pytest.mark.timeout(120)
def test_a_loader_streams_on_while_workers_are_forked(server: ServerProcess, plan: millrace.Plan) -> None:
    with millrace.Loader(server.address, plan=plan.id, split="validation", epochs=None) as background:
        validation = iter(background)
        steps = [next(validation).step]
        for _ in range(3):
            assert len(by_torch(server.address, plan, 2, "fork")) == plan.split("train").batch_count
            steps += [next(validation).step for _ in range(5)]
    count = plan.split("validation").batch_count
    assert steps == [i % count for i in range(len(steps))]


@pytest.mark.timeout(120)
def test_workers_outlive_a_restart_of_the_server(start_server: Any, tmp_path: Any) -> None:
    import dump

    first = start_server("restarted")
    with millrace.connect(first.address) as client:
        client.import_(dump.POSTS_PATH, dataset="openclipart")
        plan = client.plans.create(dataset="openclipart", batch_size=8, seed=3)
    expected = [ids for ids, _ in plain(first.address, plan, epochs=3)]
    dataset = millrace.torch.dataset(first.address, plan=plan.id, epochs=3)
    received = []
    for batch in DataLoader(dataset, batch_size=None, num_workers=2, multiprocessing_context="fork", timeout=60):
        received.append(batch["post_ids"].tolist())
        if len(received) == 20:
            first.stop()
            start_server("restarted", port=first.port)
    assert received == expected
