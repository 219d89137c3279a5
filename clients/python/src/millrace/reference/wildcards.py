"""Texts with a `*` for any text: docs/query-language.md, "Tags"."""

from __future__ import annotations

from collections.abc import Sequence


def parts_of(text: str) -> list[str]:
    """What stands between the `*`; one part when there is none. `\\*`, `\\"` and `\\\\` are the second character."""
    parts = [""]
    at = 0
    while at < len(text):
        if text[at] == "\\" and text[at + 1 : at + 2] in ("*", '"', "\\"):
            at += 1
            parts[-1] += text[at]
        elif text[at] == "*":
            parts.append("")
        else:
            parts[-1] += text[at]
        at += 1
    return parts


def matches(parts: Sequence[str], text: str) -> bool:
    if len(parts) == 1:
        return text == parts[0]
    if not text.startswith(parts[0]):
        return False
    at = len(parts[0])
    for part in parts[1:-1]:
        # At the first place that it fits: a later one would leave less to those behind it.
        at = text.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return text.endswith(parts[-1]) and at + len(parts[-1]) <= len(text)
