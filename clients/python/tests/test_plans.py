"""Plans as values: what is asked for reaches the contract's messages, and back; what no server would take is refused
before it is sent."""

from __future__ import annotations

import math
from typing import Any

import numpy
import pytest
from fake_server import FakeServer

import millrace
from millrace import _plans
from millrace.types import Mix, QueryWeights, SplitSpec, Stratify, TagFrequencyWeights
from millrace.v1 import plan_service_pb2 as plans
from millrace.v1 import post_pb2 as posts

_DEFAULTS: dict[str, Any] = {
    "scope": {"dataset": "d"},
    "batch_size": 32,
    "query": "",
    "seed": 0,
    "splits": None,
    "strategy": None,
    "unit": None,
    "modulus": None,
    "stratify": None,
    "coverage": None,
    "batch_rows": None,
    "weights": None,
    "mix": None,
    "last_batch": "keep",
    "tags": None,
}


def message(**options: Any) -> plans.PlanSpec:
    return _plans.spec_message(**{**_DEFAULTS, **options})


def test_what_is_left_out_stays_unsaid() -> None:
    assert message() == plans.PlanSpec(dataset="d", batch_size=32, seed=0, last_batch=plans.LAST_BATCH_KEEP)


def test_splits_are_shares_ranges_or_specifications() -> None:
    shares = message(splits={"train": 9, "test": numpy.int64(1)})
    assert [(s.name, s.share) for s in shares.splits] == [("train", 9), ("test", 1)]
    assert shares.strategy == plans.SPLIT_STRATEGY_UNSPECIFIED
    ranges = message(splits={"train": [(0, 899), (950, 950)], "test": [(900, 949)]}, modulus=1000)
    assert ranges.strategy == plans.SPLIT_STRATEGY_ID_RANGE
    assert [(r.first, r.last) for r in ranges.splits[0].ranges] == [(0, 899), (950, 950)]
    assert (ranges.splits[0].share, ranges.modulus) == (0, 1000)
    [block] = message(splits=[SplitSpec("train", 1, "block", block_rows=512, window_blocks=8)]).splits
    assert (block.order, block.block_rows, block.window_blocks) == (plans.ORDER_KIND_BLOCK, 512, 8)


def test_strategies_and_what_they_take() -> None:
    hashed = message(strategy="hash", unit="artist", query="1girl -comic")
    assert (hashed.strategy, hashed.unit) == (plans.SPLIT_STRATEGY_HASH, plans.SPLIT_UNIT_ARTIST)
    assert hashed.query == "1girl -comic"
    assert message(stratify=Stratify("rating")).stratify.rating
    assert message(stratify=Stratify("tag", tag="1girl")).stratify.tag == "1girl"
    by_category = message(stratify=Stratify("category", category="artist"))
    assert by_category.stratify.category == posts.TAG_CATEGORY_ARTIST
    assert by_category.strategy == plans.SPLIT_STRATEGY_STRATIFIED
    half = message(coverage="half", batch_rows="ascending")
    assert half.strategy == plans.SPLIT_STRATEGY_PARTITIONED
    assert (half.coverage, half.batch_rows) == (plans.COVERAGE_HALF, plans.BATCH_ROWS_ASCENDING)
    # What is said counts; the server tells what does not go together.
    assert message(strategy="exact", coverage="half").strategy == plans.SPLIT_STRATEGY_EXACT


def test_weights_and_mixes() -> None:
    queries = message(weights=QueryWeights({"1girl": 3, "comic": 0}, otherwise=1, replacement=True, epoch_samples=500))
    assert [(q.query, q.weight) for q in queries.weights.queries.queries] == [("1girl", 3), ("comic", 0)]
    assert (queries.weights.queries.otherwise, queries.weights.replacement) == (1, True)
    assert queries.weights.epoch_samples == 500
    assert message(weights=QueryWeights([])).weights.WhichOneof("by") == "queries"
    frequency = message(weights=TagFrequencyWeights(cap=50, category="character")).weights
    assert frequency.WhichOneof("by") == "tag_frequency"
    assert (frequency.tag_frequency.cap, frequency.tag_frequency.power_quarters) == (50, 0)
    assert message(weights=TagFrequencyWeights()).weights.WhichOneof("by") == "tag_frequency"
    mix = message(mix=Mix([("1girl", 3), ("", 1)], epoch_samples=9)).mix
    assert [(part.query, part.share) for part in mix.parts] == [("1girl", 3), ("", 1)]
    assert mix.epoch_samples == 9


@pytest.mark.parametrize("number", [0.5, 2.0, math.nan, math.inf, -1, numpy.float32(1), "3", None, True])
def test_numbers_that_are_not_whole_are_refused_with_a_way_out(number: Any) -> None:
    with pytest.raises(ValueError, match=r"weight of '1girl' is .*whole number from 0 on.*multiply"):
        message(weights=QueryWeights({"1girl": number}))
    with pytest.raises(ValueError, match=r"otherwise is .*whole number"):
        message(weights=QueryWeights({"1girl": 1}, otherwise=number))
    with pytest.raises(ValueError, match=r"share of 'comic' is .*whole number from 1 on"):
        message(mix=Mix({"1girl": 1, "comic": number}))
    with pytest.raises(ValueError, match=r"splits\[0\]\.share is .*whole number"):
        message(splits=[SplitSpec("train", number)])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"strategy": "random"}, "strategy must be one of exact, hash"),
        ({"unit": "uploader"}, "unit must be one of post, parent"),
        ({"coverage": "most"}, "coverage must be one of full, half"),
        ({"batch_rows": "sorted"}, "batch_rows must be one of drawn, ascending"),
        ({"stratify": Stratify("score")}, "stratify.by must be one of rating, tag, category"),
        ({"stratify": Stratify("tag")}, "by='tag'"),
        ({"stratify": Stratify("rating", tag="1girl")}, "by='rating'"),
        ({"stratify": Stratify("category", category="colour")}, "stratify.category must be one of"),
        ({"weights": TagFrequencyWeights(category="colour")}, "weights.category must be one of"),
        ({"weights": TagFrequencyWeights(cap=0)}, "weights.cap is 0"),
        ({"weights": TagFrequencyWeights(power_quarters=0.5)}, "weights.power_quarters is 0.5"),  # type: ignore[arg-type]
        ({"mix": Mix({"a": 1, "b": 0})}, "share of 'b' is 0"),
        ({"mix": Mix({"a": 1}, epoch_samples=-1)}, "mix.epoch_samples is -1"),
        ({"modulus": 0}, "modulus is 0"),
        ({"tags": "implied"}, "tags must be one of as_said, applied"),
        ({"splits": [SplitSpec("train", 1, "block", block_rows=0)]}, r"splits\[0\].block_rows is 0"),
    ],
)
def test_what_no_server_would_take_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        message(**options)


def answer(spec: plans.PlanSpec, **fields: Any) -> plans.Plan:
    infos = [plans.SplitInfo(name=s.name, sample_count=6, batch_count=2, member_count=5) for s in spec.splits]
    return plans.Plan(id="ab" * 32, spec=spec, splits=infos, **fields)


@pytest.mark.parametrize(
    "options",
    [
        {"splits": {"train": 1}, "strategy": "hash", "unit": "pool", "query": "1girl"},
        {"splits": {"train": [(0, 5), (7, 7)]}, "modulus": 10, "strategy": "id_range"},
        {"splits": {"train": 1}, "strategy": "stratified", "stratify": Stratify("tag", tag="x")},
        {"splits": {"train": 1}, "strategy": "stratified", "stratify": Stratify("category", category="artist")},
        {"splits": {"train": 1}, "strategy": "partitioned", "coverage": "half", "batch_rows": "ascending"},
        {"splits": [SplitSpec("train", 1, "block", block_rows=4, window_blocks=2)]},
        {"splits": {"train": 1}, "tags": "applied"},
        {"splits": [SplitSpec("train", 1, "weighted")], "weights": QueryWeights((("a", 1), ("b", 0)), 3, True, 7)},
        {"splits": [SplitSpec("train", 1, "weighted")], "weights": TagFrequencyWeights(1, 9, "artist")},
        {"splits": [SplitSpec("train", 1, "mixed")], "mix": Mix((("a", 1), ("", 2)))},
    ],
)
def test_what_a_plan_says_of_itself_asks_for_the_same_plan(options: dict[str, Any]) -> None:
    sent = message(**options)
    shown = _plans.plan(answer(sent))
    again = {name: getattr(shown, name) for name in _DEFAULTS if name not in ("scope", "splits")}
    splits = [SplitSpec(s.name, s.share, s.order, s.ranges, s.block_rows, s.window_blocks) for s in shown.splits]
    assert message(**{**again, "splits": splits}) == sent


def test_what_became_of_a_plan_is_told() -> None:
    shown = _plans.plan(
        answer(message(splits={"train": 1}), selected_count=9, unassigned_count=4, notes=["One.", "Two."])
    )
    assert (shown.selected_count, shown.unassigned_count, shown.notes) == (9, 4, ("One.", "Two."))
    assert (shown.split("train").member_count, shown.split("train").sample_count) == (5, 6)


def test_a_bad_weight_is_refused_before_the_server_is_asked(server: FakeServer) -> None:
    with millrace.connect(server.address) as client, pytest.raises(ValueError, match="multiply"):
        client.plans.create(dataset="d", batch_size=8, weights=QueryWeights({"1girl": 0.5}))  # type: ignore[dict-item]
    assert "PlanService/CreatePlan" not in server.calls
