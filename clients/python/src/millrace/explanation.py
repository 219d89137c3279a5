"""Why a post is in a batch, and where the posts of a step come from."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Appearance", "ExplainedSample", "PostExplanation", "QueryExplanation", "QueryNode", "StepExplanation"]


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


@dataclass(frozen=True)
class QueryNode:
    """A part of a query. kind: "term", "and", "or" or "not". text: a query that means the same. char_offset: of a term,
    where it begins in the query. post_count: of a term and of the root, how many posts it holds for; else None.
    alias_of: of a term that names a tag by an alias, the name that the alias stands for; else None."""

    kind: str
    text: str
    char_offset: int | None
    post_count: int | None
    children: tuple[QueryNode, ...]
    alias_of: str | None = None


@dataclass(frozen=True)
class QueryExplanation:
    """What a query means on a snapshot. canonical_query: as plans hold it. evaluation_us: how long that took."""

    snapshot: str
    canonical_query: str
    root: QueryNode
    post_count: int
    snapshot_post_count: int
    evaluation_us: int

    def terms(self) -> tuple[QueryNode, ...]:
        """The terms, in the order in which they are written."""

        def below(node: QueryNode) -> tuple[QueryNode, ...]:
            found = (node,) if node.kind == "term" else ()
            return sum(map(below, node.children), found)

        return tuple(sorted(below(self.root), key=lambda term: term.char_offset or 0))
