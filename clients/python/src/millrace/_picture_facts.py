"""What a picture's file tells of it without being decoded."""

from __future__ import annotations

import hashlib
import os
import struct
from typing import IO

from millrace.v1 import import_service_pb2 as pb

# A JPEG's dimensions stand behind its metadata, mostly within this.
_START_SIZE_BYTES = 64 << 10
_PIECE_SIZE_BYTES = 1 << 20
_SIDE_MAX = 2**31 - 1


def describe(path: str, name: str, *, with_md5: bool) -> pb.Picture:
    """Its name and size, the dimensions when the file's first bytes tell them, and, if asked for, the MD5 of the whole
    file. A file that cannot be read has its name only: what is wrong with pictures is found when they are used."""
    message = pb.Picture(name=name)
    try:
        with open(path, "rb") as file:
            message.size_bytes = os.fstat(file.fileno()).st_size
            start = file.read(_START_SIZE_BYTES)
            if (sides := dimensions(start)) is not None:
                message.width_px, message.height_px = sides
            if with_md5:
                message.md5 = _md5(start, file)
    except OSError:
        pass
    return message


def dimensions(start: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG, JPEG, GIF or WebP picture that begins so, as stored (before any rotation); None when
    it is none of these or `start` does not reach."""
    sides: tuple[int, int] | None = None
    if start.startswith(b"\x89PNG\r\n\x1a\n") and len(start) >= 24:
        sides = struct.unpack_from(">II", start, 16)
    elif start.startswith(b"\xff\xd8"):
        sides = _of_jpeg(start)
    elif start.startswith((b"GIF87a", b"GIF89a")) and len(start) >= 10:
        sides = struct.unpack_from("<HH", start, 6)
    elif start.startswith(b"RIFF") and start[8:12] == b"WEBP" and len(start) >= 30:
        sides = _of_webp(start)
    return sides if sides is not None and all(0 < side <= _SIDE_MAX for side in sides) else None


def _of_jpeg(start: bytes) -> tuple[int, int] | None:
    """Goes from segment to segment to the frame's header."""
    place = 2
    while place + 9 <= len(start) and start[place] == 0xFF:
        marker = start[place + 1]
        if marker == 0xFF:  # padding
            place += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", start, place + 5)
            return width, height
        if marker in (0xDA, 0xD9):
            break
        place += 2 + int.from_bytes(start[place + 2 : place + 4], "big")
    return None


def _of_webp(start: bytes) -> tuple[int, int] | None:
    chunk = start[12:16]
    if chunk == b"VP8 " and start[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", start, 26)
        return width & 0x3FFF, height & 0x3FFF
    if chunk == b"VP8L" and start[20] == 0x2F:
        bits = int.from_bytes(start[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if chunk == b"VP8X":
        return int.from_bytes(start[24:27], "little") + 1, int.from_bytes(start[27:30], "little") + 1
    return None


def _md5(start: bytes, file: IO[bytes]) -> bytes:
    """Of `start` and what is left of the file."""
    digest = hashlib.md5(start, usedforsecurity=False)
    while piece := file.read(_PIECE_SIZE_BYTES):
        digest.update(piece)
    return digest.digest()
