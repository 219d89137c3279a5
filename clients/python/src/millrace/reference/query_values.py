"""Numbers, sizes, dates and ages within queries, and ranges of them: docs/query-language.md, from "Ranges" on.

A value stands for a span of whole numbers, of one number mostly; alone it may mean another one.
"""

from __future__ import annotations

import re
from calendar import isleap, monthrange
from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

NUMBER_MIN, NUMBER_MAX = -(2**63), 2**63 - 1

Interval = tuple[int, int]  # both ends included


class Value(NamedTuple):
    span: Interval
    alone: Interval


# Text as a value; None when it is none, or is not of 64 bits.
ParseValue = Callable[[str], Value | None]

_DECIMAL = re.compile(r"([0-9]{1,18})(?:\.([0-9]{1,6}))?")
_SIZE = re.compile(r"([0-9.]+)([kmgKMG])?[bB]?")
_RATIO = re.compile("([0-9]{1,9})[:/]([0-9]{1,9})")
_DATE = re.compile("([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_AGE = re.compile("([0-9]+)(?:(s|mi|h|d|w|mo|y)|(second|minute|hour|day|week|month|year)s?)")
_COMPARISON = re.compile("(>=|<=|>|<|)(.*)", re.DOTALL)
_UNIT_SECONDS = {"s": 1, "mi": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400, "mo": 30 * 86_400, "y": 365 * 86_400}
_DAY_US = 86_400 * 10**6


def ratio_of(width: int, height: int) -> int:
    return (200 * width + height) // (2 * height)


def whole(text: str) -> Value | None:
    return _exactly(int(text)) if re.fullmatch("-?[0-9]+", text) else None


def millions(text: str) -> Value | None:
    return _about(_decimal(text, 10**6))


def size(text: str) -> Value | None:
    found = _SIZE.fullmatch(text)
    if not found:
        return None
    if found[2] is None:
        return _exactly(int(found[1])) if found[1].isdigit() else None
    return _about(_decimal(found[1], 1024 ** ("kmg".index(found[2].lower()) + 1)))


def ratio(text: str) -> Value | None:
    if found := _RATIO.fullmatch(text):
        return _exactly(ratio_of(int(found[1]), int(found[2]))) if int(found[2]) > 0 else None
    number = _decimal(text, 100, decimals_max=2)
    return None if number is None else _exactly(number)


def day_span(text: str) -> Value | None:
    """A year, a month or a day, in microseconds since 1970."""
    found = _DATE.fullmatch(text)
    if not found:
        return None
    year, month, day = (int(part or 0) for part in found.groups())
    try:
        first = date(year, month if found[2] else 1, day if found[3] else 1)
    except ValueError:  # no day of the calendar
        return None
    days = 1 if found[3] else monthrange(year, month)[1] if found[2] else 365 + isleap(year)
    start = (first.toordinal() - date(1970, 1, 1).toordinal()) * _DAY_US
    span = start, start + days * _DAY_US - 1
    return _checked(Value(span, span))


def age(text: str) -> Value | None:
    found = _AGE.fullmatch(text)
    if not found:
        return None
    letters = found[2] or found[3][: 2 if found[3][0] == "m" else 1]
    count, unit = int(found[1]), _UNIT_SECONDS[letters] * 10**6
    return _checked(Value((count * unit, count * unit), (count * unit, (count + 1) * unit - 1)))


class PartError(ValueError):
    """A part of a value is at fault. offset: where it begins in the value, in characters; part: it."""

    def __init__(self, offset: int, part: str, what: str) -> None:
        super().__init__(f"{part!r} {what}")
        self.offset, self.part = offset, part


def parts(text: str) -> list[tuple[int, str]]:
    """Of a list, each with its place."""
    found, offset = [], 0
    for part in text.split(","):
        found.append((offset, part))
        offset += len(part) + 1
    return found


def intervals(text: str, parse: ParseValue) -> list[Interval]:
    """The numbers that a list of ranges means. Raises PartError when it is none, or one of them holds no number."""
    return [_interval(offset, part, parse) for offset, part in parts(text)]


def holds(number: int | None, within: Sequence[Interval]) -> bool:
    return number is not None and any(first <= number <= last for first, last in within)


def _interval(offset: int, text: str, parse: ParseValue) -> Interval:
    def value_of(part: str, at: int, shown: str) -> Value:
        value = parse(part)
        if value is None:
            raise PartError(offset + at, shown, "is no value that fits")
        return value

    first, dots, last = text.partition("..")
    if dots:
        without_end = last.startswith(".")
        last = last.removeprefix(".")
        if not last and (without_end or not first):
            raise PartError(offset, text, "is no range")
        low = value_of(first, 0, first).span[0] if first else NUMBER_MIN
        high = NUMBER_MAX
        if last:
            end = value_of(last, len(text) - len(last), last).span
            high = end[0] - 1 if without_end else end[1]
    else:
        found = _COMPARISON.fullmatch(text)
        assert found
        value = value_of(found[2], 0, text)
        low, high = {
            "": value.alone,
            ">": (value.span[1] + 1, NUMBER_MAX),
            ">=": (value.span[0], NUMBER_MAX),
            "<": (NUMBER_MIN, value.span[0] - 1),
            "<=": (NUMBER_MIN, value.span[1]),
        }[found[1]]
    if not NUMBER_MIN <= low <= high <= NUMBER_MAX:
        raise PartError(offset, text, "is a range that holds no number")
    return low, high


def _decimal(text: str, factor: int, decimals_max: int = 6) -> int | None:
    """The number times the factor, rounded down."""
    found = _DECIMAL.fullmatch(text)
    if not found or len(found[2] or "") > decimals_max:
        return None
    decimals = found[2] or ""
    denominator: int = 10 ** len(decimals)
    return int(found[1] + decimals) * factor // denominator


def _exactly(number: int) -> Value | None:
    return _checked(Value((number, number), (number, number)))


def _about(number: int | None) -> Value | None:
    """Alone, from 95 to 105 hundredths of it."""
    if number is None:
        return None
    exact = _exactly(number)
    return exact and exact._replace(alone=(-(-95 * number // 100), min(105 * number // 100, NUMBER_MAX)))


def _checked(value: Value) -> Value | None:
    return value if all(NUMBER_MIN <= end <= NUMBER_MAX for end in (*value.span, *value.alone)) else None
