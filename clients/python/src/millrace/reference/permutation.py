"""The permutation `P(size, key)`: section 4."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from millrace.reference.keys import Words, mix, reduce, words_of

_TABLE_SIZE_MAX = 1024


class Permutation:
    """A bijection of 0 to size - 1. `permutation[i]` is the element at index i: O(1) time and, above 1,024, memory."""

    def __init__(self, size: int, key: bytes) -> None:
        self.size = size
        self._w = words_of(key, size)
        self._table = _shuffled_table(size, self._w) if size <= _TABLE_SIZE_MAX else None
        self._low_bits = (size - 1).bit_length() // 2
        self._high_side = ((size - 1) >> self._low_bits) + 1

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> int:
        if not 0 <= index < self.size:
            raise IndexError(f"index {index} of a permutation of {self.size}")
        if self._table is not None:
            return self._table[index]
        value = self._pass(index)
        while value >= self.size:
            value = self._pass(value)
        return value

    def __iter__(self) -> Iterator[int]:
        return (self[index] for index in range(self.size))

    def _pass(self, value: int) -> int:
        w, low_bits, high_side = self._w, self._low_bits, self._high_side
        high, low = value >> low_bits, value & (1 << low_bits) - 1
        for r in range(0, 8, 2):
            high = (high + reduce(mix(low, w[2 * r], w[2 * r + 1]), high_side)) % high_side
            low ^= mix(high, w[2 * r + 2], w[2 * r + 3]) >> 32 - low_bits
        return high << low_bits | low


def _shuffled_table(size: int, w: Words) -> list[int]:
    table = list(range(size))
    for i in range(size - 1, 0, -1):
        j = reduce(_draw(i, w), i + 1)
        table[i], table[j] = table[j], table[i]
    return table


def _draw(counter: int, w: Words) -> int:
    h = counter
    for k in range(4):
        h = mix(h, w[2 * k], w[2 * k + 1])
        h ^= h >> 16
    return h


@lru_cache(maxsize=256)
def permutation(size: int, key: bytes) -> Permutation:
    """`P(size, key)`; the last ones are kept, as neighbouring samples use the same."""
    return Permutation(size, key)
