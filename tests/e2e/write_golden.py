"""Writes tests/golden/e2e.json from a server: for a new plan, never to mend a test that fails.

python tests/e2e/write_golden.py > tests/golden/e2e.json
"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from pathlib import Path
from typing import Any

import dump
import millrace
from server_process import ServerProcess

PLANS: list[dict[str, Any]] = [
    {"name": "defaults", "spec": {"batch_size": 32, "seed": 42}},
    {"name": "pad", "spec": {"batch_size": 50, "seed": 0, "last_batch": "pad"}},
    {"name": "folds", "spec": {"batch_size": 7, "seed": 2**64 - 1, "splits": {"a": 1, "b": 1, "c": 1}}},
]
EPOCHS = 2


def describe(address: str, client: millrace.Client, golden: dict[str, Any]) -> dict[str, Any]:
    plan = client.plans.create(dataset="openclipart", **golden["spec"])
    splits: dict[str, list[dict[str, Any]]] = {}
    for split in plan.splits:
        for epoch in range(EPOCHS):
            start = millrace.Position(epoch, 0)
            with millrace.Loader(address, plan=plan.id, split=split.name, start=start) as loader:
                ids = [batch.post_ids for batch in loader]
            data = b"".join(array.astype("<i8").tobytes() for array in ids)
            wanted = {"first_batch": ids[0].tolist(), "digest": hashlib.sha256(data).hexdigest()}
            splits.setdefault(split.name, []).append(wanted)
    return {**golden, "plan_id": plan.id, "splits": splits}


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        ServerProcess(Path(folder) / "data") as server,
        millrace.connect(server.address) as client,
    ):
        result = client.import_(dump.POSTS_PATH, dataset="openclipart")
        plans = [describe(server.address, client, golden) for golden in PLANS]
    what = "Batches of plans over examples/openclipart: SHA-256 of an epoch's post ids, 8 bytes each, little-endian."
    text = json.dumps({"what": what, "snapshot": result.snapshot, "plans": plans}, indent=1)
    print(re.sub(r"\[[\d,\s]+\]", lambda ids: re.sub(r"\s+", "", ids[0]).replace(",", ", "), text))


if __name__ == "__main__":
    main()
