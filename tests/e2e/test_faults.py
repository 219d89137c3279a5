"""What happens around a server: kills, restarts, cut connections, a full disk, a second server.

Method: real processes and signals; afterwards everything acknowledged must be there and nothing else.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import dump
import millrace
from millrace import Loader
from proxy import CuttingProxy
from server_process import ServerProcess, StartError, StartServer

WAIT_S_MAX = 30.0


def eventually(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WAIT_S_MAX
    while not holds():
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(0.02)


def exists(client: millrace.Client, dataset: str) -> bool:
    try:
        client.stats(dataset=dataset)
    except millrace.DatasetNotFound:
        return False
    return True


def running(client: millrace.Client, dataset: str) -> bool:
    try:
        return any(record.state == "running" for record in client.imports(dataset=dataset))
    except millrace.DatasetNotFound:
        return False


# Imports forever, slowly: the tests end it.
SLOW_IMPORT = """
import sys, time, dump, millrace
class Slow:
    name = "slow.jsonl"
    def __init__(self): self.first = 1
    def read(self, size):
        self.first += 200
        time.sleep(0.01)
        return dump.made_up(200, self.first)
print("importing", flush=True)
millrace.connect(sys.argv[1]).import_(Slow(), dataset=sys.argv[2], timeout_s=0.01)
"""


@pytest.fixture
def slow_import() -> Iterator[Callable[[str, str], subprocess.Popen[str]]]:
    """Starts a client process that is in the middle of an import into a dataset."""
    started: list[subprocess.Popen[str]] = []

    def start(address: str, dataset: str) -> subprocess.Popen[str]:
        folder = str(Path(__file__).parent)
        environment = {**os.environ, "PYTHONPATH": folder}
        process = subprocess.Popen(
            [sys.executable, "-c", SLOW_IMPORT, address, dataset],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        with millrace.connect(address) as client:
            eventually(
                lambda: any(r.dataset == dataset and r.state == "running" for r in client.imports()), "an import"
            )
        time.sleep(0.3)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate(timeout=WAIT_S_MAX)


def test_a_killed_client_changes_nothing(server: ServerProcess, client: millrace.Client, slow_import: object) -> None:
    process = slow_import(server.address, "killed-client")  # type: ignore[operator]
    process.kill()
    eventually(lambda: not running_anywhere(client), "the end of the import")
    (record,) = [r for r in client.imports() if r.dataset == "killed-client"]
    assert record.state == "failed"
    assert record.error
    assert not exists(client, "killed-client")
    assert client.import_(dump.POSTS_PATH, dataset="killed-client").new_post_count == len(dump.records())


def running_anywhere(client: millrace.Client) -> bool:
    return any(record.state == "running" for record in client.imports())


def test_a_second_import_into_the_dataset_waits_its_turn(
    server: ServerProcess, client: millrace.Client, slow_import: object
) -> None:
    process = slow_import(server.address, "busy")  # type: ignore[operator]
    with pytest.raises(millrace.ImportRunning):
        client.import_(dump.POSTS_PATH, dataset="busy")
    assert client.import_(dump.POSTS_PATH, dataset="not-busy").new_post_count == len(dump.records())
    process.kill()
    eventually(lambda: not running_anywhere(client), "the end of the import")
    assert client.import_(dump.POSTS_PATH, dataset="busy").new_post_count == len(dump.records())


def test_a_server_killed_in_mid_import_starts_clean(start_server: StartServer, slow_import: object) -> None:
    first = start_server()
    with millrace.connect(first.address) as client:
        client.import_(dump.POSTS_PATH, dataset="kept")
    slow_import(first.address, "kept")  # type: ignore[operator]
    first.kill()
    second = start_server()
    with millrace.connect(second.address) as client:
        assert client.stats(dataset="kept").post_count == len(dump.records())
        newest, oldest = client.imports(dataset="kept")
        assert (newest.state, oldest.state) == ("failed", "committed")
        assert client.import_(dump.POSTS_PATH, dataset="kept").replaced_post_count == len(dump.records())


class SilentDump:
    """Comes to a few records, and then to nothing until it is woken."""

    name = "silent.jsonl"

    def __init__(self) -> None:
        self.woken = threading.Event()
        self._left = [dump.made_up(100)]

    def read(self, _size: int) -> bytes:
        if self._left:
            return self._left.pop()
        self.woken.wait(WAIT_S_MAX)
        return b""


def test_a_silent_client_loses_its_import(start_server: StartServer) -> None:
    server = start_server("data", "--import-idle-timeout", "1s")
    source = SilentDump()
    with millrace.connect(server.address) as client:
        with pytest.raises(millrace.Error) as caught:
            client.import_(source, dataset="silent", timeout_s=WAIT_S_MAX)
        source.woken.set()
        assert (caught.value.code, caught.value.reason) == ("ABORTED", "IMPORT_IDLE")
        assert "--import-idle-timeout" in str(caught.value)
        # It is not tried again: the source would be silent again.
        assert [(r.dataset, r.state) for r in client.imports()] == [("silent", "failed")]
        assert not exists(client, "silent")
        assert client.import_(dump.POSTS_PATH, dataset="silent").new_post_count == len(dump.records())


def test_sigterm_in_mid_import_fails_it_and_stops_in_time(start_server: StartServer, slow_import: object) -> None:
    server = start_server()
    process = slow_import(server.address, "stopped")  # type: ignore[operator]
    started = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - started < 12
    _, errors = process.communicate(timeout=30)
    assert "Unavailable" in errors
    with millrace.connect(start_server().address) as client:
        assert not exists(client, "stopped")


@pytest.mark.parametrize("stop", ["SIGTERM", "SIGKILL"])
def test_streams_go_on_at_a_restarted_server(start_server: StartServer, stop: str) -> None:
    server = start_server()
    with millrace.connect(server.address) as client:
        client.import_(dump.POSTS_PATH, dataset="openclipart")
        plan = client.plans.create(dataset="openclipart", batch_size=4, seed=1)
    with Loader(server.address, plan=plan.id, epochs=3, view="identities") as loader:
        whole = [batch.post_ids.tolist() for batch in loader]
    received = []
    with Loader(server.address, plan=plan.id, epochs=3) as loader:
        for batch in loader:
            received.append(batch.post_ids.tolist())
            if len(received) in (50, 170, 290):
                if stop == "SIGTERM":
                    assert server.stop() == 0
                else:
                    server.kill()
                server = start_server(port=server.port)
    assert received == whole


def test_cut_connections_lose_and_repeat_nothing(server: ServerProcess, client: millrace.Client) -> None:
    plan = client.plans.create(dataset="openclipart", batch_size=4, seed=1)
    with Loader(server.address, plan=plan.id, epochs=2, view="identities") as loader:
        whole = [batch.post_ids.tolist() for batch in loader]
    with CuttingProxy(server.port, bytes_max=60_000, seed=3) as proxy:
        with Loader(proxy.address, plan=plan.id, epochs=2) as loader:
            assert [batch.post_ids.tolist() for batch in loader] == whole
        assert proxy.cut_count > 20


def test_an_import_over_cut_connections_happens_once(server: ServerProcess, client: millrace.Client) -> None:
    with CuttingProxy(server.port, bytes_max=900, seed=4) as proxy, millrace.connect(proxy.address) as through:
        for number in range(3):
            result = through.import_(dump.POSTS_PATH, dataset=f"cut-{number}")
            assert result.new_post_count == len(dump.records())
            records = list(client.imports(dataset=f"cut-{number}"))
            assert [r.state for r in records].count("committed") == 1
        assert proxy.cut_count > 0


def test_a_second_server_on_the_port_is_refused(server: ServerProcess, start_server: StartServer) -> None:
    with pytest.raises(StartError) as caught:
        start_server("other", port=server.port)
    assert caught.value.exit_code not in (0, None)
    assert str(server.port) in caught.value.log
    with millrace.connect(server.address) as client:
        assert client.stats(dataset="openclipart").post_count == len(dump.records())


def test_a_second_server_on_the_data_folder_is_refused(server: ServerProcess) -> None:
    with pytest.raises(StartError) as caught:
        ServerProcess(server.data_dir)
    assert caught.value.exit_code not in (0, None)
    assert str(server.data_dir) in caught.value.log


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 96 MiB; only root may mount one."""
    folder = tmp_path / "small"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", folder], capture_output=True, text=True, timeout=60
    )
    if done.returncode != 0:
        pytest.skip(f"cannot mount a small file system: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True, timeout=60)


def test_a_full_disk_fails_the_import_and_all_else_goes_on(small_disk: Path) -> None:
    flags = ("--disk-headroom-bytes", str(40 << 20))
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(48 << 20))
    big = small_disk.with_name("big.jsonl")
    big.write_bytes(dump.made_up(150_000, first_id=1_000_000, tags=20))
    with ServerProcess(small_disk / "data", *flags) as server, millrace.connect(server.address) as client:
        before = client.import_(dump.POSTS_PATH, dataset="small")
        plan = client.plans.create(dataset="small", batch_size=16)
        with pytest.raises(millrace.DiskFull):
            client.import_(big, dataset="small")
        assert client.stats(dataset="small").post_count == before.new_post_count
        with Loader(server.address, plan=plan.id) as loader:
            assert len(list(loader)) == plan.split("train").batch_count
        assert client.snapshots.verify(plan.snapshot).intact
        # The headroom that imports leave is there for what is small.
        assert client.plans.create(dataset="small", batch_size=17).id != plan.id
        assert server.stop() == 0
    # It starts on the disk as full as that, and with room again everything works again.
    with ServerProcess(small_disk / "data", *flags) as server, millrace.connect(server.address) as client:
        assert client.stats(dataset="small").post_count == before.new_post_count
        ballast.unlink()
        more = small_disk.with_name("more.jsonl")
        more.write_bytes(dump.made_up(500, first_id=1_000_000))
        eventually(lambda: imports_now(client, more), "a small import")
        assert client.stats(dataset="small").post_count == before.new_post_count + 500
        assert server.stop() == 0


def imports_now(client: millrace.Client, path: Path) -> bool:
    try:
        client.import_(path, dataset="small")
    except (millrace.DiskFull, millrace.ImportRunning):
        return False
    return True


def test_a_damaged_snapshot_is_not_served(start_server: StartServer) -> None:
    server = start_server()
    with millrace.connect(server.address) as client:
        client.import_(dump.POSTS_PATH, dataset="openclipart")
        plan = client.plans.create(dataset="openclipart", batch_size=16)
    server.stop()
    (path,) = (server.data_dir / "snapshots").glob("*.snapshot")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(data)
    server = start_server()
    with millrace.connect(server.address) as client:
        assert not client.snapshots.verify(plan.snapshot).intact
        path.unlink()
    server.stop()
    server = start_server()
    with millrace.connect(server.address) as client:
        with pytest.raises(millrace.SnapshotMissing):
            client.batch(plan.id)
        # Compiling the same content again brings it back.
        assert client.snapshots.create("openclipart").digest == plan.snapshot
        assert len(client.batch(plan.id)) == 16


def test_signals_end_the_server_in_order(start_server: StartServer) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        server = start_server()
        server.process.send_signal(number)
        assert server.process.wait(20) == 0
