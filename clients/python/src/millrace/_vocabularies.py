"""Vocabularies: which tags are labels, and which number each has."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from millrace import _convert, _rpc, types
from millrace._part import Part, check_reading, scope
from millrace.errors import VocabularyNotFound
from millrace.v1 import vocabulary_service_pb2 as vocabularies

# The server takes no larger one, and gRPC would say so in terms of messages.
CSV_SIZE_BYTES_MAX = 16 << 20

_DIGEST_START = re.compile(r"[0-9a-fA-F]{8,}")


class Vocabularies(Part):
    """Vocabularies. One is named by NAME (its newest version), NAME@VERSION, its digest, or a unique prefix of at
    least 8 digits of that."""

    def create(
        self,
        name: str,
        *,
        dataset: str | None = None,
        snapshot: str | None = None,
        csv: bytes | str | os.PathLike[str] | None = None,
        top: int = 0,
        min_post_count: int = 0,
        categories: Iterable[str] | None = None,
        include: Iterable[str] | None = None,
        exclude: Iterable[str] | None = None,
        tags: str | None = None,
    ) -> types.Vocabulary:
        """Makes a vocabulary from a snapshot's tags or from a CSV file, as the next version of `name`; returns the
        newest version when that has these very labels.

        dataset: stands for its newest snapshot. csv: the file's path, or its content as bytes; at most 16 MiB, with a
        header line that names at least `name` (docs/vocabularies.md). Of a snapshot, the labels are the tags that pass
        every condition, most posts first: top: only the first so many, 0 for all. min_post_count: of at least so many
        posts. categories: of these ("general", "character"). include: of these names only. exclude: not of these.
        tags: which tags a post has, for the counts and the order, "as_said" (the default) or "applied": give what the
        plan gives that the labels are for.

        ValueError for arguments that do not go together. VocabularyInvalid; InvalidRequest; SnapshotNotFound;
        DatasetNotFound; SnapshotRequired; ServerOutdated when the server cannot apply relations; OSError when the file
        cannot be read.
        """
        request = vocabularies.CreateVocabularyRequest(name=name)
        if csv is not None:
            if any((dataset, snapshot, top, min_post_count, categories, include, exclude, tags)):
                raise ValueError("a CSV file says all: leave dataset, snapshot and the conditions out")
            request.csv = _csv_bytes(csv)
        else:
            selection = vocabularies.VocabularySelection(
                **scope(dataset, snapshot),
                top=top,
                min_post_count=min_post_count,
                tags=_convert.TAG_READING.number(tags, "tags"),
            )
            selection.categories.extend(
                _convert.TAG_CATEGORY.number(category, "categories") for category in _names(categories, "categories")
            )
            selection.include.extend(_names(include, "include"))
            selection.exclude.extend(_names(exclude, "exclude"))
            if include is not None and not selection.include:
                raise ValueError("include is empty: leave it out to take tags of any name")
            request.selection.CopyFrom(selection)
        response = self._call(_rpc.CREATE_VOCABULARY, request)
        made = _vocabulary(response.vocabulary)
        check_reading(request.selection.tags, response.tags, f"made vocabulary {made.reference}")
        return made

    def get(self, vocabulary: str) -> types.Vocabulary:
        """VocabularyNotFound."""
        request = vocabularies.GetVocabularyRequest(vocabulary=vocabulary)
        return _vocabulary(self._call(_rpc.GET_VOCABULARY, request).vocabulary)

    def list(self, *, name: str = "", page_size: int = 1000) -> Iterator[types.Vocabulary]:
        """By name, newest version first; of one name, or of all. Pages as it goes."""
        request = vocabularies.ListVocabulariesRequest(name=name, page_size=page_size)
        return self._pages(_rpc.LIST_VOCABULARIES, request, lambda page: map(_vocabulary, page.vocabularies))

    def entries(self, vocabulary: str, *, page_size: int = 10_000) -> Iterator[types.VocabularyEntry]:
        """The entries in order of their labels: the first has the label 0. Pages as it goes, of one version
        throughout. VocabularyNotFound."""
        request = vocabularies.ListVocabularyEntriesRequest(vocabulary=vocabulary, page_size=page_size)
        return self._pages(_rpc.LIST_VOCABULARY_ENTRIES, request, lambda page: map(_entry, page.entries))

    def export(self, vocabulary: str) -> bytes:
        """The entries as a CSV file in UTF-8, as taggers use it: `tag_id,name,category,count`, a line a label.
        VocabularyNotFound."""
        request = vocabularies.ExportVocabularyRequest(vocabulary=vocabulary)
        return self._call(_rpc.EXPORT_VOCABULARY, request).csv

    def delete(self, vocabulary: str, *, allow_missing: bool = False) -> None:
        """Deletes one version; of a name alone, the newest. Open streams go on. VocabularyNotFound unless
        allow_missing; InvalidRequest for a digest that several versions have."""
        if "@" not in vocabulary and not _DIGEST_START.fullmatch(vocabulary):
            # A call may be repeated when its answer is lost, and must not delete the version below then.
            try:
                vocabulary = self.get(vocabulary).reference
            except VocabularyNotFound:
                if allow_missing:
                    return
                raise
        request = vocabularies.DeleteVocabularyRequest(vocabulary=vocabulary, allow_missing=allow_missing)
        self._call(_rpc.DELETE_VOCABULARY, request)


def _csv_bytes(csv: bytes | str | os.PathLike[str]) -> bytes:
    content = csv if isinstance(csv, bytes) else Path(csv).read_bytes()
    if len(content) > CSV_SIZE_BYTES_MAX:
        raise ValueError(f"the CSV file has {len(content)} bytes; at most {CSV_SIZE_BYTES_MAX} are taken")
    return content


def _names(names: Iterable[str] | None, what: str) -> tuple[str, ...]:
    if isinstance(names, str):
        raise ValueError(f"{what} takes several names: [{names!r}]")
    return tuple(names or ())


def _vocabulary(message: vocabularies.Vocabulary) -> types.Vocabulary:
    return types.Vocabulary(
        digest=message.digest,
        name=message.name,
        version=message.version,
        label_count=message.label_count,
        snapshot=message.snapshot or None,
        created_at=_convert.time(message, "created_at"),
    )


def _entry(message: vocabularies.VocabularyEntry) -> types.VocabularyEntry:
    return types.VocabularyEntry(
        tag_id=message.tag_id or None,
        name=message.name,
        category=_convert.TAG_CATEGORY.name(message.category),
        post_count=message.post_count or None,
    )
