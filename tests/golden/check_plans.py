#!/usr/bin/env python3
"""Checks every golden vector of plans against millrace.reference, which was written from docs/plan-specification.md.

Standard library only, and no server: that it passes shows that the text suffices.

    check_plans.py            the vectors beside this file, without those that take minutes
    check_plans.py --full     those too
    check_plans.py FILE...    these files

Exits with 0 when all agree, 1 when one does not, and says so in its last line.
"""

import hashlib
import json
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
# Last: an installed package comes first, because it has the generated stubs that processes started from here will want.
sys.path.append(str(HERE.parent.parent / "clients" / "python" / "src"))

from vector_posts import posts_of, relations_of  # noqa: E402

from millrace.reference import Labels, Permutation, Plan, epoch_key, plan_id, selection_key  # noqa: E402

LONG_STRETCH = 100_000  # samples

Comparison = tuple[str, object, object]  # what, computed, golden


def check_permutations(golden: dict[str, Any]) -> Iterator[Comparison]:
    for entry in golden["selection_keys"]:
        yield f"selection key of seed {entry['seed']}", selection_key(int(entry["seed"])).hex(), entry["key"]
    for entry in golden["epoch_keys"]:
        key = epoch_key(int(entry["seed"]), entry["split"], entry["epoch"]).hex()
        yield f"epoch key of seed {entry['seed']}, {entry['split']}, epoch {entry['epoch']}", key, entry["key"]
    for entry in golden["permutations"]:
        permutation = Permutation(entry["size"], bytes.fromhex(entry["key"]))
        elements = [permutation[index] for index in entry["indices"]]
        yield f"permutation of {entry['size']}", elements, entry["elements"]


def rows_digest(plan: Plan, stretch: dict[str, Any]) -> str:
    digest = hashlib.sha256()
    for step in range(stretch["first_step"], stretch["end_step"]):
        rows = plan.batch(stretch["split"], stretch["epoch"], step).rows
        digest.update(struct.pack(f"<{len(rows)}q", *rows))
    return digest.hexdigest()


def check_slice(plan: Plan, expected: dict[str, Any]) -> Comparison:
    where = {name: expected[name] for name in ("split", "epoch", "step", "rank", "world_size")}
    return f"batch {where}", {**where, **plan.batch(**where)._asdict()}, expected


def check_epoch(plan: Plan, expected: dict[str, Any]) -> Comparison:
    split, epoch = expected["split"], expected["epoch"]
    steps = range(next(found.batch_count for found in plan.splits if found.name == split))
    return f"epoch {epoch} of {split}", [plan.batch(split, epoch, step).rows for step in steps], expected["batches"]


def check_tags(golden: dict[str, Any], plan: Plan) -> Iterator[Comparison]:
    if "tag_counts" in golden:
        yield "numbers of posts by tag", [list(entry) for entry in plan.tag_counts()], golden["tag_counts"]
    labels = Labels(map(tuple, golden.get("vocabulary", ())), plan)
    for expected in golden.get("tag_batches", ()):
        where = {name: expected[name] for name in ("split", "epoch", "step")}
        posts = [plan.tags(row) for row in plan.batch(**where).rows]
        found = {"tags": [[tag.id for tag in tags] for tags in posts], "labels": [labels.of(tags) for tags in posts]}
        yield f"tags and labels of batch {where}", {**where, **found}, expected


def check_plan(golden: dict[str, Any], full: bool) -> Iterator[Comparison]:
    if golden.get("slow") and not full:
        return
    plan = Plan(golden["plan"], posts_of(golden), relations_of(golden))
    yield "plan id", plan.id, golden["plan_id"]
    yield "selection", len(plan.rows), golden["selection_size"]
    splits = [split._asdict() for split in plan.splits]
    for split, expected in zip(splits, golden["splits"], strict=True):
        yield f"split {expected['name']}", {key: split[key] for key in expected}, expected
    if "unassigned_count" in golden:
        yield "unassigned", plan.unassigned_count, golden["unassigned_count"]
    yield from (check_slice(plan, expected) for expected in golden.get("batches", []))
    yield from (check_epoch(plan, expected) for expected in golden.get("epochs", []))
    for stretch in golden.get("stretches", []):
        if full or stretch["sample_count"] <= LONG_STRETCH:
            yield f"stretch {stretch}", rows_digest(plan, stretch), stretch["rows_sha256"]
    yield from check_tags(golden, plan)
    for entry in golden.get("tokens", []):
        position = entry["split"], entry["epoch"], entry["step"]
        yield f"token of {position}", plan.token(*position), entry["token"]
        yield f"position of {entry['token']}", plan.parse_token(entry["token"], entry["split"])[1:], position


def check_refusal(golden: dict[str, Any]) -> Iterator[Comparison]:
    yield "plan id", plan_id(golden["plan"]), golden["plan_id"]
    try:
        Plan(golden["plan"], posts_of(golden), relations_of(golden))
        refused = "nothing"
    except ValueError as error:
        refused = str(error).partition(":")[0]
    yield "refused", refused, golden["refused"]


def checks_of(golden: dict[str, Any], full: bool) -> Iterator[Comparison]:
    if "permutations" in golden:
        return check_permutations(golden)
    return check_refusal(golden) if "refused" in golden else check_plan(golden, full)


def check_file(path: Path, full: bool) -> tuple[int, int]:
    """Returns how many vectors the file holds that were compared, and how many of them differ."""
    golden = json.loads(path.read_text("utf-8"))
    compared = failed = 0
    for what, found, expected in checks_of(golden, full):
        compared += 1
        if found != expected:
            failed += 1
            print(f"{path.name}: {what}: computed {found}, golden {expected}")
    print(f"{path.name}: {compared} vectors, {failed} differ{'' if compared else ' (only with --full)'}")
    return compared, failed


def main(arguments: list[str]) -> int:
    full = "--full" in arguments
    files = [Path(argument) for argument in arguments if argument != "--full"]
    files = files or [
        HERE / "permutations.json",
        *sorted(HERE.glob("plans/*.json")),
        *sorted(HERE.glob("features/*.json")),
        *sorted(HERE.glob("refusals/*.json")),
    ]
    results = [check_file(path, full) for path in files]
    compared, failed = sum(result[0] for result in results), sum(result[1] for result in results)
    passed = compared > 0 and failed == 0
    print(f"{'PASS' if passed else 'FAIL'}: {compared} golden vectors in {len(files)} files, {failed} differ")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
