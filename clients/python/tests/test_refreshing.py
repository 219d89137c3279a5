"""What a refresh tells its caller, from a server that says one thing."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from concurrent import futures

import grpc
import pytest
from google.rpc import status_pb2

import millrace
from millrace.v1 import source_service_pb2 as sources


class OneAnswer(grpc.GenericRpcHandler):
    """Answers RefreshSource with a page and a run, which waits for `go_on`."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.go_on.set()
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
        assert self.go_on.wait(60)
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


# The limit's own signal is the one that this test uses.
@pytest.mark.timeout(60, method="thread")
def test_a_signal_that_breaks_the_wait_for_a_page_off_is_not_waited_for(
    client: millrace.Client, answer: OneAnswer
) -> None:
    class Alarm(Exception):
        pass

    def ring(*_: object) -> None:
        raise Alarm

    answer.go_on.clear()
    before = signal.signal(signal.SIGALRM, ring)
    try:
        with pytest.raises(Alarm):
            client.sources.refresh("board", on_page=lambda _: signal.setitimer(signal.ITIMER_REAL, 0.3))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        answer.go_on.set()
