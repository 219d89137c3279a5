// Batches of columns as people and programs see them.
#pragma once

#include <ostream>
#include <string>

#include "clients/cli/display.h"
#include "clients/cpp/column_batch.h"

namespace millrace::cli {

// A row a column: name, type, shape and the first values.
void PrintColumns(const client::ColumnBatch& batch, const Terminal& terminal, std::ostream& out);

// {"batch": {...}, "values": {"id": ["1", ...], ...}} on one line: the batch as Protobuf's mapping has it, and each
// column whose type is known as an array, nested as its shape says; 64-bit numbers as strings.
void PrintColumnsJson(const client::ColumnBatch& batch, std::ostream& out);

}  // namespace millrace::cli
