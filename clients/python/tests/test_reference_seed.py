"""The seed system's rule in millrace.reference.

Method: tests/golden/seed_system.json, which the seed system's own libraries printed; and that a plan with half
coverage serves those batches.
"""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path
from typing import Any

import pytest

from millrace.reference import Plan, SeedRandom, seed_partition, seed_share

GOLDEN: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[3] / "tests" / "golden" / "seed_system.json").read_text()
)


def digest(numbers: list[int], form: str) -> str:
    return hashlib.sha256(struct.pack(f"<{len(numbers)}{form}", *numbers)).hexdigest()


@pytest.mark.parametrize("golden", GOLDEN["streams"], ids=lambda golden: golden["seed"])
def test_a_seed_s_stream_is_the_golden_one(golden: dict[str, Any]) -> None:
    generator = SeedRandom(int(golden["seed"]))
    words = [generator.next_u32() for _ in range(100_000)]
    assert words[: len(golden["u32"])] == golden["u32"]
    assert digest(words, "I") == golden["sha256"]
    for after in golden["u64_after"]:
        generator = SeedRandom(int(golden["seed"]))
        for _ in range(after["words"]):
            generator.next_u32()
        assert [generator.next_u64() for _ in after["u64"]] == [int(number) for number in after["u64"]]


@pytest.mark.parametrize("golden", GOLDEN["ranges"])
def test_draws_are_the_golden_ones(golden: dict[str, Any]) -> None:
    generator = SeedRandom(int(golden["seed"]))
    draw = generator.uniform_u32 if golden["bits"] == 32 else generator.uniform_u64
    assert [draw(int(golden["low"]), int(golden["high"])) for _ in golden["values"]] == list(map(int, golden["values"]))
    assert generator.next_u32() == golden["next_u32"]


@pytest.mark.parametrize("golden", GOLDEN["shuffles"])
def test_shuffles_are_the_golden_ones(golden: dict[str, Any]) -> None:
    generator, elements = SeedRandom(int(golden["seed"])), list(range(golden["size"]))
    generator.shuffle(elements)
    if "elements" in golden:
        assert elements == golden["elements"]
    else:
        assert digest(elements, "q") == golden["sha256"]
    assert generator.next_u32() == golden["next_u32"]


def test_shares_are_the_golden_ones() -> None:
    assert len(GOLDEN["shares"]) > 10
    for batch_count, percent, whole in GOLDEN["shares"]:
        assert seed_share(batch_count, percent) == max(whole, 1)


PARTITIONS = [golden for golden in GOLDEN["partitions"] if golden["row_count"] <= 200_000]


@pytest.mark.parametrize("golden", PARTITIONS, ids=lambda golden: golden["row_count"])
def test_a_plan_with_half_coverage_serves_the_seed_system_s_batches(golden: dict[str, Any]) -> None:
    validation, test = golden["validation_percent"], golden["test_percent"]
    shares = {"train": 100 - validation - test, "validation": validation, "test": test}
    spec = {
        "batch_size": golden["batch_size"],
        "coverage": "half",
        "last_batch": "keep",
        "seed": golden["seed"],
        "snapshot": "0" * 64,
        "splits": [{"name": name, "order": "sequential", "share": share} for name, share in shares.items()],
        "strategy": "partitioned",
        "version": 1,
    }
    plan = Plan(spec, golden["row_count"])
    batches = {
        split.name: [plan.batch(split.name, 0, step).rows for step in range(split.batch_count)] for split in plan.splits
    }
    if "train" in golden:
        assert batches == {name: golden[name] for name in shares}
    else:
        rows = [row for name in shares for batch in batches[name] for row in batch]
        assert digest(rows, "q") == golden["sha256"]


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="too few"):
        seed_partition(23, 4, 0, validation_percent=10, test_percent=10)
