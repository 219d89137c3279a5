"""Datasets refreshed from boards, over a real server and real HTTP.

Method: nginx serves pages in the shape of each kind; a server that truncates, stalls, redirects and lies does the rest.
Both are on the loopback address, which the Millrace server fetches from only when it is told to.
"""

from __future__ import annotations

import gzip
import itertools
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import grpc
import pytest

import millrace
from boards import PAGES, Answer, BoardPost, FaultyBoard, NginxBoard, bomb
from server_process import ServerProcess, StartServer
from test_cli import documents, run
from test_grpcurl import call

FLAGS = ["--allow-fetch", "--fetch-allow-private", "--fetch-interval", "10ms"]
SKY = ("blue_sky", "general")
ARTIST = ("someone", "artist")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("server") / "data", *FLAGS) as process:
        yield process
        assert process.stop() == 0


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NginxBoard]:
    board = NginxBoard(tmp_path_factory.mktemp("nginx"))
    yield board
    board.close()


@pytest.fixture
def faulty() -> Iterator[FaultyBoard]:
    board = FaultyBoard()
    yield board
    board.close()


def posts_of(count: int, first: int = 1) -> list[BoardPost]:
    """With gaps, as boards have them."""
    return [BoardPost(id=3 * (first + i)) for i in range(count)]


def ids_in(client: millrace.Client, dataset: str) -> list[int]:
    return [post.id for post in client.posts.list(dataset=dataset)]


def make_source(client: millrace.Client, board: FaultyBoard, name: str, **settings: object) -> millrace.Source:
    return client.sources.create(
        name,
        dataset=name,
        kind="danbooru",
        address=board.address,
        page_size=10,
        **settings,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("kind", sorted(PAGES))
def test_a_board_of_each_kind_is_walked_and_what_it_changes_is_found(
    client: millrace.Client, nginx: NginxBoard, kind: str
) -> None:
    posts = posts_of(25)
    posts[7] = replace(posts[7], is_deleted=True)
    nginx.show(kind, posts, page_size=10)
    client.sources.create(kind, dataset=kind, kind=kind, address=nginx.address(kind), page_size=10)
    pages: list[millrace.RefreshPage] = []
    first = client.sources.refresh(kind, on_page=pages.append)
    assert (first.state, first.counts.new, first.counts.pages) == ("done", 25, 3)
    assert [page.position for page in pages] == [30, 60, 75]
    assert ids_in(client, kind) == [post.id for post in posts]
    post = client.posts.get(posts[7].id, dataset=kind)
    assert (post.md5, post.width_px, post.score) == (posts[7].md5, 640, 0)
    assert post.flags.is_deleted is True
    # Two of the kinds tell categories apart from posts.
    assert {(tag.name, tag.category) for tag in post.tags} == {SKY, ARTIST}

    # Three posts are edited, two are new; a walk from the start writes these alone.
    posts[2] = replace(posts[2], score=7)
    posts[3] = replace(posts[3], tags=(SKY, ("tree", "general")))
    posts[4] = replace(posts[4], is_deleted=True)
    posts += posts_of(2, first=26)
    nginx.show(kind, posts, page_size=10)
    client.sources.update(kind, position=0)
    second = client.sources.refresh(kind)
    assert (second.counts.new, second.counts.updated, second.counts.unchanged) == (2, 3, 22)
    assert client.posts.get(posts[2].id, dataset=kind).score == 7
    (tree,) = client.tags.list(dataset=kind, prefix="tree")
    assert tree.post_count == 1
    assert client.sources.refresh(kind).counts.pages == 0
    assert client.stats(dataset=kind).post_count == 27
    assert any("Millrace/" in line for line in nginx.requests())


def test_a_snapshot_is_compiled_when_the_source_asks_for_it(client: millrace.Client, nginx: NginxBoard) -> None:
    nginx.show("danbooru", posts_of(5), page_size=10)
    client.sources.create(
        "snap", dataset="snap", kind="danbooru", address=nginx.address("danbooru"), page_size=10,
        snapshot_after_refresh=True,
    )  # fmt: skip
    done = client.sources.refresh("snap")
    assert done.snapshot is not None
    assert client.snapshots.get(done.snapshot).post_count == 5
    assert client.sources.refresh("snap").snapshot is None  # nothing was changed
    assert [one.snapshot for one in client.sources.runs("snap")] == [None, done.snapshot]


@pytest.mark.parametrize("kind", ["moebooru", "gelbooru"])
def test_categories_that_pages_do_not_tell_are_looked_up(
    client: millrace.Client, faulty: FaultyBoard, kind: str
) -> None:
    faulty.kind = kind
    tags = ("a+b", "c&d", "tree", "tree_house", "nobody_knows")
    faulty.posts = [BoardPost(id=1, tags=tuple((name, "") for name in tags))]
    faulty.tags = {"a+b": "artist", "c&d": "copyright", "tree": "general", "tree_house": "character"}
    # One that fails is asked for again, as a page is.
    faulty.list_faults = [Answer(status=500), Answer(body=b"<html>maintenance</html>")]
    name = f"lookup-{kind}"
    client.sources.create(name, dataset=name, kind=kind, address=faulty.address)
    assert client.sources.refresh(name).state == "done"

    def categories() -> dict[str, str | None]:
        return {tag.name: tag.category for tag in client.tags.list(dataset=name)}

    assert categories() == {**faulty.tags, "nobody_knows": None}
    assert client.stats(dataset=name).post_count == 1
    # What the board does not know is not asked about again; what is new is.
    faulty.list_requests.clear()
    client.sources.refresh(name)
    assert faulty.list_requests == []
    faulty.posts.append(BoardPost(id=2, tags=(("tree", ""), ("leaf", ""))))
    faulty.tags["leaf"] = "general"
    assert client.sources.refresh(name).state == "done"
    assert len(faulty.list_requests) == 1 and "leaf" in faulty.list_requests[0]
    assert categories()["leaf"] == "general"

    # A board that tells no tags fails the refresh; its posts are there, and its names are put off for a day.
    faulty.posts.append(BoardPost(id=3, tags=(("root", ""),)))
    faulty.tags["root"] = "general"
    faulty.list_faults = [Answer(status=500)] * 3
    failed = client.sources.refresh(name)
    assert (failed.state, failed.error_reason, failed.counts.new) == ("failed", "FETCH_FAILED", 1)
    faulty.list_requests.clear()
    faulty.posts.append(BoardPost(id=4, tags=(("root", ""), ("stem", ""))))
    faulty.tags["stem"] = "general"
    assert client.sources.refresh(name).state == "done"
    assert len(faulty.list_requests) == 1 and "root" not in faulty.list_requests[0]
    assert (categories()["root"], categories()["stem"]) == (None, "general")


def relation(number: int, antecedent: str, consequent: str, status: str = "active") -> dict[str, object]:
    return {"id": number, "antecedent_name": antecedent, "consequent_name": consequent, "status": status}


@pytest.mark.parametrize("kind", ["danbooru", "e621"])
def test_relations_are_the_boards_when_the_source_asks_for_them(
    client: millrace.Client, faulty: FaultyBoard, kind: str
) -> None:
    faulty.kind = kind
    faulty.posts = posts_of(3)
    faulty.relations["tag_aliases"] = [relation(number, f"old_{number}", "blue_sky") for number in range(5, 30)]
    faulty.relations["tag_implications"] = [relation(4, "blue_sky", "sky"), relation(6, "x", "y", "pending")]
    name = f"relations-{kind}"
    client.sources.create(name, dataset=name, kind=kind, address=faulty.address)
    client.sources.refresh(name)
    assert faulty.list_requests == []
    client.sources.update(name, with_relations=True)
    assert client.sources.get(name).with_relations
    # A page that fails once is asked for again.
    faulty.list_faults = [Answer(status=503), Answer(body=b'[{"id": 5, "antece', declared_size_bytes=5000)]
    assert client.sources.refresh(name).state == "done"

    def active() -> list[tuple[str, str, str]]:
        return [
            (one.kind, one.antecedent, one.consequent)
            for one in client.tags.relations(dataset=name)
            if one.status == "active"
        ]

    assert len(active()) == 26
    assert active()[-1] == ("implication", "blue_sky", "sky")

    # One is dropped, and one that contradicts others leaves everything as it was.
    before = active()
    faulty.relations["tag_aliases"] = faulty.relations["tag_aliases"][1:]
    faulty.relations["tag_implications"].append(relation(9, "sky", "blue_sky"))
    failed = client.sources.refresh(name)
    assert (failed.state, failed.error_reason) == ("failed", "RECORD_REJECTED")
    assert "circle" in str(failed.error)
    assert active() == before
    del faulty.relations["tag_implications"][-1]
    assert client.sources.refresh(name).state == "done"
    assert set(active()) == set(before) - {("alias", "old_5", "blue_sky")}

    # Lists that end before their end, or are none, change nothing either.
    before = active()
    faulty.relations["tag_aliases"] = [relation(50, "new", "blue_sky")]
    for fault in (Answer(status=502), Answer(body=b"<html>"), Answer(body=b'[{"id": 50}]')):
        faulty.list_faults = [fault] * 3
        assert client.sources.refresh(name).state == "failed"
        assert active() == before


FAULTS = {
    "cut": Answer(body=b'[{"id": 1', declared_size_bytes=5000),
    "500": Answer(status=500),
    "no JSON": Answer(body=b"<html>maintenance</html>"),
    "no bytes": Answer(body=b""),
    "blanks": Answer(headers={"Content-Encoding": "gzip"}, body=gzip.compress(b" " * (1 << 20))),
    "cut JSON": Answer(body=b'[{"id": 99, "rating": "g"'),
    "a JSON error": Answer(body=b'{"success": false, "message": "no"}'),
    "redirects in a circle": Answer(status=302, headers={"Location": "/posts.json?page=a30"}),
    "a huge body": Answer(body=b"[" + b" " * (65 << 20) + b"]"),
    "a bomb": Answer(headers={"Content-Encoding": "gzip"}, body=bomb(1 << 30)),
    "broken gzip": Answer(headers={"Content-Encoding": "gzip"}, body=b"\x1f\x8bno gzip"),
}


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_page_that_fails_is_skipped_and_told(client: millrace.Client, faulty: FaultyBoard, fault: str) -> None:
    faulty.posts = posts_of(40)
    faulty.faults[30] = [FAULTS[fault]]
    name = "fault-" + fault.lower().replace(" ", "-")
    make_source(client, faulty, name)
    pages: list[millrace.RefreshPage] = []
    done = client.sources.refresh(name, on_page=pages.append)
    assert (done.state, done.counts.failed_pages) == ("done", 1)
    (failed,) = [page for page in pages if page.error is not None]
    assert (failed.after_id, failed.counts.failed_pages) == (30, 1)
    assert client.sources.get(name).failed_page_count == 1
    # What the page could have held by its size is left out, nothing else.
    assert ids_in(client, name) == [post.id for post in faulty.posts if not 30 < post.id <= 40]


def test_retry_after_is_obeyed(client: millrace.Client, faulty: FaultyBoard) -> None:
    faulty.posts = posts_of(5)
    good = Answer(body=json.dumps(PAGES["danbooru"](faulty.posts)).encode())
    faulty.faults[0] = [Answer(status=429, headers={"Retry-After": "3"}), good]
    make_source(client, faulty, "polite")
    waits: list[millrace.RefreshWait] = []
    assert client.sources.refresh("polite", on_wait=waits.append).counts.new == 5
    waited_s = faulty.requests[1][0] - faulty.requests[0][0]
    assert 2.9 < waited_s < 6
    # Who waits for the refresh is told what for.
    (wait,) = waits
    assert wait.wait == timedelta(seconds=3)
    assert "answers with status 429" in wait.error


def test_a_board_that_is_down_ends_the_refresh_and_loses_nothing(client: millrace.Client, faulty: FaultyBoard) -> None:
    faulty.posts = posts_of(20)
    for after_id in (30, 40, 50):
        faulty.faults[after_id] = [Answer(status=502)]
    make_source(client, faulty, "down")
    failed = client.sources.refresh("down")
    assert (failed.state, failed.error_reason, failed.last_position) == ("failed", "FETCH_FAILED", 30)
    faulty.faults.clear()
    assert client.sources.refresh("down").counts.new == 10
    assert ids_in(client, "down") == [post.id for post in faulty.posts]


def test_a_board_that_refuses_is_not_asked_again(client: millrace.Client, faulty: FaultyBoard) -> None:
    faulty.faults[0] = [Answer(status=403)]
    make_source(client, faulty, "refused", login="me", api_key="secret-word")
    failed = client.sources.refresh("refused")
    assert (failed.state, failed.error_reason) == ("failed", "FETCH_REFUSED")
    assert len(faulty.requests) == 1
    assert faulty.requests[0][2]["Authorization"].startswith("Basic ")
    assert faulty.requests[0][2]["User-Agent"].startswith("Millrace/")


def test_keys_are_never_told(server: ServerProcess, client: millrace.Client, faulty: FaultyBoard) -> None:
    faulty.faults[0] = [Answer(status=500)]
    client.sources.create(
        "secret", dataset="secret", kind="moebooru", address=faulty.address, login="me", api_key="hidden-word"
    )
    assert client.sources.get("secret").has_credentials
    client.sources.refresh("secret", max_page_count=1)
    told = json.dumps(call(server, "SourceService/GetSource", {"name": "secret"}))
    told += json.dumps(call(server, "SourceService/ListRefreshRuns", {"source": "secret"})) + server.log
    assert "hidden-word" not in told


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1", "http://0x7f.1:1", "http://169.254.169.254",
     "http://[::ffff:127.0.0.1]:1", "http://10.0.0.1"],
)  # fmt: skip
def test_private_addresses_are_refused_unless_allowed(start_server: StartServer, address: str) -> None:
    with start_server("closed", "--allow-fetch") as closed, millrace.connect(closed.address) as client:
        client.sources.create("inside", dataset="inside", kind="danbooru", address=address)
        failed = client.sources.refresh("inside")
        assert (failed.state, failed.error_reason) == ("failed", "FETCH_REFUSED")
        assert "--fetch-allow-private" in str(failed.error)


def test_nothing_is_fetched_unless_allowed(start_server: StartServer, faulty: FaultyBoard) -> None:
    process = start_server("off")
    with millrace.connect(process.address) as client:
        make_source(client, faulty, "off", interval=timedelta(minutes=1))
        with pytest.raises(millrace.FetchDisabled):
            client.sources.refresh("off")
        with pytest.raises(millrace.SourceNotFound):
            client.sources.refresh("none")
        time.sleep(2)
        assert faulty.requests == []


@pytest.mark.parametrize("how", ["SIGKILL", "SIGTERM", "cancel"])
def test_a_refresh_that_is_stopped_continues_where_it_was(
    start_server: StartServer, faulty: FaultyBoard, how: str
) -> None:
    faulty.posts = posts_of(200)
    process = start_server("stopped", *FLAGS[:2], "--fetch-interval", "50ms")

    class Stop(Exception):
        pass

    def stop(page: millrace.RefreshPage) -> None:
        if page.position < 150:
            return
        if how == "SIGKILL":
            process.kill()
        elif how == "SIGTERM":
            assert process.stop() == 0
        raise Stop

    with millrace.connect(process.address) as client:
        make_source(client, faulty, "walk")
        with pytest.raises(Stop):
            client.sources.refresh("walk", on_page=stop)
    if how != "cancel":
        process = start_server("stopped", *FLAGS)
    with millrace.connect(process.address) as client:
        deadline = time.monotonic() + 10
        while next(client.sources.runs("walk")).state == "running" and time.monotonic() < deadline:
            time.sleep(0.05)
        (before,) = client.sources.runs("walk")
        assert before.state == "stopped"
        held = ids_in(client, "walk")
        assert held == [post.id for post in faulty.posts][: len(held)]
        assert before.counts.new == len(held) >= 50
        faulty.requests.clear()
        after = client.sources.refresh("walk")
        assert faulty.after_ids()[0] == held[-1]
        assert (after.counts.new, after.counts.unchanged) == (200 - len(held), 0)
        assert ids_in(client, "walk") == [post.id for post in faulty.posts]


def test_requests_to_a_host_are_a_second_apart_by_default(start_server: StartServer, faulty: FaultyBoard) -> None:
    faulty.posts = posts_of(20)
    process = start_server("paced", *FLAGS[:2])
    with millrace.connect(process.address) as client:
        make_source(client, faulty, "paced")
        client.sources.refresh("paced")
    times = [when for when, _, _ in faulty.requests]
    assert len(times) == 3
    assert all(later - earlier > 0.95 for earlier, later in itertools.pairwise(times))


def test_a_source_with_an_interval_is_refreshed_by_itself(client: millrace.Client, faulty: FaultyBoard) -> None:
    faulty.posts = posts_of(5)
    make_source(client, faulty, "by-itself", interval=timedelta(minutes=1))
    deadline = time.monotonic() + 20
    while not [one for one in client.sources.runs("by-itself") if one.state == "done"]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    (one,) = client.sources.runs("by-itself")
    assert (one.trigger, one.counts.new) == ("interval", 5)
    client.sources.delete("by-itself")


def test_posts_that_vanish_are_marked_when_that_is_wanted(client: millrace.Client, faulty: FaultyBoard) -> None:
    faulty.posts = posts_of(20)
    make_source(client, faulty, "vanish", mark_missing=True)
    client.sources.refresh("vanish")
    del faulty.posts[4]
    client.sources.update("vanish", position=0)
    done = client.sources.refresh("vanish")
    assert (done.counts.missing, done.counts.updated, done.counts.unchanged) == (1, 1, 19)
    assert client.posts.get(15, dataset="vanish").flags.is_deleted is True
    assert client.stats(dataset="vanish").post_count == 20


def test_sources_are_made_once_and_changed(client: millrace.Client, faulty: FaultyBoard) -> None:
    made = make_source(client, faulty, "twice")
    assert make_source(client, faulty, "twice") == made
    with pytest.raises(millrace.SourceExists):
        make_source(client, faulty, "twice", query="1girl")
    changed = client.sources.update("twice", query="1girl", interval=timedelta(hours=2), page_size=5)
    assert (changed.query, changed.interval, changed.page_size) == ("1girl", timedelta(hours=2), 5)
    assert client.sources.update("twice", interval=timedelta(0)).interval is None
    with pytest.raises(millrace.InvalidRequest, match="address"):
        client.sources.update("twice", address="file:///etc/passwd")
    assert "twice" in [one.name for one in client.sources.list(page_size=1)]
    client.sources.delete("twice")
    with pytest.raises(millrace.SourceNotFound):
        client.sources.get("twice")
    client.sources.delete("twice", allow_missing=True)


def test_a_source_is_refreshed_by_one_at_a_time(client: millrace.Client, faulty: FaultyBoard) -> None:
    faulty.posts = posts_of(5)
    faulty.faults[0] = [Answer(stall_s=2.0, body=b"[]")]
    make_source(client, faulty, "busy")

    errors: list[millrace.Error] = []
    other = threading.Thread(target=lambda: client.sources.refresh("busy"))
    other.start()
    while not faulty.requests:
        time.sleep(0.01)
    for change in (lambda: client.sources.refresh("busy"), lambda: client.sources.update("busy", position=0)):
        try:
            change()
        except millrace.RefreshRunning as error:
            errors.append(error)
    other.join()
    assert len(errors) == 2


def test_the_command_line_refreshes(server: ServerProcess, faulty: FaultyBoard, tmp_path: Path) -> None:
    faulty.posts = posts_of(15)
    key = tmp_path / "key"
    key.write_text("word\n")
    run(
        server.address, "source", "create", "cli", faulty.address, "--kind", "danbooru", "--page-size", "10",
        "--interval", "0", "--login", "me", "--api-key-file", str(key),
    )  # fmt: skip
    lines = documents(server.address, "source", "refresh", "cli")
    assert [line["page"]["counts"]["new_post_count"] for line in lines[:-1]] == ["10", "5"]
    assert lines[-1]["run"]["state"] == "REFRESH_STATE_DONE"
    shown = run(server.address, "source", "show", "cli").stdout
    assert b"behind post 45" in shown and b"word" not in shown
    run(server.address, "source", "update", "cli", "--position", "0", "--query", "1girl")
    # What is shorter than a second is not taken for "none".
    assert b"366 days" in run(server.address, "source", "update", "cli", "--interval", "1ms", expect=1).stderr
    assert b"every 168 h" in run(server.address, "source", "update", "cli", "--interval", "7d").stdout
    assert b"only when asked" in run(server.address, "source", "update", "cli", "--interval", "0s").stdout
    assert b"1girl" in run(server.address, "source", "show", "cli").stdout
    runs = run(server.address, "source", "runs", "cli").stdout
    assert b"took" in runs and b" ms" in runs and b"done" in runs
    assert b"cli" in run(server.address, "source", "list").stdout
    faulty.faults[0] = [Answer(status=429, headers={"Retry-After": "1"}), Answer(body=b"[]")]
    assert b"waiting 1.0 s to ask again: " in run(server.address, "source", "refresh", "cli").stderr
    faulty.faults[0] = [Answer(status=403)]
    assert b"403" in run(server.address, "source", "refresh", "cli", expect=1).stderr
    run(server.address, "source", "delete", "cli")
    run(server.address, "source", "show", "cli", expect=3)


def test_a_deadline_stops_a_refresh(client: millrace.Client, faulty: FaultyBoard) -> None:
    faulty.posts = posts_of(5)
    faulty.faults[0] = [Answer(stall_s=5.0, body=b"[]")]
    make_source(client, faulty, "late")
    with pytest.raises(millrace.Error) as caught:
        client.sources.refresh("late", timeout_s=1.0)
    assert caught.value.code == grpc.StatusCode.DEADLINE_EXCEEDED.name
    deadline = time.monotonic() + 4
    while next(client.sources.runs("late")).state == "running":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert next(client.sources.runs("late")).state == "stopped"
