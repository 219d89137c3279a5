"""Batches of columns: numpy arrays over the bytes that the server sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from millrace._wire import ALIGNMENT_BYTES, Uint8Array
from millrace.batch import Batch, BoolArray, Int64Array, TagLists
from millrace.errors import SequenceBroken
from millrace.v1 import loader_service_pb2 as pb

if TYPE_CHECKING:
    from millrace.types import Post

_DTYPES: dict[int, np.dtype[Any]] = {
    pb.DATA_TYPE_UINT8: np.dtype(np.uint8),
    pb.DATA_TYPE_INT32: np.dtype("<i4"),
    pb.DATA_TYPE_INT64: np.dtype("<i8"),
}


class ColumnBatch(Batch):
    """One rank's slice of one step as columns: B samples, in order.

    batch["NAME"] is a column by the name that docs/batch-format.md gives it ("width_px", "tags.values", ...), a view of
    the bytes that were received: no copy is made, and none of a column that is not looked at. The bytes are this
    batch's own, so its arrays may be written to. post_ids, rows, mask: as in every Batch. Pickles as its bytes.
    """

    def __init__(self, message: pb.Batch, body: Uint8Array) -> None:
        super().__init__(message, has_posts=False)
        self._body = body
        # Not cached_property, whose lock costs as much as a column.
        self._made: dict[str, npt.NDArray[Any] | pb.Column] | None = None

    @property
    def _by_name(self) -> dict[str, npt.NDArray[Any] | pb.Column]:
        """The columns, or what the head says of those that cannot be made."""
        if self._made is None:
            self._made = self._make()
        return self._made

    def _make(self) -> dict[str, npt.NDArray[Any] | pb.Column]:
        """All columns at once, which takes less than one after another: each behind the one before, aligned, and within
        the body."""
        by_name: dict[str, npt.NDArray[Any] | pb.Column] = {}
        body, end = self._body, 0
        for column in self._message.columns:
            name, begin, size_bytes = column.name, column.offset_bytes, column.size_bytes
            if begin < end or begin % ALIGNMENT_BYTES or size_bytes < 0 or name in by_name:
                raise SequenceBroken(f"column {name} does not fit its batch: {column}")
            end = begin + size_bytes
            shape = column.shape
            try:
                # numpy checks that the elements end within the body.
                size = shape[0] if len(shape) == 1 else tuple(shape)
                array: npt.NDArray[Any] = np.ndarray(size, _DTYPES[column.data_type], body, begin)
                by_name[name] = array if array.nbytes == size_bytes else column
            except (KeyError, TypeError, ValueError):
                by_name[name] = column
        if end > len(body):
            raise SequenceBroken(f"the columns end at byte {end} of a body of {len(body)}")
        return by_name

    def __len__(self) -> int:
        """Samples, padding included."""
        return len(self["id"])

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        """The column: uint8, int32 or int64, of the shape that the format says. KeyError when the batch has none of
        that name, because it was not asked for."""
        column = self._by_name.get(name)
        if isinstance(column, np.ndarray):
            return column
        if column is None:
            raise KeyError(f"{name}; the batch has {', '.join(self._by_name)}")
        raise SequenceBroken(f"column {name} does not fit its batch: {column}")

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    @property
    def columns(self) -> Mapping[str, npt.NDArray[Any]]:
        """All columns by name."""
        return _Columns(self)

    @property
    def post_ids(self) -> Int64Array:
        return self["id"]

    @property
    def rows(self) -> Int64Array:
        return self._a_post("row")

    def _a_post(self, name: str) -> npt.NDArray[Any]:
        """A column with an element for each post, and so as long as there are posts."""
        if len(column := self[name]) != len(self):
            raise SequenceBroken(f"column {name} is of {len(column)} posts, not {len(self)}")
        return column

    def present(self, field: str) -> BoolArray:
        """bool [B]: which posts have a number ("width_px", "md5", ...). Where False, the column holds 0."""
        if f"{field}.presence" not in self:
            _ = self[field]  # asked for at all
            return np.ones(len(self), np.bool_)
        return np.unpackbits(self[f"{field}.presence"], count=len(self), bitorder="little").view(np.bool_)

    def lists(self, field: str) -> TagLists:
        """A list a post, end to end ("tags", "tag_indexes", "pools", "favorite_user_ids", "labels"): values int64 or
        int32 [N], offsets int32 [B + 1]."""
        values, offsets = self[f"{field}.values"], self[f"{field}.offsets"]
        _check_offsets(field, offsets, len(values))
        return TagLists(values, offsets)

    def texts(self, field: str) -> list[str | None]:
        """A text a post ("source", "file_ext", "location", "extra_json"); None where it has none. Makes B strings."""
        offsets, data = self[f"{field}.offsets"], self[f"{field}.bytes"].tobytes()
        _check_offsets(field, offsets, len(data))
        return [data[a:b].decode() if a < b else None for a, b in pairwise(offsets.tolist())]

    @cached_property
    def tags(self) -> TagLists:
        """values int64 [T], offsets int32 [B + 1]. KeyError unless `tags` was among the fields."""
        return self.lists("tags")

    @cached_property
    def labels(self) -> TagLists | Uint8Array:
        """By the encoding that was asked for: lists (values int32 [N], offsets int32 [B + 1]); "dense": uint8
        [B, label_count]; "bits": uint8 [B, ceil(label_count / 8)], label L being bit L % 8 of byte L // 8."""
        for name in ("labels.dense", "labels.bits"):
            if name in self:
                return self[name]
        return self.lists("labels")

    @property
    def vocabulary(self) -> str:
        """The digest of the vocabulary that the labels are by; empty without labels."""
        return self._message.vocabulary

    @property
    def label_count(self) -> int:
        return self._message.label_count

    @property
    def posts(self) -> tuple[Post, ...]:
        """Raises ValueError: columns hold no posts."""
        raise ValueError("the batch holds columns; ask for view='posts'")

    def __reduce__(self) -> tuple[Any, ...]:
        return (_unpickle, (self._message.SerializeToString(), self._body.tobytes()))


def _check_offsets(field: str, offsets: npt.NDArray[Any], size: int) -> None:
    """SequenceBroken unless they begin with 0, never fall and end with `size`."""
    # item(), because numpy's own numbers take a microsecond to compare.
    if len(offsets) == 0 or offsets.item(0) != 0 or offsets.item(-1) != size or (offsets[1:] < offsets[:-1]).any():
        raise SequenceBroken(f"the offsets of {field} do not fit what they divide, {size} long")


class _Columns(Mapping[str, npt.NDArray[Any]]):
    def __init__(self, batch: ColumnBatch) -> None:
        self._batch = batch

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        return self._batch[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._batch._by_name)

    def __len__(self) -> int:
        return len(self._batch._by_name)


def _unpickle(head: bytes, body: bytes) -> ColumnBatch:
    return ColumnBatch(pb.Batch.FromString(head), np.frombuffer(bytearray(body), np.uint8))
