"""Steps that a reader leaves out, and counting among those that are left."""

from __future__ import annotations

import operator
from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate

from millrace.v1 import loader_service_pb2 as pb

# As the contract has it.
RANGE_COUNT_MAX = 1000
_EPOCH_MAX = (1 << 31) - 1

# (epoch, first step, last step), the last one included.
StepRange = tuple[int, int, int]


def checked(skip: Iterable[StepRange]) -> tuple[StepRange, ...]:
    """The ranges, merged where they touch, ascending. ValueError for what no epoch of any split has."""
    ranges: list[StepRange] = []
    for given in skip:
        try:
            epoch, first, last = map(operator.index, given)
        except (TypeError, ValueError):
            raise ValueError(f"skip takes (epoch, first_step, last_step), whole numbers; not {given!r}") from None
        if not 0 <= epoch <= _EPOCH_MAX or not 0 <= first <= last:
            raise ValueError(f"no such range of steps: epoch {epoch}, steps {first} to {last} (included)")
        ranges.append((epoch, first, last))
    merged: list[StepRange] = []
    for epoch, first, last in sorted(ranges):
        if merged and merged[-1][0] == epoch and first <= merged[-1][2] + 1:
            merged[-1] = (epoch, merged[-1][1], max(last, merged[-1][2]))
        else:
            merged.append((epoch, first, last))
    if len(merged) > RANGE_COUNT_MAX:
        raise ValueError(f"skip takes at most {RANGE_COUNT_MAX} ranges; these are {len(merged)}")
    return tuple(merged)


class Skips:
    """Ranges of steps over the batches of a split, numbered over all epochs. Immutable."""

    def __init__(self, ranges: tuple[StepRange, ...], batch_count: int) -> None:
        """Requires checked() ranges. ValueError for a step that the split's epochs do not have."""
        for epoch, first, last in ranges:
            if last >= batch_count:
                raise ValueError(
                    f"no such range of steps: epoch {epoch}, steps {first} to {last} (included); "
                    f"an epoch of the split has {batch_count} steps"
                )
        self._ranges = ranges
        self._firsts = [epoch * batch_count + first for epoch, first, _ in ranges]
        self._ends = [epoch * batch_count + last + 1 for epoch, _, last in ranges]
        # Skipped before each range's end.
        self._counts = list(accumulate(last - first + 1 for _, first, last in ranges))

    def kept(self, index: int) -> int:
        """The first number from `index` on that is not skipped."""
        at = bisect_right(self._firsts, index) - 1
        while 0 <= at < len(self._ends) and self._firsts[at] <= index < self._ends[at]:
            index = self._ends[at]
            at += 1  # the next epoch's first steps may follow at once
        return index

    def advance(self, index: int, count: int) -> int:
        """The number that is the count-th kept one behind the first kept one from `index` on."""
        index = self.kept(index)
        while True:
            end = index + count
            skipped = self.skipped_count(index, end + 1)
            if skipped == 0:
                return end
            # Those up to `end` that are kept are behind us; go on behind them.
            index, count = self.kept(end + 1), skipped - 1

    def skipped_count(self, first: int, end: int) -> int:
        """How many numbers from `first` up to, not including, `end` are skipped."""
        return self._skipped_before(end) - self._skipped_before(first)

    def run_before(self, index: int, origin: int) -> int:
        """How many numbers in a row are skipped directly before `index`, looking back to `origin`. Requires an
        `index` that is not skipped."""
        begin, at = index, bisect_right(self._ends, index) - 1
        while at >= 0 and self._ends[at] == begin:
            begin = self._firsts[at]
            at -= 1
        return max(index - max(begin, origin), 0)

    def ahead_of(self, epoch: int, step: int) -> list[pb.StepRange]:
        """The ranges that a request from there on has to name."""
        return [
            pb.StepRange(epoch=e, first_step=first, last_step=last)
            for e, first, last in self._ranges
            if (e, last) >= (epoch, step)
        ]

    def _skipped_before(self, index: int) -> int:
        at = bisect_right(self._firsts, index) - 1
        if at < 0:
            return 0
        # What lies behind `index` of the range that it is in does not count.
        return self._counts[at] - max(self._ends[at] - index, 0)
