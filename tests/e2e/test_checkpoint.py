"""A training run that is stopped and resumed elsewhere is the run that was not stopped: a small PyTorch model, stopped
at random steps and resumed from its file with another world size and another number of DataLoader workers, sees the
same samples at every step and ends with the same parameters, to the last bit.

Method: the arithmetic is exact, so that sums over ranks are the same in whatever order they are made. Features and
targets are small integers, and parameters are put on a grid of 2^-GRID_BITS after every step; then a gradient is a
sum of multiples of that grid, far below 2^53 of them. Ranks go in lockstep in one process; and, in one test, as
processes that meet by torch.distributed.
"""

from __future__ import annotations

import itertools
import multiprocessing
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import millrace
from server_process import ServerProcess, free_port

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
from torch.utils.data import DataLoader  # noqa: E402

FEATURE_COUNT = 8
GRID_BITS = 20
BATCH_SIZE = 13
EPOCHS = 2
# A step of the world: (epoch, step), and each sample's post id and whether it counts, over all ranks.
Step = tuple[tuple[int, int], list[tuple[int, bool]]]


@dataclass
class Run:
    """What training leaves behind."""

    steps: list[Step] = field(default_factory=list)
    model: Any = None

    @property
    def parameters(self) -> list[Any]:
        return [parameter.detach() for parameter in self.model.parameters()]


@dataclass
class Trainer:
    """A linear model that learns a post's number of tags from their ids' remainders, and its optimizer."""

    model: Any
    optimizer: Any

    @classmethod
    def new(cls) -> Trainer:
        model = torch.nn.Linear(FEATURE_COUNT, 1, dtype=torch.float64)
        torch.nn.init.zeros_(model.weight)
        torch.nn.init.zeros_(model.bias)
        return cls(model, torch.optim.SGD(model.parameters(), lr=2.0**-9, momentum=0.5))

    def save(self, path: Path, data: dict[str, Any]) -> None:
        torch.save({"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict(), "data": data}, path)

    def load(self, path: Path) -> dict[str, Any]:
        saved = torch.load(path)
        self.model.load_state_dict(saved["model"])
        self.optimizer.load_state_dict(saved["optimizer"])
        data: dict[str, Any] = saved["data"]
        return data

    def backward(self, batch: dict[str, Any]) -> None:
        """Adds a rank's samples to the gradient of the squared error's sum. Exact; so is any sum of such."""
        mask = batch["mask"]
        counts = torch.diff(batch["tag_offsets"])
        post_of = torch.repeat_interleave(torch.arange(len(counts)), counts)
        features = torch.zeros(len(counts), FEATURE_COUNT, dtype=torch.float64)
        columns = batch["tag_values"] % FEATURE_COUNT
        features.index_put_((post_of, columns), torch.ones(len(columns), dtype=torch.float64), accumulate=True)
        error = self.model(features[mask]).squeeze(1) - counts[mask]
        (error.square().sum() / 2).backward()

    def step(self, sample_count: int) -> None:
        for parameter in self.model.parameters():
            parameter.grad /= sample_count
        self.optimizer.step()
        self.optimizer.zero_grad()
        with torch.no_grad():
            for parameter in self.model.parameters():
                parameter.copy_(torch.round(parameter * 2.0**GRID_BITS) / 2.0**GRID_BITS)


def samples(batch: dict[str, Any]) -> list[tuple[int, bool]]:
    return list(zip(batch["post_ids"].tolist(), batch["mask"].tolist(), strict=True))


def data_loader(dataset: Any, workers: int) -> Any:
    return DataLoader(
        dataset,
        batch_size=None,
        num_workers=workers,
        multiprocessing_context="fork" if workers else None,
        timeout=60 if workers else 0,
    )


def train(
    address: str, plan: str, world_size: int, workers: int, *, resume: Path | None, save: Path, stop_after: int | None
) -> Run:
    """Trains to the end of the last epoch, or for `stop_after` steps, from the start or from a checkpoint."""
    trainer = Trainer.new()
    run = Run(model=trainer.model)
    datasets = [
        millrace.torch.dataset(address, plan=plan, rank=rank, world_size=world_size) for rank in range(world_size)
    ]
    if resume is not None:
        state = trainer.load(resume)
        for dataset in datasets:
            dataset.load_state_dict(state)
    loaders = [data_loader(dataset, workers) for dataset in datasets]
    for epoch in range(datasets[0].start.epoch, EPOCHS):
        for dataset in datasets:
            dataset.set_epoch(epoch)
        for batches in zip(*loaders, strict=True):
            (at,) = {(batch["epoch"], batch["step"]) for batch in batches}
            seen = list(itertools.chain.from_iterable(samples(batch) for batch in batches))
            for batch in batches:
                trainer.backward(batch)
            trainer.step(sum(is_real for _, is_real in seen))
            run.steps.append((at, seen))
            if len(run.steps) == stop_after:
                states = [dataset.state_dict(batch) for dataset, batch in zip(datasets, batches, strict=True)]
                assert all(state == states[0] for state in states)
                trainer.save(save, states[0])
                return run
    return run


def unbroken(address: str, plan: millrace.Plan, tmp_path: Path) -> Run:
    """The run that was not stopped, on one rank without workers; its samples are those of the plain loader."""
    run = train(address, plan.id, 1, 0, resume=None, save=tmp_path / "unused", stop_after=None)
    with millrace.Loader(address, plan=plan.id, view="identities", epochs=EPOCHS) as loader:
        plain: list[Step] = [
            ((b.epoch, b.step), list(zip(b.post_ids.tolist(), b.mask.tolist(), strict=True))) for b in loader
        ]
    assert run.steps == plain
    # It learned something, and stayed where the arithmetic is exact.
    assert all(0 < parameter.abs().max() < 1000 for parameter in run.parameters)
    return run


def same(one: Run, other: Run) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one.parameters, other.parameters, strict=True))


def worlds(chance: random.Random) -> Iterator[tuple[int, int]]:
    """World sizes and numbers of workers, each other than the one before; at most 8 workers in all."""
    before = (0, -1)
    while True:
        world_size = chance.choice([w for w in (1, 2, 3, 5, 16) if w != before[0]])
        workers = chance.choice([n for n in range(5) if n != before[1] and n * world_size <= 8] or [0])
        before = (world_size, workers)
        yield before


@pytest.fixture
def plan(client: millrace.Client, last_batch: str) -> millrace.Plan:
    made = client.plans.create(dataset="openclipart", batch_size=BATCH_SIZE, seed=11, last_batch=last_batch)
    assert made.split("train").sample_count % BATCH_SIZE, "the test needs a last batch that is not full"
    return made


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("last_batch", ["keep", "drop", "pad"])
def test_a_stopped_run_is_resumed_by_another_world_as_if_nothing_had_happened(
    server: ServerProcess, plan: millrace.Plan, tmp_path: Path, last_batch: str, seed: int
) -> None:
    whole = unbroken(server.address, plan, tmp_path)
    chance = random.Random(f"{last_batch} {seed}")
    stops = sorted(chance.sample(range(1, len(whole.steps)), 2))
    steps: list[Step] = []
    resume: Path | None = None
    for i, (stop, (world_size, workers)) in enumerate(zip([*stops, None], worlds(chance), strict=False)):
        save = tmp_path / f"{i}.pt"
        run = train(
            server.address,
            plan.id,
            world_size,
            workers,
            resume=resume,
            save=save,
            stop_after=None if stop is None else stop - len(steps),
        )
        steps += run.steps
        resume = save
    assert steps == whole.steps
    assert same(run, whole)


@pytest.mark.parametrize("last_batch", ["keep", "drop", "pad"])
def test_a_run_that_was_stopped_at_an_epochs_end_begins_the_next(
    server: ServerProcess, plan: millrace.Plan, tmp_path: Path, last_batch: str
) -> None:
    whole = unbroken(server.address, plan, tmp_path)
    count = plan.split("train").batch_count
    save = tmp_path / "epoch.pt"
    first = train(server.address, plan.id, 2, 2, resume=None, save=save, stop_after=count)
    second = train(server.address, plan.id, 3, 1, resume=save, save=save, stop_after=None)
    assert first.steps + second.steps == whole.steps
    assert same(second, whole)


@pytest.mark.parametrize("last_batch", ["keep"])
def test_a_lost_or_repeated_step_would_show(
    server: ServerProcess, plan: millrace.Plan, tmp_path: Path, last_batch: str
) -> None:
    """The comparison above can fail: a checkpoint that is off by one step ends with other parameters."""
    whole = unbroken(server.address, plan, tmp_path)
    save = tmp_path / "stop.pt"
    first = train(server.address, plan.id, 2, 0, resume=None, save=save, stop_after=9)
    saved = torch.load(save)
    del saved["data"]["token"]  # which would tell
    for change in (-1, 1):
        saved["data"]["step"] = 9 + change
        torch.save(saved, save)
        second = train(server.address, plan.id, 1, 0, resume=save, save=save, stop_after=None)
        assert first.steps + second.steps != whole.steps
        assert not same(second, whole)


def test_a_checkpoint_of_another_plan_or_split_is_refused(
    server: ServerProcess, client: millrace.Client, tmp_path: Path
) -> None:
    plan, other = (client.plans.create(dataset="openclipart", batch_size=BATCH_SIZE, seed=seed) for seed in (11, 12))
    save = tmp_path / "stop.pt"
    train(server.address, plan.id, 1, 0, resume=None, save=save, stop_after=3)
    state = torch.load(save)["data"]
    with pytest.raises(ValueError, match=f"of plan '{plan.id}', not of '{other.id}'"):
        millrace.torch.dataset(server.address, plan=other.id).load_state_dict(state)
    with pytest.raises(ValueError, match="of split 'train', not of 'validation'"):
        millrace.torch.dataset(server.address, plan=plan.id, split="validation").load_state_dict(state)
    validation = millrace.torch.dataset(server.address, plan=plan.id, split="validation")
    with pytest.raises(ValueError, match="the batch is of plan"):
        millrace.torch.dataset(server.address, plan=plan.id).state_dict(next(iter(validation)))


def train_rank(
    address: str,
    plan: str,
    rank: int,
    world_size: int,
    workers: int,
    port: int,
    resume: Path | None,
    save: Path,
    stop_after: int | None,
    out: Path,
) -> None:
    """A rank of a real job: its own process, the gradient summed by torch.distributed, rank 0 writes the file."""
    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        "gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=world_size
    )
    trainer = Trainer.new()
    dataset = millrace.torch.dataset(address, plan=plan)
    if resume is not None:
        dataset.load_state_dict(trainer.load(resume))
    loader = data_loader(dataset, workers)
    seen: list[Step] = []
    for epoch in range(dataset.start.epoch, EPOCHS):
        dataset.set_epoch(epoch)
        for batch in loader:
            trainer.backward(batch)
            real_count = batch["mask"].sum()
            torch.distributed.all_reduce(real_count)
            for parameter in trainer.model.parameters():
                torch.distributed.all_reduce(parameter.grad)
            trainer.step(int(real_count))
            seen.append(((batch["epoch"], batch["step"]), samples(batch)))
            if len(seen) == stop_after:
                break
        if len(seen) == stop_after:
            break
    if rank == 0:
        trainer.save(save, dataset.state_dict(batch))
    torch.save(seen, out)
    torch.distributed.barrier()


def train_job(
    folder: Path, address: str, plan: str, world_size: int, workers: int, resume: Path | None, stop_after: int | None
) -> tuple[list[Step], Path]:
    """Its steps over all ranks, and its checkpoint."""
    folder.mkdir()
    save = folder / "checkpoint.pt"
    outs = [folder / f"rank{rank}.pt" for rank in range(world_size)]
    port = free_port()
    context = multiprocessing.get_context("spawn")
    ranks = [
        context.Process(
            target=train_rank, args=(address, plan, rank, world_size, workers, port, resume, save, stop_after, out)
        )
        for rank, out in enumerate(outs)
    ]
    try:
        for process in ranks:
            process.start()
        for process in ranks:
            process.join(90)
        assert [process.exitcode for process in ranks] == [0] * world_size
    finally:
        for process in ranks:
            if process.is_alive():
                process.kill()
    slices = zip(*(torch.load(out) for out in outs), strict=True)
    return [(parts[0][0], [sample for _, part in parts for sample in part]) for parts in slices], save


@pytest.mark.skipif(not torch.distributed.is_available(), reason="this PyTorch has no torch.distributed")
@pytest.mark.parametrize("last_batch", ["pad"])
def test_ranks_in_processes_of_their_own_resume_from_rank_0s_checkpoint(
    server: ServerProcess, plan: millrace.Plan, tmp_path: Path, last_batch: str
) -> None:
    whole = unbroken(server.address, plan, tmp_path)
    stop = random.Random(5).randrange(1, len(whole.steps))
    first, checkpoint = train_job(tmp_path / "first", server.address, plan.id, 3, 2, None, stop)
    second, final = train_job(tmp_path / "second", server.address, plan.id, 2, 1, checkpoint, None)
    assert first + second == whole.steps
    trainer = Trainer.new()
    trainer.load(final)
    assert same(Run(model=trainer.model), whole)
