"""What a program of this folder did and found, in a form that another process can send."""

from __future__ import annotations

import traceback
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Report:
    """title: with the counts. details: lines about what was done. failures: broken promises; none is the only
    success."""

    title: str
    count: int
    details: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def told(broken: BaseException) -> str:
    """What broke, and where in these programs: a call that a server did not answer says nothing of what was asked."""
    ours = [f for f in traceback.extract_tb(broken.__traceback__) if Path(f.filename).parent == Path(__file__).parent]
    return f"{broken} [{' < '.join(f'{Path(f.filename).name}:{f.lineno} {f.name}' for f in reversed(ours))}]"
