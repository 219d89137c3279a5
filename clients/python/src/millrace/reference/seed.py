"""The seed system's random numbers and its partitions: section 5.6."""

from __future__ import annotations

from collections.abc import Iterator, MutableSequence
from typing import Any, NamedTuple

_MASK32 = 2**32 - 1
_MASK64 = 2**64 - 1
_CONSTANTS = (0x61707865, 0x3320646E, 0x79622D32, 0x6B206574)
# Columns, then diagonals (RFC 8439, section 2.3).
_QUARTER_ROUNDS = (
    (0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
    (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14),
)  # fmt: skip


def _key_words(seed: int) -> list[int]:
    words, state = [], seed
    for _ in range(8):
        state = (state * 6364136223846793005 + 11634580027462260723) & _MASK64
        word, count = (((state >> 18) ^ state) >> 27) & _MASK32, state >> 59
        words.append((word >> count | word << (32 - count)) & _MASK32)
    return words


def _block(key: list[int], number: int) -> list[int]:
    start = [*_CONSTANTS, *key, number & _MASK32, number >> 32, 0, 0]
    x = start.copy()
    for a, b, c, d in _QUARTER_ROUNDS * 4:
        xa, xb, xc, xd = x[a], x[b], x[c], x[d]
        for left, right in ((16, 12), (8, 7)):
            xa = (xa + xb) & _MASK32
            xd ^= xa
            xd = (xd << left | xd >> (32 - left)) & _MASK32
            xc = (xc + xd) & _MASK32
            xb ^= xc
            xb = (xb << right | xb >> (32 - right)) & _MASK32
        x[a], x[b], x[c], x[d] = xa, xb, xc, xd
    return [(first + last) & _MASK32 for first, last in zip(start, x, strict=True)]


class SeedRandom:
    """ChaCha8 seeded from a number of 64 bits. Every draw takes words off one stream."""

    def __init__(self, seed: int) -> None:
        self._words = self._stream(_key_words(seed))

    @staticmethod
    def _stream(key: list[int]) -> Iterator[int]:
        number = 0
        while True:
            yield from _block(key, number)
            number += 1

    def next_u32(self) -> int:
        return next(self._words)

    def next_u64(self) -> int:
        low = next(self._words)
        return next(self._words) << 32 | low

    def uniform_u32(self, low: int, high: int) -> int:
        """An even draw from low to high - 1, which fit into 32 bits."""
        return self._uniform(low, high, 32)

    def uniform_u64(self, low: int, high: int) -> int:
        """An even draw from low to high - 1, which fit into 64 bits. Not the draw that `uniform_u32` makes."""
        return self._uniform(low, high, 64)

    def _uniform(self, low: int, high: int, bits: int) -> int:
        span = high - low
        accepted = span << (bits - span.bit_length())
        while True:
            product = (self.next_u32() if bits == 32 else self.next_u64()) * span
            if product % 2**bits < accepted:
                return low + (product >> bits)

    def shuffle(self, elements: MutableSequence[Any]) -> None:
        for i in range(len(elements) - 1, 0, -1):
            j = self.uniform_u32(0, i + 1) if i < _MASK32 else self.uniform_u64(0, i + 1)
            elements[i], elements[j] = elements[j], elements[i]


def _rounded_quotient(numerator: int, denominator: int) -> int:
    """To the nearest integer, halves to the even one."""
    quotient, remainder = divmod(numerator, denominator)
    return quotient + (2 * remainder + quotient % 2 > denominator)


def _rounded_24(number: int) -> int:
    """The nearest number of 24 binary digits."""
    excess = max(number.bit_length() - 24, 0)
    return _rounded_quotient(number, 1 << excess) << excess


def seed_share(batch_count: int, percent: int) -> int:
    """Batches of a split with that percentage: the whole part in 32-bit floating point, at least 1."""
    product = _rounded_24(_rounded_24(batch_count) * percent)
    scale = 24 - (product // 100).bit_length()
    if scale >= 0:
        whole = _rounded_quotient(product << scale, 100) >> scale
    else:
        whole = _rounded_quotient(product, 100 << -scale) << -scale
    return max(whole, 1)


class SeedBatches(NamedTuple):
    """Each split's batches in the order served; rows, counted from 0, in the order drawn."""

    train: list[list[int]]
    validation: list[list[int]]
    test: list[list[int]]


def seed_partition(
    row_count: int, batch_size: int, seed: int, *, validation_percent: int, test_percent: int
) -> SeedBatches:
    """Raises ValueError when a split would have no batch."""
    if row_count > 2**32:
        raise ValueError(f"the seed system knows at most 2^32 rows, not {row_count}")
    batch_count = row_count // (2 * batch_size)
    validation, test = seed_share(batch_count, validation_percent), seed_share(batch_count, test_percent)
    train = batch_count - validation - test
    if train < 1:
        raise ValueError(f"{batch_count} batches are too few: {validation} for validation, {test} for test")
    random = SeedRandom(seed)
    batches = []
    for first in range(0, 2 * batch_size * batch_count, 2 * batch_size):
        batch: dict[int, None] = {}  # a set in the order of insertion
        while len(batch) < batch_size:
            batch[random.uniform_u64(first, first + 2 * batch_size)] = None
        batches.append(list(batch))
    random.shuffle(batches)
    batches.reverse()
    return SeedBatches(batches[:train], batches[train : train + validation], batches[train + validation :])
