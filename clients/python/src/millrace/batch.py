"""What a loader yields."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from millrace._position import Position
from millrace.errors import SequenceBroken
from millrace.v1 import loader_service_pb2

if TYPE_CHECKING:
    from millrace.types import Post

Int64Array = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class TagLists:
    """The tags of every post of a batch, end to end (CSR).

    values: int64 [T], tag ids, ascending within a post. offsets: int64 [B + 1]; post b has
    values[offsets[b]:offsets[b + 1]].
    """

    values: Int64Array
    offsets: Int64Array

    def of(self, index: int) -> Int64Array:
        """The tag ids of the post at `index`, 0-based: int64, a view."""
        return self.values[self.offsets[index] : self.offsets[index + 1]]


class Batch:
    """One rank's slice of one step: B samples, in order. B may be 0 when the world is larger than the batch.

    post_ids: int64 [B].  rows: int64 [B], row numbers in the snapshot.
    mask: bool [B]; False for padding, repeats that no statistic should count.
    Immutable by convention. Pickles compactly, so it passes cheaply between processes. Not thread-safe
    until each array that is needed was looked at once.
    """

    def __init__(self, message: loader_service_pb2.Batch, *, has_posts: bool) -> None:
        self._message = message
        self._has_posts = has_posts

    def __len__(self) -> int:
        """Samples, padding included."""
        return len(self._message.post_ids)

    @property
    def plan_id(self) -> str:
        return self._message.plan_id

    @property
    def snapshot(self) -> str:
        """The digest of the snapshot that the posts are in."""
        return self._message.snapshot

    @property
    def split(self) -> str:
        return self._message.split

    @property
    def epoch(self) -> int:
        return self._message.epoch

    @property
    def step(self) -> int:
        return self._message.step

    @property
    def rank(self) -> int:
        return self._message.rank

    @property
    def world_size(self) -> int:
        return self._message.world_size

    @property
    def batch_count(self) -> int:
        """Steps in the epoch."""
        return self._message.batch_count

    @property
    def global_sample_count(self) -> int:
        """Samples of this step over all ranks, padding included."""
        return self._message.global_sample_count

    @property
    def global_offset(self) -> int:
        """How many samples of this step stand before this slice's first."""
        return self._message.global_offset

    @property
    def position(self) -> Position:
        return Position(self.epoch, self.step)

    @property
    def next_position(self) -> Position:
        """Where to go on when this batch is done: what a checkpoint stores."""
        if self.step + 1 >= self.batch_count:
            return Position(self.epoch + 1, 0)
        return Position(self.epoch, self.step + 1)

    @property
    def token(self) -> str:
        """The position behind this batch, bound to plan and split: text that a checkpoint may store, and that no
        other plan or split takes."""
        return self._message.token

    @property
    def skipped_step_count(self) -> int:
        """Steps that were left out between the batch before, or the reader's start, and this one, because the reader
        asked for it (skip)."""
        return self._message.skipped_step_count

    @cached_property
    def post_ids(self) -> Int64Array:
        return np.fromiter(self._message.post_ids, np.int64, count=len(self))

    @cached_property
    def rows(self) -> Int64Array:
        return np.fromiter(self._message.rows, np.int64, count=len(self))

    @cached_property
    def mask(self) -> BoolArray:
        padding_count = self._message.padding_count
        if not 0 <= padding_count <= len(self):
            raise SequenceBroken(f"{padding_count} of {len(self)} samples should be padding")
        mask = np.ones(len(self), dtype=np.bool_)
        mask[len(self) - padding_count :] = False
        return mask

    @cached_property
    def tags(self) -> TagLists:
        """Raises ValueError when the batch holds identities only."""
        posts = self._posts()
        offsets = np.zeros(len(posts) + 1, dtype=np.int64)
        np.cumsum([len(post.tags) for post in posts], out=offsets[1:])
        values = np.fromiter((tag.id for post in posts for tag in post.tags), np.int64, count=int(offsets[-1]))
        return TagLists(values, offsets)

    @cached_property
    def posts(self) -> tuple[Post, ...]:
        """The posts, whole. Raises ValueError when the batch holds identities only."""
        posts = self._posts()
        # Now, because the other nouns take longer to load than a first batch, and most readers want arrays.
        from millrace import _convert

        return tuple(_convert.post(post) for post in posts)

    @property
    def has_posts(self) -> bool:
        """Whether posts and tags were asked for."""
        return self._has_posts

    def _posts(self) -> Any:
        if not self._has_posts:
            raise ValueError("the batch holds identities only; ask for view='posts'")
        return self._message.posts

    def __reduce__(self) -> tuple[Any, ...]:
        return (_unpickle, (self._message.SerializeToString(), self._has_posts))

    def __repr__(self) -> str:
        return (
            f"Batch(plan {self.plan_id[:12]}, {self.split}, epoch {self.epoch}, step {self.step} of "
            f"{self.batch_count}, rank {self.rank} of {self.world_size}, {len(self)} samples)"
        )


def _unpickle(data: bytes, has_posts: bool) -> Batch:
    return Batch(loader_service_pb2.Batch.FromString(data), has_posts=has_posts)
