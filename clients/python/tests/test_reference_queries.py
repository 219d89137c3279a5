"""The query language in millrace.reference, by the examples of docs/query-language.md and at its edges.

Method: posts that were made for it; that a real server means the same is for tests/e2e/test_query_language.py.
"""

from __future__ import annotations

import pytest

from millrace.reference import Post, Query, QueryError, Search, Snapshot, Tag

NAMES = [
    "hat",
    "helmet",
    "blue_sky",
    "(o)_(o)",
    "fate_(series)",
    "a*b",
    "or",
    "-dash",
    "source:here",
    '"quoted"',
    "\\m/",
]
TAGS = {name: Tag(1 + i, name, "artist" if name == "hat" else "general") for i, name in enumerate(NAMES)}
DAY_US = 86_400 * 10**6
SNAPSHOT = Snapshot(
    [
        Post(1, rating="general", score=5, width=1920, height=1080, tags=(TAGS["hat"], TAGS["blue_sky"])),
        Post(2, parent_id=1, rating="safe", score=-3, tags=(TAGS["helmet"], TAGS["(o)_(o)"], TAGS["source:here"])),
        Post(3, rating="explicit", created_at_us=0, tags=(TAGS["fate_(series)"], TAGS["a*b"], TAGS["or"])),
        Post(4, created_at_us=30 * DAY_US, source="HTTP://a.b/c d", file_ext="JPEG", flags={"deleted": True}),
        Post(5, file_size_bytes=102_400, pools=(7,), pool_kinds=("Series",), md5="ab" * 16, duration_us=1_500_000),
        Post(6, pixiv_id=9, favorite_count=0, tags=(TAGS["-dash"], TAGS['"quoted"'], TAGS["\\m/"]), source="/x*y"),
    ]
)


def ids(query: str) -> list[int]:
    matches = Query(query).on(SNAPSHOT)
    return [post.id for post in SNAPSHOT.posts if matches(post)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [1, 2, 3, 4, 5, 6]),
        ("hat blue_sky", [1]),
        ('hat or "or"', [1, 3]),
        ("~hat ~helmet -blue_*", [2]),
        ("~-rating:g,s ~hat score:any", [1]),
        ("-(hat or helmet) *", [3, 6]),
        ("--dash", [1, 2, 3, 4, 5]),
        ('"(o)_(o)"', [2]),
        ("fate_(series)", [3]),
        ("(-fate_(series) tagcount:3)", [2, 6]),
        ("a\\*b", [3]),
        ("a*b", [3]),
        ('"a*b"', [3]),
        ('"\\"quoted\\"" \\m/', [6]),
        ("source:here", [2]),
        ('source:"http://A"', [4]),
        ("source:any", [4, 6]),
        ("source:*c\\*", []),
        ('source:"*x\\*"', [6]),
        ("score:>-4,5", [1, 2]),
        ("score:-3...5", [2]),
        ("score:...5", [2]),
        ("-score:>0", [2, 3, 4, 5, 6]),
        ("ratio:16:9 mpixels:2", [1]),
        ("mpixels:..2", []),
        ("filesize:98k", [5]),
        ("filesize:100kb..", [5]),
        ("filesize:102399", []),
        ("duration:1.5", [5]),
        ("date:1970-01", [3, 4]),
        ("date:<1970-01-31", [3]),
        ("age:30d", [3]),
        ("age:<1s", [4]),
        ("age:30days", [3]),
        ("age:1month", [3]),
        ("age:<1second", [4]),
        ("filetype:jpg", [4]),
        ("pool:series pool:7 md5:" + "AB" * 16, [5]),
        ("child:2", [1]),
        ("is:parent or is:child", [1, 2]),
        ("has:favcount favcount:0", [6]),
        ("status:active", [1, 2, 3, 5, 6]),
        ("-status:deleted is:sfw", [1, 2]),
        ("arttags:1", [1]),
        ("gentags:none", [4, 5]),
        ("rating:any", [1, 2, 3]),
        ("rating:none", [4, 5, 6]),
        ("age:any", [3, 4]),
        ("age:none", [1, 2, 5, 6]),
    ],
)  # fmt: skip
def test_queries_match(query: str, expected: list[int]) -> None:
    assert ids(query) == expected


@pytest.mark.parametrize(
    ("query", "canonical"),
    [
        ("  a \t b\n", "a b"),
        ("( a or  -( b ) )", "(a or -(b))"),
        ("(a( )", "(a( )"),
        ("( fate_(series) )", "(fate_(series))"),
        ('( "a(" ) and :)', '("a(") and :)'),
    ],
)
def test_the_canonical_form_has_one_space(query: str, canonical: str) -> None:
    assert Query(query).text == canonical
    assert Query(canonical).text == canonical


@pytest.mark.parametrize(
    ("query", "char_offset"),
    [
        *(("hat or", 4), ("or hat", 0), ("hat and or helmet", 4), ("-or", 0), ("~~hat", 0), ("hat -", 4), ("-~hat", 0)),
        *(("hat (", 4), ("()", 0), ("(hat)x", 5), ('"hat', 0), ('"hat"x', 5), ('""', 0), ("hat \x01", 4)),
        *(("score:x", 0), ("score:9..1", 0), ("rating:g,", 9), ("is:any", 0), ("order:id", 0)),
        *(("score:5,x7,8", 8), ("score:1..x", 9), ("score:1,9..2", 8), ('rating:"g,x"', 10), ("-rating:any,q", 8)),
        *(("ext:jpg,png", 8), ("pool:series,other", 12), ("hat status:active,x", 18), ("score:9..2", 0)),
        *(("filesize:1.5", 0), ("filesize:1\u212a", 0)),
        ("age:1ws", 0),
        *(("date:2021-02-29", 0), ("age:1", 0), ("ratio:1:0", 0), ("md5:12", 0), ("pool:other", 0), ("ext:png", 0)),
        *(("unheard_of", 0), ("unheard*", 0), ("user:1", 0), ("\u521d hat", 0), (" ".join(["hat"] * 101), 400)),
        *((f"{'(' * 33}hat{')' * 33}", 32), ("x" * 4097, 4096)),
    ],
)  # fmt: skip
def test_what_is_refused_and_where(query: str, char_offset: int) -> None:
    with pytest.raises(QueryError) as error:
        ids(query)
    assert error.value.char_offset == char_offset


def test_searches_have_an_order_and_a_limit() -> None:
    def found(text: str) -> list[int]:
        return [row + 1 for row in Search(text).rows(SNAPSHOT)]

    assert found("order:score") == [1, 2, 3, 4, 5, 6]
    assert found("order:score_asc limit:2") == [2, 1]
    assert found("-hat order:tagcount") == [2, 3, 6, 4, 5]
    assert found("limit:1 order:id_desc") == [6]
    assert found("order:favcount limit:2") == [6, 1]
    assert found("order:duration_asc limit:2") == [5, 1]
    for text in ("order:colour", "limit:x", "order:id order:id", "(order:id)", "-limit:1"):
        with pytest.raises(QueryError):
            Search(text)
