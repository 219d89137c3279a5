"""What millrace.reference refuses: plans of another version or form, or that do not fit the posts; positions; tokens.

Method: one change each to a plan that is in order, and every single change of a token's characters.
"""

from __future__ import annotations

import copy
from typing import Any

import pytest
from reference_plans import Spec, one_split, some_posts, spec_of, split

from millrace.reference import Plan, parse_token

WEIGHTS = {"by": "queries", "queries": [{"query": "rating:s", "weight": 1}], "replacement": True}
WEIGHTED = {"splits": one_split("weighted")}


def by_ranges(*ranges: list[int]) -> Spec:
    splits = [{"name": "a", "order": "epoch", "ranges": list(ranges)}]
    return {"strategy": "id_range", "modulus": 9, "splits": splits}


def mixed(*shares: int) -> Spec:
    return {"splits": one_split("mixed"), "mix": {"parts": [{"query": "", "share": share} for share in shares]}}


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"colour": "blue"}, "colour"),
        ({"version": 2}, "version"),
        ({"batch_size": 0}, "batch_size"),
        ({"batch_size": True}, "batch_size"),
        ({"seed": "007"}, "seed"),
        ({"seed": str(2**64)}, "seed"),
        ({"unit": "post"}, "unit"),
        ({"unit": "artist", "strategy": "partitioned"}, "unit"),
        ({"coverage": "half"}, "coverage"),
        ({"coverage": "half", "strategy": "partitioned", "splits": [split("a", 1)]}, "three"),
        ({"stratify": {"by": "rating"}}, "stratify"),
        ({"strategy": "stratified"}, "stratify"),
        ({"strategy": "stratified", "stratify": {"by": "tag"}}, "tag"),
        ({"query": ""}, "query"),
        ({"query": "a  b"}, "query"),
        ({"query": "id:9..1"}, "range"),
        ({"query": "rating:x"}, "rating"),
        ({"query": "( a)"}, "canonical form"),
        ({"query": "or"}, "query"),
        ({"splits": [split("a", 1), split("a", 1)]}, "name"),
        ({"splits": [split("A", 1)]}, "name"),
        ({"splits": [split("a", 0)]}, "share"),
        ({"splits": [split("a", 2**31)]}, "share"),
        ({"splits": one_split("block"), "strategy": "partitioned"}, "order"),
        ({"splits": [split("a", 1, block_rows=3)]}, "block_rows"),
        ({"splits": [split("a", 1, "block", block_rows=2**16, window_blocks=2**16)]}, "2\\^31"),
        (by_ranges([0, 5], [5, 6]), "overlap"),
        (by_ranges([3, 2]), "first is greater"),
        (by_ranges([3, 9]), "modulus"),
        (by_ranges(), "ranges"),
        (WEIGHTED, "weights"),
        ({"weights": WEIGHTS}, "weights"),
        ({**WEIGHTED, "weights": {**WEIGHTS, "queries": [{"query": "rating:s", "weight": -1}]}}, "weight"),
        ({**WEIGHTED, "weights": {**WEIGHTS, "queries": [{"query": "rating:s", "weight": 0}]}}, "all are 0"),
        ({**WEIGHTED, "weights": {**WEIGHTS, "queries": [{"query": "rating:s", "weight": 0.5}]}}, "weight"),
        ({**WEIGHTED, "weights": {**WEIGHTS, "otherwise": 0}}, "otherwise"),
        (mixed(1), "parts"),
        (mixed(1, 65_536), "65536"),
        (mixed(1, 0), "share"),
    ],
)  # fmt: skip
def test_plans_that_are_not_of_version_1_are_refused(changes: Spec, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        Plan(spec_of(**changes), some_posts(1, 50))


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"query": "unheard_of"}, "unheard_of"),
        ({"query": "-unheard_of"}, "unheard_of"),
        ({"query": "filesize:>1k"}, "no post"),
        ({"strategy": "stratified", "stratify": {"by": "tag", "tag": "unheard_of"}}, r"stratify\.tag.*unheard_of"),
        ({"query": "id:<0"}, "selection"),
        ({**WEIGHTED, "weights": {**WEIGHTS, "queries": [{"query": "id:<0", "weight": 1}]}}, "sum of its weights is 0"),
        ({**WEIGHTED, "weights": {**WEIGHTS, "replacement": False, "epoch_samples": 51}}, "without replacement"),
        (mixed(1, 1), "part 1"),  # the first part takes every post
    ],
)  # fmt: skip
def test_plans_that_do_not_fit_the_posts_are_refused(changes: Spec, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        Plan(spec_of(**changes), some_posts(1, 50))


def test_positions_that_are_not_there_are_refused() -> None:
    plan = Plan(spec_of(), 100)
    positions: list[tuple[Any, ...]] = [("train", 0, 12), ("none", 0, 0), ("train", 2**31, 0), ("train", 0, 0, 2, 2)]
    for position in positions:
        with pytest.raises(ValueError, match=r"no step|no split|no rank"):
            plan.batch(*position)


def test_tokens_come_back_and_no_other_is_taken() -> None:
    plan, other = Plan(spec_of(), 100), Plan(spec_of(seed="43"), 100)
    text = plan.token("train", 7, 12)
    assert plan.parse_token(text, "train") == (plan.id, "train", 7, 12)
    for at in range(len(text)):
        changed = text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :]
        with pytest.raises(ValueError, match="token"):
            parse_token(changed)
    for wrong in (text[:-2], text + "00", text.upper(), "", "mt2-" + text[4:]):
        with pytest.raises(ValueError, match="token"):
            parse_token(wrong)
    with pytest.raises(ValueError, match="plan"):
        other.parse_token(text, "train")
    with pytest.raises(ValueError, match="split"):
        plan.parse_token(text, "test")
    with pytest.raises(ValueError, match="13"):
        plan.token("train", 7, 13)


def test_a_plan_does_not_change_the_specification_it_was_given() -> None:
    spec = spec_of(splits=one_split("weighted"), weights=WEIGHTS)
    before = copy.deepcopy(spec)
    Plan(spec, some_posts(1, 50)).batch("train", 0, 0)
    assert spec == before
