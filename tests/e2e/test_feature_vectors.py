"""The golden vectors of plans over posts, as a real server serves them.

Method: the posts of every vector are imported as a dump, and its aliases and implications as another; the plan is
created from the contract's messages on the snapshot that came of it, and every batch of the vector's epochs and slices
is streamed and compared, with its tags and labels where the vector has them. The plan's id must be that of the
specification for this snapshot. What a dump cannot say (the ratings of two schemes at once, numbers
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


REFUSALS = sorted((ROOT / "tests" / "golden" / "refusals").glob("*.json"))
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


def write_lines(path: Path, records: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def import_all(client: millrace.Client, golden: Golden, folder: Path, dataset: str) -> str:
    """The digest of the snapshot."""
    tags = {tag[0]: tag for tag in golden.get("tags", ())}
    posts = write_lines(folder / "posts.jsonl", [record(post, tags) for post in posts_of(golden)])
    snapshot = client.import_(posts, dataset=dataset).snapshot
    relations = [
        write_lines(
            folder / f"tag_{kind}.json",
            [{"antecedent_name": a, "consequent_name": b, "status": "active"} for a, b in golden[kind]],
        )
        for kind in ("aliases", "implications")
        if golden.get(kind)
    ]
    if relations:
        snapshot = client.import_(relations, dataset=dataset, format="danbooru-export").snapshot
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
    snapshot = import_all(client, golden, tmp_path, path.stem)
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

    if "vocabulary" in golden:
        check_tags(client, golden, plan.id, path.stem)


def check_tags(client: millrace.Client, golden: Golden, plan_id: str, name: str) -> None:
    """The tags of batches, as rows and as columns, their labels, and the counts of a vocabulary."""
    snapshot, tags = client.plans.get(plan_id).snapshot, golden["plan"].get("tags")
    counted = client.vocabularies.create(f"counts-{name}", snapshot=snapshot, tags=tags)
    entries = client.vocabularies.entries(counted.reference)
    assert [[entry.tag_id, entry.post_count] for entry in entries] == golden["tag_counts"]
    csv = "name,category\n" + "".join(",".join(entry) + "\n" for entry in golden["vocabulary"])
    labels = client.vocabularies.create(f"labels-{name}", csv=csv.encode())
    for expected in golden["tag_batches"]:
        where = {key: expected[key] for key in ("split", "epoch", "step")}
        rows = client.batch(plan_id, view="posts", **where)
        assert [[tag.id for tag in post.tags] for post in rows.posts] == expected["tags"]
        columns = client.batch(plan_id, fields=["tags"], labels=labels.reference, **where)
        assert isinstance(columns, millrace.ColumnBatch)
        assert isinstance(columns.labels, millrace.TagLists)
        for i in range(len(columns)):
            assert columns.tags.of(i).tolist() == expected["tags"][i]
            assert columns.labels.of(i).tolist() == expected["labels"][i]


def test_there_are_vectors() -> None:
    assert len(VECTORS) >= 60
    assert sum("vocabulary" in json.loads(path.read_text()) for path in VECTORS) >= 6


@pytest.mark.parametrize("path", REFUSALS, ids=lambda path: path.stem)
def test_the_plans_of_golden_refusals_are_refused(
    server: ServerProcess, client: millrace.Client, tmp_path: Path, path: Path
) -> None:
    golden: Golden = json.loads(path.read_text())
    snapshot = import_all(client, golden, tmp_path, f"refused_{path.stem}")
    with pytest.raises(grpc.RpcError) as caught:
        create(server.address, plan_spec(golden["plan"], snapshot))
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert caught.value.details().startswith(f"spec.{golden['refused']}: ")
