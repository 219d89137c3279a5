"""A real server for the end-to-end tests: MILLRACE_SERVER names the program, by default the release build's."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import dump
import millrace
from server_process import ServerProcess, StartServer, binary

# tests/durability is a package; some of its programs run for a moment as tests.
sys.path.append(str(Path(__file__).resolve().parents[1]))

# No test hangs for longer than this, unless it says so itself.
TIMEOUT_S = 180


def pytest_configure(config: pytest.Config) -> None:
    if not binary().is_file():
        pytest.exit(f"no server at {binary()}; build it first (scripts/build), or set MILLRACE_SERVER", returncode=2)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == Path(__file__).parent and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TIMEOUT_S))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One for a whole file of tests; it has the bundled data as the dataset "openclipart"."""
    with ServerProcess(tmp_path_factory.mktemp("server") / "data") as process:
        with millrace.connect(process.address) as client:
            client.import_(dump.POSTS_PATH, dataset="openclipart")
        yield process
        assert process.stop() == 0


@pytest.fixture(scope="module")
def client(server: ServerProcess) -> Iterator[millrace.Client]:
    with millrace.connect(server.address) as connected:
        yield connected


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[StartServer]:
    """Starts further servers: start_server(name="data", *flags, port=0); the same name is the same folder."""
    started: list[ServerProcess] = []

    def start(name: str = "data", *flags: str, **options: object) -> ServerProcess:
        started.append(ServerProcess(tmp_path / name, *flags, **options))  # type: ignore[arg-type]
        return started[-1]

    yield start
    for process in started:
        process.kill()
