"""The words, signs and groups of a query's text, and its canonical form: docs/query-language.md."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import NamedTuple

from millrace.reference.query_metatags import METATAGS, ORIGINALS, Meaning, meaning_of
from millrace.reference.query_values import PartError
from millrace.reference.wildcards import parts_of

_SIZE_BYTES_MAX = 4096
_TERM_COUNT_MAX = 100
_DEPTH_MAX = 32
_SPACES = " \t\n\v\f\r"
_CONTROL = re.compile("[\x00-\x1f\x7f]")
# Where a quoted text ends: a backslash takes the character behind it along.
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)


class QueryError(ValueError):
    """char_offset: of the term or sign at fault, in characters from 0."""

    def __init__(self, char_offset: int, what: str) -> None:
        super().__init__(f"query, at character {char_offset}: {what}")
        self.char_offset = char_offset


@dataclass(frozen=True)
class Term:
    """A pattern, a tag, or a metatag. One of the newer metatags has a tag, too: the one that it may be instead.

    fault: why it is none of its metatag's values, and fault_offset where in the query.
    value_offset: where the value of a metatag begins in the query, behind a quotation mark; value: it, without them.
    """

    char_offset: int
    pattern: list[str] | None = None
    tag: str | None = None
    meaning: Meaning | None = None
    fault: str = ""
    fault_offset: int = 0
    value_offset: int = 0
    value: str = ""

    def place_of(self, error: ValueError) -> int:
        """Where an error in the value is: at the part at fault, unless that is all of it."""
        if isinstance(error, PartError) and error.part != self.value:
            return self.value_offset + error.offset
        return self.char_offset


@dataclass(frozen=True)
class Node:
    """kind: "all" or "any" of its children, "not" its child, or "term"."""

    kind: str
    children: tuple[Node, ...] = ()
    term: Term | None = None


class _Token(NamedTuple):
    """kind: "end", "(", ")", "and", "or", "word" or "quoted". text: with the signs; name: without them."""

    kind: str
    char_offset: int = 0
    signs: str = ""
    text: str = ""
    name: str = ""


@dataclass
class ParsedQuery:
    """order, limit: only of searches. order: the word, which nobody looked at yet, and its char_offset."""

    text: str = ""
    root: Node = Node("all")
    terms: list[Term] = field(default_factory=list)
    order: tuple[str, int] | None = None
    limit: int | None = None


def parse(text: str, *, is_search: bool) -> ParsedQuery:
    """Raises QueryError."""
    try:
        size_bytes = len(text.encode("utf-8"))
    except UnicodeEncodeError as error:
        raise QueryError(error.start, "not UTF-8") from None
    if size_bytes > _SIZE_BYTES_MAX:
        raise QueryError(len(text.encode()[:_SIZE_BYTES_MAX].decode(errors="ignore")), "over 4,096 bytes")
    return _Parser(text, is_search=is_search).run()


def _depth_behind(character: str, depth: int) -> int:
    """How many '(' of a word wait for their ')' behind the character, when `depth` did before it."""
    return depth + (character == "(") - (character == ")" and depth > 0)


class _Parser:
    def __init__(self, text: str, *, is_search: bool) -> None:
        self._text, self._is_search = text, is_search
        self._at = 0
        self._depth = 0
        self._found = ParsedQuery()
        self._needs_space = [False, False]  # before a ')', before anything else
        self._token = self._next()

    def run(self) -> ParsedQuery:
        self._found.root = self._alternatives()
        return self._found

    # Reading tokens.

    def _next(self) -> _Token:
        text = self._text
        while self._at < len(text) and text[self._at] in _SPACES:
            self._at += 1
        start = at = self._at
        if start == len(text):
            return _Token("end", start)
        if text[at] == ")" and self._depth > 0:
            self._at += 1
            if self._at < len(text) and text[self._at] not in _SPACES + (")" if self._depth > 1 else ""):
                raise QueryError(self._at, "something right behind a group")
            return _Token(")", start, text=")")
        at += text.startswith("~", at)
        at += text.startswith("-", at)
        signs = text[start:at]
        kind = {"(": "(", '"': "quoted"}.get(text[at : at + 1], "word")
        if kind == "(":
            self._at = at + 1
        elif kind == "quoted":
            self._at = self._end_of_quoted(at)
        else:
            self._at = self._end_of_word(at)
            name, colon, value = text[at : self._at].partition(":")
            if colon and name in METATAGS and value.startswith('"'):
                self._at = self._end_of_quoted(at + len(name) + 1)
        name = text[at : self._at]
        if _CONTROL.search(name):
            raise QueryError(start, "a control character")
        if name in ("or", "and") and not signs:
            kind = name
        return _Token(kind, start, signs, text[start : self._at], name)

    def _end_of_word(self, at: int) -> int:
        depth = 0
        while at < len(self._text) and self._text[at] not in _SPACES:
            if self._text[at] == ")" and depth == 0 and self._depth > 0:
                break
            depth = _depth_behind(self._text[at], depth)
            at += 1
        return at

    def _end_of_quoted(self, at: int) -> int:
        found = _QUOTED.match(self._text, at)
        if not found:
            raise QueryError(at, "a quotation mark that no other one closes")
        end = found.end()
        if end < len(self._text) and self._text[end] not in _SPACES + (")" if self._depth > 0 else ""):
            raise QueryError(end, "something right behind a quotation mark")
        return end

    def _advance(self) -> None:
        """The token becomes part of the canonical form."""
        token = self._token
        space = " " if self._needs_space[token.kind != ")"] else ""
        self._found.text += space + token.text
        is_bare = token.kind == "word" and not _is_metatag_in_quotes(token.name)
        is_open = is_bare and reduce(lambda depth, character: _depth_behind(character, depth), token.text, 0) > 0
        self._needs_space = [is_open, token.kind != "("]
        self._token = self._next()

    # The grammar.

    def _alternatives(self) -> Node:
        sequences: list[Node] = []
        behind: int | None = None  # the last "or"
        while True:
            sequence = self._sequence()
            is_or = self._token.kind == "or"
            if not sequence.children and (is_or or behind is not None):
                raise QueryError(
                    self._token.char_offset if behind is None else behind, "an or with nothing on one side"
                )
            sequences.append(sequence)
            if not is_or:
                return sequences[0] if len(sequences) == 1 else Node("any", tuple(sequences))
            behind = self._token.char_offset
            self._advance()

    def _sequence(self) -> Node:
        """No children: an empty one."""
        factors: list[Node] = []
        alternatives: list[Node] = []
        behind: int | None = None  # an "and"
        while self._token.kind not in ("end", ")", "or"):
            token = self._token
            if token.kind == "and":
                if behind is not None or not (factors or alternatives):
                    raise QueryError(token.char_offset, "an and with nothing before it")
                behind = token.char_offset
                self._advance()
                continue
            factor = self._factor()
            if factor is None:
                continue
            behind = None
            if "-" in token.signs:
                factor = Node("not", (factor,))
            (alternatives if "~" in token.signs else factors).append(factor)
        if behind is not None:
            raise QueryError(behind, "an and with nothing behind it")
        return (
            Node("all", (*factors, Node("any", tuple(alternatives)))) if alternatives else Node("all", tuple(factors))
        )

    def _factor(self) -> Node | None:
        """None: a word that says how a search shows its posts."""
        token = self._token
        if token.kind == "(":
            return self._group()
        if len(self._found.terms) == _TERM_COUNT_MAX:
            raise QueryError(token.char_offset, "over 100 terms")
        if token.kind == "word" and token.name.startswith(("order:", "limit:")):
            self._search_word(token)
            self._token = self._next()
            return None
        term = _term(token)
        self._found.terms.append(term)
        self._advance()
        return Node("term", term=term)

    def _group(self) -> Node:
        start = self._token.char_offset
        if self._depth == _DEPTH_MAX:
            raise QueryError(start, "over 32 groups within each other")
        self._depth += 1
        self._advance()
        node = self._alternatives()
        if self._token.kind != ")":
            raise QueryError(start, "a group that nothing closes")
        if not node.children:
            raise QueryError(start, "an empty group")
        self._depth -= 1
        self._advance()
        return node

    def _search_word(self, token: _Token) -> None:
        if not self._is_search or self._depth > 0 or token.signs:
            raise QueryError(token.char_offset, "for searches only, outside of groups and without a sign")
        name, _, value = token.name.partition(":")
        if (self._found.order if name == "order" else self._found.limit) is not None:
            raise QueryError(token.char_offset, f"a second {name}")
        if name == "order" and value:
            self._found.order = value, token.char_offset
        elif name == "limit" and re.fullmatch("-?[0-9]+", value) and 0 <= int(value) < 2**63:
            self._found.limit = int(value)
        else:
            raise QueryError(token.char_offset, f"{value!r} is no {name}")


def _is_metatag_in_quotes(word: str) -> bool:
    name, colon, value = word.partition(":")
    return bool(colon) and name in METATAGS and value.startswith('"')


def _term(token: _Token) -> Term:
    """Raises QueryError."""
    word, at = token.name, token.char_offset
    if token.kind == "quoted":
        tag = re.sub(r'\\(["\\])', r"\1", word[1:-1])
        if tag == "":
            raise QueryError(at, "quotation marks with nothing between them")
        return Term(at, tag=tag)
    if word == "" or word.startswith("~") or word in ("or", "and"):
        raise QueryError(at, "a sign out of place")
    name, colon, value = word.partition(":")
    if colon and name in METATAGS:
        may_be_tag = name not in ORIGINALS and "*" not in word
        is_quoted = value.startswith('"')
        term = Term(
            at,
            tag=word if may_be_tag else None,
            value_offset=at + len(token.signs) + len(name) + 1 + is_quoted,
            value=value[1:-1] if is_quoted else value,
        )
        try:
            return replace(term, meaning=meaning_of(name, value))
        except ValueError as error:
            if not may_be_tag:
                raise QueryError(term.place_of(error), str(error)) from None
            return replace(term, fault=str(error), fault_offset=term.place_of(error))
    if "*" not in word:
        return Term(at, tag=word)
    parts = parts_of(word)
    return Term(at, pattern=parts) if len(parts) > 1 else Term(at, tag=parts[0])
