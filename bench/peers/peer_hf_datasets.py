"""Hugging Face datasets, three ways.

map: Dataset.shuffle, then iter(batch_size). iterable: to_iterable_dataset over shards, shuffled with a buffer, which
their documentation calls the faster one. loader: a torch DataLoader whose sampler gives whole batches of indexes.
Batches are Arrow tables (with_format("arrow")), which their documentation calls the fastest format.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import arrow_columns
import common

SHARDS = 64
BUFFER = 10_000


class HfDatasets(common.Peer):
    packages = ("datasets", "pyarrow")

    def __init__(self, options: Any) -> None:
        super().__init__(options)
        import datasets

        dataset = datasets.load_from_disk(str(options.data / "dataset")).with_format("arrow")
        self.dataset = dataset
        self.stream: Any = None
        self.epochs: Any = None
        if options.variant == "iterable":
            shuffled = dataset.to_iterable_dataset(num_shards=SHARDS).shuffle(seed=common.SEED, buffer_size=BUFFER)
            self.stream = shuffled.batch(common.BATCH_SIZE)
            self.resumed = False
        elif options.variant == "loader":
            import torch_epochs

            self.epochs = torch_epochs.Epochs(dataset, self.workers, collate, batched=True)

    @classmethod
    def prepare(cls, content: common.Content, folder: Path) -> None:
        import datasets
        import pyarrow as pa

        table = pa.concat_tables(arrow_columns.tables(content, 65_536))
        datasets.Dataset(table).save_to_disk(str(folder / "dataset"), num_proc=1)

    def epoch(self, number: int) -> Iterator[common.Batch]:
        if self.epochs is not None:
            yield from self.epochs.epoch(number)
        elif self.stream is not None:
            if not self.resumed:
                self.stream.set_epoch(number)
            self.resumed = False
            for examples in self.stream:
                yield unbatch(examples)
        else:
            # Kept in memory: otherwise every epoch's order becomes a file of its own.
            shuffled = self.dataset.shuffle(seed=common.SEED + number, keep_in_memory=True)
            for table in shuffled.iter(batch_size=common.BATCH_SIZE):
                yield arrow_columns.to_batch(table)

    def state(self) -> Any:
        if self.epochs is not None:
            return self.epochs.state()
        return None if self.stream is None else self.stream.state_dict()

    def load(self, state: Any) -> None:
        if self.epochs is not None:
            self.epochs.load(state)
        else:
            self.stream.load_state_dict(state)
            self.resumed = True


def unbatch(examples: Any) -> common.Batch:
    """`batch` makes one row of 256, every column a list of its values."""
    import pyarrow as pa

    lists = {name: examples.column(name).combine_chunks() for name in examples.column_names}
    flat = {
        name: (column.chunk(0) if isinstance(column, pa.ChunkedArray) else column) for name, column in lists.items()
    }
    return arrow_columns.to_batch(pa.table({name: column.flatten() for name, column in flat.items()}))


def collate(table: Any) -> common.Batch:
    import torch_epochs

    return torch_epochs.as_tensors(arrow_columns.to_batch(table))


if __name__ == "__main__":
    common.main(HfDatasets)
