"""A plan in canonical form as the request that creates it, written from the contract alone."""

from __future__ import annotations

from typing import Any

from millrace.v1 import plan_service_pb2 as plans
from millrace.v1 import post_pb2 as posts

Spec = dict[str, Any]


def plan_spec(spec: Spec, snapshot: str) -> plans.PlanSpec:
    """The same plan on another snapshot."""
    request = plans.PlanSpec(
        snapshot=snapshot,
        seed=int(spec["seed"]),
        strategy=plans.SplitStrategy.Value(f"SPLIT_STRATEGY_{spec['strategy'].upper()}"),
        splits=[_split(split) for split in spec["splits"]],
        batch_size=spec["batch_size"],
        last_batch=plans.LastBatch.Value(f"LAST_BATCH_{spec['last_batch'].upper()}"),
        query=spec.get("query", ""),
        modulus=spec.get("modulus", 0),
    )
    if "unit" in spec:
        request.unit = plans.SplitUnit.Value(f"SPLIT_UNIT_{spec['unit'].upper()}")
    if "coverage" in spec:
        request.coverage = plans.Coverage.Value(f"COVERAGE_{spec['coverage'].upper()}")
    if "batch_rows" in spec:
        request.batch_rows = plans.BatchRows.Value(f"BATCH_ROWS_{spec['batch_rows'].upper()}")
    if "tags" in spec:
        request.tags = posts.TagReading.Value(f"TAG_READING_{spec['tags'].upper()}")
    if "stratify" in spec:
        request.stratify.CopyFrom(_stratify(spec["stratify"]))
    if "weights" in spec:
        request.weights.CopyFrom(_weights(spec["weights"]))
    if "mix" in spec:
        request.mix.CopyFrom(plans.Mix(parts=[plans.MixPart(**part) for part in spec["mix"]["parts"]]))
        request.mix.epoch_samples = spec["mix"].get("epoch_samples", 0)
    return request


def _split(split: Spec) -> plans.SplitSpec:
    ranges = [plans.IdRange(first=first, last=last) for first, last in split.get("ranges", ())]
    order = plans.OrderKind.Value(f"ORDER_KIND_{split['order'].upper()}")
    return plans.SplitSpec(**{**split, "order": order, "ranges": ranges})


def _category(word: str) -> posts.TagCategory:
    return posts.TagCategory.Value(f"TAG_CATEGORY_{word.upper()}")


def _stratify(stratify: Spec) -> plans.Stratify:
    if stratify["by"] == "rating":
        return plans.Stratify(rating=True)
    if stratify["by"] == "tag":
        return plans.Stratify(tag=stratify["tag"])
    return plans.Stratify(category=_category(stratify["category"]))


def _weights(weights: Spec) -> plans.Weights:
    request = plans.Weights(replacement=weights["replacement"], epoch_samples=weights.get("epoch_samples", 0))
    if weights["by"] == "queries":
        request.queries.queries.extend(plans.QueryWeight(**entry) for entry in weights["queries"])
        request.queries.otherwise = weights.get("otherwise", 0)
    else:
        request.tag_frequency.power_quarters = weights["power_quarters"]
        request.tag_frequency.cap = weights["cap"]
        if "category" in weights:
            request.tag_frequency.category = _category(weights["category"])
    return request
