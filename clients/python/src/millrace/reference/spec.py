"""The plan object, its canonical form and its id: section 2.

A plan that holds a key or a value which is not described there is refused: it would mean other batches.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Mapping
from itertools import pairwise
from math import gcd
from typing import Any

from millrace.reference.posts import CATEGORIES
from millrace.reference.query import Query

Spec = Mapping[str, Any]

SIZE_MAX = 2**40
_SHARE_MAX = 2**31 - 1
_STRATEGIES = ("exact", "hash", "id_range", "stratified", "partitioned")
_ORDERS = ("epoch", "fixed", "sequential", "block", "weighted", "mixed")
_DECK_MAX = 65_536


def canonical_form(spec: Spec) -> str:
    return json.dumps(spec, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def plan_id(spec: Spec) -> str:
    return hashlib.sha256(canonical_form(spec).encode("ascii")).hexdigest()


def check_spec(spec: Spec) -> None:
    """Raises ValueError, naming what is at fault, unless this is a plan of version 1."""
    _check_keys(
        spec,
        "plan",
        {
            "version": _one_of(1),
            "batch_size": _integer(1, 2**20),
            "last_batch": _one_of("keep", "drop", "pad"),
            "seed": _seed,
            "snapshot": _pattern("[0-9a-f]{64}"),
            "splits": _array(1, 64, _any),
            "strategy": _one_of(*_STRATEGIES),
        },
        {
            "coverage": _one_of("half"),
            "batch_rows": _one_of("ascending"),
            "mix": _any,
            "modulus": _integer(1, 2**31 - 1),
            "query": _query,
            "stratify": _any,
            "tags": _one_of("applied"),
            "unit": _one_of("parent", "artist", "pool"),
            "weights": _any,
        },
    )
    orders = [_check_split(split, f"splits[{k}]", spec) for k, split in enumerate(spec["splits"])]
    names = [split["name"] for split in spec["splits"]]
    if len(set(names)) < len(names):
        raise ValueError("splits: two have the same name")
    strategy = spec["strategy"]
    _check_presence(spec, "modulus", strategy == "id_range")
    _check_presence(spec, "stratify", strategy == "stratified")
    _check_presence(spec, "weights", "weighted" in orders)
    _check_presence(spec, "mix", "mixed" in orders)
    if "unit" in spec and strategy not in ("exact", "hash", "stratified"):
        raise ValueError(f"unit: not with {strategy}")
    for key in ("coverage", "batch_rows"):
        if key in spec and strategy != "partitioned":
            raise ValueError(f"{key}: only with partitioned")
    if strategy == "id_range":
        _check_ranges(spec)
    elif not any(split["share"] for split in spec["splits"]):
        raise ValueError("splits: a share must not be 0")
    if "coverage" in spec:
        _check_percents(spec)
    for key, check in (("stratify", _check_stratify), ("weights", _check_weights), ("mix", _check_mix)):
        if key in spec:
            check(spec[key])


def _check_split(split: Any, where: str, spec: Spec) -> str:
    """Returns its order."""
    by_range = spec["strategy"] == "id_range"
    required = {
        "name": _pattern("[a-z0-9][-a-z0-9_.]{0,63}"),
        "order": _one_of(*(_ORDERS[:3] if spec["strategy"] == "partitioned" else _ORDERS)),
    }
    required |= {"ranges": _array(1, 1024, _range)} if by_range else {"share": _integer(0, _SHARE_MAX)}
    if isinstance(split, Mapping) and split.get("order") == "block":
        required |= {"block_rows": _integer(1, 2**31 - 1), "window_blocks": _integer(1, 2**31 - 1)}
    _check_keys(split, where, required, {})
    if split["order"] == "block" and split["block_rows"] * split["window_blocks"] > 2**31 - 1:
        raise ValueError(f"{where}: block_rows * window_blocks is over 2^31 - 1")
    return str(split["order"])


def _check_ranges(spec: Spec) -> None:
    for split in spec["splits"]:
        if split["ranges"] != sorted(split["ranges"]):
            raise ValueError(f"{split['name']}: ranges must ascend")
    ranges = sorted(pair for split in spec["splits"] for pair in split["ranges"])
    if ranges[-1][1] >= spec["modulus"]:
        raise ValueError("ranges: must be below the modulus")
    for (_, last), (first, _) in pairwise(ranges):
        if first <= last:
            raise ValueError("ranges: no two may overlap")


def _check_percents(spec: Spec) -> None:
    if len(spec["splits"]) != 3:
        raise ValueError("splits: half coverage takes three: train, validation and test")
    if sum(split["share"] for split in spec["splits"]) != 100:
        raise ValueError("splits: with half coverage, shares are percentages, and must come to 100")


def _check_stratify(stratify: Any) -> None:
    by = stratify.get("by") if isinstance(stratify, Mapping) else None
    required: dict[str, _Check] = {"by": _one_of("rating", "tag", "category")}
    if by == "tag":
        required["tag"] = _pattern("[^ ]+")
    if by == "category":
        required["category"] = _one_of(*CATEGORIES[1:])
    _check_keys(stratify, "stratify", required, {})


def _check_weights(weights: Any) -> None:
    by = weights.get("by") if isinstance(weights, Mapping) else None
    required: dict[str, _Check] = {"by": _one_of("queries", "tag_frequency"), "replacement": _boolean}
    optional: dict[str, _Check] = {"epoch_samples": _integer(1, SIZE_MAX)}
    if by == "queries":
        required["queries"] = _array(1, 256, _weight)
        optional["otherwise"] = _integer(1, 2**31 - 1)
    if by == "tag_frequency":
        required |= {"cap": _integer(1, 2**20), "power_quarters": _integer(1, 4)}
        optional["category"] = _one_of(*CATEGORIES[1:])
    _check_keys(weights, "weights", required, optional)
    if by == "queries" and not any([weights.get("otherwise"), *(entry["weight"] for entry in weights["queries"])]):
        raise ValueError("weights: all are 0")


def _check_mix(mix: Any) -> None:
    _check_keys(mix, "mix", {"parts": _array(2, 64, _part)}, {"epoch_samples": _integer(1, SIZE_MAX)})
    if sum(reduced_shares(mix)) > _DECK_MAX:
        raise ValueError(f"mix: the shares, divided by their greatest common divisor, come to more than {_DECK_MAX}")


def reduced_shares(mix: Spec) -> list[int]:
    """The shares of a mix's parts, divided by their greatest common divisor."""
    shares = [part["share"] for part in mix["parts"]]
    return [share // gcd(*shares) for share in shares]


# Checks of single values. Each raises ValueError with `where` in front. ------------------------------------------

_Check = Callable[[Any, str], None]


def _check_keys(value: Any, where: str, required: Mapping[str, _Check], optional: Mapping[str, _Check]) -> None:
    if not isinstance(value, Mapping):
        raise ValueError(f"{where}: must be an object")
    _same_keys(value, where, required, optional)
    for key, check in {**required, **optional}.items():
        if key in value:
            check(value[key], f"{where}.{key}")


def _same_keys(value: Spec, where: str, required: Collection[str], optional: Collection[str]) -> None:
    for key in required:
        if key not in value:
            raise ValueError(f"{where}: {key} is missing")
    for key in value:
        if key not in required and key not in optional:
            raise ValueError(f"{where}: {key} is not known, or has no meaning here")


def _check_presence(spec: Spec, key: str, wanted: bool) -> None:
    if (key in spec) != wanted:
        raise ValueError(f"plan: {key} {'is missing' if wanted else 'has no meaning here'}")


def _any(_value: Any, _where: str) -> None:
    pass


def _integer(low: int, high: int) -> _Check:
    def check(value: Any, where: str) -> None:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise ValueError(f"{where}: must be an integer from {low} to {high}")

    return check


def _boolean(value: Any, where: str) -> None:
    if not isinstance(value, bool):
        raise ValueError(f"{where}: must be true or false")


def _one_of(*allowed: str | int) -> _Check:
    def check(value: Any, where: str) -> None:
        if value not in allowed or isinstance(value, bool):
            raise ValueError(f"{where}: must be one of {', '.join(map(str, allowed))}")

    return check


def _pattern(pattern: str) -> _Check:
    def check(value: Any, where: str) -> None:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise ValueError(f"{where}: must match {pattern}")

    return check


def _array(low: int, high: int, of: _Check) -> _Check:
    def check(value: Any, where: str) -> None:
        if not isinstance(value, list) or not low <= len(value) <= high:
            raise ValueError(f"{where}: must be an array of {low} to {high}")
        for i, element in enumerate(value):
            of(element, f"{where}[{i}]")

    return check


def _seed(value: Any, where: str) -> None:
    if not isinstance(value, str) or not re.fullmatch("0|[1-9][0-9]{0,19}", value) or int(value) >= 2**64:
        raise ValueError(f"{where}: must be a decimal integer below 2^64, as a string")


def _query(value: Any, where: str) -> None:
    """One that is not empty."""
    if not isinstance(value, str) or value == "":
        raise ValueError(f"{where}: must be a string, and not empty")
    if Query(value).text != value:
        raise ValueError(f"{where}: the query is not in canonical form, which is {Query(value).text!r}")


def _range(value: Any, where: str) -> None:
    _array(2, 2, _integer(0, 2**31 - 1))(value, where)
    if value[0] > value[1]:
        raise ValueError(f"{where}: the first is greater than the last")


def _weight(value: Any, where: str) -> None:
    _check_keys(value, where, {"query": _query, "weight": _integer(0, 2**31 - 1)}, {})


def _part(value: Any, where: str) -> None:
    _check_keys(value, where, {"query": _maybe_query, "share": _integer(1, _SHARE_MAX)}, {})


def _maybe_query(value: Any, where: str) -> None:
    if value != "":
        _query(value, where)
