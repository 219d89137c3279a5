"""Small posts with a bit of everything that a query can ask for, and queries by chance, most of them well-formed."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

Record = dict[str, Any]

# Names that look like signs, groups, quotation marks, wildcards, words and metatags, and plain ones.
TAGS = [
    *("sky", "blue_sky", "blue_hair", "red_hair", "Blue_hair", "hat", "ha", "at", "r\u00e9sum\u00e9", "\u521d\u97f3"),
    *("or", "and", "-dash", "~wave", "(o)_(o)", ":)", "fate_(series)", "a)b", "((", "\\m/", "a\\*b", "a*b", '"quoted"'),
    *("source:here", "order:score", "rating:g", "status:deleted", "has:nothing", "pool:best", "fate:zero", "id:1", ","),
]
CATEGORIES = ["general", "artist", "copyright", "character", "meta"]
E621_CATEGORIES = [*CATEGORIES, "species", "invalid", "lore", "contributor"]
SOURCES = [
    *("https://www.pixiv.net/artworks/1", "HTTPS://WWW.PIXIV.NET/2", "http://a b.c/*", 'say "x"', "back\\slash", "any"),
    *("\u00c4rger", "\u00e4rger", "none", "(x)"),
]
FILE_TYPES = ["png", "jpg", "JPEG", "webm", "gif"]
KINDS = ["series", "collection", "Best_of"]
DAYS = [*("2019-12-31", "2020-02-29", "2020-06-30", "2020-07-01", "2021-01-01"), *("2024-02-29", "2024-03-01")]

_IDS = [*map(str, range(1, 40)), "-1", "0", "9223372036854775807", "-9223372036854775808"]
_FEW = ["0", "1", "2", "3", "5", "-2", "007", "2147483648"]
_FILE_TYPES = [*FILE_TYPES, *["jpeg", "PNG", "png,gif", "bmp", "any", "none"]]
# Values of metatags, some of them wrong: words,
WORDS = {
    "rating": [
        "g",
        "s",
        "q",
        "e",
        "general",
        "safe",
        "sensitive",
        "unspecified",
        "explicit",
        "s,q",
        '"q"',
        "x",
        "s,",
        "any",
        "none",
        "q,any",
    ],
    "md5": [f"{0xAB << 64 | 7:032x}", f"{0xAB << 64 | 7:032X}", "12", "any", "none", f"{5:032x},{1:032x}"],
    "source": [
        *(*SOURCES, "any", "none", "*pixiv*", "https://*/1", '"http://a b"', "(x)", "back\\\\*", "back\\s"),
        *('"say \\"x\\""', '"*\\*"', '"back\\\\s"', '"any"', '""', ""),
    ],
    "pool": ["series", "SERIES,collection", "nothing", "best_of", "series,3", "any,series"],
    "status": [
        "pending",
        "flagged",
        "deleted",
        "banned",
        "modqueue",
        "active",
        "any",
        "all",
        "Deleted",
        "x",
        "deleted,pending",
        "banned,any",
    ],
    "is": ["parent", "child", "sfw", "nsfw", "deleted", "active", "modqueue", "explicit", "safe", "any", "s"],
    "has": [
        "children",
        "parent",
        "pools",
        "source",
        "pixiv",
        "md5",
        "score",
        "favcount",
        "duration",
        "date",
        "filesize",
        "filetype",
        "user",
        "approver",
        "pool",
        "child",
        "nothing",
    ],
    **dict.fromkeys(("filetype", "ext", "type"), _FILE_TYPES),
}
# and numbers, which stand in ranges, too.
NUMBERS = {
    **dict.fromkeys(("id", "parent", "child", "pool"), _IDS),
    **dict.fromkeys(("score", "favcount", "pixiv", "pixiv_id", "user", "approver", "tagcount"), _FEW),
    **dict.fromkeys(
        ["gentags", "arttags", "copytags", "chartags", "metatags", "spectags", "invtags", "lortags", "conttags"], _FEW
    ),
    "width": ["1", "1000", "500"],
    "height": ["1", "1000", "500"],
    "mpixels": ["1", "0.5", "1.000001", "2.5", ".5", "1.", "0", "1.0000001"],
    "ratio": ["16:9", "4/3", "1", "1.78", "0.56", "1:0", "0:1", "1.777", "1000"],
    "filesize": ["1k", "100k", "100kb", "1M", "1024", "95.5k", "3g", "1t", "1024b", "1.5", "b", "k"],
    "duration": ["1", "1.5", "0.95", "30", "1.05"],
    "date": ["2020", "2020-02", "2020-02-29", "2021-02-29", "2024-02", "2021", "9999", "0000", "2019-12-31", "20"],
    "age": [
        *("0s", "1s", "1d", "2w", "3mo", "1y", "4y", "60mi", "5h", "2weeks", "1month", "90seconds"),
        *("1", "-1d", "99999999999y", "3ds"),
    ],
}


def _sides(chance: random.Random) -> tuple[int, int]:
    """Often of a usual ratio."""
    if chance.random() < 0.5:
        unit = chance.randint(1, 300)
        return tuple(unit * part for part in chance.choice([(16, 9), (4, 3), (1, 1), (9, 16)]))  # type: ignore[return-value]
    return chance.choice([1, 1000, chance.randint(1, 3000)]), chance.choice([1, 1000, chance.randint(1, 3000)])


def _moment(chance: random.Random) -> tuple[str, str]:
    hour = chance.choice(["00:00:00", "23:59:59", "12:30:00"])
    return chance.choice(DAYS), hour


def _maybe(chance: random.Random, share: float = 0.7) -> bool:
    return chance.random() < share


def danbooru_lines(chance: random.Random, count: int) -> str:
    """All that Danbooru's dumps tell: everything but numbers of favourites and durations."""
    ids = sorted(chance.sample(range(1, 4 * count), count))
    lines = []
    for post_id in ids:
        record: Record = {"id": str(post_id), "rating": chance.choice("sqe")}
        if _maybe(chance):
            record["md5"] = f"{chance.choice([0xAB, post_id]) << 64 | post_id:032x}"
        if _maybe(chance):
            record["file_ext"] = chance.choice(FILE_TYPES)
        if _maybe(chance):
            record["file_size"] = str(chance.choice([1024, 95 * 1024, 100 * 1024, 105 * 1024, 1024**2, 3 * 10**9]))
        if _maybe(chance):
            record["source"] = chance.choice(SOURCES)
        if _maybe(chance):
            record["image_width"], record["image_height"] = map(str, _sides(chance))
        for key, values in {
            "score": [-5, 0, 1, 5, 10, 2**31 - 1],
            "pixiv_id": [1, 2, 2**40],
            "parent_id": [*ids[:5], 3, 10**15],
            "uploader_id": [1, 2],
            "approver_id": [1, 2],
        }.items():
            if _maybe(chance, 0.5):
                record[key] = str(chance.choice(values))
        if _maybe(chance):
            day, hour = _moment(chance)
            record["created_at"] = f"{day} {hour} UTC"
        for flag in ("pending", "flagged", "deleted", "banned"):
            if _maybe(chance, 0.5):
                record[f"is_{flag}"] = _maybe(chance, 0.4)
        pools = chance.sample([3, 4, 50], chance.choice([0, 0, 1, 2]))
        record["pools"] = [*map(str, pools), *(chance.choice(KINDS) for _ in pools)]
        record["tags"] = [
            {"id": str(1 + TAGS.index(name)), "name": name, "category": str((0, 1, 3, 4, 5)[TAGS.index(name) % 5])}
            for name in chance.sample(TAGS, chance.randint(0, 8))
        ]
        lines.append(json.dumps(record))
    return "\n".join(lines) + "\n"


def e621_page(chance: random.Random, count: int) -> str:
    """Numbers of favourites, durations and e621's categories of tags; some fields that no post has."""
    posts = []
    names = [name for name in TAGS if name != ","]
    for post_id in sorted(chance.sample(range(1, 4 * count), count)):
        width, height = _sides(chance)
        day, hour = _moment(chance)
        tags: dict[str, list[str]] = {category: [] for category in E621_CATEGORIES}
        for name in chance.sample(names, chance.randint(0, 8)):
            tags[E621_CATEGORIES[names.index(name) % len(E621_CATEGORIES)]].append(name)
        posts.append(
            {
                "id": post_id,
                "created_at": f"{day}T{hour}.{chance.choice(['000', '999'])}+00:00",
                "file": {"width": width, "height": height, "ext": chance.choice(FILE_TYPES), "size": 1000},
                "score": {"up": 0, "down": 0, "total": chance.randint(-5, 5)},
                "tags": tags,
                "flags": {"deleted": _maybe(chance, 0.3), "pending": False},
                "rating": chance.choice("sqe"),
                "fav_count": chance.randint(0, 5),
                "sources": [],
                "pools": chance.sample([3, 4], chance.choice([0, 0, 1])),
                "relationships": {"parent_id": None, "has_children": False},
                "duration": chance.choice([None, 0.95, 1.0, 1.05, 1.5, 30]),
            }
        )
    return json.dumps({"posts": posts})


class QueryMaker:
    """is_sound: whether a term by itself is one that the posts can be asked for; most terms are to be."""

    def __init__(self, chance: random.Random, is_sound: Callable[[str], bool]) -> None:
        self._chance = chance
        self._is_sound = is_sound

    def query(self) -> str:
        text = self._alternatives(depth=0)
        if self._chance.random() < 0.3:
            text = self._spoil(text)
        return text

    def search(self) -> str:
        words = [*("id", "score", "date", "width", "height", "mpixels", "ratio", "filesize", "favcount", "duration")]
        words += ["tagcount", "random", "tags", ""]
        extra = [f"order:{self._pick(words)}{self._pick(['', '_asc', '_desc'])}"]
        if self._chance.random() < 0.5:
            extra.append(f"limit:{self._pick([0, 1, 5, 100, -1, '5x'])}")
        return " ".join([*extra, self._term()])

    def _pick(self, choices: Any) -> Any:
        return self._chance.choice(choices)

    def _alternatives(self, depth: int) -> str:
        count = self._pick([1, 1, 1, 2, 3])
        return self._space(" or ").join(self._sequence(depth) for _ in range(count))

    def _space(self, text: str) -> str:
        return text if self._chance.random() < 0.8 else text.replace(" ", self._pick(["  ", "\t", " \n "]))

    def _sequence(self, depth: int) -> str:
        glue = [" "] * 8 + [" and "]
        parts = [self._factor(depth) for _ in range(self._pick([1, 1, 2, 3]))]
        return "".join(
            part + (self._space(self._pick(glue)) if i + 1 < len(parts) else "") for i, part in enumerate(parts)
        )

    def _factor(self, depth: int) -> str:
        signs = self._pick(["", "", "", "", "-", "~", "~-"])
        if depth < 3 and self._chance.random() < 0.2:
            inner = self._alternatives(depth + 1)
            pad = self._pick(["", "", " "])
            return f"{signs}({pad}{inner}{self._pick(['', ' ', ' '])})"
        return signs + self._term()

    def _term(self) -> str:
        term = self._any_term()
        while self._chance.random() < 0.98 and not self._is_sound(term):
            term = self._any_term()
        return term

    def _any_term(self) -> str:
        kind = self._chance.random()
        if kind < 0.25:
            return str(self._pick(TAGS))
        if kind < 0.35:
            return '"' + self._pick(TAGS).replace("\\", "\\\\").replace('"', '\\"') + '"'
        if kind < 0.45:
            return str(
                self._pick(["*", "**", "blue_*", "*_hair", "*a*", "h*t", "*\\**", "a\\*b", "*)", "*:*", "\\\\m*", "o*"])
            )
        return self._metatag()

    def _range(self, values: list[str]) -> str:
        a, b = self._pick(values), self._pick(values)
        forms = [
            a,
            a,
            a,
            f">{a}",
            f">={a}",
            f"<{a}",
            f"<={a}",
            f"{a}..{b}",
            f"{a}...{b}",
            f"{a}..",
            f"..{b}",
            f"...{b}",
        ]
        return str(self._pick([*forms, "any", "none", f"{self._pick(forms)},{self._pick(forms)}"]))

    def _metatag(self) -> str:
        name = self._pick([*WORDS, *NUMBERS, "date", "age", "filesize", "ratio"])
        if name in NUMBERS and (name not in WORDS or self._chance.random() < 0.5):
            return f"{name}:{self._range(NUMBERS[name])}"
        return f"{name}:{self._pick(WORDS[name])}"

    def _spoil(self, text: str) -> str:
        for _ in range(self._pick([1, 1, 2])):
            at = self._chance.randint(0, len(text))
            if text and self._chance.random() < 0.4:
                text = text[: max(0, at - 1)] + text[at:]
            else:
                text = text[:at] + self._pick([*'()"~-* \\:.,<>=', " or ", " and ", "\x01", "order:id"]) + text[at:]
        return text
