"""The posts of a golden vector: written out in its file, made by a formula, or only their number.

docs/plan-specification.md, section 9, describes all three. Standard library only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

from millrace.reference import Post, Relations, Tag
from millrace.reference.keys import mix


def posts_of(golden: dict[str, Any]) -> Sequence[Post] | int:
    """Their number when the plan looks at no post."""
    if "posts" in golden:
        tags = {tag_id: Tag(tag_id, name, category) for tag_id, name, category in golden["tags"]}
        return [_post(entry, tags) for entry in golden["posts"]]
    if "computed_posts" in golden:
        return ComputedPosts(golden["computed_posts"])
    size: int = golden["selection_size"]
    return size


def relations_of(golden: dict[str, Any]) -> Relations:
    """The snapshot's, which also a vector without any may be asked for."""
    return Relations(dict(golden.get("aliases", ())), map(tuple, golden.get("implications", ())))


def _post(entry: dict[str, Any], tags: dict[int, Tag]) -> Post:
    lists = {
        "pools": tuple(entry.get("pools", ())),
        "pool_kinds": tuple(entry.get("pool_kinds", ())),
        "tags": tuple(tags[tag_id] for tag_id in entry.get("tags", ())),
    }
    return Post(**{**entry, **lists})


class ComputedPosts(Sequence[Post]):
    """`size` posts by the specification's formula, each made when it is asked for."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._tags = [Tag(1 + k, f"general_{k}", "general") for k in range(17)]
        self._artists = [Tag(100 + k, f"artist_{k}", "artist") for k in range(500)]

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, row: int) -> Post: ...

    @overload
    def __getitem__(self, row: slice) -> list[Post]: ...

    def __getitem__(self, row: int | slice) -> Post | list[Post]:
        if isinstance(row, slice):
            return [self._at(at) for at in range(*row.indices(self._size))]
        if not 0 <= row < self._size:
            raise IndexError(f"row {row} of {self._size}")
        return self._at(row)

    def _at(self, row: int) -> Post:
        h = mix(row, 0x9E3779B9, 0x7F4A7C15)
        h ^= h >> 16
        rarity = (h | 1 << 16) & -(h | 1 << 16)  # the lowest bit set
        tags = [self._tags[rarity.bit_length() - 1]]
        if h % 3 > 0:
            tags.append(self._artists[(h >> 20) % 500])
        return Post(
            id=3 * row + 1,
            parent_id=3 * (row - 1 - h % 2) + 1 if row % 4 >= 2 else None,
            rating=("general", "sensitive", "questionable", "explicit")[(h >> 8) % 4],
            score=(h >> 10) % 200 - 50,
            width=512 + 64 * ((h >> 18) % 16),
            height=512 + 64 * ((h >> 22) % 16),
            pools=((h >> 12) % 1000 + 1,) if h % 10 == 0 else (),
            tags=tuple(tags),
        )
