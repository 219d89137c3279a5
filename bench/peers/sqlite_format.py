"""The content as the seed system's database has it: posts by dense row number, and a row for every tag use."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from common import Content

FILE_NAME = "posts.sqlite"


def prepare(content: Content, folder: Path) -> None:
    with sqlite3.connect(folder / FILE_NAME) as database:
        database.executescript("""
            PRAGMA journal_mode = OFF;
            PRAGMA synchronous = OFF;
            CREATE TABLE posts (id INTEGER PRIMARY KEY, post_id INTEGER NOT NULL, rating INTEGER NOT NULL,
                                width INTEGER NOT NULL, height INTEGER NOT NULL, score INTEGER NOT NULL);
            CREATE TABLE post_tags (post_id INTEGER NOT NULL, tag_id INTEGER NOT NULL);
        """)
        block = 65_536
        for first in range(0, len(content), block):
            rows = content.rows(first, min(len(content), first + block))
            fixed = [getattr(rows, name).tolist() for name in ("ids", "rating", "width", "height", "score")]
            numbers = range(first + 1, first + 1 + len(rows.ids))
            database.executemany("INSERT INTO posts VALUES (?, ?, ?, ?, ?, ?)", zip(numbers, *fixed, strict=True))
            owners = rows.ids.repeat(rows.tag_offsets[1:] - rows.tag_offsets[:-1]).tolist()
            uses = zip(owners, rows.tag_values.tolist(), strict=True)
            database.executemany("INSERT INTO post_tags VALUES (?, ?)", uses)
        # It covers the query for a post's tags: the table itself is never read.
        database.execute("CREATE INDEX post_tags_by_post ON post_tags (post_id, tag_id)")
        database.execute("ANALYZE")


def connect(folder: Path) -> sqlite3.Connection:
    """For reading, with the whole file mapped."""
    database = sqlite3.connect(f"file:{folder / FILE_NAME}?mode=ro&immutable=1", uri=True, check_same_thread=False)
    database.execute(f"PRAGMA mmap_size = {1 << 40}")
    return database
