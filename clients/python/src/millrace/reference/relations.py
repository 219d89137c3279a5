"""What aliases and implications make of tags: docs/tags.md, "The two readings"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property


class Relations:
    """A snapshot's, by name. aliases: name -> what it is an alias of; no value is itself a key. implications: pairs,
    the name that implies first."""

    def __init__(self, aliases: Mapping[str, str] | None = None, implications: Iterable[tuple[str, str]] = ()) -> None:
        self._aliases = dict(aliases or {})
        self._implied: dict[str, set[str]] = {}
        self._pairs = list(implications)
        for by, implied in self._pairs:
            self._implied.setdefault(self.resolve(by), set()).add(self.resolve(implied))
        self._reached: dict[str, frozenset[str]] = {}

    @cached_property
    def names(self) -> frozenset[str]:
        """All that they speak of."""
        return frozenset(name for pair in [*self._aliases.items(), *self._pairs] for name in pair)

    def resolve(self, name: str) -> str:
        return self._aliases.get(name, name)

    def reach(self, name: str) -> frozenset[str]:
        """What a post has by having the name, aliases resolved."""
        if name not in self._reached:
            reached, todo = {self.resolve(name)}, [self.resolve(name)]
            while todo:
                new = self._implied.get(todo.pop(), set()) - reached
                reached |= new
                todo += new
            self._reached[name] = frozenset(reached)
        return self._reached[name]
