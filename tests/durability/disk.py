"""Files and folders as they can be after a power cut, given every call that was made and the moment of the cut.

What POSIX gives, and nothing more:
- What was written to a file before an fsync or fdatasync of it began, and that call returned, is there. Of later writes
  any sector of 512 bytes may be there or not, and the file may have any of the sizes that it went through.
- A name (made, renamed, removed) is as it was when its folder was synced. Of later changes of that name any may have
  been the last. A rename is two changes, of the old name and of the new one. A folder whose name is lost is lost with
  all in it.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from durability.recording import Event, as_traced

SECTOR_BYTES = 512


@dataclass
class Change:
    """Of a file: bytes at an offset, or (data None) its size. Of a name: the node that it stands for since, or None."""

    entered: int
    left: int
    offset: int = 0
    data: bytes | None = None
    node: Node | None = None


@dataclass
class History:
    """Changes in the order in which they ended, and when what was before was synced."""

    changes: list[Change] = field(default_factory=list)

    def split(self, syncs: list[tuple[int, int]], cut: int) -> tuple[list[Change], list[Change]]:
        """Those that are durable at the cut, and those that were begun and are not."""
        durable = max((entered for entered, left in syncs if left < cut), default=-1)
        begun = [change for change in self.changes if change.entered < cut]
        return [c for c in begun if c.left < durable], [c for c in begun if c.left >= durable]


@dataclass(eq=False)
class Node:
    """A file or a folder, whatever its names. syncs: when a sync of it was entered and left."""

    is_folder: bool
    history: History = field(default_factory=History)  # of a file's content
    names: dict[str, History] = field(default_factory=dict)  # of a folder
    syncs: list[tuple[int, int]] = field(default_factory=list)

    def child(self, name: str) -> Node | None:
        history = self.names.get(name)
        return history.changes[-1].node if history is not None and history.changes else None


class Chance:
    """How much of what was not synced is kept: all, nothing, or each piece by a throw of dice."""

    def __init__(self, kind: str, seed: int) -> None:
        self._kind = kind
        self._random = random.Random(seed)
        self._kept_share = self._random.random()

    def kept(self, count: int) -> int:
        """How many of `count` changes of one thing, from the first on, were kept."""
        if self._kind != "some":
            return count if self._kind == "all" else 0
        if self._random.random() < 0.2:
            return self._random.randint(0, count)
        return count if self._random.random() < self._kept_share else 0


# Whether a sync of a path is to be overlooked, as a disk or a setting that lies would do.
Ignored = Callable[[str], bool]


class Disk:
    """The history of one folder. Begins with what `before` holds (None: nothing), all durable; `replay` adds what was
    done."""

    def __init__(self, data_dir: Path, before: Path | None, *, ignored: Ignored = lambda path: False) -> None:
        self._top = data_dir.parent
        self._data_dir = data_dir
        self._ignored = ignored
        self._positions: dict[int, int] = {}
        self.root = Node(is_folder=True)
        if before is not None:
            self._load(self.root, data_dir.name, before)

    def _load(self, parent: Node, name: str, path: Path) -> None:
        node = Node(is_folder=path.is_dir())
        parent.names[name] = History([Change(-2, -2, node=node)])
        parent.syncs.append((-1, -1))
        if path.is_dir():
            for child in path.iterdir():
                self._load(node, child.name, child)
        else:
            node.history.changes.append(Change(-2, -2, data=path.read_bytes()))
            node.syncs.append((-1, -1))

    def replay(self, events: Iterable[Event]) -> None:
        for event in events:
            apply = getattr(self, f"_{event.call}", None)
            if apply is not None:
                apply(event)
            elif as_traced(self._data_dir) in event.text:
                raise ValueError(
                    f"{event.call} changed the data folder, which the model does not know: {event.text[:200]}"
                )

    # Paths ------------------------------------------------------------

    def _find(self, path: str) -> Node | None:
        """What has that path now; None outside of the data folder and its parent."""
        if path == str(self._top):
            return self.root
        if not self._is_ours(path):
            return None
        node: Node | None = self.root
        for name in PurePosixPath(path).relative_to(self._top).parts:
            node = node.child(name) if node is not None else None
        return node

    def _is_ours(self, path: str) -> bool:
        return path == str(self._data_dir) or path.startswith(f"{self._data_dir}/")

    def _set_name(self, event: Event, path: str, node: Node | None) -> None:
        parent = self._find(os.path.dirname(path))
        if parent is None:
            raise ValueError(f"{path} has no folder")
        history = parent.names.setdefault(os.path.basename(path), History())
        history.changes.append(Change(event.entered, event.left, node=node))

    @staticmethod
    def _path(event: Event, number: int = 0) -> str:
        """A path argument; below the folder that the first argument is, when it is relative."""
        path = event.strings()[number].decode()
        return path if path.startswith("/") else f"{event.descriptor()[1]}/{path}"

    # Calls ------------------------------------------------------------

    def _openat(self, event: Event) -> None:
        path = self._path(event)
        if not self._is_ours(path):
            return
        node = self._find(path)
        if node is None:
            node = Node(is_folder=False)
            self._set_name(event, path, node)
        elif "O_TRUNC" in event.text:
            node.history.changes.append(Change(event.entered, event.left))
        self._positions[event.result] = 0

    _open = _openat

    def _mkdir(self, event: Event) -> None:
        if self._is_ours(self._path(event)):
            self._set_name(event, self._path(event), Node(is_folder=True))

    _mkdirat = _mkdir

    def _unlink(self, event: Event) -> None:
        if self._is_ours(self._path(event)):
            self._set_name(event, self._path(event), None)

    _unlinkat = _rmdir = _unlink

    def _rename(self, event: Event) -> None:
        source, target = (text.decode() for text in event.strings())
        if self._is_ours(target):
            self._set_name(event, target, self._find(source))
            self._set_name(event, source, None)

    def _write(self, event: Event) -> None:
        fd, path = event.descriptor()
        if self._is_ours(path):
            self._add(event, path, self._positions[fd], event.strings()[0])
            self._positions[fd] += event.result

    def _writev(self, event: Event) -> None:
        fd, path = event.descriptor()
        if self._is_ours(path):
            self._add(event, path, self._positions[fd], b"".join(event.strings()))
            self._positions[fd] += event.result

    def _pwrite64(self, event: Event) -> None:
        _, path = event.descriptor()
        if self._is_ours(path):
            self._add(event, path, event.numbers()[-1], event.strings()[0])

    def _ftruncate(self, event: Event) -> None:
        _, path = event.descriptor()
        if self._is_ours(path):
            self._node_of(path).history.changes.append(Change(event.entered, event.left, event.numbers()[-1]))

    def _fsync(self, event: Event) -> None:
        _, path = event.descriptor()
        node = self._find(path)
        if node is not None and not self._ignored(path):
            node.syncs.append((event.entered, event.left))

    _fdatasync = _fsync

    def _node_of(self, path: str) -> Node:
        node = self._find(path)
        if node is None:
            raise ValueError(f"{path} was written to, and was never made")
        return node

    def _add(self, event: Event, path: str, offset: int, data: bytes) -> None:
        written = data[: event.result]
        self._node_of(path).history.changes.append(Change(event.entered, event.left, offset, written))

    # Images ------------------------------------------------------------

    def write_image(self, cut: int, chance: Chance, folder: Path) -> None:
        """Makes `folder` what the data folder can be after a cut before line `cut` of the trace. It may not be there at
        all."""
        name = self._data_dir.name
        node = self._resolve(self.root, name, cut, chance)
        if node is not None:
            self._write_node(node, cut, chance, folder)

    def _resolve(self, parent: Node, name: str, cut: int, chance: Chance) -> Node | None:
        durable, pending = parent.names[name].split(parent.syncs, cut)
        changes = durable + pending[: chance.kept(len(pending))]
        return changes[-1].node if changes else None

    def _write_node(self, node: Node, cut: int, chance: Chance, path: Path) -> None:
        if not node.is_folder:
            path.write_bytes(content_of(node, cut, chance))
            return
        path.mkdir()
        for name in sorted(node.names):
            child = self._resolve(node, name, cut, chance)
            if child is not None:
                self._write_node(child, cut, chance, path / name)


def content_of(node: Node, cut: int, chance: Chance) -> bytes:
    durable, pending = node.history.split(node.syncs, cut)
    content = bytearray()
    for change in durable:
        _apply(content, change)
    if not pending:
        return bytes(content)
    # The size goes its own way, and so does each sector.
    sized_count = chance.kept(len(pending))
    size = len(content)
    kept: dict[int, int] = {}
    for number, change in enumerate(pending):
        if change.data is None:
            if number < sized_count:
                _apply(content, change)
                size = change.offset
            continue
        end = change.offset + len(change.data)
        if number < sized_count:
            size = max(size, end)
        if len(content) < end:
            content.extend(bytes(end - len(content)))
        for sector in range(change.offset // SECTOR_BYTES, (end + SECTOR_BYTES - 1) // SECTOR_BYTES):
            if number < kept.setdefault(sector, chance.kept(len(pending))):
                first, last = max(sector * SECTOR_BYTES, change.offset), min((sector + 1) * SECTOR_BYTES, end)
                content[first:last] = change.data[first - change.offset : last - change.offset]
    return bytes(content[:size]) + bytes(max(0, size - len(content)))


def _apply(content: bytearray, change: Change) -> None:
    data = change.data
    if data is None:
        del content[change.offset :]
        content.extend(bytes(change.offset - len(content)))
        return
    end = change.offset + len(data)
    if len(content) < end:
        content.extend(bytes(end - len(content)))
    content[change.offset : end] = data
