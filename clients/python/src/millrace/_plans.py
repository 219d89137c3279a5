"""Plans between the package's values and the contract's messages."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from millrace import _convert, explanation, types
from millrace.v1 import plan_service_pb2 as plans

_PROPORTIONS = "only proportions matter: for fractions, multiply all"

Splits = Mapping[str, int | Sequence[tuple[int, int]]] | Sequence[types.SplitSpec]


def whole(value: Any, what: str, *, min: int = 0, hint: str = "") -> int:
    """The number as an int (numpy's, too). ValueError for fractions, NaN, numbers below `min` and other things."""
    try:
        if isinstance(value, bool):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        number = min - 1
    if number < min:
        raise ValueError(f"{what} is {value!r}; give a whole number from {min} on{hint and f' ({hint})'}") from None
    return number


def _optional(value: Any, what: str) -> int:
    """0, which the contract reads as its default, for None."""
    return 0 if value is None else whole(value, what, min=1)


def _pairs(items: Sequence[tuple[str, int]] | Mapping[str, int]) -> Iterable[tuple[str, int]]:
    return items.items() if isinstance(items, Mapping) else items


def _split_specs(splits: Splits) -> Sequence[types.SplitSpec]:
    if not isinstance(splits, Mapping):
        return splits
    return [
        types.SplitSpec(name, ranges=amount) if isinstance(amount, Sequence) else types.SplitSpec(name, amount)
        for name, amount in splits.items()
    ]


def _split_message(split: types.SplitSpec, what: str) -> plans.SplitSpec:
    return plans.SplitSpec(
        name=split.name,
        share=whole(split.share, f"{what}.share", hint="shares are parts of their total"),
        order=_convert.ORDER_KIND.number(split.order, "order"),
        ranges=[plans.IdRange(first=first, last=last) for first, last in split.ranges],
        block_rows=_optional(split.block_rows, f"{what}.block_rows"),
        window_blocks=_optional(split.window_blocks, f"{what}.window_blocks"),
    )


def _stratify_message(stratify: types.Stratify) -> plans.Stratify:
    values = {"rating": True, "tag": stratify.tag, "category": stratify.category}
    if stratify.by not in values:
        raise ValueError(f"stratify.by must be one of rating, tag, category; not {stratify.by!r}")
    value = values[stratify.by]
    others = [key for key in ("tag", "category") if key != stratify.by and values[key] is not None]
    if value is None or others:
        raise ValueError(f"{stratify!r}: give exactly what by={stratify.by!r} says")
    if stratify.by == "category":
        value = _convert.TAG_CATEGORY.number(stratify.category, "stratify.category")
    fields: dict[str, Any] = {stratify.by: value}
    return plans.Stratify(**fields)


def _weights_message(weights: types.QueryWeights | types.TagFrequencyWeights) -> plans.Weights:
    message = plans.Weights(
        replacement=weights.replacement, epoch_samples=_optional(weights.epoch_samples, "weights.epoch_samples")
    )
    if isinstance(weights, types.TagFrequencyWeights):
        frequency = plans.TagFrequencyWeights(
            power_quarters=_optional(weights.power_quarters, "weights.power_quarters"),
            cap=_optional(weights.cap, "weights.cap"),
            category=_convert.TAG_CATEGORY.number(weights.category, "weights.category"),
        )
        message.tag_frequency.CopyFrom(frequency)
        return message
    message.queries.SetInParent()
    message.queries.otherwise = whole(weights.otherwise, "weights.otherwise", hint=_PROPORTIONS)
    for query, weight in _pairs(weights.queries):
        number = whole(weight, f"the weight of {query!r}", hint=_PROPORTIONS)
        message.queries.queries.add(query=query, weight=number)
    return message


def _mix_message(mix: types.Mix) -> plans.Mix:
    message = plans.Mix(epoch_samples=_optional(mix.epoch_samples, "mix.epoch_samples"))
    for query, share in _pairs(mix.parts):
        message.parts.add(query=query, share=whole(share, f"the share of {query!r}", min=1, hint=_PROPORTIONS))
    return message


def _strategy(strategy: str | None, splits: Sequence[types.SplitSpec], stratify: Any, partitions: Any) -> str | None:
    """What only one strategy takes stands for it."""
    if strategy is not None:
        return strategy
    if any(split.ranges for split in splits):
        return "id_range"
    if stratify is not None:
        return "stratified"
    return "partitioned" if partitions is not None else None


def spec_message(
    *,
    scope: Mapping[str, Any],
    batch_size: int,
    query: str,
    seed: int,
    splits: Splits | None,
    strategy: str | None,
    unit: str | None,
    modulus: int | None,
    stratify: types.Stratify | None,
    coverage: str | None,
    batch_rows: str | None,
    weights: types.QueryWeights | types.TagFrequencyWeights | None,
    mix: types.Mix | None,
    last_batch: str,
    tags: str | None,
) -> plans.PlanSpec:
    """The request of Plans.create, which says what each is. ValueError for what no server would take."""
    specs = _split_specs(splits or ())
    strategy = _strategy(strategy, specs, stratify, coverage or batch_rows)
    return plans.PlanSpec(
        **scope,
        query=query,
        seed=seed,
        strategy=_convert.SPLIT_STRATEGY.number(strategy, "strategy"),
        unit=_convert.SPLIT_UNIT.number(unit, "unit"),
        modulus=_optional(modulus, "modulus"),
        stratify=None if stratify is None else _stratify_message(stratify),
        coverage=_convert.COVERAGE.number(coverage, "coverage"),
        batch_rows=_convert.BATCH_ROWS.number(batch_rows, "batch_rows"),
        splits=[_split_message(split, f"splits[{i}]") for i, split in enumerate(specs)],
        weights=None if weights is None else _weights_message(weights),
        mix=None if mix is None else _mix_message(mix),
        batch_size=batch_size,
        last_batch=_convert.LAST_BATCH.number(last_batch, "last_batch"),
        tags=_convert.TAG_READING.number(tags, "tags"),
    )


def _split(spec: plans.SplitSpec, info: plans.SplitInfo) -> types.Split:
    return types.Split(
        name=info.name,
        share=spec.share,
        order=_convert.ORDER_KIND.name(spec.order),
        sample_count=info.sample_count,
        batch_count=info.batch_count,
        member_count=info.member_count,
        ranges=tuple((r.first, r.last) for r in spec.ranges),
        block_rows=spec.block_rows or None,
        window_blocks=spec.window_blocks or None,
    )


def _stratify(message: plans.Stratify) -> types.Stratify:
    by = message.WhichOneof("by") or "rating"
    if by == "tag":
        return types.Stratify("tag", tag=message.tag)
    if by == "category":
        return types.Stratify("category", category=_convert.TAG_CATEGORY.name(message.category))
    return types.Stratify("rating")


def _weights(message: plans.Weights) -> types.QueryWeights | types.TagFrequencyWeights:
    epoch_samples = message.epoch_samples or None
    if message.HasField("tag_frequency"):
        return types.TagFrequencyWeights(
            power_quarters=message.tag_frequency.power_quarters,
            cap=message.tag_frequency.cap,
            category=_convert.TAG_CATEGORY.name(message.tag_frequency.category),
            replacement=message.replacement,
            epoch_samples=epoch_samples,
        )
    return types.QueryWeights(
        queries=tuple((q.query, q.weight) for q in message.queries.queries),
        otherwise=message.queries.otherwise,
        replacement=message.replacement,
        epoch_samples=epoch_samples,
    )


def _mix(message: plans.Mix) -> types.Mix:
    return types.Mix(tuple((part.query, part.share) for part in message.parts), message.epoch_samples or None)


def plan(message: plans.Plan) -> types.Plan:
    """What the server says of a plan."""
    spec = message.spec
    return types.Plan(
        id=message.id,
        snapshot=spec.snapshot,
        seed=spec.seed,
        strategy=_convert.SPLIT_STRATEGY.name(spec.strategy),
        splits=tuple(_split(wanted, info) for wanted, info in zip(spec.splits, message.splits, strict=True)),
        batch_size=spec.batch_size,
        last_batch=_convert.LAST_BATCH.name(spec.last_batch),
        sample_count=message.sample_count,
        canonical_form=message.canonical_form,
        created_at=_convert.time(message, "created_at"),
        query=spec.query,
        unit=_convert.SPLIT_UNIT.name(spec.unit),
        modulus=spec.modulus or None,
        stratify=_stratify(spec.stratify) if spec.HasField("stratify") else None,
        coverage=_convert.COVERAGE.name(spec.coverage),
        batch_rows=_convert.BATCH_ROWS.name(spec.batch_rows),
        weights=_weights(spec.weights) if spec.HasField("weights") else None,
        mix=_mix(spec.mix) if spec.HasField("mix") else None,
        selected_count=message.selected_count,
        unassigned_count=message.unassigned_count,
        notes=tuple(message.notes),
        tags=_convert.TAG_READING.name(spec.tags),
    )


def post_explanation(message: plans.ExplainPostResponse, post_id: int) -> explanation.PostExplanation:
    return explanation.PostExplanation(
        plan_id=message.plan_id,
        snapshot=message.snapshot,
        post_id=post_id,
        row=message.row,
        is_selected=message.is_selected,
        split=message.split or None,
        reasons=tuple(message.reasons),
        epoch=message.epoch,
        appearances=tuple(
            explanation.Appearance(a.step, a.global_index, a.sample, a.is_padding) for a in message.appearances
        ),
    )


def step_explanation(
    message: plans.ExplainStepResponse, request: plans.ExplainStepRequest
) -> explanation.StepExplanation:
    return explanation.StepExplanation(
        plan_id=message.plan_id,
        snapshot=message.snapshot,
        split=request.split,
        epoch=request.epoch,
        step=request.step,
        reasons=tuple(message.reasons),
        samples=tuple(
            explanation.ExplainedSample(s.sample, s.member, s.row, s.post_id, s.is_padding) for s in message.samples
        ),
        sample_count=message.sample_count,
        token=message.token,
    )
