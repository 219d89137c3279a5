"""torch DataLoader over SQLite, two ways: a post at a time as the tutorials show, or a batch at a time (IN (...))."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import common
import numpy as np
import sqlite_format
import torch_epochs
from torch.utils.data import Dataset

COLUMNS = "post_id, rating, width, height, score"


class Posts(Dataset):  # type: ignore[type-arg]
    """Opens the database in the process that reads it: connections do not survive a fork."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        self.size = size
        self.opened: sqlite3.Connection | None = None

    def __len__(self) -> int:
        return self.size

    @property
    def database(self) -> sqlite3.Connection:
        if self.opened is None:
            self.opened = sqlite_format.connect(self.folder)
        return self.opened


class OneByOne(Posts):
    def __getitem__(self, index: int) -> tuple[Any, ...]:
        post = self.database.execute(f"SELECT {COLUMNS} FROM posts WHERE id = ?", (index + 1,)).fetchone()
        tags = self.database.execute("SELECT tag_id FROM post_tags WHERE post_id = ?", post[:1]).fetchall()
        return (*post, np.array(tags, dtype=np.int32).ravel())


class ByBatch(Posts):
    """Two queries a batch, answered in the database's order and put into the batch's."""

    def __getitem__(self, indexes: list[int]) -> common.Batch:
        marks = ",".join("?" * len(indexes))
        rows = [index + 1 for index in indexes]
        posts = self.database.execute(f"SELECT id, {COLUMNS} FROM posts WHERE id IN ({marks})", rows).fetchall()
        fixed = np.array(posts, dtype=np.int64)
        fixed = fixed[np.searchsorted(fixed[:, 0], rows)]
        query = f"SELECT post_id, tag_id FROM post_tags WHERE post_id IN ({marks}) ORDER BY post_id"
        uses = np.array(self.database.execute(query, fixed[:, 1].tolist()).fetchall(), dtype=np.int64)
        first = np.searchsorted(uses[:, 0], fixed[:, 1], side="left")
        counts = np.searchsorted(uses[:, 0], fixed[:, 1], side="right") - first
        offsets = np.zeros(len(rows) + 1, dtype=np.int32)
        np.cumsum(counts, out=offsets[1:])
        places = np.repeat(first - offsets[:-1], counts) + np.arange(offsets[-1])
        return common.Batch(
            fixed[:, 1].copy(),
            uses[places, 1].astype(np.int32),
            offsets,
            fixed[:, 2].astype(np.uint8),
            *(fixed[:, column].astype(np.int32) for column in (3, 4, 5)),
        )


def collate_one_by_one(posts: list[tuple[Any, ...]]) -> common.Batch:
    return torch_epochs.as_tensors(common.collate_posts(posts))


class TorchSqlite(common.Peer):
    packages = ()

    def __init__(self, options: Any) -> None:
        super().__init__(options)
        is_batched = options.variant == "batch"
        dataset = (ByBatch if is_batched else OneByOne)(options.data, options.posts)
        collate = torch_epochs.as_tensors if is_batched else collate_one_by_one
        self.epochs = torch_epochs.Epochs(dataset, self.workers, collate, batched=is_batched)

    @classmethod
    def prepare(cls, content: common.Content, folder: Path) -> None:
        sqlite_format.prepare(content, folder)

    def epoch(self, number: int) -> Iterator[common.Batch]:
        return self.epochs.epoch(number)

    def state(self) -> Any:
        return self.epochs.state()

    def load(self, state: Any) -> None:
        self.epochs.load(state)

    def versions(self) -> dict[str, str]:
        import torch

        return {"torch": torch.__version__, "sqlite": sqlite3.sqlite_version}


if __name__ == "__main__":
    common.main(TorchSqlite)
