"""What one split must hold whole: section 5.2."""

from __future__ import annotations

from collections.abc import Iterable

from millrace.reference.posts import Post, Snapshot

UnitKey = tuple[int, int]  # (kind, id)


def unit_key(snapshot: Snapshot, post: Post, unit: str | None) -> UnitKey:
    if unit == "parent":
        return 1, _family_root(snapshot, post)
    if unit == "artist":
        artists = [tag.id for tag in post.tags if tag.category == "artist"]
        return (1, min(artists)) if artists else (0, post.id)
    if unit == "pool":
        return (1, min(post.pools)) if post.pools else (0, post.id)
    return 0, post.id


def _family_root(snapshot: Snapshot, post: Post) -> int:
    path = [post.id]
    while (row := snapshot.rows.get(path[-1])) is not None:
        parent_id = snapshot.posts[row].parent_id
        if parent_id is None:
            break
        if parent_id in path:
            return min(path[path.index(parent_id) :])  # a circle
        path.append(parent_id)
    return path[-1]


def units_of(keys: Iterable[UnitKey]) -> list[list[int]]:
    """The units' elements, for the unit keys of all elements; units in the order in which they first occur."""
    units: dict[UnitKey, list[int]] = {}
    for element, key in enumerate(keys):
        units.setdefault(key, []).append(element)
    return list(units.values())
