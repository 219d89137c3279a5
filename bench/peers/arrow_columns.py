"""Between Arrow tables and batches, for the peers that hold the content as Arrow has it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from common import Batch, Content

FIXED = ("rating", "width", "height", "score")


def to_table(rows: Batch) -> pa.Table:
    tags = pa.ListArray.from_arrays(pa.array(rows.tag_offsets), pa.array(rows.tag_values))
    fixed = {name: pa.array(getattr(rows, name)) for name in FIXED}
    return pa.table({"id": pa.array(rows.ids), "tags": tags, **fixed})


def tables(content: Content, rows: int) -> list[pa.Table]:
    return [to_table(content.rows(first, min(len(content), first + rows))) for first in range(0, len(content), rows)]


def to_batch(table: pa.Table | pa.RecordBatch) -> Batch:
    """Views of Arrow's buffers wherever the rows lie in one piece."""
    if isinstance(table, pa.Table):
        table = table.combine_chunks()
        columns = {name: table.column(name).chunk(0) for name in table.column_names}
    else:
        columns = {name: table.column(name) for name in table.schema.names}
    tags = columns["tags"]
    offsets = tags.offsets.to_numpy(zero_copy_only=True).astype(np.int32, copy=False)
    if offsets[0] != 0:
        offsets = offsets - offsets[0]
    return Batch(
        columns["id"].to_numpy(),
        # flatten, not values: the slice's own, where the table is a slice.
        tags.flatten().to_numpy(),
        offsets,
        *(columns[name].to_numpy() for name in FIXED),
    )
