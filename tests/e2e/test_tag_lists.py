"""What boards list apart from posts, through a real server: told by the files of e621's export, whatever their order.

Method: the files of tests/core/ingest/fixtures; what is to be found is written down here by hand.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

import millrace
from server_process import StartServer

FILES = Path(__file__).parents[1] / "core" / "ingest" / "fixtures" / "e621-csv"
LISTS = ["tags", "tag_aliases", "tag_implications", "pools"]


def import_files(
    client: millrace.Client, dataset: str, *kinds: str, apply_aliases: bool = False
) -> millrace.ImportResult:
    files = [next(FILES.glob(f"{kind}-*.csv")) for kind in kinds]
    return client.import_(files, dataset=dataset, format="e621-csv", max_rejected=-1, apply_aliases=apply_aliases)


@pytest.fixture
def client(start_server: StartServer) -> millrace.Client:
    return millrace.connect(start_server().address)


def test_relations_of_a_dataset_have_every_status_and_of_a_snapshot_the_active_ones(client: millrace.Client) -> None:
    import_files(client, "e621", *LISTS, "posts")
    relations = [(r.kind, r.antecedent, r.consequent, r.status) for r in client.tags.relations(dataset="e621")]
    assert relations == [
        ("alias", "foxes", "fox", "active"),
        ("alias", "old", "new", "pending"),
        ("alias", "vixens", "female", "deleted"),
        ("implication", "fox", "canine", "active"),
    ]
    snapshot = next(iter(client.snapshots.list(dataset="e621"))).digest
    active = [(r.kind, r.antecedent, r.consequent) for r in client.tags.relations(snapshot=snapshot, page_size=1)]
    assert active == [("alias", "foxes", "fox"), ("implication", "fox", "canine")]
    assert [r.kind for r in client.tags.relations(dataset="e621", kind="implication")] == ["implication"]


def test_pools_tell_posts_that_they_are_in_them(client: millrace.Client) -> None:
    import_files(client, "e621", *LISTS, "posts")
    pools = {pool.id: pool for pool in client.tags.pools("e621")}
    assert (pools[5].name, pools[5].kind, pools[5].post_count) == ("A_story", "series", 2)
    assert millrace.types.Pool(5, "series") in client.posts.get(14, dataset="e621").pools


def test_a_pool_tells_its_posts_in_its_order_when_asked(client: millrace.Client) -> None:
    import_files(client, "e621", *LISTS)
    assert [pool.post_ids for pool in client.tags.pools("e621")] == [(), ()]
    (pool,) = client.tags.pools("e621", id=5, with_post_ids=True)
    assert pool.post_ids == (15, 14)
    assert list(client.tags.pools("e621", id=999)) == []
    with pytest.raises(ValueError, match="positive"):
        client.tags.pools("e621", id=0)


def test_lists_of_tags_are_given_back_with_the_sources_own_words(client: millrace.Client) -> None:
    import_files(client, "e621", *LISTS)
    tags = {tag.name: tag for tag in client.tags.listed("e621", page_size=2)}
    assert len(tags) == 13
    canine = tags["canine"]
    assert (canine.id, canine.category, canine.source_post_count) == (1, "species", 1000)
    assert json.loads(canine.extra_json or "") == {"category": 5}
    assert tags["a_story"].source_post_count == -1
    assert [tag.name for tag in client.tags.listed("e621", prefix="fo")] == ["fox"]


def test_the_lists_give_ids_and_categories_before_the_posts_and_categories_after_them(client: millrace.Client) -> None:
    import_files(client, "before", *LISTS, "posts")
    import_files(client, "after", "posts")
    import_files(client, "after", *LISTS)
    before, after = client.tags.get("fox", dataset="before").tag, client.tags.get("fox", dataset="after").tag
    assert (before.id, before.category, after.category) == (2, "species", "species")
    assert after.id >= 2**62


def test_aliases_are_applied_where_an_import_asks_for_it(client: millrace.Client, tmp_path: Path) -> None:
    import_files(client, "e621", "tag_aliases")
    header = "id,uploader_id,created_at,md5,source,rating,image_width,image_height,tag_string,file_ext,parent_id\n"
    (tmp_path / "posts.csv").write_text(header + "1,2,2007-02-10 14:21:37,,,s,6,8,foxes solo,jpg,\n")
    client.import_(tmp_path / "posts.csv", dataset="e621", format="e621-csv", apply_aliases=True)
    post = client.posts.get(1, dataset="e621")
    assert {tag.name for tag in post.tags} == {"fox", "solo"}
    assert json.loads(post.extra_json or "{}")["aliased_tags"] == ["foxes"]


HEADER = "id,uploader_id,created_at,md5,source,rating,image_width,image_height,tag_string,file_ext,parent_id\n"
POSTS = HEADER + "".join(
    f"{i},2,2007-02-10 14:21:37,,,s,6,8,{tags},jpg,\n" for i, tags in [(1, "foxes solo"), (2, "fox foxes")]
)


@pytest.mark.parametrize("order", list(itertools.permutations(["posts", "tag_aliases", "tags"])))
def test_aliases_of_an_import_apply_to_its_own_posts(
    client: millrace.Client, tmp_path: Path, order: tuple[str, ...]
) -> None:
    (tmp_path / "posts.csv").write_text(POSTS)
    lists = {kind: next(FILES.glob(f"{kind}-*.csv")) for kind in ("tag_aliases", "tags")}
    files = [lists.get(kind, tmp_path / "posts.csv") for kind in order]
    result = client.import_(files, dataset="e621", format="e621-csv", max_rejected=-1, apply_aliases=True)
    assert (result.new_post_count, result.aliased_post_count, result.duplicate_tag_count) == (2, 2, 1)
    assert {tag.name for tag in client.posts.get(1, dataset="e621").tags} == {"fox", "solo"}
    assert [tag.name for tag in client.posts.get(2, dataset="e621").tags] == ["fox"]
    assert [(tag.name, tag.post_count) for tag in client.tags.list(dataset="e621")] == [("fox", 2), ("solo", 1)]


def test_an_import_of_lists_says_what_it_brought(client: millrace.Client) -> None:
    first = import_files(client, "e621", *LISTS)
    counts = millrace.ListedCounts
    assert (first.new_post_count, first.listed_aliases, first.listed_implications) == (0, counts(3), counts(1))
    assert (first.listed_tags.new_count > 0, first.listed_pools.new_count > 0) == (True, True)
    assert first.listed_artists == counts()
    again = import_files(client, "e621", *LISTS)
    assert again.listed_aliases == counts(unchanged_count=3)
    assert again.listed_tags == counts(unchanged_count=first.listed_tags.new_count)
    assert [record.result for record in client.imports(dataset="e621")] == [again, first]


def test_an_alias_that_gives_way_is_counted(client: millrace.Client, tmp_path: Path) -> None:
    import_files(client, "e621", "tag_aliases")
    later = tmp_path / "tag_aliases.csv"
    later.write_text("id,antecedent_name,consequent_name,created_at,status\n9,fox,vulpes,,active\n")
    result = client.import_(later, dataset="e621", format="e621-csv")
    assert (result.superseded_relation_count, result.listed_aliases) == (1, millrace.ListedCounts(1))


def test_a_list_that_does_not_tell_deprecation_leaves_it(client: millrace.Client, tmp_path: Path) -> None:
    tags = tmp_path / "tags000000000000.json"
    told = {"id": 5, "name": "fox", "category": 0, "is_deprecated": True, "post_count": 3, "words": ["fox"]}
    tags.write_text(json.dumps(told) + "\n")
    client.import_(tags, dataset="mixed", format="danbooru-export")
    import_files(client, "mixed", "tags")
    (fox,) = client.tags.listed("mixed", prefix="fox")
    assert (fox.is_deprecated, fox.category) == (True, "species")
    extra = json.loads(fox.extra_json or "")
    assert (extra["words"], str(extra["category"])) == (["fox"], "5")


def test_a_tag_told_in_two_ways_is_counted_and_the_later_stands(client: millrace.Client, tmp_path: Path) -> None:
    tags = tmp_path / "tags.csv"
    tags.write_text("id,name,category,post_count\n1,fox,0,3\n2,cat,0,3\n2,cat,0,3\n1,fox,5,3\n")
    result = client.import_(tags, dataset="twice", format="e621-csv")
    assert result.listed_tags == millrace.ListedCounts(new_count=2, conflict_count=1)
    assert next(iter(client.imports(dataset="twice"))).result == result
    (fox,) = client.tags.listed("twice", prefix="fox")
    assert fox.category == "species"
