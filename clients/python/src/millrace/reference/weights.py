"""How probable posts are in `weighted` order: section 6.4."""

from __future__ import annotations

from math import isqrt

from millrace.reference.posts import Post, Snapshot
from millrace.reference.query import Query
from millrace.reference.spec import Spec


class Weights:
    def __init__(self, weights: Spec, snapshot: Snapshot) -> None:
        self._spec, self._snapshot = weights, snapshot
        self._queries = [
            (Query(entry["query"]).on(snapshot), int(entry["weight"])) for entry in weights.get("queries", [])
        ]

    def of(self, post: Post) -> int:
        return self._by_queries(post) if self._spec["by"] == "queries" else self._by_tag_frequency(post)

    def _by_queries(self, post: Post) -> int:
        otherwise: int = self._spec.get("otherwise", 0)
        return next((weight for matches, weight in self._queries if matches(post)), otherwise)

    def _by_tag_frequency(self, post: Post) -> int:
        category, post_counts, n = self._spec.get("category"), self._snapshot.post_counts, self._snapshot.size
        f = min((post_counts[tag.id] for tag in post.tags if category in (None, tag.category)), default=n)
        r = n * 2**16 // f
        r2 = isqrt(r * 2**16)
        r1 = isqrt(r2 * 2**16)
        power = (r1, r2, r1 * r2 // 2**16, r)[self._spec["power_quarters"] - 1]
        return min(int(self._spec["cap"]) * 2**16, power)
