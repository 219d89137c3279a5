"""The labels of posts by a vocabulary: docs/vocabularies.md, "Labels"."""

from __future__ import annotations

from collections.abc import Iterable

from millrace.reference.posts import Tag


class Labels:
    """Of a vocabulary. entries: the name and category of each label, in their order; "unspecified" is any category."""

    def __init__(self, entries: Iterable[tuple[str, str]]) -> None:
        self._label_of = {entry: label for label, entry in enumerate(entries)}

    def of(self, tags: Iterable[Tag]) -> list[int]:
        """Those of a post with these tags, in the order of the tags, each once: as batches of columns list them."""
        found = [self._label_of.get((tag.name, tag.category), self._any(tag)) for tag in tags]
        return list(dict.fromkeys(label for label in found if label is not None))

    def _any(self, tag: Tag) -> int | None:
        return self._label_of.get((tag.name, "unspecified"))
