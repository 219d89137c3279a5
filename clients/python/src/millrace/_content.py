"""What of its posts a batch holds, and how: the view, or a projection."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from millrace import _enums
from millrace.v1 import loader_service_pb2 as pb

_VIEWS = ("posts", "identities", "columns")


@dataclass(frozen=True)
class Labels:
    """Labels by a vocabulary (docs/vocabularies.md).

    vocabulary: NAME (the newest version), NAME@VERSION, a digest, or a unique prefix of at least 8 digits of one. A
    reader asks once what it stands for and keeps to that, also when it is continued from a checkpoint; give the digest
    where runs that begin at different times must be alike. encoding: "csr" (lists of label numbers), "dense"
    (multi-hot, a byte a label) or "bits" (multi-hot, a bit a label).
    """

    vocabulary: str
    encoding: str = "csr"


@dataclass(frozen=True)
class Content:
    """As the readers' arguments of the same names say; see content()."""

    view: str
    fields: tuple[str, ...] = ()
    labels: Labels | None = None
    rating_one_hot: bool = False

    def with_vocabulary(self, digest: str) -> Content:
        """The same with labels by this vocabulary. Requires labels."""
        assert self.labels is not None
        return replace(self, labels=Labels(digest, self.labels.encoding))

    @property
    def is_columns(self) -> bool:
        return self.view == "columns"

    def apply(self, request: pb.GetBatchRequest | pb.StreamBatchesRequest) -> None:
        """Asks for it."""
        if not self.is_columns and not self.fields:
            request.view = _enums.BATCH_VIEW.number(self.view, "view")
            return
        projection = request.projection
        projection.encoding = pb.BATCH_ENCODING_COLUMNS if self.is_columns else pb.BATCH_ENCODING_ROWS
        projection.fields.extend(self.fields)
        projection.rating_one_hot = self.rating_one_hot
        if self.labels is not None:
            projection.labels.vocabulary = self.labels.vocabulary
            projection.labels.encoding = _enums.LABEL_ENCODING.number(self.labels.encoding, "labels.encoding")


def content(
    view: str | None, fields: Iterable[str] | None, labels: Labels | str | None, rating_one_hot: bool
) -> Content:
    """Columns when anything but a view is given, posts when nothing is. ValueError for what does not go together."""
    if isinstance(fields, str):
        raise ValueError(f"fields must be names, not one text: fields=[{fields!r}]")
    names = tuple(fields) if fields is not None else ()
    if view is None:
        view = "columns" if fields is not None or labels is not None or rating_one_hot else "posts"
    if view not in _VIEWS:
        raise ValueError(f"view must be one of {', '.join(_VIEWS)}; not {view!r}")
    if view == "identities" and names:
        raise ValueError("identities have no fields; ask for view='columns' or 'posts'")
    if view != "columns" and (labels is not None or rating_one_hot):
        raise ValueError(f"labels and rating_one_hot come as columns, not with view={view!r}")
    if isinstance(labels, str):
        labels = Labels(labels)
    if labels is not None:
        _enums.LABEL_ENCODING.number(labels.encoding, "labels.encoding")
    # No names mean all fields to the server; here an empty list means none but id and row.
    if view == "columns" and not names and (fields is not None or labels is not None or rating_one_hot):
        names = ("id",)
    return Content(view, names, labels, rating_one_hot)
