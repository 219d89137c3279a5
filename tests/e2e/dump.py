"""The bundled dump, read a second time without Millrace: what an import of it has to give; and other dumps.

Nothing here looks at how the server reads a dump; the rules are those of the source's own format.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from millrace.types import Pool, Post, PostFlags, Tag

ROOT = Path(__file__).resolve().parents[2]
POSTS_PATH = ROOT / "examples" / "openclipart" / "posts.jsonl"
CATEGORIES = {"0": "general", "1": "artist", "3": "copyright", "4": "character", "5": "meta"}
RATINGS = {"s": "safe", "q": "questionable", "e": "explicit"}
NEVER = "1970-01-01 00:00:00 UTC"
Record = dict[str, Any]


def records(path: Path = POSTS_PATH) -> list[Record]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def expected_post(record: Record) -> Post:
    """The post that GetPost of a dataset should answer for a record."""
    flags = {name: record[name] for name in PostFlags.__dataclass_fields__}
    pools = record["pools"]
    return Post(
        id=int(record["id"]),
        md5=record["md5"],
        rating=RATINGS[record["rating"]],
        width_px=int(record["image_width"]),
        height_px=int(record["image_height"]),
        file_ext=record["file_ext"],
        file_size_bytes=int(record["file_size"]),
        source=record["source"] or None,
        pixiv_id=_unless_zero(record["pixiv_id"]),
        location=f"original/{int(record['id']) % 1000:04}/{record['id']}.{record['file_ext']}",
        tags=tuple(expected_tags(record)),
        parent_id=_unless_zero(record["parent_id"]),
        pools=tuple(
            Pool(int(i), kind) for i, kind in zip(pools[: len(pools) // 2], pools[len(pools) // 2 :], strict=True)
        ),
        favorite_user_ids=tuple(int(i) for i in record["favs"]),
        uploader_id=_unless_zero(record["uploader_id"]),
        approver_id=_unless_zero(record["approver_id"]),
        score=int(record["score"]),
        up_score=int(record["up_score"]),
        down_score=int(record["down_score"]),
        created_at=_time(record["created_at"]),
        updated_at=_time(record["updated_at"]),
        last_commented_at=_time(record["last_commented_at"]),
        last_noted_at=_time(record["last_noted_at"]),
        flags=PostFlags(**flags),
    )


def expected_tags(record: Record) -> list[Tag]:
    tags = {int(t["id"]): Tag(int(t["id"]), t["name"], CATEGORIES[t["category"]]) for t in record["tags"]}
    return [tags[tag_id] for tag_id in sorted(tags)]


def comparable(post: Post) -> Post:
    """A post without what the dump cannot tell: the row, and absent scores (the dump writes 0 for both)."""
    return replace(post, row=None, score=post.score or 0, up_score=post.up_score or 0, down_score=post.down_score or 0)


def tag_counts(dump: Iterable[Record]) -> Counter[Tag]:
    """How many posts carry each tag."""
    return Counter(tag for record in dump for tag in expected_tags(record))


def _unless_zero(text: str) -> int | None:
    return int(text) or None


def _time(text: str) -> datetime | None:
    return None if text == NEVER else datetime.strptime(text, "%Y-%m-%d %H:%M:%S %Z").astimezone()


def write_sqlite(path: Path, dump: list[Record]) -> None:
    """The same posts as the seed system stores them; ids are dense row numbers, as in its files."""
    with sqlite3.connect(path) as database:
        database.executescript(
            """
            CREATE TABLE stats (id INTEGER PRIMARY KEY, num_posts INTEGER, num_tags INTEGER, num_ratings INTEGER);
            CREATE TABLE ratings (name TEXT PRIMARY KEY, description TEXT, is_sfw BOOLEAN);
            CREATE TABLE tags (tag_id INTEGER PRIMARY KEY, name TEXT, category INTEGER);
            CREATE TABLE posts (id INTEGER PRIMARY KEY, post_id INTEGER, md5 TEXT, rating TEXT, width INTEGER,
                height INTEGER, file_ext TEXT, file_size INTEGER, source TEXT, pixiv_id INTEGER);
            CREATE TABLE post_tags (post_id INTEGER, tag_id INTEGER);
            INSERT INTO ratings VALUES ('s', 'safe', 1), ('q', 'questionable', 0), ('e', 'explicit', 0);
            """
        )
        tags = {tag["id"]: tag for record in dump for tag in record["tags"]}
        database.executemany("INSERT INTO tags VALUES (:id, :name, :category)", tags.values())
        for row, record in enumerate(dump):
            database.execute(
                "INSERT INTO posts VALUES (?, :id, :md5, :rating, :image_width, :image_height, :file_ext,"
                " :file_size, :source, :pixiv_id)".replace("?", str(row)),
                {k: v for k, v in record.items() if isinstance(v, str)},
            )
            database.executemany(
                "INSERT INTO post_tags VALUES (?, ?)", [(record["id"], tag["id"]) for tag in record["tags"]]
            )
        database.execute("INSERT INTO stats VALUES (1, ?, ?, 3)", (len(dump), len(tags)))
    database.close()


def made_up(count: int, first_id: int = 1, tags: int = 10) -> bytes:
    """JSON lines of `count` small posts, for tests about amounts and moments rather than content."""
    lines = []
    for i in range(first_id, first_id + count):
        names = [
            {"id": str(1 + (i * 7 + k) % 997), "name": f"tag{(i * 7 + k) % 997}", "category": "0"} for k in range(tags)
        ]
        lines.append(json.dumps({"id": str(i), "md5": f"{i:032x}", "rating": "s", "file_ext": "png", "tags": names}))
    return ("\n".join(lines) + "\n").encode()
