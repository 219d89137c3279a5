"""A torch IterableDataset over a plan's split, for DataLoader with any number of workers.

    dataset = millrace.torch.dataset("localhost:50051", plan=PLAN_ID, split="train")
    loader = torch.utils.data.DataLoader(dataset, batch_size=None, num_workers=4)

batch_size=None is required: the plan makes the batches. How the work is shared: the plan gives each rank its
slice of every step; of K DataLoader workers, worker k fetches the steps k, k + K, ... counted from the start, without
those that are left out (skip).
DataLoader takes from its workers in turn, so the batches arrive once each and in the plan's order, whatever K.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.data import IterableDataset, get_worker_info

from millrace import _sequence
from millrace._content import Content, Labels, content
from millrace._place import Place
from millrace._position import Position
from millrace._prefetch import Prefetcher
from millrace._skip import StepRange
from millrace._slice import Slice, check_reading
from millrace.batch import Batch
from millrace.columns import ColumnBatch

__all__ = ["BatchDataset", "dataset", "to_tensors"]


def to_tensors(batch: Batch, *, pin_memory: bool = False) -> dict[str, Any]:
    """A batch as tensors, which share their memory with the batch's arrays.

    post_ids, rows: int64 [B]. mask: bool [B], False for padding. epoch, step, batch_count, skipped_step_count: int.
    plan_id, split: str; by these and the numbers state_dict() knows the batch again. token: str.
    With whole posts also tag_values: int64 [T] and tag_offsets: int64 [B + 1] (CSR), as
    torch.nn.EmbeddingBag(include_last_offset=True) takes them.

    Of a batch of columns, every column that was asked for: a number NAME as NAME [B] and NAME_present bool [B]; tags as
    above; labels as label_values and label_offsets (int32), labels (uint8 [B, L]) or label_bits; all others by their
    names with "_" for ".". They lie over the message's own memory, but for the copies that a type needs: NAME_present
    and tag_offsets.

    pin_memory: copies each tensor to page-locked memory, for transfers to a GPU that do not wait. RuntimeError when
    torch finds no accelerator to pin for. In DataLoader workers let DataLoader(pin_memory=True) do it instead.
    """
    tensors: dict[str, Any] = {
        "plan_id": batch.plan_id,
        "split": batch.split,
        "epoch": batch.epoch,
        "step": batch.step,
        "batch_count": batch.batch_count,
        "skipped_step_count": batch.skipped_step_count,
        "token": batch.token,
        "post_ids": torch.from_numpy(batch.post_ids),
        "rows": torch.from_numpy(batch.rows),
        "mask": torch.from_numpy(batch.mask),
    }
    if isinstance(batch, ColumnBatch):
        tensors |= _columns(batch)
    elif batch.has_posts:
        tensors["tag_values"] = torch.from_numpy(batch.tags.values)
        tensors["tag_offsets"] = torch.from_numpy(batch.tags.offsets)
    if pin_memory:
        tensors = {key: value.pin_memory() if torch.is_tensor(value) else value for key, value in tensors.items()}
    return tensors


# What the usual names are called here; the two tag names are those of a batch of posts.
_KEYS = {
    "tags.values": "tag_values",
    "tags.offsets": "tag_offsets",
    "tag_indexes.values": "tag_index_values",
    "tag_indexes.offsets": "tag_index_offsets",
    "labels.values": "label_values",
    "labels.offsets": "label_offsets",
    "labels.dense": "labels",
    "labels.bits": "label_bits",
}
# Columns of one number a post that every post has.
_ALWAYS_PRESENT = {"id", "row", "rating", "flags", "rating_one_hot"}


def _columns(batch: ColumnBatch) -> dict[str, Any]:
    tensors: dict[str, Any] = {}
    for name, column in batch.columns.items():
        if name in ("id", "row") or name.endswith(".presence"):
            continue
        key = _KEYS.get(name, name.replace(".", "_"))
        tensors[key] = torch.from_numpy(column)
        if "." not in name and name not in _ALWAYS_PRESENT:
            # Also where all posts have the number: a training loop sees the same keys in every batch.
            tensors[f"{key}_present"] = torch.from_numpy(batch.present(name))
    if "tag_offsets" in tensors:
        tensors["tag_offsets"] = tensors["tag_offsets"].long()  # the type of the values, as EmbeddingBag wants it
    return tensors


class BatchDataset(IterableDataset):  # type: ignore[misc]  # torch 1.13 has no annotations
    """What dataset() returns. Every iteration begins at `start`, so call set_epoch() before each `for` over the
    DataLoader; it reaches workers that persist between epochs.

    A checkpoint holds state_dict(batch), batch being the last one that was trained on: workers fetch ahead of
    the training loop, so only the loop knows. The state goes on at any world size, with any number of workers,
    and in a Loader; all ranks have the same one at the same step.

    Without a batch, state_dict() and load_state_dict() are those of torchdata's StatefulDataLoader, which calls
    them in its workers and keeps one state for each.
    """

    def __init__(
        self,
        address: str,
        *,
        plan: str,
        split: str,
        rank: int,
        world_size: int,
        epochs: int | None,
        start: Position | str | None,
        skip: Iterable[StepRange],
        content: Content,
        prefetch: int,
        encode_ahead: int,
        transform: Callable[[Batch], Any],
        timeout_s: float,
    ) -> None:
        check_reading(epochs, prefetch, encode_ahead, timeout_s)
        super().__init__()
        self._slice = Slice(
            address,
            plan=plan,
            split=split,
            rank=rank,
            world_size=world_size,
            content=content,
            timeout_s=timeout_s,
            skip=skip,
        )
        self._epochs = epochs
        self._prefetch = prefetch
        self._encode_ahead = encode_ahead
        self._transform = transform
        self._place = Place(self._slice.start(start), epochs)
        if self._slice.has_labels:
            # Before there are workers, each of which would ask for itself what the vocabulary's name stands for.
            self._slice.described()
        # The rest of this process's latest iteration; None before the first and when the place moved since.
        self._rest: _Rest | None = None
        # What the next iteration of this process yields instead of what the place says; once.
        self._resumed: _Rest | None = None

    @property
    def start(self) -> Position:
        """Where the next iteration begins. Once set, a pass is counted from there."""
        return self._place.start

    @start.setter
    def start(self, position: Position) -> None:
        self._place.begin_at(position)
        self._rest = self._resumed = None

    def set_epoch(self, epoch: int) -> None:
        """Makes the next iteration the pass that begins with `epoch`. Of the pass that a loaded state is in, or
        at the end of, it is the rest (perhaps nothing); and a `start` in that very epoch keeps its step. So a
        resumed run may go through the same loop as a new one."""
        self._place.begin_epoch(epoch)
        self._rest = self._resumed = None

    def state_dict(self, consumed: Batch | Mapping[str, Any] | Position | None = None) -> dict[str, Any]:
        """The state behind `consumed`, for a checkpoint: small, plain values.

        consumed: the last batch that was trained on: a Batch or a dict as to_tensors makes it; or, when a
        transform leaves neither, that batch's next_position. None: behind the last batch that this process's
        own iteration yielded; this is for DataLoader without workers, and for StatefulDataLoader.

        ValueError when the batch is of another plan or split; or without a batch, when workers read the split.
        """
        if consumed is not None:
            return self._slice.state(self._behind(consumed))
        worker = get_worker_info()
        if worker is None and self._place.in_workers:
            raise ValueError(
                "DataLoader workers fetch ahead, so the dataset cannot know what was trained on: "
                "give the last batch that was, as in dataset.state_dict(batch)"
            )
        rest = self._rest or self._planned(self._slice.described())
        state = {**self._slice.state(rest.start), "end_epoch": rest.end_epoch}
        return state if worker is None else {**state, "worker": self._named(worker)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Makes the next iteration go on where the state was taken, to the end of the same pass. The rank, the
        world size and the number of workers may be others than there (StatefulDataLoader wants as many workers).

        ValueError when the state is of another plan or split, of another worker, or no state at all, and when it
        contradicts itself.
        """
        worker = get_worker_info()
        if worker is not None:
            if state.get("worker") != self._named(worker):
                raise ValueError(f"the state is of worker {state.get('worker')}, not of {self._named(worker)}")
            state = {key: value for key, value in state.items() if key != "worker"}
        start = self._slice.resume(state)
        if worker is None:
            self._place.resume_at(start)
        self._rest = None
        self._resumed = _Rest(start, int(state["end_epoch"])) if "end_epoch" in state else None

    def __len__(self) -> int:
        """Batches of an iteration from `start`, over all workers, without those that are left out. TypeError when it
        has no end."""
        if self._epochs is None:
            raise TypeError("the dataset has no end (epochs=None)")
        sequence = self._slice.described()
        return sequence.count(sequence.normalize(self.start), Position(self._place.end_epoch, 0))

    def __iter__(self) -> Iterator[Any]:
        """Yields transform(batch) for this worker's share. Errors as Loader's."""
        # Not in the generator, whose body would wait for the first batch to be asked for: the state has to be
        # right before that.
        sequence = self._slice.described()
        self._rest, self._resumed = self._planned(sequence), None
        worker = get_worker_info()
        self._place.in_workers = worker is not None
        return self._iterate(sequence, self._rest, stride=worker.num_workers if worker else 1)

    def _iterate(self, sequence: _sequence.Sequence, rest: _Rest, stride: int) -> Iterator[Any]:
        if sequence.batch_count == 0:
            return
        batches = Prefetcher(
            lambda interrupted: self._share(sequence, rest, stride, interrupted),
            # The requests in flight are the strided share's own fetching ahead.
            self._prefetch if stride == 1 else 0,
        )
        try:
            for batch in batches:
                made = self._transform(batch)
                # Before it is handed out: what the reader has in hand counts as done.
                behind = sequence.advance(batch.position, stride) if stride > 1 else batch.next_position
                self._rest = _Rest(behind, rest.end_epoch)
                yield made
        finally:
            batches.close()

    def _share(
        self, sequence: _sequence.Sequence, rest: _Rest, stride: int, interrupted: _sequence.Interrupted
    ) -> Generator[Batch, None, None]:
        end = Position(rest.end_epoch, 0)
        if stride == 1:
            return _sequence.stream(
                self._slice.connection,
                sequence,
                rest.start,
                end,
                encode_ahead=self._encode_ahead,
                timeout_s=self._slice.timeout_s,
                interrupted=interrupted,
            )
        return _sequence.strided(
            self._slice.connection,
            sequence,
            rest.start,
            end,
            stride,
            origin=sequence.normalize(self.start),
            window=max(self._prefetch, 1),
            timeout_s=self._slice.timeout_s,
            interrupted=interrupted,
        )

    def _planned(self, sequence: _sequence.Sequence) -> _Rest:
        """What an iteration that begins now, in this process, yields."""
        if self._resumed is not None:
            return _Rest(sequence.normalize(self._resumed.start), self._resumed.end_epoch)
        start = sequence.normalize(self.start)
        worker = get_worker_info()
        # A worker alone reads all, by a stream that counts what is left out from the start on.
        if worker is not None and worker.num_workers > 1 and sequence.batch_count > 0:
            start = sequence.advance(start, worker.id)
        return _Rest(start, self._place.end_epoch)

    def _named(self, worker: Any) -> dict[str, Any]:
        """By what its state can be gone on with: other steps left out would deal the rest to the workers otherwise."""
        named = {"id": worker.id, "count": worker.num_workers}
        return {**named, "skip": [list(steps) for steps in self._slice.skip]} if self._slice.skip else named

    def _behind(self, consumed: Batch | Mapping[str, Any] | Position) -> Position:
        if isinstance(consumed, Position):
            return consumed
        if isinstance(consumed, Batch):
            of, behind = (consumed.plan_id, consumed.split), consumed.next_position
        else:
            of, behind = _dict_of(consumed)
        mine = (self._slice.plan_id, self._slice.split)
        # A validation loop's batch, most likely, whose variable has the same name.
        if any(its is not None and its != my for its, my in zip(of, mine, strict=True)):
            raise ValueError(f"the batch is of plan {of[0]}, split {of[1]!r}; the dataset of {mine[0]}, {mine[1]!r}")
        return behind


@dataclass(frozen=True)
class _Rest:
    """Of a process's iteration: the position of its next batch and the epoch before which it ends."""

    start: Position
    end_epoch: int


def _dict_of(batch: Mapping[str, Any]) -> tuple[tuple[Any, Any], Position]:
    """The plan and split, where they were kept, and the next position of a batch that is a dict."""
    try:
        epoch, step, batch_count = (int(batch[key]) for key in ("epoch", "step", "batch_count"))
        of = (batch.get("plan_id"), batch.get("split"))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        raise TypeError(
            "neither a Batch nor a dict with its epoch, step and batch_count; let the transform pass on "
            "batch.next_position, and give that"
        ) from None
    return of, Position(epoch + 1, 0) if step + 1 >= batch_count else Position(epoch, step + 1)


def dataset(
    address: str,
    *,
    plan: str,
    split: str = "train",
    rank: int | None = None,
    world_size: int | None = None,
    epochs: int | None = 1,
    start: Position | str | None = None,
    skip: Iterable[StepRange] = (),
    view: str | None = None,
    fields: Iterable[str] | None = None,
    labels: Labels | str | None = None,
    rating_one_hot: bool = False,
    prefetch: int = 2,
    encode_ahead: int = 1,
    transform: Callable[[Batch], Any] = to_tensors,
    pin_memory: bool = False,
    timeout_s: float = 120.0,
) -> BatchDataset:
    """An IterableDataset of transform(batch), by default dicts of tensors; see to_tensors.

    rank, world_size: by default those of torch.distributed, when it is initialized; else 0 of 1. prefetch: batches,
    for each worker, fetched ahead. encode_ahead: of a stream, which is how none or one worker reads; several ask for
    each batch by itself, prefetch of them at once. transform runs in the worker; with the start methods spawn and
    forkserver it must be picklable. pin_memory: to_tensors pins; for a dataset that is iterated without workers. The
    other arguments are Loader's. With labels the server is asked here what their vocabulary is, so that all workers
    have the same: the errors of an iteration may be raised.

    ValueError when the environment's WORLD_SIZE says that there are several ranks but torch.distributed is
    not initialized and no rank is given: every rank would then train on everything.
    """
    if pin_memory:
        if transform is not to_tensors:
            raise ValueError("pin_memory is to_tensors' own; a transform pins what it makes itself")
        if not torch.cuda.is_available():
            raise RuntimeError("pin_memory=True, but torch finds no accelerator to pin memory for")
        transform = functools.partial(to_tensors, pin_memory=True)
    if (rank is None) != (world_size is None):
        raise ValueError("give rank and world_size together, or neither")
    if rank is None or world_size is None:
        rank, world_size = _distributed_rank()
    return BatchDataset(
        address,
        plan=plan,
        split=split,
        rank=rank,
        world_size=world_size,
        epochs=epochs,
        start=start,
        skip=skip,
        content=content(view, fields, labels, rating_one_hot),
        prefetch=prefetch,
        encode_ahead=encode_ahead,
        transform=transform,
        timeout_s=timeout_s,
    )


def _distributed_rank() -> tuple[int, int]:
    distributed = torch.distributed
    if distributed.is_available() and distributed.is_initialized():
        return int(distributed.get_rank()), int(distributed.get_world_size())
    if os.environ.get("WORLD_SIZE", "1") != "1":
        raise ValueError(
            "WORLD_SIZE is set, but torch.distributed is not initialized: "
            "call init_process_group first, or give rank and world_size"
        )
    return 0, 1
