"""Which golden vectors make_feature_vectors.py writes: posts and plans. Entries are only ever added."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from typing import Any

Spec = dict[str, Any]

SNAPSHOT = hashlib.sha256(b"golden").hexdigest()

TAGS = [
    (1, "solo", "general"),
    (2, "sky", "general"),
    (3, "smile", "general"),
    (5, "tree", "general"),
    (8, "hat", "general"),
    (13, "rare_flower", "general"),
    (20, "ann", "artist"),
    (21, "ben", "artist"),
    (22, "cleo", "artist"),
    (34, "dora", "artist"),
    (40, "fate:zero", "copyright"),
    (41, "solo", "copyright"),  # a name may be that of several tags
    (50, "hero", "character"),
    (51, "villain", "character"),
    (52, "extra", "character"),
    (60, "scan", "meta"),
]
NON_ASCII_TAGS = [
    (1, "caf\u00e9", "general"),
    (2, "\u521d\u97f3\u30df\u30af", "character"),
    (3, "\U0001f600", "general"),
    (4, 'a"quote', "general"),
    (5, "back\\slash", "general"),
    (6, "\uff5e", "general"),
]


@dataclass(frozen=True)
class Feature:
    """posts: what of the vector says which posts there are, and their relations.

    stretch_steps: digests instead of rows. vocabulary: the name and category of each label; with one the vector tells
    tags, labels and numbers of posts by tag.
    """

    name: str
    about: str
    posts: Spec
    plan: Spec
    epochs: tuple[int, ...] = (0, 1)
    world_sizes: tuple[int, ...] = ()
    stretch_steps: int = 0
    slow: bool = False
    vocabulary: tuple[tuple[str, str], ...] = ()


def gallery(seed: int, size: int, tags: list[tuple[int, str, str]] | None = None) -> Spec:
    """Posts with gaps between their ids, families, series, and tags of very different frequencies."""
    chance = random.Random(seed)
    table = tags or TAGS
    posts: list[Spec] = []
    post_id = 0
    for _ in range(size):
        post_id += chance.randint(1, 4)
        post: Spec = {"id": post_id}
        if posts and chance.random() < 0.35:
            # Now and then a post that the snapshot does not have.
            post["parent_id"] = chance.choice(posts)["id"] if chance.random() < 0.8 else chance.randint(1, post_id)
        if chance.random() < 0.95:
            post["rating"] = chance.choice(["safe", "safe", "safe", "questionable", "explicit"])
        if chance.random() < 0.9:
            post["score"] = chance.randint(-20, 99)
        if chance.random() < 0.9:
            post["width"], post["height"] = chance.randint(200, 2000), chance.randint(200, 2000)
        if chance.random() < 0.3:
            post["pools"] = chance.sample([7, 9, 30, 31], chance.randint(1, 2))
        # Each six of them from frequent to rare.
        chosen = [tag[0] for place, tag in enumerate(table) if chance.random() < 0.6 / (1 + place % 6)]
        if chosen:
            post["tags"] = chosen
        posts.append(post)
    used = {tag for post in posts for tag in post.get("tags", ())}
    return {"tags": [list(tag) for tag in table if tag[0] in used], "posts": posts}


def with_circles(posts: Spec) -> Spec:
    """Adds parents that run in circles: a post that is its own, two that are each other's, and three with a tail."""
    rows = posts["posts"]
    for child, parent in ((0, 0), (1, 5), (5, 1), (10, 4), (4, 7), (7, 10), (12, 7), (13, 12)):
        rows[child]["parent_id"] = rows[parent]["id"]
    return posts


def with_new_ratings(posts: Spec) -> Spec:
    """The ratings of today's Danbooru on every second post."""
    for row, post in enumerate(posts["posts"]):
        if row % 2 == 0:
            post["rating"] = ("general", "sensitive", "explicit")[row % 3]
    return posts


def split(name: str, share: int, order: str = "epoch", **others: Any) -> Spec:
    return {"name": name, "order": order, "share": share, **others}


def block(name: str, share: int, block_rows: int, window_blocks: int) -> Spec:
    return split(name, share, "block", block_rows=block_rows, window_blocks=window_blocks)


def by_range(name: str, *ranges: list[int], order: str = "epoch") -> Spec:
    return {"name": name, "order": order, "ranges": list(ranges)}


DEFAULTS = [split("train", 80), split("validation", 10, "fixed"), split("test", 10, "fixed")]
SEQUENTIAL = [split("train", 80, "sequential"), split("validation", 10, "sequential"), split("test", 10, "sequential")]


def plan(splits: list[Spec], batch_size: int = 8, **keys: Any) -> Spec:
    spec = {
        "batch_size": batch_size,
        "last_batch": "keep",
        "seed": "42",
        "snapshot": SNAPSHOT,
        "splits": splits,
        "strategy": "exact",
        "version": 1,
        **keys,
    }
    return {key: spec[key] for key in sorted(spec)}


def queries(replacement: bool, *entries: tuple[str, int], **others: Any) -> Spec:
    listed = [{"query": query, "weight": weight} for query, weight in entries]
    return {"by": "queries", "queries": listed, "replacement": replacement, **others}


def frequency(replacement: bool, cap: int, power_quarters: int, **others: Any) -> Spec:
    return {"by": "tag_frequency", "cap": cap, "power_quarters": power_quarters, "replacement": replacement, **others}


def mix(*parts: tuple[str, int], **others: Any) -> Spec:
    return {"parts": [{"query": query, "share": share} for query, share in parts], **others}


EXACT = [
    Feature(
        "exact_parent",
        "families stay whole; parents in circles, and missing ones",
        with_circles(gallery(1, 50)),
        plan(DEFAULTS, unit="parent"),
        world_sizes=(3,),
    ),
    Feature(
        "exact_artist",
        "units by artist, which some posts lack",
        gallery(2, 45),
        plan(DEFAULTS, unit="artist", seed="7"),
    ),
    Feature(
        "exact_pool",
        "units by pool; members ascend",
        gallery(3, 40),
        plan(SEQUENTIAL, unit="pool", last_batch="pad"),
        epochs=(0,),
    ),
    Feature(
        "exact_large_unit",
        "a family that is larger than any share",
        {"tags": [], "posts": [{"id": i, **({"parent_id": 3} if i > 4 else {})} for i in range(1, 25)]},
        plan([split("a", 1), split("b", 1), split("c", 1), split("d", 0)], 5, unit="parent"),
    ),
    Feature(
        "exact_sequential",
        "posts as they are, in ascending order",
        {"selection_size": 100},
        plan(SEQUENTIAL, 7, last_batch="drop"),
        epochs=(0,),
        world_sizes=(2, 16),
    ),
]
HASH = [
    Feature("hash_post", "each post's id decides", gallery(4, 60), plan(DEFAULTS, strategy="hash")),
    Feature(
        "hash_parent",
        "a family's root decides",
        with_circles(gallery(5, 50)),
        plan(
            [split("a", 3), split("none", 0), split("b", 2, "sequential")],
            strategy="hash",
            unit="parent",
            seed="18446744073709551615",
        ),
    ),
    Feature(
        "hash_artist",
        "the first artist decides; the largest shares",
        gallery(6, 45),
        plan([split(f"fold.{k}", 2**31 - 1 - k) for k in range(5)], 5, strategy="hash", unit="artist", seed="0"),
    ),
    Feature(
        "hash_pool",
        "the first pool decides, within a query",
        gallery(7, 50),
        plan(DEFAULTS, strategy="hash", unit="pool", query="rating:safe", last_batch="pad"),
    ),
]
ID_RANGE = [
    Feature(
        "id_range",
        "the id's last digits decide; some posts are in no split",
        gallery(8, 60),
        plan(
            [
                by_range("train", [0, 11], [14, 14]),
                by_range("validation", [12, 13], order="fixed"),
                by_range("test", [17, 18], order="sequential"),
            ],
            6,
            strategy="id_range",
            modulus=20,
        ),
    ),
    Feature(
        "id_range_large_ids",
        "ids that doubles cannot hold",
        {
            "tags": [],
            "posts": [
                {"id": i}
                for i in (1, 2**31, 2**32 + 5, 2**53 - 1, 2**53 + 1, 2**53 + 2, 2**62 + 3, 2**63 - 2, 2**63 - 1)
            ],
        },
        plan(
            [by_range("low", [0, 499_999_999]), by_range("high", [500_000_000, 999_999_998])],
            2,
            strategy="id_range",
            modulus=999_999_999,
        ),
    ),
    Feature(
        "hash_large_ids",
        "the same ids, hashed",
        {
            "tags": [],
            "posts": [
                {"id": i}
                for i in (1, 2**31, 2**32 + 5, 2**53 - 1, 2**53 + 1, 2**53 + 2, 2**62 + 3, 2**63 - 2, 2**63 - 1)
            ],
        },
        plan([split("a", 1), split("b", 1)], 2, strategy="hash"),
    ),
]
STRATIFIED = [
    Feature(
        "stratified_rating",
        "ratings of both schemes, some of them rare",
        with_new_ratings(gallery(9, 60)),
        plan(DEFAULTS, strategy="stratified", stratify={"by": "rating"}),
    ),
    Feature(
        "stratified_tag_parent",
        "with and without a tag, families whole",
        with_circles(gallery(10, 50)),
        plan(DEFAULTS, strategy="stratified", stratify={"by": "tag", "tag": "sky"}, unit="parent", seed="3"),
    ),
    Feature(
        "stratified_category",
        "by the rarest character; the rare ones make the rest",
        gallery(11, 60),
        plan(
            [
                split("train", 8, "sequential"),
                split("validation", 1, "fixed"),
                split("none", 0),
                split("test", 1, "fixed"),
            ],
            strategy="stratified",
            stratify={"by": "category", "category": "character"},
        ),
    ),
    Feature(
        "stratified_artist_unit",
        "by the rarest general tag, artists whole, within a query",
        gallery(12, 60),
        plan(
            DEFAULTS,
            strategy="stratified",
            stratify={"by": "category", "category": "general"},
            unit="artist",
            query="-rating:explicit",
            last_batch="drop",
        ),
    ),
    Feature(
        "stratified_pool",
        "strata that are all too small",
        gallery(13, 12),
        plan(
            [split(f"fold.{k}", 1) for k in range(10)], 2, strategy="stratified", stratify={"by": "rating"}, unit="pool"
        ),
    ),
    Feature(
        "stratified_tag_not_selected",
        "by a tag that posts of the snapshot have, but none of the selection: one stratum",
        gallery(15, 40),
        plan(DEFAULTS, strategy="stratified", stratify={"by": "tag", "tag": "hat"}, query="-hat"),
    ),
]
PARTITIONED = [
    Feature(
        "partitioned",
        "whole batches are dealt; a half partition and a piece are left",
        {"selection_size": 103},
        plan(
            [split("train", 3), split("validation", 1, "fixed"), split("test", 1, "sequential")],
            4,
            strategy="partitioned",
        ),
        epochs=(0, 1, 2),
        world_sizes=(3,),
    ),
    Feature(
        "partitioned_ascending",
        "rows ascend within a batch; the last partition is a piece",
        {"selection_size": 67},
        plan(
            [split("train", 60), split("validation", 20, "fixed"), split("test", 20, "sequential")],
            8,
            strategy="partitioned",
            batch_rows="ascending",
            last_batch="pad",
            seed="9",
        ),
    ),
    Feature(
        "partitioned_query",
        "the partitions are of the selection",
        gallery(14, 50),
        plan([split("train", 2), split("test", 2)], 3, strategy="partitioned", query="-sky", last_batch="drop"),
    ),
    Feature(
        "partitioned_small",
        "fewer posts than a batch",
        {"selection_size": 7},
        plan([split("train", 1), split("test", 2, "fixed")], 8, strategy="partitioned"),
    ),
    Feature(
        "partitioned_half",
        "the seed system's batches as it served them",
        {"selection_size": 203},
        plan(SEQUENTIAL, 5, strategy="partitioned", coverage="half"),
        epochs=(0,),
        world_sizes=(2,),
    ),
    Feature(
        "partitioned_half_ascending",
        "the seed system's batches in the database's order, shuffled every epoch",
        {"selection_size": 130},
        plan(
            [split("train", 70), split("validation", 20, "fixed"), split("test", 10, "fixed")],
            4,
            strategy="partitioned",
            coverage="half",
            batch_rows="ascending",
            seed="18446744073709551615",
        ),
    ),
]
QUERIES = [
    Feature(
        "query_ranges",
        "ranges of every form, negation, absent values",
        gallery(15, 70),
        plan(DEFAULTS, query="score:>=-10 -score:50..60 width:..1500 -height:<300 id:4.. -id:77 rating:s", seed="5"),
    ),
    Feature(
        "query_tags",
        "tags, one with the look of a metatag, and one name of two tags",
        gallery(16, 70),
        plan(SEQUENTIAL, query="solo -fate:zero", last_batch="drop"),
        epochs=(0,),
    ),
    Feature(
        "query_non_ascii",
        "names beyond ASCII, and characters that JSON escapes",
        gallery(17, 60, NON_ASCII_TAGS),
        plan(DEFAULTS, query='-caf\u00e9 -\u521d\u97f3\u30df\u30af -\U0001f600 -a"quote -back\\slash'),
    ),
    Feature(
        "query_non_ascii_tag",
        "the same in a stratum's tag and in weights",
        gallery(18, 50, NON_ASCII_TAGS),
        plan(
            [split("train", 8, "weighted"), split("test", 2, "fixed")],
            strategy="stratified",
            stratify={"by": "tag", "tag": "\u521d\u97f3\u30df\u30af"},
            weights=queries(False, ("\U0001f600", 3), ("-caf\u00e9", 2), otherwise=1),
        ),
    ),
    Feature(
        "query_new_ratings",
        "a rating's first letter stands for both schemes",
        with_new_ratings(gallery(19, 50)),
        plan(SEQUENTIAL, query="rating:s -rating:safe"),
        epochs=(0,),
    ),
]
ORDERS = [
    Feature(
        "block",
        "windows of blocks; the last block is short",
        {"selection_size": 101},
        plan([block("train", 80, 8, 3), block("validation", 15, 4, 2), block("test", 5, 1, 1)], 9),
        epochs=(0, 1, 2),
        world_sizes=(4,),
    ),
    Feature(
        "block_units",
        "one window; a block larger than the split; blocks of one row",
        gallery(20, 50),
        plan(
            [block("a", 1, 2, 2**30 - 1), block("b", 1, 1000, 5), block("c", 1, 1, 4), block("none", 0, 2, 2)],
            6,
            strategy="hash",
            unit="artist",
            last_batch="pad",
        ),
    ),
    Feature(
        "weighted_replacement",
        "weights from queries; more samples than posts",
        gallery(21, 40),
        plan(
            [split("train", 8, "weighted"), split("rest", 2, "weighted"), split("none", 0, "weighted")],
            10,
            weights=queries(True, ("sky", 10), ("rating:explicit", 0), ("-solo", 3), otherwise=1, epoch_samples=64),
        ),
        world_sizes=(3,),
    ),
    Feature(
        "weighted_replacement_all",
        "as many samples as members",
        gallery(22, 40),
        plan(
            [split("train", 8, "weighted"), split("test", 2, "fixed")],
            10,
            weights=queries(True, ("solo", 2**31 - 1), ("rating:safe", 1)),
            last_batch="pad",
        ),
    ),
    Feature(
        "weighted",
        "every post whose weight is not 0, once",
        gallery(23, 50),
        plan(
            [split("train", 8, "weighted"), split("test", 2, "weighted")],
            weights=queries(False, ("sky", 5), ("rating:explicit", 0), otherwise=2),
        ),
    ),
    Feature(
        "weighted_certain",
        "heavy posts are certain, the others drawn",
        gallery(24, 60),
        plan(
            [split("train", 9, "weighted"), split("test", 1, "sequential")],
            weights=queries(
                False,
                ("rare_flower", 1_000_000),
                ("hat", 40),
                ("sky", 3),
                ("rating:questionable", 0),
                otherwise=1,
                epoch_samples=20,
            ),
        ),
        epochs=(0, 1, 2),
        world_sizes=(3,),
    ),
    Feature(
        "weighted_frequency",
        "by the rarest tag, to the power of 1/2, capped",
        gallery(25, 60),
        plan([split("train", 8, "weighted"), split("test", 2, "fixed")], weights=frequency(True, 3, 2)),
    ),
    Feature(
        "weighted_frequency_quarter",
        "to the power of 1/4; a sample of the split",
        gallery(26, 60),
        plan(
            [split("train", 8, "weighted"), split("test", 2, "fixed")],
            weights=frequency(False, 100, 1, epoch_samples=15),
        ),
    ),
    Feature(
        "weighted_frequency_artist",
        "only artists count, to the power of 3/4",
        gallery(27, 60),
        plan(
            [split("train", 8, "weighted"), split("test", 2, "fixed")],
            7,
            strategy="hash",
            weights=frequency(False, 2**20, 3, category="artist", epoch_samples=12),
            last_batch="drop",
        ),
    ),
    Feature(
        "weighted_frequency_whole",
        "to the power of 1, within a query",
        gallery(28, 60),
        plan(
            [split("train", 8, "weighted"), split("test", 2, "weighted")],
            query="-scan",
            weights=frequency(True, 20, 4, category="general", epoch_samples=30),
        ),
    ),
    Feature(
        "mixed",
        "three parts, the last of all others; small ones go round",
        gallery(29, 60),
        plan(
            [split("train", 8, "mixed"), split("test", 2, "fixed")],
            12,
            mix=mix(("sky", 30), ("rating:explicit", 20), ("", 10), epoch_samples=150),
        ),
        world_sizes=(5,),
    ),
    Feature(
        "mixed_uneven",
        "a deck of many cards; posts of no part; as many samples as the parts hold",
        gallery(30, 60),
        plan(
            [split("train", 8, "mixed"), split("test", 2, "mixed"), split("none", 0, "mixed")],
            12,
            mix=mix(("-rating:safe", 1), ("rating:safe score:>0", 997)),
            last_batch="pad",
            seed="6",
        ),
    ),
    Feature(
        "all_orders",
        "every order in one plan, families whole",
        gallery(31, 90),
        plan(
            [
                split("a", 1),
                split("b", 1, "fixed"),
                split("c", 1, "sequential"),
                block("d", 1, 3, 2),
                split("e", 1, "weighted"),
                split("f", 1, "mixed"),
            ],
            4,
            strategy="stratified",
            stratify={"by": "tag", "tag": "sky"},
            unit="parent",
            query="score:>-21",
            weights=queries(False, ("sky", 3), otherwise=1, epoch_samples=5),
            mix=mix(("sky", 1), ("", 1)),
            last_batch="drop",
        ),
        world_sizes=(2,),
    ),
]
# Digests. Those over millions of posts take minutes in Python.
LARGE = [
    Feature(
        "large_hash",
        "3.7 million posts by their ids",
        {"computed_posts": 3_700_000},
        plan(DEFAULTS, 256, strategy="hash"),
        stretch_steps=100,
        slow=True,
    ),
    Feature(
        "large_sequential",
        "3.7 million posts, ascending",
        {"selection_size": 3_700_000},
        plan(SEQUENTIAL, 256),
        stretch_steps=100,
        slow=True,
    ),
    Feature(
        "large_partitioned",
        "3.7 million posts in partitions",
        {"selection_size": 3_700_000},
        plan(DEFAULTS, 256, strategy="partitioned"),
        stretch_steps=100,
        slow=True,
    ),
    Feature(
        "large_half",
        "3.7 million posts as the seed system served them",
        {"selection_size": 3_700_000},
        plan(SEQUENTIAL, 256, strategy="partitioned", coverage="half"),
        stretch_steps=100,
        slow=True,
    ),
    Feature(
        "large_block",
        "blocks of 1,024 rows, windows of 16 blocks",
        {"selection_size": 120_000},
        plan([block("train", 80, 1024, 16), block("test", 20, 1000, 3)], 256),
        stretch_steps=20,
    ),
    Feature(
        "large_parent", "families", {"computed_posts": 30_000}, plan(DEFAULTS, 256, unit="parent"), stretch_steps=20
    ),
    Feature(
        "large_stratified",
        "by the rarest artist, families whole",
        {"computed_posts": 30_000},
        plan(DEFAULTS, 256, strategy="stratified", stratify={"by": "category", "category": "artist"}, unit="parent"),
        stretch_steps=20,
    ),
    Feature(
        "large_weighted",
        "by the rarest tag, half of the split",
        {"computed_posts": 30_000},
        plan(
            [split("train", 80, "weighted"), split("test", 20, "sequential")],
            256,
            strategy="hash",
            unit="artist",
            weights=frequency(False, 1000, 2, category="general", epoch_samples=12_000),
        ),
        stretch_steps=20,
    ),
    Feature(
        "large_mixed",
        "three parts",
        {"computed_posts": 30_000},
        plan(
            [split("train", 80, "mixed"), split("test", 20, "sequential")],
            256,
            mix=mix(("general_0", 3), ("rating:e", 5), ("score:>=100", 4), epoch_samples=100_000),
        ),
        stretch_steps=20,
    ),
    Feature(
        "large_query",
        "a query, hashed by pool",
        {"computed_posts": 30_000},
        plan(DEFAULTS, 256, strategy="hash", unit="pool", query="-general_1 width:>600 rating:q"),
        stretch_steps=20,
    ),
]
FEATURES = EXACT + HASH + ID_RANGE + STRATIFIED + PARTITIONED + QUERIES + ORDERS + LARGE
