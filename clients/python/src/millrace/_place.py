"""Where the next iteration of a torch dataset goes, known to its DataLoader workers as well."""

from __future__ import annotations

import torch

from millrace._position import Position
from millrace._sequence import EPOCH_COUNT_MAX
from millrace._slice import pass_end_epoch

_EPOCH, _STEP, _END_EPOCH, _IS_RESUMED, _IN_WORKERS = range(5)


class Place:
    """Where the next iteration begins, and the epoch before which it ends: in memory that workers of every
    start method share, so that also those that persist between epochs see it move.

    Moved by the training process only; workers read it and say that they have begun.
    """

    def __init__(self, start: Position, epochs: int | None) -> None:
        self._epochs = epochs
        self._numbers = torch.zeros(5, dtype=torch.int64).share_memory_()
        self.begin_at(start)

    @property
    def start(self) -> Position:
        return Position(int(self._numbers[_EPOCH]), int(self._numbers[_STEP]))

    @property
    def end_epoch(self) -> int:
        return int(self._numbers[_END_EPOCH])

    @property
    def in_workers(self) -> bool:
        """Whether the latest iteration runs in workers, where the training process does not see how far it is."""
        return bool(self._numbers[_IN_WORKERS])

    @in_workers.setter
    def in_workers(self, value: bool) -> None:
        self._numbers[_IN_WORKERS] = value

    def begin_at(self, start: Position) -> None:
        """A pass of its own, that begins at `start`."""
        self._move(start, self._pass_end(start.epoch), is_resumed=False)

    def begin_epoch(self, epoch: int) -> None:
        """The pass that begins with `epoch`; what is left of it, when a resumed place is in it or at its end."""
        start, end_epoch = self.start, self._pass_end(epoch)
        is_resumed = bool(self._numbers[_IS_RESUMED])
        if is_resumed and Position(epoch, 0) <= start <= Position(end_epoch, 0):
            self._move(start, end_epoch, is_resumed=True)
        else:
            self._move(start if start.epoch == epoch else Position(epoch, 0), end_epoch, is_resumed=False)

    def resume_at(self, start: Position) -> None:
        """What is left of the pass that holds `start`, when passes follow on one another as they do now."""
        origin_epoch = 0 if self._epochs is None else self.end_epoch - self._epochs
        self._move(start, pass_end_epoch(start.epoch, origin_epoch, self._epochs), is_resumed=True)

    def _pass_end(self, epoch: int) -> int:
        return pass_end_epoch(epoch, epoch, self._epochs)

    def _move(self, start: Position, end_epoch: int, *, is_resumed: bool) -> None:
        if not 0 <= start.epoch <= EPOCH_COUNT_MAX or start.step < 0:
            raise ValueError(f"no such position: {start}")
        numbers = [start.epoch, start.step, end_epoch, int(is_resumed), 0]
        self._numbers.copy_(torch.tensor(numbers, dtype=torch.int64))
