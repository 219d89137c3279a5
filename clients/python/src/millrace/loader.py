"""The loader: a rank's batches, in order, fetched ahead, continued wherever a checkpoint left off."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from millrace import _convert, _rpc, _sequence
from millrace._connection import Connection
from millrace._prefetch import Prefetcher
from millrace.batch import Batch
from millrace.errors import SplitNotFound
from millrace.types import Position
from millrace.v1 import plan_service_pb2

_STATE_VERSION = 1
_PLAN_ID_LENGTH = 64


class Loader:
    """Iterates this rank's batches of one split of a plan.

    address: HOST:PORT. plan: a plan's id, or a unique prefix of at least 8 digits. rank, world_size: which
    slice of every global batch; the sequence of global batches does not depend on them. epochs: how many
    one pass covers, counted from the epoch it starts in; None: no end. start: where the first pass begins
    (default epoch 0, step 0). view: "posts" (tags and posts whole) or "identities" (ids and rows only).
    prefetch: batches fetched ahead in a thread; 0: none, no thread. progress: a tqdm bar. timeout_s: for how
    long to go on trying to reach a server before Unavailable is raised.

    A `for` over the loader is one pass. It goes on from `position`, so one that was left early is continued
    by the next; and behind the end of a pass the next begins, at the following epoch:

        for epoch in range(10):
            for batch in loader: ...      # epochs=1: epoch 0, epoch 1, ...

    Makes no call before it is first used, and may be forked and pickled: the copy goes on from the same
    position with a connection of its own. Not thread-safe.
    """

    def __init__(
        self,
        address: str,
        *,
        plan: str,
        split: str = "train",
        rank: int = 0,
        world_size: int = 1,
        epochs: int | None = 1,
        start: Position | None = None,
        view: str = "posts",
        prefetch: int = 2,
        progress: bool = False,
        timeout_s: float = 120.0,
    ) -> None:
        check_arguments(rank, world_size, epochs, prefetch)
        _convert.BATCH_VIEW.number(view, "view")
        self._connection = Connection(address)
        self._plan = plan
        self._split = split
        self._rank = rank
        self._world_size = world_size
        self._epochs = epochs
        self._view = view
        self._prefetch = prefetch
        self._progress = progress
        self._timeout_s = timeout_s
        self._position = start or Position(0, 0)
        self._origin_epoch = self._position.epoch
        self._sequence: _sequence.Sequence | None = None
        self._fetched: Prefetcher | None = None
        self._fetched_pid = 0

    @property
    def position(self) -> Position:
        """Behind the last batch that was handed out (those fetched ahead do not count)."""
        return self._position

    @property
    def batch_count(self) -> int:
        """Steps of an epoch, the same for every rank. Asks the server the first time."""
        return self._described().batch_count

    @property
    def remaining(self) -> int:
        """Batches that this pass still has. TypeError when it has no end."""
        if self._epochs is None:
            raise TypeError("the loader has no end (epochs=None)")
        sequence = self._described()
        end = Position(self._end_epoch(), 0)
        return sequence.index(end) - sequence.index(sequence.normalize(self._position))

    def __len__(self) -> int:
        """Batches of a whole pass: steps of an epoch times epochs. A pass that starts in mid-epoch has fewer
        (see `remaining`). TypeError when the loader has no end."""
        if self._epochs is None:
            raise TypeError("the loader has no end (epochs=None)")
        return self.batch_count * self._epochs

    def __iter__(self) -> Iterator[Batch]:
        """Yields the rest of this pass, in order.

        Raises PlanNotFound; SplitNotFound; SnapshotMissing; SnapshotDamaged; InvalidRequest (a rank outside
        the world); Unavailable after timeout_s without a server. Reconnects by itself and continues at the
        next unseen step.
        """
        sequence = self._described()
        self._position = sequence.normalize(self._position)
        if sequence.batch_count == 0:
            return
        end = Position(self._end_epoch(), 0)
        bar = self._progress_bar(end) if self._progress else None
        try:
            while self._position < end:
                batch = next(self._batches(sequence, end))
                # Before it is handed out: what the reader has in hand counts as done.
                self._position = batch.next_position
                if bar is not None:
                    bar.update(1)
                yield batch
        except BaseException:
            self._stop()
            raise
        finally:
            if bar is not None:
                bar.close()
        self._stop()

    def state_dict(self) -> dict[str, Any]:
        """Where the loader is, for a checkpoint: small, plain values. Asks the server if `plan` is a prefix
        and nothing was loaded yet."""
        return {
            "version": _STATE_VERSION,
            "plan_id": self._plan_id(),
            "split": self._split,
            "epoch": self._position.epoch,
            "step": self._position.step,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes on where the state was taken. rank and world_size may be others than there.

        ValueError when the state is of another plan or split, or not a loader's.
        """
        if state.get("version") != _STATE_VERSION:
            raise ValueError(f"not the state of a loader of this version: {dict(state)!r}")
        if not str(state["plan_id"]).startswith(self._plan):
            raise ValueError(f"the state is of plan {state['plan_id']}, the loader of {self._plan}")
        if state["split"] != self._split:
            raise ValueError(f"the state is of split {state['split']!r}, not {self._split!r}")
        position = Position(int(state["epoch"]), int(state["step"]))
        if position.epoch < 0 or position.step < 0:
            raise ValueError(f"no such position: {position}")
        self._stop()
        self._position = position

    def close(self) -> None:
        """Ends the prefetching thread and the connection. Idempotent."""
        self._stop()
        self._connection.close()

    def __enter__(self) -> Loader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _end_epoch(self) -> int:
        """The epoch before which the pass that holds the position ends. Passes are counted from the first
        one's epoch, so that a loader that took over a state ends where the one that gave it would have."""
        if self._epochs is None:
            return _sequence.EPOCH_COUNT_MAX
        passed = (self._position.epoch - self._origin_epoch) // self._epochs
        return min(self._origin_epoch + (passed + 1) * self._epochs, _sequence.EPOCH_COUNT_MAX)

    def _described(self) -> _sequence.Sequence:
        if self._sequence is None:
            self._sequence = describe(
                self._connection,
                self._plan,
                self._split,
                self._rank,
                self._world_size,
                self._view,
                self._timeout_s,
            )
        return self._sequence

    def _plan_id(self) -> str:
        if len(self._plan) == _PLAN_ID_LENGTH:
            return self._plan
        return self._described().plan_id

    def _batches(self, sequence: _sequence.Sequence, end: Position) -> Prefetcher:
        """The batches from the position on. A thread does not survive fork: the child starts its own."""
        if self._fetched is None or self._fetched_pid != os.getpid():
            connection, start, timeout_s = self._connection, self._position, self._timeout_s
            self._fetched = Prefetcher(
                lambda interrupted: _sequence.stream(
                    connection, sequence, start, end, timeout_s=timeout_s, interrupted=interrupted
                ),
                self._prefetch,
            )
            self._fetched_pid = os.getpid()
        return self._fetched

    def _stop(self) -> None:
        if self._fetched is not None and self._fetched_pid == os.getpid():
            self._fetched.close()
        self._fetched = None

    def _progress_bar(self, end: Position) -> Any:
        try:
            from tqdm.auto import tqdm
        except ImportError as error:
            raise ImportError("progress=True needs tqdm: pip install millrace[tqdm]") from error
        total = None if self._epochs is None else len(self)
        initial = 0 if total is None else total - self.remaining
        return tqdm(total=total, initial=initial, desc=self._split, unit="batch")

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_fetched": None}


def check_arguments(rank: int, world_size: int, epochs: int | None, prefetch: int) -> None:
    """ValueError for what no server needs to be asked about."""
    if world_size < 1 or not 0 <= rank < world_size:
        raise ValueError(f"rank must be in [0, world_size); rank {rank}, world_size {world_size}")
    if epochs is not None and epochs < 1:
        raise ValueError(f"epochs must be at least 1, or None for no end; not {epochs}")
    if prefetch < 0:
        raise ValueError(f"prefetch must not be negative; not {prefetch}")


def describe(
    connection: Connection,
    plan: str,
    split: str,
    rank: int,
    world_size: int,
    view: str,
    timeout_s: float,
) -> _sequence.Sequence:
    """Asks the server for the plan. PlanNotFound; SplitNotFound."""
    request = plan_service_pb2.GetPlanRequest(plan_id=plan)
    found = _rpc.call(connection, _rpc.GET_PLAN, request, timeout_s=timeout_s).plan
    for info in found.splits:
        if info.name == split:
            return _sequence.Sequence(found.id, split, info.batch_count, rank, world_size, view)
    names = ", ".join(info.name for info in found.splits)
    raise SplitNotFound(
        f"plan {found.id[:12]} has no split {split!r}; it has {names}",
        code="NOT_FOUND",
        reason="SPLIT_NOT_FOUND",
    )
