"""Messages of columns taken apart: what is right gives views of the message, and what is wrong an error."""

from __future__ import annotations

import random

import numpy as np
import pytest
from column_encoder import lay, message, messages

from millrace import SequenceBroken
from millrace._wire import Assembler, parse
from millrace.v1 import loader_service_pb2 as loader

COLUMNS = {
    "id": np.arange(5, dtype=np.int64),
    "tags.offsets": np.array([0, 1, 1, 3, 3, 4], np.int32),
    "tags.values": np.array([7, 8, 9, 10], np.int64),
    "rating": np.array([1, 2, 3, 0, 5], np.uint8),
}
HEAD = loader.Batch(plan_id="ab" * 32, split="train", epoch=3, step=2**40)


def whole(part_size: int = 0) -> list[bytes]:
    return messages(HEAD, COLUMNS, part_size)


def test_one_message_is_used_where_it_lies() -> None:
    (encoded,) = whole()
    part = parse(encoded)
    received = np.frombuffer(encoded, np.uint8)
    assert np.shares_memory(part.body, received)
    assert part.body.tobytes() == lay(COLUMNS)[1]
    assert (part.body.__array_interface__["data"][0] - received.__array_interface__["data"][0]) % 64 == 0
    assert part.head is not None
    assert part.head.step == 2**40


def test_the_bytes_are_a_message_of_the_published_schema() -> None:
    (encoded,) = whole()
    parsed = loader.StreamBatchesResponse.FromString(encoded)
    assert parsed.body == parse(encoded).body.tobytes()
    assert parsed.batch == parse(encoded).head
    assert loader.GetBatchResponse.FromString(encoded).body == parsed.body


def test_views_keep_the_message_alive() -> None:
    body = parse(whole()[0]).body
    tail = body[64:72].view(np.int32)
    expected = tail.copy()
    del body
    filler = [bytes(random.randbytes(4096)) for _ in range(1000)]
    assert np.array_equal(tail, expected)
    assert filler


def test_fields_that_are_not_known_are_passed_over() -> None:
    (encoded,) = whole()
    more = b"\x28\x07" + b"\x31" + bytes(8) + b"\x3d" + bytes(4) + b"\x82\x01\x03abc"
    assert parse(more + encoded).body.tobytes() == parse(encoded).body.tobytes()
    with pytest.raises(SequenceBroken):
        parse(encoded + b"\x2b\x01")


def test_a_head_or_a_body_that_is_there_twice_is_refused() -> None:
    (encoded,) = whole()
    part = parse(encoded)
    assert part.head is not None
    head = message(part.head, b"")
    for twice in (encoded + head[: len(head) - 2], encoded + b"\x1a\x01x"):
        with pytest.raises(SequenceBroken, match="twice"):
            parse(twice)


@pytest.mark.parametrize("part_size", [64, 128, 192])
def test_parts_are_joined_at_an_aligned_place(part_size: int) -> None:
    assembler = Assembler()
    encoded = whole(part_size)
    assert len(encoded) > 1
    for part in encoded[:-1]:
        assert assembler.add(part) is None
        assert not assembler.is_between
    received = assembler.add(encoded[-1])
    assert received is not None
    head, body = received
    assert body.tobytes() == lay(COLUMNS)[1]
    assert body.__array_interface__["data"][0] % 64 == 0
    assert head.body_size_bytes == len(body)
    assert assembler.is_between


def test_a_batch_without_samples_has_an_empty_column() -> None:
    (encoded,) = messages(HEAD, {"id": np.empty(0, np.int64)})
    received = Assembler().add(encoded)
    assert received is not None
    assert len(received[1]) == 0


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ([1], "a head is missing"),
        ([0, 0], "a batch begins before the one before is complete"),
        ([0, 2], "a part is missing"),
        ([0, 1, 1], "a part comes twice"),
    ],
)
def test_parts_that_do_not_follow_each_other_are_refused(parts: list[int], why: str) -> None:
    encoded, assembler = whole(64), Assembler()
    for part in parts[:-1]:
        assembler.add(encoded[part])
    with pytest.raises(SequenceBroken):
        assembler.add(encoded[parts[-1]])


def test_more_bytes_than_were_announced_are_refused() -> None:
    assembler = Assembler()
    assembler.add(whole(64)[0])
    with pytest.raises(SequenceBroken):
        assembler.add(message(None, bytes(10_000), 64))


def test_bytes_cut_off_anywhere_are_refused() -> None:
    (encoded,) = whole()
    for size in range(1, len(encoded)):
        assembler = Assembler()
        try:
            received = assembler.add(encoded[:size])
        except SequenceBroken:
            continue
        # Cut between two fields: a message, but not yet a batch.
        assert received is None or len(received[1]) == received[0].body_size_bytes


def test_bytes_changed_at_random_never_give_anything_but_a_batch_or_the_error() -> None:
    source = random.Random(5)
    (encoded,) = whole()
    for _ in range(3000):
        changed = bytearray(encoded)
        for _ in range(source.randint(1, 4)):
            changed[source.randrange(len(changed))] = source.randrange(256)
        try:
            received = Assembler().add(bytes(changed))
        except SequenceBroken:
            continue
        assert received is None or len(received[1]) == received[0].body_size_bytes
