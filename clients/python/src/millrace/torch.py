"""A torch IterableDataset over a plan's split, for DataLoader with any number of workers.

    dataset = millrace.torch.dataset("localhost:50051", plan=PLAN_ID, split="train")
    loader = torch.utils.data.DataLoader(dataset, batch_size=None, num_workers=4)

batch_size=None is required: the plan makes the batches. How the work is shared: the plan gives each rank its
slice of every step; of K DataLoader workers, worker k fetches the steps k, k + K, ... counted from the start.
DataLoader takes from its workers in turn, so the batches arrive once each and in the plan's order, whatever K.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.utils.data import IterableDataset, get_worker_info

from millrace import _sequence
from millrace._prefetch import Prefetcher
from millrace._slice import Slice, check_reading
from millrace.batch import Batch
from millrace.types import Position

__all__ = ["BatchDataset", "dataset", "to_tensors"]


def to_tensors(batch: Batch) -> dict[str, Any]:
    """A batch as tensors, which share their memory with the batch's arrays.

    post_ids, rows: int64 [B]. mask: bool [B], False for padding. epoch, step, batch_count: int.
    With whole posts also tag_values: int64 [T] and tag_offsets: int64 [B + 1] (CSR), as
    torch.nn.EmbeddingBag(include_last_offset=True) takes them.
    """
    tensors: dict[str, Any] = {
        "epoch": batch.epoch,
        "step": batch.step,
        "batch_count": batch.batch_count,
        "post_ids": torch.from_numpy(batch.post_ids),
        "rows": torch.from_numpy(batch.rows),
        "mask": torch.from_numpy(batch.mask),
    }
    if batch.has_posts:
        tensors["tag_values"] = torch.from_numpy(batch.tags.values)
        tensors["tag_offsets"] = torch.from_numpy(batch.tags.offsets)
    return tensors


class BatchDataset(IterableDataset):  # type: ignore[misc]  # torch 1.13 has no annotations
    """What dataset() returns. Every iteration begins at `start`, so call set_epoch(), or set `start`, before
    each `for` over the DataLoader; both reach workers that persist between epochs."""

    def __init__(
        self,
        address: str,
        *,
        plan: str,
        split: str,
        rank: int,
        world_size: int,
        epochs: int | None,
        start: Position,
        view: str,
        prefetch: int,
        transform: Callable[[Batch], Any],
        timeout_s: float,
    ) -> None:
        check_reading(epochs, prefetch)
        super().__init__()
        self._slice = Slice(
            address, plan=plan, split=split, rank=rank, world_size=world_size, view=view, timeout_s=timeout_s
        )
        self._epochs = epochs
        self._prefetch = prefetch
        self._transform = transform
        # (epoch, step), in memory shared with the workers of every start method.
        self._start = torch.tensor([start.epoch, start.step], dtype=torch.int64).share_memory_()

    @property
    def start(self) -> Position:
        """Where the next iteration begins."""
        epoch, step = self._start.tolist()
        return Position(epoch, step)

    @start.setter
    def start(self, position: Position) -> None:
        self._start[0] = position.epoch
        self._start[1] = position.step

    def set_epoch(self, epoch: int) -> None:
        """Begins the next iteration at the epoch's first step. With the epoch that `start` is in already, the
        step stays: a resumed run may go through the same loop as a new one."""
        if epoch != self.start.epoch:
            self.start = Position(epoch, 0)

    def __len__(self) -> int:
        """Batches of an iteration from `start`, over all workers. TypeError when it has no end."""
        if self._epochs is None:
            raise TypeError("the dataset has no end (epochs=None)")
        first, end = self._range(self._slice.described())
        return end - first

    def __iter__(self) -> Iterator[Any]:
        """Yields transform(batch) for this worker's share. Errors as Loader's."""
        sequence = self._slice.described()
        if sequence.batch_count == 0:
            return
        first, end = self._range(sequence)
        worker = get_worker_info()
        worker_id, worker_count = (worker.id, worker.num_workers) if worker else (0, 1)
        batches = Prefetcher(
            lambda interrupted: self._share(sequence, first + worker_id, end, worker_count, interrupted),
            # The requests in flight are the strided share's own fetching ahead.
            self._prefetch if worker_count == 1 else 0,
        )
        try:
            for batch in batches:
                yield self._transform(batch)
        finally:
            batches.close()

    def _share(
        self,
        sequence: _sequence.Sequence,
        first: int,
        end: int,
        stride: int,
        interrupted: _sequence.Interrupted,
    ) -> Iterator[Batch]:
        if stride == 1:
            return _sequence.stream(
                self._slice.connection,
                sequence,
                sequence.at(first),
                sequence.at(end),
                timeout_s=self._slice.timeout_s,
                interrupted=interrupted,
            )
        return _sequence.strided(
            self._slice.connection,
            sequence,
            first,
            end,
            stride,
            window=max(self._prefetch, 1),
            timeout_s=self._slice.timeout_s,
            interrupted=interrupted,
        )

    def _range(self, sequence: _sequence.Sequence) -> tuple[int, int]:
        """The numbers of an iteration's first batch and of the one behind its last."""
        start = sequence.normalize(self.start)
        epochs = _sequence.EPOCH_COUNT_MAX if self._epochs is None else self._epochs
        end_epoch = min(start.epoch + epochs, _sequence.EPOCH_COUNT_MAX)
        return sequence.index(start), sequence.index(Position(end_epoch, 0))


def dataset(
    address: str,
    *,
    plan: str,
    split: str = "train",
    rank: int | None = None,
    world_size: int | None = None,
    epochs: int | None = 1,
    start: Position | None = None,
    view: str = "posts",
    prefetch: int = 2,
    transform: Callable[[Batch], Any] = to_tensors,
    timeout_s: float = 120.0,
) -> BatchDataset:
    """An IterableDataset of transform(batch), by default dicts of tensors; see to_tensors.

    rank, world_size: by default those of torch.distributed, when it is initialized; else 0 of 1. prefetch:
    batches, for each worker, fetched ahead. transform runs in the worker; with the start methods spawn and
    forkserver it must be picklable. The other arguments are Loader's.

    ValueError when the environment's WORLD_SIZE says that there are several ranks but torch.distributed is
    not initialized and no rank is given: every rank would then train on everything.
    """
    if (rank is None) != (world_size is None):
        raise ValueError("give rank and world_size together, or neither")
    if rank is None or world_size is None:
        rank, world_size = _distributed_rank()
    return BatchDataset(
        address,
        plan=plan,
        split=split,
        rank=rank,
        world_size=world_size,
        epochs=epochs,
        start=start or Position(0, 0),
        view=view,
        prefetch=prefetch,
        transform=transform,
        timeout_s=timeout_s,
    )


def _distributed_rank() -> tuple[int, int]:
    distributed = torch.distributed
    if distributed.is_available() and distributed.is_initialized():
        return int(distributed.get_rank()), int(distributed.get_world_size())
    if os.environ.get("WORLD_SIZE", "1") != "1":
        raise ValueError(
            "WORLD_SIZE is set, but torch.distributed is not initialized: "
            "call init_process_group first, or give rank and world_size"
        )
    return 0, 1
