"""Vocabularies against a real server: what they hold, that they stay, and that every client sees the same.

Method: expected labels come from the bundled dump, read without Millrace; digests are computed anew from
docs/vocabularies.md; files are read by Python's csv module.
"""

from __future__ import annotations

import csv
import hashlib
import io
import random
import struct
from pathlib import Path

import pytest

import dump
import millrace
from server_process import ServerProcess, StartServer
from test_cli import CLI, documents, run
from test_grpcurl import GRPCURL, call

CATEGORY_NUMBERS = {None: 0, "general": 1, "artist": 2, "copyright": 3, "character": 4, "meta": 5, "species": 6}
CSV_CATEGORIES = {"general": "0", "artist": "1", "copyright": "3", "character": "4", "meta": "5"}
# A carriage return by itself is not among them: Python writes it without quotes, and reads that as a line's end.
PIECES = ["a", "b", ",", '"', "\n", "\r\n", " ", "ä", "🎩", "\t", ";", "="]
Label = tuple[int, str, str | None, int]


def expected_labels() -> list[Label]:
    """Of all tags of the dump: most posts first, then by id."""
    counts = dump.tag_counts(dump.records())
    labels = [(tag.id, tag.name, tag.category, count) for tag, count in counts.items()]
    return sorted(labels, key=lambda label: (-label[3], label[0]))


def digest_of(labels: list[Label]) -> str:
    digest = hashlib.sha256(b"millrace vocabulary 1\n")
    for _, name, category, _ in labels:
        digest.update(struct.pack("<BI", CATEGORY_NUMBERS[category], len(name.encode())) + name.encode())
    return digest.hexdigest()


def labels_of(client: millrace.Client, vocabulary: str, **options: int) -> list[Label]:
    return [
        (entry.tag_id or 0, entry.name, entry.category, entry.post_count or 0)
        for entry in client.vocabularies.entries(vocabulary, **options)
    ]


def test_a_snapshots_tags_are_labels_as_the_dump_has_them(client: millrace.Client) -> None:
    made = client.vocabularies.create("all", dataset="openclipart")
    expected = expected_labels()
    assert labels_of(client, "all", page_size=7) == expected
    assert (made.label_count, made.digest) == (len(expected), digest_of(expected))
    (newest,) = [one for one in client.datasets() if one.name == "openclipart"]
    assert made.snapshot == newest.newest_snapshot


def test_conditions_hold_together(client: millrace.Client) -> None:
    labels = expected_labels()
    names = [name for _, name, _, _ in labels[:60]]
    client.vocabularies.create(
        "some",
        dataset="openclipart",
        top=5,
        min_post_count=10,
        categories=["general", "artist", "copyright", "meta"],
        include=names,
        exclude=[names[0], names[3]],
    )
    wanted = [
        label
        for label in labels
        if label[3] >= 10 and label[1] in names and label[1] not in (names[0], names[3]) and label[2] != "character"
    ]
    assert labels_of(client, "some") == wanted[:5]


def test_the_same_labels_are_one_version_on_any_server(client: millrace.Client, start_server: StartServer) -> None:
    first = client.vocabularies.create("twice", dataset="openclipart", top=20)
    assert client.vocabularies.create("twice", dataset="openclipart", top=20) == first
    assert client.vocabularies.create("twice", dataset="openclipart", top=21).version == 2
    with millrace.connect(start_server().address) as other:
        copy = other.vocabularies.create("copy", csv=client.vocabularies.export("twice@1"))
        assert (copy.digest, copy.version, copy.snapshot) == (first.digest, 1, None)
        assert labels_of(other, "copy") == labels_of(client, "twice@1")


def test_an_export_is_csv_as_taggers_read_it(client: millrace.Client) -> None:
    client.vocabularies.create("export", dataset="openclipart", top=50)
    rows = list(csv.DictReader(io.StringIO(client.vocabularies.export("export").decode(), newline="")))
    expected = [
        (str(i), name, CSV_CATEGORIES[category or ""], str(n)) for i, name, category, n in expected_labels()[:50]
    ]
    assert [(row["tag_id"], row["name"], row["category"], row["count"]) for row in rows] == expected


def test_files_that_python_writes_come_back_as_they_were(client: millrace.Client) -> None:
    generator = random.Random(8)
    for round in range(20):
        names = {"".join(generator.choices(PIECES, k=generator.randint(1, 6))) for _ in range(30)}
        written = io.StringIO(newline="")
        writer = csv.writer(written, lineterminator=generator.choice(["\n", "\r\n"]), quoting=round % 3 % 2)
        writer.writerow(["id", "name", "ignored", "post_count"])
        expected = [(generator.randrange(1, 99), name, None, generator.randrange(1, 99)) for name in sorted(names)]
        writer.writerows((tag_id, name, "x,y", count) for tag_id, name, _, count in expected)
        client.vocabularies.create("round", csv=("\ufeff" * (round % 2) + written.getvalue()).encode())
        assert labels_of(client, "round") == expected
        exported = client.vocabularies.export("round").decode()
        assert [row["name"] for row in csv.DictReader(io.StringIO(exported, newline=""))] == sorted(names)


def test_bad_files_are_told_with_line_and_column(client: millrace.Client) -> None:
    for content, line, column in [
        (b"", "1", "1"),
        (b"tag,kind\nx,0\n", "1", "1"),
        (b"name,category\nx,0\ny,12\n", "3", "2"),
        (b"name,category\nx,0\nx,0\n", "3", "1"),
        (b'name\nx\n"y\n', "3", "1"),
        (b"id,name\n1,\xff\n", "2", "2"),
        (b"id,name\n1,a\x00b\n", "2", "2"),
    ]:
        with pytest.raises(millrace.VocabularyInvalid) as caught:
            client.vocabularies.create("bad", csv=content)
        assert (caught.value.metadata["line"], caught.value.metadata["column"]) == (line, column), content
    assert not list(client.vocabularies.list(name="bad"))


def test_names_and_tags_that_are_wrong_are_told(client: millrace.Client) -> None:
    for name in ["", "1girl", "Big", "deadbeef", "a@1", "x" * 65]:
        with pytest.raises(millrace.InvalidRequest) as caught:
            client.vocabularies.create(name, csv=b"name\nx\n")
        assert caught.value.field_violations[0].field == "name"
    with pytest.raises(millrace.VocabularyInvalid, match="no_such_tag"):
        client.vocabularies.create("bad", dataset="openclipart", include=["no_such_tag"])
    with pytest.raises(millrace.VocabularyInvalid, match="passes every condition"):
        client.vocabularies.create("bad", dataset="openclipart", min_post_count=10**6)


def test_the_largest_file_is_taken_and_given_back(client: millrace.Client) -> None:
    """16 MiB, both ways; a byte more is refused here, before it is sent."""
    head, row = b"tag_id,name,category,count\n", b"0,%0900d,0,0\n"
    rows = ((16 << 20) - len(head)) // len(row % 0)
    content = head + b"".join(row % i for i in range(rows))
    assert (15 << 20) < len(content) <= 16 << 20
    made = client.vocabularies.create("largest", csv=content)
    assert made.label_count == rows
    assert client.vocabularies.export("largest") == content
    with pytest.raises(ValueError, match="at most"):
        client.vocabularies.create("largest", csv=content + b"0,x,0,0\n" * 4096)


def test_versions_survive_a_kill_and_numbers_do_not_come_back(start_server: StartServer) -> None:
    process = start_server("killed")
    with millrace.connect(process.address) as client:
        versions = [client.vocabularies.create("v", csv=f"name\nx{i}\n".encode()) for i in range(3)]
        client.vocabularies.delete("v")
        process.kill()
    with millrace.connect(start_server("killed").address) as client:
        assert list(client.vocabularies.list()) == versions[1::-1]
        assert client.vocabularies.create("v", csv=b"name\nx2\n").version == 4
        assert client.vocabularies.get(versions[0].digest) == versions[0]


@pytest.mark.skipif(not CLI.is_file(), reason=f"no command line client at {CLI}")
def test_the_command_makes_shows_and_exports_the_same(
    server: ServerProcess, client: millrace.Client, tmp_path: Path
) -> None:
    labels = expected_labels()
    names = tmp_path / "names.txt"
    names.write_text("\r\n".join(name for _, name, _, _ in labels[:9]) + "\r\n\r\n")
    exclude = ["--exclude", labels[0][1], "--exclude=" + labels[1][1]]
    [made] = documents(
        server.address, "vocabulary", "create", "cli", "-d", "openclipart", "--include-from", str(names), *exclude
    )
    assert (made["created"], made["vocabulary"]["label_count"]) == (True, "7")
    assert labels_of(client, "cli") == labels[2:9]
    out = tmp_path / "labels.csv"
    run(server.address, "vocabulary", "export", "cli", "-o", str(out))
    assert out.read_bytes() == client.vocabularies.export("cli")
    assert run(server.address, "vocabulary", "export", "cli@1").stdout == out.read_bytes()
    [again] = documents(server.address, "vocabulary", "create", "cli", "--from-csv", "-", stdin=out.read_bytes())
    assert not again["created"]
    shown = run(server.address, "vocabulary", "show", "cli", "--limit", "3").stdout.decode()
    assert labels[4][1] in shown
    assert labels[5][1] not in shown
    [listed] = documents(server.address, "vocabulary", "list", "cli")
    assert listed["digest"] == made["vocabulary"]["digest"]
    bad = run(server.address, "vocabulary", "create", "cli", "--from-csv", "-", stdin=b"name\nx\nx\n", expect=5)
    assert "line 3, column 1 (name)" in bad.stderr.decode()
    run(server.address, "vocabulary", "create", "cli", "--from-csv", "-", "--top", "3", expect=2)
    run(server.address, "vocabulary", "create", "cli", "--from-csv", "no/such.csv", expect=1)
    run(server.address, "vocabulary", "delete", "cli")
    run(server.address, "vocabulary", "show", "cli", expect=3)
    run(server.address, "vocabulary", "delete", "cli", expect=3)
    run(server.address, "vocabulary", "delete", "cli", "--allow-missing")


@pytest.mark.skipif(GRPCURL is None, reason="no grpcurl: scripts/setup --test installs it")
def test_grpcurl_makes_and_lists_vocabularies(server: ServerProcess) -> None:
    selection = {"dataset": "openclipart", "top": 3, "categories": ["TAG_CATEGORY_GENERAL"]}
    (made,) = call(server, "VocabularyService/CreateVocabulary", {"name": "curl", "selection": selection})
    (entries,) = call(server, "VocabularyService/ListVocabularyEntries", {"vocabulary": "curl"})
    general = [label for label in expected_labels() if label[2] == "general"][:3]
    assert [entry["name"] for entry in entries["entries"]] == [label[1] for label in general]
    assert made["vocabulary"]["digest"] == digest_of(general)
