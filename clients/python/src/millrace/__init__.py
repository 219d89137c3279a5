"""Millrace: name a plan, and get the same batches, on any machine, at any world size, after any restart.

connect(address) gives a Client: datasets, imports, tags, posts, snapshots, plans, vocabularies, sources. Loader
iterates a plan's batches; millrace.torch.dataset makes a torch IterableDataset of them. millrace.reference computes
batches without a server, from the plan specification. Failures are millrace.Error and its subclasses.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from millrace._content import Labels
    from millrace.batch import Batch, TagLists
    from millrace.client import Client, connect
    from millrace.columns import ColumnBatch
    from millrace.errors import (
        DataLoss,
        DatasetNotFound,
        DiskFull,
        Error,
        FetchDisabled,
        FieldViolation,
        FileInvalid,
        ImportRunning,
        InvalidRequest,
        NotFound,
        PlanNotFound,
        PostNotFound,
        QueryInvalid,
        RecordRejected,
        RefreshRunning,
        RequestIdReused,
        SampleTooLarge,
        SelectionEmpty,
        SequenceBroken,
        ServerBusy,
        ServerOutdated,
        SnapshotDamaged,
        SnapshotInUse,
        SnapshotMissing,
        SnapshotNotFound,
        SnapshotRequired,
        SourceExists,
        SourceNotFound,
        SplitNotFound,
        StepPastEnd,
        TagNotFound,
        TokenInvalid,
        Unavailable,
        VocabularyInvalid,
        VocabularyNotFound,
    )
    from millrace.explanation import (
        Appearance,
        ExplainedSample,
        PostExplanation,
        QueryExplanation,
        QueryNode,
        StepExplanation,
    )
    from millrace.loader import Loader
    from millrace.types import (
        Dataset,
        ImportProgress,
        ImportResult,
        ListedArtist,
        ListedCounts,
        ListedPool,
        ListedTag,
        Mix,
        Plan,
        Pool,
        Position,
        Post,
        PostFlags,
        QueryWeights,
        RefreshCounts,
        RefreshPage,
        RefreshRun,
        RefreshWait,
        RejectedRecord,
        Sample,
        Snapshot,
        Source,
        Split,
        SplitSpec,
        Stats,
        Stratify,
        Tag,
        TagFrequencyWeights,
        TagRelation,
        Vocabulary,
        VocabularyEntry,
    )

__version__ = "0.1.0"

# The modules whose public names are also names of this package, and modules that are reached through it. Loaded when
# one is first named: millrace.reference needs neither gRPC nor numpy, and torch is optional and slow to import. What a
# loader needs comes first, because a name is looked for in one after another.
_SOURCES = ("_position", "errors", "batch", "columns", "_content", "loader", "types", "explanation", "client")
_MODULES = (*_SOURCES, "reference", "torch")


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"millrace.{name}")
    if name in __all__:
        for source in _SOURCES:
            module = importlib.import_module(f"millrace.{source}")
            if hasattr(module, name):
                globals()[name] = getattr(module, name)  # the next time it is found without this function
                return globals()[name]
    raise AttributeError(f"module 'millrace' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_MODULES})


__all__ = [
    "Appearance",
    "Batch",
    "Client",
    "ColumnBatch",
    "DataLoss",
    "Dataset",
    "DatasetNotFound",
    "DiskFull",
    "Error",
    "ExplainedSample",
    "FetchDisabled",
    "FieldViolation",
    "FileInvalid",
    "ImportProgress",
    "ImportResult",
    "ImportRunning",
    "InvalidRequest",
    "Labels",
    "ListedArtist",
    "ListedCounts",
    "ListedPool",
    "ListedTag",
    "Loader",
    "Mix",
    "NotFound",
    "Plan",
    "PlanNotFound",
    "Pool",
    "Position",
    "Post",
    "PostExplanation",
    "PostFlags",
    "PostNotFound",
    "QueryExplanation",
    "QueryInvalid",
    "QueryNode",
    "QueryWeights",
    "RecordRejected",
    "RefreshCounts",
    "RefreshPage",
    "RefreshRun",
    "RefreshRunning",
    "RefreshWait",
    "RejectedRecord",
    "RequestIdReused",
    "Sample",
    "SampleTooLarge",
    "SelectionEmpty",
    "SequenceBroken",
    "ServerBusy",
    "ServerOutdated",
    "Snapshot",
    "SnapshotDamaged",
    "SnapshotInUse",
    "SnapshotMissing",
    "SnapshotNotFound",
    "SnapshotRequired",
    "Source",
    "SourceExists",
    "SourceNotFound",
    "Split",
    "SplitNotFound",
    "SplitSpec",
    "Stats",
    "StepExplanation",
    "StepPastEnd",
    "Stratify",
    "Tag",
    "TagFrequencyWeights",
    "TagLists",
    "TagNotFound",
    "TagRelation",
    "TokenInvalid",
    "Unavailable",
    "Vocabulary",
    "VocabularyEntry",
    "VocabularyInvalid",
    "VocabularyNotFound",
    "__version__",
    "connect",
]
