"""Files in pieces of a size that a message takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

CHUNK_SIZE_BYTES = 256 << 10


def pieces(file: IO[bytes]) -> Iterator[bytes]:
    """What is left of the file, at most CHUNK_SIZE_BYTES at a time. TypeError when it is not binary. OSError."""
    while piece := file.read(CHUNK_SIZE_BYTES):
        if not isinstance(piece, bytes):
            raise TypeError(f"{file!r} must be open in binary mode")
        yield piece
