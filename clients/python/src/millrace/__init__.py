"""Millrace: name a plan, and get the same batches, on any machine, at any world size, after any restart.

connect(address) gives a Client: datasets, imports, tags, posts, snapshots, plans. Loader iterates a plan's
batches; millrace.torch.dataset makes a torch IterableDataset of them. Failures are millrace.Error and its
subclasses.
"""

from __future__ import annotations

import importlib
from typing import Any

from millrace.batch import Batch, TagLists
from millrace.client import Client, connect
from millrace.errors import (
    DataLoss,
    DatasetNotFound,
    DiskFull,
    Error,
    FieldViolation,
    FileInvalid,
    ImportRunning,
    InvalidRequest,
    NotFound,
    PlanNotFound,
    PostNotFound,
    RecordRejected,
    RequestIdReused,
    SampleTooLarge,
    SequenceBroken,
    SnapshotDamaged,
    SnapshotInUse,
    SnapshotMissing,
    SnapshotNotFound,
    SnapshotRequired,
    SplitNotFound,
    StepPastEnd,
    TagNotFound,
    Unavailable,
)
from millrace.loader import Loader
from millrace.types import (
    Dataset,
    ImportProgress,
    ImportResult,
    Plan,
    Pool,
    Position,
    Post,
    PostFlags,
    RejectedRecord,
    Sample,
    Snapshot,
    Split,
    SplitSpec,
    Stats,
    Tag,
)

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # torch is optional and slow to import, so millrace.torch is loaded when it is first named.
    if name == "torch":
        return importlib.import_module("millrace.torch")
    raise AttributeError(f"module 'millrace' has no attribute {name!r}")


__all__ = [
    "Batch",
    "Client",
    "DataLoss",
    "Dataset",
    "DatasetNotFound",
    "DiskFull",
    "Error",
    "FieldViolation",
    "FileInvalid",
    "ImportProgress",
    "ImportResult",
    "ImportRunning",
    "InvalidRequest",
    "Loader",
    "NotFound",
    "Plan",
    "PlanNotFound",
    "Pool",
    "Position",
    "Post",
    "PostFlags",
    "PostNotFound",
    "RecordRejected",
    "RejectedRecord",
    "RequestIdReused",
    "Sample",
    "SampleTooLarge",
    "SequenceBroken",
    "Snapshot",
    "SnapshotDamaged",
    "SnapshotInUse",
    "SnapshotMissing",
    "SnapshotNotFound",
    "SnapshotRequired",
    "Split",
    "SplitNotFound",
    "SplitSpec",
    "Stats",
    "StepPastEnd",
    "Tag",
    "TagLists",
    "TagNotFound",
    "Unavailable",
    "__version__",
    "connect",
]
