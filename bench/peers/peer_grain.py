"""Grain: ArrayRecord files, MapDataset with a global shuffle, prefetching threads or worker processes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import common

# Small files: reading one record takes time in proportion to the records of its file (its index, 3 ms at a million).
FILE_POSTS = 10_000


def collate(records: Sequence[bytes]) -> common.Batch:
    return common.collate_records(records)


class Grain(common.Peer):
    packages = ("grain", "array_record")

    def __init__(self, options: Any) -> None:
        super().__init__(options)
        import grain
        from absl import flags

        # Grain reads absl's flags when it starts workers.
        flags.FLAGS(["bench"])
        self.source = grain.sources.ArrayRecordDataSource([str(path) for path in sorted(options.data.glob("*.array"))])
        self.iterator: Any = None
        self.restored: Any = None

    @classmethod
    def prepare(cls, content: common.Content, folder: Path) -> None:
        from array_record.python.array_record_module import ArrayRecordWriter

        for number, first in enumerate(range(0, len(content), FILE_POSTS)):
            # Groups of 1, as Grain's documentation asks for random access; compressed ones took 10 % more time.
            writer = ArrayRecordWriter(str(folder / f"posts-{number:03d}.array"), "group_size:1,uncompressed")
            for post in content.posts(first, min(len(content), first + FILE_POSTS)):
                writer.write(common.encode_record(post))
            writer.close()

    def epoch(self, number: int) -> Iterator[common.Batch]:
        import grain

        dataset = grain.MapDataset.source(self.source).seed(common.SEED + number).shuffle()
        dataset = dataset.batch(common.BATCH_SIZE, batch_fn=collate)
        threads = 0 if self.options.variant == "plain" else 16
        epochs = dataset.to_iter_dataset(grain.ReadOptions(num_threads=threads, prefetch_buffer_size=threads * 2))
        if self.workers:
            epochs = epochs.mp_prefetch(grain.MultiprocessingOptions(num_workers=self.workers))
        self.iterator = iter(epochs)
        if self.restored is not None:
            self.iterator.set_state(self.restored)
            self.restored = None
        yield from self.iterator

    def state(self) -> Any:
        return self.iterator.get_state()

    def load(self, state: Any) -> None:
        self.restored = state


if __name__ == "__main__":
    common.main(Grain)
