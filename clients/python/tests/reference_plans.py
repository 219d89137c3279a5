"""Posts and plans for tests of millrace.reference."""

from __future__ import annotations

import random
from typing import Any

from millrace.reference import Post, Tag

Spec = dict[str, Any]
SNAPSHOT = "0" * 64
ARTISTS = [Tag(100 + k, f"artist_{k}", "artist") for k in range(12)]
GENERAL = [Tag(1 + k, f"general_{k}") for k in range(6)]


def some_posts(seed: int, size: int) -> list[Post]:
    chance = random.Random(seed)
    ids = sorted(chance.sample(range(1, 4 * size), size))
    return [
        Post(
            post_id,
            parent_id=chance.choice(ids) if chance.random() < 0.4 else None,
            rating=chance.choice(["general", "sensitive", "questionable", "explicit"]),
            score=chance.randint(-5, 50),
            pools=tuple(chance.sample(range(1, 9), chance.randint(0, 2))),
            tags=tuple(chance.sample(GENERAL, chance.randint(0, 3)) + chance.sample(ARTISTS, chance.randint(0, 1))),
        )
        for post_id in ids
    ]


def split(name: str, share: int, order: str = "epoch", **others: Any) -> Spec:
    return {"name": name, "order": order, "share": share, **others}


def spec_of(**changes: Any) -> Spec:
    return {
        "batch_size": 7,
        "last_batch": "keep",
        "seed": "42",
        "snapshot": SNAPSHOT,
        "splits": [split("train", 80), split("validation", 10, "fixed"), split("test", 10, "fixed")],
        "strategy": "exact",
        "version": 1,
        **{key: value for key, value in changes.items() if value is not None},
    }


def one_split(order: str) -> list[Spec]:
    keys = {"block_rows": 5, "window_blocks": 3} if order == "block" else {}
    return [split("train", 1, order, **keys)]
