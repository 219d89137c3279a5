"""What was acknowledged is there, and nothing by halves: after kills, power cuts, and on failing disks.

Method: the programs of tests/durability, a sample of each; scripts/durability runs them whole.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

import millrace
from durability import faults, kill_points, power_cuts, random_kills
from durability.comparison import check
from durability.listed import ListedWorkload
from durability.refreshing import RefreshWorkload, board
from durability.streams import stopped
from durability.workload import DATASET, Fault, Known, Workload, copy_of, prepared, reference, start
from server_process import StartServer

SMALL = Workload(posts_a_dump=300)


@pytest.fixture
def seed() -> int:
    """Another one in each run; the message of a failure has it."""
    return random.randrange(1 << 30)


@pytest.mark.parametrize("number", range(kill_points.OPERATION_COUNT))
def test_kills_at_calls_that_change_the_folder(tmp_path: Path, number: int, seed: int) -> None:
    report = kill_points.run(tmp_path, number, sample=4 if number < 6 else 2, seed=seed)
    assert report.failures == [], f"seed {seed}"
    # Runs differ by a few calls, and the last ones drawn may not come.
    assert report.count > 0


def test_random_kills(tmp_path: Path, seed: int) -> None:
    report = random_kills.run(tmp_path, seed, count=8)
    assert report.failures == [], f"seed {seed}"
    assert report.count == 8


@pytest.mark.parametrize("number", range(power_cuts.RUN_COUNT))
def test_power_cuts(tmp_path: Path, number: int, seed: int) -> None:
    report = power_cuts.run(tmp_path, number, count=20 if number < 2 else 5, seed=seed)
    assert report.failures == [], f"seed {seed}"
    assert report.count > 0


@pytest.mark.parametrize("number", range(faults.SERIES_COUNT))
def test_failing_disks(tmp_path: Path, number: int, seed: int) -> None:
    report = faults.run(tmp_path, number, sample=3, seed=seed)
    assert report.failures == [], f"seed {seed}"
    assert report.count > 0


def test_a_mapped_snapshot_that_is_cut_short_ends_the_server_and_is_an_error_from_then_on(
    start_server: StartServer,
) -> None:
    server = start_server("data", "--max-resident-snapshot-bytes", "0")
    with millrace.connect(server.address, timeout_s=1) as client:
        SMALL.do(client, 0)
        plan = client.plans.create(dataset=DATASET, batch_size=16)
        client.batch(plan.id)
        (path,) = (server.data_dir / "snapshots").glob("*.snapshot")
        os.truncate(path, 0)
        with pytest.raises(millrace.Unavailable):
            client.batch(plan.id)
    assert server.process.wait(10) == -signal.SIGBUS
    assert "mapped file of the data folder could not be read" in server.log
    server = start_server("data", "--max-resident-snapshot-bytes", "0")
    with millrace.connect(server.address) as client:
        with pytest.raises(millrace.SnapshotDamaged):
            client.batch(plan.id)
        # All else goes on, and what is derived can be made anew.
        assert client.stats(dataset=DATASET).post_count == SMALL.post_count(1)
        assert client.snapshots.create(DATASET).digest == plan.snapshot
        assert len(client.batch(plan.id)) == 16


def test_the_comparison_finds_what_is_wrong(tmp_path: Path) -> None:
    expected = reference(SMALL)
    first = expected.digests[1]
    known = Known(acknowledged=1, begun=1, snapshots=(first,))
    with prepared(SMALL, 1) as template:
        snapshots = copy_of(template, tmp_path / "data") / "snapshots"
        assert check(tmp_path / "data", known, expected) == 1

        def fault(known: Known) -> str:
            with pytest.raises(Fault) as caught:
                check(tmp_path / "data", known, expected, repeat=False)
            copy_of(template, tmp_path / "data")
            return str(caught.value)

        assert "2 steps acknowledged" in fault(Known(acknowledged=2, begun=2))
        assert "not in the catalog" in fault(Known(1, 1, snapshots=(expected.digests[2],)))
        (snapshots / "compile.123").write_bytes(b"")
        (tmp_path / "data" / "stray").write_bytes(b"")
        assert "stray" in fault(known)
        path = snapshots / f"{first}.snapshot"
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
        assert "damaged" in fault(known)


def altered(data_dir: Path, sql: str) -> None:
    with contextlib.closing(sqlite3.connect(data_dir / "catalog.sqlite3")) as database:
        assert database.execute(sql).rowcount > 0
        database.commit()


def test_the_comparison_finds_what_snapshots_do_not_hold(tmp_path: Path) -> None:
    workload = ListedWorkload(posts_a_dump=60, state_count=1)
    with prepared(workload, 1) as template:
        assert check(copy_of(template, tmp_path / "data"), Known(1, 1), reference(workload)) == 1
        for table in ("tag_facts", "tag_relations", "pools", "artists"):
            data_dir = copy_of(template, tmp_path / "data")
            altered(data_dir, f"UPDATE {table} SET extra_json = ''")
            with pytest.raises(Fault, match="though the snapshot is"):
                check(data_dir, Known(1, 1), reference(workload))


def test_the_comparison_finds_a_position_or_a_history_that_is_not_the_datas(tmp_path: Path) -> None:
    with board() as address:
        workload = RefreshWorkload(address=address)
        with prepared(workload, 3) as template:
            assert check(copy_of(template, tmp_path / "data"), Known(3, 3), reference(workload)) == 3
            for sql, fault in (
                ("UPDATE sources SET position = position + 18, cursor = cursor + 18", "no state"),  # ahead of the data
                ("UPDATE sources SET position = position - 18, cursor = cursor - 18", "no state"),
                ("UPDATE refresh_runs SET page_count = page_count - 1", "the history counts"),
            ):
                data_dir = copy_of(template, tmp_path / "data")
                altered(data_dir, sql)
                with pytest.raises(Fault, match=fault):
                    check(data_dir, Known(3, 3), reference(workload))


def test_the_comparison_finds_a_stream_that_goes_on_elsewhere(tmp_path: Path) -> None:
    with prepared(SMALL, 1) as template:
        data_dir = copy_of(template, tmp_path / "data")
        with start(data_dir, SMALL) as server, millrace.connect(server.address) as client:
            plan = client.plans.create(dataset=DATASET, batch_size=16).id
            stream = stopped(server.address, plan)
            server.stop()
        known = Known(1, 1, plans=(plan,), streams=(stream,))
        assert check(data_dir, known, reference(SMALL), repeat=False) == 1
        with pytest.raises(Fault, match="gives other batches"):
            check(data_dir, replace(known, streams=(replace(stream, rest="0"),)), reference(SMALL), repeat=False)
