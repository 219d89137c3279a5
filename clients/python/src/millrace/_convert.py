"""From the contract's messages to the package's values."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any, TypeVar

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from millrace import types
from millrace._enums import EnumNames
from millrace.v1 import catalog_service_pb2 as catalog
from millrace.v1 import import_service_pb2 as imports
from millrace.v1 import plan_service_pb2 as plans
from millrace.v1 import post_pb2 as posts
from millrace.v1 import snapshot_service_pb2 as snapshots
from millrace.v1 import tag_service_pb2 as tags

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_Message = TypeVar("_Message", bound=Message)


RATING = EnumNames(posts.Rating, "RATING_")
TAG_CATEGORY = EnumNames(posts.TagCategory, "TAG_CATEGORY_")
TAG_ORDER = EnumNames(catalog.TagOrder, "TAG_ORDER_")
SOURCE_FORMAT = EnumNames(imports.SourceFormat, "SOURCE_FORMAT_", "-")
COMPRESSION = EnumNames(imports.Compression, "COMPRESSION_")
IMPORT_STAGE = EnumNames(imports.ImportStage, "IMPORT_STAGE_")
IMPORT_STATE = EnumNames(imports.ImportState, "IMPORT_STATE_")
SPLIT_STRATEGY = EnumNames(plans.SplitStrategy, "SPLIT_STRATEGY_")
ORDER_KIND = EnumNames(plans.OrderKind, "ORDER_KIND_")
LAST_BATCH = EnumNames(plans.LastBatch, "LAST_BATCH_")
TAG_READING = EnumNames(posts.TagReading, "TAG_READING_")
SPLIT_UNIT = EnumNames(plans.SplitUnit, "SPLIT_UNIT_")
COVERAGE = EnumNames(plans.Coverage, "COVERAGE_")
BATCH_ROWS = EnumNames(plans.BatchRows, "BATCH_ROWS_")


def optional(message: Message, name: str) -> Any:
    """The field's value, or None when it is absent."""
    return getattr(message, name) if message.HasField(name) else None


def time(message: Message, name: str) -> datetime | None:
    """A timestamp field as a UTC time; None when absent. Below a microsecond it is cut off."""
    if not message.HasField(name):
        return None
    stamp: Timestamp = getattr(message, name)
    return _EPOCH + timedelta(seconds=stamp.seconds, microseconds=stamp.nanos // 1000)


def tag(message: posts.Tag) -> types.Tag:
    category = TAG_CATEGORY.name(message.category)
    return types.Tag(message.id, message.name, category, optional(message, "post_count"), message.is_deprecated)


TAG_RELATION_KIND = EnumNames(tags.TagRelationKind, "TAG_RELATION_KIND_")


def tag_relation(message: tags.TagRelation) -> types.TagRelation:
    return types.TagRelation(
        TAG_RELATION_KIND.name(message.kind) or "",
        message.antecedent_name,
        message.consequent_name,
        message.status,
        message.extra_json or None,
    )


def listed_tag(message: tags.ListedTag) -> types.ListedTag:
    return types.ListedTag(
        message.id or None,
        message.name,
        TAG_CATEGORY.name(message.category),
        message.is_deprecated,
        message.source_post_count if message.HasField("source_post_count") else None,
        message.extra_json or None,
    )


def listed_pool(message: tags.ListedPool) -> types.ListedPool:
    return types.ListedPool(
        message.id,
        message.name,
        message.kind or None,
        message.is_deleted,
        message.post_count,
        message.extra_json or None,
        tuple(message.post_ids),
    )


def listed_artist(message: tags.ListedArtist) -> types.ListedArtist:
    return types.ListedArtist(message.id or None, message.name, tuple(message.other_names), message.extra_json or None)


_FLAG_NAMES = tuple(field.name for field in posts.PostFlags.DESCRIPTOR.fields)
_KNOWN_FLAGS = tuple(n for n in _FLAG_NAMES if n in types.PostFlags.__dataclass_fields__)


def post(message: posts.Post) -> types.Post:
    flags = message.flags
    return types.Post(
        id=message.id,
        row=optional(message, "row"),
        md5=optional(message, "md5"),
        rating=RATING.name(message.rating),
        width_px=optional(message, "width_px"),
        height_px=optional(message, "height_px"),
        file_ext=optional(message, "file_ext"),
        file_size_bytes=optional(message, "file_size_bytes"),
        source=optional(message, "source"),
        pixiv_id=optional(message, "pixiv_id"),
        location=optional(message, "location"),
        tags=tuple(tag(t) for t in message.tags),
        parent_id=optional(message, "parent_id"),
        pools=tuple(types.Pool(pool.id, optional(pool, "kind")) for pool in message.pools),
        favorite_user_ids=tuple(message.favorite_user_ids),
        uploader_id=optional(message, "uploader_id"),
        approver_id=optional(message, "approver_id"),
        score=optional(message, "score"),
        up_score=optional(message, "up_score"),
        down_score=optional(message, "down_score"),
        created_at=time(message, "created_at"),
        updated_at=time(message, "updated_at"),
        last_commented_at=time(message, "last_commented_at"),
        last_noted_at=time(message, "last_noted_at"),
        flags=types.PostFlags(**{name: optional(flags, name) for name in _KNOWN_FLAGS}),
        extra_json=optional(message, "extra_json"),
        favorite_count=optional(message, "favorite_count"),
        duration_us=optional(message, "duration_us"),
    )


def dataset(message: catalog.Dataset) -> types.Dataset:
    return types.Dataset(
        name=message.name,
        post_count=message.post_count,
        newest_snapshot=optional(message, "newest_snapshot"),
        created_at=time(message, "created_at"),
    )


def stats(message: catalog.Stats) -> types.Stats:
    last_import = None
    if message.HasField("last_import"):
        summary = message.last_import
        last_import = types.ImportSummary(
            summary.import_id,
            time(summary, "committed_at"),
            summary.post_count,
            summary.rejected_count,
        )
    return types.Stats(
        post_count=message.post_count,
        tag_count=message.tag_count,
        tag_use_count=message.tag_use_count,
        min_post_id=optional(message, "min_post_id"),
        max_post_id=optional(message, "max_post_id"),
        ratings=tuple(types.RatingCount(RATING.name(r.rating), r.post_count) for r in message.ratings),
        categories=tuple(
            types.CategoryCount(TAG_CATEGORY.name(c.category), c.tag_count, c.tag_use_count) for c in message.categories
        ),
        file_types=tuple(types.FileTypeCount(f.file_ext, f.post_count) for f in message.file_types),
        last_import=last_import,
    )


def rejected(message: imports.RejectedRecord) -> types.RejectedRecord:
    return types.RejectedRecord(message.file, message.line, message.field, message.reason, optional(message, "post_id"))


def import_progress(message: imports.ImportProgress) -> types.ImportProgress:
    return types.ImportProgress(
        stage=IMPORT_STAGE.name(message.stage),
        byte_count=message.byte_count,
        post_count=message.post_count,
        rejected_count=message.rejected_count,
        posts_per_second=message.posts_per_second,
        fact_count=message.fact_count,
    )


def listed_counts(message: imports.ListedCounts) -> types.ListedCounts:
    return types.ListedCounts(message.new_count, message.updated_count, message.unchanged_count, message.conflict_count)


def import_result(message: imports.ImportResult) -> types.ImportResult:
    failed = message.HasField("snapshot_error")
    return types.ImportResult(
        import_id=message.import_id,
        dataset=message.dataset,
        format=SOURCE_FORMAT.name(message.format),
        new_post_count=message.new_post_count,
        replaced_post_count=message.replaced_post_count,
        rejected_count=message.rejected_count,
        duplicate_tag_count=message.duplicate_tag_count,
        changed_tag_count=message.changed_tag_count,
        byte_count=message.byte_count,
        already_imported=message.already_imported,
        snapshot=optional(message, "snapshot"),
        snapshot_error=message.snapshot_error.message if failed else None,
        committed_at=time(message, "committed_at"),
        listed_tags=listed_counts(message.listed_tags),
        listed_aliases=listed_counts(message.listed_aliases),
        listed_implications=listed_counts(message.listed_implications),
        listed_pools=listed_counts(message.listed_pools),
        listed_artists=listed_counts(message.listed_artists),
        superseded_relation_count=message.superseded_relation_count,
        aliased_post_count=message.aliased_post_count,
    )


def import_record(message: imports.ImportRecord) -> types.ImportRecord:
    return types.ImportRecord(
        import_id=message.import_id,
        request_id=message.request_id,
        dataset=message.dataset,
        state=IMPORT_STATE.name(message.state),
        format=SOURCE_FORMAT.name(message.format),
        started_at=time(message, "started_at"),
        result=import_result(message.result) if message.HasField("result") else None,
        error=message.error.message if message.HasField("error") else None,
    )


def snapshot(message: snapshots.Snapshot) -> types.Snapshot:
    return types.Snapshot(
        digest=message.digest,
        dataset=message.dataset,
        created_at=time(message, "created_at"),
        post_count=message.post_count,
        tag_count=message.tag_count,
        tag_use_count=message.tag_use_count,
        file_size_bytes=message.file_size_bytes,
        format_version=message.format_version,
    )
