"""Tokens and skipped steps against a real server: resuming is exact, a token that was changed is never taken, and what
is left out is exactly what was asked for, whoever reads.

Method: batches compared with an unbroken read of the same plan; every bit of a token is changed and sent.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import grpc
import pytest

import millrace
from millrace import Position, _rpc
from millrace.errors import from_rpc_error
from millrace.reference import make_token, parse_token
from millrace.v1 import loader_service_pb2 as pb
from server_process import ServerProcess

Read = tuple[Position, list[int]]
SKIP = [(0, 2, 4), (0, 14, 14), (1, 0, 0), (1, 9, 12), (1, 10, 11)]


@pytest.fixture(scope="module", params=["keep", "drop", "pad"])
def plan(request: pytest.FixtureRequest, client: millrace.Client) -> millrace.Plan:
    return client.plans.create(dataset="openclipart", batch_size=32, seed=11, last_batch=request.param)


@pytest.fixture(scope="module")
def channel(server: ServerProcess) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(server.address) as opened:
        yield opened


def read(address: str, plan: millrace.Plan, **options: object) -> list[millrace.Batch]:
    options = {"epochs": 2, "view": "identities", **options}
    with millrace.Loader(address, plan=plan.id, **options) as loader:  # type: ignore[arg-type]
        return list(loader)


def ids(batches: list[millrace.Batch]) -> list[Read]:
    return [(batch.position, batch.post_ids.tolist()) for batch in batches]


def stream(channel: grpc.Channel, plan: millrace.Plan, **fields: object) -> list[pb.Batch]:
    request = pb.StreamBatchesRequest(plan_id=plan.id, split="train", view=pb.BATCH_VIEW_IDENTITIES)
    for name, value in fields.items():
        if name == "skip":
            assert isinstance(value, list)
            request.skip.extend(pb.StepRange(epoch=e, first_step=f, last_step=t) for e, f, t in value)
        else:
            setattr(request, name, value)
    try:
        messages = _rpc.stream_stub(channel, _rpc.STREAM_BATCHES)(request, timeout=60)
        return [_rpc.parsed(_rpc.STREAM_BATCHES, message, "").batch for message in messages]
    except grpc.RpcError as error:
        raise from_rpc_error(error) from None


def refused(channel: grpc.Channel, plan: millrace.Plan, token: str) -> None:
    with pytest.raises(millrace.Error) as caught:
        stream(channel, plan, start_token=token)
    assert (caught.value.code, caught.value.reason) == ("INVALID_ARGUMENT", "TOKEN_INVALID"), token
    assert isinstance(caught.value, millrace.TokenInvalid)


def test_every_token_goes_on_behind_its_batch(
    server: ServerProcess, channel: grpc.Channel, plan: millrace.Plan
) -> None:
    whole = read(server.address, plan)
    for index, batch in enumerate(whole):
        token = parse_token(batch.token)
        assert (token.plan_id, token.split) == (plan.id, "train")
        assert (token.epoch, token.step) == (batch.epoch, batch.step + 1)
        rest = stream(channel, plan, start_token=batch.token, end_epoch=2)
        assert [list(b.post_ids) for b in rest] == [b.post_ids.tolist() for b in whole[index + 1 :]]
    some = random.Random(1).sample(range(len(whole)), 5)
    for index in some:
        # A pass is counted from the epoch it starts in.
        rest_by_loader = read(server.address, plan, start=whole[index].token, epochs=1)
        end = rest_by_loader[0].epoch + 1
        assert ids(rest_by_loader) == [r for r in ids(whole)[index + 1 :] if r[0].epoch < end]


def test_no_changed_token_is_taken(channel: grpc.Channel, plan: millrace.Plan) -> None:
    token = stream(channel, plan, max_batch_count=1)[0].token
    mark, digits = token[:4], token[4:]
    data = bytes.fromhex(digits)
    for bit in range(8 * len(data)):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        refused(channel, plan, mark + changed.hex())
    for cut in range(1, len(token)):
        refused(channel, plan, token[:cut])
    for other in (token + "0", token + "00", token.upper(), "mt2-" + digits, digits, " " + token, token + " "):
        refused(channel, plan, other)


def test_a_token_of_another_plan_or_split_is_refused(
    channel: grpc.Channel, client: millrace.Client, plan: millrace.Plan
) -> None:
    other = client.plans.create(dataset="openclipart", batch_size=32, seed=12)
    refused(channel, plan, stream(channel, other, max_batch_count=1)[0].token)
    refused(channel, plan, stream(channel, plan, split="test", max_batch_count=1)[0].token)
    # A checksum that is right makes no token of what no plan has.
    refused(channel, plan, make_token(plan.id, "train", 1 << 31, 0))
    with pytest.raises(millrace.StepPastEnd):
        stream(channel, plan, start_token=make_token(plan.id, "train", 0, 1000))


def test_skipping_leaves_out_what_was_asked_for_and_nothing_else(server: ServerProcess, plan: millrace.Plan) -> None:
    whole = ids(read(server.address, plan))
    batch_count = plan.split("train").batch_count
    skip = [steps for steps in SKIP if steps[2] < batch_count]
    out = {Position(epoch, step) for epoch, first, last in skip for step in range(first, last + 1)}
    rest = read(server.address, plan, skip=skip)
    assert ids(rest) == [r for r in whole if r[0] not in out]
    assert sum(batch.skipped_step_count for batch in rest) == len(out)


@pytest.mark.timeout(170)
@pytest.mark.parametrize("world_size", [1, 3])
@pytest.mark.parametrize("workers", [0, 2, 3])
def test_ranks_with_workers_read_what_is_left(
    server: ServerProcess, client: millrace.Client, world_size: int, workers: int
) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    plan = client.plans.create(dataset="openclipart", batch_size=32, seed=11, last_batch="pad")
    start = Position(0, 3)  # within what is skipped
    expected = ids(read(server.address, plan, skip=SKIP, start=start))
    slices = []
    for rank in range(world_size):
        dataset = millrace.torch.dataset(
            server.address, plan=plan.id, rank=rank, world_size=world_size, epochs=2, start=start, skip=SKIP
        )
        loader = torch.utils.data.DataLoader(
            dataset, batch_size=None, num_workers=workers, multiprocessing_context="fork" if workers else None
        )
        slices.append([(Position(b["epoch"], b["step"]), b["post_ids"].tolist()) for b in loader])
    union = [(parts[0][0], [post_id for _, part in parts for post_id in part]) for parts in zip(*slices, strict=True)]
    assert union == expected


def test_ranges_that_no_epoch_has_are_refused(channel: grpc.Channel, plan: millrace.Plan) -> None:
    batch_count = plan.split("train").batch_count
    for skip in ([(0, 3, 2)], [(0, 0, 1), (0, 0, batch_count)], [(-1, 0, 0)], [(0, -1, 0)]):
        with pytest.raises(millrace.InvalidRequest) as caught:
            stream(channel, plan, skip=skip)
        assert caught.value.reason == "FIELD_INVALID"
        assert caught.value.field_violations[0].field.startswith(f"skip[{len(skip) - 1}]")
    with pytest.raises(millrace.InvalidRequest):
        stream(channel, plan, skip=[(0, 0, 0)] * 1001)
