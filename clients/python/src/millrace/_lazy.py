"""Public names of a package that are found in its modules when they are first named."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any


def names(
    package: dict[str, Any], modules: Sequence[str], sources: Sequence[str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """A package's __getattr__ and __dir__.

    package: its globals(), with __all__. modules: those that are reached through it. sources: those of them that its
    public names are looked for in, one after another, and loaded so.
    """
    package_name: str = package["__name__"]

    def find(name: str) -> Any:
        if name in modules:
            return importlib.import_module(f"{package_name}.{name}")
        if name in package["__all__"]:
            for source in sources:
                module = importlib.import_module(f"{package_name}.{source}")
                if hasattr(module, name):
                    package[name] = getattr(module, name)  # the next time it is found without this function
                    return package[name]
        raise AttributeError(f"module {package_name!r} has no attribute {name!r}")

    def listed() -> list[str]:
        return sorted({*package, *package["__all__"], *modules})

    return find, listed
