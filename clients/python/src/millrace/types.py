"""The nouns of the contract as Python values. Immutable; what the source left out is None."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from millrace._position import Position

__all__ = [
    "CategoryCount",
    "Dataset",
    "FileTypeCount",
    "ImportProgress",
    "ImportRecord",
    "ImportResult",
    "ImportSummary",
    "ListedCounts",
    "Mix",
    "Plan",
    "Pool",
    "Position",
    "Post",
    "PostFlags",
    "PostsById",
    "QueryWeights",
    "RatingCount",
    "RefreshCounts",
    "RefreshPage",
    "RefreshRun",
    "RefreshWait",
    "RejectedRecord",
    "Sample",
    "Snapshot",
    "Source",
    "Split",
    "SplitSpec",
    "Stats",
    "Stratify",
    "Tag",
    "TagFrequencyWeights",
    "TagMatch",
    "Verification",
    "Vocabulary",
    "VocabularyEntry",
]


@dataclass(frozen=True)
class Tag:
    """A tag as one dataset knows it.

    category: "general", "artist", "copyright", "character", "meta", "species", "invalid", "lore",
    "contributor", or None. post_count: posts that carry it; None inside a post. is_deprecated: the board says that it
    should not be used any more; not told inside a post.
    """

    id: int
    name: str
    category: str | None
    post_count: int | None = None
    is_deprecated: bool = False


@dataclass(frozen=True)
class TagMatch:
    """The tag asked for and, by name, the others that share it (most posts first, at most 100)."""

    tag: Tag
    namesakes: tuple[Tag, ...]


@dataclass(frozen=True)
class Pool:
    """A collection that a post belongs to; `kind` is the source's word ("series")."""

    id: int
    kind: str | None


@dataclass(frozen=True)
class PostFlags:
    """Moderation and bookkeeping flags; None where the source told nothing."""

    is_note_locked: bool | None = None
    is_rating_locked: bool | None = None
    is_status_locked: bool | None = None
    is_pending: bool | None = None
    is_flagged: bool | None = None
    is_deleted: bool | None = None
    is_banned: bool | None = None
    has_children: bool | None = None


@dataclass(frozen=True)
class Post:
    """One picture's metadata.

    row: 0-based, in the snapshot it was read from; None outside one. md5: 32 lower-case hexadecimal digits.
    rating: "general", "sensitive", "questionable", "explicit", "safe" (of the older three-step scheme), or
    None. location: the picture's path relative to its store. tags: ascending by id. Times are UTC.
    extra_json: a JSON object with the source's fields that have no place here. favorite_count: as the source counts.
    duration_us: of an animation or a film, in microseconds.
    """

    id: int
    row: int | None = None
    md5: str | None = None
    rating: str | None = None
    width_px: int | None = None
    height_px: int | None = None
    file_ext: str | None = None
    file_size_bytes: int | None = None
    source: str | None = None
    pixiv_id: int | None = None
    location: str | None = None
    tags: tuple[Tag, ...] = ()
    parent_id: int | None = None
    pools: tuple[Pool, ...] = ()
    favorite_user_ids: tuple[int, ...] = ()
    uploader_id: int | None = None
    approver_id: int | None = None
    score: int | None = None
    up_score: int | None = None
    down_score: int | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    last_commented_at: datetime | None = None
    last_noted_at: datetime | None = None
    flags: PostFlags = field(default_factory=PostFlags)
    extra_json: str | None = None
    favorite_count: int | None = None
    duration_us: int | None = None


@dataclass(frozen=True)
class TagRelation:
    """An alias (`antecedent` is another name for `consequent`) or an implication (who has the one has the other).

    kind: "alias" or "implication". status: the source's word, or "superseded" for an alias that gave way to one
    imported later; only "active" and "" apply. extra_json: a JSON object with the source's fields that have no place
    here.
    """

    kind: str
    antecedent: str
    consequent: str
    status: str
    extra_json: str | None = None


@dataclass(frozen=True)
class ListedTag:
    """A tag as the source lists it, whether posts use it or not.

    id: None when the source gave none; posts that named the tag before the list came use another one.
    source_post_count: what the source counted, which may be below zero. extra_json: a JSON object with the source's
    fields that have no place here, and its own word for the category.
    """

    id: int | None
    name: str
    category: str | None
    is_deprecated: bool
    source_post_count: int | None
    extra_json: str | None = None


@dataclass(frozen=True)
class ListedPool:
    """A pool as the source lists it. post_count: its places; a post may be in it twice, or not be in the dataset.

    post_ids: its posts in its order, when they were asked for.
    """

    id: int
    name: str
    kind: str | None
    is_deleted: bool
    post_count: int
    extra_json: str | None = None
    post_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class ListedArtist:
    """An artist as the source lists them; `name` is that of the artist's tag. id: None when the source gave none."""

    id: int | None
    name: str
    other_names: tuple[str, ...]
    extra_json: str | None = None


@dataclass(frozen=True)
class PostsById:
    """The posts found, in the order asked for, and the ids that are not there."""

    posts: tuple[Post, ...]
    missing_ids: tuple[int, ...]


@dataclass(frozen=True)
class Sample:
    """Posts drawn; the same seed, snapshot, range and size draw the same ones in the same order."""

    posts: tuple[Post, ...]
    seed: int
    snapshot: str
    range_post_count: int


@dataclass(frozen=True)
class Dataset:
    """A named collection of posts; `newest_snapshot` is a digest, or None."""

    name: str
    post_count: int
    newest_snapshot: str | None
    created_at: datetime | None


@dataclass(frozen=True)
class RatingCount:
    """Posts of one rating; None stands for posts without one."""

    rating: str | None
    post_count: int


@dataclass(frozen=True)
class CategoryCount:
    """Tags of one category, and their uses."""

    category: str | None
    tag_count: int
    tag_use_count: int


@dataclass(frozen=True)
class FileTypeCount:
    """Posts of one file type; the empty extension stands for posts without one."""

    file_ext: str
    post_count: int


@dataclass(frozen=True)
class ImportSummary:
    """What an import did, in short."""

    import_id: str
    committed_at: datetime | None
    post_count: int
    rejected_count: int


@dataclass(frozen=True)
class Stats:
    """Counts of a dataset or snapshot. The post ids are None when it is empty."""

    post_count: int
    tag_count: int
    tag_use_count: int
    min_post_id: int | None
    max_post_id: int | None
    ratings: tuple[RatingCount, ...]
    categories: tuple[CategoryCount, ...]
    file_types: tuple[FileTypeCount, ...]
    last_import: ImportSummary | None


@dataclass(frozen=True)
class RejectedRecord:
    """A record that was not taken. line: 1-based, after decompression; the row id for SQLite; 0 not known."""

    file: str
    line: int
    field: str
    reason: str
    post_id: int | None


@dataclass(frozen=True)
class ImportProgress:
    """How far an import is. stage: "reading", "committing" or "compiling". byte_count: as sent (compressed).
    fact_count: tags, aliases, implications, pools and artists of lists."""

    stage: str | None
    byte_count: int
    post_count: int
    rejected_count: int
    posts_per_second: float
    fact_count: int = 0


@dataclass(frozen=True)
class ListedCounts:
    """What lists brought of one kind of thing: what the dataset had nothing of, had otherwise, had just so.

    conflict_count: records that told otherwise than an earlier one of the same import; the later stands, and of
    relations an active one.
    """

    new_count: int = 0
    updated_count: int = 0
    unchanged_count: int = 0
    conflict_count: int = 0


@dataclass(frozen=True)
class ImportResult:
    """What an import did.

    snapshot: the digest of the snapshot compiled at its end; None when skipped, or when it failed, and
    snapshot_error then says why. already_imported: the request_id had been imported before; this is the
    first result. format: what the dump was read as; None when it had no record to tell by.
    listed_...: what came in lists apart from posts. superseded_relation_count: aliases of the dataset that
    contradicted one that was told. aliased_post_count: posts in which apply_aliases changed tags.
    """

    import_id: str
    dataset: str
    format: str | None
    new_post_count: int
    replaced_post_count: int
    rejected_count: int
    duplicate_tag_count: int
    changed_tag_count: int
    byte_count: int
    already_imported: bool
    snapshot: str | None
    snapshot_error: str | None
    committed_at: datetime | None
    listed_tags: ListedCounts = ListedCounts()
    listed_aliases: ListedCounts = ListedCounts()
    listed_implications: ListedCounts = ListedCounts()
    listed_pools: ListedCounts = ListedCounts()
    listed_artists: ListedCounts = ListedCounts()
    superseded_relation_count: int = 0
    aliased_post_count: int = 0


@dataclass(frozen=True)
class ImportRecord:
    """An import in the records. state: "running", "committed" or "failed"; result or error accordingly."""

    import_id: str
    request_id: str
    dataset: str
    state: str | None
    format: str | None
    started_at: datetime | None
    result: ImportResult | None
    error: str | None


@dataclass(frozen=True)
class Snapshot:
    """An immutable compiled state of a dataset, named by the SHA-256 of its content."""

    digest: str
    dataset: str
    created_at: datetime | None
    post_count: int
    tag_count: int
    tag_use_count: int
    file_size_bytes: int
    format_version: int


@dataclass(frozen=True)
class Verification:
    """What reading a whole snapshot showed; `damages` has a sentence for each damage."""

    digest: str
    intact: bool
    damages: tuple[str, ...]
    byte_count: int


@dataclass(frozen=True)
class SplitSpec:
    """A named share of the posts: `share` parts of the total of all shares, or `ranges` of ids.

    order: "epoch" (another order in every epoch), "fixed" (always the same), "sequential", "block", "weighted",
    "mixed", or None: "fixed" for splits named validation and test, "epoch" for others. ranges: with the strategy
    "id_range", (first, last) pairs of values of id modulo the plan's modulus, both included, ascending. block_rows,
    window_blocks: with "block"; None means 1,024 and 16.
    """

    name: str
    share: int = 0
    order: str | None = None
    ranges: Sequence[tuple[int, int]] = ()
    block_rows: int | None = None
    window_blocks: int | None = None


@dataclass(frozen=True)
class Stratify:
    """What strata are made of. by: "rating"; "tag" (posts with `tag` and posts without); or "category" (by a post's
    rarest tag of `category`)."""

    by: str
    tag: str | None = None
    category: str | None = None


@dataclass(frozen=True)
class QueryWeights:
    """Weights for the order "weighted": of the first query that a post matches, or `otherwise`.

    Whole numbers from 0 to 2^31 - 1; only proportions matter, so for fractions multiply all. replacement: a post may
    be drawn several times an epoch. epoch_samples: None means as many as there are posts (without replacement: posts
    whose weight is not 0).
    """

    queries: Sequence[tuple[str, int]] | Mapping[str, int]
    otherwise: int = 0
    replacement: bool = False
    epoch_samples: int | None = None


@dataclass(frozen=True)
class TagFrequencyWeights:
    """Weights for the order "weighted": (posts of the snapshot / posts with the post's rarest tag) to the power of
    power_quarters / 4, up to `cap`.

    power_quarters: 1 to 4; None means 2, the square root. cap: 1 to 1,048,576; None means 100. category: only tags of
    this category count. replacement, epoch_samples: as of QueryWeights.
    """

    power_quarters: int | None = None
    cap: int | None = None
    category: str | None = None
    replacement: bool = False
    epoch_samples: int | None = None


@dataclass(frozen=True)
class Mix:
    """Queries and their shares of every epoch, for the order "mixed". A post belongs to the first part that it
    matches; the empty query takes what is left. epoch_samples: None means as many as the parts hold together."""

    parts: Sequence[tuple[str, int]] | Mapping[str, int]
    epoch_samples: int | None = None


@dataclass(frozen=True)
class Split:
    """A split of a plan: its samples, and the steps of an epoch (every rank gets that many batches).

    member_count: posts in the split; the samples of an epoch may be more or fewer when they are weighted or mixed.
    ranges: with the strategy "id_range". block_rows, window_blocks: with the order "block", otherwise None.
    """

    name: str
    share: int
    order: str | None
    sample_count: int
    batch_count: int
    member_count: int = 0
    ranges: tuple[tuple[int, int], ...] = ()
    block_rows: int | None = None
    window_blocks: int | None = None


@dataclass(frozen=True)
class Plan:
    """A plan. id: the SHA-256 of canonical_form. batch_size: samples of a step over the whole world.

    last_batch: "keep", "drop" or "pad". query: in canonical form, empty for all posts. unit: "post", "parent",
    "artist", "pool", or None where the strategy takes none. coverage, batch_rows: of "partitioned", otherwise None.
    selected_count: posts that the query selects; unassigned_count: of these, posts in no split. notes: what a reader
    should know, in sentences (strata too small to be split, units larger than a split's share, posts never drawn).
    tags: "as_said" or "applied".
    """

    id: str
    snapshot: str
    seed: int
    strategy: str | None
    splits: tuple[Split, ...]
    batch_size: int
    last_batch: str | None
    sample_count: int
    canonical_form: str
    created_at: datetime | None
    query: str = ""
    unit: str | None = None
    modulus: int | None = None
    stratify: Stratify | None = None
    coverage: str | None = None
    batch_rows: str | None = None
    weights: QueryWeights | TagFrequencyWeights | None = None
    mix: Mix | None = None
    selected_count: int = 0
    unassigned_count: int = 0
    notes: tuple[str, ...] = ()
    tags: str | None = None

    def split(self, name: str) -> Split:
        """The split of that name; KeyError, with the names there are, when there is none."""
        for split in self.splits:
            if split.name == name:
                return split
        names = ", ".join(split.name for split in self.splits)
        raise KeyError(f"plan {self.id[:12]} has no split {name!r}; it has {names}")


@dataclass(frozen=True)
class Vocabulary:
    """A named version of a vocabulary: a list of labels.

    digest: SHA-256 of the labels, 64 lower-case hexadecimal digits; equal when every label means the same. version:
    from 1. snapshot: the digest of the one that it was made from; None for a file.
    """

    digest: str
    name: str
    version: int
    label_count: int
    snapshot: str | None
    created_at: datetime | None

    @property
    def reference(self) -> str:
        """NAME@VERSION: what a server calls this very version."""
        return f"{self.name}@{self.version}"


@dataclass(frozen=True)
class VocabularyEntry:
    """A label; its number is its place among the entries, from 0.

    tag_id, post_count: of the snapshot or file that the vocabulary was made from; None when that did not say.
    category: as a Tag's; None: tags of that name in any category have the label.
    """

    tag_id: int | None
    name: str
    category: str | None
    post_count: int | None


@dataclass(frozen=True)
class Source:
    """A board that a dataset is refreshed from.

    kind: "danbooru", "e621", "moebooru" or "gelbooru". interval: None when it is refreshed only when asked for.
    has_credentials: a login and key are kept; they are never told. position: the greatest post id that was committed.
    change_position: the last change that was seen, e621's change_seq or microseconds since 1970; 0: none.
    """

    name: str
    dataset: str
    kind: str | None
    address: str
    query: str
    page_size: int
    interval: timedelta | None
    snapshot_after_refresh: bool
    mark_missing: bool
    with_relations: bool
    follow_changes: bool
    has_credentials: bool
    position: int
    change_position: int
    failed_page_count: int
    created_at: datetime | None
    updated_at: datetime | None
    last_refresh_ended_at: datetime | None


@dataclass(frozen=True)
class RefreshCounts:
    """What a page or a refresh did: pages committed and failed, posts by what became of them (missing ones are
    among the updated), bytes of pages. Of a run also the requests about tags without a category, and the tags that the
    board told something of on them."""

    pages: int
    new: int
    updated: int
    unchanged: int
    failed: int
    missing: int
    failed_pages: int
    bytes: int
    lookup_requests: int
    told_tags: int


@dataclass(frozen=True)
class RefreshPage:
    """One page of a refresh: what it did, and what the refresh did so far. error: why it was skipped, else None.
    by_change: it is a page of posts in the order of their changes, of which after_id and position say nothing."""

    counts: RefreshCounts
    total: RefreshCounts
    after_id: int
    position: int
    is_retry: bool
    by_change: bool
    error: str | None


@dataclass(frozen=True)
class RefreshWait:
    """A pause of a refresh behind a request that failed: for how long, as the board asks or longer with each failure,
    and what the board answered."""

    wait: timedelta
    error: str


@dataclass(frozen=True)
class RefreshRun:
    """A refresh. state: "running", "done", "stopped" or "failed"; error_reason and error say why for the last two.
    trigger: "asked" or "interval". warning: what a refresh that is done could not see, and what to do about it.
    snapshot_error: why there is no snapshot although the source asks for one; told to
    who waited for the refresh, not kept."""

    source: str
    id: int
    state: str | None
    trigger: str | None
    started_at: datetime | None
    ended_at: datetime | None
    first_position: int
    last_position: int
    counts: RefreshCounts
    snapshot: str | None
    error_reason: str | None
    error: str | None
    warning: str | None
    snapshot_error: str | None = None
