"""Positions as text: section 8."""

from __future__ import annotations

import hashlib
import struct
from typing import NamedTuple

from millrace.reference.keys import EPOCH_MAX

_PREFIX = "mt1-"
_CHECKSUM_SIZE = 8


class Token(NamedTuple):
    plan_id: str
    split: str
    epoch: int
    step: int


def make_token(plan_id: str, split: str, epoch: int, step: int) -> str:
    name = split.encode("ascii")
    body = bytes.fromhex(plan_id) + bytes([len(name)]) + name + struct.pack("<QQ", epoch, step)
    return _PREFIX + (body + _checksum(body)).hex()


def parse_token(text: str) -> Token:
    """Raises ValueError unless it is a token; whether it is one of a certain plan is for the caller to compare."""
    digits = text.removeprefix(_PREFIX)
    if digits == text or not set(digits) <= set("0123456789abcdef") or len(digits) % 2 != 0:
        raise ValueError(f"not a token of version 1: it begins with {_PREFIX} and goes on in hexadecimal digits")
    data = bytes.fromhex(digits)
    body, checksum = data[:-_CHECKSUM_SIZE], data[-_CHECKSUM_SIZE:]
    if len(body) < 33 or len(body) != 32 + 1 + body[32] + 16:
        raise ValueError("the token is cut off, or too long")
    if _checksum(body) != checksum:
        raise ValueError("the token was changed: its checksum differs")
    epoch, step = struct.unpack("<QQ", body[-16:])
    if epoch > EPOCH_MAX:
        raise ValueError(f"the token's epoch is {epoch}, over 2^31 - 1")
    return Token(body[:32].hex(), body[33:-16].decode("ascii"), epoch, step)


def _checksum(body: bytes) -> bytes:
    return hashlib.sha256(b"millrace.v1.token" + body).digest()[:_CHECKSUM_SIZE]
