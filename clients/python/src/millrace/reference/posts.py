"""What a plan may look at of a snapshot: section 2.1."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise

from millrace.reference.relations import Relations

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

    Made from their number alone, it serves plans that look at no post. The posts' tags are given as their source said
    them; with is_applied, those of `posts` are what aliases and implications make of them.
    """

    def __init__(
        self, posts: Sequence[Post] | int, relations: Relations | None = None, *, is_applied: bool = False
    ) -> None:
        self._relations = relations or Relations()
        self._is_applied = is_applied
        # Of the posts whose tags are others than they said, by id.
        self._said: dict[int, tuple[Tag, ...]] = {}
        self.size = posts if isinstance(posts, int) else len(posts)
        self._posts = None if isinstance(posts, int) else posts
        if self._posts is not None:
            ids = [post.id for post in self._posts]
            if any(first >= second for first, second in pairwise(ids)):
                raise ValueError("posts must be in ascending order of id, each id once")
            if is_applied:
                self._apply(self._posts)

    @property
    def posts(self) -> Sequence[Post]:
        if self._posts is None:
            raise ValueError("this plan looks at posts, but only their number was given")
        return self._posts

    @cached_property
    def tag_names(self) -> frozenset[str]:
        """Those that posts said."""
        return frozenset(tag.name for post in self.posts for tag in self._said.get(post.id, post.tags))

    @cached_property
    def known_names(self) -> frozenset[str]:
        return self.tag_names | self._relations.names

    def meaning(self, name: str) -> frozenset[str]:
        """The names that mean this one: a post has it by having said one of them."""
        return self._said_by_meaning.get(self._relations.resolve(name), frozenset())

    @cached_property
    def _said_by_meaning(self) -> dict[str, frozenset[str]]:
        said_by_meaning: dict[str, set[str]] = {}
        for said in self.tag_names:
            meant = self._relations.reach(said) if self._is_applied else {self._relations.resolve(said)}
            for name in meant:
                said_by_meaning.setdefault(name, set()).add(said)
        return {name: frozenset(names) for name, names in said_by_meaning.items()}

    def alias_class(self, name: str) -> list[Tag]:
        """The tags that posts said and that are one with `name` by aliases; none unless relations are applied."""
        return self._alias_classes.get(self._relations.resolve(name), [])

    @cached_property
    def _alias_classes(self) -> dict[str, list[Tag]]:
        classes: dict[str, list[Tag]] = {}
        for tag in {tag for tags in self._said.values() for tag in tags}:
            classes.setdefault(self._relations.resolve(tag.name), []).append(tag)
        return classes

    def said_any(self, post: Post, names: AbstractSet[str]) -> bool:
        return any(tag.name in names for tag in self._said.get(post.id, post.tags))

    def _apply(self, posts: Sequence[Post]) -> None:
        by_name: dict[str, set[Tag]] = {}
        for tag in {tag for post in posts for tag in post.tags}:
            by_name.setdefault(tag.name, set()).add(tag)

        def stands_for(tag: Tag) -> set[Tag]:
            resolved = self._relations.resolve(tag.name)
            itself = {tag} if resolved == tag.name or resolved not in by_name else set()
            others = self._relations.reach(tag.name) - {tag.name}
            return itself.union(*(by_name.get(name, ()) for name in others))

        applied = []
        for post in posts:
            tags = {tag for said in post.tags for tag in stands_for(said)}
            self._said[post.id] = post.tags
            applied.append(replace(post, tags=tuple(sorted(tags, key=lambda tag: tag.id))))
        self._posts = applied

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
