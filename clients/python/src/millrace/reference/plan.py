"""Plans and their batches: sections 2.2, 6 and 7 put together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from millrace.reference.keys import EPOCH_MAX
from millrace.reference.orders import Block, Mixed, Order, Permuted, PermutedBatches, Place, Sequential, Weighted
from millrace.reference.posts import Post, Snapshot, Tag
from millrace.reference.query import Query
from millrace.reference.relations import Relations
from millrace.reference.spec import SIZE_MAX, Spec, check_spec, plan_id
from millrace.reference.splits import Elements, members_of
from millrace.reference.tokens import Token, make_token, parse_token
from millrace.reference.weights import Weights

_WORLD_SIZE_MAX = 65_536


class Split(NamedTuple):
    """sample_count, batch_count: of an epoch."""

    name: str
    member_count: int
    sample_count: int
    batch_count: int


class Batch(NamedTuple):
    """A rank's slice of a global batch. padding_count: how many of its last rows are repeats."""

    rows: list[int]
    global_sample_count: int
    global_offset: int
    padding_count: int


class Plan:
    """A plan over a snapshot's posts, in ascending order of id.

    When the plan looks at no post (no query, no unit, strategies exact and partitioned, no weights and no mix),
    their number will do. relations: the snapshot's active aliases and implications; None when it holds none. Raises
    ValueError when the plan is not one of version 1, or does not fit the posts.
    """

    def __init__(self, spec: dict[str, Any], posts: Sequence[Post] | int, relations: Relations | None = None) -> None:
        check_spec(spec)
        self.spec: Spec = spec
        self.id = plan_id(spec)
        self._snapshot = Snapshot(posts, relations, is_applied="tags" in spec)
        self.rows = self._selection()
        if not 1 <= len(self.rows) <= SIZE_MAX:
            raise ValueError(f"the selection has {len(self.rows)} posts, and must have from 1 to 2^40")
        self.members = members_of(spec, self._snapshot, self.rows)
        self._orders = [self._order(split, self.members[k]) for k, split in enumerate(spec["splits"])]
        self._last_epoch: tuple[int, int, Place] | None = None
        self._names: list[str] = [split["name"] for split in spec["splits"]]

    @property
    def splits(self) -> list[Split]:
        return [
            Split(name, len(members), order.sample_count, self._batch_count(order.sample_count))
            for name, members, order in zip(self._names, self.members, self._orders, strict=True)
        ]

    @property
    def unassigned_count(self) -> int:
        """Selected posts that are in no split."""
        return len(self.rows) - sum(map(len, self.members))

    def batch(self, split: str, epoch: int, step: int, rank: int = 0, world_size: int = 1) -> Batch:
        """Raises ValueError when there is no such split, epoch, step or rank."""
        k = self._number(split)
        samples = self._orders[k].sample_count
        if not 0 <= epoch <= EPOCH_MAX or not 0 <= step < self._batch_count(samples):
            raise ValueError(f"{split} has no step {step} in epoch {epoch}")
        if not 1 <= world_size <= _WORLD_SIZE_MAX or not 0 <= rank < world_size:
            raise ValueError(f"there is no rank {rank} in a world of {world_size}")
        start = step * self.spec["batch_size"]
        size = self.spec["batch_size"]
        if self.spec["last_batch"] != "pad":
            size = min(size, samples - start)
        offset, end = size * rank // world_size, size * (rank + 1) // world_size
        numbers = range(start + offset, start + end)
        x = self._epoch(k, epoch)
        rows = [self.rows[self.members[k][x(i % samples)]] for i in numbers]
        return Batch(rows, size, offset, sum(i >= samples for i in numbers))

    def tags(self, row: int) -> list[Tag]:
        """Those that the row's post has in batches, by ascending id: as it said them, or with relations applied."""
        return sorted(self._snapshot.posts[row].tags, key=lambda tag: tag.id)

    def alias_class(self, name: str) -> list[Tag]:
        """The tags that posts said and that are one with `name` by aliases; none where tags are read as said."""
        return self._snapshot.alias_class(name)

    def tag_counts(self) -> list[tuple[int, int]]:
        """The tags that posts have so, as (id, number of posts), in the order of a vocabulary made of them: most posts
        first, then by ascending id."""
        return sorted(self._snapshot.post_counts.items(), key=lambda entry: (-entry[1], entry[0]))

    def token(self, split: str, epoch: int, step: int) -> str:
        """`step` may be the number of steps: the position behind the epoch's last batch."""
        self._check_position(split, epoch, step)
        return make_token(self.id, split, epoch, step)

    def parse_token(self, text: str, split: str) -> Token:
        """Raises ValueError unless it is a token of this plan and split."""
        token = parse_token(text)
        if token.plan_id != self.id:
            raise ValueError(f"the token is one of plan {token.plan_id}, not of {self.id}")
        if token.split != split:
            raise ValueError(f"the token is one of split {token.split}, not of {split}")
        self._check_position(split, token.epoch, token.step)
        return token

    def _check_position(self, split: str, epoch: int, step: int) -> None:
        steps = self._batch_count(self._orders[self._number(split)].sample_count)
        if not 0 <= epoch <= EPOCH_MAX or not 0 <= step <= steps:
            raise ValueError(f"{split} has no position ({epoch}, {step}): an epoch has {steps} steps")

    def _number(self, split: str) -> int:
        if split not in self._names:
            raise ValueError(f"no split is named {split!r}; there are {', '.join(self._names)}")
        return self._names.index(split)

    def _batch_count(self, sample_count: int) -> int:
        whole, rest = divmod(sample_count, int(self.spec["batch_size"]))
        return whole + (rest > 0 and self.spec["last_batch"] != "drop")

    def _epoch(self, k: int, epoch: int) -> Place:
        """The order's epoch; the last one is kept, because some take time to begin."""
        if self._last_epoch is None or self._last_epoch[:2] != (k, epoch):
            self._last_epoch = k, epoch, self._orders[k].epoch(epoch)
        return self._last_epoch[2]

    def _selection(self) -> Sequence[int]:
        if "query" not in self.spec:
            return range(self._snapshot.size)
        matches = Query(self.spec["query"]).on(self._snapshot)
        return [row for row, post in enumerate(self._snapshot.posts) if matches(post)]

    def _order(self, split: Spec, members: Elements) -> Order:
        seed, name, count = int(self.spec["seed"]), split["name"], len(members)
        kind = split["order"]
        if kind == "sequential":
            return Sequential(count)
        if kind == "block":
            return Block(count, split["block_rows"], split["window_blocks"], seed, name)
        if kind == "weighted":
            weights = Weights(self.spec["weights"], self._snapshot)
            return Weighted([weights.of(post) for post in self._posts(members)], self.spec["weights"], seed, name)
        if kind == "mixed":
            return Mixed(self._parts(members), self.spec["mix"], seed, name)
        if self.spec["strategy"] == "partitioned":
            return PermutedBatches(count, self.spec["batch_size"], seed, name, fixed=kind == "fixed")
        return Permuted(count, seed, name, fixed=kind == "fixed")

    def _posts(self, members: Elements) -> list[Post]:
        return [self._snapshot.posts[self.rows[members[x]]] for x in range(len(members))]

    def _parts(self, members: Elements) -> list[int | None]:
        queries = [Query(part["query"]).on(self._snapshot) for part in self.spec["mix"]["parts"]]
        return [
            next((number for number, matches in enumerate(queries) if matches(post)), None)
            for post in self._posts(members)
        ]
