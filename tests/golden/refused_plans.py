"""Golden vectors of plans that no implementation may make: posts, plan and the key that is at fault.

Entries are only ever added.
"""

from __future__ import annotations

from dataclasses import dataclass

from feature_plans import DEFAULTS, Spec, gallery, plan
from relation_plans import pets


@dataclass(frozen=True)
class Refusal:
    """posts: as of a Feature. key: of the plan, "stratify.tag"."""

    name: str
    about: str
    posts: Spec
    plan: Spec
    key: str


REFUSALS = [
    Refusal(
        "stratified_unknown_tag",
        "strata by a tag that no post of the snapshot has",
        gallery(501, 12),
        plan(DEFAULTS, strategy="stratified", stratify={"by": "tag", "tag": "unheard_of"}),
        "stratify.tag",
    ),
    Refusal(
        "relations_stratified_said_by_none",
        "strata by a name that implications alone speak of: only with these applied does a post have it",
        pets(502, 12),
        plan(DEFAULTS, strategy="stratified", stratify={"by": "tag", "tag": "feline"}),
        "stratify.tag",
    ),
    Refusal(
        "relations_stratified_unknown_tag",
        "strata by a tag that no post has, nor by aliases and implications",
        pets(502, 12),
        plan(DEFAULTS, strategy="stratified", stratify={"by": "tag", "tag": "unheard_of"}, tags="applied"),
        "stratify.tag",
    ),
]
