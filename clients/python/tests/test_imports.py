"""What a program loads with the package: a loader no more than it needs, as its first batch waits for it.

Method: a fresh interpreter each, asked which modules it has.
"""

from __future__ import annotations

import pickle
import subprocess
import sys

import millrace
import millrace.reference


def loaded_by(code: str) -> set[str]:
    """The modules that a new interpreter has after the code."""
    program = f"import sys\n{code}\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


def test_a_loader_loads_only_what_a_batch_takes() -> None:
    loaded = loaded_by("import millrace; millrace.Loader('localhost:1', plan='ab' * 32, fields=['tags'])")
    assert {"millrace.loader", "millrace.columns", "grpc", "numpy"} <= loaded
    slow = {"millrace.types", "millrace._convert", "millrace.client", "millrace.reference.spec", "torch"}
    assert not slow & loaded
    assert "google.rpc.error_details_pb2" not in loaded


def test_tokens_need_no_other_part_of_the_reference() -> None:
    loaded = loaded_by("from millrace.reference import make_token; make_token('ab' * 32, 'train', 1, 2)")
    assert {name for name in loaded if name.startswith("millrace.reference.")} == {
        "millrace.reference.keys",
        "millrace.reference.tokens",
    }


def test_every_public_name_is_found() -> None:
    for package in (millrace, millrace.reference):
        assert [name for name in package.__all__ if not hasattr(package, name)] == []
        assert set(package.__all__) <= set(dir(package))
    code = "import millrace.reference; millrace.reference.plan.Plan; millrace.types.Position"
    assert "millrace.reference.plan" in loaded_by(code)


def test_a_position_is_pickled_by_its_public_name() -> None:
    pickled = pickle.dumps(millrace.Position(3, 4))
    assert b"millrace.types" in pickled
    assert pickle.loads(pickled) == millrace.types.Position(3, 4)
