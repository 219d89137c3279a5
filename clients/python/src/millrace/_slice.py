"""What one rank reads of a split, and the state that a checkpoint keeps of it: for the loader and the torch dataset."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from typing import Any

from millrace import _rpc, _sequence, _skip
from millrace._connection import Connection
from millrace._content import Content
from millrace._position import Position
from millrace.errors import SplitNotFound
from millrace.reference.tokens import Token, make_token, parse_token
from millrace.v1 import plan_service_pb2
from millrace.v1 import vocabulary_service_pb2 as vocabularies

_STATE_VERSION = 1
_PLAN_ID_LENGTH = 64
# As StreamBatchesRequest.encode_ahead_count.
_ENCODE_AHEAD_MAX = 64


class Slice:
    """One rank's slice of a split's batches, as its reader named it. Makes no call before it is first asked
    for something that only the server knows. May be forked and pickled. Not thread-safe.

    ValueError at once for what no server needs to be asked about.
    """

    def __init__(
        self,
        address: str,
        *,
        plan: str,
        split: str,
        rank: int,
        world_size: int,
        content: Content,
        timeout_s: float,
        skip: Iterable[_skip.StepRange] = (),
    ) -> None:
        if world_size < 1 or not 0 <= rank < world_size:
            raise ValueError(f"rank must be in [0, world_size); rank {rank}, world_size {world_size}")
        self.connection = Connection(address)
        self.split = split
        self.timeout_s = timeout_s
        self.skip = _skip.checked(skip)
        self._plan = plan
        self._rank = rank
        self._world_size = world_size
        self._content = content
        self._sequence: _sequence.Sequence | None = None
        # The digest that a state's labels are by.
        self._vocabulary: str | None = None

    @property
    def has_labels(self) -> bool:
        return self._content.labels is not None

    @property
    def plan_id(self) -> str:
        """In full. Asks the server the first time, if only a prefix is known."""
        return self._plan if len(self._plan) == _PLAN_ID_LENGTH else self.described().plan_id

    def described(self) -> _sequence.Sequence:
        """Asks the server for the plan, and what labels are by, the first time. PlanNotFound; SplitNotFound;
        VocabularyNotFound; ValueError when the plan has not the steps that are to be left out, or when a state's labels
        are by another vocabulary."""
        if self._sequence is None:
            self._sequence = self._describe()
        return self._sequence

    def start(self, start: Position | str | None) -> Position:
        """Where to begin, given as a position, as a token or not at all. A plan that was given by a prefix is from
        now on the token's. ValueError when the token is damaged, or of another plan or split."""
        if start is None:
            return Position(0, 0)
        if isinstance(start, Position):
            # One less than the contract's last: behind it no epoch's end could be said.
            if not 0 <= start.epoch < _sequence.EPOCH_COUNT_MAX or start.step < 0:
                raise ValueError(f"no such position: {start}; epochs are read up to {_sequence.EPOCH_COUNT_MAX - 1}")
            return start
        if not isinstance(start, str):
            raise ValueError(f"start must be a Position or a token, not {start!r}")
        token = self._bound(start)
        self._plan = token.plan_id
        return Position(token.epoch, token.step)

    def state(self, position: Position) -> dict[str, Any]:
        """What a checkpoint keeps: small, plain values that do not depend on rank, world size or workers."""
        state = {
            "version": _STATE_VERSION,
            "plan_id": self.plan_id,
            "split": self.split,
            "epoch": position.epoch,
            "step": position.step,
            "token": make_token(self.plan_id, self.split, position.epoch, position.step),
        }
        return {**state, "vocabulary": self.described().vocabulary} if self.has_labels else state

    def resume(self, state: Mapping[str, Any]) -> Position:
        """Where the state goes on. Keys that are not known here are ignored, and a token may be missing: older
        states have none. A plan that was given by a prefix is from now on the state's.

        ValueError when it is of another plan or split, of a single DataLoader worker, or no state at all, and when
        its parts contradict one another. That its labels are by another vocabulary shows when the reader next asks the
        server.
        """
        if not isinstance(state, Mapping) or state.get("version") != _STATE_VERSION:
            raise ValueError(f"not a state_dict() of version {_STATE_VERSION}: {state!r}")
        if "worker" in state:
            raise ValueError(
                "the state is a single DataLoader worker's; only the same worker can go on with it. "
                "For another number of workers take dataset.state_dict(batch) in the training loop"
            )
        plan_id = state.get("plan_id")
        mine = self._plan if self._sequence is None else self._sequence.plan_id
        if not isinstance(plan_id, str) or len(plan_id) != _PLAN_ID_LENGTH or not plan_id.startswith(mine):
            raise ValueError(f"the state is of plan {plan_id!r}, not of {mine!r}: batches would be repeated or missed")
        if state.get("split") != self.split:
            raise ValueError(f"the state is of split {state.get('split')!r}, not of {self.split!r}")
        try:
            position = Position(operator.index(state["epoch"]), operator.index(state["step"]))
        except (KeyError, TypeError):
            raise ValueError(f"the state's epoch and step must be integers: {dict(state)!r}") from None
        if position.epoch < 0 or position.step < 0:
            raise ValueError(f"no such position: {position}")
        if "token" in state:
            token = self._bound(state["token"])
            at = Position(token.epoch, token.step)
            if (token.plan_id, at) != (plan_id, position):
                raise ValueError(
                    f"the state contradicts itself: plan {plan_id} at {position}, but its token says "
                    f"plan {token.plan_id} at {at}"
                )
        self._plan = plan_id
        if self.has_labels:
            wanted = state.get("vocabulary") or None
            if wanted != self._vocabulary and self._sequence is not None and self._sequence.vocabulary != wanted:
                self._sequence = None
            self._vocabulary = wanted
        return position

    def _bound(self, text: Any) -> Token:
        """The token, which must be one of this plan and split."""
        if not isinstance(text, str):
            raise ValueError(f"not a token: {text!r}")
        token = parse_token(text)
        mine = self._plan if self._sequence is None else self._sequence.plan_id
        if not token.plan_id.startswith(mine):
            raise ValueError(f"the token is of plan {token.plan_id}, not of {mine!r}")
        if token.split != self.split:
            raise ValueError(f"the token is of split {token.split!r}, not of {self.split!r}")
        return token

    def _describe(self) -> _sequence.Sequence:
        request = plan_service_pb2.GetPlanRequest(plan_id=self._plan)
        found = _rpc.call(self.connection, _rpc.GET_PLAN, request, timeout_s=self.timeout_s).plan
        for info in found.splits:
            if info.name == self.split:
                sequence = _sequence.Sequence(
                    found.id, self.split, info.batch_count, self._rank, self._world_size, self._resolved(), self.skip
                )
                _ = sequence.skips  # checks the ranges
                return sequence
        names = ", ".join(info.name for info in found.splits)
        raise SplitNotFound(
            f"plan {found.id[:12]} has no split {self.split!r}; it has {names}",
            code="NOT_FOUND",
            reason="SPLIT_NOT_FOUND",
        )

    def _resolved(self) -> Content:
        """The content with its vocabulary named by the digest."""
        labels = self._content.labels
        if labels is None:
            return self._content
        name, wanted = labels.vocabulary, self._vocabulary
        request = vocabularies.GetVocabularyRequest(vocabulary=name)
        found = _rpc.call(self.connection, _rpc.GET_VOCABULARY, request, timeout_s=self.timeout_s).vocabulary
        if wanted is None or found.digest == wanted:
            return self._content.with_vocabulary(found.digest)
        # A name whose newest version is another by now still means the state's to who goes on from it.
        if name == found.name:
            # Here, because few readers need it and it loads all the nouns.
            from millrace._vocabularies import Vocabularies

            versions = Vocabularies(self.connection, self.timeout_s).list(name=name)
            if any(version.digest == wanted for version in versions):
                return self._content.with_vocabulary(wanted)
        raise ValueError(
            f"the state's labels are by vocabulary {wanted}, but {name!r} is {found.digest}: labels would change their "
            f'meaning. Name the state\'s, or leave "vocabulary" out of the state if that is meant'
        )


def check_reading(epochs: int | None, prefetch: int, encode_ahead: int, timeout_s: float) -> None:
    """ValueError when no reader can read so."""
    if epochs is not None and (not isinstance(epochs, int) or epochs < 1):
        raise ValueError(f"epochs must be a whole number of at least 1, or None for no end; not {epochs!r}")
    if not isinstance(prefetch, int) or prefetch < 0:
        raise ValueError(f"prefetch must be a whole number and not negative; not {prefetch!r}")
    if not isinstance(encode_ahead, int) or not 1 <= encode_ahead <= _ENCODE_AHEAD_MAX:
        raise ValueError(f"encode_ahead must be a whole number of 1 to {_ENCODE_AHEAD_MAX}; not {encode_ahead!r}")
    if not timeout_s > 0:
        raise ValueError(f"timeout_s must be more than 0; not {timeout_s!r}")


def pass_end_epoch(epoch: int, origin_epoch: int, epochs: int | None) -> int:
    """The epoch before which the pass that holds `epoch` ends. Passes are `epochs` long and counted from
    `origin_epoch`, so that whoever takes over a state ends where the one that gave it would have."""
    if epochs is None:
        return _sequence.EPOCH_COUNT_MAX
    passed = (epoch - origin_epoch) // epochs
    return min(origin_epoch + (passed + 1) * epochs, _sequence.EPOCH_COUNT_MAX)
