"""MosaicML streaming: MDS shards on the local disk, its default shuffle, its StreamingDataLoader."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import common

COLUMNS = {
    "id": "int64",
    "rating": "uint8",
    "width": "int32",
    "height": "int32",
    "score": "int32",
    "tags": "ndarray:int32",
}


def collate(samples: list[dict[str, Any]]) -> common.Batch:
    import torch_epochs

    batch = common.collate_posts([tuple(sample[name] for name in COLUMNS) for sample in samples])  # type: ignore[misc]
    return torch_epochs.as_tensors(batch)


class MosaicMl(common.Peer):
    packages = ("mosaicml-streaming",)

    def __init__(self, options: Any) -> None:
        super().__init__(options)
        from streaming import StreamingDataLoader, StreamingDataset
        from streaming.base.util import clean_stale_shared_memory

        clean_stale_shared_memory()
        dataset = StreamingDataset(
            local=str(options.data / "mds"), shuffle=True, shuffle_seed=common.SEED, batch_size=common.BATCH_SIZE
        )
        self.loader = StreamingDataLoader(
            dataset,
            batch_size=common.BATCH_SIZE,
            num_workers=self.workers,
            collate_fn=collate,
            persistent_workers=self.workers > 0,
        )

    @classmethod
    def prepare(cls, content: common.Content, folder: Path) -> None:
        from streaming import MDSWriter

        with MDSWriter(out=str(folder / "mds"), columns=COLUMNS) as writer:
            for post in content.posts():
                writer.write(dict(zip(COLUMNS, post, strict=True)))

    def epoch(self, number: int) -> Iterator[common.Batch]:
        import torch_epochs

        for batch in self.loader:
            yield torch_epochs.as_numpy(batch)

    def state(self) -> Any:
        return self.loader.state_dict()

    def load(self, state: Any) -> None:
        self.loader.load_state_dict(state)


if __name__ == "__main__":
    common.main(MosaicMl)
