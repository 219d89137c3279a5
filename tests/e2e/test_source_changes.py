"""Sources that follow changes, over a real server and real HTTP.

Method: a board that lists posts by change as the three kinds do that document it, and changes while it is read.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest

import millrace
from boards import Answer, BoardPost, FaultyBoard
from server_process import ServerProcess, StartServer
from test_cli import run
from test_sources import FLAGS, make_source

KINDS = ("danbooru", "e621", "gelbooru")
DAY_S = 86_400


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("server") / "data", *FLAGS) as process:
        yield process
        assert process.stop() == 0


class ChangingBoard(FaultyBoard):
    """Whose posts can be edited."""

    def __init__(self, kind: str = "danbooru", post_count: int = 60) -> None:
        super().__init__(page_size=10, kind=kind)
        self._last_change = 0
        self.posts = [BoardPost(id=number, change=self._next()) for number in range(1, post_count + 1)]

    def _next(self) -> int:
        # Further than what walks look at twice.
        self._last_change += 400
        return self._last_change

    def edit(self, *ids: int, **fields: object) -> None:
        for post_id in ids:
            at = next(i for i, post in enumerate(self.posts) if post.id == post_id)
            before = self.posts[at]
            score = before.score + 1
            self.posts[at] = replace(before, score=score, change=self._next(), **fields)  # type: ignore[arg-type]

    def let_time_pass(self) -> None:
        """What is edited from now on is far from what was before."""
        self._last_change += DAY_S


@pytest.fixture
def boards() -> Iterator[list[ChangingBoard]]:
    made: list[ChangingBoard] = []
    yield made
    for board in made:
        board.close()


def stale(client: millrace.Client, dataset: str, board: FaultyBoard) -> list[int]:
    """Ids of posts that the dataset has otherwise than the board."""
    held = {post.id: (post.score, post.flags.is_deleted) for post in client.posts.list(dataset=dataset)}
    return [post.id for post in board.posts if held.get(post.id) != (post.score, post.is_deleted)]


def follow(client: millrace.Client, board: ChangingBoard, name: str) -> millrace.RefreshRun:
    client.sources.create(name, dataset=name, kind=board.kind, address=board.address, page_size=10, follow_changes=True)
    first = client.sources.refresh(name)
    assert (first.state, first.counts.new) == ("done", len(board.posts))
    board.let_time_pass()
    board.requests.clear()
    board.change_requests.clear()
    return first


@pytest.mark.parametrize("kind", KINDS)
def test_edits_and_deletions_of_old_posts_are_found(
    client: millrace.Client, boards: list[ChangingBoard], kind: str
) -> None:
    board = ChangingBoard(kind)
    boards.append(board)
    name = f"changes-{kind}"
    follow(client, board, name)
    source = client.sources.get(name)
    assert source.follow_changes and source.change_position > 0
    board.edit(3, tags=(("tree", "general"),))
    board.edit(31, is_deleted=True)
    pages: list[millrace.RefreshPage] = []
    done = client.sources.refresh(name, on_page=pages.append)
    assert (done.state, done.counts.updated, done.warning) == ("done", 2, None)
    assert stale(client, name, board) == []
    assert client.posts.get(31, dataset=name).flags.is_deleted is True
    assert [tag.name for tag in client.posts.get(3, dataset=name).tags] == ["tree"]
    assert all(page.by_change for page in pages) and pages[-1].position == 60
    assert client.sources.get(name).position == 60
    # The list by id is asked once, that of changes twice at most: nothing is walked again.
    assert len(board.requests) == 1
    assert len(board.change_requests) <= 2
    assert client.sources.get(name).change_position > source.change_position
    # Nothing is new: one look at each list.
    board.change_requests.clear()
    assert client.sources.refresh(name).counts.updated == 0
    assert len(board.change_requests) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_board_that_changes_between_two_pages_hides_nothing(
    client: millrace.Client, boards: list[ChangingBoard], kind: str
) -> None:
    board = ChangingBoard(kind)
    boards.append(board)
    name = f"moving-{kind}"
    follow(client, board, name)
    board.edit(*range(1, 46))

    def change(number: int) -> None:
        if number == 2:  # the last of the list comes to its top
            board.edit(1)
        if number == 3:  # and what was seen goes, so that all below moves up
            board.posts = [post for post in board.posts if not 36 <= post.id <= 40]
        if number == 4:
            board.edit(20, 44)

    board.on_change_request = change
    assert client.sources.refresh(name).state == "done"
    assert set(stale(client, name, board)) <= {1, 20, 44}
    board.on_change_request = None
    assert client.sources.refresh(name).state == "done"
    assert stale(client, name, board) == []


@pytest.mark.parametrize("kind", ["danbooru", "e621"])
def test_a_walk_whose_server_is_killed_goes_on(
    start_server: StartServer, boards: list[ChangingBoard], kind: str
) -> None:
    board = ChangingBoard(kind, post_count=400)
    boards.append(board)
    process = start_server("killed", *FLAGS[:2], "--fetch-interval", "30ms")
    with millrace.connect(process.address) as client:
        follow(client, board, "walk")
        board.edit(*range(1, 381))
        board.change_requests.clear()
        seen = 0

        def kill(page: millrace.RefreshPage) -> None:
            nonlocal seen
            seen += page.by_change
            if seen == 8:
                process.kill()

        with pytest.raises(millrace.Error):
            client.sources.refresh("walk", on_page=kill)
    process = start_server("killed", *FLAGS)
    with millrace.connect(process.address) as client:
        left = len(stale(client, "walk", board))
        assert 0 < left < 380
        second_page = board.change_requests[1][1]
        board.change_requests.clear()
        board.edit(399)
        resumed = client.sources.refresh("walk")
        assert resumed.state == "done"
        # Behind a look at the top it goes on where it was.
        assert board.change_requests[1][1] != second_page
        assert left <= resumed.counts.updated <= left + 1
        assert client.sources.refresh("walk").state == "done"
        assert stale(client, "walk", board) == []


def test_a_page_of_changes_is_asked_for_as_politely_as_others(
    start_server: StartServer, boards: list[ChangingBoard]
) -> None:
    board = ChangingBoard()
    boards.append(board)
    process = start_server("polite", *FLAGS[:2], "--fetch-interval", "200ms")
    with millrace.connect(process.address) as client:
        follow(client, board, "polite")
        board.edit(*range(1, 31))
        board.change_faults = [Answer(status=429, headers={"Retry-After": "2"})]
        assert client.sources.refresh("polite").counts.updated == 30
        times = [when for when, _ in board.change_requests]
        assert 1.9 < times[1] - times[0] < 6
        # As they arrive: on a busy machine one may be late, and the next one is not.
        assert all(later - earlier > 0.1 for earlier, later in itertools.pairwise(times))

        # What fails three times fails the refresh, and is the next one's.
        board.edit(5)
        board.change_faults = [Answer(status=500), Answer(body=b"<html>"), Answer(status=502)]
        failed = client.sources.refresh("polite")
        assert (failed.state, failed.error_reason, failed.counts.failed_pages) == ("failed", "FETCH_FAILED", 1)
        assert stale(client, "polite", board) == [5]
        assert client.sources.refresh("polite").state == "done"
        assert stale(client, "polite", board) == []


def test_boards_that_document_no_order_by_change_are_refused(client: millrace.Client) -> None:
    with pytest.raises(millrace.InvalidRequest, match="follow_changes"):
        client.sources.create(
            "no-order", dataset="no-order", kind="moebooru", address="http://127.0.0.1:1", follow_changes=True
        )


def test_following_is_switched_on_and_off(
    server: ServerProcess, client: millrace.Client, boards: list[ChangingBoard]
) -> None:
    board = ChangingBoard()
    boards.append(board)
    make_source(client, board, "switch")
    client.sources.refresh("switch")
    assert board.change_requests == []
    board.let_time_pass()
    board.edit(1, *range(41, 61))
    shown = run(server.address, "source", "update", "switch", "--follow-changes").stdout
    assert b"follow changes" in shown
    # From now on, but for the newest page: what was changed before is found by walking again.
    client.sources.refresh("switch")
    before = stale(client, "switch", board)
    assert 1 in before
    board.let_time_pass()
    board.edit(2)
    assert b"updated" in run(server.address, "source", "refresh", "switch").stdout
    assert stale(client, "switch", board) == before
    run(server.address, "source", "update", "switch", "--no-follow-changes", "--position", "0")
    source = client.sources.get("switch")
    assert (source.follow_changes, source.change_position) == (False, 0)
    client.sources.refresh("switch")
    assert stale(client, "switch", board) == []


def test_a_lookup_that_fails_is_tried_again_and_counted(client: millrace.Client, boards: list[ChangingBoard]) -> None:
    board = ChangingBoard("moebooru", post_count=1)
    boards.append(board)
    board.posts = [BoardPost(id=1, tags=(("root", ""), ("leaf", "")))]
    board.tags = {"root": "general", "leaf": "artist"}
    board.list_faults = [Answer(status=500)] * 3
    client.sources.create("lookups", dataset="lookups", kind="moebooru", address=board.address)
    failed = client.sources.refresh("lookups")
    assert (failed.state, failed.counts.lookup_requests, failed.counts.told_tags) == ("failed", 2, 1)
    (kept,) = client.sources.runs("lookups")
    assert kept.counts == failed.counts
