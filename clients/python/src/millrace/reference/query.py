"""The query language: section 2.2."""

from __future__ import annotations

import re
from collections.abc import Callable, Set

from millrace.reference.posts import RATINGS, Post

_NUMBER = "-?[0-9]+"
_COMPARISON = re.compile(f"(>=|<=|>|<|)({_NUMBER})")
_INTERVAL = re.compile(f"({_NUMBER})?\\.\\.({_NUMBER})?")
_NUMBER_FIELDS = ("id", "score", "width", "height")
_RESERVED = re.compile(r'[~("].*|.*\*.*|or|and|(order|limit):.*')

Predicate = Callable[[Post], bool]


class Query:
    """A query in canonical form. The empty one matches every post. Raises ValueError when it is malformed."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._terms: list[tuple[bool, Predicate]] = []
        self._tag_names: list[str] = []
        for term in text.split(" ") if text else []:
            negated = term.startswith("-")
            self._terms.append((negated, self._predicate(term.removeprefix("-"))))

    def matches(self, post: Post) -> bool:
        return all(predicate(post) != negated for negated, predicate in self._terms)

    def check_tags(self, known: Set[str]) -> None:
        """Raises ValueError unless every tag is one of these names."""
        for name in self._tag_names:
            if name not in known:
                raise ValueError(f"query {self.text!r}: no post of the snapshot has the tag {name!r}")

    def _predicate(self, term: str) -> Predicate:
        if term == "":
            raise ValueError(f"query {self.text!r}: terms are separated by one space, with none at the ends")
        if _RESERVED.fullmatch(term):
            raise ValueError(f"query {self.text!r}: {term!r} is not part of version 1 of the language")
        field, _, value = term.partition(":")
        if term.startswith("rating:"):
            return self._rating(value)
        if term.startswith(tuple(f"{name}:" for name in _NUMBER_FIELDS)):
            return self._range(field, value)
        self._tag_names.append(term)
        return lambda post: any(tag.name == term for tag in post.tags)

    def _rating(self, word: str) -> Predicate:
        if word in RATINGS:
            return lambda post: post.rating == word
        if word in ("s", "q", "e", "g"):
            return lambda post: post.rating.startswith(word)
        raise ValueError(f"query {self.text!r}: {word!r} is no rating")

    def _range(self, field: str, text: str) -> Predicate:
        low, high = self._bounds(text)

        def predicate(post: Post) -> bool:
            value: int | None = getattr(post, field)
            return value is not None and (low is None or low <= value) and (high is None or value <= high)

        return predicate

    def _bounds(self, text: str) -> tuple[int | None, int | None]:
        """The smallest and the largest value in the range; None where it is open."""
        if found := _COMPARISON.fullmatch(text):
            sign, number = found[1], int(found[2])
            return {
                "": (number, number),
                ">": (number + 1, None),
                ">=": (number, None),
                "<": (None, number - 1),
                "<=": (None, number),
            }[sign]
        found = _INTERVAL.fullmatch(text)
        if found and (found[1] or found[2]):
            return int(found[1]) if found[1] else None, int(found[2]) if found[2] else None
        raise ValueError(f"query {self.text!r}: {text!r} is no range")
