"""Imports of a dump with all that a board lists apart from posts, whose own aliases are applied to its posts."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from durability.workload import Workload, query

ALIAS_COUNT = 40
# Each dump lists aliases from so many further on. What it lists anew takes the place of what was listed before.
ALIAS_SHIFT = 5
TAG_COUNT = 60


@dataclass(frozen=True)
class ListedWorkload(Workload):
    """Of most posts two tags of three are told by names that are aliases, and mostly of the same tag: one of them gives
    way, and two become one. So every list, every alias and the tags of posts change with each dump."""

    format: ClassVar[str] = "danbooru-export"
    apply_aliases: ClassVar[bool] = True
    is_more_than_digest: ClassVar[bool] = True

    @functools.lru_cache(maxsize=12)  # noqa: B019 - as in Workload
    def files(self, number: int) -> dict[str, bytes]:
        # The posts before the aliases: which ones stand is known only once all files are read.
        return {
            "posts.json": _lines({"id": i, "score": number, "rating": "s", "tag_string": " ".join(said)}
                                 for i in self.post_ids(number) for said in [said_by(number, i)]),
            "tag_aliases.json": _lines(
                {"id": k + 1, "antecedent_name": f"a{k}", "consequent_name": target(number, k), "status": "active",
                 "reason": f"of dump {number}"}
                for k in aliases(number)
            ),
            "tag_implications.json": _lines(
                {"id": k + 1, "antecedent_name": f"t{k}", "consequent_name": f"all{(k + number) % 3}",
                 "status": "active" if k % 4 else "deleted"}
                for k in range(number, TAG_COUNT)
            ),
            "tags.json": _lines(
                {"id": 1000 + k, "name": f"t{k}", "post_count": 100 * number + k, "category": (k + number) % 2 * 4,
                 "is_deprecated": k % 5 == number % 5, "words": [f"t{k}"]}
                for k in range(TAG_COUNT)
            ),
            "pools.json": _lines(
                {"id": k + 1, "name": f"pool_{k}_{number}", "category": "series", "is_deleted": k % 7 == number,
                 "post_ids": list(reversed(self.post_ids(number)[k::20])), "description": f"of dump {number}"}
                for k in range(number, number + 10)
            ),
            "artists.json": _lines(
                {"id": k + 1, "name": f"artist_{k}", "other_names": [f"other_{k}_{number}"], "group_name": str(number)}
                for k in range(number, number + 10)
            ),
        }  # fmt: skip

    def tag_use_count(self, state: int) -> int:
        return sum(len(put_in_place(number, said_by(number, i))) for i, number in self.newest(state).items())


def _lines(records: object) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()  # type: ignore[attr-defined]


def aliases(number: int) -> range:
    return range(ALIAS_SHIFT * number, ALIAS_SHIFT * number + ALIAS_COUNT)


def target(number: int, alias: int) -> str:
    """What dump `number` says that "a<alias>" is an alias of: two neighbours of the same."""
    return f"t{(alias // 2 + 7 * number) % TAG_COUNT}"


def said_by(number: int, post_id: int) -> list[str]:
    """The names that a post of the dump says: every eighth post none that is an alias."""
    if post_id % 8 == 0:
        return [f"t{post_id % TAG_COUNT}"]
    alias = post_id % (aliases(number).stop - 1)
    return [f"a{alias}", f"a{alias + 1}", f"t{post_id % TAG_COUNT}"]


def put_in_place(number: int, said: list[str]) -> set[str]:
    """The tags that such a post has, once what is an alias by the dump's lists or an earlier one's gave way."""
    return {
        target(min(number, int(name[1:]) // ALIAS_SHIFT), int(name[1:])) if name.startswith("a") else name
        for name in said
    }


# In this order.
PHASES = (
    "before the aliases were applied",
    "while they were applied",
    "between that and the commit",
    "behind the commit",
)


def phase(data_dir: Path) -> str:
    """Where the last import stood when the server was killed, by what is in the catalog."""
    ((state, rewritten, to_rewrite),) = query(
        data_dir,
        "SELECT i.state, count(p.row) FILTER (WHERE p.extra_json LIKE '%aliased_tags%'),"
        " count(p.row) FILTER (WHERE p.post_id % 8 != 0)"
        " FROM imports i LEFT JOIN posts p ON p.import_id = i.id"
        " WHERE i.id = (SELECT max(id) FROM imports) GROUP BY i.id",
    )
    if state != 1:
        return PHASES[3]
    if not rewritten:
        return PHASES[0]
    return PHASES[1] if rewritten != to_rewrite else PHASES[2]
