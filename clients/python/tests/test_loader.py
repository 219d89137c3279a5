"""The loader against a fake server: order, positions, reconnecting, passes.

Method: the fake's batches are a formula of (epoch, step), so the ids received are compared with the formula's
in full; streams are broken at random, seeded points.
"""

from __future__ import annotations

import pickle
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import numpy as np
import pytest
from fake_server import BATCH_COUNT, BATCH_SIZE, PLAN_ID, FakeServer, error_metadata, expected_ids

import millrace
from millrace import Loader, Position
from millrace.reference import make_token


def positions(first: Position, count: int) -> list[Position]:
    index = first.epoch * BATCH_COUNT + first.step
    return [Position(*divmod(i, BATCH_COUNT)) for i in range(index, index + count)]


def check(batches: list[millrace.Batch], first: Position, count: int) -> None:
    """The batches are exactly the `count` ones from `first` on."""
    assert [batch.position for batch in batches] == positions(first, count)
    for batch in batches:
        assert batch.post_ids.tolist() == expected_ids(batch.epoch, batch.step, batch.rank, batch.world_size)


@pytest.mark.parametrize("prefetch", [0, 1, 2, 7])
def test_yields_every_batch_of_the_epochs_in_order(server: FakeServer, prefetch: int) -> None:
    with Loader(server.address, plan=PLAN_ID, epochs=3, prefetch=prefetch) as loader:
        assert len(loader) == 3 * BATCH_COUNT
        check(list(loader), Position(0, 0), 3 * BATCH_COUNT)


@pytest.mark.parametrize("prefetch", [0, 2])
def test_broken_streams_neither_lose_nor_repeat_a_batch(server: FakeServer, prefetch: int) -> None:
    server.break_stream = 0.3
    with Loader(server.address, plan=PLAN_ID, epochs=4, prefetch=prefetch) as loader:
        check(list(loader), Position(0, 0), 4 * BATCH_COUNT)
    assert server.calls.count("LoaderService/StreamBatches") > 10


def test_a_server_that_comes_back_later_is_found_again(server: FakeServer) -> None:
    with Loader(server.address, plan=PLAN_ID, epochs=2, prefetch=1) as loader:
        iterator = iter(loader)
        batches = [next(iterator) for _ in range(5)]
        server.__exit__()
        with FakeServer(port=server.port):
            batches += list(iterator)
        check(batches, Position(0, 0), 2 * BATCH_COUNT)


def test_gives_up_when_no_server_comes_back() -> None:
    with Loader("127.0.0.1:1", plan=PLAN_ID, timeout_s=0.5) as loader, pytest.raises(millrace.Unavailable):
        next(iter(loader))


def test_a_gap_in_the_stream_is_an_error_behind_the_batches_before_it(server: FakeServer) -> None:
    server.skip_step = 3
    received = []
    with Loader(server.address, plan=PLAN_ID) as loader:
        with pytest.raises(millrace.SequenceBroken):
            received.extend(batch.step for batch in loader)
        assert received == [0, 1, 2]
        assert loader.position == Position(0, 3)


def test_position_counts_what_was_handed_out_not_what_was_fetched(server: FakeServer) -> None:
    with Loader(server.address, plan=PLAN_ID, prefetch=8) as loader:
        iterator = iter(loader)
        for _ in range(4):
            next(iterator)
        token = make_token(PLAN_ID, "train", 0, 4)
        expected = {"version": 1, "plan_id": PLAN_ID, "split": "train", "epoch": 0, "step": 4, "token": token}
        assert loader.state_dict() == expected
        assert loader.remaining == BATCH_COUNT - 4


@pytest.mark.parametrize("taken", [0, 1, BATCH_COUNT - 1, BATCH_COUNT, 2 * BATCH_COUNT - 1])
def test_state_is_taken_over_by_another_loader(server: FakeServer, taken: int) -> None:
    with Loader(server.address, plan=PLAN_ID, epochs=2) as first:
        iterator = iter(first)
        batches = [next(iterator) for _ in range(taken)]
        state = first.state_dict()
    with Loader(server.address, plan=PLAN_ID[:10], epochs=2) as second:
        second.load_state_dict(state)
        batches += list(second)
    check(batches, Position(0, 0), 2 * BATCH_COUNT)


def test_state_of_another_plan_or_split_is_refused(server: FakeServer) -> None:
    with Loader(server.address, plan=PLAN_ID) as loader:
        state = loader.state_dict()
        with pytest.raises(ValueError, match="plan"):
            loader.load_state_dict({**state, "plan_id": "00" * 32})
        with pytest.raises(ValueError, match="split"):
            loader.load_state_dict({**state, "split": "test"})
        with pytest.raises(ValueError, match="version"):
            loader.load_state_dict({"epoch": 0})


def test_state_goes_on_at_another_world_size(server: FakeServer) -> None:
    with Loader(server.address, plan=PLAN_ID) as alone:
        iterator = iter(alone)
        seen = [i for _ in range(7) for i in next(iterator).post_ids]
        state = alone.state_dict()
    for rank in range(4):
        with Loader(server.address, plan=PLAN_ID, rank=rank, world_size=4) as one_of_four:
            one_of_four.load_state_dict(state)
            seen += [i for batch in one_of_four for i in batch.post_ids]
    assert sorted(seen) == list(range(1, BATCH_COUNT * BATCH_SIZE + 1))


def test_the_next_for_goes_on_with_the_next_epoch(server: FakeServer) -> None:
    with Loader(server.address, plan=PLAN_ID) as loader:
        for epoch in range(3):
            check(list(loader), Position(epoch, 0), BATCH_COUNT)


def test_a_for_that_was_left_early_is_continued(server: FakeServer) -> None:
    with Loader(server.address, plan=PLAN_ID) as loader:
        for batch in loader:
            if batch.step == 4:
                break
        check(list(loader), Position(0, 5), BATCH_COUNT - 5)


def test_start_may_be_the_end_of_an_epoch(server: FakeServer) -> None:
    with Loader(server.address, plan=PLAN_ID, start=Position(1, BATCH_COUNT)) as loader:
        check(list(loader), Position(2, 0), BATCH_COUNT)


def test_a_start_that_no_epoch_has_is_refused(server: FakeServer) -> None:
    loader = Loader(server.address, plan=PLAN_ID, start=Position(0, BATCH_COUNT + 1))
    with loader, pytest.raises(ValueError, match="no such position"):
        next(iter(loader))


def test_an_endless_loader_has_no_length(server: FakeServer) -> None:
    with Loader(server.address, plan=PLAN_ID, epochs=None) as loader:
        with pytest.raises(TypeError):
            len(loader)
        iterator = iter(loader)
        check([next(iterator) for _ in range(5 * BATCH_COUNT)], Position(0, 0), 5 * BATCH_COUNT)


def test_an_unknown_split_names_those_there_are(server: FakeServer) -> None:
    loader = Loader(server.address, plan=PLAN_ID, split="tarin")
    with loader, pytest.raises(millrace.SplitNotFound, match="train"):
        next(iter(loader))


@pytest.mark.parametrize(
    "arguments",
    [
        {"rank": 1},
        {"rank": -1},
        {"world_size": 0},
        {"epochs": 0},
        {"prefetch": -1},
        {"encode_ahead": 0},
        {"encode_ahead": 65},
        {"encode_ahead": 2.0},
        {"view": "all"},
    ],
)
def test_impossible_arguments_are_refused_at_once(arguments: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(arguments))):
        Loader("127.0.0.1:1", plan=PLAN_ID, **arguments)  # type: ignore[arg-type]


def test_every_stream_asks_the_server_to_make_batches_ahead(server: FakeServer) -> None:
    server.break_stream = 0.2
    with Loader(server.address, plan=PLAN_ID, encode_ahead=64) as loader:
        check(list(loader), Position(0, 0), BATCH_COUNT)
    assert len(server.encode_ahead_counts) > 1
    assert set(server.encode_ahead_counts) == {64}


def test_one_batch_is_made_ahead_unless_more_are_asked_for(server: FakeServer) -> None:
    with Loader(server.address, plan=PLAN_ID) as loader:
        check(list(loader), Position(0, 0), BATCH_COUNT)
    assert server.encode_ahead_counts == [1]


def test_close_ends_the_thread(server: FakeServer) -> None:
    loader = Loader(server.address, plan=PLAN_ID, epochs=None)
    next(iter(loader))
    iterator = iter(loader)
    next(iterator)
    loader.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "millrace-prefetch"]


def test_a_dropped_loader_leaves_no_thread(server: FakeServer) -> None:
    loader = Loader(server.address, plan=PLAN_ID, epochs=None)
    iterator = iter(loader)
    next(iterator)
    del iterator, loader
    assert not [thread for thread in threading.enumerate() if thread.name == "millrace-prefetch"]


def test_a_pickled_loader_goes_on_from_the_position(server: FakeServer) -> None:
    with Loader(server.address, plan=PLAN_ID) as loader:
        iterator = iter(loader)
        for _ in range(3):
            next(iterator)
        with pickle.loads(pickle.dumps(loader)) as copy:
            check(list(copy), Position(0, 3), BATCH_COUNT - 3)


def test_arrays_have_the_documented_types(server: FakeServer) -> None:
    with Loader(server.address, plan=PLAN_ID) as loader:
        batch = next(iter(loader))
        assert batch.post_ids.dtype == batch.rows.dtype == np.int64
        assert batch.mask.dtype == np.bool_
        assert batch.mask.all()
        assert batch.tags.values.dtype == batch.tags.offsets.dtype == np.int64
        assert batch.tags.offsets.tolist() == [0, 2, 4, 6, 8, 10, 12]
        assert batch.tags.of(1).tolist() == [2, 3]
        assert [post.id for post in batch.posts] == batch.post_ids.tolist()
        copy = pickle.loads(pickle.dumps(batch))
        assert copy.tags.values.tolist() == batch.tags.values.tolist()


def test_identities_have_no_tags(server: FakeServer) -> None:
    with Loader(server.address, plan=PLAN_ID, view="identities") as loader:
        batch = next(iter(loader))
        assert len(batch) == BATCH_SIZE
        with pytest.raises(ValueError, match="view='posts'"):
            _ = batch.tags


def test_a_busy_server_is_asked_again_only_when_it_says_when(server: FakeServer) -> None:
    from google.protobuf import duration_pb2
    from google.rpc import error_details_pb2

    busy = {"count": 2}
    retry = error_details_pb2.RetryInfo(retry_delay=duration_pb2.Duration(nanos=1000))

    def on_call(method: str, context: grpc.ServicerContext) -> None:
        if method.endswith("StreamBatches") and busy["count"]:
            busy["count"] -= 1
            code = grpc.StatusCode.RESOURCE_EXHAUSTED
            context.set_trailing_metadata(error_metadata(code, "busy", "SERVER_BUSY", busy_details))
            context.abort(code, "busy")

    busy_details = [retry]
    server.on_call = on_call
    with Loader(server.address, plan=PLAN_ID) as loader:
        check(list(loader), Position(0, 0), BATCH_COUNT)
        busy["count"], busy_details = 1, []
        with pytest.raises(millrace.Error) as caught:
            list(loader)
    assert caught.value.reason == "SERVER_BUSY"
    assert busy["count"] == 0


def test_a_longer_wait_than_is_left_is_told_at_once(server: FakeServer) -> None:
    from google.protobuf import duration_pb2
    from google.rpc import error_details_pb2

    def on_call(method: str, context: grpc.ServicerContext) -> None:
        if method.endswith("StreamBatches"):
            code = grpc.StatusCode.RESOURCE_EXHAUSTED
            retry = error_details_pb2.RetryInfo(retry_delay=duration_pb2.Duration(seconds=60))
            context.set_trailing_metadata(error_metadata(code, "busy", "SERVER_BUSY", [retry]))
            context.abort(code, "busy")

    server.on_call = on_call
    with Loader(server.address, plan=PLAN_ID, timeout_s=30) as loader, pytest.raises(millrace.ServerBusy) as caught:
        list(loader)
    assert caught.value.retry_delay_s == 60


class Alarm(Exception):
    pass


@pytest.fixture
def alarm() -> Iterator[Callable[[float], None]]:
    """Has Alarm raised, by a signal's handler, some seconds after it is called. A test that uses it can have no limit
    by the same signal."""

    def ring(*_: object) -> None:
        raise Alarm

    before = signal.signal(signal.SIGALRM, ring)
    yield lambda seconds: signal.setitimer(signal.ITIMER_REAL, seconds)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.timeout(120, method="thread")
@pytest.mark.parametrize("prefetch", [0, 2])
def test_a_signal_that_breaks_a_wait_off_is_not_waited_for_and_loses_nothing(
    server: FakeServer, alarm: Callable[[float], None], prefetch: int
) -> None:
    # In a wait, which is where readers are struck: at other moments Python itself may leave one of gRPC's locks locked.
    server.stalled_step = 5
    with Loader(server.address, plan=PLAN_ID, epochs=None, prefetch=prefetch) as loader:
        alarm(0.5)
        with pytest.raises(Alarm):
            deque(loader, maxlen=0)
        assert loader.position == Position(0, 5)
        server.stalled_step = None
        batches = iter(loader)
        check([next(batches) for _ in range(30)], Position(0, 5), 30)


@pytest.mark.timeout(120)
def test_bytes_that_are_no_batch_end_the_stream_with_an_error(server: FakeServer) -> None:
    server.garbage_step = 3
    with (
        Loader(server.address, plan=PLAN_ID, epochs=None, prefetch=0) as loader,
        pytest.raises(millrace.Error, match="INTERNAL: 2 bytes came from LoaderService/StreamBatches") as caught,
    ):
        list(loader)
    assert caught.value.request_id


@pytest.mark.timeout(120, method="thread")
@pytest.mark.parametrize("prefetch", [0, 2])
def test_a_loader_may_be_closed_while_it_reads(server: FakeServer, prefetch: int) -> None:
    for attempt in range(10):
        with Loader(server.address, plan=PLAN_ID, epochs=None, prefetch=prefetch) as loader:
            batches = iter(loader)
            next(batches)
            before = signal.signal(signal.SIGALRM, lambda *_, reading=loader: reading.close())
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.02 + 0.003 * attempt)
                with pytest.raises(ValueError, match="closed"):
                    deque(batches, maxlen=0)
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
                signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize(
    "arguments",
    [
        {"start": (0, 3)},
        {"start": Position((1 << 31) - 1, 0)},
        {"start": Position(0, -1)},
        {"epochs": 1.5},
        {"prefetch": 1.5},
        {"timeout_s": 0},
        {"timeout_s": float("nan")},
    ],
)
def test_arguments_that_no_loader_can_have(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(arguments)) + "|no such position"):
        Loader("127.0.0.1:1", plan=PLAN_ID, **arguments)


def test_a_progress_bar_shows_the_whole_pass(server: FakeServer, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tqdm")
    with Loader(server.address, plan=PLAN_ID, progress=True, start=Position(0, 20)) as loader:
        list(loader)
    assert f"{BATCH_COUNT}/{BATCH_COUNT}" in capsys.readouterr().err
