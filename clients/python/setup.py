"""Compiles the contract's messages into millrace/v1 while the package is built.

What cannot stand in pyproject.toml: the step that generates code, and the dependency on protobuf, whose
versions follow from the compiler used (generated code refuses an older runtime than itself).
"""

from __future__ import annotations

import importlib.metadata
import re
import shutil
from pathlib import Path
from typing import ClassVar

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

HERE = Path(__file__).resolve().parent
# Of services only the messages are generated: the client names the methods itself (_rpc.py), so that it is
# not bound to one version of grpcio.
PROTOS = [
    "millrace/v1/post.proto",
    "millrace/v1/catalog_service.proto",
    "millrace/v1/import_service.proto",
    "millrace/v1/loader_service.proto",
    "millrace/v1/plan_service.proto",
    "millrace/v1/query_service.proto",
    "millrace/v1/snapshot_service.proto",
    "millrace/v1/source_service.proto",
    "millrace/v1/tag_service.proto",
    "millrace/v1/vocabulary_service.proto",
]
# Imported by the above; its Python module comes from googleapis-common-protos.
IMPORTED_PROTOS = ["google/rpc/status.proto"]


def proto_root() -> Path:
    """The contract's folder: inside an unpacked sdist, or beside this package in the repository."""
    for root in (HERE / "proto", HERE.parent.parent / "proto"):
        if (root / PROTOS[0]).is_file():
            return root
    raise SystemExit(
        "millrace: the .proto files are missing. Build from a checkout of the repository or from an sdist."
    )


def protobuf_requirement() -> str:
    """The protobuf versions that the installed compiler's output runs with, by its own metadata."""
    for requirement in importlib.metadata.requires("grpcio-tools") or []:
        if re.match(r"protobuf\b", requirement):
            return requirement
    raise SystemExit("millrace: grpcio-tools does not tell which protobuf it needs.")


def generate(target: Path) -> list[Path]:
    """Writes the message classes and their .pyi below `target`; returns the files."""
    from grpc_tools import _proto, protoc  # not importable while only metadata is asked for

    root = proto_root()
    package = target / "millrace" / "v1"
    package.mkdir(parents=True, exist_ok=True)
    init = package / "__init__.py"
    init.write_text('"""The contract\'s messages, generated from proto/millrace/v1."""\n')
    files = [init]
    well_known = str(Path(next(iter(_proto.__path__))))
    arguments = ["protoc", f"-I{root}", f"-I{well_known}"]
    arguments += [f"--python_out={target}", f"--pyi_out={target}", *PROTOS]
    if protoc.main(arguments) != 0:
        raise SystemExit("millrace: protoc failed; see above.")
    for proto in PROTOS:
        stem = target / proto.removesuffix(".proto")
        files += [stem.with_name(stem.name + "_pb2.py"), stem.with_name(stem.name + "_pb2.pyi")]
    return files


class BuildPy(build_py):
    """Adds the generated modules; for an editable install they go into src, where git ignores them."""

    generated: ClassVar[list[Path]] = []

    def run(self) -> None:
        super().run()
        target = HERE / "src" if self.editable_mode else Path(self.build_lib)
        BuildPy.generated = generate(target)

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        return [*super().get_outputs(include_bytecode), *map(str, BuildPy.generated)]


class Sdist(sdist):
    """Adds the contract, so that an sdist builds on its own."""

    def make_release_tree(self, base_dir: str, files: list[str]) -> None:
        super().make_release_tree(base_dir, files)
        for proto in PROTOS + IMPORTED_PROTOS:
            target = Path(base_dir) / "proto" / proto
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(proto_root() / proto, target)


setup(
    cmdclass={"build_py": BuildPy, "sdist": Sdist},
    install_requires=[
        "grpcio>=1.51",
        "googleapis-common-protos>=1.56",
        "numpy>=1.22",
        protobuf_requirement(),
    ],
)
