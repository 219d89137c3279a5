"""LitData: optimized chunks on the local disk, its shuffle, its StreamingDataLoader.

It asks for torch 2.4 and lists types that Debian's 1.13 lacks; none of them is used here, so others stand in for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import common
import peer_mosaicml
import torch

for missing in ("uint16", "uint32", "uint64"):
    if not hasattr(torch, missing):
        setattr(torch, missing, getattr(torch, missing.removeprefix("u")))

NAMES = tuple(peer_mosaicml.COLUMNS)


def read_block(task: tuple[str, int, int]) -> Iterator[dict[str, Any]]:
    folder, first, last = task
    for post in common.Content(Path(folder)).posts(first, last):
        yield dict(zip(NAMES, post, strict=True))


class LitData(common.Peer):
    packages = ("litdata",)

    def __init__(self, options: Any) -> None:
        super().__init__(options)
        import litdata

        dataset = litdata.StreamingDataset(str(options.data / "chunks"), shuffle=True, seed=common.SEED)
        # Without workers it passes None, which torch 1.13 does not take; 2 is what stands for nothing there.
        prefetch = {"prefetch_factor": 2} if self.workers == 0 else {}
        self.loader = litdata.StreamingDataLoader(
            dataset,
            batch_size=common.BATCH_SIZE,
            num_workers=self.workers,
            collate_fn=peer_mosaicml.collate,
            persistent_workers=self.workers > 0,
            **prefetch,
        )

    @classmethod
    def prepare(cls, content: common.Content, folder: Path) -> None:
        import litdata

        blocks = [
            (str(content.folder), first, min(len(content), first + 65_536)) for first in range(0, len(content), 65_536)
        ]
        litdata.optimize(
            read_block,
            inputs=blocks,
            output_dir=str(folder / "chunks"),
            chunk_bytes="64MB",
            num_workers=1,
            verbose=False,
        )

    def epoch(self, number: int) -> Iterator[common.Batch]:
        import torch_epochs

        for batch in self.loader:
            yield torch_epochs.as_numpy(batch)

    def state(self) -> Any:
        return self.loader.state_dict()

    def load(self, state: Any) -> None:
        self.loader.load_state_dict(state)


if __name__ == "__main__":
    common.main(LitData)
