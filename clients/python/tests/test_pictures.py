"""Folders of pictures with sidecars: what is found in them, what is told of a picture, and what is sent.

That a server makes the same of it as of what the command line sends: tests/e2e/test_picture_folders.py.
"""

from __future__ import annotations

import hashlib
import os
import random
from pathlib import Path

import pytest
from fake_server import FakeServer

import millrace
from millrace import _chunks, _pictures, _sources
from millrace._picture_facts import describe, dimensions

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x02\x80\0\0\x01\xe0\x08\x06"
GIF = b"GIF89a\x80\x02\xe0\x01\xf7\0\0"
# Metadata, padding, a Huffman table, then a progressive frame.
JPEG = b"\xff\xd8\xff\xe0\0\x06\xff\xc0ab\xff\xff\xc4\0\x03x\xff\xc2\0\x11\x08\x01\xe0\x02\x80\x03"
WEBP_LOSSY = b"RIFF\x10\0\0\0WEBPVP8 \x10\0\0\0\x30\x01\0\x9d\x01\x2a\x80\x02\xe0\x41"
WEBP_EXTENDED = b"RIFF\x10\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x7f\x02\0\xdf\x01\0"
# 14 bits of 639, then 14 bits of 479.
WEBP_LOSSLESS = b"RIFF\x10\0\0\0WEBPVP8L\x0a\0\0\0\x2f\x7f\xc2\x77\0\0\0\0\0\0"
STARTS = [PNG, GIF, JPEG, WEBP_LOSSY, WEBP_EXTENDED, WEBP_LOSSLESS]


@pytest.mark.parametrize("start", STARTS, ids=lambda start: repr(start[:16]))
def test_each_formats_header_gives_width_and_height(start: bytes) -> None:
    assert dimensions(start) == (640, 480)
    for size in range(len(start)):
        assert dimensions(start[:size]) in (None, (640, 480))
    chance = random.Random(5)
    for _ in range(500):
        bad = bytearray(start)
        for _ in range(3):
            bad[chance.randrange(len(bad))] = chance.randrange(256)
        sides = dimensions(bytes(bad))
        assert sides is None or all(0 < side < 2**31 for side in sides)


def test_a_picture_tells_its_size_and_when_asked_its_md5(tmp_path: Path) -> None:
    content = PNG + bytes(3 << 20)
    (tmp_path / "1.png").write_bytes(content)
    picture = describe(str(tmp_path / "1.png"), "set/1.png", with_md5=False)
    assert (picture.name, picture.size_bytes, picture.width_px, picture.md5) == ("set/1.png", len(content), 640, b"")
    picture = describe(str(tmp_path / "1.png"), "1.png", with_md5=True)
    assert picture.md5 == hashlib.md5(content).digest()
    missing = describe(str(tmp_path / "2.png"), "2.png", with_md5=True)
    assert (missing.name, missing.HasField("size_bytes"), missing.md5) == ("2.png", False, b"")


def fill(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_the_best_sidecar_of_each_picture_is_taken(tmp_path: Path) -> None:
    fill(
        tmp_path,
        *("1.png", "1.txt", "2.PNG", "2.PNG.json", "2.txt", "set/3.jpg", "set/3.json", "set/3.webp", "4.gif", "5.txt"),
        *("6.png", "6.caption", "7.png", "7.png.caption", "7.txt", "8.caption", "film.mp4"),
        *(".hidden/9.png", ".9.txt"),
    )
    (tmp_path / "link").symlink_to(tmp_path / "set")
    with pytest.warns(UserWarning, match=r"skipped .*2\.txt, .*7\.png\.caption, .*film\.mp4: not data of") as warned:
        files, format = _sources.collect(tmp_path, None)
    assert len(warned) == 1
    assert format == "picture-folder"
    assert [(file.name, file.picture) for file in files if isinstance(file, _pictures.PictureFile)] == [
        ("1.txt", "1.png"),
        ("2.PNG.json", "2.PNG"),
        ("4.gif", "4.gif"),
        ("6.caption", "6.png"),
        ("7.txt", "7.png"),
        ("set/3.json", "set/3.jpg"),
        ("set/3.json", "set/3.webp"),
        ("5.txt", None),
        ("8.caption", None),
    ]


def test_the_warning_points_at_the_caller(server: FakeServer, tmp_path: Path) -> None:
    fill(tmp_path, "1.png", "1.txt", *(f"{i}.mp4" for i in range(5)))
    with millrace.connect(server.address) as client, pytest.warns(UserWarning, match="and 2 more") as warned:
        client.import_(tmp_path, dataset="d")
    assert warned[0].filename == __file__


def test_pictures_and_other_data_are_not_imported_together(tmp_path: Path) -> None:
    fill(tmp_path, "p/1.png", "p/1.txt", "dump.jsonl", "2.txt")
    with pytest.raises(ValueError, match=r"dump\.jsonl comes together with a folder of pictures"):
        _sources.collect([tmp_path / "p", tmp_path / "dump.jsonl"], None)
    assert len(_sources.collect([tmp_path / "p", tmp_path / "2.txt"], None).files) == 2


def test_a_folder_without_sidecars_is_one_of_pictures_only_when_it_is_said(tmp_path: Path) -> None:
    fill(tmp_path, "1.png")
    with pytest.raises(ValueError, match=r"1\.png: not a dump by its name"):
        _sources.collect(tmp_path, None)
    assert [file.name for file in _sources.collect(tmp_path, "picture-folder").files] == ["1.png"]


def test_what_holds_nothing_or_cannot_be_named_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="holds no files"):
        _sources.collect(tmp_path / "empty", "picture-folder")
    fill(tmp_path, "other/film.mp4")
    with pytest.raises(ValueError, match=r"none of the 1 files in .*other is a picture or a sidecar, such as film"):
        _sources.collect(tmp_path / "other", "picture-folder")
    (tmp_path / "bytes").mkdir()
    for name in (b"\xff.png", b"\xff.txt"):
        Path(os.fsdecode(os.fsencode(tmp_path / "bytes") + b"/" + name)).touch()
    with pytest.raises(ValueError, match="the name is not UTF-8"):
        _sources.collect(tmp_path / "bytes", None)


def test_a_sidecar_goes_out_in_one_message_and_a_large_one_in_more(server: FakeServer, tmp_path: Path) -> None:
    fill(tmp_path, "set/3.jpg", "4.txt")
    (tmp_path / "1.png").write_bytes(PNG)
    (tmp_path / "1.txt").write_text("a, b")
    (tmp_path / "set" / "2.jpg").write_bytes(b"x")
    (tmp_path / "set" / "2.json").write_bytes(b" " * (_chunks.CHUNK_SIZE_BYTES + 5))
    with millrace.connect(server.address) as client:
        client.import_(tmp_path, dataset="d", md5=True)
    start, first, second, rest, third, fourth, end = server.import_requests
    assert start.start.format == 10
    assert (first.file.name, first.file.content) == ("1.txt", b"a, b")
    picture = first.file.picture
    assert (picture.name, picture.size_bytes, picture.width_px, picture.height_px) == ("1.png", len(PNG), 640, 480)
    assert picture.md5 == hashlib.md5(PNG).digest()
    assert (second.file.name, len(second.file.content), rest.chunk) == ("set/2.json", 256 << 10, b" " * 5)
    assert not second.file.picture.HasField("width_px")
    assert (third.file.name, third.file.picture.name, third.file.content) == ("set/3.jpg", "set/3.jpg", b"")
    assert (fourth.file.name, fourth.file.HasField("picture")) == ("4.txt", False)
    assert (end.end.file_count, end.end.byte_count) == (4, 4 + _chunks.CHUNK_SIZE_BYTES + 5)


def test_an_import_of_pictures_is_repeated_and_shows_a_bar(
    server: FakeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("tqdm")
    fill(tmp_path, "1.png", "2.png")
    (tmp_path / "1.txt").write_bytes(b"x" * 2000)
    server.import_failures = 1
    with millrace.connect(server.address) as client:
        client.import_(tmp_path, dataset="d", progress=True)
    assert "2.00k/2.00k" in capsys.readouterr().err
    assert server.imported[0][1] == b"x" * 2000


def test_a_sidecar_that_is_gone_fails_the_import_with_its_own_error(server: FakeServer, tmp_path: Path) -> None:
    fill(tmp_path, "1.png", "1.txt", "2.png", "2.txt")
    (tmp_path / "2.txt").unlink()
    (tmp_path / "2.txt").symlink_to(tmp_path / "nowhere")
    with millrace.connect(server.address) as client, pytest.raises(FileNotFoundError, match=r"2\.txt"):
        client.import_(tmp_path, dataset="d")
    assert server.imported == []
