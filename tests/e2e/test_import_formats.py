"""Imports of the table-like formats through the real server by the command line: plain, compressed, piped, folders.

Method: the hand-written exports of tests/core/ingest/fixtures and files made here by Python's own modules; what GetPost
gives is compared with what was written.
"""

from __future__ import annotations

import gzip
import json
import sqlite3
import struct
import subprocess
import zlib
from pathlib import Path
from typing import Any

import pytest

import millrace
from server_process import ROOT, ServerProcess
from test_cli import CLI, documents, run

zstandard = pytest.importorskip("zstandard", reason="the zstandard package is not installed")

FIXTURES = ROOT / "tests" / "core" / "ingest" / "fixtures" / "e621-csv"

pytestmark = pytest.mark.skipif(not CLI.is_file(), reason=f"no command line client at {CLI}")


def get_post(address: str, dataset: str, post_id: int) -> dict[str, Any]:
    [answer] = documents(address, "posts", "get", str(post_id), "--dataset", dataset)
    post: dict[str, Any] = answer.get("post", answer)
    return post


def tag_names(post: dict[str, Any]) -> set[str]:
    return {tag["name"] for tag in post["tags"]}


def check_e621(address: str, dataset: str) -> None:
    first = get_post(address, dataset, 14)
    assert first["source"] == "https://example.org/a\nhttps://example.org/b"
    assert first["rating"] == "RATING_SAFE"
    assert tag_names(first) == {"canine", "fox", "male", "solo"}
    assert {tag["name"]: tag["category"] for tag in first["tags"]}["fox"] == "TAG_CATEGORY_SPECIES"
    assert json.loads(first["extra_json"])["description"] == 'First line,\nsecond "quoted" line\n'
    second = get_post(address, dataset, 15)
    assert json.loads(second["extra_json"])["locked_tags"] == "-male"


def test_a_folder_of_e621_exports_is_recognised(server: ServerProcess, tmp_path: Path) -> None:
    folder = tmp_path / "exports" / "2026-09-01"
    folder.mkdir(parents=True)
    for path in FIXTURES.iterdir():
        compressed = path.stem.startswith("posts")
        name = f"{path.name}.gz" if compressed else path.name
        (folder / name).write_bytes(gzip.compress(path.read_bytes()) if compressed else path.read_bytes())
    (folder / "README.md").write_text("not data")
    done = run(server.address, "import", "e621-folder", str(tmp_path / "exports"), "--no-snapshot")
    assert "reading as e621-csv, recognised from the bytes" in done.stderr.decode()
    assert f"skipped {folder / 'README.md'}" in done.stderr.decode()
    assert "new posts       3\n" in done.stdout.decode()
    check_e621(server.address, "e621-folder")


@pytest.mark.parametrize("aliases_name", ["aliases.csv.gz", "tag_aliases.csv.gz"])
def test_a_folders_aliases_apply_to_its_posts_in_either_order(
    server: ServerProcess, tmp_path: Path, aliases_name: str
) -> None:
    # "posts" stands between the two names.
    (tmp_path / aliases_name).write_bytes(gzip.compress(next(FIXTURES.glob("tag_aliases-*")).read_bytes()))
    header = "id,uploader_id,created_at,md5,source,rating,image_width,image_height,tag_string,file_ext,parent_id\n"
    posts = (header + "1,2,2007-02-10 14:21:37,,,s,6,8,foxes solo,jpg,\n").encode()
    (tmp_path / "posts.csv.zst").write_bytes(zstandard.ZstdCompressor().compress(posts))
    dataset = aliases_name.split(".")[0]
    flags = ("--no-snapshot", "--apply-aliases")
    done = run(server.address, "import", dataset, str(tmp_path), *flags).stdout.decode()
    assert "\naliased posts   1\naliases         3 new\n" in done
    assert tag_names(get_post(server.address, dataset, 1)) == {"fox", "solo"}
    # Through a pipe, beside files: the lists behind the posts.
    files = ("-", str(tmp_path / aliases_name))
    run(server.address, "import", f"{dataset}-piped", *files, *flags, stdin=posts)
    assert tag_names(get_post(server.address, f"{dataset}-piped", 1)) == {"fox", "solo"}


def test_lists_alone_are_said_without_posts(server: ServerProcess) -> None:
    aliases = str(next(FIXTURES.glob("tag_aliases-*")))
    done = run(server.address, "import", "e621-lists", aliases, "--no-snapshot").stdout.decode()
    assert "aliases       3 new\n" in done
    assert "posts" not in done
    listed = run(server.address, "imports", "list", "e621-lists").stdout.decode().splitlines()
    assert [line.split()[5:8] for line in listed[1:]] == [["0", "3", "0"]]


def test_e621_posts_may_come_as_zstd_and_through_a_pipe(server: ServerProcess) -> None:
    posts = (FIXTURES / "posts-2026-09-01.csv").read_bytes()
    packed = zstandard.ZstdCompressor().compress(posts)
    lines = documents(server.address, "import", "e621-pipe", "-", "--no-snapshot", stdin=packed)
    assert lines[-1]["result"]["new_post_count"] == "3"
    assert lines[-1]["result"]["format"] == "SOURCE_FORMAT_E621_CSV"
    assert tag_names(get_post(server.address, "e621-pipe", 15)) == {"animated", "female", "fox"}


def test_a_broken_export_names_file_line_and_field(server: ServerProcess, tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_text('id,tag_string,rating\n1,"a\nb",s\n2,c,x\n')
    failed = run(server.address, "import", "e621-bad", str(path), expect=5).stderr.decode()
    assert f'{path}:4: rating: is "x"' in failed
    path.write_text('id,tag_string\n1,"a\n')
    failed = run(server.address, "import", "e621-bad", str(path), expect=5).stderr.decode()
    assert "line 2, field 2: a quoted field does not end" in failed


def test_danbooru2023_is_recognised_by_its_schema(server: ServerProcess, tmp_path: Path) -> None:
    path = tmp_path / "danbooru2023.db"
    database = sqlite3.connect(path)
    database.executescript(
        """
        CREATE TABLE Tag(id INTEGER PRIMARY KEY, name TEXT, type INTEGER, popularity INTEGER);
        CREATE TABLE Post(id INTEGER PRIMARY KEY, md5 TEXT, rating INTEGER, fav_count INTEGER, bit_flags INTEGER);
        CREATE TABLE PostTagRelation(id INTEGER PRIMARY KEY, post INTEGER, tag INTEGER);
        INSERT INTO Tag VALUES (1, '1girl', 0, 100), (2, 'a_hero', 2, 5), (3, 'a_film', 3, 4);
        INSERT INTO Post VALUES (20, '00112233445566778899aabbccddeeff', 1, 7, 2);
        INSERT INTO PostTagRelation(post, tag) VALUES (20, 3), (20, 1), (20, 2);
        """
    )
    database.close()
    done = run(server.address, "import", "danbooru2023", str(path))
    assert "reading as danbooru2023-sqlite" in done.stderr.decode()
    post = get_post(server.address, "danbooru2023", 20)
    assert post["rating"] == "RATING_SENSITIVE"
    assert {tag["name"]: tag["category"] for tag in post["tags"]} == {
        "1girl": "TAG_CATEGORY_GENERAL",
        "a_hero": "TAG_CATEGORY_CHARACTER",
        "a_film": "TAG_CATEGORY_COPYRIGHT",
    }


def png(width: int, height: int) -> bytes:
    """A PNG's signature and header, which is all that is looked at."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))


def test_a_folder_of_pictures(server: ServerProcess, tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "12.png").write_bytes(png(640, 480))
    (tmp_path / "12.txt").write_text("1girl, long hair, miku \\(vocaloid\\)\n")
    (tmp_path / "set" / "a b.jpg").write_bytes(b"no picture")
    (tmp_path / "set" / "a b.json").write_text(json.dumps({"tag_string_artist": "p", "tags": ["x y"], "caption": "hi"}))
    (tmp_path / "13.png").write_bytes(png(1, 1))
    (tmp_path / "14.txt").write_text("lonely")
    done = run(server.address, "import", "pictures", str(tmp_path), "--max-rejected", "-1", "--md5")
    said = done.stderr.decode()
    assert "reading as picture-folder: pictures with sidecars" in said
    assert "13.png:1: has no sidecar" in said
    assert "14.txt:1: has no picture beside it" in said
    assert "new posts       2\n" in done.stdout.decode()
    post = get_post(server.address, "pictures", 12)
    assert tag_names(post) == {"1girl", "long_hair", "miku_(vocaloid)"}
    assert (post["width_px"], post["height_px"], post["file_ext"]) == (640, 480, "png")
    assert json.loads(post["extra_json"]) == {"caption": "1girl, long hair, miku \\(vocaloid\\)"}
    with millrace.Client(server.address) as client:
        [other] = [p for p in client.posts.list(dataset="pictures") if p.id != 12]
    assert 0 < other.id < 2**53
    assert {tag.name for tag in other.tags} == {"p", "x_y"}


def test_many_small_sidecars_are_imported(server: ServerProcess, tmp_path: Path) -> None:
    for i in range(1, 2001):
        (tmp_path / f"{i}.webp").write_bytes(b"")
        (tmp_path / f"{i}.txt").write_text(f"tag {i % 7}, other")
    done = run(server.address, "import", "many-pictures", str(tmp_path), "--no-snapshot")
    assert "new posts       2,000\n" in done.stdout.decode()


def test_what_is_no_format_is_refused_with_the_list_of_them(server: ServerProcess) -> None:
    failed = run(server.address, "import", "nothing", "-", stdin=b"hello\nworld\n", expect=5).stderr.decode()
    for name in ("danbooru-jsonl", "danbooru2023-sqlite", "e621-csv", "picture-folder"):
        assert name in failed
    unknown = run(server.address, "import", "nothing", "-", "--format", "csv", expect=2).stderr.decode()
    assert "e621-csv" in unknown


def test_the_formats_are_completed_by_the_shell() -> None:
    done = subprocess.run([str(CLI), "completion", "bash"], capture_output=True, check=True, timeout=60)
    script = done.stdout.decode()
    for name in ("e621-csv", "danbooru2023-sqlite", "picture-folder"):
        assert name in script
