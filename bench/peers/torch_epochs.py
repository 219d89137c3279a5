"""What the peers that use torch's DataLoader share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from common import BATCH_SIZE, SEED, Batch
from torch.utils.data import DataLoader, Dataset, Sampler


class Shuffled(Sampler):  # type: ignore[type-arg]
    """RandomSampler, seeded by the epoch, that can begin in mid-epoch; yields batches of indexes if `batched`."""

    def __init__(self, size: int, *, batched: bool) -> None:
        self.size = size
        self.batched = batched
        self.epoch = 0
        self.first_batch = 0

    def __iter__(self) -> Iterator[Any]:
        generator = torch.Generator().manual_seed(SEED + self.epoch)
        order = torch.randperm(self.size, generator=generator)[self.first_batch * BATCH_SIZE :]
        if not self.batched:
            yield from order.tolist()
            return
        for batch in order.split(BATCH_SIZE):
            yield batch.tolist()

    def __len__(self) -> int:
        left = self.size - self.first_batch * BATCH_SIZE
        return -(-left // BATCH_SIZE) if self.batched else left


class Epochs:
    """Epochs of a map-style dataset in a DataLoader. The collate function gives a Batch of tensors."""

    def __init__(self, dataset: Dataset[Any], workers: int, collate: Any, *, batched: bool) -> None:
        self.sampler = Shuffled(len(dataset), batched=batched)  # type: ignore[arg-type]
        self.loader = DataLoader(
            dataset,
            sampler=self.sampler,
            batch_size=None if batched else BATCH_SIZE,
            collate_fn=collate,
            num_workers=workers,
            persistent_workers=workers > 0,
        )
        self.batch_count = 0

    def epoch(self, number: int) -> Iterator[Batch]:
        self.sampler.epoch = number
        self.batch_count = self.sampler.first_batch
        for batch in self.loader:
            self.batch_count += 1
            yield as_numpy(batch)
        self.sampler.first_batch = 0

    def state(self) -> int:
        return self.batch_count

    def load(self, batch_count: int) -> None:
        self.sampler.first_batch = batch_count


def as_tensors(batch: Batch) -> Batch:
    """Tensors go from workers to the trainer by shared memory; numpy arrays would be pickled."""
    return Batch(*(torch.from_numpy(values) for values in batch))  # type: ignore[arg-type]


def as_numpy(batch: Any) -> Batch:
    """Views; no copy."""
    return Batch(*(tensor.numpy() for tensor in batch))
