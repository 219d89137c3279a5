"""Millrace's batches, computed from docs/plan-specification.md alone: no server, standard library only.

For checking what was served, and to be read: the modules follow the text, section by section, and use its names.
It is slow (some 10,000 samples a second); for training there is the server.

    plan = Plan(json.loads(canonical_form_of_a_plan), posts)
    plan.batch("train", epoch=0, step=0).rows

keys, permutation: sections 3 and 4. posts, spec: section 2. relations: docs/tags.md. labels: docs/vocabularies.md.
query, query_text, query_metatags, query_values, wildcards: docs/query-language.md. units, splits, seed: section 5.
orders, weights: section 6. plan: section 7. tokens: section 8.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from millrace import _lazy

if TYPE_CHECKING:
    from millrace.reference.keys import epoch_key, selection_key
    from millrace.reference.labels import Labels
    from millrace.reference.permutation import Permutation
    from millrace.reference.plan import Batch, Plan, Split
    from millrace.reference.posts import Post, Snapshot, Tag
    from millrace.reference.query import Query, Search
    from millrace.reference.query_text import QueryError
    from millrace.reference.relations import Relations
    from millrace.reference.seed import SeedRandom, seed_partition, seed_share
    from millrace.reference.spec import canonical_form, check_spec, plan_id
    from millrace.reference.tokens import Token, make_token, parse_token

# The modules whose public names are also names of this package. Loaded when one is first named: a loader wants the
# tokens, which need next to nothing, and come first because a name is looked for in one after another.
_SOURCES = (
    "tokens",
    "keys",
    "permutation",
    "posts",
    "query_text",
    "query",
    "relations",
    "seed",
    "spec",
    "labels",
    "plan",
)

__getattr__, __dir__ = _lazy.names(globals(), _SOURCES, _SOURCES)

__all__ = [
    "Batch",
    "Labels",
    "Permutation",
    "Plan",
    "Post",
    "Query",
    "QueryError",
    "Relations",
    "Search",
    "SeedRandom",
    "Snapshot",
    "Split",
    "Tag",
    "Token",
    "canonical_form",
    "check_spec",
    "epoch_key",
    "make_token",
    "parse_token",
    "plan_id",
    "seed_partition",
    "seed_share",
    "selection_key",
]
