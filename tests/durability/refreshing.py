"""A board on the loopback address that changes, and a dataset that is refreshed from it, page by page."""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import millrace
from boards import Answer, BoardPost, FaultyBoard, json_answer
from durability.workload import DATASET, Fault, Known, Workload

SOURCE = "board"
PAGE_SIZE = 6
# Of the board as it was, and as it became.
PAGES_BEFORE = 10
PAGES_AFTER = 11
# Step 0 makes the source, others write a page each, and the one between lets it begin again on the changed board. The
# last one takes the board's aliases and implications.
REWIND = 1 + PAGES_BEFORE
RELATE = REWIND + 1 + PAGES_AFTER
# Behind so many pages the server copies its log (Checkpointer::kPagesPerCheckpoint). The first time the board waits
# with the next page until that is done, so that this page begins the log anew; the next time pages come meanwhile.
PAGES_A_COPY = 8
COPY_S = 0.25


@functools.cache
def posts_of(is_changed: bool) -> tuple[BoardPost, ...]:
    """In the changed one every third post has other tags and scores, some are deleted, and some are new."""
    posts = []
    for i in range(1, 1 + PAGE_SIZE * (PAGES_AFTER if is_changed else PAGES_BEFORE)):
        edits = int(is_changed and i % 3 == 0)
        tags = tuple((f"t{(i + k + 5 * edits) % 40}", "general") for k in range(6))
        tags += ((f"artist_{i % 5 + 10 * edits}", "artist"),)
        posts.append(BoardPost(id=3 * i, tags=tags, score=edits, is_deleted=is_changed and i % 9 == 0, change=edits))
    return tuple(posts)


class ChangingBoard(FaultyBoard):
    """Below /before and /after, so that whoever knows the address knows the board as it was then."""

    def __init__(self) -> None:
        super().__init__()
        for kind, consequent in (("tag_aliases", "t"), ("tag_implications", "all")):
            self.relations[kind] = [
                {"id": k, "antecedent_name": f"{kind}_{k}", "consequent_name": f"{consequent}{k}", "status": "active"}
                for k in range(1, 16)
            ]
        # Servers are killed while they fetch, which would be told on the standard error each time.
        self._server.handle_error = lambda request, client_address: None  # type: ignore[method-assign]

    def _answer(self, handler: BaseHTTPRequestHandler) -> Answer:
        path = urlsplit(handler.path)
        kind = path.path.rpartition("/")[2]
        if kind.removesuffix(".json") in self.relations:
            return Answer(body=json.dumps(self._list(kind, parse_qs(path.query))).encode())
        after_id = int(parse_qs(path.query)["page"][0].removeprefix("a"))
        posts = [post for post in posts_of(path.path.startswith("/after/")) if post.id > after_id]
        answer = json_answer(posts[:PAGE_SIZE])
        if after_id == posts_of(False)[PAGES_A_COPY * PAGE_SIZE - 1].id and path.path.startswith("/before/"):
            answer.stall_s = COPY_S
        return answer


@contextlib.contextmanager
def board() -> Iterator[str]:
    """Its address."""
    standing = ChangingBoard()
    try:
        yield standing.address
    finally:
        standing.close()


@dataclass(frozen=True)
class RefreshWorkload(Workload):
    """State k: the source is made and k - 1 pages are committed; or, behind the last page of the board as it was, it is
    set to begin again; or, behind the last of all, tags are related."""

    state_count: int = RELATE + 1
    address: str = ""

    is_more_than_digest: ClassVar[bool] = True

    @property
    def flags(self) -> tuple[str, ...]:
        return ("--allow-fetch", "--fetch-allow-private", "--fetch-interval", "5ms")

    @staticmethod
    def page_counts(state: int) -> tuple[int, int]:
        """Pages of the board as it was, and as it became."""
        return min(max(state - 1, 0), PAGES_BEFORE), min(max(state - REWIND - 1, 0), PAGES_AFTER)

    def posts(self, state: int) -> dict[int, BoardPost]:
        before, after = self.page_counts(state)
        pages = (*posts_of(False)[: PAGE_SIZE * before], *posts_of(True)[: PAGE_SIZE * after])
        return {post.id: post for post in pages}

    def post_count(self, state: int) -> int:
        return len(self.posts(state))

    def tag_use_count(self, state: int) -> int:
        return sum(len(post.tags) for post in self.posts(state).values())

    def step(self, client: millrace.Client, number: int, *, skip_snapshot: bool = False) -> str | None:
        if number == 0:
            client.sources.create(
                SOURCE, dataset=DATASET, kind="danbooru", address=f"{self.address}/before", page_size=PAGE_SIZE,
                snapshot_after_refresh=True,
            )  # fmt: skip
            return None
        if number == REWIND:
            client.sources.update(SOURCE, address=f"{self.address}/after", position=0)
            return None
        if number == RELATE:
            self.ask_for_relations(client)
        return self.refresh(client)

    def ask_for_relations(self, client: millrace.Client) -> None:
        """Nothing that is to be seen of the dataset, until a refresh takes them."""
        client.sources.update(SOURCE, with_relations=True)

    def refresh(self, client: millrace.Client) -> str | None:
        """One page, and the relations where they are asked for. The snapshot."""
        run = client.sources.refresh(SOURCE, max_page_count=1)
        if run.state != "done":
            raise Fault(f"nothing disturbed the refresh, and it came to {run}")
        return run.snapshot

    def walk(
        self,
        client: millrace.Client,
        known: Known,
        note: Callable[[Known], None],
        history: Callable[[], int] | None = None,
    ) -> None:
        """Refreshes to the board's end. `note` hears whenever clients know more: by each page that is told of, or, with
        `history`, by the pages that the history of runs then has."""
        begun = REWIND if known.begun <= REWIND else RELATE
        known = replace(known, begun=begun)
        note(known)
        first = known.acknowledged

        def on_page(page: millrace.RefreshPage) -> None:
            nonlocal known
            acknowledged = first + page.total.pages
            if history is not None:
                pages = history()
                acknowledged = max(acknowledged, pages + 1 + (begun != REWIND))
            known = replace(known, acknowledged=acknowledged)
            note(known)

        run = client.sources.refresh(SOURCE, on_page=on_page)
        if run.state != "done" or known.acknowledged != begun:
            raise Fault(f"nothing disturbed the refresh, and it came to {run}")
        if run.snapshot is not None:
            note(replace(known, snapshots=(*known.snapshots, run.snapshot)))

    def key(self, client: millrace.Client, digest: str) -> str:
        """With the position: it must stand where the data does, and nowhere else."""
        source = client.sources.get(SOURCE)
        return f"{digest[:12]} at {source.position} of {source.address.rpartition('/')[2]}"

    def check_records(self, client: millrace.Client, state: int) -> None:
        """What the history says was done is what is there."""
        runs = list(client.sources.runs(SOURCE)) if state > 0 else []
        if any(run.state == "running" for run in runs):
            raise Fault("a refresh is called running, and nobody refreshes")
        told = [sum(getattr(run.counts, name) for run in runs) for name in COUNTS]
        if told != self.counts(state):
            raise Fault(f"in state {state} the history counts {dict(zip(COUNTS, told, strict=True))}")
        if any(record.state == "running" for record in client.imports()):
            raise Fault("an import is called running, and nobody imports")

    def counts(self, state: int) -> list[int]:
        """COUNTS of all runs that led to that state."""
        before, after = self.page_counts(state)
        known = self.posts(1 + before)
        told = posts_of(True)[: PAGE_SIZE * after]
        there = [post for post in told if post.id in known]
        updated = sum(post != known[post.id] for post in there)
        return [before + after, self.post_count(state), updated, len(there) - updated, 0, 0]

    def go_on(self, client: millrace.Client, begun: int, state: int) -> int:
        """Refreshes to the end, by way of the change of the board, as if nothing had been."""
        if state == 0:
            self.step(client, 0)
            state = 1
        if state <= REWIND:
            self.walk(client, Known(state, state), lambda _: None)
            self.step(client, REWIND)
            state = REWIND + 1
        if state <= RELATE:
            self.walk(client, Known(state, state), lambda _: None)
        # Where it is done already, it changes nothing.
        self.step(client, RELATE)
        return self.state_count


COUNTS = ("pages", "new", "updated", "unchanged", "failed", "failed_pages")


def pages_in_history(client: millrace.Client) -> int:
    return sum(run.counts.pages for run in client.sources.runs(SOURCE))
