"""What metatags ask for: docs/query-language.md, "Metatags"."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from millrace.reference import query_values as values
from millrace.reference.posts import RATINGS, Post, Snapshot
from millrace.reference.query_values import Interval, PartError, holds, intervals, parts
from millrace.reference.wildcards import matches, parts_of

Predicate = Callable[[Post], bool]
# Raises ValueError when it asks for what no post of the snapshot has.
Meaning = Callable[[Snapshot], Predicate]


class _Number(NamedTuple):
    parse: values.ParseValue
    of: Callable[[Post], int | None]


def _of(name: str) -> Callable[[Post], int | None]:
    return lambda post: getattr(post, name)


def _pixels(post: Post) -> int | None:
    width, height = post.width or 0, post.height or 0
    return width * height if width > 0 and height > 0 else None


def _ratio(post: Post) -> int | None:
    width, height = post.width or 0, post.height or 0
    return values.ratio_of(width, height) if width > 0 and height > 0 else None


def _tag_count(category: str | None) -> Callable[[Post], int]:
    return lambda post: len({tag.id for tag in post.tags if category in (None, tag.category)})


_COUNTS = {
    "tagcount": None,
    "gentags": "general",
    "arttags": "artist",
    "copytags": "copyright",
    "chartags": "character",
    "metatags": "meta",
    "spectags": "species",
    "invtags": "invalid",
    "lortags": "lore",
    "conttags": "contributor",
}
_NUMBERS = {
    "id": _Number(values.whole, _of("id")),
    "score": _Number(values.whole, _of("score")),
    "width": _Number(values.whole, _of("width")),
    "height": _Number(values.whole, _of("height")),
    "favcount": _Number(values.whole, _of("favorite_count")),
    "mpixels": _Number(values.millions, _pixels),
    "ratio": _Number(values.ratio, _ratio),
    "filesize": _Number(values.size, _of("file_size_bytes")),
    "duration": _Number(values.millions, _of("duration_us")),
    "date": _Number(values.day_span, _of("created_at_us")),
    "pixiv": _Number(values.whole, _of("pixiv_id")),
    "pixiv_id": _Number(values.whole, _of("pixiv_id")),
    "parent": _Number(values.whole, _of("parent_id")),
    "user": _Number(values.whole, _of("uploader_id")),
    "approver": _Number(values.whole, _of("approver_id")),
    **{name: _Number(values.whole, _tag_count(category)) for name, category in _COUNTS.items()},
}
_FILE_TYPES = ("filetype", "ext", "type")
_WITHOUT_ANY = ("status", "is", "has")
_NOUNS = {"children": "child", "pools": "pool"}
_NOUNS |= {
    name: name
    for name in (
        *("child", "parent", "pool", "source", "pixiv", "md5", "score", "favcount"),
        *("duration", "date", "filesize", "filetype", "user", "approver"),
    )
}
_STATUSES = ("pending", "flagged", "deleted", "banned", "modqueue", "active", "any", "all")

# The language's first version had these; they are never tags, and may be asked of any snapshot.
ORIGINALS = frozenset({"rating", "id", "score", "width", "height"})
METATAGS = frozenset(
    {*_NUMBERS, *_FILE_TYPES, "rating", "age", "md5", "source", "child", "pool", "status", "is", "has"}
)


def meaning_of(name: str, text: str) -> Meaning:
    """`text` is what stands behind the colon. Raises ValueError when it is no value of this metatag."""
    if text in ("any", "none") and name not in _WITHOUT_ANY:
        return _presence(name, wanted=text == "any")
    is_quoted = text.startswith('"')
    value = text[1:-1] if is_quoted else text
    if name == "source":
        return _source(value, is_literal=not is_quoted and "*" not in value)
    if name in _NUMBERS:
        return _number(name, intervals(value, _NUMBERS[name].parse))
    if name in _FILE_TYPES:
        return _file_types(_words(value))
    return {
        "rating": lambda: _ratings(_words(value, _is_rating, "rating")),
        "age": lambda: _age(intervals(value, values.age)),
        "md5": lambda: _md5s(_words(value, _is_md5, "MD5 sum")),
        "child": lambda: _child(intervals(value, values.whole)),
        "pool": lambda: _pool(value),
        "status": lambda: _status(_words(value, _STATUSES.__contains__, "status")),
        "is": lambda: _is(value),
        "has": lambda: _has(value),
    }[name]()


def number_of(name: str, post: Post) -> int | None:
    """The number that a metatag asks for; None when the post has none."""
    return _NUMBERS[name].of(post)


def lower(text: str) -> str:
    """Of ASCII only."""
    return re.sub("[A-Z]", lambda found: found[0].lower(), text)


def _words(text: str, is_one: Callable[[str], bool] = bool, noun: str = "word") -> list[tuple[int, str]]:
    """Of a list, each with its place."""
    return _checked(parts(text), is_one, noun)


def _checked(words: list[tuple[int, str]], is_one: Callable[[str], bool], noun: str) -> list[tuple[int, str]]:
    for offset, word in words:
        if not is_one(word):
            raise PartError(offset, word, f"is no {noun}")
    return words


def _file_type(word: str) -> str:
    return "jpg" if lower(word) == "jpeg" else lower(word)


def _has_it(name: str, post: Post) -> bool:
    """Whether the post has a value of this metatag, for all of which it depends on nothing else."""
    if name in _COUNTS:
        return number_of(name, post) != 0
    if name in _NUMBERS:
        return number_of(name, post) is not None
    if name == "rating":
        return post.rating != "unspecified"
    if name == "age":
        return post.created_at_us is not None
    if name in _FILE_TYPES:
        return bool(post.file_ext)
    return bool({"md5": post.md5, "source": post.source, "pool": post.pools}[name])


def _presence(name: str, *, wanted: bool) -> Meaning:
    def meaning(snapshot: Snapshot) -> Predicate:
        if name == "child":
            return lambda post: (post.id in snapshot.parent_ids) == wanted
        return lambda post: _has_it(name, post) == wanted

    return meaning


def _check_told(snapshot: Snapshot, *tests: Predicate) -> None:
    """Unless for each of the tests some post holds, the snapshot's source did not tell."""
    for test in tests:
        if not any(map(test, snapshot.posts)):
            raise ValueError("asks for what no post of the snapshot has")


def _number(name: str, wanted: list[Interval]) -> Meaning:
    def meaning(snapshot: Snapshot) -> Predicate:
        if name in ("mpixels", "ratio"):
            _check_told(snapshot, lambda post: post.width is not None, lambda post: post.height is not None)
        elif name not in ORIGINALS and name not in _COUNTS:
            _check_told(snapshot, lambda post: _has_it(name, post))
        return lambda post: holds(number_of(name, post), wanted)

    return meaning


def _age(wanted: list[Interval]) -> Meaning:
    def meaning(snapshot: Snapshot) -> Predicate:
        newest = snapshot.newest_created_at_us
        if newest is None:
            raise ValueError("asks for what no post of the snapshot has")
        return lambda post: post.created_at_us is not None and holds(newest - post.created_at_us, wanted)

    return meaning


def _ratings_of(word: str) -> set[str]:
    return {rating for rating in RATINGS if word == rating or (word in ("g", "s", "q", "e") and rating[0] == word)}


def _is_rating(word: str) -> bool:
    return bool(_ratings_of(word))


def _ratings(words: list[tuple[int, str]]) -> Meaning:
    wanted = {rating for _, word in words for rating in _ratings_of(word)}
    return lambda _: lambda post: post.rating in wanted


def _is_md5(word: str) -> bool:
    return bool(re.fullmatch("[0-9a-fA-F]{32}", word))


def _md5s(words: list[tuple[int, str]]) -> Meaning:
    wanted = {word.lower() for _, word in words}

    def meaning(snapshot: Snapshot) -> Predicate:
        _check_told(snapshot, lambda post: _has_it("md5", post))
        return lambda post: post.md5 in wanted

    return meaning


def _source(value: str, *, is_literal: bool) -> Meaning:
    if value == "":
        raise ValueError("no text")
    # What begins so: anything may follow.
    parts = [lower(part) for part in ([value] if is_literal else parts_of(value))] + [""]

    def meaning(snapshot: Snapshot) -> Predicate:
        _check_told(snapshot, lambda post: _has_it("source", post))
        return lambda post: bool(post.source) and matches(parts, lower(post.source or ""))

    return meaning


def _file_types(words: list[tuple[int, str]]) -> Meaning:
    wanted = {_file_type(word) for _, word in words}

    def meaning(snapshot: Snapshot) -> Predicate:
        known = {_file_type(post.file_ext) for post in snapshot.posts if post.file_ext}
        if not known:
            raise ValueError("asks for what no post of the snapshot has")
        _checked(words, lambda word: _file_type(word) in known, "file type that a post has")
        return lambda post: bool(post.file_ext) and _file_type(post.file_ext or "") in wanted

    return meaning


def _child(wanted: list[Interval]) -> Meaning:
    def meaning(snapshot: Snapshot) -> Predicate:
        _check_told(snapshot, lambda post: post.parent_id is not None)
        parents = {post.parent_id for post in snapshot.posts if holds(post.id, wanted)}
        return lambda post: post.id in parents

    return meaning


def _pool(value: str) -> Meaning:
    if not re.fullmatch("[A-Za-z_,]+", value):
        wanted = intervals(value, values.whole)

        def by_id(snapshot: Snapshot) -> Predicate:
            _check_told(snapshot, lambda post: _has_it("pool", post))
            return lambda post: any(holds(pool, wanted) for pool in post.pools)

        return by_id
    words = _words(value)
    kinds = {lower(word) for _, word in words}

    def by_kind(snapshot: Snapshot) -> Predicate:
        known = {lower(kind) for post in snapshot.posts for kind in post.pool_kinds}
        if not known:
            raise ValueError("asks for what no post of the snapshot has")
        _checked(words, lambda word: lower(word) in known, "kind of pool that a post has")
        return lambda post: any(lower(kind) in kinds for kind in post.pool_kinds)

    return by_kind


def _status(listed: list[tuple[int, str]]) -> Meaning:
    words = {word for _, word in listed}

    def has_status(post: Post, word: str) -> bool:
        is_pending, is_flagged, is_deleted = (post.flags.get(flag, False) for flag in ("pending", "flagged", "deleted"))
        if word == "modqueue":
            return is_pending or is_flagged
        if word == "active":
            return not (is_pending or is_flagged or is_deleted)
        return word in ("any", "all") or post.flags.get(word, False)

    def meaning(snapshot: Snapshot) -> Predicate:
        if not {"any", "all"} & words:
            _check_told(snapshot, lambda post: bool(post.flags))
        return lambda post: any(has_status(post, word) for word in words)

    return meaning


def _is(word: str) -> Meaning:
    if word in ("parent", "child"):
        return _presence("child" if word == "parent" else "parent", wanted=True)
    if word == "sfw":
        return _ratings(parts("general,sensitive,safe"))
    if word == "nsfw":
        return _ratings(parts("questionable,explicit"))
    if word in RATINGS:
        return _ratings([(0, word)])
    if word in ("any", "all") or word not in _STATUSES:
        raise ValueError(f"nothing is {word!r}")
    return _status([(0, word)])


def _has(word: str) -> Meaning:
    if word not in _NOUNS:
        raise ValueError(f"nothing that a post has is called {word!r}")
    return _presence(_NOUNS[word], wanted=True)
