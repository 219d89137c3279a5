"""Sources: boards that datasets are refreshed from."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from datetime import timedelta

import grpc
from google.protobuf.duration_pb2 import Duration

from millrace import _convert, _rpc, errors, types
from millrace._enums import EnumNames
from millrace._part import Part
from millrace.v1 import source_service_pb2 as sources

BOARD_KIND = EnumNames(sources.BoardKind, "BOARD_KIND_")
REFRESH_STATE = EnumNames(sources.RefreshState, "REFRESH_STATE_")
REFRESH_TRIGGER = EnumNames(sources.RefreshTrigger, "REFRESH_TRIGGER_")


class Sources(Part):
    """Sources, each with a name (docs/sources.md)."""

    def create(
        self,
        name: str,
        *,
        dataset: str,
        kind: str,
        address: str,
        query: str = "",
        page_size: int = 0,
        interval: timedelta | None = None,
        snapshot_after_refresh: bool = False,
        mark_missing: bool = False,
        with_relations: bool = False,
        follow_changes: bool = False,
        login: str = "",
        api_key: str = "",
        position: int = 0,
    ) -> types.Source:
        """Makes a source; the same again gives the same one.

        kind: "danbooru", "e621", "moebooru" or "gelbooru". address: the board's root, "https://board.example". query:
        in the board's own language; empty for all posts. page_size: 0 for the kind's own. interval: from a minute on;
        None: refresh only when asked for. mark_missing: mark posts as deleted that a page should show and does not;
        only without a query, and for a dataset that this board alone feeds. with_relations: refresh aliases and
        implications of tags, too, of Danbooru and e621. follow_changes: fetch posts that the board changed, too, from
        the first refresh on, of Danbooru, e621 and Gelbooru. position: begin behind this post id.

        SourceExists; InvalidRequest; ValueError for a kind that there is not.
        """
        request = sources.CreateSourceRequest(
            name=name,
            dataset=dataset,
            kind=BOARD_KIND.number(kind, "kind"),
            address=address,
            query=query,
            page_size=page_size,
            interval=None if interval is None else _duration(interval),
            snapshot_after_refresh=snapshot_after_refresh,
            mark_missing=mark_missing,
            with_relations=with_relations,
            follow_changes=follow_changes,
            login=login,
            api_key=api_key,
            position=position,
        )
        return _source(self._call(_rpc.CREATE_SOURCE, request).source)

    def get(self, name: str) -> types.Source:
        """SourceNotFound."""
        return _source(self._call(_rpc.GET_SOURCE, sources.GetSourceRequest(name=name)).source)

    def list(self, *, page_size: int = 1000) -> Iterator[types.Source]:
        """By name. Pages as it goes."""
        request = sources.ListSourcesRequest(page_size=page_size)
        return self._pages(_rpc.LIST_SOURCES, request, lambda page: map(_source, page.sources))

    def update(
        self,
        name: str,
        *,
        address: str | None = None,
        query: str | None = None,
        page_size: int | None = None,
        interval: timedelta | None = None,
        snapshot_after_refresh: bool | None = None,
        mark_missing: bool | None = None,
        with_relations: bool | None = None,
        follow_changes: bool | None = None,
        login: str | None = None,
        api_key: str | None = None,
        position: int | None = None,
    ) -> types.Source:
        """Changes what is given. interval: timedelta(0) for refreshes only when asked for. position: 0 walks the whole
        board again, to find what was changed.

        SourceNotFound; RefreshRunning when the position or follow_changes is to be set meanwhile; InvalidRequest.
        """
        request = sources.UpdateSourceRequest(
            name=name,
            address=address,
            query=query,
            page_size=page_size,
            interval=None if interval is None else _duration(interval),
            snapshot_after_refresh=snapshot_after_refresh,
            mark_missing=mark_missing,
            with_relations=with_relations,
            follow_changes=follow_changes,
            login=login,
            api_key=api_key,
            position=position,
        )
        return _source(self._call(_rpc.UPDATE_SOURCE, request).source)

    def delete(self, name: str, *, allow_missing: bool = False) -> None:
        """Deletes the source and the history of its refreshes; the dataset stays. SourceNotFound unless
        allow_missing."""
        self._call(_rpc.DELETE_SOURCE, sources.DeleteSourceRequest(name=name, allow_missing=allow_missing))

    def refresh(
        self,
        name: str,
        *,
        max_page_count: int = 0,
        on_page: Callable[[types.RefreshPage], None] | None = None,
        on_wait: Callable[[types.RefreshWait], None] | None = None,
        timeout_s: float | None = None,
    ) -> types.RefreshRun:
        """Refreshes a source and waits for it: up to the board's end, or for max_page_count pages. on_page hears of
        each page, on_wait of each pause before the board is asked again. What the run came to is its `state`: one that
        is "failed" keeps what it has committed, and the next one continues there. Its `snapshot_error` says why there
        is no snapshot although the source asks for one.
        timeout_s, or an exception from on_page or on_wait, stops the refresh.

        SourceNotFound; FetchDisabled; RefreshRunning; Unavailable; errors.Error with the code DEADLINE_EXCEEDED.
        """
        request = sources.RefreshSourceRequest(name=name, max_page_count=max_page_count)
        request_id = _rpc.new_request_id()
        run: types.RefreshRun | None = None
        with self._connection.busy() as channel:
            call = _rpc.stream_stub(channel, _rpc.REFRESH_SOURCE)(
                request, timeout=timeout_s, metadata=_rpc.metadata(request_id)
            )
        opened = _rpc.ServerStream(self._connection, call)
        try:
            while (message := opened.next()) is not None:
                response = _rpc.parsed(_rpc.REFRESH_SOURCE, message, request_id)
                if response.HasField("run"):
                    snapshot_error = response.snapshot_error.message if response.HasField("snapshot_error") else None
                    run = dataclasses.replace(_run(response.run), snapshot_error=snapshot_error)
                elif response.HasField("page") and on_page is not None:
                    on_page(_page(response.page))
                elif response.HasField("wait") and on_wait is not None:
                    on_wait(types.RefreshWait(response.wait.wait.ToTimedelta(), response.wait.error.message))
        except grpc.RpcError as rpc_error:
            raise errors.from_rpc_error(rpc_error, request_id=request_id) from None
        finally:
            opened.end()
        if run is None:
            raise errors.Unavailable("the refresh ended without telling what became of it", code="UNKNOWN")
        return run

    def runs(self, name: str = "", *, page_size: int = 1000) -> Iterator[types.RefreshRun]:
        """Refreshes, newest first; of one source, or of all. Pages as it goes. SourceNotFound."""
        request = sources.ListRefreshRunsRequest(source=name, page_size=page_size)
        return self._pages(_rpc.LIST_REFRESH_RUNS, request, lambda page: map(_run, page.runs))


def _duration(interval: timedelta) -> Duration:
    duration = Duration()
    duration.FromTimedelta(interval)
    return duration


def _source(message: sources.Source) -> types.Source:
    return types.Source(
        name=message.name,
        dataset=message.dataset,
        kind=BOARD_KIND.name(message.kind),
        address=message.address,
        query=message.query,
        page_size=message.page_size,
        interval=message.interval.ToTimedelta() if message.HasField("interval") else None,
        snapshot_after_refresh=message.snapshot_after_refresh,
        mark_missing=message.mark_missing,
        with_relations=message.with_relations,
        follow_changes=message.follow_changes,
        has_credentials=message.has_credentials,
        position=message.position,
        change_position=message.change_position,
        failed_page_count=message.failed_page_count,
        created_at=_convert.time(message, "created_at"),
        updated_at=_convert.time(message, "updated_at"),
        last_refresh_ended_at=_convert.time(message, "last_refresh_ended_at"),
    )


def _counts(message: sources.RefreshCounts) -> types.RefreshCounts:
    return types.RefreshCounts(
        pages=message.page_count,
        new=message.new_post_count,
        updated=message.updated_post_count,
        unchanged=message.unchanged_post_count,
        failed=message.failed_post_count,
        missing=message.missing_post_count,
        failed_pages=message.failed_page_count,
        bytes=message.byte_count,
        lookup_requests=message.lookup_request_count,
        told_tags=message.told_tag_count,
    )


def _page(message: sources.RefreshPage) -> types.RefreshPage:
    return types.RefreshPage(
        counts=_counts(message.counts),
        total=_counts(message.total),
        after_id=message.after_id,
        position=message.position,
        is_retry=message.is_retry,
        by_change=message.by_change,
        error=message.error.message if message.HasField("error") else None,
    )


def _run(message: sources.RefreshRun) -> types.RefreshRun:
    return types.RefreshRun(
        source=message.source,
        id=message.id,
        state=REFRESH_STATE.name(message.state),
        trigger=REFRESH_TRIGGER.name(message.trigger),
        started_at=_convert.time(message, "started_at"),
        ended_at=_convert.time(message, "ended_at"),
        first_position=message.first_position,
        last_position=message.last_position,
        counts=_counts(message.counts),
        snapshot=message.snapshot or None,
        error_reason=message.error_reason or None,
        error=message.error_message or None,
        warning=message.warning or None,
    )
