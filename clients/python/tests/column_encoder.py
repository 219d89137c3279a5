"""Batches of columns as a server makes them, from the format's text: independent of the client's decoder."""

from __future__ import annotations

import numpy as np

from millrace.v1 import loader_service_pb2 as loader

_TYPES = {"uint8": loader.DATA_TYPE_UINT8, "int32": loader.DATA_TYPE_INT32, "int64": loader.DATA_TYPE_INT64}


def lay(columns: dict[str, np.ndarray]) -> tuple[list[loader.Column], bytes]:
    """The columns' descriptions and their body: each at a multiple of 64, zeros between."""
    described, body = [], b""
    for name, array in columns.items():
        body += bytes(-len(body) % 64)
        data = np.ascontiguousarray(array).tobytes()
        described.append(
            loader.Column(
                name=name,
                data_type=_TYPES[array.dtype.name],
                shape=array.shape,
                offset_bytes=len(body),
                size_bytes=len(data),
            )
        )
        body += data
    return described, body


def varint(number: int) -> bytes:
    out = b""
    while number >= 0x80:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def message(head: loader.Batch | None, body: bytes, offset: int = 0) -> bytes:
    """One message, its body at a multiple of 64 and last."""
    prefix = b""
    if head is not None:
        encoded = head.SerializeToString()
        prefix += b"\x0a" + varint(len(encoded)) + encoded
    if offset:
        prefix += b"\x20" + varint(offset)
    end = b"\x1a" + varint(len(body))
    padding = -(len(prefix) + 2 + len(end)) % 64
    return prefix + b"\x12" + bytes([padding]) + bytes(padding) + end + body


def messages(head: loader.Batch, columns: dict[str, np.ndarray], part_size: int = 0) -> list[bytes]:
    """A batch: one message, or parts of so many bytes."""
    described, body = lay(columns)
    head = loader.Batch.FromString(head.SerializeToString())
    head.columns.extend(described)
    head.body_size_bytes = len(body)
    size = part_size or max(len(body), 1)
    cuts = range(0, max(len(body), 1), size)
    return [message(head if at == 0 else None, body[at : at + size], at) for at in cuts]
