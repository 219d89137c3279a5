"""Golden vectors of plans by queries in the whole language: posts and plans. Entries are only ever added."""

from __future__ import annotations

import random

from feature_plans import (
    DEFAULTS,
    SEQUENTIAL,
    Feature,
    Spec,
    by_range,
    gallery,
    mix,
    plan,
    queries,
    split,
)

_DAY_US = 86_400 * 10**6
_YEAR_2020 = 18_262 * _DAY_US  # 2020-01-01, in microseconds since 1970

# Names that are read otherwise without quotation marks, or look as if they were.
ODD_TAGS = [
    (1, "blue_sky", "general"),
    (2, "blue_hair", "general"),
    (3, "Blue_hair", "general"),
    (4, "or", "general"),
    (5, "(o)_(o)", "general"),
    (6, ":)", "general"),
    (7, "fate_(series)", "copyright"),
    (8, "a*b", "general"),
    (9, 'say_"x"', "general"),
    (10, "\\m/", "general"),
    (11, "-dash", "general"),
    (12, "~wave", "general"),
    (13, "source:here", "meta"),
    (14, "caf\u00e9_sky", "general"),
    (15, "rating:s", "general"),
    (16, "blue_sky", "copyright"),
    (17, "a\\*b", "artist"),
    (18, "order:score", "meta"),
    (19, "o((", "general"),
]


def library(seed: int, size: int) -> Spec:
    """Posts that know all that Danbooru's dumps tell; every field is missing now and then."""
    chance = random.Random(seed)
    posts: list[Spec] = gallery(seed, size)["posts"]
    ids = [post["id"] for post in posts]
    for post in posts:
        post["parent_id"] = chance.choice(ids)
        choices: Spec = {
            "parent_id": post["parent_id"] if chance.random() < 0.4 else None,
            "md5": f"{post['id'] * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128:032x}",
            "file_ext": chance.choice(["png", "jpg", "jpeg", "PNG", "webm"]),
            "file_size_bytes": chance.choice([1024, 97_280, 97_279, 102_400, 107_520, 107_521, 1_048_576, 5 * 10**9]),
            "created_at_us": _YEAR_2020
            + chance.choice([-1, 0, 59, 366, *(chance.randint(*days) for days in ((0, 900), (870, 940), (870, 900)))])
            * _DAY_US
            + chance.choice([0, 86_399]) * 10**6,
            "source": chance.choice(
                ["https://www.pixiv.net/1", "HTTPS://PIXIV.NET/2", "a b", 'say "x"', "back\\slash", "any", "\u00c4rger"]
            ),
            "pixiv_id": chance.choice([1, 2, 2**40]),
            "uploader_id": chance.randint(1, 4),
            "approver_id": chance.randint(1, 2),
        }
        for key, value in choices.items():
            post.pop(key, None)
            if value is not None and (key == "parent_id" or chance.random() < 0.8):
                post[key] = value
        if chance.random() < 0.5:  # sides of a usual ratio, or nearly
            unit = chance.randint(20, 200)
            width, height = chance.choice([(16, 9), (4, 3), (1, 1), (9, 16)])
            post["width"], post["height"] = unit * width, unit * height + chance.randint(0, 1)
        flags = {flag: chance.random() < 0.3 for flag in ("pending", "flagged", "deleted", "banned")}
        known = {flag: value for flag, value in flags.items() if chance.random() < 0.6}
        if known:
            post["flags"] = known
        if "pools" in post:
            post["pool_kinds"] = [chance.choice(["series", "collection", "Best_of"]) for _ in post["pools"]]
    used = {tag for post in posts for tag in post.get("tags", ())}
    return {"tags": [tag for tag in gallery(seed, size)["tags"] if tag[0] in used], "posts": posts}


def films(seed: int, size: int) -> Spec:
    """Posts with numbers of favourites, durations and tags of every category."""
    chance = random.Random(seed)
    words = ["general", "artist", "copyright", "character", "meta", "species", "invalid", "lore", "contributor"]
    tags = [(10 * k + i, f"{word}_{i}", word) for k, word in enumerate(words, 1) for i in range(3)]
    posts = gallery(seed, size, tags)
    for post in posts["posts"]:
        if chance.random() < 0.8:
            post["favorite_count"] = chance.randint(0, 9)
        if chance.random() < 0.8:
            post["duration_us"] = chance.choice(
                [950_000, 949_999, 1_000_000, 1_050_000, 1_050_001, 1_500_000, 30_000_000]
            )
    return posts


def each(*texts: str) -> Spec:
    """Every query as a weight of its own, the first match counts: a post's weight tells which."""
    return queries(True, *((text, 3 + 2 * place) for place, text in enumerate(texts)), otherwise=1, epoch_samples=150)


def weighted(batch_size: int, weights: Spec, **keys: object) -> Spec:
    return plan([split("train", 1, "weighted")], batch_size, weights=weights, **keys)


QUERY_FEATURES = [
    Feature(
        "query_groups",
        "groups within groups, alternatives of both kinds, signs before groups",
        gallery(201, 80),
        plan(
            DEFAULTS,
            query="(solo or -(sky hero)) and -(rare_flower -(ann or ~ben ~-scan)) ~rating:e,q ~-score:<10,50..60"
            " or (hat fate:zero)",
        ),
    ),
    Feature(
        "query_wildcards",
        "patterns, names in quotation marks, a tag called like a metatag, a group whose last word is open",
        gallery(202, 60, ODD_TAGS),
        plan(
            DEFAULTS,
            query='~*sky ~"or" ~"(o)_(o)" ~-blue_* ~fate_(series) ~source:here ~(":)" or o(( ) -"a*b"'
            ' or a\\**b "say_\\"x\\""',
            last_batch="pad",
        ),
    ),
    Feature(
        "query_odd_tags",
        "each of many ways of naming tags",
        gallery(203, 60, ODD_TAGS),
        weighted(
            16,
            each(
                *('a\\*b "order:score"', '"a\\*b" -"~wave"', '"~wave" *\u00e9*', '"\\\\m/" -"-dash"', '"rating:s" *_*'),
                *("-*", ":) \\m/", "B*", "(fate_(series))", "\\m/ or blue_*r", "--dash", "source:any or *"),
            ),
        ),
    ),
    Feature(
        "query_dates_and_ages",
        "days, months, years, ages before the newest post",
        library(204, 80),
        weighted(
            16,
            each(
                *(
                    "date:2020-02-29",
                    "date:<2020 or date:none",
                    "age:1mo",
                    "age:<10d",
                    "date:2021-01-01..2021-06 -age:>=30mo",
                ),
                *(
                    "date:2022-03,2022-05-20...2022-06-15",
                    "age:1y..2y,>4y",
                    "has:date date:2020...2021",
                    "date:>2021-06",
                ),
            ),
        ),
    ),
    Feature(
        "query_sizes_and_ratios",
        "sizes alone and in ranges, megapixels, ratios",
        library(205, 80),
        weighted(
            16,
            each(
                *("filesize:100k", "filesize:>=105k,1k..1024b -ratio:any", "ratio:16:9", "ratio:>=4/3 mpixels:<0.5"),
                *(
                    "mpixels:3,0.4,1,0.1",
                    "filesize:4.5G..",
                    "ratio:0.56,1 ext:PNG",
                    "-mpixels:0.5..1.5",
                    "filesize:102400",
                ),
            ),
        ),
    ),
    Feature(
        "query_relations",
        "parents, children, pools by id and kind, statuses, is and has",
        library(206, 80),
        plan(
            [split("train", 3, "mixed"), split("test", 1, "mixed")],
            10,
            mix=mix(
                ("child:..60 -is:child", 3),
                ("pool:SERIES,best_of -pool:7..9 or parent:<30", 2),
                ("status:modqueue -has:children or is:deleted is:nsfw", 4),
                ("-status:active or user:1,3 -has:approver", 1),
                ("", 2),
            ),
        ),
    ),
    Feature(
        "query_sources",
        "sources, file types, ids elsewhere, sums",
        library(207, 80),
        plan(
            SEQUENTIAL,
            query='~source:*pixiv* ~source:"A b" ~source:back\\s ~source:"say \\"" ~pixiv:>2 ~md5:none'
            ' -filetype:webm -(type:jpg user:4) or source:"any" or source:\u00c4 or source:none approver:1',
        ),
    ),
    Feature(
        "query_counts",
        "numbers of tags of each category, of favourites, and durations",
        films(208, 80),
        weighted(
            16,
            each(
                *(
                    "tagcount:>=7",
                    "arttags:2.. or conttags:2..",
                    "duration:1",
                    "favcount:8,9",
                    "spectags:any -lortags:any",
                ),
                *(
                    "gentags:0 metatags:none",
                    "duration:1..1.05",
                    "invtags:1 chartags:...2",
                    "-has:duration or favcount:none",
                ),
            ),
        ),
    ),
    Feature(
        "query_hash_units",
        "families whole, hashed, within a query of groups",
        library(209, 70),
        plan(DEFAULTS, strategy="hash", unit="parent", seed="11", query="(is:sfw or has:pools) -status:deleted,banned"),
    ),
    Feature(
        "query_stratified",
        "strata within a query with alternatives",
        gallery(210, 70),
        plan(
            DEFAULTS,
            strategy="stratified",
            stratify={"by": "category", "category": "character"},
            query="~*_flower ~s* ~(ann -ben) ~tagcount:..3",
            last_batch="drop",
        ),
    ),
    Feature(
        "query_partitioned",
        "partitions of a query's posts",
        gallery(211, 90),
        plan(
            [split("train", 3), split("validation", 1, "fixed"), split("test", 1, "sequential")],
            4,
            strategy="partitioned",
            query="(gentags:1.. or rating:g,s) -(width:>1500 height:>1500)",
        ),
    ),
    Feature(
        "query_id_range",
        "ranges of ids within a list of ranges",
        gallery(212, 60),
        plan(
            [by_range("train", [0, 7]), by_range("test", [8, 9], order="sequential")],
            6,
            strategy="id_range",
            modulus=10,
            query="id:1..40,>60,50 -id:..3,130...140",
        ),
        world_sizes=(3,),
    ),
    Feature(
        "large_query_groups",
        "a query of groups, patterns and ratios over many posts, weights by queries",
        {"computed_posts": 30_000},
        plan(
            [split("train", 4, "weighted"), split("test", 1)],
            256,
            query="(~ratio:1:1 ~artist_*7 ~general_0 -mpixels:>2) or (child:..9000 -is:child)",
            weights=queries(False, ("artist_4* or pool:..500", 40), ("is:nsfw -has:parent", 3), otherwise=1),
        ),
        stretch_steps=20,
    ),
]
