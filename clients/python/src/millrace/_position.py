"""Where in a split a trainer is. Apart from types.py, whose many nouns take longer to load than a first batch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Position:
    """Where in a split a trainer is. Both numbers count from 0; `step` within the epoch, over the whole world."""

    epoch: int
    step: int


# Its public name, which is also the one that pickles hold.
Position.__module__ = "millrace.types"
