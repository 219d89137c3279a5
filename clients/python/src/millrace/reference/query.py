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

_TERM_COUNT_MAX = 100
_SIZE_BYTES_MAX = 4096
_NUMBER_MIN, _NUMBER_MAX = -(2**63), 2**63 - 1

Predicate = Callable[[Post], bool]


class Query:
    """A query in canonical form. The empty one matches every post. Raises ValueError when it is malformed."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._terms: list[tuple[bool, Predicate]] = []
        self._tag_names: list[str] = []
        terms = text.split(" ") if text else []
        if len(terms) > _TERM_COUNT_MAX or len(text.encode("utf-8")) > _SIZE_BYTES_MAX:
            raise ValueError(f"a query has at most {_TERM_COUNT_MAX} terms and {_SIZE_BYTES_MAX} bytes")
        for term in terms:
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
        bounds = _bounds(text)
        if bounds is None or not _NUMBER_MIN <= bounds[0] <= bounds[1] <= _NUMBER_MAX:
            raise ValueError(f"query {self.text!r}: {text!r} is no range of numbers of 64 bits")
        low, high = bounds

        def predicate(post: Post) -> bool:
            value: int | None = getattr(post, field)
            return value is not None and low <= value <= high

        return predicate


def _bounds(text: str) -> tuple[int, int] | None:
    """The smallest and the largest number in the range."""
    if found := _COMPARISON.fullmatch(text):
        number = int(found[2])
        return {
            "": (number, number),
            ">": (number + 1, _NUMBER_MAX),
            ">=": (number, _NUMBER_MAX),
            "<": (_NUMBER_MIN, number - 1),
            "<=": (_NUMBER_MIN, number),
        }[found[1]]
    found = _INTERVAL.fullmatch(text)
    if found and (found[1] or found[2]):
        return int(found[1] or _NUMBER_MIN), int(found[2] or _NUMBER_MAX)
    return None
