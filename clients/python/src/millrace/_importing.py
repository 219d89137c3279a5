"""The import call: bytes of a dump up, progress and rejected records down."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import grpc

from millrace import _convert, _rpc, _sources
from millrace._backoff import Backoff
from millrace._connection import Connection
from millrace._pictures import PictureFile
from millrace.errors import Error, ImportRunning, from_rpc_error
from millrace.types import ImportProgress, ImportResult, RejectedRecord
from millrace.v1 import import_service_pb2 as pb

OnProgress = Callable[[ImportProgress], None]
OnRejected = Callable[[RejectedRecord], None]


def run_import(
    connection: Connection,
    start: pb.ImportStart,
    files: list[_sources.SourceFile],
    compression: str | None,
    *,
    with_md5: bool,
    on_progress: OnProgress | None,
    on_rejected: OnRejected | None,
    timeout_s: float,
) -> ImportResult:
    """Imports, and again with the same request_id when the connection breaks, if the files can be read again.
    with_md5: pictures are read whole, for their digests.

    That is safe: an import is all or nothing, and a request_id imports once.
    """
    backoff = Backoff(timeout_s)
    repeatable = all(file.rereadable for file in files)
    repeated = False
    while True:
        try:
            return _attempt(connection, _Requests(start, files, compression, with_md5), on_progress, on_rejected)
        except Error as error:
            # The server may take a moment to notice that the first attempt's connection is gone.
            own_ghost = repeated and isinstance(error, ImportRunning)
            judged = Error("", code="UNAVAILABLE") if own_ghost else error
            delay_s = backoff.delay_s(judged) if repeatable else None
            if delay_s is None:
                raise
        repeated = True
        time.sleep(delay_s)


def _attempt(
    connection: Connection,
    requests: _Requests,
    on_progress: OnProgress | None,
    on_rejected: OnRejected | None,
) -> ImportResult:
    request_id = _rpc.new_request_id()
    result: ImportResult | None = None
    with connection.busy() as channel:
        stub = channel.stream_stream(
            _rpc.IMPORT.path,
            request_serializer=pb.ImportRequest.SerializeToString,
            response_deserializer=pb.ImportResponse.FromString,
        )
        call: Any = stub(iter(requests), metadata=_rpc.metadata(request_id))
        try:
            for response in call:
                kind = response.WhichOneof("message")
                if kind == "progress" and on_progress is not None:
                    on_progress(_convert.import_progress(response.progress))
                elif kind == "rejected" and on_rejected is not None:
                    on_rejected(_convert.rejected(response.rejected))
                elif kind == "result":
                    result = _convert.import_result(response.result)
        except grpc.RpcError as rpc_error:
            # grpc reports a failure to read a file as a cancelled call.
            if requests.failure is not None:
                raise requests.failure from None
            raise from_rpc_error(rpc_error, request_id=request_id) from None
        finally:
            call.cancel()
    if result is None:
        raise Error("the server ended the import without a result", request_id=request_id)
    return result


class _Requests:
    """The messages of one attempt. Iterated by a thread of grpc's; `failure` is what broke it off."""

    def __init__(
        self, start: pb.ImportStart, files: list[_sources.SourceFile], compression: str | None, with_md5: bool
    ) -> None:
        self._start = start
        self._files = files
        self._compression = compression
        self._with_md5 = with_md5
        self.failure: Exception | None = None

    def __iter__(self) -> Iterator[pb.ImportRequest]:
        try:
            yield from self._messages()
        except Exception as failure:
            self.failure = failure
            raise

    def _messages(self) -> Iterator[pb.ImportRequest]:
        byte_count = 0
        yield pb.ImportRequest(start=self._start)
        for file in self._files:
            name = self._compression or _sources.compression_of(file.name)
            message = pb.ImportFile(name=file.name, compression=_convert.COMPRESSION.number(name, "compression"))
            chunks = file.chunks()
            if isinstance(file, PictureFile):
                # One message a file, as there may be very many.
                picture = file.describe(with_md5=self._with_md5)
                if picture is not None:
                    message.picture.CopyFrom(picture)
                message.content = next(chunks, b"")
                byte_count += len(message.content)
            yield pb.ImportRequest(file=message)
            for chunk in chunks:
                byte_count += len(chunk)
                yield pb.ImportRequest(chunk=chunk)
        yield pb.ImportRequest(end=pb.ImportEnd(file_count=len(self._files), byte_count=byte_count))
