"""Boards to refresh from: pages in the shape of each kind, served by nginx, or by a server that does all wrong."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from server_process import free_port

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
Page = list[dict[str, Any]]


@dataclass(frozen=True)
class BoardPost:
    """What a board knows of a post, whatever its software."""

    id: int
    tags: tuple[tuple[str, str], ...] = (("blue_sky", "general"), ("someone", "artist"))
    score: int = 0
    is_deleted: bool = False
    change: int = 0  # seconds since the third of January 2024, e621's change_seq above 1,000,000

    @property
    def changed_at(self) -> datetime:
        return datetime(2024, 1, 3, 5, tzinfo=UTC) + timedelta(seconds=self.change)

    @property
    def md5(self) -> str:
        return hashlib.md5(str(self.id).encode()).hexdigest()

    def names(self, category: str) -> list[str]:
        return [name for name, its in self.tags if its == category]


def danbooru_page(posts: list[BoardPost]) -> Any:
    """Newest first, as the board does it, also behind an id."""
    return [
        {
            "id": post.id,
            "created_at": "2024-01-02T03:04:05.678-05:00",
            "updated_at": post.changed_at.isoformat(timespec="milliseconds"),
            "uploader_id": 42,
            "score": post.score,
            "up_score": max(post.score, 0),
            "down_score": min(post.score, 0),
            "fav_count": 3,
            "source": "https://example.net/a",
            "md5": post.md5,
            "rating": "g",
            "image_width": 640,
            "image_height": 480,
            "file_ext": "png",
            "file_size": 1234,
            "parent_id": None,
            "has_children": False,
            "is_pending": False,
            "is_flagged": False,
            "is_deleted": post.is_deleted,
            "is_banned": False,
            "tag_string": " ".join(name for name, _ in post.tags),
            **{
                f"tag_string_{category}": " ".join(post.names(category))
                for category in ("general", "character", "copyright", "artist", "meta")
            },
        }
        for post in reversed(posts)
    ]


def e621_page(posts: list[BoardPost]) -> Any:
    return {
        "posts": [
            {
                "id": post.id,
                "created_at": "2024-01-02T03:04:05.678-05:00",
                "updated_at": post.changed_at.isoformat(timespec="milliseconds"),
                "file": {"width": 640, "height": 480, "ext": "png", "size": 1234, "md5": post.md5, "url": None},
                "score": {"up": max(post.score, 0), "down": min(post.score, 0), "total": post.score},
                "tags": {
                    category: post.names(category)
                    for category in ("general", "artist", "copyright", "character", "species", "meta", "lore")
                },
                "locked_tags": [],
                "change_seq": 1_000_000 + post.change,
                "flags": {
                    "pending": False,
                    "flagged": False,
                    "note_locked": False,
                    "status_locked": False,
                    "rating_locked": False,
                    "deleted": post.is_deleted,
                },
                "rating": "s",
                "fav_count": 3,
                "sources": ["https://example.net/a"],
                "pools": [],
                "relationships": {"parent_id": None, "has_children": False, "children": []},
                "uploader_id": 42,
                "approver_id": None,
                "comment_count": 0,
                "description": "",
                "duration": None,
            }
            for post in reversed(posts)
        ]
    }


def moebooru_page(posts: list[BoardPost]) -> Any:
    return [
        {
            "id": post.id,
            "tags": " ".join(name for name, _ in post.tags),
            "created_at": 1480158414,
            "creator_id": 88,
            "author": "someone",
            "source": "https://example.net/a",
            "score": post.score,
            "md5": post.md5,
            "file_size": 1234,
            "file_ext": "png",
            "rating": "s",
            "status": "deleted" if post.is_deleted else "active",
            "has_children": False,
            "parent_id": None,
            "width": 640,
            "height": 480,
        }
        for post in posts
    ]


def gelbooru_page(posts: list[BoardPost]) -> Any:
    attributes = {"limit": 100, "offset": 0, "count": len(posts)}
    if not posts:
        return {"@attributes": attributes}
    return {
        "@attributes": attributes,
        "post": [
            {
                "id": post.id,
                "created_at": "Sat Sep 26 03:51:09 -0500 2026",
                "score": post.score,
                "width": 640,
                "height": 480,
                "md5": post.md5,
                "image": f"{post.md5}.png",
                "rating": "general",
                "source": "https://example.net/a",
                "change": int(post.changed_at.timestamp()),
                "owner": "someone",
                "creator_id": 88,
                "parent_id": 0,
                "has_children": "false",
                "status": "deleted" if post.is_deleted else "active",
                "tags": " ".join(name for name, _ in post.tags),
            }
            for post in posts
        ],
    }


# As Moebooru and Gelbooru number categories; None: the board does not know the tag.
TAG_TYPES = {"general": 0, "artist": 1, "copyright": 3, "character": 4}


def tag_list(kind: str, tags: dict[str, str]) -> Any:
    """What the board tells of tags apart from posts."""
    records = [
        {"id": number, "name": name, "count": 7, "type": TAG_TYPES[category], "ambiguous": 0}
        for number, (name, category) in enumerate(sorted(tags.items()), start=1)
    ]
    if kind == "moebooru":
        return records
    attributes = {"limit": 100, "offset": 0, "count": len(records)}
    return {"@attributes": attributes, "tag": records} if records else {"@attributes": attributes}


PAGES: dict[str, Callable[[list[BoardPost]], Any]] = {
    "danbooru": danbooru_page,
    "e621": e621_page,
    "moebooru": moebooru_page,
    "gelbooru": gelbooru_page,
}

_NGINX_CONFIG = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log {folder}/access.log;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  default_type application/json;
  gzip on; gzip_types application/json; gzip_min_length 100;
  map $arg_page $behind {{ "~^a(?<page_id>[0-9]+)$" $page_id; default none; }}
  map $arg_tags $above {{ "~id%3A%3E(?<tags_id>[0-9]+)" $tags_id; default none; }}
  map $arg_s $listed {{ tag tags; default $above; }}
  server {{
    listen 127.0.0.1:{port};
    root {folder}/pages;
    location = /danbooru/posts.json {{ try_files /danbooru/$behind.json =404; }}
    location = /e621/posts.json {{ try_files /e621/$behind.json =404; }}
    location = /moebooru/post.json {{ try_files /moebooru/$above.json =404; }}
    location = /moebooru/tag.json {{ try_files /moebooru/tags.json =404; }}
    location = /gelbooru/index.php {{ try_files /gelbooru/$listed.json =404; }}
  }}
}}
"""


class NginxBoard:
    """One board of each kind, below /KIND, on a free loopback port; each page is a file. Ends with close()."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        config = folder / "nginx.conf"
        config.write_text(_NGINX_CONFIG.format(folder=folder, port=self.port))
        self._process = subprocess.Popen(
            [NGINX, "-p", str(folder), "-c", str(config), "-e", str(folder / "error.log")], stdin=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and self._process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.01)
        self.close()
        raise RuntimeError(f"nginx did not start: {(folder / 'error.log').read_text()}")

    def address(self, kind: str) -> str:
        return f"http://127.0.0.1:{self.port}/{kind}"

    def show(self, kind: str, posts: list[BoardPost], page_size: int) -> None:
        """Writes the pages that a walk from post 0, or from the end of any page, asks for."""
        folder = self._folder / "pages" / kind
        folder.mkdir(parents=True, exist_ok=True)
        posts = sorted(posts, key=lambda post: post.id)
        for after_id in [0, *(post.id for post in posts)]:
            page = [post for post in posts if post.id > after_id][:page_size]
            (folder / f"{after_id}.json").write_text(json.dumps(PAGES[kind](page)))
        tags = dict(tag for post in posts for tag in post.tags)
        (folder / "tags.json").write_text(json.dumps(tag_list(kind, tags)))

    def requests(self) -> list[str]:
        return (self._folder / "access.log").read_text().splitlines()

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(10)


@dataclass
class Answer:
    """What the faulty server does with one request."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    declared_size_bytes: int | None = None  # Content-Length, when not that of the body
    stall_s: float = 0.0  # before the body


def json_answer(posts: list[BoardPost], kind: str = "danbooru") -> Answer:
    return Answer(body=json.dumps(PAGES[kind](posts)).encode())


def bomb(size_bytes: int) -> bytes:
    """Zeros, a thousandth of their size."""
    return gzip.compress(bytes(size_bytes), compresslevel=9)


class FaultyBoard:
    """A board whose answers to the page behind an id can be set, in turn; without any it serves `posts`."""

    def __init__(self, page_size: int = 10, kind: str = "danbooru") -> None:
        self.posts: list[BoardPost] = []
        self.faults: dict[int, list[Answer]] = {}  # by after_id; the last one stays
        self.requests: list[tuple[float, int, dict[str, str]]] = []  # when, after_id, headers
        self.tags: dict[str, str] = {}  # names and categories that its list of tags tells
        self.relations: dict[str, Page] = {"tag_aliases": [], "tag_implications": []}
        self.list_faults: list[Answer] = []  # for the next requests of tags and relations
        self.list_requests: list[str] = []  # of these; paths and queries
        self.change_faults: list[Answer] = []  # for the next requests of posts by change
        self.change_requests: list[tuple[float, str]] = []  # when, path and query
        self.on_change_request: Callable[[int], None] | None = None  # its number, before it is answered
        self.kind = kind
        self._page_size = page_size
        board = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                board._serve(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        answer = self._answer(handler)
        handler.send_response(answer.status)
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        size = len(answer.body) if answer.declared_size_bytes is None else answer.declared_size_bytes
        handler.send_header("Content-Length", str(size))
        handler.end_headers()
        try:
            time.sleep(answer.stall_s)
            handler.wfile.write(answer.body)
        except OSError:  # the client had enough
            pass
        if size != len(answer.body):
            handler.close_connection = True

    def _answer(self, handler: BaseHTTPRequestHandler) -> Answer:
        path = urlsplit(handler.path)
        query = parse_qs(path.query)
        if path.path.startswith("/tag") or query.get("s") == ["tag"]:
            self.list_requests.append(handler.path)
            if self.list_faults:
                return self.list_faults.pop(0)
            return Answer(body=json.dumps(self._list(path.path, query)).encode())
        tags = query.get("tags", [""])[0].split()
        if any(word.startswith(("order:change", "sort:updated")) for word in tags):
            return self._changes(handler.path, query, tags)
        paged_by = query.get("page", ["a0"])[0]
        if self.kind in ("moebooru", "gelbooru"):
            paged_by = query["tags"][0].partition("id:>")[2].split()[0]
        after_id = int(paged_by.removeprefix("a"))
        self.requests.append((time.monotonic(), after_id, dict(handler.headers.items())))
        faults = self.faults.get(after_id)
        if faults:
            return faults.pop(0) if len(faults) > 1 else faults[0]
        return json_answer([post for post in self.posts if post.id > after_id][: self._page_size], self.kind)

    def _changes(self, path: str, query: dict[str, list[str]], tags: list[str]) -> Answer:
        """Newest change first, by page number; of e621 also those behind a change, ascending."""
        self.change_requests.append((time.monotonic(), path))
        if self.on_change_request is not None:
            self.on_change_request(len(self.change_requests))
        if self.change_faults:
            return self.change_faults.pop(0)
        limit = min(int(query["limit"][0]), self._page_size)
        posts = sorted(self.posts, key=lambda post: (-post.change, -post.id))
        behind = [int(word.removeprefix("change:>")) for word in tags if word.startswith("change:>")]
        if behind:
            posts = [post for post in reversed(posts) if 1_000_000 + post.change > behind[0]]
        elif self.kind == "e621":
            assert "status:any" in tags
        page = int(query["pid"][0]) if self.kind == "gelbooru" else int(query["page"][0]) - 1
        shown = posts[page * limit : (page + 1) * limit]
        # The pages of these two turn what they are given.
        return json_answer(shown[::-1] if self.kind in ("danbooru", "e621") else shown, self.kind)

    def _list(self, path: str, query: dict[str, list[str]]) -> Any:
        relations = self.relations.get(path.strip("/").removesuffix(".json"))
        if relations is not None:
            after_id = int(query["page"][0].removeprefix("a"))
            behind = sorted((one for one in relations if one["id"] > after_id), key=lambda one: int(one["id"]))
            return behind[: self._page_size][::-1]
        if self.kind == "gelbooru":
            names = query["names"][0].split()
            return tag_list(self.kind, {name: its for name, its in self.tags.items() if name in names})
        part = query.get("name", [""])[0]
        return tag_list(self.kind, {name: its for name, its in self.tags.items() if part in name})

    def after_ids(self) -> list[int]:
        return [after_id for _, after_id, _ in self.requests]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(30)
        assert not self._thread.is_alive(), "the board's thread has not ended within 30 s"
