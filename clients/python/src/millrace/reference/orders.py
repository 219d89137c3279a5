"""Which member is sample `i` of an epoch: section 6.

Every order knows its number of samples, and gives for an epoch the function `x` of the specification.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import NamedTuple, Protocol

from millrace.reference.keys import Words, below, derive_key, epoch_key, subkey, words_of
from millrace.reference.permutation import permutation
from millrace.reference.spec import Spec, reduced_shares

Place = Callable[[int], int]


class Order(Protocol):
    sample_count: int

    def epoch(self, epoch: int) -> Place: ...


class Permuted:
    """`epoch` and `fixed`."""

    def __init__(self, member_count: int, seed: int, name: str, *, fixed: bool) -> None:
        self.sample_count = member_count
        self._seed, self._name, self._fixed = seed, name, fixed

    def epoch(self, epoch: int) -> Place:
        key = epoch_key(self._seed, self._name, 0 if self._fixed else epoch)
        return lambda i: permutation(self.sample_count, key)[i]


class PermutedBatches:
    """`epoch` and `fixed` with the strategy `partitioned`."""

    def __init__(self, member_count: int, batch_size: int, seed: int, name: str, *, fixed: bool) -> None:
        self.sample_count = member_count
        self._batch_size = batch_size
        self._seed, self._name, self._fixed = seed, name, fixed

    def epoch(self, epoch: int) -> Place:
        b = self._batch_size
        whole = self.sample_count // b
        key = epoch_key(self._seed, self._name, 0 if self._fixed else epoch)
        return lambda i: permutation(whole, key)[i // b] * b + i % b if i < whole * b else i


class Sequential:
    def __init__(self, member_count: int) -> None:
        self.sample_count = member_count

    def epoch(self, _epoch: int) -> Place:
        return lambda i: i


class Block:
    def __init__(self, member_count: int, block_rows: int, window_blocks: int, seed: int, name: str) -> None:
        self.sample_count = member_count
        self._block_rows, self._window_blocks = block_rows, window_blocks
        self._seed, self._name = seed, name

    def epoch(self, epoch: int) -> Place:
        m, rows = self.sample_count, self._block_rows
        key = derive_key("millrace.v1.blocks", self._seed, self._name, epoch)
        blocks = [range(number * rows, min((number + 1) * rows, m)) for number in permutation(-(-m // rows), key)]
        windows = [blocks[v : v + self._window_blocks] for v in range(0, len(blocks), self._window_blocks)]
        sizes = [sum(map(len, window)) for window in windows]
        starts = [0, *accumulate(sizes)]

        def x(i: int) -> int:
            v = bisect_right(starts, i) - 1
            place = permutation(sizes[v], subkey(key, v))[i - starts[v]]
            for block in windows[v]:
                if place < len(block):
                    return block[place]
                place -= len(block)
            raise AssertionError("a window holds its places")

        return x


class _Class(NamedTuple):
    """Members of one weight, ascending."""

    number: int
    weight: int
    members: list[int]


def _find(g: int, classes: Sequence[_Class]) -> tuple[_Class, int]:
    """The class in which `g` lies, and the rank in it."""
    for found in classes:
        if g < len(found.members) * found.weight:
            return found, g // found.weight
        g -= len(found.members) * found.weight
    raise AssertionError("g is less than the sum of the weights")


class Weighted:
    """`weights` has the weight of every member."""

    def __init__(self, weights: Sequence[int], spec: Spec, seed: int, name: str) -> None:
        self._seed, self._name, self._replacement = seed, name, spec["replacement"]
        by_weight: dict[int, list[int]] = {}
        for member, weight in enumerate(weights):
            if weight > 0:
                by_weight.setdefault(weight, []).append(member)
        descending = sorted(by_weight.items(), reverse=True)
        self._classes = [_Class(number, *entry) for number, entry in enumerate(descending)]
        self._total = sum(weights)
        drawable = sum(len(entry.members) for entry in self._classes)
        self.sample_count: int = spec.get("epoch_samples", len(weights) if self._replacement else drawable)
        if not weights:
            self.sample_count = 0  # a split without members
        elif not 0 < self._total < 2**63:
            raise ValueError(f"{name}: the sum of its weights is {self._total}, and must be from 1 to 2^63 - 1")
        elif not self._replacement and self.sample_count > drawable:
            raise ValueError(f"{name}: {self.sample_count} samples without replacement from {drawable} posts")

    def epoch(self, epoch: int) -> Place:
        key = derive_key("millrace.v1.weighted", self._seed, self._name, epoch)
        w = words_of(key, 0)
        return self._with_replacement(w) if self._replacement else self._without_replacement(key, w, epoch)

    def _with_replacement(self, w: Words) -> Place:
        def x(i: int) -> int:
            found, rank = _find(below(w, 0, i, self._total), self._classes)
            return found.members[rank]

        return x

    def _without_replacement(self, key: bytes, w: Words, epoch: int) -> Place:
        drawn, total, certain = self.sample_count, self._total, 0
        for entry in self._classes:
            if drawn == 0 or drawn * entry.weight < total:
                break
            certain += 1
            drawn -= len(entry.members)
            total -= len(entry.members) * entry.weight
        first_slots = [member for entry in self._classes[:certain] for member in entry.members]
        others = self._classes[certain:]
        offset = below(w, 1, 0, total)
        order = permutation(self.sample_count, epoch_key(self._seed, self._name, epoch))

        def x(i: int) -> int:
            slot = order[i]
            if slot < len(first_slots):
                return first_slots[slot]
            found, rank = _find(((slot - len(first_slots)) * total + offset) // drawn, others)
            return found.members[permutation(len(found.members), subkey(key, found.number))[rank]]

        return x


class Mixed:
    """`parts` has for every member the number of its part, or None."""

    def __init__(self, parts: Sequence[int | None], mix: Spec, seed: int, name: str) -> None:
        self._seed, self._name = seed, name
        self._cards = reduced_shares(mix)
        self._members: list[list[int]] = [[] for _ in self._cards]
        for member, part in enumerate(parts):
            if part is not None:
                self._members[part].append(member)
        self.sample_count: int = mix.get("epoch_samples", sum(map(len, self._members)))
        if not parts:
            self.sample_count = 0  # a split without members
        elif not all(self._members):
            raise ValueError(f"{name}: part {self._members.index([])} of the mix has no members")

    def epoch(self, epoch: int) -> Place:
        key = derive_key("millrace.v1.mix", self._seed, self._name, epoch)
        ends = [*accumulate(self._cards)]
        deck = [bisect_right(ends, card) for card in permutation(ends[-1], key)]
        dealt = [0] * len(self._cards)
        before = []  # for each place, the cards of its part at earlier places
        for part in deck:
            before.append(dealt[part])
            dealt[part] += 1

        def x(i: int) -> int:
            round_number, place = divmod(i, len(deck))
            part = deck[place]
            members = self._members[part]
            t = round_number * self._cards[part] + before[place]
            order = permutation(len(members), subkey(subkey(key, part), t // len(members)))
            return members[order[t % len(members)]]

        return x
