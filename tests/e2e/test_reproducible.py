"""The promise itself: a plan gives the same batches after restarts, on other servers, at any world size, from any
position.

Method: all post ids of every batch are compared, not samples of them; and against tests/golden/e2e.json, which
was written once and holds for ever (`python tests/e2e/write_golden.py` makes it for a new plan, never for an old).
"""

from __future__ import annotations

import hashlib
import itertools
import json
from typing import Any

import pytest

import dump
import millrace
import millrace.reference
from millrace import Loader, Position
from server_process import ROOT, ServerProcess, StartServer

GOLDEN: dict[str, Any] = json.loads((ROOT / "tests" / "golden" / "e2e.json").read_text())
Ids = list[list[int]]


def make_plan(client: millrace.Client, **changes: Any) -> millrace.Plan:
    return client.plans.create(**{"dataset": "openclipart", "batch_size": 32, "seed": 42, **changes})


def ids_of(address: str, plan: str, **options: Any) -> Ids:
    with Loader(address, plan=plan, view="identities", **options) as loader:
        return [batch.post_ids.tolist() for batch in loader]


def digest(batches: Ids) -> str:
    data = b"".join(i.to_bytes(8, "little") for batch in batches for i in batch)
    return hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("golden", GOLDEN["plans"], ids=lambda golden: golden["name"])
def test_golden_plans_give_their_batches(
    server: ServerProcess, client: millrace.Client, golden: dict[str, Any]
) -> None:
    plan = make_plan(client, **golden["spec"])
    assert plan.snapshot == GOLDEN["snapshot"]
    assert plan.id == golden["plan_id"]
    for split, epochs in golden["splits"].items():
        for epoch, wanted in enumerate(epochs):
            batches = ids_of(server.address, plan.id, split=split, start=Position(epoch, 0))
            assert batches[0] == wanted["first_batch"], (split, epoch)
            assert digest(batches) == wanted["digest"], (split, epoch)


@pytest.mark.parametrize("golden", GOLDEN["plans"], ids=lambda golden: golden["name"])
def test_batches_are_those_of_the_reference_in_python(
    server: ServerProcess, client: millrace.Client, golden: dict[str, Any]
) -> None:
    """Against the implementation that was written from the specification alone."""
    plan = make_plan(client, **golden["spec"])
    reference = millrace.reference.Plan(json.loads(plan.canonical_form), plan.sample_count)
    assert reference.id == plan.id
    for split in plan.splits:
        with Loader(
            server.address, plan=plan.id, split=split.name, rank=1, world_size=3, start=Position(5, 0)
        ) as loader:
            for batch in loader:
                expected = reference.batch(split.name, 5, batch.step, 1, 3)
                assert batch.rows.tolist() == expected.rows
                assert batch.global_offset == expected.global_offset
                assert int((~batch.mask).sum()) == expected.padding_count


def test_every_sample_is_seen_once_an_epoch_and_in_one_split(server: ServerProcess, client: millrace.Client) -> None:
    plan = make_plan(client)
    seen = []
    for split in plan.splits:
        for epoch in (0, 1):
            ids = [
                i
                for batch in ids_of(server.address, plan.id, split=split.name, start=Position(epoch, 0))
                for i in batch
            ]
            assert len(set(ids)) == len(ids) == split.sample_count
            if epoch == 0:
                seen += ids
    assert sorted(seen) == sorted(int(record["id"]) for record in dump.records())


def test_train_changes_its_order_by_epoch_and_validation_does_not(
    server: ServerProcess, client: millrace.Client
) -> None:
    plan = make_plan(client)
    epochs = {
        split: [ids_of(server.address, plan.id, split=split, start=Position(epoch, 0)) for epoch in range(3)]
        for split in ("train", "validation")
    }
    assert len({str(epoch) for epoch in epochs["train"]}) == 3
    assert len({str(epoch) for epoch in epochs["validation"]}) == 1


def test_seeds_and_batch_sizes_make_other_plans(client: millrace.Client) -> None:
    plans = [make_plan(client, seed=seed, batch_size=size) for seed in (0, 1, 2**64 - 1) for size in (1, 32)]
    assert len({plan.id for plan in plans}) == 6
    assert make_plan(client, seed=1).id == make_plan(client, seed=1).id
    assert all(plan.id in {p.id for p in client.plans.list()} for plan in plans)


def test_a_plan_survives_a_restart_and_a_kill(start_server: StartServer) -> None:
    first = start_server("data")
    with millrace.connect(first.address) as client:
        client.import_(dump.POSTS_PATH, dataset="openclipart")
        plan = make_plan(client)
    before = ids_of(first.address, plan.id)
    assert first.stop() == 0
    second = start_server("data")
    assert ids_of(second.address, plan.id) == before
    second.kill()
    assert ids_of(start_server("data").address, plan.id) == before


def test_another_server_gives_the_same_plan_and_batches(
    server: ServerProcess, client: millrace.Client, start_server: StartServer
) -> None:
    other = start_server("other")
    with millrace.connect(other.address) as elsewhere:
        # In another order, in two imports, beside another dataset: none of that may matter.
        lines = dump.POSTS_PATH.read_bytes().splitlines(keepends=True)
        parts = other.data_dir.with_name("parts")
        parts.mkdir()
        (parts / "1.jsonl").write_bytes(b"".join(lines[:250:-1]))
        (parts / "2.jsonl").write_bytes(b"".join(lines[250::-1]))
        elsewhere.import_(parts / "1.jsonl", dataset="noise")
        elsewhere.import_(parts / "1.jsonl", dataset="openclipart")
        elsewhere.import_(parts / "2.jsonl", dataset="openclipart")
        plan = make_plan(elsewhere)
    assert plan.id == make_plan(client).id
    assert plan.canonical_form == make_plan(client).canonical_form
    assert ids_of(other.address, plan.id, epochs=2) == ids_of(server.address, plan.id, epochs=2)


@pytest.mark.parametrize("last_batch", ["keep", "drop", "pad"])
@pytest.mark.parametrize("world_size", [1, 2, 3, 4, 5])
def test_ranks_together_make_the_global_batches(
    server: ServerProcess, client: millrace.Client, world_size: int, last_batch: str
) -> None:
    plan = make_plan(client, last_batch=last_batch)
    whole = ids_of(server.address, plan.id)
    ranks = [ids_of(server.address, plan.id, rank=rank, world_size=world_size) for rank in range(world_size)]
    assert [list(itertools.chain(*slices)) for slices in zip(*ranks, strict=True)] == whole
    for slices in zip(*ranks, strict=True):
        sizes = [len(part) for part in slices]
        assert max(sizes) - min(sizes) <= 1


def test_a_world_larger_than_the_batch_has_ranks_without_samples(
    server: ServerProcess, client: millrace.Client
) -> None:
    plan = make_plan(client, batch_size=2)
    sizes = [{len(ids) for ids in ids_of(server.address, plan.id, rank=r, world_size=5)} for r in range(5)]
    assert set.union(*sizes) == {0, 1}


def test_the_last_batch_is_kept_dropped_or_padded(server: ServerProcess, client: millrace.Client) -> None:
    kept, dropped, padded = (make_plan(client, batch_size=50, last_batch=kind) for kind in ("keep", "drop", "pad"))
    count, rest = divmod(kept.split("train").sample_count, 50)
    assert rest, "the test needs a remainder"
    assert kept.split("train").batch_count == padded.split("train").batch_count == count + 1
    assert dropped.split("train").batch_count == count
    batches = ids_of(server.address, kept.id)
    assert [len(batch) for batch in batches] == [50] * count + [rest]
    with Loader(server.address, plan=padded.id, start=Position(0, count)) as loader:
        (last,) = loader
    assert len(last) == 50
    assert last.mask.tolist() == [True] * rest + [False] * (50 - rest)
    first = ids_of(server.address, padded.id)[0]
    assert last.post_ids[rest:].tolist() == first[: 50 - rest]


def test_resuming_anywhere_gives_the_rest(server: ServerProcess, client: millrace.Client) -> None:
    plan = make_plan(client)
    steps = plan.split("train").batch_count
    whole = ids_of(server.address, plan.id, epochs=2)
    for taken in range(2 * steps):
        start = Position(*divmod(taken, steps))
        assert ids_of(server.address, plan.id, start=start, epochs=2 - start.epoch) == whole[taken:]


def test_the_world_may_change_in_mid_epoch(server: ServerProcess, client: millrace.Client) -> None:
    plan = make_plan(client)
    steps = plan.split("train").batch_count
    whole = ids_of(server.address, plan.id)
    got: Ids = [[] for _ in range(steps)]
    for first, end, world_size in ((0, 3, 2), (3, 4, 5), (4, steps, 3)):
        for rank in range(world_size):
            with Loader(server.address, plan=plan.id, rank=rank, world_size=world_size, view="identities") as loader:
                loader.load_state_dict({"version": 1, "plan_id": plan.id, "split": "train", "epoch": 0, "step": first})
                for batch in itertools.islice(loader, end - first):
                    got[batch.step] += batch.post_ids.tolist()
    assert got == whole


def test_single_batches_are_those_of_the_stream(server: ServerProcess, client: millrace.Client) -> None:
    plan = make_plan(client)
    with Loader(server.address, plan=plan.id, rank=1, world_size=2) as loader:
        for streamed in loader:
            single = client.batch(plan.id, step=streamed.step, rank=1, world_size=2)
            assert single.post_ids.tolist() == streamed.post_ids.tolist()
            assert single.posts == streamed.posts
            assert single.global_offset == streamed.global_offset


def test_batches_carry_their_posts_whole(server: ServerProcess, client: millrace.Client) -> None:
    plan = make_plan(client)
    by_id = {int(record["id"]): record for record in dump.records()}
    with Loader(server.address, plan=plan.id) as loader:
        for batch in loader:
            assert (batch.plan_id, batch.snapshot, batch.split) == (plan.id, plan.snapshot, "train")
            assert batch.rows.tolist() == [post.row for post in batch.posts]
            for index, post in enumerate(batch.posts):
                expected = dump.expected_post(by_id[int(batch.post_ids[index])])
                assert dump.comparable(post) == expected
                assert batch.tags.of(index).tolist() == [tag.id for tag in expected.tags]


def test_a_plan_outlives_changes_of_its_dataset(start_server: StartServer) -> None:
    server = start_server()
    with millrace.connect(server.address) as client:
        client.import_(dump.POSTS_PATH, dataset="openclipart")
        plan = make_plan(client)
        before = ids_of(server.address, plan.id)
        more = server.data_dir.with_name("more.jsonl")
        more.write_bytes(dump.made_up(100))
        client.import_(more, dataset="openclipart")
        assert make_plan(client).id != plan.id
        assert ids_of(server.address, plan.id) == before


def test_a_deleted_plan_comes_back_the_same(server: ServerProcess, client: millrace.Client) -> None:
    plan = make_plan(client, seed=7)
    before = ids_of(server.address, plan.id)
    client.plans.delete(plan.id)
    with pytest.raises(millrace.PlanNotFound):
        client.plans.get(plan.id)
    with pytest.raises(millrace.PlanNotFound):
        ids_of(server.address, plan.id)
    assert make_plan(client, seed=7).id == plan.id
    assert ids_of(server.address, plan.id) == before
