"""What the groups of a client's methods have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from google.protobuf.message import Message

from millrace import _rpc
from millrace._connection import Connection
from millrace.errors import ServerOutdated
from millrace.v1 import post_pb2 as posts

_Request = TypeVar("_Request", bound=Message)
_Response = TypeVar("_Response", bound=Message)
_Item = TypeVar("_Item")


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

    def _pages(
        self,
        method: _rpc.Method[_Request, _Response],
        request: _Request,
        items: Callable[[_Response], Iterable[_Item]],
    ) -> Iterator[_Item]:
        """What `items` finds on each page of a listing; a page is asked for when it is needed."""
        # Requests and responses of listings have these fields, by convention.
        asked: Any = request
        while True:
            page: Any = self._call(method, request)
            yield from items(page)
            asked.page_token = page.next_page_token
            if not asked.page_token:
                return


def check_reading(asked: int, followed: int, did: str) -> None:
    """ServerOutdated when a server did something ("made plan ab12") by another reading of tags than was asked for: one
    of before there were readings passes the field over. Both are numbers of TagReading."""
    if asked == posts.TAG_READING_APPLIED and followed != asked:
        raise ServerOutdated(
            f"the server is too old to apply aliases and implications: it {did} by tags as said; update it, or "
            'leave tags="applied" out',
            code="UNIMPLEMENTED",
        )


def scope(dataset: str | None, snapshot: str | None) -> dict[str, Any]:
    """The one of the two that is given, as a request takes it. ValueError for both and for none."""
    if (dataset is None) == (snapshot is None):
        raise ValueError("name either a dataset or a snapshot")
    return {"dataset": dataset} if dataset is not None else {"snapshot": snapshot}
