"""The package as others get it: the sdist builds on its own, and the wheel works where nothing else is.

Method: builds with the setuptools and grpcio-tools that are installed, without a network, in temp folders.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent
MESSAGES = [
    "catalog_service",
    "import_service",
    "loader_service",
    "plan_service",
    "post",
    "snapshot_service",
    "tag_service",
    "vocabulary_service",
]

pytestmark = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("setuptools", "wheel", "grpc_tools")),
    reason="building needs setuptools, wheel and grpcio-tools",
)


def run(*arguments: object, cwd: Path) -> None:
    done = subprocess.run([sys.executable, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made from a copy in a folder of the same shape, so that the checkout is left as it is."""
    root = tmp_path_factory.mktemp("checkout")
    ignore = shutil.ignore_patterns("build", "dist", "*.egg-info", "v1", "__pycache__", ".*_cache")
    shutil.copytree(PACKAGE, root / "clients" / "python", ignore=ignore)
    shutil.copytree(PACKAGE.parent.parent / "proto", root / "proto")
    target = root / "dist"
    run("setup.py", "-q", "sdist", "-d", target, cwd=root / "clients" / "python")
    (made,) = target.iterdir()
    return made


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the unpacked sdist, far from the checkout's protos."""
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder)
    (source,) = folder.iterdir()
    target = folder / "wheels"
    run("-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index", "-w", target, source, cwd=folder)
    (made,) = target.iterdir()
    return made


def test_the_sdist_holds_the_contract_and_no_generated_code(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = archive.getnames()
    assert [name for name in names if name.endswith("loader_service.proto")]
    assert [name for name in names if name.endswith("google/rpc/status.proto")]
    assert not [name for name in names if "_pb2" in name]


def test_the_wheel_holds_the_generated_code_and_its_types(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = [archive.read(name).decode() for name in names if name.endswith("/METADATA")]
    assert "millrace/py.typed" in names
    assert "millrace/reference/__init__.py" in names
    for message in MESSAGES:
        assert f"millrace/v1/{message}_pb2.py" in names
        assert f"millrace/v1/{message}_pb2.pyi" in names
    assert "Requires-Python: >=3.10" in metadata
    assert "Requires-Dist: protobuf" in metadata


def test_the_wheel_works_unpacked_anywhere(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    program = "import millrace, sys; assert millrace.__file__.startswith(sys.argv[1]); millrace.Position(0, 0)"
    run("-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {program}", tmp_path, cwd=tmp_path)
