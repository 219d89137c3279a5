"""millrace.reference: the plan specification, computed without a server.

Method: the examples in the text; every golden vector, by the checker that ctest runs; what the strategies and orders
promise, on random posts.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from reference_plans import GENERAL, Spec, one_split, some_posts, spec_of, split

from millrace.reference import Permutation, Plan, Post, Query, Snapshot, canonical_form, epoch_key
from millrace.reference.keys import hash64, mix, words_of
from millrace.reference.splits import counts
from millrace.reference.units import unit_key

GOLDEN = Path(__file__).resolve().parents[3] / "tests" / "golden"
sys.path.append(str(GOLDEN))
import check_plans  # noqa: E402

VECTORS = [GOLDEN / "permutations.json", *sorted(GOLDEN.glob("plans/*.json")), *sorted(GOLDEN.glob("features/*.json"))]
REFUSALS = sorted(GOLDEN.glob("refusals/*.json"))
UNITS = [None, "parent", "artist", "pool"]


def rows_of(plan: Plan, name: str, epoch: int = 0) -> list[int]:
    """A whole epoch."""
    (found,) = [found for found in plan.splits if found.name == name]
    return [row for step in range(found.batch_count) for row in plan.batch(name, epoch, step).rows]


def members_of(plan: Plan) -> dict[str, set[int]]:
    return {
        name: {plan.rows[members[x]] for x in range(len(members))}
        for name, members in zip((found.name for found in plan.splits), plan.members, strict=True)
    }


# The package -----------------------------------------------------------------------------------------------------


def test_it_needs_nothing_but_the_standard_library() -> None:
    program = """if True:
        import sys
        for name in ("grpc", "google", "google.protobuf", "numpy", "torch", "tqdm"):
            sys.modules[name] = None  # importing it fails
        from millrace.reference import Plan
        assert Plan.__module__ == "millrace.reference.plan"
    """
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


# The text and the vectors ----------------------------------------------------------------------------------------


def test_the_examples_of_the_text_hold() -> None:
    key = epoch_key(42, "train", 0)
    assert key.hex() == "c949a17ae62d38e30fd04a7bf7378797021026955ca4b32f559214b92f592d86"
    assert words_of(key, 5)[:4] == (0x75ED0F9D, 0x3790C166, 0x069E46F5, 0xF7A463B1)
    assert mix(0xFFFFFFFF, 0x01234567, 0x89ABCDEF) == 0xEB77809A
    assert list(Permutation(5, key)) == [0, 3, 4, 1, 2]
    assert Permutation(1_000_000, key)[777777] == 16064
    assert Permutation(1_000_000, key)[1774] == 766086
    assert [counts(n, [80, 10, 10]) for n in (10, 4, 1)] == [[8, 1, 1], [2, 1, 1], [1, 0, 0]]
    assert counts(5, [1, 1, 1]) == [2, 2, 1]


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_golden_vectors_hold(path: Path) -> None:
    if json.loads(path.read_text()).get("slow"):
        pytest.skip("takes minutes: check_plans.py --full")
    compared, failed = check_plans.check_file(path, full=False)
    assert compared > 5
    assert failed == 0


@pytest.mark.parametrize("path", REFUSALS, ids=lambda path: path.stem)
def test_plans_of_golden_refusals_are_refused(tmp_path: Path, path: Path) -> None:
    assert check_plans.check_file(path, full=False) == (2, 0)
    golden = json.loads(path.read_text())
    del golden["plan"]["stratify"]
    golden["plan"]["strategy"] = "exact"
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(golden))
    # Another plan, which nothing refuses.
    assert check_plans.check_file(changed, full=False) == (2, 2)


@pytest.mark.parametrize("name", ["hash_post", "weighted_certain", "mixed"])
def test_a_vector_of_other_batches_is_noticed(tmp_path: Path, name: str) -> None:
    golden = json.loads((GOLDEN / "features" / f"{name}.json").read_text())
    changed = tmp_path / "changed.json"
    rows = golden["epochs"][1]["batches"][0]
    rows[0], rows[1] = rows[1], rows[0]
    changed.write_text(json.dumps(golden))
    assert check_plans.check_file(changed, full=False)[1] == 1


def test_the_canonical_form_escapes_what_is_not_ascii() -> None:
    form = canonical_form({"query": 'caf\u00e9 \U0001f600 a"b\\c', "batch_size": 3})
    assert form == '{"batch_size":3,"query":"caf\\u00e9 \\ud83d\\ude00 a\\"b\\\\c"}'


# Strategies ------------------------------------------------------------------------------------------------------


STRATEGIES = [
    *[{"strategy": "exact", "unit": unit} for unit in UNITS],
    *[{"strategy": "hash", "unit": unit} for unit in UNITS],
    *[{"strategy": "stratified", "unit": unit, "stratify": {"by": "rating"}} for unit in UNITS],
    {"strategy": "stratified", "stratify": {"by": "tag", "tag": "general_1"}},
    {"strategy": "stratified", "unit": "parent", "stratify": {"by": "category", "category": "artist"}},
    {"strategy": "partitioned"},
    {"strategy": "partitioned", "batch_rows": "ascending"},
]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("keys", STRATEGIES, ids=lambda keys: "-".join(str(v) for v in keys.values()))
def test_splits_are_disjoint_and_complete_and_an_epoch_holds_each_member_once(keys: Spec, seed: int) -> None:
    posts = some_posts(seed, random.Random(seed).choice([1, 13, 60, 211]))
    # Strata by a tag need a post that has it, also where there is only one.
    posts[0] = replace(posts[0], tags=(GENERAL[1],))
    plan = Plan(spec_of(seed=str(seed), query="score:>=0" if len(posts) > 1 else None, **keys), posts)
    members = members_of(plan)
    assert sum(map(len, members.values())) == len(plan.rows)
    assert set.union(*members.values()) == set(plan.rows)
    assert plan.unassigned_count == 0
    for found in plan.splits:
        for epoch in (0, 1):
            rows = rows_of(plan, found.name, epoch)
            assert len(rows) == found.member_count
            assert set(rows) == members[found.name]


@pytest.mark.parametrize("keys", [keys for keys in STRATEGIES if keys.get("unit")], ids=str)
def test_no_unit_is_torn(keys: Spec) -> None:
    posts = some_posts(5, 300)
    snapshot = Snapshot(posts)
    owner: dict[tuple[int, int], str] = {}
    for name, rows in members_of(Plan(spec_of(**keys), posts)).items():
        for row in rows:
            assert owner.setdefault(unit_key(snapshot, posts[row], keys["unit"]), name) == name


def test_exact_gives_exact_counts_and_units_miss_them_by_less_than_the_largest() -> None:
    posts = some_posts(6, 500)
    assert [found.member_count for found in Plan(spec_of(), posts).splits] == [400, 50, 50]
    sizes = Counter(unit_key(Snapshot(posts), post, "artist") for post in posts)
    for found, wanted in zip(Plan(spec_of(unit="artist"), posts).splits, (400, 50, 50), strict=True):
        assert abs(found.member_count - wanted) < max(sizes.values())


@pytest.mark.parametrize("unit", [None, "artist", "pool"])
def test_hash_keeps_a_unit_in_its_split_when_posts_come_and_go_and_the_query_narrows(unit: str | None) -> None:
    posts = some_posts(7, 300)
    spec = spec_of(strategy="hash", unit=unit)
    split_of = {posts[row].id: name for name, rows in members_of(Plan(spec, posts)).items() for row in rows}
    fewer = [post for post in posts if random.Random(post.id).random() < 0.6]
    for smaller, others in ((Plan(spec, fewer), fewer), (Plan({**spec, "query": "score:>20 -rating:e"}, posts), posts)):
        found = {others[row].id: name for name, rows in members_of(smaller).items() for row in rows}
        assert len(found) < len(posts)
        assert all(split_of[post_id] == name for post_id, name in found.items())


def test_hash_splits_come_close_to_their_shares() -> None:
    w = words_of(bytes(32), 0)
    below_a_tenth = sum(hash64(w, 0, number) < 2**64 // 10 for number in range(20_000))
    assert abs(below_a_tenth - 2000) < 5 * 42  # five standard deviations


def test_id_ranges_decide_and_leave_out() -> None:
    splits = [
        {"name": "train", "order": "epoch", "ranges": [[0, 5], [8, 8]]},
        {"name": "test", "order": "sequential", "ranges": [[6, 7]]},
    ]
    posts = some_posts(8, 100)
    plan = Plan(spec_of(strategy="id_range", modulus=10, splits=splits), posts)
    members = members_of(plan)
    assert {posts[row].id % 10 for row in members["train"]} == {0, 1, 2, 3, 4, 5, 8}
    assert rows_of(plan, "test") == [row for row, post in enumerate(posts) if post.id % 10 in (6, 7)]
    assert plan.unassigned_count == sum(post.id % 10 == 9 for post in posts) > 0


def test_strata_are_split_by_themselves() -> None:
    posts = some_posts(9, 400)
    plan = Plan(spec_of(strategy="stratified", stratify={"by": "rating"}), posts)
    for rating, count in Counter(post.rating for post in posts).items():
        found = [sum(posts[row].rating == rating for row in rows) for rows in members_of(plan).values()]
        assert found == counts(count, [80, 10, 10])


def test_partitioned_batches_are_of_one_partition_in_every_epoch() -> None:
    plan = Plan(spec_of(strategy="partitioned"), 300)
    for name in ("train", "validation", "test"):
        for epoch in range(3):
            for step in range(300 // 7 // 12):
                assert len({row // 14 for row in plan.batch(name, epoch, step).rows}) == 1


# Orders ----------------------------------------------------------------------------------------------------------


def test_epochs_differ_and_fixed_ones_do_not() -> None:
    plan = Plan(spec_of(splits=[split("a", 1), split("b", 1, "fixed"), split("c", 1, "sequential")]), 90)
    assert rows_of(plan, "a", 0) != rows_of(plan, "a", 1)
    assert rows_of(plan, "b", 0) == rows_of(plan, "b", 1)
    assert rows_of(plan, "c", 5) == sorted(rows_of(plan, "c", 0))


def test_blocks_are_read_within_one_window() -> None:
    plan = Plan(spec_of(splits=one_split("block")), 101)
    rows = rows_of(plan, "train", 3)
    assert sorted(rows) == list(range(101))
    assert rows != rows_of(plan, "train", 4)
    for block in range(21):
        places = [i for i, row in enumerate(rows) if row // 5 == block]
        assert max(places) - min(places) < 15


def rows_matching(query: str, posts: list[Post]) -> list[int]:
    matches = Query(query).on(Snapshot(posts))
    return [row for row, post in enumerate(posts) if matches(post)]


def test_weights_decide_how_often_a_post_is_drawn() -> None:
    posts = some_posts(10, 200)
    listed = [{"query": "general_0", "weight": 6}, {"query": "rating:e", "weight": 0}]
    weights = {"by": "queries", "queries": listed, "otherwise": 2, "replacement": True, "epoch_samples": 30_000}
    plan = Plan(spec_of(splits=one_split("weighted"), weights=weights, batch_size=10_000), posts)
    drawn = Counter(rows_of(plan, "train"))
    heavy = rows_matching("general_0", posts)
    never = rows_matching("-general_0 rating:e", posts)
    light = set(range(200)) - {*heavy, *never}
    assert heavy
    assert light
    assert not any(drawn[row] for row in never)
    average = [sum(drawn[row] for row in rows) / len(rows) for rows in (heavy, light)]
    assert average[0] / average[1] == pytest.approx(3, rel=0.05)


def test_without_replacement_no_post_is_drawn_twice_and_certain_ones_always() -> None:
    posts = some_posts(11, 120)
    listed = [{"query": "general_0", "weight": 1000}, {"query": "general_1", "weight": 3}]
    weights = {"by": "queries", "queries": listed, "otherwise": 1, "replacement": False, "epoch_samples": 60}
    plan = Plan(spec_of(splits=one_split("weighted"), weights=weights), posts)
    certain = set(rows_matching("general_0", posts))
    of_often = set(rows_matching("general_1", posts)) - certain
    often, seldom = Counter[int](), Counter[int]()
    for epoch in range(150):
        rows = rows_of(plan, "train", epoch)
        assert len(set(rows)) == len(rows) == 60
        assert certain <= set(rows)
        for row in set(rows) - certain:
            (often if row in of_often else seldom)[row] += 1
    rate = often.total() / len(of_often) / (seldom.total() / (len(posts) - len(certain) - len(of_often)))
    assert rate == pytest.approx(3, rel=0.15)


def test_every_deck_holds_the_parts_in_their_proportions_and_a_part_goes_round_whole() -> None:
    posts = some_posts(12, 100)
    mixture = {"parts": [{"query": "rating:e", "share": 4}, {"query": "", "share": 6}], "epoch_samples": 500}
    plan = Plan(spec_of(splits=one_split("mixed"), mix=mixture), posts)
    rows = rows_of(plan, "train")
    for first in range(0, 500, 5):
        assert sum(posts[row].rating == "explicit" for row in rows[first : first + 5]) == 2
    of_part = [row for row in rows if posts[row].rating == "explicit"]
    size = len(set(of_part))
    for first in range(0, len(of_part) - size, size):
        assert len(set(of_part[first : first + size])) == size


@pytest.mark.parametrize("last_batch", ["keep", "drop", "pad"])
@pytest.mark.parametrize("order", ["epoch", "block"])
def test_the_ranks_of_any_world_together_give_the_global_batch(order: str, last_batch: str) -> None:
    plan = Plan(spec_of(splits=one_split(order), last_batch=last_batch, batch_size=12), 100)
    (found,) = plan.splits
    assert found.batch_count == (8 if last_batch == "drop" else 9)
    for step in range(found.batch_count):
        whole = plan.batch("train", 2, step)
        for world_size in (1, 2, 3, 7, 16):
            slices = [plan.batch("train", 2, step, rank, world_size) for rank in range(world_size)]
            assert [row for batch in slices for row in batch.rows] == whole.rows
            assert sum(batch.padding_count for batch in slices) == whole.padding_count
            assert max(len(batch.rows) for batch in slices) - min(len(batch.rows) for batch in slices) <= 1
    assert whole.padding_count == (8 if last_batch == "pad" else 0)
