"""What a refresh tells its caller, from a server that says one thing."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent import futures

import grpc
import pytest
from google.rpc import status_pb2

import millrace
from millrace.v1 import source_service_pb2 as sources


class OneAnswer(grpc.GenericRpcHandler):
    """Answers RefreshSource with a page and a run."""

    def __init__(self) -> None:
        self.last = sources.RefreshSourceResponse(
            run=sources.RefreshRun(source="board", id=3, state=sources.REFRESH_STATE_DONE)
        )

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        if details.method != "/millrace.v1.SourceService/RefreshSource":
            return None
        return grpc.unary_stream_rpc_method_handler(
            self._refresh,
            request_deserializer=sources.RefreshSourceRequest.FromString,
            response_serializer=sources.RefreshSourceResponse.SerializeToString,
        )

    def _refresh(
        self, request: sources.RefreshSourceRequest, context: grpc.ServicerContext
    ) -> Iterator[sources.RefreshSourceResponse]:
        yield sources.RefreshSourceResponse(page=sources.RefreshPage(after_id=5, position=9))
        yield self.last


@pytest.fixture
def answer() -> OneAnswer:
    return OneAnswer()


@pytest.fixture
def client(answer: OneAnswer) -> Iterator[millrace.Client]:
    server = grpc.server(futures.ThreadPoolExecutor(2), handlers=[answer])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with millrace.connect(f"127.0.0.1:{port}") as connected:
        yield connected
    server.stop(None)


def test_a_refresh_tells_its_pages_and_its_run(client: millrace.Client) -> None:
    pages: list[millrace.RefreshPage] = []
    run = client.sources.refresh("board", on_page=pages.append)
    assert (run.state, run.snapshot_error) == ("done", None)
    assert [page.position for page in pages] == [9]


def test_a_refresh_without_the_snapshot_that_it_should_have_says_why(
    client: millrace.Client, answer: OneAnswer
) -> None:
    answer.last.snapshot_error.CopyFrom(status_pb2.Status(code=8, message="the disk is full"))
    assert client.sources.refresh("board").snapshot_error == "the disk is full"
