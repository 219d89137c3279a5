"""A vocabulary's name may come to mean other labels while batches are read; a reader keeps to what it meant at first.

Method: versions of one name with as many labels each, so that nothing but the digest tells them apart, over a real
server; a new one is made where a stream or a worker would ask again.
"""

from __future__ import annotations

import itertools

import pytest

import dump
import millrace
from millrace import Labels, Loader
from server_process import ServerProcess, StartServer

VERSIONS = [b"name\nanimal\nbird\n", b"name\ncomputer\nicons\n"]
names = (f"moving-{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def plan(client: millrace.Client) -> millrace.Plan:
    return client.plans.create(dataset="openclipart", batch_size=16, seed=3)


@pytest.fixture
def name(client: millrace.Client) -> str:
    """A vocabulary with one version."""
    chosen = next(names)
    client.vocabularies.create(chosen, csv=VERSIONS[0])
    return chosen


def move(client: millrace.Client, name: str) -> str:
    """Gives the name another version; its digest."""
    return client.vocabularies.create(name, csv=VERSIONS[1]).digest


def digests(batches: list[millrace.Batch]) -> set[str]:
    return {batch.vocabulary for batch in batches if isinstance(batch, millrace.ColumnBatch)}


@pytest.mark.parametrize("prefetch", [0, 2])
def test_a_pass_that_is_left_and_continued(
    server: ServerProcess, client: millrace.Client, plan: millrace.Plan, name: str, prefetch: int
) -> None:
    first = client.vocabularies.get(name).digest
    with Loader(server.address, plan=plan.id, labels=name, prefetch=prefetch) as loader:
        batches = list(itertools.islice(loader, 3))
        second = move(client, name)
        batches += loader
    assert len(batches) == loader.batch_count
    assert digests(batches) == {first}
    with Loader(server.address, plan=plan.id, labels=name) as later:
        assert digests(list(later)) == {second}


def test_a_server_that_is_started_again(start_server: StartServer) -> None:
    server = start_server()
    with millrace.connect(server.address) as client:
        client.import_(dump.POSTS_PATH, dataset="d")
        plan = client.plans.create(dataset="d", batch_size=4, splits={"train": 1})
        client.vocabularies.create("v", csv=VERSIONS[0])
        first = client.vocabularies.get("v").digest
        with Loader(server.address, plan=plan.id, labels=Labels("v", "dense"), prefetch=0) as loader:
            batches = list(itertools.islice(loader, 3))
            move(client, "v")
            server.kill()
            start_server("data", port=server.port)
            batches += loader
    assert len(batches) == plan.splits[0].batch_count
    assert digests(batches) == {first}


def test_workers_of_a_torch_dataset(
    server: ServerProcess, client: millrace.Client, plan: millrace.Plan, name: str
) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    first = client.vocabularies.get(name).digest
    dataset = millrace.torch.dataset(
        server.address, plan=plan.id, labels=name, transform=lambda batch: batch.vocabulary
    )
    move(client, name)
    loader = torch.utils.data.DataLoader(dataset, batch_size=None, num_workers=2, timeout=60)
    assert set(loader) == {first}


def test_a_state_goes_on_with_its_labels(
    server: ServerProcess, client: millrace.Client, plan: millrace.Plan, name: str
) -> None:
    with Loader(server.address, plan=plan.id, labels=name) as loader:
        assert digests(list(itertools.islice(loader, 3))) == {client.vocabularies.get(name).digest}
        state = loader.state_dict()
    assert state["vocabulary"] == client.vocabularies.get(name).digest
    second = move(client, name)

    for labels in (name, f"{name}@1", state["vocabulary"]):
        with Loader(server.address, plan=plan.id, labels=labels) as loader:
            loader.load_state_dict(state)
            assert digests(list(loader)) == {state["vocabulary"]}
    # Also one that has read others before.
    with Loader(server.address, plan=plan.id, labels=name) as loader:
        assert digests([next(iter(loader))]) == {second}
        loader.load_state_dict(state)
        assert digests([next(iter(loader))]) == {state["vocabulary"]}


def test_a_state_of_other_labels_is_refused_unless_it_is_meant(
    server: ServerProcess, client: millrace.Client, plan: millrace.Plan, name: str
) -> None:
    with Loader(server.address, plan=plan.id, labels=name) as loader:
        state = loader.state_dict()
    second = move(client, name)
    for labels in (f"{name}@2", second):
        with Loader(server.address, plan=plan.id, labels=labels) as loader:
            loader.load_state_dict(state)
            with pytest.raises(ValueError, match=r"labels would change their\s+meaning"):
                next(iter(loader))
            loader.load_state_dict({key: value for key, value in state.items() if key != "vocabulary"})
            assert digests([next(iter(loader))]) == {second}
    client.vocabularies.delete(f"{name}@1")
    with Loader(server.address, plan=plan.id, labels=name) as loader:
        loader.load_state_dict(state)
        with pytest.raises(ValueError, match="labels would change"):
            next(iter(loader))
