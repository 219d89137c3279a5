"""Tags as said and with aliases and implications applied: what a real server finds, plans, sends and counts by each.

Method: made up posts in e621's files, and a few relations; what is to be found follows names through these relations in
Python, without Millrace.
"""

from __future__ import annotations

import csv
import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import millrace
from millrace import ColumnBatch, Labels, Loader, reference
from server_process import ServerProcess
from test_cli import CLI, run

POST_COUNT = 240
BATCH_SIZE = 32
CATEGORIES = {"cat": "species", "neko": "species", "tabby": "species", "dog": "species"}
CATEGORIES |= {"ann": "artist", "ann_(old)": "artist", "bob": "artist"}
CATEGORY_NUMBERS = {"artist": "1", "species": "5"}
SAID = ["cat", "neko", "tabby", "dog", "mammal", "puss", "tom", "ann", "ann_(old)", "bob", "hat", "red_hat", "grin"]
ALIASES = {"neko": "cat", "kitty": "cat", "ann_(old)": "ann", "puss": "pussy_cat", "tom": "pussy_cat"}
# No post says feline, which is implied, nor pussy_cat, which puss and tom are aliases of.
IMPLICATIONS = [("tabby", "neko"), ("cat", "feline"), ("feline", "mammal"), ("dog", "mammal"), ("red_hat", "hat")]


def resolve(name: str) -> str:
    return ALIASES.get(name, name)


def reach(name: str) -> set[str]:
    """The names that a post has by having this one."""
    reached, todo = {resolve(name)}, [resolve(name)]
    while todo:
        here = todo.pop()
        found = {resolve(to) for by, to in IMPLICATIONS if resolve(by) == here} - reached
        reached |= found
        todo += found
    return reached


def applied(tags: set[str]) -> set[str]:
    kept = {name for name in tags if resolve(name) not in SAID}
    return kept | {name for tag in tags for name in reach(tag) if name in SAID}


def made_up_posts() -> dict[int, set[str]]:
    chance = random.Random(5)
    posts = {id: {name for name in SAID if chance.random() < 0.15} for id in range(1, POST_COUNT + 1)}
    return {id: tags or {"grin"} for id, tags in posts.items()}


POSTS = made_up_posts()


def write(path: Path, header: str, rows: list[list[object]]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header.split(","), *rows])
    return path


def import_all(
    client: millrace.Client, folder: Path, aliases: dict[str, str], implications: list[tuple[str, str]]
) -> str:
    """Imports all of it; the snapshot's digest."""
    folder.mkdir()
    numbers = [CATEGORY_NUMBERS.get(CATEGORIES.get(name, ""), "0") for name in SAID]
    write(
        folder / "tags-1.csv",
        "id,name,category,post_count",
        [[i + 1, *tag, 0] for i, tag in enumerate(zip(SAID, numbers, strict=True))],
    )
    relation_header = "id,antecedent_name,consequent_name,created_at,status"
    for kind, pairs in (("aliases", list(aliases.items())), ("implications", implications)):
        write(folder / f"tag_{kind}-1.csv", relation_header, [[i, *pair, "", "active"] for i, pair in enumerate(pairs)])
    header = "id,uploader_id,created_at,md5,source,rating,image_width,image_height,tag_string,file_ext,parent_id"
    rows = [[id, 1, "", "", "", "s", 6, 8, " ".join(sorted(tags)), "jpg", ""] for id, tags in POSTS.items()]
    write(folder / "posts-1.csv", header, rows)
    result = client.import_(folder, dataset="pets", format="e621-csv")
    assert result.snapshot is not None
    return result.snapshot


@pytest.fixture(scope="module")
def pets(client: millrace.Client, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The snapshot with the relations."""
    return import_all(client, tmp_path_factory.mktemp("pets") / "files", ALIASES, IMPLICATIONS)


def matching(name: str, reading: str) -> set[int]:
    def holds(tags: set[str]) -> bool:
        if reading == "as_said":
            return any(resolve(tag) == resolve(name) for tag in tags)
        return any(resolve(name) in reach(tag) for tag in tags)

    return {id for id, tags in POSTS.items() if holds(tags)}


@pytest.mark.parametrize("reading", ["as_said", "applied"])
def test_queries_find_alias_classes_always_and_implications_on_request(
    client: millrace.Client, pets: str, reading: str
) -> None:
    def ids(query: str) -> set[int]:
        return set(client.posts.search_ids(query, snapshot=pets, tags=reading))

    names = [*SAID, "kitty", "pussy_cat", *(["feline"] if reading == "applied" else [])]
    for name in names:
        assert ids(f'"{name}"') == matching(name, reading), name
        explained = client.explain_query(f'-"{name}"', snapshot=pets, tags=reading)
        assert explained.post_count == POST_COUNT - len(matching(name, reading))
        assert explained.terms()[0].alias_of == ALIASES.get(name)
    assert ids("k*ty or pu*") == matching("cat", reading) | matching("pussy_cat", reading)
    counts = {id: len(tags if reading == "as_said" else applied(tags)) for id, tags in POSTS.items()}
    assert ids("tagcount:3..4") == {id for id, count in counts.items() if 3 <= count <= 4}
    ordered = list(client.posts.search_ids("order:tagcount", snapshot=pets, tags=reading))
    assert ordered == sorted(counts, key=lambda id: (-counts[id], id))


def test_a_name_that_only_implications_speak_of_is_refused_as_said(client: millrace.Client, pets: str) -> None:
    with pytest.raises(millrace.QueryInvalid):
        client.explain_query("feline", snapshot=pets)
    with pytest.raises(ValueError, match="tags must be one of as_said, applied"):
        client.explain_query("cat", snapshot=pets, tags="as-said")


def tags_by_post(batches: Iterator[millrace.Batch]) -> dict[int, set[str]]:
    return {post.id: {tag.name for tag in post.tags} for batch in batches for post in batch.posts}


@pytest.mark.parametrize("reading", ["as_said", "applied"])
def test_rows_columns_and_labels_of_a_plan_have_the_tags_of_its_reading(
    server: ServerProcess, client: millrace.Client, pets: str, reading: str
) -> None:
    splits = {"all": 1}
    plan = client.plans.create(snapshot=pets, batch_size=BATCH_SIZE, splits=splits, query="-grin or cat", tags=reading)
    assert plan.tags == reading
    assert client.plans.get(plan.id).tags == reading
    assert ('"tags":"applied"' in plan.canonical_form) == (reading == "applied")
    grin, cat = matching("grin", reading), matching("cat", reading)
    selected = set(POSTS) - grin | cat
    assert plan.selected_count == len(selected)
    expected = {id: POSTS[id] if reading == "as_said" else applied(POSTS[id]) for id in selected}

    with Loader(server.address, plan=plan.id, split="all", epochs=1) as loader:
        assert tags_by_post(iter(loader)) == expected

    vocabulary = client.vocabularies.create(f"pets-{reading.replace('_', '-')}", snapshot=pets, tags=reading)
    entries = list(client.vocabularies.entries(vocabulary.digest))
    counts = Counter(tag for tags in POSTS.values() for tag in (tags if reading == "as_said" else applied(tags)))
    assert {entry.name: entry.post_count for entry in entries} == dict(counts)
    assert [entry.post_count for entry in entries] == sorted(counts.values(), reverse=True)
    ids = {entry.name: entry.tag_id for entry in entries}
    names = [entry.name for entry in entries]
    categories = {entry.name: entry.category for entry in entries}
    for encoding in ("csr", "dense", "bits"):
        labels = Labels(vocabulary.digest, encoding)
        with Loader(
            server.address, plan=plan.id, split="all", epochs=1, fields=["tags", "tag_indexes"], labels=labels
        ) as loader:
            for batch in loader:
                assert isinstance(batch, ColumnBatch)
                if encoding == "csr":
                    matrix = np.zeros((len(batch), len(names)), dtype=bool)
                    for i in range(len(batch)):
                        matrix[i, batch.labels.of(i)] = True
                elif encoding == "dense":
                    matrix = batch.labels.astype(bool)
                else:
                    bits = np.unpackbits(batch.labels, axis=1, count=len(names), bitorder="little")
                    matrix = bits.astype(bool)
                for i, id in enumerate(batch.post_ids.tolist()):
                    assert {names[k] for k in np.flatnonzero(matrix[i])} == expected[id]
                    tags = batch.tags.of(i).tolist()
                    assert tags == sorted(ids[name] for name in expected[id])
                    assert len(batch.lists("tag_indexes").of(i)) == len(tags)
    for post in client.batch(plan.id, split="all", step=0).posts:
        assert {(tag.name, tag.category) for tag in post.tags} == {
            (name, categories[name]) for name in expected[post.id]
        }
        assert [tag.id for tag in post.tags] == sorted(ids[name] for name in expected[post.id])


def test_units_strata_and_weights_go_by_the_reading(client: millrace.Client, pets: str) -> None:
    def served(reading: str, **options: object) -> dict[str, set[int]]:
        plan = client.plans.create(snapshot=pets, batch_size=POST_COUNT, tags=reading, **options)  # type: ignore[arg-type]
        return {split.name: set(client.batch(plan.id, split=split.name).post_ids.tolist()) for split in plan.splits}

    halves = {"one": 1, "two": 1}
    # One artist by two names: always together, and by their names alone two units, which some seed puts apart.
    ann = matching("ann", "as_said")

    def is_whole(reading: str, seed: int) -> bool:
        return any(ann <= ids for ids in served(reading, splits=halves, unit="artist", seed=seed).values())

    assert all(is_whole("applied", seed) for seed in range(8))
    assert not all(is_whole("as_said", seed) for seed in range(8))
    # An exact half of those with the tag, each way.
    stratify = millrace.Stratify("tag", tag="mammal")
    for reading in ("as_said", "applied"):
        with_tag = matching("mammal", reading)
        strata = served(reading, splits=halves, stratify=stratify)
        assert abs(2 * len(strata["one"] & with_tag) - len(with_tag)) <= 1
    assert len(matching("mammal", "applied")) > len(matching("mammal", "as_said"))
    weighted = [millrace.SplitSpec("all", 1, "weighted")]
    weights = millrace.TagFrequencyWeights(cap=50, power_quarters=4)
    for reading in ("as_said", "applied"):
        plan = client.plans.create(snapshot=pets, batch_size=8, tags=reading, splits=weighted, weights=weights)
        read = {id: tags if reading == "as_said" else applied(tags) for id, tags in POSTS.items()}
        counts = Counter(tag for tags in read.values() for tag in tags)
        for id in (1, 17, 60):
            rarest = min(counts[tag] for tag in read[id])
            [told] = [text for text in client.plans.explain_post(plan.id, id).reasons if "rarest tag" in text]
            assert f"f = {rarest} of {POST_COUNT} posts" in told


PLANS: list[dict[str, object]] = [
    {"query": "(cat or hat) -grin tagcount:2.."},
    {"query": "pu* or *y or tab*", "batch_size": 7, "last_batch": "pad"},
    {"splits": {"one": 2, "two": 1}, "unit": "artist", "query": "arttags:1.. or dog"},
    {"splits": {"one": 1, "two": 1}, "stratify": millrace.Stratify("tag", tag="kitty")},
    {"splits": {"one": 1, "two": 1}, "stratify": millrace.Stratify("category", category="species")},
    {
        "splits": [millrace.SplitSpec("all", 1, "weighted")],
        "weights": millrace.TagFrequencyWeights(cap=50, power_quarters=3),
    },
    {
        "splits": [millrace.SplitSpec("all", 1, "mixed")],
        "mix": millrace.Mix({"mammal": 3, "hat or ann": 2, "": 1}),
    },
]


@pytest.mark.parametrize("reading", ["as_said", "applied"])
def test_plans_are_those_of_the_reference(client: millrace.Client, pets: str, reading: str) -> None:
    posts = []
    for post in client.posts.search("", snapshot=pets):
        tags = tuple(reference.Tag(tag.id, tag.name, tag.category or "unspecified") for tag in post.tags)
        known = {"rating": post.rating or "unspecified", "width": post.width_px, "height": post.height_px}
        posts.append(reference.Post(post.id, tags=tags, **known))  # type: ignore[arg-type]
    relations = reference.Relations(ALIASES, IMPLICATIONS)
    for options in PLANS:
        asked: dict[str, Any] = {"batch_size": BATCH_SIZE, "seed": 3, **options, "tags": reading}
        plan = client.plans.create(snapshot=pets, **asked)
        computed = reference.Plan(json.loads(plan.canonical_form), posts, relations)
        assert computed.id == plan.id
        assert [split[:4] for split in computed.splits] == [
            (split.name, split.member_count, split.sample_count, split.batch_count) for split in plan.splits
        ]
        for split in plan.splits:
            for step in range(split.batch_count):
                served = client.batch(plan.id, split=split.name, epoch=1, step=step, view="identities")
                assert served.rows.tolist() == computed.batch(split.name, 1, step).rows


def test_a_vocabulary_resolves_the_names_it_is_given(client: millrace.Client, pets: str) -> None:
    def names(reading: str, **options: list[str]) -> set[str]:
        made = client.vocabularies.create("names", snapshot=pets, tags=reading, **options)  # type: ignore[arg-type]
        return {entry.name for entry in client.vocabularies.entries(made.digest)}

    assert names("applied", include=["kitty", "neko", "dog"]) == {"cat", "dog"}
    assert names("as_said", include=["kitty", "neko", "dog"]) == {"cat", "neko", "dog"}
    assert names("applied", include=["pussy_cat"]) == {"puss", "tom"}
    assert not {"cat", "neko"} & names("applied", exclude=["kitty"])
    with pytest.raises(millrace.VocabularyInvalid):
        names("applied", include=["feline"])


def test_a_snapshot_made_before_relations_does_not_see_them(client: millrace.Client, pets: str, tmp_path: Path) -> None:
    before = client.plans.create(snapshot=pets, batch_size=BATCH_SIZE, tags="applied", query="cat")
    batch = client.batch(before.id)
    newer = import_all(client, tmp_path / "more", {**ALIASES, "grin": "smile"}, [*IMPLICATIONS, ("cat", "hat")])
    assert newer != pets
    again = client.batch(before.id)
    assert [[tag.name for tag in post.tags] for post in again.posts] == [
        [tag.name for tag in post.tags] for post in batch.posts
    ]
    assert client.explain_query("hat", snapshot=pets, tags="applied").post_count == len(matching("hat", "applied"))
    assert client.explain_query("hat", snapshot=newer, tags="applied").post_count > len(matching("hat", "applied"))
    with pytest.raises(millrace.QueryInvalid):
        client.explain_query("smile", snapshot=pets)
    assert client.explain_query("smile", snapshot=newer).terms()[0].alias_of is None
    assert client.explain_query("grin", snapshot=newer).terms()[0].alias_of == "smile"


@pytest.mark.skipif(not CLI.is_file(), reason=f"no command line client at {CLI}")
def test_the_command_line_asks_for_a_reading(server: ServerProcess, client: millrace.Client, pets: str) -> None:
    def out(*arguments: str) -> str:
        return run(server.address, *arguments).stdout.decode()

    counted = out("query", "--snapshot", pets, "--count", "--tags", "applied", "mammal")
    assert int(counted) == len(matching("mammal", "applied"))
    assert "neko  (alias of cat)" in out("query", "--snapshot", pets, "neko")
    shown = out("plan", "create", "--snapshot", pets, "-b", "9", "--tags", "applied")
    plan_id = next(line.split()[1] for line in shown.splitlines() if line.startswith("plan"))
    assert "aliases and implications applied" in out("plan", "show", plan_id)
    assert client.plans.get(plan_id).tags == "applied"
    said = out("plan", "create", "--snapshot", pets, "-b", "9", "--tags", "as-said")
    assert "aliases" not in said
    out("vocabulary", "create", "by-cli", "--snapshot", pets, "--tags", "applied")
    made = {entry.name: entry.post_count for entry in client.vocabularies.entries("by-cli")}
    assert "neko" not in made
    assert made["cat"] == sum("cat" in applied(tags) for tags in POSTS.values())


def test_a_reading_that_the_contract_does_not_have_is_refused(client: millrace.Client, pets: str) -> None:
    from millrace import _rpc
    from millrace.v1 import plan_service_pb2, query_service_pb2, vocabulary_service_pb2

    selection = vocabulary_service_pb2.VocabularySelection(snapshot=pets, tags=7)  # type: ignore[arg-type]
    spec = plan_service_pb2.PlanSpec(snapshot=pets, batch_size=1, tags=7)  # type: ignore[arg-type]
    requests = {
        "spec.tags": (_rpc.CREATE_PLAN, plan_service_pb2.CreatePlanRequest(spec=spec)),
        "selection.tags": (
            _rpc.CREATE_VOCABULARY,
            vocabulary_service_pb2.CreateVocabularyRequest(name="x", selection=selection),
        ),
        "tags": (_rpc.EXPLAIN_QUERY, query_service_pb2.ExplainQueryRequest(snapshot=pets, tags=7)),  # type: ignore[arg-type]
    }
    for field, (method, request) in requests.items():
        with pytest.raises(millrace.InvalidRequest) as refused:
            client._call(method, request)
        assert field in str(refused.value)
