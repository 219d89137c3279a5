"""Makes the common content of all peers from a dump as generate-dump prints it: one .npy file a column.

python content.py DUMP.jsonl FOLDER
"""

from __future__ import annotations

import json
import multiprocessing
import sys
from collections.abc import Iterator
from pathlib import Path

import common
import numpy as np
import orjson

# Millrace's numbers of the three-step scheme: safe, questionable, explicit.
RATINGS = {"s": 5, "q": 3, "e": 4}


def _blocks(path: Path, size: int = 32 << 20) -> Iterator[bytes]:
    """The file in pieces of whole lines."""
    with path.open("rb") as file:
        rest = b""
        while piece := file.read(size):
            cut = piece.rfind(b"\n") + 1
            yield rest + piece[:cut]
            rest = piece[cut:]


def _parse(block: bytes) -> list[np.ndarray]:
    posts = [orjson.loads(line) for line in block.splitlines()]
    tags = [[int(tag["id"]) for tag in post["tags"]] for post in posts]
    fields = (("image_width", np.int32), ("image_height", np.int32), ("score", np.int32))
    return [
        np.array([int(post["id"]) for post in posts], dtype=np.int64),
        np.array([tag for of_post in tags for tag in of_post], dtype=np.int32),
        np.array([len(of_post) for of_post in tags], dtype=np.int64),
        np.array([RATINGS[post["rating"]] for post in posts], dtype=np.uint8),
        *(np.array([int(post[name]) for post in posts], dtype=kind) for name, kind in fields),
    ]


def main(dump: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with multiprocessing.Pool() as pool:
        parts = list(zip(*pool.imap(_parse, _blocks(dump)), strict=True))
    columns = dict(zip(common.Batch._fields, map(np.concatenate, parts), strict=True))
    columns["tag_offsets"] = np.concatenate(([0], np.cumsum(columns["tag_offsets"])))
    for name, values in columns.items():
        np.save(folder / f"{name}.npy", values)
    content = common.Content(folder)
    checksum = common.Checksum()
    for first in range(0, len(content), 65_536):
        checksum.add(content.rows(first, min(len(content), first + 65_536)))
    expected = {"posts": len(content), "ids": common.ids_digest(np.asarray(content.ids)), "checksum": checksum.sums}
    # Last: it says that the rest is complete.
    (folder / "content.json").write_text(json.dumps(expected))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
