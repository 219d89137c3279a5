"""A folder of pictures comes to the same whether the command or the Python package imports it.

Method: one folder imported both ways into datasets of one server; the digests of the snapshots, which are those of all
that was imported, the counts and the rejected records are compared.
"""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest

import millrace
from server_process import ServerProcess
from test_cli import CLI, documents, run
from test_import_formats import png

pytestmark = [
    pytest.mark.skipif(not CLI.is_file(), reason=f"no command line client at {CLI}"),
    pytest.mark.filterwarnings("ignore:skipped"),
]


def write_pictures(folder: Path, count: int) -> None:
    """Pictures of all kinds with sidecars of all kinds, in folders, under names that a computer may find odd."""
    chance = random.Random(count)
    words = ["1girl", "long hair", "miku \\(vocaloid\\)", "(blue hair, smile:1.2)", ":(", "caf\u00e9", "solo"]
    for i in range(count):
        parent = folder / chance.choice(["", "set", "set/Inner", "\u00e9t\u00e9", "a b"])
        parent.mkdir(parents=True, exist_ok=True)
        name = chance.choice([str(i), f"picture {i}", f"x.{i}", f"\u732b{i}", f"Z-{i}"])
        extension = chance.choice(["png", "PNG", "jpg", "webp", "gif", "bmp"])
        head = {"png": png(i + 1, 2 * i + 1), "gif": b"GIF89a\x80\x02\xe0\x01"}.get(extension.lower(), b"no picture")
        (parent / f"{name}.{extension}").write_bytes(head + bytes(i))
        tags = ", ".join(chance.sample(words, chance.randint(0, 4)))
        for suffix in chance.sample([".txt", ".caption", f".{extension}.txt", f".{extension}.caption"], 2):
            if chance.random() < 0.6:
                (parent / f"{name}{suffix}").write_text(f"{tags}\n")
        if chance.random() < 0.3:
            sidecar = {"tags": {"general": ["a", "b"]}, "rating": "e", "width": 7, "md5": "0" * 32, "mine": [i]}
            (parent / f"{name}.json").write_text(json.dumps(sidecar))
    (folder / "large.png").write_bytes(png(5, 5))
    (folder / "large.txt").write_text(", ".join(f"tag {i}" for i in range(40_000)))
    (folder / "notes.md").write_text("no data")


def summary(result: millrace.ImportResult) -> tuple[object, ...]:
    return (
        *(result.format, result.snapshot, result.new_post_count, result.replaced_post_count),
        *(result.rejected_count, result.duplicate_tag_count, result.changed_tag_count, result.byte_count),
    )


def import_by_command(server: ServerProcess, dataset: str, folder: Path, *flags: str) -> None:
    run(server.address, "import", dataset, str(folder), "--max-rejected", "-1", *flags)


@pytest.mark.parametrize("md5", [False, True])
def test_the_command_and_the_package_import_the_same(
    server: ServerProcess, client: millrace.Client, tmp_path: Path, md5: bool
) -> None:
    write_pictures(tmp_path, 150)
    (tmp_path / "lonely.txt").write_text("x")
    (tmp_path / "lonely.caption").write_text("x")
    (tmp_path / "broken.png").write_bytes(b"")
    (tmp_path / "broken.json").write_text("{")
    by_command, by_package = f"command-{md5}".lower(), f"package-{md5}".lower()
    messages = documents(
        server.address, "import", by_command, str(tmp_path), "--max-rejected", "-1", *(["--md5"] if md5 else [])
    )
    rejected: list[millrace.RejectedRecord] = []
    result = client.import_(tmp_path, dataset=by_package, max_rejected=-1, md5=md5, on_rejected=rejected.append)
    assert result.new_post_count > 100
    [command_import] = client.imports(dataset=by_command)
    assert command_import.result is not None
    assert summary(command_import.result) == summary(result)
    assert result.format == "picture-folder"
    expected = [message["rejected"] for message in messages if "rejected" in message]
    assert [(r.file, r.line, r.reason) for r in rejected] == [
        (r["file"], int(r.get("line", 0)), r["reason"]) for r in expected
    ]
    assert {"lonely.txt", "lonely.caption", "broken.json"} <= {record.file for record in rejected}
    posts = list(client.posts.list(dataset=by_package))
    assert all(post.md5 not in (None, "0" * 32) for post in posts) == md5


def test_a_rejected_record_fails_both_with_the_same_words(
    server: ServerProcess, client: millrace.Client, tmp_path: Path
) -> None:
    (tmp_path / "1.png").write_bytes(png(1, 1))
    (tmp_path / "1.caption").write_text("a")
    (tmp_path / "2.png").write_bytes(png(1, 1))
    failed = run(server.address, "import", "refused", str(tmp_path), expect=5).stderr.decode()
    with pytest.raises(millrace.RecordRejected) as caught:
        client.import_(tmp_path, dataset="refused")
    said = re.search(r"nothing was changed: (.*) \(INVALID_ARGUMENT", failed)
    assert said is not None
    assert said[1] in str(caught.value)
    assert "has no sidecar; a .txt, .caption or .json of the same name was expected" in said[1]


def test_captions_stand_behind_text(server: ServerProcess, client: millrace.Client, tmp_path: Path) -> None:
    for name in ("1", "2"):
        (tmp_path / f"{name}.png").write_bytes(png(1, 1))
        (tmp_path / f"{name}.caption").write_text("of the caption")
    (tmp_path / "2.txt").write_text("of the text")
    import_by_command(server, "captions", tmp_path)
    posts = {post.id: [tag.name for tag in post.tags] for post in client.posts.list(dataset="captions")}
    assert posts == {1: ["of_the_caption"], 2: ["of_the_text"]}
