"""The labels of posts by a vocabulary: docs/vocabularies.md, "Labels"."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from millrace.reference.posts import Tag

if TYPE_CHECKING:
    from millrace.reference.plan import Plan


class Labels:
    """Of a vocabulary. entries: the name and category of each label, in their order; "unspecified" is any category.
    plan: whose posts have them; without one, tags are taken as posts said them."""

    def __init__(self, entries: Iterable[tuple[str, str]], plan: Plan | None = None) -> None:
        listed = list(entries)
        self._label_of = {entry: label for label, entry in enumerate(listed)}
        # Of tags that have none by their own names, by id.
        self._by_alias: dict[int, int] = {}
        if plan is None:
            return
        for label, (name, category) in enumerate(listed):
            others = [tag for tag in plan.alias_class(name) if tag.name != name]
            for tag in [tag for tag in others if tag.category == category] or others:
                if self._own(tag) is None:
                    self._by_alias.setdefault(tag.id, label)

    def of(self, tags: Iterable[Tag]) -> list[int]:
        """Those of a post with these tags, in the order of the tags, each once: as batches of columns list them."""
        found = [self._by_alias.get(tag.id) if (own := self._own(tag)) is None else own for tag in tags]
        return list(dict.fromkeys(label for label in found if label is not None))

    def _own(self, tag: Tag) -> int | None:
        return self._label_of.get((tag.name, tag.category), self._label_of.get((tag.name, "unspecified")))
