"""The client: everything but streaming. Its parts follow the contract's services."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from millrace import _convert, _importing, _plans, _queries, _rpc, _sources, explanation, types
from millrace._connection import Connection
from millrace._content import Labels, content
from millrace._part import Part as _Part
from millrace._part import check_reading as _check_reading
from millrace._part import scope as _scope
from millrace._refreshing import Sources
from millrace._vocabularies import Vocabularies
from millrace.batch import Batch
from millrace.columns import ColumnBatch
from millrace.v1 import catalog_service_pb2 as catalog
from millrace.v1 import import_service_pb2 as imports
from millrace.v1 import loader_service_pb2 as loader
from millrace.v1 import plan_service_pb2 as plans
from millrace.v1 import query_service_pb2 as queries
from millrace.v1 import snapshot_service_pb2 as snapshots
from millrace.v1 import tag_service_pb2 as tag_lists

_BATCH_GET_SIZE_MAX = 1000
_SEARCH_IDS_PAGE_SIZE = 10_000
# Compiling or verifying a snapshot reads everything; minutes are normal for millions of posts.
_LONG_CALL_TIMEOUT_S = 3600.0


def connect(address: str, *, timeout_s: float = 60.0) -> Client:
    """A client of the server at `address` (HOST:PORT). Makes no call yet.

    timeout_s: how long a call may take, with its repetitions while the server cannot be reached.
    """
    return Client(address, timeout_s=timeout_s)


class Tags(_Part):
    """Tags of a dataset (as it is now) or of a snapshot (a digest, or a unique prefix of 8 digits or more)."""

    def get(
        self,
        key: int | str,
        *,
        dataset: str | None = None,
        snapshot: str | None = None,
        category: str | None = None,
    ) -> types.TagMatch:
        """The tag with this id (int) or exact name (str), the latter in one category or in any. TagNotFound."""
        request = catalog.GetTagRequest(
            **_scope(dataset, snapshot),
            **({"id": key} if isinstance(key, int) else {"name": key}),
            category=_convert.TAG_CATEGORY.number(category, "category"),
        )
        response = self._call(_rpc.GET_TAG, request)
        namesakes = tuple(_convert.tag(tag) for tag in response.namesakes)
        return types.TagMatch(_convert.tag(response.tag), namesakes)

    def list(
        self,
        *,
        dataset: str | None = None,
        snapshot: str | None = None,
        prefix: str = "",
        category: str | None = None,
        min_post_count: int = 0,
        order: str = "name",
        page_size: int = 1000,
    ) -> Iterator[types.Tag]:
        """Tags in use, filtered. order: "name" (ascending) or "post_count" (descending). Pages as it goes."""
        request = catalog.ListTagsRequest(
            **_scope(dataset, snapshot),
            prefix=prefix,
            category=_convert.TAG_CATEGORY.number(category, "category"),
            min_post_count=min_post_count,
            order=_convert.TAG_ORDER.number(order, "order"),
            page_size=page_size,
        )
        return self._pages(_rpc.LIST_TAGS, request, lambda page: map(_convert.tag, page.tags))

    def relations(
        self,
        *,
        dataset: str | None = None,
        snapshot: str | None = None,
        kind: str | None = None,
        page_size: int = 1000,
    ) -> Iterator[types.TagRelation]:
        """Aliases, then implications: a dataset's of every status, a snapshot's active ones. kind: "alias",
        "implication". Pages as it goes."""
        request = tag_lists.ListTagRelationsRequest(
            **_scope(dataset, snapshot), kind=_convert.TAG_RELATION_KIND.number(kind, "kind"), page_size=page_size
        )
        return self._pages(_rpc.LIST_TAG_RELATIONS, request, lambda page: map(_convert.tag_relation, page.relations))

    def listed(self, dataset: str, *, prefix: str = "", page_size: int = 1000) -> Iterator[types.ListedTag]:
        """What lists of tags told the dataset, by name, whether posts use the tag or not. Pages as it goes."""
        request = tag_lists.ListListedTagsRequest(dataset=dataset, prefix=prefix, page_size=page_size)
        return self._pages(_rpc.LIST_LISTED_TAGS, request, lambda page: map(_convert.listed_tag, page.tags))

    def pools(
        self, dataset: str, *, id: int | None = None, with_post_ids: bool = False, page_size: int = 1000
    ) -> Iterator[types.ListedPool]:
        """The pools that the dataset was told of, by id, or the one of that id. Pages as it goes. ValueError for an id
        that no pool has: they are positive."""
        if id is not None and id < 1:
            raise ValueError(f"id must be a pool's, a positive number, or None for all pools; got {id}")
        request = tag_lists.ListPoolsRequest(
            dataset=dataset, pool_id=id or 0, with_post_ids=with_post_ids, page_size=page_size
        )
        return self._pages(_rpc.LIST_POOLS, request, lambda page: map(_convert.listed_pool, page.pools))

    def artists(self, dataset: str, *, page_size: int = 1000) -> Iterator[types.ListedArtist]:
        """The artists that the dataset was told of, by name. Pages as it goes."""
        request = tag_lists.ListArtistsRequest(dataset=dataset, page_size=page_size)
        return self._pages(_rpc.LIST_ARTISTS, request, lambda page: map(_convert.listed_artist, page.artists))


class Posts(_Part):
    """Posts of a dataset (as it is now) or of a snapshot (a digest, or a unique prefix of 8 digits or more)."""

    def get(
        self,
        id: int | None = None,
        *,
        md5: str | None = None,
        dataset: str | None = None,
        snapshot: str | None = None,
    ) -> types.Post:
        """The post with this id or this MD5. PostNotFound."""
        if (id is None) == (md5 is None):
            raise ValueError("give either id or md5")
        key: dict[str, Any] = {"id": id} if id is not None else {"md5": md5}
        request = catalog.GetPostRequest(**_scope(dataset, snapshot), **key)
        return _convert.post(self._call(_rpc.GET_POST, request).post)

    def batch_get(
        self, ids: Iterable[int], *, dataset: str | None = None, snapshot: str | None = None
    ) -> types.PostsById:
        """The posts with these ids, in the order asked for, and the ids that are not there. Any number of
        ids; one call for each 1,000."""
        wanted = [int(id) for id in ids]
        posts: list[types.Post] = []
        missing: list[int] = []
        for first in range(0, len(wanted), _BATCH_GET_SIZE_MAX):
            request = catalog.BatchGetPostsRequest(
                **_scope(dataset, snapshot), ids=wanted[first : first + _BATCH_GET_SIZE_MAX]
            )
            response = self._call(_rpc.BATCH_GET_POSTS, request)
            posts += map(_convert.post, response.posts)
            missing += response.missing_ids
        return types.PostsById(tuple(posts), tuple(missing))

    def list(
        self, *, dataset: str | None = None, snapshot: str | None = None, page_size: int = 1000
    ) -> Iterator[types.Post]:
        """All posts, ascending by id. Pages as it goes."""
        request = catalog.ListPostsRequest(**_scope(dataset, snapshot), page_size=page_size)
        return self._pages(_rpc.LIST_POSTS, request, lambda page: map(_convert.post, page.posts))

    def search(
        self,
        query: str,
        *,
        dataset: str | None = None,
        snapshot: str | None = None,
        tags: str | None = None,
        page_size: int = 1000,
    ) -> Iterator[types.Post]:
        """The posts that match the query, in order of id or as its `order:` says, up to its `limit:`. A dataset stands
        for its newest snapshot. tags: which tags a post has for the query, "as_said" (the default) or "applied"; the
        posts tell them as they said. Pages as it goes. QueryInvalid; SnapshotRequired; ServerOutdated when the server
        cannot apply relations."""
        request = queries.SearchPostsRequest(
            **_scope(dataset, snapshot),
            query=query,
            tags=_convert.TAG_READING.number(tags, "tags"),
            page_size=page_size,
        )

        def found(page: queries.SearchPostsResponse) -> Iterator[types.Post]:
            _check_reading(request.tags, page.tags, "answered")
            return map(_convert.post, page.posts)

        return self._pages(_rpc.SEARCH_POSTS, request, found)

    def search_ids(
        self, query: str, *, dataset: str | None = None, snapshot: str | None = None, tags: str | None = None
    ) -> Iterator[int]:
        """As search, but only the ids: 10,000 a call."""
        request = queries.SearchPostsRequest(
            **_scope(dataset, snapshot),
            query=query,
            tags=_convert.TAG_READING.number(tags, "tags"),
            ids_only=True,
            page_size=_SEARCH_IDS_PAGE_SIZE,
        )

        def found(page: queries.SearchPostsResponse) -> Iterator[int]:
            _check_reading(request.tags, page.tags, "answered")
            return iter(page.post_ids)

        return self._pages(_rpc.SEARCH_POSTS, request, found)

    def sample(
        self,
        size: int,
        *,
        dataset: str | None = None,
        snapshot: str | None = None,
        ids: tuple[int, int] | None = None,
        rows: tuple[int, int] | None = None,
        seed: int | None = None,
    ) -> types.Sample:
        """Distinct posts drawn uniformly, 1 to 1,000, from all or from a half-open range of ids or rows.

        seed: chosen by the server when None, and always told. SampleTooLarge; SnapshotRequired.
        """
        if ids is not None and rows is not None:
            raise ValueError("give a range of ids or of rows, not both")
        bounds: dict[str, Any] = {}
        if ids is not None:
            bounds["ids"] = catalog.Int64Range(start=ids[0], end=ids[1])
        if rows is not None:
            bounds["rows"] = catalog.Int64Range(start=rows[0], end=rows[1])
        request = catalog.SamplePostsRequest(**_scope(dataset, snapshot), **bounds, size=size, seed=seed)
        # With a seed of the server's, a repeated call would draw others; that is as good.
        response = self._call(_rpc.SAMPLE_POSTS, request)
        posts = tuple(map(_convert.post, response.posts))
        return types.Sample(posts, response.seed, response.snapshot, response.range_post_count)


class Snapshots(_Part):
    """Snapshots. Where one is named, a unique prefix of at least 8 digits of its digest will do."""

    def create(self, dataset: str) -> types.Snapshot:
        """Compiles the dataset as it is now; the same content gives the same digest. DatasetNotFound; DiskFull."""
        request = snapshots.CreateSnapshotRequest(dataset=dataset)
        response = self._call(_rpc.CREATE_SNAPSHOT, request, _LONG_CALL_TIMEOUT_S)
        return _convert.snapshot(response.snapshot)

    def get(self, digest: str) -> types.Snapshot:
        """SnapshotNotFound."""
        request = snapshots.GetSnapshotRequest(digest=digest)
        return _convert.snapshot(self._call(_rpc.GET_SNAPSHOT, request).snapshot)

    def list(self, *, dataset: str = "", page_size: int = 1000) -> Iterator[types.Snapshot]:
        """Newest first; of one dataset, or of all. Pages as it goes."""
        request = snapshots.ListSnapshotsRequest(dataset=dataset, page_size=page_size)
        return self._pages(_rpc.LIST_SNAPSHOTS, request, lambda page: map(_convert.snapshot, page.snapshots))

    def verify(self, digest: str) -> types.Verification:
        """Reads the whole file and compares every checksum. Damage is an answer, not an error."""
        request = snapshots.VerifySnapshotRequest(digest=digest)
        response = self._call(_rpc.VERIFY_SNAPSHOT, request, _LONG_CALL_TIMEOUT_S)
        return types.Verification(response.digest, response.intact, tuple(response.damages), response.byte_count)

    def delete(self, digest: str, *, allow_missing: bool = False) -> None:
        """SnapshotInUse while plans refer to it; SnapshotNotFound unless allow_missing."""
        request = snapshots.DeleteSnapshotRequest(digest=digest, allow_missing=allow_missing)
        self._call(_rpc.DELETE_SNAPSHOT, request)


class Plans(_Part):
    """Plans. Where one is named, a unique prefix of at least 8 digits of its id will do."""

    def create(
        self,
        *,
        batch_size: int,
        dataset: str | None = None,
        snapshot: str | None = None,
        query: str = "",
        seed: int = 0,
        splits: _plans.Splits | None = None,
        strategy: str | None = None,
        unit: str | None = None,
        modulus: int | None = None,
        stratify: types.Stratify | None = None,
        coverage: str | None = None,
        batch_rows: str | None = None,
        weights: types.QueryWeights | types.TagFrequencyWeights | None = None,
        mix: types.Mix | None = None,
        last_batch: str = "keep",
        tags: str | None = None,
    ) -> types.Plan:
        """Creates the plan, or finds it: the same request over the same snapshot gives the same id, on every
        server. docs/plans.md says what to choose.

        batch_size: samples of a step over the whole world. dataset: stands for its newest snapshot. query: which
        posts ("1girl -comic score:>10"); all by default. splits: shares by name ({"train": 9, "test": 1}), ranges of
        ids by name ({"train": [(0, 899)], "test": [(900, 949)]}), or SplitSpecs; by default train 80, validation 10,
        test 10. strategy: "exact", "hash", "id_range", "stratified" or "partitioned"; None means the one that takes
        what else is given, or "exact". unit: what one split holds whole, "post", "parent", "artist" or "pool".
        modulus: of "id_range", 1,000 by default. coverage ("full", "half") and batch_rows ("drawn", "ascending"): of
        "partitioned". weights, mix: for splits with the order "weighted" or "mixed". last_batch: "keep" (smaller),
        "drop" or "pad". tags: which tags a post has, in all of these and in the batches with their labels: "as_said"
        (the default), or "applied", with the snapshot's aliases and implications applied.

        ValueError for numbers that are not whole. InvalidRequest; QueryInvalid; SelectionEmpty; SnapshotNotFound;
        DatasetNotFound; SnapshotRequired; ServerOutdated when the server cannot apply relations.
        """
        spec = _plans.spec_message(
            scope=_scope(dataset, snapshot),
            batch_size=batch_size,
            query=query,
            seed=seed,
            splits=splits,
            strategy=strategy,
            unit=unit,
            modulus=modulus,
            stratify=stratify,
            coverage=coverage,
            batch_rows=batch_rows,
            weights=weights,
            mix=mix,
            last_batch=last_batch,
            tags=tags,
        )
        made = self._call(_rpc.CREATE_PLAN, plans.CreatePlanRequest(spec=spec)).plan
        _check_reading(spec.tags, made.spec.tags, f"made plan {made.id}")
        return _plans.plan(made)

    def get(self, plan_id: str) -> types.Plan:
        """PlanNotFound."""
        request = plans.GetPlanRequest(plan_id=plan_id)
        return _plans.plan(self._call(_rpc.GET_PLAN, request).plan)

    def list(self, *, snapshot: str = "", page_size: int = 1000) -> Iterator[types.Plan]:
        """Newest first; on one snapshot, or all. Pages as it goes."""
        request = plans.ListPlansRequest(snapshot=snapshot, page_size=page_size)
        return self._pages(_rpc.LIST_PLANS, request, lambda page: map(_plans.plan, page.plans))

    def delete(self, plan_id: str, *, allow_missing: bool = False) -> None:
        """Deletes the record; open streams go on. PlanNotFound unless allow_missing."""
        request = plans.DeletePlanRequest(plan_id=plan_id, allow_missing=allow_missing)
        self._call(_rpc.DELETE_PLAN, request)

    def explain_post(self, plan_id: str, post_id: int, *, epoch: int = 0) -> explanation.PostExplanation:
        """Where a post is in a plan, and why: its split, and the steps of the epoch that hold it. PlanNotFound;
        PostNotFound; InvalidRequest."""
        request = plans.ExplainPostRequest(plan_id=plan_id, post_id=post_id, epoch=epoch)
        return _plans.post_explanation(self._call(_rpc.EXPLAIN_POST, request), post_id)

    def explain_step(
        self, plan_id: str, step: int, *, split: str = "train", epoch: int = 0
    ) -> explanation.StepExplanation:
        """Which posts a step holds, and how they came there. PlanNotFound; SplitNotFound; StepPastEnd;
        InvalidRequest."""
        request = plans.ExplainStepRequest(plan_id=plan_id, split=split, epoch=epoch, step=step)
        return _plans.step_explanation(self._call(_rpc.EXPLAIN_STEP, request), request)


class Client(_Part):
    """One server. Thread-safe; may be forked and pickled (the copy makes a connection of its own).

    Calls are repeated while the server cannot be reached, and raise millrace.Error's subclasses.
    """

    def __init__(self, address: str, *, timeout_s: float = 60.0) -> None:
        super().__init__(Connection(address), timeout_s)
        self.tags = Tags(self._connection, timeout_s)
        self.posts = Posts(self._connection, timeout_s)
        self.snapshots = Snapshots(self._connection, timeout_s)
        self.plans = Plans(self._connection, timeout_s)
        self.vocabularies = Vocabularies(self._connection, timeout_s)
        self.sources = Sources(self._connection, timeout_s)

    @property
    def address(self) -> str:
        return self._connection.address

    def datasets(self) -> Iterator[types.Dataset]:
        """All datasets, by name. Pages as it goes."""
        request = catalog.ListDatasetsRequest(page_size=1000)
        return self._pages(_rpc.LIST_DATASETS, request, lambda page: map(_convert.dataset, page.datasets))

    def stats(self, *, dataset: str | None = None, snapshot: str | None = None) -> types.Stats:
        """Counts of a dataset or snapshot. DatasetNotFound; SnapshotNotFound."""
        request = catalog.GetStatsRequest(**_scope(dataset, snapshot))
        return _convert.stats(self._call(_rpc.GET_STATS, request).stats)

    def explain_query(
        self, query: str, *, dataset: str | None = None, snapshot: str | None = None, tags: str | None = None
    ) -> explanation.QueryExplanation:
        """How a query is read, and how many posts of the snapshot (of a dataset, the newest one) its terms and all of
        it match. tags: which tags a post has, "as_said" (the default) or "applied". QueryInvalid, whose
        metadata["char_offset"] says where; SnapshotRequired; ServerOutdated when the server cannot apply relations."""
        request = queries.ExplainQueryRequest(
            **_scope(dataset, snapshot), query=query, tags=_convert.TAG_READING.number(tags, "tags")
        )
        response = self._call(_rpc.EXPLAIN_QUERY, request)
        _check_reading(request.tags, response.tags, "answered")
        return _queries.query_explanation(response)

    def import_(
        self,
        source: _sources.Source | Iterable[_sources.Source],
        *,
        dataset: str,
        format: str | None = None,
        compression: str | None = None,
        request_id: str | None = None,
        max_rejected: int = 0,
        max_reported: int = 1000,
        skip_snapshot: bool = False,
        apply_aliases: bool = False,
        md5: bool = False,
        on_progress: Callable[[types.ImportProgress], None] | None = None,
        on_rejected: Callable[[types.RejectedRecord], None] | None = None,
        progress: bool = False,
        timeout_s: float = 120.0,
    ) -> types.ImportResult:
        """Imports a dump, all or nothing, and compiles a snapshot of the dataset unless skip_snapshot.

        source: a path, a folder (all its files, by name), an open binary file, or several of these. A folder of
        pictures with sidecars (x.json, x.txt or x.caption beside x.png) is taken for one when no format is given, with
        its folders, and a UserWarning names the files that are skipped; md5: read every picture for its MD5. format:
        "danbooru-jsonl", "e621-csv" or another of docs/importing.md, by default told by the server from the bytes;
        the result names it. compression: "none", "gzip", "zstd", by default told by the names or the bytes.
        request_id: names this import, so that it is done once however often it is tried; a new UUID by default.
        max_rejected: records that may be rejected before the import fails; -1: any number. max_reported: how many of
        them on_rejected hears of. progress: a tqdm bar over the bytes. timeout_s: for how long to go on trying when
        the connection breaks (with files that can be read again).
        apply_aliases: tags that are active aliases, in the dataset or by a list of this import, wherever it stands,
        become what they are an alias of; extra_json keeps the names said, as "aliased_tags".
        RecordRejected; FileInvalid; ImportRunning; RequestIdReused; DiskFull; InvalidRequest; OSError; ValueError for
        an empty request_id.
        """
        if request_id == "":
            # A caller's variable that was never set would make every import another one.
            raise ValueError("request_id is empty; give an id of your own, or None for a new one")
        files, format = _sources.collect(source, format)
        start = imports.ImportStart(
            dataset=dataset,
            format=_convert.SOURCE_FORMAT.number(format, "format") if format else imports.SOURCE_FORMAT_UNSPECIFIED,
            request_id=_rpc.new_request_id() if request_id is None else request_id,
            max_rejected_count=max_rejected,
            max_reported_count=max_reported,
            skip_snapshot=skip_snapshot,
            apply_aliases=apply_aliases,
        )
        bar = _ImportBar(files, on_progress) if progress else None
        try:
            return _importing.run_import(
                self._connection,
                start,
                files,
                compression,
                with_md5=md5,
                on_progress=bar.update if bar is not None else on_progress,
                on_rejected=on_rejected,
                timeout_s=timeout_s,
            )
        finally:
            if bar is not None:
                bar.close()

    def imports(self, *, dataset: str = "", page_size: int = 1000) -> Iterator[types.ImportRecord]:
        """Imports, newest first, failed ones included; into one dataset, or all. Pages as it goes."""
        request = imports.ListImportsRequest(dataset=dataset, page_size=page_size)
        return self._pages(_rpc.LIST_IMPORTS, request, lambda page: map(_convert.import_record, page.imports))

    def batch(
        self,
        plan: str,
        *,
        split: str = "train",
        epoch: int = 0,
        step: int = 0,
        rank: int = 0,
        world_size: int = 1,
        view: str | None = None,
        fields: Iterable[str] | None = None,
        labels: Labels | str | None = None,
        rating_one_hot: bool = False,
    ) -> Batch:
        """One batch; a pure function of its arguments, as Loader takes them. A ColumnBatch when columns are asked for.
        PlanNotFound; SplitNotFound; StepPastEnd; VocabularyNotFound; InvalidRequest."""
        asked = content(view, fields, labels, rating_one_hot)
        request = loader.GetBatchRequest(
            plan_id=plan,
            split=split,
            epoch=epoch,
            step=step,
            rank=rank,
            world_size=world_size,
        )
        asked.apply(request)
        response = self._call(_rpc.GET_BATCH, request)
        if asked.is_columns:
            return ColumnBatch(response.batch, np.frombuffer(bytearray(response.body), np.uint8))
        return Batch(response.batch, has_posts=asked.view == "posts")

    def close(self) -> None:
        """Ends calls in progress and the connection. Idempotent."""
        self._connection.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _ImportBar:
    """Shows an import's progress with tqdm; hands it on to another listener, too."""

    def __init__(
        self,
        files: list[_sources.SourceFile],
        listener: Callable[[types.ImportProgress], None] | None,
    ) -> None:
        try:
            from tqdm.auto import tqdm
        except ImportError as error:
            raise ImportError("progress=True needs tqdm: pip install millrace[tqdm]") from error
        sizes = [file.size_bytes for file in files]
        total = None if None in sizes else sum(size for size in sizes if size is not None)
        self._bar: Any = tqdm(total=total, desc="import", unit="B", unit_scale=True)
        self._listener = listener

    def update(self, progress: types.ImportProgress) -> None:
        taken = f"{progress.post_count} posts" if progress.post_count or not progress.fact_count else ""
        if progress.fact_count:
            taken += f"{', ' if taken else ''}{progress.fact_count} of lists"
        self._bar.set_postfix_str(f"{progress.stage}, {taken}, {progress.rejected_count} rejected")
        self._bar.update(progress.byte_count - self._bar.n)
        if self._listener is not None:
            self._listener(progress)

    def close(self) -> None:
        self._bar.close()
