"""What a plan may look at of a snapshot: section 2.1."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

RATINGS = ("unspecified", "general", "sensitive", "questionable", "explicit", "safe")
CATEGORIES = (
    "unspecified",
    "general",
    "artist",
    "copyright",
    "character",
    "meta",
    "species",
    "invalid",
    "lore",
    "contributor",
)


@dataclass(frozen=True)
class Tag:
    """category: one of CATEGORIES."""

    id: int
    name: str
    category: str = "general"


@dataclass(frozen=True)
class Post:
    """rating: one of RATINGS. pools: their ids. md5: hexadecimal digits, small. created_at_us: since 1970-01-01 UTC.

    pool_kinds: of the pools whose kind is known. flags: the known ones, set or not: "pending", "flagged", "deleted",
    "banned", or another word for one that no query asks for.
    """

    id: int
    parent_id: int | None = None
    rating: str = "unspecified"
    score: int | None = None
    width: int | None = None
    height: int | None = None
    pools: tuple[int, ...] = ()
    tags: tuple[Tag, ...] = ()
    md5: str | None = None
    favorite_count: int | None = None
    file_ext: str | None = None
    file_size_bytes: int | None = None
    duration_us: int | None = None
    created_at_us: int | None = None
    source: str | None = None
    pixiv_id: int | None = None
    uploader_id: int | None = None
    approver_id: int | None = None
    pool_kinds: tuple[str, ...] = ()
    flags: Mapping[str, bool] = field(default_factory=dict, hash=False)


class Snapshot:
    """Posts in ascending order of id; a post's place is its row.

    Made from their number alone, it serves plans that look at no post.
    """

    def __init__(self, posts: Sequence[Post] | int) -> None:
        self.size = posts if isinstance(posts, int) else len(posts)
        self._posts = None if isinstance(posts, int) else posts
        if self._posts is not None:
            ids = [post.id for post in self._posts]
            if any(first >= second for first, second in pairwise(ids)):
                raise ValueError("posts must be in ascending order of id, each id once")

    @property
    def posts(self) -> Sequence[Post]:
        if self._posts is None:
            raise ValueError("this plan looks at posts, but only their number was given")
        return self._posts

    @cached_property
    def tag_names(self) -> frozenset[str]:
        return frozenset(tag.name for post in self.posts for tag in post.tags)

    @cached_property
    def post_counts(self) -> Counter[int]:
        """For each tag's id, how many posts have it."""
        return Counter(tag_id for post in self.posts for tag_id in {tag.id for tag in post.tags})

    @cached_property
    def parent_ids(self) -> frozenset[int]:
        """Of posts that are there or not."""
        return frozenset(post.parent_id for post in self.posts if post.parent_id is not None)

    @cached_property
    def newest_created_at_us(self) -> int | None:
        return max((post.created_at_us for post in self.posts if post.created_at_us is not None), default=None)

    @cached_property
    def rows(self) -> dict[int, int]:
        """For each post's id, its row."""
        return {post.id: row for row, post in enumerate(self.posts)}
