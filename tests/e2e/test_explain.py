"""Explanations against a real server: what is explained is what is served, for every kind of plan, by every client.

Method: all batches of an epoch are read and compared with the explanations of their steps and of all posts.
"""

from __future__ import annotations

import json
import os
import re
from typing import Any

import pytest

import dump
import millrace
from server_process import ServerProcess
from test_cli import CLI, run
from test_grpcurl import GRPCURL, call

EPOCH = 3
PLANS: dict[str, dict[str, Any]] = {
    "exact": {},
    "exact by a query": {"query": "-id:1000..2000"},
    "hash": {"strategy": "hash"},
    "id_range": {
        "strategy": "id_range",
        "modulus": 10,
        "splits": [millrace.SplitSpec("train", ranges=[(0, 6)]), millrace.SplitSpec("test", ranges=[(8, 9)])],
    },
    "stratified": {"stratify": millrace.Stratify("rating")},
    "partitioned": {"strategy": "partitioned"},
    "half": {"strategy": "partitioned", "coverage": "half"},
    "blocks": {"splits": [millrace.SplitSpec("train", 8, order="block", block_rows=16, window_blocks=4)]},
    "weighted": {
        "splits": [millrace.SplitSpec("train", 8, order="weighted")],
        "weights": millrace.TagFrequencyWeights(replacement=True),
    },
    "mixed": {
        "splits": [millrace.SplitSpec("train", 8, order="mixed")],
        "mix": millrace.Mix([("id:..2000", 2), ("", 1)]),
        "last_batch": "pad",
    },
}


def served(address: str, plan: millrace.Plan, split: str) -> list[millrace.Batch]:
    with millrace.Loader(
        address, plan=plan.id, split=split, view="identities", start=millrace.Position(EPOCH, 0)
    ) as loader:
        return list(loader)


@pytest.mark.parametrize("kind", PLANS)
def test_explanations_are_of_what_is_served(server: ServerProcess, client: millrace.Client, kind: str) -> None:
    plan = client.plans.create(dataset="openclipart", batch_size=32, seed=5, **PLANS[kind])
    places: dict[int, list[tuple[str, int, int, bool]]] = {}
    for split in plan.splits:
        for batch in served(server.address, plan, split.name):
            mask = batch.mask.tolist()
            explained = client.plans.explain_step(plan.id, batch.step, split=split.name, epoch=EPOCH)
            assert [s.post_id for s in explained.samples] == batch.post_ids.tolist()
            assert [s.row for s in explained.samples] == batch.rows.tolist()
            assert [not s.is_padding for s in explained.samples] == mask
            assert explained.reasons
            for index, post_id in enumerate(batch.post_ids.tolist()):
                places.setdefault(post_id, []).append((split.name, batch.step, index, not mask[index]))
    for record in dump.records():
        post_id = int(record["id"])
        explanation = client.plans.explain_post(plan.id, post_id, epoch=EPOCH)
        expected = places.get(post_id, [])
        found = [(explanation.split, a.step, a.global_index, a.is_padding) for a in explanation.appearances]
        assert found == expected, explanation.reasons
        assert explanation.reasons[0].startswith(f"row {explanation.row} of snapshot {plan.snapshot}")


def test_a_token_of_an_explained_step_starts_there(server: ServerProcess, client: millrace.Client) -> None:
    plan = client.plans.create(dataset="openclipart", batch_size=32, seed=5)
    explained = client.plans.explain_step(plan.id, 7, epoch=EPOCH)
    with millrace.Loader(server.address, plan=plan.id, start=explained.token) as loader:
        first = next(iter(loader))
    assert first.position == millrace.Position(EPOCH, 7)
    assert first.post_ids.tolist() == [sample.post_id for sample in explained.samples]


def test_what_is_not_there_is_refused(client: millrace.Client) -> None:
    plan = client.plans.create(dataset="openclipart", batch_size=32, seed=5)
    with pytest.raises(millrace.PostNotFound):
        client.plans.explain_post(plan.id, 1 << 40)
    with pytest.raises(millrace.StepPastEnd):
        client.plans.explain_step(plan.id, 1000)
    with pytest.raises(millrace.SplitNotFound):
        client.plans.explain_step(plan.id, 0, split="tarin")
    with pytest.raises(millrace.InvalidRequest):
        client.plans.explain_post(plan.id, int(dump.records()[0]["id"]), epoch=-1)
    with pytest.raises(millrace.PlanNotFound):
        client.plans.explain_step("0" * 64, 0)


@pytest.mark.skipif(not CLI.is_file(), reason=f"no command line client at {CLI}")
def test_the_command_line_explains(server: ServerProcess, client: millrace.Client) -> None:
    plan = client.plans.create(dataset="openclipart", batch_size=32, seed=5)
    batch = client.batch(plan.id, epoch=EPOCH, step=2)
    post_id = int(batch.post_ids[4])
    flags = ("--post", str(post_id), "--epoch", str(EPOCH))
    shown = run(server.address, "plan", "explain", plan.id, *flags).stdout.decode()
    assert re.search(r"^split +train$", shown, re.MULTILINE)
    assert re.search(r"^ *2 +4 +68 +no$", shown, re.MULTILINE)
    for reason in client.plans.explain_post(plan.id, post_id, epoch=EPOCH).reasons:
        assert f"  - {reason}\n" in shown
    document = json.loads(run(server.address, "--json", "plan", "explain", plan.id, *flags).stdout)
    assert document["appearances"] == [{"step": "2", "global_index": "4", "sample": "68", "is_padding": False}]

    flags = ("--split", "train", "--epoch", str(EPOCH), "--step", "2")
    shown = run(server.address, "plan", "explain", plan.id, *flags).stdout.decode()
    row = int(batch.rows[4])
    assert re.search(rf"^ *4 +68 +\d+ +{row} +{post_id} +no$", shown, re.MULTILINE)
    document = json.loads(run(server.address, "--json", "plan", "explain", plan.id, *flags).stdout)
    assert [int(sample["post_id"]) for sample in document["samples"]] == batch.post_ids.tolist()
    run(server.address, "plan", "explain", plan.id, "--post", str(1 << 40), expect=3)
    run(server.address, "plan", "explain", plan.id, expect=2)


@pytest.mark.skipif(GRPCURL is None or not os.access(GRPCURL, os.X_OK), reason="no grpcurl")
def test_grpcurl_explains(server: ServerProcess, client: millrace.Client) -> None:
    plan = client.plans.create(dataset="openclipart", batch_size=32, seed=5)
    where = {"plan_id": plan.id, "epoch": EPOCH}
    (step,) = call(server, "PlanService/ExplainStep", {**where, "split": "train", "step": 2})
    ours = client.plans.explain_step(plan.id, 2, epoch=EPOCH)
    assert [int(s["post_id"]) for s in step["samples"]] == [s.post_id for s in ours.samples]
    assert step["token"] == ours.token
    (post,) = call(server, "PlanService/ExplainPost", {**where, "post_id": ours.samples[5].post_id})
    assert post["split"] == "train"
    assert int(post["appearances"][0]["step"]) == 2
    assert post["reasons"] == list(client.plans.explain_post(plan.id, ours.samples[5].post_id, epoch=EPOCH).reasons)
