"""The worked example of docs/batch-format.md is, byte for byte, what the server sends."""

from __future__ import annotations

import re

import grpc

import millrace
from millrace.v1 import loader_service_pb2 as loader
from server_process import ROOT, ServerProcess

DOCUMENT = ROOT / "docs" / "batch-format.md"
BYTES_COLUMNS = slice(6, 53)


def example() -> bytes:
    """The bytes that the dump shows; its offsets have to be right, too."""
    block = re.search(r"## An example\n.*?```\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert block is not None
    message = b""
    for line in block[1].splitlines():
        assert int(line[:4], 16) == len(message), line
        shown = line[BYTES_COLUMNS].strip()
        zeros = re.fullmatch(r"00 x (\d+)", shown)
        message += bytes(int(zeros[1])) if zeros else bytes.fromhex(shown)
    return message


def test_the_example_is_what_the_server_sends(server: ServerProcess, client: millrace.Client) -> None:
    plan_id = client.plans.create(dataset="openclipart", batch_size=32, seed=42).id
    projection = loader.Projection(encoding=loader.BATCH_ENCODING_COLUMNS, fields=["rating", "file_ext", "created_at"])
    request = loader.GetBatchRequest(plan_id=plan_id, split="train", step=3, world_size=16, projection=projection)
    with grpc.insecure_channel(server.address) as channel:
        call = channel.unary_unary(
            "/millrace.v1.LoaderService/GetBatch", request_serializer=loader.GetBatchRequest.SerializeToString
        )
        assert call(request, timeout=60) == example()
