"""torch DataLoader over Parquet, two ways.

memory: the whole file as an Arrow table in memory, batches taken by shuffled indexes. stream: row groups in shuffled
order, rows shuffled among 16 groups, as one does with files that are larger than memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import arrow_columns
import common
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch_epochs
from torch.utils.data import DataLoader, Dataset, IterableDataset, get_worker_info

FILE_NAME = "posts.parquet"
ROW_GROUP = 8192
GROUPS_SHUFFLED = 16


class InMemory(Dataset):  # type: ignore[type-arg]
    def __init__(self, path: Path) -> None:
        self.table = pq.read_table(path, use_threads=False).combine_chunks()

    def __len__(self) -> int:
        return self.table.num_rows

    def __getitem__(self, indexes: list[int]) -> common.Batch:
        return arrow_columns.to_batch(self.table.take(pa.array(indexes)))


class RowGroups(IterableDataset):  # type: ignore[type-arg]
    def __init__(self, path: Path) -> None:
        self.path = path
        self.epoch = 0

    def __iter__(self) -> Iterator[common.Batch]:
        file = pq.ParquetFile(self.path, memory_map=True)
        random = np.random.default_rng(common.SEED + self.epoch)
        groups = random.permutation(file.num_row_groups)
        if (worker := get_worker_info()) is not None:
            groups = groups[worker.id :: worker.num_workers]
        rest = None
        for first in range(0, len(groups), GROUPS_SHUFFLED):
            table = file.read_row_groups(groups[first : first + GROUPS_SHUFFLED].tolist(), use_threads=False)
            table = table.combine_chunks().take(pa.array(random.permutation(table.num_rows)))
            if rest is not None:
                table = pa.concat_tables([rest, table]).combine_chunks()
            whole = table.num_rows // common.BATCH_SIZE * common.BATCH_SIZE
            if first + GROUPS_SHUFFLED >= len(groups):
                whole = table.num_rows
            for at in range(0, whole, common.BATCH_SIZE):
                yield arrow_columns.to_batch(table.slice(at, common.BATCH_SIZE))
            rest = table.slice(whole)


class TorchParquet(common.Peer):
    packages = ("pyarrow",)

    def __init__(self, options: Any) -> None:
        super().__init__(options)
        path = options.data / FILE_NAME
        self.in_memory: torch_epochs.Epochs | None = None
        if options.variant == "memory":
            dataset = InMemory(path)
            self.in_memory = torch_epochs.Epochs(dataset, self.workers, torch_epochs.as_tensors, batched=True)
            return
        self.row_groups = RowGroups(path)
        # No persistent workers: a dataset's copy in them would not hear of the next epoch.
        self.loader = DataLoader(
            self.row_groups, batch_size=None, collate_fn=torch_epochs.as_tensors, num_workers=self.workers
        )

    @classmethod
    def prepare(cls, content: common.Content, folder: Path) -> None:
        tables = arrow_columns.tables(content, ROW_GROUP)
        with pq.ParquetWriter(folder / FILE_NAME, tables[0].schema) as writer:
            for table in tables:
                writer.write_table(table, row_group_size=ROW_GROUP)

    def epoch(self, number: int) -> Iterator[common.Batch]:
        if self.in_memory is not None:
            yield from self.in_memory.epoch(number)
            return
        self.row_groups.epoch = number
        for batch in self.loader:
            yield torch_epochs.as_numpy(batch)

    def state(self) -> Any:
        return None if self.in_memory is None else self.in_memory.state()

    def load(self, state: Any) -> None:
        if self.in_memory is not None:
            self.in_memory.load(state)

    def versions(self) -> dict[str, str]:
        import torch

        return {"torch": torch.__version__, **super().versions()}


if __name__ == "__main__":
    common.main(TorchParquet)
