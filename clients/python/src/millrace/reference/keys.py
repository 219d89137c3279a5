"""Keys and the numbers drawn from them: sections 3, 4.1, 4.2, 5.3 and 6.3."""

from __future__ import annotations

import hashlib
import struct

EPOCH_MAX = 2**31 - 1
_MASK32 = 2**32 - 1

Words = tuple[int, ...]


def derive_key(label: str, seed: int, name: str, number: int) -> bytes:
    """The specification's `key`: 32 bytes."""
    label_bytes, name_bytes = label.encode("ascii"), name.encode("ascii")
    message = bytes([len(label_bytes)]) + label_bytes + struct.pack("<Q", seed)
    message += bytes([len(name_bytes)]) + name_bytes + struct.pack("<Q", number)
    return hashlib.sha256(message).digest()


def selection_key(seed: int) -> bytes:
    return derive_key("millrace.v1.selection", seed, "", 0)


def epoch_key(seed: int, split: str, epoch: int) -> bytes:
    return derive_key("millrace.v1.epoch", seed, split, epoch)


def subkey(key: bytes, number: int) -> bytes:
    return hashlib.sha256(key + struct.pack("<Q", number)).digest()


def words_of(key: bytes, size: int) -> Words:
    """16 words of 32 bits."""
    prefix = key + struct.pack("<Q", size)
    stretched = hashlib.sha256(prefix + b"\x00").digest() + hashlib.sha256(prefix + b"\x01").digest()
    return struct.unpack("<16I", stretched)


def mix(x: int, a: int, b: int) -> int:
    h = (x ^ a) * 0x85EBCA6B & _MASK32
    h ^= h >> 15
    return (h + b & _MASK32) * 0xC2B2AE35 & _MASK32


def reduce(h: int, side: int) -> int:
    """Maps 32 bits to 0 to side - 1."""
    return h * side >> 32


def hash64(w: Words, kind: int, number: int) -> int:
    """A hash of (kind, number) in 64 bits; a bijection of the number for each kind."""
    a = number & _MASK32
    b = (number >> 32 & _MASK32) ^ (kind * 0x9E3779B9 & _MASK32)
    for r in range(6):
        h = mix(b if r % 2 == 0 else a, w[2 * r], w[2 * r + 1])
        h ^= h >> 16
        if r % 2 == 0:
            a ^= h
        else:
            b ^= h
    return b << 32 | a


def below(w: Words, kind: int, i: int, total: int) -> int:
    """Draw `i`: a number from 0 to total - 1."""
    return hash64(w, kind, i) * total >> 64
