"""Which elements of the selection each split holds: section 5."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Protocol

from millrace.reference.keys import derive_key, hash64, selection_key, subkey, words_of
from millrace.reference.permutation import Permutation, permutation
from millrace.reference.posts import RATINGS, Post, Snapshot
from millrace.reference.seed import seed_partition
from millrace.reference.spec import Spec
from millrace.reference.units import unit_key, units_of


class Elements(Protocol):
    """A sequence of elements of the selection: a list, or computed."""

    def __len__(self) -> int: ...

    def __getitem__(self, x: int, /) -> int: ...


Members = Sequence[Elements]  # of each split


def counts(total: int, shares: Sequence[int]) -> list[int]:
    share_sum = sum(shares)
    count = [total * share // share_sum for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda k: (-(total * shares[k] % share_sum), k))
    for k in by_remainder[: total - sum(count)]:
        count[k] += 1
    for k, share in enumerate(shares):
        if share == 0 or count[k] > 0:
            continue
        largest = count.index(max(count))
        if count[largest] < 2:
            break
        count[largest] -= 1
        count[k] += 1
    return count


def members_of(spec: Spec, snapshot: Snapshot, rows: Sequence[int]) -> Members:
    """`rows` is the selection."""
    strategies: dict[str, Callable[[Spec, Snapshot, Sequence[int]], Members]] = {
        "exact": _exact_units if "unit" in spec else _exact,
        "hash": _hash,
        "id_range": _id_range,
        "stratified": _stratified,
        "partitioned": _half_partitioned if "coverage" in spec else _partitioned,
    }
    return strategies[spec["strategy"]](spec, snapshot, rows)


def _shares(spec: Spec) -> list[int]:
    return [split["share"] for split in spec["splits"]]


def _cuts(total: int, shares: Sequence[int]) -> list[int]:
    """The specification's `start`, with the end of the last split."""
    return [0, *accumulate(counts(total, shares))]


class _Stretch:
    """The elements of a permutation from `start` to `end` - 1: a split of any size takes no memory."""

    def __init__(self, dealt: Permutation, start: int, end: int) -> None:
        self._dealt, self._start, self._end = dealt, start, end

    def __len__(self) -> int:
        return self._end - self._start

    def __getitem__(self, x: int) -> int:
        return self._dealt[self._start + x]


def _exact(spec: Spec, _snapshot: Snapshot, rows: Sequence[int]) -> Members:
    start = _cuts(len(rows), _shares(spec))
    dealt = permutation(len(rows), selection_key(int(spec["seed"])))
    members: list[Elements] = []
    for k, split in enumerate(spec["splits"]):
        if split["order"] in ("epoch", "fixed"):
            members.append(_Stretch(dealt, start[k], start[k + 1]))
        else:
            members.append(sorted(dealt[place] for place in range(start[k], start[k + 1])))
    return members


def _units(spec: Spec, snapshot: Snapshot, rows: Sequence[int]) -> list[list[int]]:
    return units_of(unit_key(snapshot, snapshot.posts[row], spec.get("unit")) for row in rows)


def _deal_units(units: Sequence[Sequence[int]], key: bytes, spec: Spec, members: list[list[int]]) -> None:
    """Appends to `members` the elements of all units, each unit whole."""
    start = _cuts(sum(map(len, units)), _shares(spec))
    place = 0
    for number in permutation(len(units), key):
        unit = units[number]
        (k,) = [k for k in range(len(members)) if start[k] <= place < start[k + 1]]
        members[k] += unit
        place += len(unit)


def _exact_units(spec: Spec, snapshot: Snapshot, rows: Sequence[int]) -> Members:
    members: list[list[int]] = [[] for _ in spec["splits"]]
    _deal_units(_units(spec, snapshot, rows), selection_key(int(spec["seed"])), spec, members)
    return [sorted(elements) for elements in members]


def _hash(spec: Spec, snapshot: Snapshot, rows: Sequence[int]) -> Members:
    w = words_of(derive_key("millrace.v1.hash", int(spec["seed"]), "", 0), 0)
    shares = _shares(spec)
    thresholds = [share_sum * 2**64 // sum(shares) for share_sum in accumulate(shares)]
    members: list[list[int]] = [[] for _ in shares]
    for element, row in enumerate(rows):
        unit_hash = hash64(w, *unit_key(snapshot, snapshot.posts[row], spec.get("unit")))
        members[next(k for k, threshold in enumerate(thresholds) if unit_hash < threshold)].append(element)
    return members


def _id_range(spec: Spec, snapshot: Snapshot, rows: Sequence[int]) -> Members:
    members: list[list[int]] = [[] for _ in spec["splits"]]
    for element, row in enumerate(rows):
        rest = snapshot.posts[row].id % spec["modulus"]
        for k, split in enumerate(spec["splits"]):
            if any(first <= rest <= last for first, last in split["ranges"]):
                members[k].append(element)
    return members


def _stratified(spec: Spec, snapshot: Snapshot, rows: Sequence[int]) -> Members:
    seed, stratify = int(spec["seed"]), spec["stratify"]
    if stratify["by"] == "tag" and not snapshot.meaning(stratify["tag"]):
        raise ValueError(f"stratify.tag: no post of the snapshot has the tag {stratify['tag']!r}")
    strata: dict[int, list[list[int]]] = {}  # number -> units
    for unit in _units(spec, snapshot, rows):
        number = _stratum(snapshot, snapshot.posts[rows[unit[0]]], stratify)
        strata.setdefault(number, []).append(unit)
    units_min = sum(share > 0 for share in _shares(spec))
    members: list[list[int]] = [[] for _ in spec["splits"]]
    for number, units in sorted(strata.items()):
        if len(units) >= units_min:
            _deal_units(units, derive_key("millrace.v1.stratum", seed, "", number), spec, members)
    # The first elements tell in which order units occur in the selection.
    rest = sorted(unit for units in strata.values() if len(units) < units_min for unit in units)
    if rest:
        _deal_units(rest, derive_key("millrace.v1.strata_rest", seed, "", 0), spec, members)
    return [sorted(elements) for elements in members]


def _stratum(snapshot: Snapshot, post: Post, stratify: Spec) -> int:
    if stratify["by"] == "rating":
        return RATINGS.index(post.rating)
    if stratify["by"] == "tag":
        return int(snapshot.said_any(post, snapshot.meaning(stratify["tag"])))
    ids = [tag.id for tag in post.tags if tag.category == stratify["category"]]
    return min(((snapshot.post_counts[tag_id], tag_id + 1) for tag_id in ids), default=(0, 0))[1]


def _partitioned(spec: Spec, _snapshot: Snapshot, rows: Sequence[int]) -> Members:
    n, b, seed, shares = len(rows), spec["batch_size"], int(spec["seed"]), _shares(spec)
    partition_key = derive_key("millrace.v1.partition", seed, "", 0)
    batches: list[list[int]] = []
    for i, first in enumerate(range(0, n, 2 * b)):
        drawn = [first + place for place in permutation(min(2 * b, n - first), subkey(partition_key, i))]
        batches += [batch for batch in (drawn[:b], drawn[b:]) if batch]
    if spec.get("batch_rows") == "ascending":
        batches = [sorted(batch) for batch in batches]
    left = batches.pop() if n % b > 0 else []
    members: list[list[int]] = [[] for _ in shares]
    if batches:
        start = _cuts(len(batches), shares)
        dealt = permutation(len(batches), selection_key(seed))
        for k in range(len(shares)):
            members[k] = [element for p in range(start[k], start[k + 1]) for element in batches[dealt[p]]]
    members[shares.index(max(shares))] += left
    return members


def _half_partitioned(spec: Spec, _snapshot: Snapshot, rows: Sequence[int]) -> Members:
    _, validation, test = _shares(spec)
    splits = seed_partition(
        len(rows), spec["batch_size"], int(spec["seed"]), validation_percent=validation, test_percent=test
    )
    ascending = spec.get("batch_rows") == "ascending"
    return [[element for batch in batches for element in (sorted(batch) if ascending else batch)] for batches in splits]
