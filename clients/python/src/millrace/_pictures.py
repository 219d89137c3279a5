"""Folders of pictures with sidecars: the command line takes and sends the same (docs/importing.md, picture-folder)."""

from __future__ import annotations

import os
import warnings
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from millrace import _picture_facts
from millrace._chunks import pieces
from millrace.v1 import import_service_pb2 as pb

FORMAT = "picture-folder"

_PICTURE_EXTENSIONS = {".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".jxl", ".bmp", ".tif", ".tiff"}
# Best first; behind the picture's whole name each goes before the same behind its name without the extension.
_SIDECAR_EXTENSIONS = (".json", ".txt", ".caption")
_SHOWN_SKIPPED_MAX = 3


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A sidecar, its picture, or both, by their paths within the folder: one for each picture, of which there may be
    millions, so it holds no more than it must."""

    folder: str
    picture: str | None
    sidecar: str | None

    @property
    def name(self) -> str:
        """For messages. Without a sidecar it is the picture's own, by which the server knows."""
        return self.sidecar or self.picture or ""

    @property
    def rereadable(self) -> bool:
        return True

    @property
    def size_bytes(self) -> int | None:
        """What is sent of it: the sidecar."""
        try:
            return 0 if self.sidecar is None else os.stat(os.path.join(self.folder, self.sidecar)).st_size
        except OSError:
            return None

    def describe(self, *, with_md5: bool) -> pb.Picture | None:
        """What is known of the picture; None for a sidecar without one."""
        if self.picture is None:
            return None
        return _picture_facts.describe(os.path.join(self.folder, self.picture), self.picture, with_md5=with_md5)

    def chunks(self) -> Iterator[bytes]:
        """The sidecar's bytes. OSError."""
        if self.sidecar is not None:
            with open(os.path.join(self.folder, self.sidecar), "rb") as file:
                yield from pieces(file)


def list_folder(folder: str) -> list[str]:
    """Everything in the folder and its folders that is no folder and not hidden, relative to it, with "/" between the
    parts, in the order of the bytes of the paths. OSError when one of the folders cannot be read."""
    found: list[str] = []
    waiting = [""]
    while waiting:
        parent = waiting.pop()
        with os.scandir(os.path.join(folder, parent)) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(f"{parent}{entry.name}/")
                # Links to folders are not followed.
                elif not (entry.is_symlink() and os.path.isdir(entry.path)):
                    found.append(f"{parent}{entry.name}")
    return sorted(found, key=os.fsencode)


def has_sidecars(paths: Collection[str]) -> bool:
    """Whether a picture among the paths has a sidecar among them."""
    there = set(paths)
    return any(not there.isdisjoint(_sidecars_of(path)) for path in paths if _is_picture(path))


def find(folder: str, paths: list[str]) -> list[PictureFile]:
    """A file for each picture among the paths, and then one for each sidecar without one, in the order of `paths`.

    Pictures whose names differ in their extensions share x.txt. Warns of other files, and of sidecars of a picture
    that has a better one: they are not sent. ValueError when nothing is left, or a name is not UTF-8.
    """
    there = set(paths)
    files: list[PictureFile] = []
    taken: set[str] = set()
    passed_over: set[str] = set()
    for path in paths:
        if _is_picture(path):
            sidecars = [sidecar for sidecar in _sidecars_of(path) if sidecar in there]
            files.append(PictureFile(folder, path, sidecars[0] if sidecars else None))
            taken.update(sidecars[:1])
            passed_over.update(sidecars[1:])
    skipped: list[str] = []
    for path in paths:
        if _is_picture(path) or path in taken:
            continue
        if is_sidecar(path) and path not in passed_over:
            files.append(PictureFile(folder, None, path))
        else:
            skipped.append(path)
    for file in files:
        _check_name(file)
    if not files:
        raise ValueError(_nothing_to_import(folder, paths))
    _warn_of(folder, skipped)
    return files


def is_sidecar(path: str) -> bool:
    return _extension(path) in _SIDECAR_EXTENSIONS


def _is_picture(path: str) -> bool:
    return _extension(path) in _PICTURE_EXTENSIONS


def _extension(path: str) -> str:
    return os.path.splitext(path)[1].lower()


def _sidecars_of(picture: str) -> list[str]:
    """Best first."""
    stem = os.path.splitext(picture)[0]
    return [name + extension for extension in _SIDECAR_EXTENSIONS for name in (picture, stem)]


def _check_name(file: PictureFile) -> None:
    for path in (file.picture, file.sidecar):
        try:
            (path or "").encode()
        except UnicodeEncodeError:
            shown = os.fsencode(os.path.join(file.folder, path or ""))
            raise ValueError(f"{shown!r}: the name is not UTF-8; rename the file") from None


def _nothing_to_import(folder: str, paths: list[str]) -> str:
    if not paths:
        return f"{folder} holds no files to import (what is hidden does not count)"
    return f"none of the {len(paths)} files in {folder} is a picture or a sidecar, such as {paths[0]}; name the format"


def _warn_of(folder: str, skipped: list[str]) -> None:
    if not skipped:
        return
    shown = ", ".join(os.path.join(folder, path) for path in skipped[:_SHOWN_SKIPPED_MAX])
    more = f" and {len(skipped) - _SHOWN_SKIPPED_MAX} more" if len(skipped) > _SHOWN_SKIPPED_MAX else ""
    warnings.warn(f"skipped {shown}{more}: not data of the format {FORMAT}", stacklevel=6)
