"""Batches of columns from a fake server: the loader, the arrays, torch, and what goes wrong.

Method: the fake's batches are a formula of (epoch, step); its columns are made by an encoder of the tests' own.
"""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pytest
from fake_server import BATCH_COUNT, PLAN_ID, FakeServer, expected_ids, fake_process

import millrace
from millrace import Labels, Loader
from millrace._content import content
from millrace.v1 import loader_service_pb2 as pb


def load(server: FakeServer, **options: object) -> list[millrace.ColumnBatch]:
    with Loader(server.address, plan=PLAN_ID, fields=["width_px", "tags"], **options) as loader:  # type: ignore[arg-type]
        batches = list(loader)
    assert all(isinstance(batch, millrace.ColumnBatch) for batch in batches)
    return batches  # type: ignore[return-value]


@pytest.mark.parametrize("part_size", [0, 64, 128])
@pytest.mark.parametrize("prefetch", [0, 2])
def test_columns_come_in_order_and_whole(server: FakeServer, part_size: int, prefetch: int) -> None:
    server.part_size = part_size
    batches = load(server, epochs=2, prefetch=prefetch)
    assert len(batches) == 2 * BATCH_COUNT
    for i, batch in enumerate(batches):
        ids = expected_ids(*divmod(i, BATCH_COUNT))
        assert batch.post_ids.tolist() == ids
        assert batch.rows.tolist() == [id - 1 for id in ids]
        assert batch.tags.of(1).tolist() == [ids[1], ids[1] + 1]
        assert batch["width_px"].tolist() == [0 if id % 3 == 0 else id for id in ids]
        assert batch.present("width_px").tolist() == [id % 3 != 0 for id in ids]


def test_streams_broken_between_and_within_batches_lose_and_repeat_nothing(server: FakeServer) -> None:
    server.break_stream, server.part_size = 0.1, 64
    ids = [id for batch in load(server, epochs=3) for id in batch.post_ids.tolist()]
    assert ids == [id for i in range(3 * BATCH_COUNT) for id in expected_ids(*divmod(i, BATCH_COUNT))]
    assert server.calls.count("LoaderService/StreamBatches") > 5


def test_arrays_are_views_of_one_memory_and_may_be_written_to(server: FakeServer) -> None:
    batch = load(server)[0]
    assert np.shares_memory(batch["width_px"], batch._body)
    assert np.shares_memory(batch.tags.values, batch._body)
    batch["width_px"][0] = 77
    assert batch.columns["width_px"][0] == 77
    assert batch["id"].ctypes.data % 8 == 0


def test_no_column_is_made_before_it_is_looked_at(server: FakeServer) -> None:
    batch = load(server)[0]
    assert not {"_by_name", "post_ids", "tags"} & set(vars(batch))
    assert batch.position.step == 0


def test_a_column_that_was_not_asked_for_is_named_in_the_error(server: FakeServer) -> None:
    batch = load(server)[0]
    with pytest.raises(KeyError, match=r"score.*width_px"):
        batch["score"]
    with pytest.raises(KeyError):
        batch.present("score")
    with pytest.raises(ValueError, match="columns"):
        _ = batch.posts
    assert "score" not in batch
    assert len(batch.columns) == len(list(batch.columns))


def test_a_column_that_does_not_fit_its_batch_is_refused(server: FakeServer) -> None:
    for change in ({"offset_bytes": 10_000}, {"size_bytes": 3}, {"data_type": 9}, {"offset_bytes": -64}):
        batch = load(server)[0]
        (column,) = [column for column in batch._message.columns if column.name == "width_px"]
        for name, value in change.items():
            setattr(column, name, value)
        with pytest.raises(millrace.SequenceBroken, match=r"width_px|end at byte"):
            batch["width_px"]


def test_columns_that_overlap_or_stand_twice_are_refused(server: FakeServer) -> None:
    for change in ({"offset_bytes": 0}, {"offset_bytes": 8}, {"name": "id"}):
        batch = load(server)[0]
        for name, value in change.items():
            setattr(batch._message.columns[1], name, value)
        with pytest.raises(millrace.SequenceBroken):
            batch["width_px"]


def test_columns_of_another_number_of_posts_are_refused(server: FakeServer) -> None:
    batch = load(server)[0]
    batch._message.columns[1].shape[0] -= 1
    batch._message.columns[1].size_bytes -= 8
    with pytest.raises(millrace.SequenceBroken, match="row"):
        _ = batch.rows
    batch["tags.offsets"][-1] += 1
    with pytest.raises(millrace.SequenceBroken, match="tags"):
        _ = batch.tags


@pytest.mark.parametrize("offsets", [[0, 3, 2, 3], [0, -1, 2, 3], [1, 2, 2, 3], [0, 2, 2, 4]])
def test_offsets_that_fall_or_do_not_fit_are_refused(offsets: list[int]) -> None:
    message = pb.Batch()
    body = b"abc" + bytes(61) + np.array(offsets, np.int32).tobytes()
    for field, part in (("source", "bytes"), ("labels", "values")):
        del message.columns[:]
        message.columns.add(name=f"{field}.{part}", data_type=pb.DATA_TYPE_UINT8, shape=[3], size_bytes=3)
        message.columns.add(
            name=f"{field}.offsets", data_type=pb.DATA_TYPE_INT32, shape=[4], offset_bytes=64, size_bytes=16
        )
        batch = millrace.ColumnBatch(message, np.frombuffer(body, np.uint8))
        with pytest.raises(millrace.SequenceBroken, match=f"offsets of {field}"):
            _ = batch.texts(field) if part == "bytes" else batch.lists(field)


@pytest.mark.parametrize("padding_count", [-1, 7])
def test_more_padding_than_samples_is_refused(server: FakeServer, padding_count: int) -> None:
    batch = load(server)[0]
    batch._message.padding_count = padding_count
    with pytest.raises(millrace.SequenceBroken, match="padding"):
        _ = batch.mask


def test_pickles_as_its_bytes(server: FakeServer) -> None:
    batch = load(server)[3]
    copy = pickle.loads(pickle.dumps(batch))
    assert copy.post_ids.tolist() == batch.post_ids.tolist()
    assert copy.position == batch.position
    assert len(pickle.dumps(batch)) < len(batch._body) + 2000


def test_absent_texts_are_none() -> None:
    message = pb.Batch()
    body = b"abc" + bytes(61) + np.array([0, 2, 2, 3], np.int32).tobytes()
    message.columns.add(name="source.bytes", data_type=pb.DATA_TYPE_UINT8, shape=[3], size_bytes=3)
    message.columns.add(name="source.offsets", data_type=pb.DATA_TYPE_INT32, shape=[4], offset_bytes=64, size_bytes=16)
    batch = millrace.ColumnBatch(message, np.frombuffer(body, np.uint8))
    assert batch.texts("source") == ["ab", None, "c"]


def test_what_is_asked_for_decides_the_view() -> None:
    assert content(None, None, None, False).view == "posts"
    assert content(None, ["tags"], None, False).view == "columns"
    assert content(None, None, "taggers", False).labels == Labels("taggers", "csr")
    assert content(None, None, None, True).fields == ("id",)
    assert content("columns", None, None, False).fields == ()
    rows = pb.GetBatchRequest()
    content("posts", ["tags"], None, False).apply(rows)
    assert rows.projection.encoding == pb.BATCH_ENCODING_ROWS


@pytest.mark.parametrize(
    "arguments",
    [
        ("table", None, None, False),
        ("identities", ["tags"], None, False),
        ("posts", None, "taggers", False),
        ("posts", None, None, True),
        (None, "tags", None, False),
        (None, None, Labels("taggers", "one-hot"), False),
    ],
)
def test_what_does_not_go_together_is_refused(arguments: tuple[object, ...]) -> None:
    with pytest.raises(ValueError, match=r"view|fields|labels"):
        content(*arguments)  # type: ignore[arg-type]


def test_tensors_lie_over_the_same_memory_and_without_a_warning(server: FakeServer) -> None:
    torch = pytest.importorskip("torch")
    from millrace.torch import to_tensors

    batch = load(server)[0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tensors = to_tensors(batch)
    assert tensors["width_px"].data_ptr() == batch["width_px"].ctypes.data
    assert tensors["tag_values"].data_ptr() == batch["tags.values"].ctypes.data
    assert tensors["width_px_present"].tolist() == batch.present("width_px").tolist()
    bag = torch.nn.EmbeddingBag(2000, 3, include_last_offset=True)
    assert bag(tensors["tag_values"], tensors["tag_offsets"]).shape == (len(batch), 3)


@pytest.mark.parametrize("workers", [0, 2])
def test_workers_of_a_dataloader_deal_columns(workers: int) -> None:
    torch_data = pytest.importorskip("torch.utils.data")
    import millrace.torch

    with fake_process() as address:
        dataset = millrace.torch.dataset(address, plan=PLAN_ID, fields=["width_px", "tags"], rating_one_hot=True)
        wait_s_max = 120 * (workers > 0)
        batches = list(torch_data.DataLoader(dataset, batch_size=None, num_workers=workers, timeout=wait_s_max))
        assert [batch["step"] for batch in batches] == list(range(BATCH_COUNT))
        assert [batch["post_ids"].tolist() for batch in batches] == [expected_ids(0, i) for i in range(BATCH_COUNT)]
        assert all("rating_one_hot" in batch for batch in batches)


def test_pinning_without_an_accelerator_is_refused(server: FakeServer) -> None:
    torch = pytest.importorskip("torch")
    import millrace.torch

    if torch.cuda.is_available():
        dataset = millrace.torch.dataset(server.address, plan=PLAN_ID, fields=["tags"], pin_memory=True)
        assert next(iter(dataset))["tag_values"].is_pinned()
        return
    with pytest.raises(RuntimeError, match="accelerator"):
        millrace.torch.dataset(server.address, plan=PLAN_ID, fields=["tags"], pin_memory=True)
    with pytest.raises(ValueError, match="to_tensors"):
        millrace.torch.dataset(server.address, plan=PLAN_ID, pin_memory=True, transform=lambda batch: batch)
