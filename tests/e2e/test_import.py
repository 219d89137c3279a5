"""Imports of the bundled dump, in every form it may come in, against an independent count of the same file.

Method: dump.py reads the JSON lines with Python's json alone; every post, tag and count is compared.
"""

from __future__ import annotations

import gzip
import uuid
from collections import Counter
from pathlib import Path

import pytest

import dump
import millrace

zstandard = pytest.importorskip("zstandard", reason="the zstandard package is not installed")

RECORDS = dump.records()


def name() -> str:
    return f"d-{uuid.uuid4()}"


def check_posts(client: millrace.Client, dataset: str) -> None:
    """The dataset holds exactly the dump's posts, whole."""
    posts = [dump.comparable(post) for post in client.posts.list(dataset=dataset)]
    assert posts == sorted((dump.expected_post(record) for record in RECORDS), key=lambda post: post.id)


def test_statistics_are_those_of_an_independent_count(client: millrace.Client) -> None:
    stats = client.stats(dataset="openclipart")
    counts = dump.tag_counts(RECORDS)
    assert stats.post_count == len(RECORDS)
    assert stats.tag_count == len(counts)
    assert stats.tag_use_count == sum(counts.values())
    assert (stats.min_post_id, stats.max_post_id) == (
        min(int(r["id"]) for r in RECORDS),
        max(int(r["id"]) for r in RECORDS),
    )
    assert {r.rating: r.post_count for r in stats.ratings} == Counter(dump.RATINGS[r["rating"]] for r in RECORDS)
    assert {f.file_ext: f.post_count for f in stats.file_types} == Counter(r["file_ext"] for r in RECORDS)
    uses = Counter[str | None]()
    for tag, count in counts.items():
        uses[tag.category] += count
    assert {c.category: c.tag_use_count for c in stats.categories} == uses
    assert {c.category: c.tag_count for c in stats.categories} == Counter(tag.category for tag in counts)
    assert stats.last_import is not None
    assert stats.last_import.post_count == len(RECORDS)


def test_a_snapshot_counts_as_its_dataset(client: millrace.Client) -> None:
    of_dataset = client.stats(dataset="openclipart")
    (dataset,) = [d for d in client.datasets() if d.name == "openclipart"]
    assert dataset.newest_snapshot is not None
    of_snapshot = client.stats(snapshot=dataset.newest_snapshot)
    for field in ("post_count", "tag_count", "tag_use_count", "ratings", "categories", "file_types", "max_post_id"):
        assert getattr(of_dataset, field) == getattr(of_snapshot, field), field


def test_every_post_is_as_in_the_dump(client: millrace.Client) -> None:
    check_posts(client, "openclipart")


def test_the_snapshot_has_the_same_posts_with_rows(client: millrace.Client) -> None:
    snapshot = next(client.snapshots.list(dataset="openclipart"))
    posts = list(client.posts.list(snapshot=snapshot.digest))
    assert [post.row for post in posts] == list(range(len(RECORDS)))
    expected = sorted((dump.expected_post(record) for record in RECORDS), key=lambda post: post.id)
    assert [dump.comparable(post) for post in posts] == expected


def test_tags_are_listed_with_their_counts(client: millrace.Client) -> None:
    expected = dump.tag_counts(RECORDS)
    listed = list(client.tags.list(dataset="openclipart", page_size=100))
    assert {millrace.Tag(t.id, t.name, t.category): t.post_count for t in listed} == expected
    assert [tag.name.encode() for tag in listed] == sorted(tag.name.encode() for tag in listed)
    by_count = [t.post_count for t in client.tags.list(dataset="openclipart", order="post_count", page_size=77)]
    assert by_count == sorted(expected.values(), reverse=True)
    wanted = {
        tag for tag, count in expected.items() if tag.name.startswith("s") and tag.category == "general" and count > 4
    }
    found = client.tags.list(dataset="openclipart", prefix="s", category="general", min_post_count=5)
    assert {tag.id for tag in found} == {tag.id for tag in wanted}


def test_a_tag_is_found_by_id_and_by_name(client: millrace.Client) -> None:
    tag, count = dump.tag_counts(RECORDS).most_common(3)[2]
    for key in (tag.id, tag.name):
        match = client.tags.get(key, dataset="openclipart")
        assert (match.tag.id, match.tag.name, match.tag.post_count) == (tag.id, tag.name, count)
    with pytest.raises(millrace.TagNotFound):
        client.tags.get("no such tag", dataset="openclipart")


def test_a_post_is_found_by_id_and_by_md5(client: millrace.Client) -> None:
    record = RECORDS[123]
    same_md5 = min(int(r["id"]) for r in RECORDS if r["md5"] == record["md5"])
    assert dump.comparable(client.posts.get(int(record["id"]), dataset="openclipart")) == dump.expected_post(record)
    assert client.posts.get(md5=record["md5"], dataset="openclipart").id == same_md5
    with pytest.raises(millrace.PostNotFound):
        client.posts.get(987654321, dataset="openclipart")


def test_posts_by_id_keep_the_order_and_tell_what_is_missing(client: millrace.Client) -> None:
    ids = [int(r["id"]) for r in RECORDS]
    asked = [ids[5], 987654321, ids[2], ids[5]]
    found = client.posts.batch_get(asked, dataset="openclipart")
    assert [post.id for post in found.posts] == [ids[5], ids[2], ids[5]]
    assert found.missing_ids == (987654321,)


def test_a_sample_is_distinct_and_repeatable(client: millrace.Client) -> None:
    first = client.posts.sample(100, dataset="openclipart", rows=(100, 400))
    assert len({post.id for post in first.posts}) == 100
    assert all(post.row is not None and 100 <= post.row < 400 for post in first.posts)
    assert first.range_post_count == 300
    again = client.posts.sample(100, snapshot=first.snapshot, rows=(100, 400), seed=first.seed)
    assert again.posts == first.posts
    with pytest.raises(millrace.SampleTooLarge, match="300"):
        client.posts.sample(301, dataset="openclipart", rows=(100, 400))


@pytest.mark.parametrize("form", ["plain", "gz", "gz-members", "zst", "zst-frames", "misnamed"])
def test_every_compression_gives_the_same_snapshot(client: millrace.Client, tmp_path: Path, form: str) -> None:
    data = dump.POSTS_PATH.read_bytes()
    half = len(data) // 2
    compress = zstandard.ZstdCompressor().compress
    encoded, file_name = {
        "plain": (data, "p.jsonl"),
        "gz": (gzip.compress(data), "p.jsonl.gz"),
        "gz-members": (gzip.compress(data[:half]) + gzip.compress(data[half:]), "p.jsonl.gz"),
        "zst": (compress(data), "p.jsonl.zst"),
        "zst-frames": (compress(data[:half]) + compress(data[half:]), "p.jsonl.zst"),
        "misnamed": (gzip.compress(data), "p.jsonl"),  # without a name to tell it, the bytes do
    }[form]
    (tmp_path / file_name).write_bytes(encoded)
    result = client.import_(tmp_path / file_name, dataset=name())
    assert result.new_post_count == len(RECORDS)
    assert result.byte_count == len(encoded)
    assert result.snapshot == next(client.snapshots.list(dataset="openclipart")).digest


def test_a_folder_gives_the_same_snapshot(client: millrace.Client, tmp_path: Path) -> None:
    lines = dump.POSTS_PATH.read_bytes().splitlines(keepends=True)
    (tmp_path / "a.json").write_bytes(b"".join(lines[400:]))
    (tmp_path / "b.json.gz").write_bytes(gzip.compress(b"".join(lines[:100])))
    (tmp_path / "c.json.zst").write_bytes(zstandard.ZstdCompressor().compress(b"".join(lines[100:400])))
    result = client.import_(tmp_path, dataset=name())
    assert result.snapshot == next(client.snapshots.list(dataset="openclipart")).digest


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
def test_the_seed_systems_sqlite_file(client: millrace.Client, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / "meta.sqlite"
    dump.write_sqlite(path, RECORDS)
    if suffix:
        data = path.read_bytes()
        path = tmp_path / f"meta.sqlite{suffix}"
        path.write_bytes(gzip.compress(data) if suffix == ".gz" else zstandard.ZstdCompressor().compress(data))
    dataset = name()
    result = client.import_(path, dataset=dataset)
    assert (result.new_post_count, result.rejected_count) == (len(RECORDS), 0)
    kept = ("id", "md5", "rating", "width_px", "height_px", "file_ext", "file_size_bytes", "source", "pixiv_id", "tags")
    for record, post in zip(
        sorted(RECORDS, key=lambda r: int(r["id"])), client.posts.list(dataset=dataset), strict=True
    ):
        expected = dump.expected_post(record)
        for field in (*kept, "location"):
            assert getattr(post, field) == getattr(expected, field), (post.id, field)


def test_importing_again_replaces_and_changes_nothing(client: millrace.Client) -> None:
    dataset = name()
    first = client.import_(dump.POSTS_PATH, dataset=dataset)
    second = client.import_(dump.POSTS_PATH, dataset=dataset)
    assert (second.new_post_count, second.replaced_post_count) == (0, len(RECORDS))
    assert second.snapshot == first.snapshot
    check_posts(client, dataset)


def test_an_empty_request_id_is_no_id(client: millrace.Client) -> None:
    with pytest.raises(ValueError, match="request_id is empty"):
        client.import_(dump.POSTS_PATH, dataset=name(), request_id="")


def test_the_same_request_id_imports_once(client: millrace.Client) -> None:
    dataset, request_id = name(), str(uuid.uuid4())
    first = client.import_(dump.POSTS_PATH, dataset=dataset, request_id=request_id)
    again = client.import_(dump.POSTS_PATH, dataset=dataset, request_id=request_id)
    assert not first.already_imported
    assert again.already_imported
    assert again.import_id == first.import_id
    assert len(list(client.imports(dataset=dataset))) == 1
    with pytest.raises(millrace.RequestIdReused):
        client.import_(dump.POSTS_PATH, dataset=name(), request_id=request_id)


def test_a_post_is_replaced_whole(client: millrace.Client, tmp_path: Path) -> None:
    dataset = name()
    path = tmp_path / "p.jsonl"
    path.write_text('{"id":"7","score":"3","file_ext":"png","tags":[{"id":"1","name":"a","category":"0"}]}\n')
    client.import_(path, dataset=dataset)
    path.write_text('{"id":"7","rating":"q","tags":[{"id":"2","name":"b","category":"1"}]}\n')
    client.import_(path, dataset=dataset)
    post = client.posts.get(7, dataset=dataset)
    assert (post.score, post.file_ext, post.rating) == (None, None, "questionable")
    assert post.tags == (millrace.Tag(2, "b", "artist"),)
    assert [tag.id for tag in client.tags.list(dataset=dataset)] == [2]


def test_duplicate_tags_collapse_and_unknown_fields_are_kept(client: millrace.Client, tmp_path: Path) -> None:
    dataset = name()
    tag = '{"id":"1","name":"a","category":"0"}'
    path = tmp_path / "p.jsonl"
    path.write_text(f'{{"id":"7","bit_flags":"5","tags":[{tag},{tag}],"pools":["3","4","series","collection"]}}\n')
    result = client.import_(path, dataset=dataset)
    assert result.duplicate_tag_count == 1
    post = client.posts.get(7, dataset=dataset)
    assert post.tags == (millrace.Tag(1, "a", "general"),)
    assert post.extra_json == '{"bit_flags":"5"}'
    assert post.pools == (millrace.Pool(3, "series"), millrace.Pool(4, "collection"))


def test_progress_is_told(client: millrace.Client) -> None:
    heard: list[millrace.ImportProgress] = []
    result = client.import_(dump.POSTS_PATH, dataset=name(), on_progress=heard.append)
    assert heard == sorted(heard, key=lambda progress: (progress.byte_count, progress.post_count))
    assert all(progress.byte_count <= result.byte_count for progress in heard)


def test_skip_snapshot_leaves_the_dataset_without_one(client: millrace.Client) -> None:
    dataset = name()
    assert client.import_(dump.POSTS_PATH, dataset=dataset, skip_snapshot=True).snapshot is None
    with pytest.raises(millrace.SnapshotRequired):
        client.plans.create(dataset=dataset, batch_size=8)
    made = client.snapshots.create(dataset)
    assert client.snapshots.verify(made.digest).intact
    assert client.plans.create(dataset=dataset, batch_size=8).snapshot == made.digest


def test_a_snapshot_in_use_is_not_deleted(client: millrace.Client, tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_bytes(dump.made_up(50))
    digest = client.import_(path, dataset=name()).snapshot
    assert digest is not None
    plan = client.plans.create(snapshot=digest[:8], batch_size=8)
    assert plan.snapshot == digest
    with pytest.raises(millrace.SnapshotInUse, match=plan.id[:8]):
        client.snapshots.delete(digest)
    client.plans.delete(plan.id)
    client.snapshots.delete(digest)
    with pytest.raises(millrace.SnapshotNotFound):
        client.snapshots.get(digest)
    client.snapshots.delete(digest, allow_missing=True)
