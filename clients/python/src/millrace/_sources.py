"""What is to be imported: files on disk or open ones, with their compression told by name."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple, cast

from millrace import _pictures
from millrace._chunks import pieces

# One path or open file, or several; a path may be a folder.
Source = str | os.PathLike[str] | IO[bytes]

_COMPRESSION_BY_SUFFIX = {".gz": "gzip", ".zst": "zstd"}
# What dumps are called: a folder may hold other things, and ignoring a file could lose posts.
_DUMP_SUFFIXES = {".json", ".jsonl", ".ndjson", ".csv", ".db", ".sqlite", ".sqlite3"}


@dataclass(frozen=True)
class DumpFile:
    """One file of a dump. Either `path` or `stream` is set. size_bytes: None when not known."""

    name: str
    path: Path | None
    stream: IO[bytes] | None
    stream_start: int | None
    size_bytes: int | None

    @property
    def rereadable(self) -> bool:
        """Whether chunks() may be called again."""
        return self.path is not None or self.stream_start is not None

    def chunks(self) -> Iterator[bytes]:
        """The bytes, in pieces of at most CHUNK_SIZE_BYTES. OSError."""
        if self.path is not None:
            with open(self.path, "rb") as file:
                yield from pieces(file)
        elif self.stream is not None:
            if self.stream_start is not None:
                self.stream.seek(self.stream_start)
            yield from pieces(self.stream)


SourceFile = DumpFile | _pictures.PictureFile


class Found(NamedTuple):
    """What to send. format: as it was given, or that of pictures when a folder holds some with sidecars."""

    files: list[SourceFile]
    format: str | None


def collect(source: Source | Iterable[Source], format: str | None) -> Found:
    """The files in the order they will be sent: as given, those of a folder by name.

    ValueError for a folder that holds nothing to import, a file whose kind its name does not tell, and for pictures
    together with other data. OSError for a folder that cannot be read.
    """
    single = isinstance(source, str | os.PathLike) or hasattr(source, "read")
    sources = [cast(Source, source)] if single else list(cast(Iterable[Source], source))
    files: list[SourceFile] = []
    told = format
    for item in sources:
        if not isinstance(item, str | os.PathLike):
            files.append(_opened(item))
        elif not Path(item).is_dir():
            files.append(_on_disk(Path(item), Path(item).name))
        elif (pictures := _pictures_in(os.fspath(item), format)) is not None:
            files += pictures
            told = _pictures.FORMAT
        else:
            files += _folder(Path(item), format is not None)
    if not files:
        raise ValueError("nothing to import")
    if told != format:
        _check_alone(files)
    return Found(files, told)


def _pictures_in(folder: str, format: str | None) -> list[_pictures.PictureFile] | None:
    """None for a folder of other data."""
    if format not in (None, _pictures.FORMAT):
        return None
    paths = _pictures.list_folder(folder)
    return _pictures.find(folder, paths) if format is not None or _pictures.has_sidecars(paths) else None


def _check_alone(files: list[SourceFile]) -> None:
    """That no other data comes together with pictures that nobody called so."""
    for file in files:
        if isinstance(file, DumpFile) and not _pictures.is_sidecar(file.name):
            raise ValueError(
                f"{file.name} comes together with a folder of pictures: one import takes one format; import them one "
                "after the other, or name the format"
            )


def compression_of(name: str) -> str | None:
    """ "gzip" or "zstd" by the name's suffix; None: the server tells from the bytes."""
    return _suffixes(name)[1]


def _suffixes(name: str) -> tuple[str, str | None]:
    """The suffix that tells a dump, and the compression that the one behind it tells."""
    path = Path(name.lower())
    compression = _COMPRESSION_BY_SUFFIX.get(path.suffix)
    return (path.with_suffix("").suffix if compression else path.suffix), compression


def _on_disk(path: Path, name: str) -> DumpFile:
    return DumpFile(name, path, None, None, path.stat().st_size)


def _opened(stream: IO[bytes]) -> DumpFile:
    if not hasattr(stream, "read"):
        raise TypeError(f"a path or a binary file is needed, not {stream!r}")
    name = getattr(stream, "name", None)
    start: int | None = None
    size: int | None = None
    try:
        if stream.seekable():
            start = stream.tell()
            size = stream.seek(0, io.SEEK_END) - start
            stream.seek(start)
    except (AttributeError, OSError):
        start = size = None
    return DumpFile(Path(name).name if isinstance(name, str) else "stream", None, stream, start, size)


def _folder(folder: Path, format_given: bool) -> list[DumpFile]:
    """All files of the folder itself, lists of tags first, so that posts which name their tags get the board's ids of
    them. A file of unknown kind is an error: ignoring it could lose posts."""
    files = []
    for path in sorted(folder.iterdir(), key=lambda path: (not path.name.startswith("tags"), path)):
        if path.name.startswith(".") or not path.is_file():
            continue
        suffix, _ = _suffixes(path.name)
        # Danbooru's own dumps come in files without a suffix.
        if suffix not in _DUMP_SUFFIXES and not (format_given and not suffix):
            raise ValueError(f"{path}: not a dump by its name; name the files to import instead of the folder")
        files.append(_on_disk(path, path.name))
    if not files:
        raise ValueError(f"{folder} holds no files to import")
    return files
