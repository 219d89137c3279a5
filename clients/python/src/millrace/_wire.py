"""Messages of batches of columns, taken apart without copying their bodies.

The generated classes would copy a body, which is nearly all of such a message; so the four top-level fields of
StreamBatchesResponse (and of GetBatchResponse, which has the first three) are found by hand, and only the head is
parsed. docs/batch-format.md has the format.
"""

from __future__ import annotations

import ctypes
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from millrace.errors import SequenceBroken
from millrace.v1 import loader_service_pb2 as pb

Uint8Array = npt.NDArray[np.uint8]

# Keys: field number << 3 | wire type.
_BATCH, _PADDING, _BODY, _BODY_OFFSET = 0x0A, 0x12, 0x1A, 0x20
# Of the wire types that have one.
_FIXED_SIZES = {1: 8, 5: 4}
ALIGNMENT_BYTES = 64
# Before so much memory is taken: no server sends more.
_BODY_SIZE_BYTES_MAX = 1 << 34
_PyBytes_AsString = ctypes.pythonapi.PyBytes_AsString
_PyBytes_AsString.restype = ctypes.c_void_p
_PyBytes_AsString.argtypes = (ctypes.py_object,)
_PyMemoryView_FromMemory = ctypes.pythonapi.PyMemoryView_FromMemory
_PyMemoryView_FromMemory.restype = ctypes.py_object
_PyMemoryView_FromMemory.argtypes = (ctypes.c_void_p, ctypes.c_ssize_t, ctypes.c_int)
_WRITABLE = 0x200  # PyBUF_WRITE


class Part(NamedTuple):
    """One message. head: the batch without its posts; None in all parts but the first. body: the bytes of it that are
    here, uint8 [N], a view of the message. offset: where they begin in the whole body."""

    head: pb.Batch | None
    body: Uint8Array
    offset: int


class _Memory(np.ndarray):  # type: ignore[type-arg]
    """A view that keeps what it views alive: arrays made from it refer to it, and it to the message."""

    owner: bytes


def _writable(message: bytes) -> Uint8Array:
    """The message's bytes as an array that may be written to: torch warns of memory that may not, and nobody else has
    this message."""
    view = _PyMemoryView_FromMemory(_PyBytes_AsString(message), len(message), _WRITABLE)
    memory = np.frombuffer(view, np.uint8).view(_Memory)
    memory.owner = message
    return memory


def parse(message: bytes) -> Part:
    """Takes a message apart. SequenceBroken when its bytes are no such message."""
    head: pb.Batch | None = None
    body_begin = body_end = len(message)
    offset = place = 0
    try:
        while place < len(message):
            key, place = _varint(message, place)
            if key & 7 in _FIXED_SIZES:
                place += _FIXED_SIZES[key & 7]
                continue
            number, place = _varint(message, place)
            if key & 7 == 0:
                offset = number if key == _BODY_OFFSET else offset
                continue
            end = place + number
            if end > len(message) or key & 7 != 2:
                raise ValueError(f"field {key >> 3} is no field, or ends at byte {end} of {len(message)}")
            if (key == _BATCH and head is not None) or (key == _BODY and body_begin < len(message)):
                raise ValueError(f"field {key >> 3} is there twice")
            if key == _BATCH:
                head = pb.Batch.FromString(message[place:end])
            elif key == _BODY:
                body_begin, body_end = place, end
            # Fields that are not known here are passed over: a later server may send more.
            place = end
    except Exception as error:  # the generated class raises an error of its own
        raise SequenceBroken(f"not a batch of columns: {error}") from None
    if body_begin == body_end:
        return Part(head, np.empty(0, np.uint8), offset)
    return Part(head, _writable(message)[body_begin:body_end].view(np.ndarray), offset)


def _varint(message: bytes, place: int) -> tuple[int, int]:
    """The number at `place`, and the place behind it."""
    byte = message[place]
    if byte < 0x80:
        return byte, place + 1
    number, shift = byte & 0x7F, 7
    while byte >= 0x80:
        place += 1
        byte = message[place]
        number |= (byte & 0x7F) << shift
        shift += 7
        if shift > 63:
            raise ValueError(f"a number at byte {place} is too long")
    return number, place + 1


def aligned(size_bytes: int) -> Uint8Array:
    """uint8 [size_bytes], at a multiple of 64 bytes."""
    memory = np.empty(size_bytes + ALIGNMENT_BYTES, np.uint8)
    skip = -memory.__array_interface__["data"][0] % ALIGNMENT_BYTES
    return memory[skip : skip + size_bytes]


class Assembler:
    """Puts batches together from their parts, each body in one array. Not thread-safe."""

    def __init__(self) -> None:
        self._head: Any = None
        self._body: Uint8Array | None = None
        self._filled = 0

    @property
    def is_between(self) -> bool:
        """Whether no batch has begun without being complete."""
        return self._head is None

    def add(self, message: bytes) -> tuple[pb.Batch, Uint8Array] | None:
        """The batch that this message completes, head and body; None when more parts follow. SequenceBroken when the
        message is not the next one."""
        head, part, offset = parse(message)
        if (head is not None) != self.is_between:
            raise SequenceBroken(
                "a batch began before the one before it was complete" if head else "a batch's head is missing"
            )
        if head is not None:
            if offset == 0 and head.body_size_bytes == len(part):
                return head, part  # one message: used where it lies
            if not len(part) < head.body_size_bytes <= _BODY_SIZE_BYTES_MAX:
                raise SequenceBroken(f"{len(part)} bytes came of a body that should have {head.body_size_bytes}")
            self._head, self._body, self._filled = head, aligned(head.body_size_bytes), 0
        assert self._body is not None
        end = offset + len(part)
        if offset != self._filled or end > len(self._body) or len(part) == 0:
            raise SequenceBroken(f"bytes {offset} to {end} of a body of {len(self._body)} came behind {self._filled}")
        self._body[offset:end] = part
        self._filled = end
        if end < len(self._body):
            return None
        whole = self._head, self._body
        self._head = self._body = None
        return whole
