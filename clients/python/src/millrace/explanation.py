"""Why a post is in a batch, and where the posts of a step come from."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Appearance", "ExplainedSample", "PostExplanation", "StepExplanation"]


@dataclass(frozen=True)
class Appearance:
    """A post in a batch. global_index: its place in the global batch. sample: its number in the epoch. is_padding: a
    repeat that fills up the last batch. All count from 0."""

    step: int
    global_index: int
    sample: int
    is_padding: bool


@dataclass(frozen=True)
class PostExplanation:
    """Where an epoch of a plan has a post.

    row: of the snapshot. split: None when it is in none. reasons: why, a sentence each, in the order in which they
    apply, with the numbers to verify them by docs/plan-specification.md. appearances: in order; at most 1,000; usually
    one, none for a sample that last_batch="drop" leaves out.
    """

    plan_id: str
    snapshot: str
    post_id: int
    row: int
    is_selected: bool
    split: str | None
    reasons: tuple[str, ...]
    epoch: int
    appearances: tuple[Appearance, ...]


@dataclass(frozen=True)
class ExplainedSample:
    """A sample of a step. sample: its number in the epoch. member: the post's number in its split. row: of the
    snapshot. is_padding: a repeat that fills up the last batch."""

    sample: int
    member: int
    row: int
    post_id: int
    is_padding: bool


@dataclass(frozen=True)
class StepExplanation:
    """A global batch. reasons: how the step came to its posts, a sentence each. samples: in order; at most 10,000 of
    sample_count. token: the position before the step, for Loader(start=)."""

    plan_id: str
    snapshot: str
    split: str
    epoch: int
    step: int
    reasons: tuple[str, ...]
    samples: tuple[ExplainedSample, ...]
    sample_count: int
    token: str
