"""The loader: a rank's batches, in order, fetched ahead, continued wherever a checkpoint left off."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from millrace import _sequence
from millrace._content import Labels, content
from millrace._position import Position
from millrace._prefetch import Prefetcher
from millrace._skip import StepRange
from millrace._slice import Slice, check_reading, pass_end_epoch
from millrace.batch import Batch


class Loader:
    """Iterates this rank's batches of one split of a plan.

    address: HOST:PORT. plan: a plan's id, or a unique prefix of at least 8 digits. rank, world_size: which slice of
    every global batch; the sequence of global batches does not depend on them. epochs: how many one pass covers,
    counted from the epoch it starts in; None: no end. start: where the first pass begins (default epoch 0, step 0): a
    Position, or a token (Batch.token) of this plan and split. skip: steps to leave out, as (epoch, first_step,
    last_step), the last one included, say because the loss went up there; all other batches are what they would be
    without, and nothing takes the place of what is left out. view: "posts" (Batch.posts, and tags), "identities" (ids
    and rows only), or "columns" (a ColumnBatch: numpy arrays over the bytes received, the fastest); by default
    columns when fields, labels or rating_one_hot are given, else posts. fields: which fields of a post, by the names
    that Post has in the contract ("tags", "rating", "width_px", "tag_indexes", ...); by default all, or none but ids
    and rows when labels or rating_one_hot are given. labels: a vocabulary's name, or Labels. rating_one_hot: adds
    that column. prefetch: batches fetched ahead in a thread; 0: none, no thread, and an exception that a signal's
    handler raises then strikes gRPC itself, which may not recover. encode_ahead: batches that the server makes ready
    ahead of the one that it sends, 1 to 64, within its --stream-window-bytes: more of them where batches are small,
    or cost it unequally much, and come too late. progress: a tqdm bar. timeout_s: for how long to go on trying to
    reach a server before Unavailable is raised; ServerBusy at once when a server asks for a longer wait than is left
    of it.

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
        start: Position | str | None = None,
        skip: Iterable[StepRange] = (),
        view: str | None = None,
        fields: Iterable[str] | None = None,
        labels: Labels | str | None = None,
        rating_one_hot: bool = False,
        prefetch: int = 2,
        encode_ahead: int = 1,
        progress: bool = False,
        timeout_s: float = 120.0,
    ) -> None:
        check_reading(epochs, prefetch, encode_ahead, timeout_s)
        self._slice = Slice(
            address,
            plan=plan,
            split=split,
            rank=rank,
            world_size=world_size,
            content=content(view, fields, labels, rating_one_hot),
            timeout_s=timeout_s,
            skip=skip,
        )
        self._epochs = epochs
        self._prefetch = prefetch
        self._encode_ahead = encode_ahead
        self._progress = progress
        self._position = self._slice.start(start)
        self._origin_epoch = self._position.epoch
        self._fetched: Prefetcher | None = None
        self._fetched_pid = 0

    @property
    def position(self) -> Position:
        """Behind the last batch that was handed out (those fetched ahead do not count)."""
        return self._position

    @property
    def batch_count(self) -> int:
        """Steps of an epoch, the same for every rank. Asks the server the first time."""
        return self._slice.described().batch_count

    @property
    def remaining(self) -> int:
        """Batches that this pass still has, without those that are left out. TypeError when it has no end."""
        if self._epochs is None:
            raise TypeError("the loader has no end (epochs=None)")
        sequence = self._slice.described()
        return sequence.count(sequence.normalize(self._position), Position(self._end_epoch(), 0))

    def __len__(self) -> int:
        """Batches of a whole pass, the one that holds the position: steps of an epoch times epochs, without those that
        are left out. A pass that starts in mid-epoch has fewer (see `remaining`). TypeError when the loader has no
        end."""
        if self._epochs is None:
            raise TypeError("the loader has no end (epochs=None)")
        sequence = self._slice.described()
        end_epoch = self._end_epoch()
        return sequence.count(Position(end_epoch - self._epochs, 0), Position(end_epoch, 0))

    def __iter__(self) -> Iterator[Batch]:
        """Yields the rest of this pass, in order.

        Raises PlanNotFound; SplitNotFound; SnapshotMissing; SnapshotDamaged; VocabularyNotFound; InvalidRequest (a
        rank outside the world); Unavailable after timeout_s without a server, or ServerBusy. Reconnects by itself and
        continues at the next unseen step.
        """
        sequence = self._slice.described()
        self._position = sequence.normalize(self._position)
        if sequence.batch_count == 0:
            return
        end = Position(self._end_epoch(), 0)
        bar = self._progress_bar(end) if self._progress else None
        try:
            while sequence.kept(self._position) < end:
                batch = next(self._batches(sequence, end), None)
                if batch is None:
                    raise ValueError("the loader was closed while it was read")
                # Before it is handed out: what the reader has in hand counts as done.
                self._position = batch.next_position
                if bar is not None:
                    bar.update(1)
                yield batch
            # What is left out at the end of a pass is behind it, too.
            self._position = end
        except BaseException:
            self._stop()
            raise
        finally:
            if bar is not None:
                bar.close()
        self._stop()

    def state_dict(self) -> dict[str, Any]:
        """Where the loader is, for a checkpoint: small, plain values. Asks the server if nothing was loaded yet and
        `plan` is a prefix, or labels are wanted, whose vocabulary is a part of the state."""
        return self._slice.state(self._position)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes on where the state was taken, by a loader or a torch dataset. rank and world_size may be others
        than there.

        ValueError when the state is of another plan or split, contradicts itself, or is no state at all.
        """
        position = self._slice.resume(state)
        self._stop()
        self._position = position

    def close(self) -> None:
        """Ends the prefetching thread and the connection. Idempotent. A signal's handler may call it: who is
        reading gets ValueError."""
        self._stop()
        self._slice.connection.close()

    def __enter__(self) -> Loader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _end_epoch(self) -> int:
        """The epoch before which the pass that holds the position ends."""
        return pass_end_epoch(self._position.epoch, self._origin_epoch, self._epochs)

    def _batches(self, sequence: _sequence.Sequence, end: Position) -> Prefetcher:
        """The batches from the position on. A thread does not survive fork: the child starts its own."""
        fetched = self._fetched
        if fetched is None or self._fetched_pid != os.getpid():
            connection, start, timeout_s = self._slice.connection, self._position, self._slice.timeout_s
            encode_ahead = self._encode_ahead
            fetched = Prefetcher(
                lambda interrupted: _sequence.stream(
                    connection,
                    sequence,
                    start,
                    end,
                    encode_ahead=encode_ahead,
                    timeout_s=timeout_s,
                    interrupted=interrupted,
                ),
                self._prefetch,
            )
            self._fetched, self._fetched_pid = fetched, os.getpid()
        return fetched

    def _stop(self) -> None:
        # Taken first: a signal's handler may call close() anywhere in here.
        fetched, self._fetched = self._fetched, None
        if fetched is not None and self._fetched_pid == os.getpid():
            fetched.close()

    def _progress_bar(self, end: Position) -> Any:
        try:
            from tqdm.auto import tqdm
        except ImportError as error:
            raise ImportError("progress=True needs tqdm: pip install millrace[tqdm]") from error
        total = None if self._epochs is None else len(self)
        initial = 0 if total is None else total - self.remaining
        return tqdm(total=total, initial=initial, desc=self._slice.split, unit="batch")

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_fetched": None}
