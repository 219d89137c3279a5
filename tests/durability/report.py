"""What a program of this folder did and found, in a form that another process can send."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Report:
    """title: with the counts. details: lines about what was done. failures: broken promises; none is the only
    success."""

    title: str
    count: int
    details: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
