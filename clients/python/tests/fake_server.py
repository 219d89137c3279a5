"""A server that speaks enough of the contract to test the client without Millrace itself, and fails on request.

Its batches are a formula, so that a test can tell at once whether one is missing or doubled. Also a program
of its own (`python fake_server.py`: prints its port), for tests that fork: a server in the forking process
would be forked along.
"""

from __future__ import annotations

import contextlib
import faulthandler
import random
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from typing import Any

import grpc
import numpy as np
from column_encoder import messages
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2

from millrace.reference import make_token
from millrace.v1 import catalog_service_pb2 as catalog
from millrace.v1 import import_service_pb2 as imports
from millrace.v1 import loader_service_pb2 as loader
from millrace.v1 import plan_service_pb2 as plans
from millrace.v1 import post_pb2 as posts
from millrace.v1 import query_service_pb2 as queries
from millrace.v1 import vocabulary_service_pb2 as vocabularies

PLAN_ID = "ab" * 32
BATCH_COUNT = 23
BATCH_SIZE = 6
WAIT_S_MAX = 60.0


def expected_ids(epoch: int, step: int, rank: int = 0, world_size: int = 1) -> list[int]:
    """The post ids of a batch: every (epoch, step, index) has one of its own."""
    first, end = rank * BATCH_SIZE // world_size, (rank + 1) * BATCH_SIZE // world_size
    return [1 + (epoch * BATCH_COUNT + step) * BATCH_SIZE + i for i in range(first, end)]


def error_metadata(
    code: grpc.StatusCode, message: str, reason: str, details: list[Any] | None = None, **facts: str
) -> tuple[tuple[str, bytes], ...]:
    """Trailing metadata as the contract's errors carry it."""
    info = error_details_pb2.ErrorInfo(reason=reason, domain="millrace", metadata=facts)
    status = status_pb2.Status(code=code.value[0], message=message)
    for detail in [info, *(details or [])]:
        packed = any_pb2.Any()
        packed.Pack(detail)
        status.details.append(packed)
    return (("grpc-status-details-bin", status.SerializeToString()),)


def encoded(message: Any) -> bytes:
    return message if isinstance(message, bytes) else message.SerializeToString()


class FakeServer(grpc.GenericRpcHandler):
    """Serves on a free loopback port while it is open as a context.

    on_call: called with the method's name and the context at the start of every call; may abort.
    break_stream: the chance that a stream is broken before a batch, or a part of one. Calls made are in `calls`.
    """

    def __init__(self, port: int = 0) -> None:
        self.on_call: Callable[[str, grpc.ServicerContext], None] = lambda method, context: None
        self.break_stream = 0.0
        self.skip_step: int | None = None
        self.garbage_step: int | None = None  # sent as bytes that are no message
        self.stalled_step: int | None = None  # waits until it is another, or nobody does any more
        self.part_size = 0  # of bodies of columns; 0: no parts
        self.import_failures = 0
        self.imported: list[tuple[str, bytes]] = []
        self.import_requests: list[imports.ImportRequest] = []  # of the last import
        self.knows_readings = True  # as servers do since there are readings of tags
        self.calls: list[str] = []
        self.encode_ahead_counts: list[int] = []  # of streams
        self.vocabulary_requests: list[Any] = []  # of creations
        self.vocabularies = [  # newest first
            vocabularies.Vocabulary(digest="ef" * 32, name="v", version=2, label_count=5),
            vocabularies.Vocabulary(digest="ee" * 32, name="v", version=1, label_count=4, snapshot="cd" * 32),
        ]
        for vocabulary in self.vocabularies:
            vocabulary.created_at.FromSeconds(1_700_000_000)
        self._random = random.Random(1)
        self._lock = threading.Lock()
        self._server = grpc.server(futures.ThreadPoolExecutor(16), handlers=(self,), options=[("grpc.so_reuseport", 0)])
        self.port = self._server.add_insecure_port(f"127.0.0.1:{port}")
        self.address = f"127.0.0.1:{self.port}"

    def __enter__(self) -> FakeServer:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server.stop(grace=0).wait(WAIT_S_MAX), f"the fake server has not stopped in {WAIT_S_MAX} s"

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        method = details.method.removeprefix("/millrace.v1.")
        unary = {
            "PlanService/CreatePlan": (plans.CreatePlanRequest, self._create_plan),
            "PlanService/GetPlan": (plans.GetPlanRequest, self._get_plan),
            "LoaderService/GetBatch": (loader.GetBatchRequest, self._get_batch),
            "CatalogService/GetStats": (catalog.GetStatsRequest, lambda request, context: catalog.GetStatsResponse()),
            "CatalogService/ListTags": (catalog.ListTagsRequest, self._list_tags),
            "QueryService/ExplainQuery": (queries.ExplainQueryRequest, self._explain_query),
            "QueryService/SearchPosts": (queries.SearchPostsRequest, self._search_posts),
        }
        unary |= {
            "VocabularyService/CreateVocabulary": (vocabularies.CreateVocabularyRequest, self._create_vocabulary),
            "VocabularyService/GetVocabulary": (vocabularies.GetVocabularyRequest, self._get_vocabulary),
            "VocabularyService/ListVocabularies": (vocabularies.ListVocabulariesRequest, self._list_vocabularies),
            "VocabularyService/ListVocabularyEntries": (
                vocabularies.ListVocabularyEntriesRequest,
                self._list_vocabulary_entries,
            ),
            "VocabularyService/ExportVocabulary": (
                vocabularies.ExportVocabularyRequest,
                lambda request, context: vocabularies.ExportVocabularyResponse(csv=b"tag_id,name,category,count\n"),
            ),
            "VocabularyService/DeleteVocabulary": (vocabularies.DeleteVocabularyRequest, self._delete_vocabulary),
        }
        if method in unary:
            request_type, handle = unary[method]
            return grpc.unary_unary_rpc_method_handler(self._noted(method, handle), request_type.FromString, encoded)
        if method == "LoaderService/StreamBatches":
            return grpc.unary_stream_rpc_method_handler(
                self._noted(method, self._stream_batches), loader.StreamBatchesRequest.FromString, encoded
            )
        if method == "ImportService/Import":
            return grpc.stream_stream_rpc_method_handler(
                self._noted(method, self._import), imports.ImportRequest.FromString, lambda m: m.SerializeToString()
            )
        return None

    def _noted(self, method: str, handle: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def noted(request: Any, context: grpc.ServicerContext) -> Any:
            with self._lock:
                self.calls.append(method)
            self.on_call(method, context)
            return handle(request, context)

        return noted

    def _get_plan(self, request: plans.GetPlanRequest, context: grpc.ServicerContext) -> plans.GetPlanResponse:
        train = plans.SplitInfo(name="train", sample_count=BATCH_COUNT * BATCH_SIZE, batch_count=BATCH_COUNT)
        spec = plans.PlanSpec(snapshot="cd" * 32, splits=[plans.SplitSpec(name="train", share=1)])
        return plans.GetPlanResponse(plan=plans.Plan(id=PLAN_ID, spec=spec, splits=[train]))

    def _create_plan(self, request: plans.CreatePlanRequest, context: grpc.ServicerContext) -> plans.CreatePlanResponse:
        made = self._get_plan(plans.GetPlanRequest(), context).plan
        made.spec.tags = self._reading(request.spec.tags)
        return plans.CreatePlanResponse(plan=made, created=True)

    def _reading(self, asked: posts.TagReading) -> posts.TagReading:
        """That is followed, as it is told."""
        if not self.knows_readings:
            return posts.TAG_READING_UNSPECIFIED
        return asked or posts.TAG_READING_AS_SAID

    def _explain_query(
        self, request: queries.ExplainQueryRequest, context: grpc.ServicerContext
    ) -> queries.ExplainQueryResponse:
        root = queries.QueryNode(kind=queries.QUERY_NODE_KIND_AND)
        return queries.ExplainQueryResponse(nodes=[root], tags=self._reading(request.tags))

    def _search_posts(
        self, request: queries.SearchPostsRequest, context: grpc.ServicerContext
    ) -> queries.SearchPostsResponse:
        """Two pages with the posts 1 and 2."""
        post_id, token = (2, "") if request.page_token else (1, "more")
        found = [] if request.ids_only else [posts.Post(id=post_id)]
        return queries.SearchPostsResponse(
            posts=found, post_ids=[post_id], next_page_token=token, tags=self._reading(request.tags)
        )

    def _list_tags(self, request: catalog.ListTagsRequest, context: grpc.ServicerContext) -> catalog.ListTagsResponse:
        first = int(request.page_token or 0)
        end = min(first + 2, 5)
        tags = [posts.Tag(id=i + 1, name=f"t{i}", category=posts.TAG_CATEGORY_ARTIST) for i in range(first, end)]
        return catalog.ListTagsResponse(tags=tags, next_page_token=str(end) if end < 5 else "")

    def _find_vocabulary(self, reference: str) -> vocabularies.Vocabulary | None:
        for vocabulary in self.vocabularies:
            if reference in (vocabulary.name, f"{vocabulary.name}@{vocabulary.version}", vocabulary.digest):
                return vocabulary
        return None

    def delete_vocabulary(self, reference: str) -> bool:
        vocabulary = self._find_vocabulary(reference)
        if vocabulary is not None:
            self.vocabularies.remove(vocabulary)
        return vocabulary is not None

    def _no_vocabulary(self, context: grpc.ServicerContext) -> None:
        code = grpc.StatusCode.NOT_FOUND
        context.set_trailing_metadata(error_metadata(code, "no such vocabulary", "VOCABULARY_NOT_FOUND"))
        context.abort(code, "no such vocabulary")

    def _create_vocabulary(
        self, request: vocabularies.CreateVocabularyRequest, context: grpc.ServicerContext
    ) -> vocabularies.CreateVocabularyResponse:
        self.vocabulary_requests.append(request)
        tags = self._reading(request.selection.tags) if request.HasField("selection") else None
        return vocabularies.CreateVocabularyResponse(vocabulary=self.vocabularies[0], created=True, tags=tags)

    def _get_vocabulary(
        self, request: vocabularies.GetVocabularyRequest, context: grpc.ServicerContext
    ) -> vocabularies.GetVocabularyResponse:
        vocabulary = self._find_vocabulary(request.vocabulary)
        if vocabulary is None:
            self._no_vocabulary(context)
        return vocabularies.GetVocabularyResponse(vocabulary=vocabulary)

    def _list_vocabularies(
        self, request: vocabularies.ListVocabulariesRequest, context: grpc.ServicerContext
    ) -> vocabularies.ListVocabulariesResponse:
        found = [vocabulary for vocabulary in self.vocabularies if request.name in ("", vocabulary.name)]
        place = int(request.page_token or 0)
        token = str(place + 1) if place + 1 < len(found) else ""
        return vocabularies.ListVocabulariesResponse(vocabularies=found[place : place + 1], next_page_token=token)

    def _list_vocabulary_entries(
        self, request: vocabularies.ListVocabularyEntriesRequest, context: grpc.ServicerContext
    ) -> vocabularies.ListVocabularyEntriesResponse:
        first = int(request.page_token or 0)
        end = min(first + 2, 5)
        entries = [
            vocabularies.VocabularyEntry(
                tag_id=i, name=f"tag{i}", category=posts.TAG_CATEGORY_ARTIST, post_count=10 * i
            )
            for i in range(first, end)
        ]
        return vocabularies.ListVocabularyEntriesResponse(entries=entries, next_page_token=str(end) if end < 5 else "")

    def _delete_vocabulary(
        self, request: vocabularies.DeleteVocabularyRequest, context: grpc.ServicerContext
    ) -> vocabularies.DeleteVocabularyResponse:
        if not self.delete_vocabulary(request.vocabulary) and not request.allow_missing:
            self._no_vocabulary(context)
        return vocabularies.DeleteVocabularyResponse()

    def _messages(self, request: Any, batch: loader.Batch) -> list[Any]:
        """The messages of a batch: a response, or the bytes of a batch of columns."""
        if request.projection.encoding != loader.BATCH_ENCODING_COLUMNS:
            return [loader.StreamBatchesResponse(batch=batch)]
        ids = np.array(batch.post_ids, np.int64)
        columns = {
            "id": ids,
            "row": np.array(batch.rows, np.int64),
            "width_px": np.where(ids % 3 == 0, 0, ids).astype(np.int32),
            "width_px.presence": np.packbits(ids % 3 != 0, bitorder="little"),
            "tags.offsets": np.arange(0, 2 * len(ids) + 1, 2, dtype=np.int32),
            "tags.values": np.stack([ids, ids + 1], axis=1).reshape(-1),
            "rating_one_hot": np.eye(5, dtype=np.uint8)[ids % 5],
        }
        del batch.post_ids[:], batch.rows[:], batch.posts[:]
        return messages(batch, columns, self.part_size)

    def _batch(self, request: Any, epoch: int, step: int) -> loader.Batch:
        world_size = request.world_size or 1
        ids = expected_ids(epoch, step, request.rank, world_size)
        batch = loader.Batch(
            plan_id=PLAN_ID,
            split=request.split,
            epoch=epoch,
            step=step,
            rank=request.rank,
            world_size=world_size,
            batch_count=BATCH_COUNT,
            post_ids=ids,
            rows=[i - 1 for i in ids],
            token=make_token(PLAN_ID, request.split, epoch, step + 1),
        )
        if request.view != loader.BATCH_VIEW_IDENTITIES:
            batch.posts.extend(posts.Post(id=i, tags=[posts.Tag(id=i), posts.Tag(id=i + 1)]) for i in ids)
        return batch

    def _get_batch(self, request: loader.GetBatchRequest, context: grpc.ServicerContext) -> Any:
        with self._lock:
            broken = self._random.random() < self.break_stream
        if broken:
            context.abort(grpc.StatusCode.UNAVAILABLE, "broken on request")
        batch = self._batch(request, request.epoch, request.step)
        if request.projection.encoding == loader.BATCH_ENCODING_COLUMNS:
            part_size, self.part_size = self.part_size, 0
            (encoded,) = self._messages(request, batch)
            self.part_size = part_size
            return encoded
        return loader.GetBatchResponse(batch=batch)

    def _stream_batches(self, request: loader.StreamBatchesRequest, context: grpc.ServicerContext) -> Iterator[Any]:
        self.encode_ahead_counts.append(request.encode_ahead_count)
        epoch, step = request.start.epoch, request.start.step
        end_epoch = request.end_epoch or epoch + 1
        skip = {(r.epoch, s) for r in request.skip for s in range(r.first_step, r.last_step + 1)}
        skipped_step_count = 0
        while epoch < end_epoch and context.is_active():
            if step == BATCH_COUNT:
                epoch, step = epoch + 1, 0
                continue
            if self._random.random() < self.break_stream:
                context.abort(grpc.StatusCode.UNAVAILABLE, "broken on request")
            while step == self.stalled_step and context.is_active():
                time.sleep(0.01)
            if step == self.garbage_step:
                yield b"\xff\xff"
            elif (epoch, step) in skip:
                skipped_step_count += 1
            elif step != self.skip_step:
                batch = self._batch(request, epoch, step)
                batch.skipped_step_count, skipped_step_count = skipped_step_count, 0
                for i, message in enumerate(self._messages(request, batch)):
                    if i > 0 and self._random.random() < self.break_stream:
                        context.abort(grpc.StatusCode.UNAVAILABLE, "broken in the middle of a batch")
                    yield message
            step += 1

    def _import(
        self, requests: Iterator[imports.ImportRequest], context: grpc.ServicerContext
    ) -> Iterator[imports.ImportResponse]:
        start = next(requests).start
        data, name, ended = b"", "", False
        self.import_requests = [imports.ImportRequest(start=start)]
        for request in requests:
            self.import_requests.append(request)
            if request.WhichOneof("message") == "file":
                name = request.file.name
            ended = ended or request.HasField("end")
            data += request.file.content + request.chunk
            if self.import_failures:
                self.import_failures -= 1
                context.abort(grpc.StatusCode.UNAVAILABLE, "broken on request")
        if not ended:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "no end")
        self.imported.append((start.request_id, data))
        yield imports.ImportResponse(rejected=imports.RejectedRecord(file=name, line=3, field="id", reason="missing"))
        yield imports.ImportResponse(progress=imports.ImportProgress(byte_count=len(data), post_count=1))
        yield imports.ImportResponse(result=imports.ImportResult(dataset=start.dataset, byte_count=len(data)))


@contextlib.contextmanager
def fake_process() -> Iterator[str]:
    """A fake server in a process of its own, by its address. One that does not end says where it is."""
    process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert select.select([process.stdout], [], [], WAIT_S_MAX)[0], f"no port within {WAIT_S_MAX} s"
        yield f"127.0.0.1:{process.stdout.readline().strip()}"
        process.stdin.close()
        _await_end(process)
    finally:
        process.stdin.close()
        process.stdout.close()
        process.kill()
        process.wait(WAIT_S_MAX)


def _await_end(process: subprocess.Popen[str]) -> None:
    try:
        process.wait(WAIT_S_MAX)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
        raise AssertionError(f"the fake server has not ended within {WAIT_S_MAX} s of the end of its input") from None


if __name__ == "__main__":
    faulthandler.enable()
    with FakeServer() as fake:
        print(fake.port, flush=True)
        sys.stdin.read()  # until the parent closes it, or ends
