"""Calls: the contract's methods, and how each call is made, retried and its errors raised."""

from __future__ import annotations

import os
import time
import uuid
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import grpc
from google.protobuf.message import DecodeError, Message

from millrace._backoff import Backoff
from millrace._connection import Connection
from millrace.errors import Error, from_rpc_error
from millrace.v1 import (
    catalog_service_pb2 as catalog,
)
from millrace.v1 import (
    import_service_pb2 as imports,
)
from millrace.v1 import (
    loader_service_pb2 as loader,
)
from millrace.v1 import (
    plan_service_pb2 as plans,
)
from millrace.v1 import (
    query_service_pb2 as queries,
)
from millrace.v1 import (
    snapshot_service_pb2 as snapshots,
)
from millrace.v1 import (
    source_service_pb2 as sources,
)
from millrace.v1 import (
    tag_service_pb2 as tags,
)
from millrace.v1 import (
    vocabulary_service_pb2 as vocabularies,
)

Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)

_REQUEST_ID_KEY = "x-request-id"


@dataclass(frozen=True)
class Method(Generic[Request, Response]):
    """A method of the contract. Calls of it may be repeated: none of the unary ones does more the second time."""

    name: str
    request_type: type[Request]
    response_type: type[Response]

    @property
    def path(self) -> str:
        return f"/millrace.v1.{self.name}"


LIST_DATASETS = Method("CatalogService/ListDatasets", catalog.ListDatasetsRequest, catalog.ListDatasetsResponse)
GET_STATS = Method("CatalogService/GetStats", catalog.GetStatsRequest, catalog.GetStatsResponse)
GET_TAG = Method("CatalogService/GetTag", catalog.GetTagRequest, catalog.GetTagResponse)
LIST_TAGS = Method("CatalogService/ListTags", catalog.ListTagsRequest, catalog.ListTagsResponse)
LIST_TAG_RELATIONS = Method("TagService/ListTagRelations", tags.ListTagRelationsRequest, tags.ListTagRelationsResponse)
LIST_LISTED_TAGS = Method("TagService/ListListedTags", tags.ListListedTagsRequest, tags.ListListedTagsResponse)
LIST_POOLS = Method("TagService/ListPools", tags.ListPoolsRequest, tags.ListPoolsResponse)
LIST_ARTISTS = Method("TagService/ListArtists", tags.ListArtistsRequest, tags.ListArtistsResponse)
GET_POST = Method("CatalogService/GetPost", catalog.GetPostRequest, catalog.GetPostResponse)
BATCH_GET_POSTS = Method("CatalogService/BatchGetPosts", catalog.BatchGetPostsRequest, catalog.BatchGetPostsResponse)
LIST_POSTS = Method("CatalogService/ListPosts", catalog.ListPostsRequest, catalog.ListPostsResponse)
SAMPLE_POSTS = Method("CatalogService/SamplePosts", catalog.SamplePostsRequest, catalog.SamplePostsResponse)
EXPLAIN_QUERY = Method("QueryService/ExplainQuery", queries.ExplainQueryRequest, queries.ExplainQueryResponse)
SEARCH_POSTS = Method("QueryService/SearchPosts", queries.SearchPostsRequest, queries.SearchPostsResponse)
IMPORT = Method("ImportService/Import", imports.ImportRequest, imports.ImportResponse)
LIST_IMPORTS = Method("ImportService/ListImports", imports.ListImportsRequest, imports.ListImportsResponse)
CREATE_SNAPSHOT = Method(
    "SnapshotService/CreateSnapshot",
    snapshots.CreateSnapshotRequest,
    snapshots.CreateSnapshotResponse,
)
GET_SNAPSHOT = Method("SnapshotService/GetSnapshot", snapshots.GetSnapshotRequest, snapshots.GetSnapshotResponse)
LIST_SNAPSHOTS = Method(
    "SnapshotService/ListSnapshots", snapshots.ListSnapshotsRequest, snapshots.ListSnapshotsResponse
)
VERIFY_SNAPSHOT = Method(
    "SnapshotService/VerifySnapshot",
    snapshots.VerifySnapshotRequest,
    snapshots.VerifySnapshotResponse,
)
DELETE_SNAPSHOT = Method(
    "SnapshotService/DeleteSnapshot",
    snapshots.DeleteSnapshotRequest,
    snapshots.DeleteSnapshotResponse,
)
CREATE_PLAN = Method("PlanService/CreatePlan", plans.CreatePlanRequest, plans.CreatePlanResponse)
GET_PLAN = Method("PlanService/GetPlan", plans.GetPlanRequest, plans.GetPlanResponse)
LIST_PLANS = Method("PlanService/ListPlans", plans.ListPlansRequest, plans.ListPlansResponse)
DELETE_PLAN = Method("PlanService/DeletePlan", plans.DeletePlanRequest, plans.DeletePlanResponse)
EXPLAIN_POST = Method("PlanService/ExplainPost", plans.ExplainPostRequest, plans.ExplainPostResponse)
EXPLAIN_STEP = Method("PlanService/ExplainStep", plans.ExplainStepRequest, plans.ExplainStepResponse)
CREATE_SOURCE = Method("SourceService/CreateSource", sources.CreateSourceRequest, sources.CreateSourceResponse)
GET_SOURCE = Method("SourceService/GetSource", sources.GetSourceRequest, sources.GetSourceResponse)
LIST_SOURCES = Method("SourceService/ListSources", sources.ListSourcesRequest, sources.ListSourcesResponse)
UPDATE_SOURCE = Method("SourceService/UpdateSource", sources.UpdateSourceRequest, sources.UpdateSourceResponse)
DELETE_SOURCE = Method("SourceService/DeleteSource", sources.DeleteSourceRequest, sources.DeleteSourceResponse)
REFRESH_SOURCE = Method("SourceService/RefreshSource", sources.RefreshSourceRequest, sources.RefreshSourceResponse)
LIST_REFRESH_RUNS = Method(
    "SourceService/ListRefreshRuns", sources.ListRefreshRunsRequest, sources.ListRefreshRunsResponse
)
CREATE_VOCABULARY = Method(
    "VocabularyService/CreateVocabulary",
    vocabularies.CreateVocabularyRequest,
    vocabularies.CreateVocabularyResponse,
)
GET_VOCABULARY = Method(
    "VocabularyService/GetVocabulary", vocabularies.GetVocabularyRequest, vocabularies.GetVocabularyResponse
)
LIST_VOCABULARIES = Method(
    "VocabularyService/ListVocabularies",
    vocabularies.ListVocabulariesRequest,
    vocabularies.ListVocabulariesResponse,
)
LIST_VOCABULARY_ENTRIES = Method(
    "VocabularyService/ListVocabularyEntries",
    vocabularies.ListVocabularyEntriesRequest,
    vocabularies.ListVocabularyEntriesResponse,
)
EXPORT_VOCABULARY = Method(
    "VocabularyService/ExportVocabulary",
    vocabularies.ExportVocabularyRequest,
    vocabularies.ExportVocabularyResponse,
)
DELETE_VOCABULARY = Method(
    "VocabularyService/DeleteVocabulary",
    vocabularies.DeleteVocabularyRequest,
    vocabularies.DeleteVocabularyResponse,
)
GET_BATCH = Method("LoaderService/GetBatch", loader.GetBatchRequest, loader.GetBatchResponse)
STREAM_BATCHES = Method("LoaderService/StreamBatches", loader.StreamBatchesRequest, loader.StreamBatchesResponse)


def new_request_id() -> str:
    return str(uuid.uuid4())


def metadata(request_id: str) -> tuple[tuple[str, str], ...]:
    return ((_REQUEST_ID_KEY, request_id),)


def stub(
    channel: grpc.Channel, method: Method[Request, Response], *, raw: bool = False
) -> grpc.UnaryUnaryMultiCallable[Request, Response]:
    """raw: responses are given as their bytes."""
    return channel.unary_unary(
        method.path,
        request_serializer=method.request_type.SerializeToString,
        response_deserializer=None if raw else method.response_type.FromString,
    )


def stream_stub(
    channel: grpc.Channel, method: Method[Request, Response]
) -> grpc.UnaryStreamMultiCallable[Request, bytes]:
    """Its responses are given as their bytes: gRPC takes what is raised while it makes a message of them, be it by a
    signal's handler, for a fault of the message, and then waits for the call's end without ending the call."""
    return channel.unary_stream(
        method.path,
        request_serializer=method.request_type.SerializeToString,
        response_deserializer=None,
    )


class ServerStream:
    """A call of stream_stub: its messages, read in the reader's own thread, and its end. Not thread-safe."""

    def __init__(self, connection: Connection, call: Any) -> None:
        self._connection = connection
        self._call = call
        self._pid = os.getpid()
        self._is_torn = False

    def next(self) -> bytes | None:
        """The next message; None at the end. grpc.RpcError."""
        with self._connection.busy():
            try:
                return next(self._call, None)
            except grpc.RpcError:
                # Here, because a fork that cancelled the call goes on as soon as nobody is busy.
                self._drain()
                raise
            except BaseException:
                self._tear()
                raise

    def _tear(self) -> None:
        """What a signal's handler raised came out of grpcio, which is not made for it: it may have lost an event, which
        nobody can wait for, and may have left its lock locked, on which whichever thread drops the call would hang."""
        self._is_torn = True
        condition: Any = getattr(getattr(self._call, "_state", None), "condition", None)
        is_owned = getattr(condition, "_is_owned", None)
        while is_owned is not None and is_owned():
            condition.release()

    def end(self) -> None:
        """Cancels the call, if it goes on, and takes what gRPC still has to say of it.

        grpcio's streams that are read in the reader's own thread (_connection) stop looking at their events once they
        are cancelled; with events left over, a closed channel keeps its socket for as long as the process lives, and
        the server its own. Only grpcio's own names reach those events; without them a socket is lost, nothing else.
        """
        # In a forked child nobody brings the events, which are the parent's.
        if self._pid != os.getpid():
            self._call.cancel()
            return
        with self._connection.ending():
            self._drain()

    def _drain(self) -> None:
        self._call.cancel()
        state, consume = getattr(self._call, "_state", None), getattr(self._call, "_consume_next_event", None)
        if self._is_torn or state is None or consume is None:
            return
        try:
            while state.due:
                consume()
        except BaseException:
            self._tear()
            raise


def parsed(method: Method[Request, Response], message: bytes, request_id: str) -> Response:
    """A response of a stream. Error (INTERNAL) for bytes that are none."""
    try:
        return method.response_type.FromString(message)
    except DecodeError:
        raise Error(
            f"{len(message)} bytes came from {method.name} that are no {method.response_type.DESCRIPTOR.name}; is "
            "every proxy on the way one for gRPC?",
            code="INTERNAL",
            request_id=request_id,
        ) from None


def call(
    connection: Connection,
    method: Method[Request, Response],
    request: Request,
    *,
    timeout_s: float,
) -> Response:
    """Makes a unary call; again while the server cannot be reached or is busy, for `timeout_s` in all."""
    backoff = Backoff(timeout_s)
    request_id = new_request_id()
    deadline = time.monotonic() + timeout_s
    while True:
        remaining_s = max(deadline - time.monotonic(), 0.001)
        try:
            with connection.busy() as channel:
                return stub(channel, method)(request, timeout=remaining_s, metadata=metadata(request_id))
        except grpc.RpcError as rpc_error:
            error = from_rpc_error(rpc_error, request_id=request_id)
            delay_s = backoff.delay_s(error)
            if delay_s is None:
                raise error from None
        time.sleep(delay_s)
