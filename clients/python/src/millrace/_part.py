"""What the groups of a client's methods have in common."""

from __future__ import annotations

from typing import Any, TypeVar

from google.protobuf.message import Message

from millrace import _rpc
from millrace._connection import Connection

_Request = TypeVar("_Request", bound=Message)
_Response = TypeVar("_Response", bound=Message)


class Part:
    """A group of methods: its connection, and how it calls."""

    def __init__(self, connection: Connection, timeout_s: float) -> None:
        self._connection = connection
        self._timeout_s = timeout_s

    def _call(
        self,
        method: _rpc.Method[_Request, _Response],
        request: _Request,
        timeout_s: float | None = None,
    ) -> _Response:
        return _rpc.call(self._connection, method, request, timeout_s=timeout_s or self._timeout_s)


def scope(dataset: str | None, snapshot: str | None) -> dict[str, Any]:
    """The one of the two that is given, as a request takes it. ValueError for both and for none."""
    if (dataset is None) == (snapshot is None):
        raise ValueError("name either a dataset or a snapshot")
    return {"dataset": dataset} if dataset is not None else {"snapshot": snapshot}
