"""Arrow Flight, a ceiling: the epoch's batches lie ready in the server's memory, and C++ alone sends them.

A server with this little to do serves one epoch in one order; it shows what the transport gives.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import arrow_columns
import common
import numpy as np


class Flight(common.Peer):
    packages = ("pyarrow",)

    @classmethod
    def serve(cls, options: argparse.Namespace) -> NoReturn:
        import pyarrow as pa
        from pyarrow import flight

        content = common.Content(options.content)
        table = pa.concat_tables(arrow_columns.tables(content, 65_536)).combine_chunks()
        order = np.random.default_rng(common.SEED).permutation(len(content))
        # Cut from one shuffled table, every batch would be sent with its slice's offsets; each is a copy of its own.
        batches = [
            table.take(pa.array(order[first : first + common.BATCH_SIZE])).combine_chunks().to_batches()[0]
            for first in range(0, len(content), common.BATCH_SIZE)
        ]
        schema = table.schema
        del table

        class Server(flight.FlightServerBase):  # type: ignore[misc]
            def do_get(self, context: Any, ticket: Any) -> Any:
                first = int(ticket.ticket)
                return flight.RecordBatchStream(pa.RecordBatchReader.from_batches(schema, batches[first:]))

        server = Server("grpc://127.0.0.1:0")
        common.announce(f"127.0.0.1:{server.port}")
        common.wait_for_stop()

    def __init__(self, options: Any) -> None:
        super().__init__(options)
        from pyarrow import flight

        self.client = flight.connect(f"grpc://{options.address}")
        self.first = self.next = 0

    def epoch(self, number: int) -> Iterator[common.Batch]:
        from pyarrow import flight

        self.next, self.first = self.first, 0
        reader = self.client.do_get(flight.Ticket(str(self.next).encode()))
        while True:
            try:
                chunk = reader.read_chunk()
            except StopIteration:
                return
            self.next += 1
            yield arrow_columns.to_batch(chunk.data)

    def state(self) -> Any:
        return self.next

    def load(self, state: Any) -> None:
        self.first = state

    @classmethod
    def prepare(cls, content: common.Content, folder: Path) -> None:
        """The server reads the common content."""


if __name__ == "__main__":
    common.main(Flight)
