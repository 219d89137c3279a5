"""WebDataset: tar shards of records, shards and a buffer of samples shuffled."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import common

SHARD_POSTS = 10_000
BUFFER = 10_000


def collate(samples: list[dict[str, Any]]) -> common.Batch:
    return common.collate_records([sample["bin"] for sample in samples])


class WebDataset(common.Peer):
    packages = ("webdataset",)

    def __init__(self, options: Any) -> None:
        super().__init__(options)
        self.urls = [str(path) for path in sorted(options.data.glob("*.tar"))]

    @classmethod
    def prepare(cls, content: common.Content, folder: Path) -> None:
        shard = None
        for number, post in enumerate(content.posts()):
            if number % SHARD_POSTS == 0:
                if shard is not None:
                    shard.close()
                shard = tarfile.open(
                    folder / f"posts-{number // SHARD_POSTS:05d}.tar", "w", format=tarfile.USTAR_FORMAT
                )
            record = common.encode_record(post)
            member = tarfile.TarInfo(f"{post[0]:09d}.bin")
            member.size = len(record)
            shard.addfile(member, io.BytesIO(record))
        shard.close()

    def epoch(self, number: int) -> Iterator[common.Batch]:
        import webdataset as wds

        dataset = (
            wds.WebDataset(
                self.urls,
                shardshuffle=len(self.urls),
                detshuffle=True,
                seed=common.SEED + number,
                workersplitter=wds.split_by_worker,
                empty_check=False,
            )
            .shuffle(BUFFER, initial=BUFFER)
            .batched(common.BATCH_SIZE, collation_fn=collate, partial=True)
        )
        if self.workers == 0:
            yield from dataset
            return
        yield from wds.WebLoader(dataset, batch_size=None, num_workers=self.workers)


if __name__ == "__main__":
    common.main(WebDataset)
