"""Queries over the posts of a snapshot: section 2.2, and docs/query-language.md."""

from __future__ import annotations

import re

from millrace.reference.posts import Snapshot
from millrace.reference.query_metatags import Predicate, number_of
from millrace.reference.query_text import Node, QueryError, Term, parse
from millrace.reference.wildcards import matches

_ORDER = re.compile("(id|score|date|width|height|mpixels|ratio|filesize|favcount|duration|tagcount)(_asc|_desc)?")


class Query:
    """A query, written in any way. `text` is its canonical form. Raises QueryError when it is malformed."""

    def __init__(self, text: str) -> None:
        self._parsed = parse(text, is_search=False)
        self.text = self._parsed.text

    def on(self, snapshot: Snapshot) -> Predicate:
        """Says of the snapshot's posts whether they match. Raises QueryError when the query asks for what none has."""
        return _bind(self._parsed.root, self._parsed.terms, snapshot)


class Search:
    """A query with `order:` and `limit:`, which its `text` is without. Raises QueryError when it is malformed."""

    def __init__(self, text: str) -> None:
        self._parsed = parse(text, is_search=True)
        self.text = self._parsed.text
        word, char_offset = self._parsed.order or ("id", 0)
        found = _ORDER.fullmatch(word)
        if not found:
            raise QueryError(char_offset, f"{word!r} is no order")
        self._key: str = found[1]
        self._is_ascending = found[2] == "_asc" or (self._key == "id" and found[2] is None)

    def rows(self, snapshot: Snapshot) -> list[int]:
        """In the order asked for. Raises QueryError when the query asks for what no post has."""
        holds = _bind(self._parsed.root, self._parsed.terms, snapshot)

        def place(row: int) -> tuple[bool, int]:
            value = number_of(self._key, snapshot.posts[row])
            return value is None, (value or 0) * (1 if self._is_ascending else -1)

        rows = [row for row, post in enumerate(snapshot.posts) if holds(post)]
        return sorted(rows, key=place)[: self._parsed.limit]


def _bind(root: Node, terms: list[Term], snapshot: Snapshot) -> Predicate:
    bound = {id(term): _bind_term(term, snapshot) for term in terms}

    def predicate(node: Node) -> Predicate:
        if node.term is not None:
            return bound[id(node.term)]
        children = [predicate(child) for child in node.children]
        if node.kind == "not":
            return lambda post: not children[0](post)
        if node.kind == "any":
            return lambda post: any(child(post) for child in children)
        return lambda post: all(child(post) for child in children)

    return predicate(root)


def _bind_term(term: Term, snapshot: Snapshot) -> Predicate:
    if term.pattern is not None:
        return _bind_pattern(term, term.pattern, snapshot)
    if term.tag is not None:
        # A metatag is a tag where a post says one of its very name; no alias counts.
        may_be_tag = (term.meaning is None and not term.fault) or term.tag in snapshot.tag_names
        names = snapshot.meaning(term.tag) if may_be_tag else frozenset[str]()
        if names:
            return lambda post: snapshot.said_any(post, names)
    if term.fault:
        raise QueryError(term.fault_offset, term.fault)
    if term.meaning is None:
        raise QueryError(term.char_offset, f"no post of the snapshot has the tag {term.tag!r}")
    try:
        return term.meaning(snapshot)
    except ValueError as error:
        raise QueryError(term.place_of(error), str(error)) from None


def _bind_pattern(term: Term, pattern: list[str], snapshot: Snapshot) -> Predicate:
    names = {said for name in snapshot.known_names if matches(pattern, name) for said in snapshot.meaning(name)}
    # With nothing between the `*` it asks for any tag; that is no slip when no post has one.
    if not names and any(pattern):
        raise QueryError(term.char_offset, "a pattern that no tag of the snapshot matches")
    return lambda post: snapshot.said_any(post, names)
