#!/usr/bin/env python3
"""Writes golden vectors of plans over posts that are not there yet: tests/golden/features/*.json, and of refused ones:
tests/golden/refusals/*.json.

    make_feature_vectors.py

Vectors never change once they are released, so a file that exists is never written again: vectors for something new
get a new entry in feature_plans.py and so a new file. docs/plan-specification.md, section 9, describes the format.
The batches are those of millrace.reference; that the server's are the same is for the tests to say.
"""

from __future__ import annotations

import hashlib
import json
import struct
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
# Last: an installed package comes first, because it has the generated stubs that processes started from here will want.
sys.path.append(str(HERE.parent.parent / "clients" / "python" / "src"))

from feature_plans import FEATURES, Feature  # noqa: E402
from query_plans import QUERY_FEATURES  # noqa: E402
from refused_plans import REFUSALS, Refusal  # noqa: E402
from relation_plans import RELATION_FEATURES  # noqa: E402
from vector_posts import posts_of, relations_of  # noqa: E402

from millrace.reference import Labels, Plan, canonical_form, plan_id  # noqa: E402


def compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True)


def lines(values: list[Any]) -> str:
    """An array with an element on each line."""
    return "[" + ",".join("\n" + compact(value) for value in values) + "]"


def epoch_of(plan: Plan, split: str, epoch: int) -> dict[str, Any]:
    steps = range(next(found.batch_count for found in plan.splits if found.name == split))
    return {"split": split, "epoch": epoch, "batches": [plan.batch(split, epoch, step).rows for step in steps]}


def slices_of(plan: Plan, world_size: int) -> list[dict[str, Any]]:
    """The first and the last step of every split in a world of several ranks, in epoch 1."""
    slices = []
    for split in plan.splits:
        for step in sorted({0, split.batch_count - 1} if split.batch_count else ()):
            for rank in range(world_size):
                where = {"split": split.name, "epoch": 1, "step": step, "rank": rank, "world_size": world_size}
                slices.append({**where, **plan.batch(**where)._asdict()})
    return slices


def stretch_of(plan: Plan, split: str, epoch: int, first_step: int, end_step: int) -> dict[str, Any]:
    digest, samples = hashlib.sha256(), 0
    for step in range(first_step, end_step):
        rows = plan.batch(split, epoch, step).rows
        digest.update(struct.pack(f"<{len(rows)}q", *rows))
        samples += len(rows)
    return {
        "split": split,
        "epoch": epoch,
        "first_step": first_step,
        "end_step": end_step,
        "sample_count": samples,
        "rows_sha256": digest.hexdigest(),
    }


def stretches_of(plan: Plan, steps: int) -> list[dict[str, Any]]:
    """The first and the last `steps` steps of every split, in two epochs."""
    stretches = []
    for split in plan.splits:
        starts = {0, max(0, split.batch_count - steps)} if split.batch_count else set()
        for epoch, first in ((0, 0), (1, max(starts, default=0))):
            if first in starts:
                stretches.append(stretch_of(plan, split.name, epoch, first, min(first + steps, split.batch_count)))
    return stretches


def tokens_of(plan: Plan) -> list[dict[str, Any]]:
    positions = [
        (split.name, epoch, step) for split in plan.splits for epoch, step in ((0, 0), (2**31 - 1, split.batch_count))
    ]
    return [
        {"split": split, "epoch": epoch, "step": step, "token": plan.token(split, epoch, step)}
        for split, epoch, step in positions
    ]


def tag_batches_of(plan: Plan, labels: Labels) -> Iterator[dict[str, Any]]:
    """The tags and labels of the first and the last batch of every split, in epoch 0."""
    for split in plan.splits:
        for step in sorted({0, split.batch_count - 1} if split.batch_count else ()):
            posts = [plan.tags(row) for row in plan.batch(split.name, 0, step).rows]
            yield {
                "split": split.name,
                "epoch": 0,
                "step": step,
                "tags": [[tag.id for tag in tags] for tags in posts],
                "labels": [labels.of(tags) for tags in posts],
            }


def object_text(golden: dict[str, str]) -> str:
    """The values are texts already."""
    return "{\n" + ",\n".join(f'"{key}":{text}' for key, text in golden.items()) + "\n}\n"


def posts_text(posts: dict[str, Any]) -> dict[str, str]:
    return {key: lines(value) if isinstance(value, list) else compact(value) for key, value in posts.items()}


def refusal_text(refusal: Refusal) -> str:
    return object_text(
        {
            "about": compact(refusal.about),
            **posts_text(refusal.posts),
            "plan": canonical_form(refusal.plan),
            "plan_id": compact(plan_id(refusal.plan)),
            "refused": compact(refusal.key),
        }
    )


def golden_text(feature: Feature) -> str:
    golden: dict[str, str] = {"about": compact(feature.about)}
    if feature.slow:
        golden["slow"] = "true"
    golden |= posts_text(feature.posts)
    plan = Plan(feature.plan, posts_of(feature.posts), relations_of(feature.posts))
    golden["selection_size"] = compact(len(plan.rows))
    golden["plan"] = canonical_form(feature.plan)
    golden["plan_id"] = compact(plan.id)
    golden["splits"] = lines([split._asdict() for split in plan.splits])
    golden["unassigned_count"] = compact(plan.unassigned_count)
    if feature.stretch_steps:
        golden["stretches"] = lines(stretches_of(plan, feature.stretch_steps))
    else:
        golden["epochs"] = lines(
            [epoch_of(plan, split.name, epoch) for split in plan.splits for epoch in feature.epochs]
        )
        golden["batches"] = lines([found for world in feature.world_sizes for found in slices_of(plan, world)])
    if feature.vocabulary:
        golden["vocabulary"] = lines(list(feature.vocabulary))
        golden["tag_counts"] = compact(plan.tag_counts())
        golden["tag_batches"] = lines(list(tag_batches_of(plan, Labels(feature.vocabulary, plan))))
    golden["tokens"] = lines(tokens_of(plan))
    return object_text(golden)


def write(path: Path, text_of: Callable[[], str]) -> None:
    if path.exists():
        print(f"{path.name}: is there")
        return
    path.write_text(text_of(), "ascii")
    print(f"{path.name}: written, {path.stat().st_size:,} bytes")


def main() -> int:
    for feature in [*FEATURES, *QUERY_FEATURES, *RELATION_FEATURES]:
        write(HERE / "features" / f"{feature.name}.json", partial(golden_text, feature))
    for refusal in REFUSALS:
        write(HERE / "refusals" / f"{refusal.name}.json", partial(refusal_text, refusal))
    return 0


if __name__ == "__main__":
    sys.exit(main())
