"""The golden vectors of plans over posts, as a real server serves them.

Method: the posts of every vector are imported as a dump, the plan is created from the contract's messages on the
snapshot that came of it, and every batch of the vector's epochs and slices is streamed and compared. The plan's id
must be that of the specification for this snapshot. What a dump cannot say (the ratings of two schemes at once, numbers
of favourites, durations) and posts by the million are left to tests/core/batch.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import grpc
import pytest

import dump
import millrace
from millrace import Loader, Position, reference
from millrace.v1 import plan_service_pb2 as plans
from plan_proto import plan_spec
from server_process import ROOT, ServerProcess

Golden = dict[str, Any]
RATINGS = {word: letter for letter, word in dump.RATINGS.items()}
NAMES = {
    **{
        name: name
        for name in ("parent_id", "score", "md5", "file_ext", "source", "pixiv_id", "uploader_id", "approver_id")
    },
    "width": "image_width",
    "height": "image_height",
    "file_size_bytes": "file_size",
}
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
CATEGORIES = {word: number for number, word in dump.CATEGORIES.items()}


def importable(path: Path) -> bool:
    golden: Golden = json.loads(path.read_text())
    posts = golden.get("posts", ())
    ratings = {post["rating"] for post in posts if "rating" in post}
    is_told = not any("favorite_count" in post or "duration_us" in post for post in posts)
    return "epochs" in golden and ratings <= set(RATINGS) and is_told


VECTORS = [path for path in sorted((ROOT / "tests" / "golden" / "features").glob("*.json")) if importable(path)]


def posts_of(golden: Golden) -> list[dict[str, Any]]:
    """Vectors that look at no post are served over any posts, as long as there are as many."""
    return golden.get("posts") or [{"id": number} for number in range(1, golden["selection_size"] + 1)]


def record(post: dict[str, Any], tags: dict[int, list[Any]]) -> dict[str, Any]:
    """A post as Danbooru's dumps write it: numbers as strings, pools as ids and then as many words."""
    found: dict[str, Any] = {"id": str(post["id"])}
    found |= {name: str(post[key]) for key, name in NAMES.items() if key in post}
    if "created_at_us" in post:
        found["created_at"] = f"{EPOCH + timedelta(microseconds=post['created_at_us']):%Y-%m-%d %H:%M:%S} UTC"
    found |= {f"is_{flag}": value for flag, value in post.get("flags", {}).items()}
    if "rating" in post:
        found["rating"] = RATINGS[post["rating"]]
    pools = post.get("pools", [])
    found["pools"] = [*map(str, pools), *post.get("pool_kinds", ["series" for _ in pools])]
    found["tags"] = [
        {"id": str(tag_id), "name": name, "category": CATEGORIES[category]}
        for tag_id, name, category in (tags[tag_id] for tag_id in post.get("tags", ()))
    ]
    return found


def import_posts(client: millrace.Client, golden: Golden, path: Path, dataset: str) -> str:
    """The digest of the snapshot."""
    tags = {tag[0]: tag for tag in golden.get("tags", ())}
    path.write_text("".join(json.dumps(record(post, tags)) + "\n" for post in posts_of(golden)))
    snapshot = client.import_(path, dataset=dataset).snapshot
    assert snapshot is not None
    return snapshot


def create(address: str, spec: plans.PlanSpec) -> plans.Plan:
    with grpc.insecure_channel(address) as channel:
        method = channel.unary_unary(
            "/millrace.v1.PlanService/CreatePlan",
            request_serializer=plans.CreatePlanRequest.SerializeToString,
            response_deserializer=plans.CreatePlanResponse.FromString,
        )
        response: plans.CreatePlanResponse = method(plans.CreatePlanRequest(spec=spec), timeout=60)
    return response.plan


def batches_of(address: str, plan: str, split: str, position: Position, **world: int) -> Iterator[millrace.Batch]:
    with Loader(address, plan=plan, split=split, start=position, view="identities", **world) as loader:
        yield from loader


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_the_served_batches_are_the_golden_ones(
    server: ServerProcess, client: millrace.Client, tmp_path: Path, path: Path
) -> None:
    golden: Golden = json.loads(path.read_text())
    snapshot = import_posts(client, golden, tmp_path / "posts.jsonl", path.stem)
    plan = create(server.address, plan_spec(golden["plan"], snapshot))
    expected_spec = {**golden["plan"], "snapshot": snapshot}
    assert plan.canonical_form == reference.canonical_form(expected_spec)
    assert plan.id == reference.plan_id(expected_spec)
    assert plan.selected_count == golden["selection_size"]
    assert plan.unassigned_count == golden["unassigned_count"]
    counts = ("name", "member_count", "sample_count", "batch_count")
    assert [{key: getattr(split, key) for key in counts} for split in plan.splits] == golden["splits"]

    ids = [post["id"] for post in posts_of(golden)]
    for epoch in golden["epochs"]:
        if epoch["batches"]:
            served = list(batches_of(server.address, plan.id, epoch["split"], Position(epoch["epoch"], 0)))
            assert [batch.rows.tolist() for batch in served] == epoch["batches"]
            assert [batch.post_ids.tolist() for batch in served] == [
                [ids[row] for row in rows] for rows in epoch["batches"]
            ]
    for expected in golden["batches"]:
        position = Position(expected["epoch"], expected["step"])
        world = {"rank": expected["rank"], "world_size": expected["world_size"]}
        batch = next(batches_of(server.address, plan.id, expected["split"], position, **world))
        assert batch.rows.tolist() == expected["rows"]
        assert batch.global_offset == expected["global_offset"]
        assert int((~batch.mask).sum()) == expected["padding_count"]


def test_there_are_vectors() -> None:
    assert len(VECTORS) >= 46
