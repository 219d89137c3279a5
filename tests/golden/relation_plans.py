"""Golden vectors over snapshots with aliases and implications: posts, relations and plans. Entries are only ever added.

docs/tags.md, "The two readings", says what relations make of the posts' tags and of the names in queries.
"""

from __future__ import annotations

from feature_plans import (
    DEFAULTS,
    SEQUENTIAL,
    Feature,
    Spec,
    by_range,
    frequency,
    gallery,
    mix,
    plan,
    queries,
    split,
)
from query_plans import each, weighted

# Of tabby, cat, feline, mammal and animal, each implies the next; no post says feline.
PETS = [
    (1, "cat", "general"),
    (2, "neko", "general"),  # an alias of cat
    (3, "tabby", "general"),
    (4, "mammal", "general"),
    (5, "animal", "general"),
    (6, "puss", "general"),  # an alias of pussy_cat, which no post says
    (7, "tom", "general"),  # another
    (8, "kitten", "general"),  # implies cat and young, both of which imply animal
    (9, "young", "general"),
    (10, "hat", "general"),
    (20, "studio", "artist"),  # ben implies it
    (21, "ann", "artist"),
    (22, "ann_(old)", "artist"),  # an alias of ann
    (23, "ben", "artist"),
    (30, "felix", "character"),  # implies cat
    (31, "felix_the_cat", "character"),  # an alias of felix
    (32, "inky", "character"),
    (40, "mammal", "meta"),  # shares a name, so it is implied, too
    (41, "pool:1", "meta"),
]
PET_ALIASES = [
    ["ann_(old)", "ann"],
    ["felix_the_cat", "felix"],
    ["kitty", "cat"],  # which no post says
    ["neko", "cat"],
    ["pool:9", "cat"],
    ["puss", "pussy_cat"],
    ["tom", "pussy_cat"],
]
PET_IMPLICATIONS = [
    ["ben", "studio"],
    ["cat", "feline"],
    ["feline", "mammal"],
    ["felix", "kitty"],  # an alias at either end
    ["kitten", "neko"],
    ["kitten", "young"],
    ["mammal", "animal"],
    ["pussy_cat", "feline"],
    ["tabby", "neko"],
    ["young", "animal"],
]
PET_LABELS = (
    ("animal", "general"),
    ("cat", "general"),
    ("neko", "general"),
    ("mammal", "unspecified"),  # by two tags
    ("felix", "unspecified"),
    ("pussy_cat", "general"),  # of no tag
    ("puss", "unspecified"),
    ("ann", "artist"),
    ("hat", "unspecified"),
    ("hat", "general"),  # stands before the one without a category
    ("studio", "artist"),
)


def pets(seed: int, size: int) -> Spec:
    return {**gallery(seed, size, PETS), "aliases": PET_ALIASES, "implications": PET_IMPLICATIONS}


def related(posts: Spec, aliases: list[list[str]], implications: list[list[str]]) -> Spec:
    return {**posts, "aliases": aliases, "implications": implications}


ALIAS_QUERY = "neko -hat or kitty score:>20 or pussy_cat ~ann_(old) ~-tom"
CLOSURE_QUERY = 'mammal -"felix_the_cat" or feline tagcount:..7'

# Names that one of the two readings only knows, and patterns, which mean what each name that matches does.
PATTERNS = ("kit*", "pu* -tom", '"pool:9" -hat', "pool:1", "ann*", "*_cat", "-n*", "k*ty or felix*")

RELATION_FEATURES = [
    Feature(
        "relations_alias_said",
        "a query by aliases, some of which no post says; tags as said",
        pets(301, 60),
        plan(DEFAULTS, query=ALIAS_QUERY),
        world_sizes=(2,),
        vocabulary=PET_LABELS,
    ),
    Feature(
        "relations_alias_applied",
        "the same query over the same posts, with aliases and implications applied",
        pets(301, 60),
        plan(DEFAULTS, query=ALIAS_QUERY, tags="applied"),
        world_sizes=(2,),
        vocabulary=PET_LABELS,
    ),
    Feature(
        "relations_closure",
        "a query by what four implications lead to, through a name that no post says; numbers of tags applied",
        pets(302, 70),
        plan(SEQUENTIAL, 6, query=CLOSURE_QUERY, tags="applied", last_batch="pad"),
        vocabulary=PET_LABELS,
    ),
    Feature(
        "relations_diamond",
        "one tag implies another by two ways; a mix by what is implied",
        related(
            gallery(303, 120, PETS),
            [],
            [["kitten", "cat"], ["kitten", "young"], ["cat", "animal"], ["young", "animal"]],
        ),
        plan(
            [split("train", 3, "mixed"), split("test", 1, "mixed")],
            10,
            tags="applied",
            mix=mix(("animal -cat", 3), ("young", 2), ("gentags:3..", 4), ("", 1)),
        ),
        vocabulary=(("animal", "general"), ("kitten", "general"), ("cat", "general"), ("young", "general")),
    ),
    Feature(
        "relations_patterns_said",
        "patterns, quotation marks and aliases called like metatags; tags as said",
        pets(304, 70),
        weighted(16, each(*PATTERNS)),
    ),
    Feature(
        "relations_patterns_applied",
        "the same, applied, and names that implications alone speak of",
        pets(304, 70),
        weighted(16, each("felin* -tabby", *PATTERNS), tags="applied"),
    ),
    Feature(
        "relations_stratified_said",
        "strata by an alias; tags as said",
        pets(305, 70),
        plan(DEFAULTS, strategy="stratified", stratify={"by": "tag", "tag": "kitty"}),
    ),
    Feature(
        "relations_stratified_tag",
        "strata by a tag that posts have by implication only, in families",
        pets(305, 70),
        plan(DEFAULTS, strategy="stratified", stratify={"by": "tag", "tag": "feline"}, unit="parent", tags="applied"),
    ),
    Feature(
        "relations_stratified_category",
        "strata by the rarest character applied",
        pets(306, 70),
        plan(
            DEFAULTS,
            strategy="stratified",
            stratify={"by": "category", "category": "character"},
            tags="applied",
            last_batch="drop",
        ),
    ),
    Feature(
        "relations_weights",
        "weights by queries for tags that are implied",
        pets(307, 60),
        weighted(
            8,
            queries(
                False,
                ("young animal", 40),
                ("studio or arttags:2..", 9),
                ("feline -cat", 25),
                ("metatags:1..", 4),
                otherwise=1,
                epoch_samples=40,
            ),
            tags="applied",
            query="-hat or animal",
        ),
        world_sizes=(3,),
    ),
    Feature(
        "relations_frequency_said",
        "weights by the rarest tag as said, in a snapshot with relations",
        pets(308, 60),
        weighted(8, frequency(True, 30, 3)),
    ),
    Feature(
        "relations_frequency_applied",
        "weights by the rarest tag applied",
        pets(308, 60),
        weighted(8, frequency(True, 30, 3), tags="applied"),
        vocabulary=PET_LABELS,
    ),
    Feature(
        "relations_artist_units",
        "units by artist, with aliases of artists and an artist that is implied",
        pets(309, 60),
        plan([split("a", 1), split("b", 1), split("c", 1)], strategy="hash", unit="artist", tags="applied", seed="5"),
    ),
    Feature(
        "relations_id_range",
        "ranges of ids within a query for implied tags, in blocks",
        pets(310, 60),
        plan(
            [
                by_range("train", [0, 7], order="sequential"),
                {"name": "test", "order": "block", "ranges": [[8, 9]], "block_rows": 3, "window_blocks": 2},
            ],
            6,
            strategy="id_range",
            modulus=10,
            query="animal ~tabby ~-cat",
            tags="applied",
        ),
    ),
    Feature(
        "relations_none",
        "applied over a snapshot that holds no relations: the posts of the plan without the key, under another id",
        gallery(311, 50),
        plan(DEFAULTS, query="solo -sky or ann", tags="applied"),
        vocabulary=(("solo", "unspecified"), ("sky", "general")),
    ),
    Feature(
        "large_relations",
        "relations among the tags of many posts: a selection, units and weights applied",
        related(
            {"computed_posts": 30_000},
            [["artist_0", "artist_1"], ["artist_2", "artist_1"], ["painter", "artist_1"], ["general_16", "general_15"]],
            [
                *[[f"artist_{k}", f"artist_{k // 4 + 400}"] for k in range(3, 80)],
                *[[f"general_{k}", "general_8"] for k in range(9, 16)],
                ["artist_400", "school"],
                ["school", "general_12"],
            ],
        ),
        plan(
            [split("train", 4, "weighted"), split("test", 1)],
            256,
            unit="artist",
            query="(school or general_8 or painter) -tagcount:>5 or artist_4* score:>0",
            weights=frequency(False, 50, 2, category="artist"),
            tags="applied",
        ),
        stretch_steps=20,
    ),
]
