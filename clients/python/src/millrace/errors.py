"""What can go wrong, as exceptions. One class for each reason that a caller may want to act on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc

if TYPE_CHECKING:
    from google.rpc import status_pb2

__all__ = [
    "DataLoss",
    "DatasetNotFound",
    "DiskFull",
    "Error",
    "FetchDisabled",
    "FieldViolation",
    "FileInvalid",
    "ImportRunning",
    "InvalidRequest",
    "NotFound",
    "PlanNotFound",
    "PostNotFound",
    "QueryInvalid",
    "RecordRejected",
    "RefreshRunning",
    "RequestIdReused",
    "SampleTooLarge",
    "SelectionEmpty",
    "SequenceBroken",
    "ServerBusy",
    "ServerOutdated",
    "SnapshotDamaged",
    "SnapshotInUse",
    "SnapshotMissing",
    "SnapshotNotFound",
    "SnapshotRequired",
    "SourceExists",
    "SourceNotFound",
    "SplitNotFound",
    "StepPastEnd",
    "TagNotFound",
    "TokenInvalid",
    "Unavailable",
    "VocabularyInvalid",
    "VocabularyNotFound",
]

_DETAILS_KEY = "grpc-status-details-bin"
_DOMAIN = "millrace"


@dataclass(frozen=True)
class FieldViolation:
    """One request field that the server refused, and why. `field` is a path ("spec.splits[1].share")."""

    field: str
    description: str


class Error(Exception):
    """Any failure that the server, or the way to it, reported.

    code: the gRPC status code's name ("NOT_FOUND"). reason: the contract's name for it ("PLAN_NOT_FOUND");
    empty when the error did not come from a Millrace server (no connection, a proxy). metadata: facts
    about it ("file", "line"). retry_delay_s: the server's wish, in seconds; None when it has none.
    request_id: names the call in the server's log; empty when no call was made.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "UNKNOWN",
        reason: str = "",
        metadata: Mapping[str, str] | None = None,
        field_violations: tuple[FieldViolation, ...] = (),
        retry_delay_s: float | None = None,
        request_id: str = "",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.metadata = dict(metadata or {})
        self.field_violations = field_violations
        self.retry_delay_s = retry_delay_s
        self.request_id = request_id

    # The default would lose the keyword arguments on the way out of a DataLoader worker.
    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), self.args, self.__dict__)

    def __str__(self) -> str:
        name = self.reason or self.code
        return f"{name}: {super().__str__()}"


class ServerOutdated(Error):
    """The server is of before what was asked for, and did something else without a word. Update it."""


class NotFound(Error):
    """The thing named is not there."""


class DatasetNotFound(NotFound):
    """No dataset has that name. Import into it first."""


class SnapshotNotFound(NotFound):
    """No snapshot has that digest."""


class PlanNotFound(NotFound):
    """No plan has that id. Create it; the same specification gives the same id."""


class SplitNotFound(NotFound):
    """The plan has no split of that name; the message lists those it has."""


class TagNotFound(NotFound):
    """No tag has that id or name."""


class PostNotFound(NotFound):
    """No post has that id or MD5."""


class SourceNotFound(NotFound):
    """No source has that name."""


class VocabularyNotFound(NotFound):
    """No vocabulary has that name, version or digest."""


class InvalidRequest(Error):
    """A field of the request is out of range or malformed; field_violations names it."""


class QueryInvalid(InvalidRequest):
    """A query is malformed, or names a tag that the snapshot does not have. metadata: field."""


class TokenInvalid(InvalidRequest):
    """A token is damaged, or of another plan or split."""


class VocabularyInvalid(InvalidRequest):
    """No vocabulary can be made of that: a file's line is wrong (metadata: line, column), a listed tag is not in the
    snapshot (metadata: tag), or no tag is left."""


class SelectionEmpty(Error):
    """No post matches the plan's query."""


class SampleTooLarge(Error):
    """The range holds fewer posts than were to be drawn; the message says how many."""


class StepPastEnd(Error):
    """The epoch has fewer steps; the message says how many."""


class SnapshotRequired(Error):
    """The dataset has no snapshot yet, or an empty one."""


class SnapshotInUse(Error):
    """Plans refer to the snapshot; delete those first."""


class SnapshotMissing(Error):
    """The plan is known, but its snapshot's file is not on this server."""


class DataLoss(Error):
    """Stored data is damaged."""


class SnapshotDamaged(DataLoss):
    """The snapshot's file is damaged; restore it or compile it anew."""


class RecordRejected(Error):
    """More records were rejected than allowed. metadata: file, line, field and reason of the last one."""


class FileInvalid(Error):
    """A file is not of the format, or damaged. metadata: file, and line or offset."""


class RequestIdReused(Error):
    """The request_id belongs to another import."""


class ImportRunning(Error):
    """Another import into the dataset is running."""


class SourceExists(Error):
    """There is a source of that name with other settings."""


class RefreshRunning(Error):
    """The source is being refreshed already."""


class FetchDisabled(Error):
    """The server was started without --allow-fetch."""


class DiskFull(Error):
    """The server has no room; nothing was changed."""


class Unavailable(Error):
    """No server could be reached, for longer than the caller was willing to wait."""


class ServerBusy(Error):
    """Too many calls or streams wait at the server. retry_delay_s: how long it asks to wait; readers and calls do so by
    themselves while their timeout_s allows it."""


class SequenceBroken(Error):
    """A stream's batch was not the next one. Never expected; a defect of the server or of something between."""


_BY_REASON: dict[str, type[Error]] = {
    "FIELD_INVALID": InvalidRequest,
    "PAGE_TOKEN_INVALID": InvalidRequest,
    "PREFIX_AMBIGUOUS": InvalidRequest,
    "DATASET_NOT_FOUND": DatasetNotFound,
    "SNAPSHOT_NOT_FOUND": SnapshotNotFound,
    "PLAN_NOT_FOUND": PlanNotFound,
    "SPLIT_NOT_FOUND": SplitNotFound,
    "TAG_NOT_FOUND": TagNotFound,
    "POST_NOT_FOUND": PostNotFound,
    "VOCABULARY_NOT_FOUND": VocabularyNotFound,
    "SOURCE_NOT_FOUND": SourceNotFound,
    "SOURCE_EXISTS": SourceExists,
    "REFRESH_RUNNING": RefreshRunning,
    "FETCH_DISABLED": FetchDisabled,
    "VOCABULARY_INVALID": VocabularyInvalid,
    "QUERY_INVALID": QueryInvalid,
    "SELECTION_EMPTY": SelectionEmpty,
    "TOKEN_INVALID": TokenInvalid,
    "SAMPLE_TOO_LARGE": SampleTooLarge,
    "STEP_PAST_END": StepPastEnd,
    "SNAPSHOT_REQUIRED": SnapshotRequired,
    "SNAPSHOT_EMPTY": SnapshotRequired,
    "SNAPSHOT_MISSING": SnapshotMissing,
    "SNAPSHOT_IN_USE": SnapshotInUse,
    "SERVER_BUSY": ServerBusy,
    "SNAPSHOT_DAMAGED": SnapshotDamaged,
    "CATALOG_DAMAGED": DataLoss,
    "RECORD_REJECTED": RecordRejected,
    "FILE_INVALID": FileInvalid,
    "REQUEST_ID_REUSED": RequestIdReused,
    "IMPORT_RUNNING": ImportRunning,
    "DISK_FULL": DiskFull,
    "SHUTTING_DOWN": Unavailable,
}
_BY_CODE: dict[str, type[Error]] = {
    "NOT_FOUND": NotFound,
    "INVALID_ARGUMENT": InvalidRequest,
    "DATA_LOSS": DataLoss,
    "UNAVAILABLE": Unavailable,
}


def from_status(status: status_pb2.Status, *, request_id: str = "") -> Error:
    """The exception for a google.rpc.Status. A reason of another domain than Millrace's is not believed."""
    # Loaded with the first error.
    from google.rpc import error_details_pb2

    code = _code_name(status.code)
    reason = ""
    metadata: dict[str, str] = {}
    violations: list[FieldViolation] = []
    retry_delay_s: float | None = None
    info = error_details_pb2.ErrorInfo()
    bad_request = error_details_pb2.BadRequest()
    retry = error_details_pb2.RetryInfo()
    for detail in status.details:
        if detail.Is(info.DESCRIPTOR):
            detail.Unpack(info)
            if info.domain == _DOMAIN:
                reason, metadata = info.reason, dict(info.metadata)
        elif detail.Is(bad_request.DESCRIPTOR):
            detail.Unpack(bad_request)
            violations += [FieldViolation(v.field, v.description) for v in bad_request.field_violations]
        elif detail.Is(retry.DESCRIPTOR):
            detail.Unpack(retry)
            retry_delay_s = retry.retry_delay.seconds + retry.retry_delay.nanos * 1e-9
    message = status.message
    if code == "RESOURCE_EXHAUSTED" and not reason and "larger than max" in message:
        message += ". Ask for less at once: view='identities', a smaller batch_size, or more ranks."
    error_type = _BY_REASON.get(reason) or _BY_CODE.get(code, Error)
    return error_type(
        message,
        code=code,
        reason=reason,
        metadata=metadata,
        field_violations=tuple(violations),
        retry_delay_s=retry_delay_s,
        request_id=request_id,
    )


def from_rpc_error(error: grpc.RpcError, *, request_id: str = "") -> Error:
    """The exception for what grpc raised."""
    from google.rpc import status_pb2

    code = error.code() if isinstance(error, grpc.Call) else None
    if not isinstance(error, grpc.Call) or code is None:
        return Error(str(error), request_id=request_id)
    for key, value in error.trailing_metadata() or ():
        if key == _DETAILS_KEY and isinstance(value, bytes):
            status = status_pb2.Status()
            status.ParseFromString(value)
            # The code on the wire counts: a proxy may have replaced it and left the details.
            if status.code == code.value[0]:
                return from_status(status, request_id=request_id)
    status = status_pb2.Status(code=code.value[0], message=error.details() or "")
    return from_status(status, request_id=request_id)


def _code_name(number: int) -> str:
    for code in grpc.StatusCode:
        if code.value[0] == number:
            return code.name
    return f"CODE_{number}"
