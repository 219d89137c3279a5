"""The contract's enums by their short names; those that a loader needs."""

from __future__ import annotations

from typing import Any

from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper

from millrace.v1 import loader_service_pb2 as loader


class EnumNames:
    """An enum's values by their short names: TAG_CATEGORY_ARTIST is "artist", the unspecified one None."""

    def __init__(self, enum: Any, prefix: str, separator: str = "_") -> None:
        wrapper: EnumTypeWrapper = enum
        self._numbers = {
            name.removeprefix(prefix).lower().replace("_", separator): number
            for name, number in wrapper.items()
            if number != 0
        }
        self._names = {number: name for name, number in self._numbers.items()}

    def name(self, number: int) -> str | None:
        """A number that this version of the contract does not know shows as its digits."""
        return None if number == 0 else self._names.get(number, str(number))

    def number(self, name: str | None, what: str) -> Any:
        """0 for None. ValueError for a name that is none of the enum's."""
        if name is None:
            return 0
        if name not in self._numbers:
            raise ValueError(f"{what} must be one of {', '.join(self._numbers)}; not {name!r}")
        return self._numbers[name]


BATCH_VIEW = EnumNames(loader.BatchView, "BATCH_VIEW_")
LABEL_ENCODING = EnumNames(loader.LabelEncoding, "LABEL_ENCODING_")
