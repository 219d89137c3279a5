"""The batches of one rank, in order, whatever happens to the connection.

Two ways to the same batches: a stream, and, for a DataLoader worker that takes every K-th step, single
requests with a few in flight. Both check every batch against the one expected, so that neither a gap nor a
repeat can pass unseen.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import grpc

from millrace import _rpc
from millrace._backoff import Backoff
from millrace._connection import Connection
from millrace._content import Content
from millrace._position import Position
from millrace._skip import Skips, StepRange
from millrace._wire import Assembler, Uint8Array
from millrace.batch import Batch
from millrace.columns import ColumnBatch
from millrace.errors import SequenceBroken, from_rpc_error
from millrace.v1 import loader_service_pb2 as pb

# A batch's head and, of columns, its body.
Received = tuple[pb.Batch, Uint8Array | None]

# The contract counts epochs from 0 to 2^31 - 1.
EPOCH_COUNT_MAX = (1 << 31) - 1


@dataclass(frozen=True)
class Sequence:
    """What a rank's batches are made from. batch_count: steps of an epoch, as the plan says. content: what a batch
    holds of its posts, with labels by a vocabulary's digest: a name may come to mean other labels while batches are
    read. skip: what of them is left out, as _skip.checked gives it."""

    plan_id: str
    split: str
    batch_count: int
    rank: int
    world_size: int
    content: Content
    skip: tuple[StepRange, ...] = ()

    @property
    def vocabulary(self) -> str:
        """The digest of the vocabulary that labels are by; empty without labels."""
        return self.content.labels.vocabulary if self.content.labels else ""

    @cached_property
    def skips(self) -> Skips:
        return Skips(self.skip, self.batch_count)

    def normalize(self, position: Position) -> Position:
        """The same place with its step in [0, batch_count): the end of an epoch is the next one's beginning.

        ValueError for a place that no epoch has.
        """
        epoch, step = position.epoch, position.step
        if not 0 <= epoch <= EPOCH_COUNT_MAX or not 0 <= step <= self.batch_count:
            raise ValueError(
                f"no such position: {position}; split {self.split!r} has {self.batch_count} steps an epoch"
            )
        at_end = step == self.batch_count and step > 0
        return Position(epoch + 1, 0) if at_end else position

    def at(self, index: int) -> Position:
        """The position of the index-th batch, counted from epoch 0, step 0, over all epochs."""
        return Position(*divmod(index, self.batch_count))

    def index(self, position: Position) -> int:
        return position.epoch * self.batch_count + position.step

    def count(self, start: Position, end: Position) -> int:
        """Batches from `start` up to, not including, `end`, without those that are left out."""
        first, last = self.index(start), max(self.index(end), self.index(start))
        return last - first - self.skips.skipped_count(first, last)

    def kept(self, position: Position) -> Position:
        """The first position from there on that is not left out."""
        if not self.skip and position.step < self.batch_count:
            return position
        return self.advance(position, 0)

    def advance(self, position: Position, count: int) -> Position:
        """The position of the count-th batch behind kept(position). Requires steps in the epoch."""
        return self.at(self.skips.advance(self.index(position), count))

    def checked(self, received: Received, expected: Position) -> Batch:
        """What was received as a batch. SequenceBroken when it is not the one at `expected`."""
        message, body = received
        if not (
            message.step == expected.step
            and message.epoch == expected.epoch
            and message.plan_id == self.plan_id
            and message.split == self.split
            and message.rank == self.rank
            and message.world_size == self.world_size
            and message.batch_count == self.batch_count
            and message.vocabulary == self.vocabulary
        ):
            got = (message.plan_id, message.split, message.rank, message.world_size, message.vocabulary)
            want = (self.plan_id, self.split, self.rank, self.world_size, self.vocabulary)
            raise SequenceBroken(
                f"expected {expected} of {want} with {self.batch_count} steps an epoch, "
                f"received {Position(message.epoch, message.step)} of {got} with {message.batch_count}"
            )
        if body is not None:
            return ColumnBatch(message, body)
        return Batch(message, has_posts=self.content.view == "posts")


class Interrupted:
    """Set by another thread to end a wait for the server: `call` is what is being waited for."""

    def __init__(self) -> None:
        self._stopped = False
        self._call: Any = None

    @property
    def stopped(self) -> bool:
        return self._stopped

    def watch(self, call: Any) -> None:
        self._call = call
        if self._stopped:
            call.cancel()

    def stop(self) -> None:
        self._stopped = True
        if self._call is not None:
            self._call.cancel()

    def sleep(self, seconds: float) -> None:
        """Sleeps, at most a tenth of a second beyond stop()."""
        deadline = time.monotonic() + seconds
        while not self._stopped and (left := deadline - time.monotonic()) > 0:
            time.sleep(min(left, 0.1))


def stream(
    connection: Connection,
    sequence: Sequence,
    start: Position,
    end: Position,
    *,
    encode_ahead: int,
    timeout_s: float,
    interrupted: Interrupted,
) -> Generator[Batch, None, None]:
    """Yields the batches from `start` up to, not including, `end` (a step of 0), by StreamBatches.

    encode_ahead: how many the server makes ready ahead. Reconnects; gives up when `timeout_s` pass without a batch
    because of errors that could be transient.
    """
    # Behind the last batch, and the next batch's: what is left out lies between them, and a new stream that starts at
    # the former counts it as the broken one would have.
    reached, expected = start, sequence.kept(start)
    backoff = Backoff(timeout_s)
    request_id = _rpc.new_request_id()
    while expected < end and not interrupted.stopped:
        request = pb.StreamBatchesRequest(
            plan_id=sequence.plan_id,
            split=sequence.split,
            rank=sequence.rank,
            world_size=sequence.world_size,
            start=pb.Position(epoch=reached.epoch, step=reached.step),
            end_epoch=end.epoch,
            skip=sequence.skips.ahead_of(reached.epoch, reached.step),
            encode_ahead_count=encode_ahead,
        )
        sequence.content.apply(request)
        read = _stream_reader(sequence.content, request_id)
        generation = connection.generation
        opened: _rpc.ServerStream | None = None
        try:
            call = _open_stream(connection, request, request_id)
            opened = _rpc.ServerStream(connection, call)
            interrupted.watch(call)
            while (received := read(opened)) is not None:
                batch = sequence.checked(received, expected)
                backoff.reset()
                reached = batch.next_position
                expected = sequence.kept(reached)
                yield batch
            if expected < end:
                raise SequenceBroken(f"the stream ended before {expected}; it should reach {end}")
        except grpc.RpcError as rpc_error:
            if interrupted.stopped:
                return
            if connection.generation != generation:
                continue
            error = from_rpc_error(rpc_error, request_id=request_id)
            delay_s = backoff.delay_s(error)
            if delay_s is None:
                raise error from None
            interrupted.sleep(delay_s)
        finally:
            if opened is not None:
                opened.end()


def _open_stream(connection: Connection, request: pb.StreamBatchesRequest, request_id: str) -> Any:
    return connection.interruptible(
        lambda channel: _rpc.stream_stub(channel, _rpc.STREAM_BATCHES)(request, metadata=_rpc.metadata(request_id))
    )


def _stream_reader(content: Content, request_id: str) -> Callable[[_rpc.ServerStream], Received | None]:
    """What reads the next batch of a stream that is new; None at its end."""
    if not content.is_columns:

        def read_rows(opened: _rpc.ServerStream) -> Received | None:
            message = opened.next()
            return None if message is None else (_rpc.parsed(_rpc.STREAM_BATCHES, message, request_id).batch, None)

        return read_rows
    assembler = Assembler()

    def read_columns(opened: _rpc.ServerStream) -> Received | None:
        while (message := opened.next()) is not None:
            received = assembler.add(message)
            if received is not None:
                return received
        if not assembler.is_between:
            raise SequenceBroken("the stream ended in the middle of a batch")
        return None

    return read_columns


def strided(
    connection: Connection,
    sequence: Sequence,
    start: Position,
    end: Position,
    stride: int,
    *,
    origin: Position,
    window: int,
    timeout_s: float,
    interrupted: Interrupted,
) -> Generator[Batch, None, None]:
    """Yields every stride-th batch of those that are not left out, from `start` up to, not including, `end`, by
    GetBatch. origin: where all readers that share the batches began; what is left out before it is not counted.

    Keeps up to `window` requests in flight; each is a pure function, so any may be made again.
    """
    request_id = _rpc.new_request_id()

    def begin(index: int) -> tuple[int, Any]:
        position = sequence.at(index)
        request = pb.GetBatchRequest(
            plan_id=sequence.plan_id,
            split=sequence.split,
            epoch=position.epoch,
            step=position.step,
            rank=sequence.rank,
            world_size=sequence.world_size,
        )
        sequence.content.apply(request)
        future = connection.interruptible(
            lambda channel: _rpc.stub(channel, _rpc.GET_BATCH, raw=sequence.content.is_columns).future(
                request, timeout=timeout_s, metadata=_rpc.metadata(request_id)
            )
        )
        return connection.generation, future

    skips, end_index, origin_index = sequence.skips, sequence.index(end), sequence.index(origin)
    next_index = skips.kept(sequence.index(start))
    pending: deque[tuple[int, tuple[int, Any]]] = deque()
    backoff = Backoff(timeout_s)
    try:
        while not interrupted.stopped:
            while len(pending) < window and next_index < end_index:
                pending.append((next_index, begin(next_index)))
                next_index = skips.advance(next_index, stride)
            if not pending:
                return
            index, (generation, future) = pending[0]
            interrupted.watch(future)
            try:
                with connection.busy():
                    response = future.result()
            except (grpc.RpcError, grpc.FutureCancelledError) as failure:
                if interrupted.stopped:
                    return
                if connection.generation == generation:
                    delay_s = _delay_s(failure, backoff, request_id)
                    interrupted.sleep(delay_s)
                pending[0] = (index, begin(index))
                continue
            pending.popleft()
            backoff.reset()
            received = _received(sequence.content, response)
            # The server, asked for one batch, does not know of any before it.
            received[0].skipped_step_count = skips.run_before(index, origin_index)
            yield sequence.checked(received, sequence.at(index))
    finally:
        for _, (_, future) in pending:
            future.cancel()


def _received(content: Content, response: Any) -> Received:
    """What GetBatch's response holds: a message, or for columns its bytes."""
    if not content.is_columns:
        return response.batch, None
    received = Assembler().add(response)
    if received is None:
        raise SequenceBroken("a batch's body is not complete")
    return received


def _delay_s(failure: Exception, backoff: Backoff, request_id: str) -> float:
    """How long to wait before trying again; raises the failure as an Error when it is no use."""
    if not isinstance(failure, grpc.RpcError):
        raise failure
    error = from_rpc_error(failure, request_id=request_id)
    delay_s = backoff.delay_s(error)
    if delay_s is None:
        raise error from None
    return delay_s
