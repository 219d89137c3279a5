#include "clients/cli/column_table.h"

#include <google/protobuf/struct.pb.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/json.h"
#include "clients/cli/table.h"

namespace millrace::cli {
namespace {

using client::ColumnBatch;

// Enough to recognise a column by, and short enough for a line.
constexpr size_t kShownSizeMax = 60;

size_t ElementSizeBytes(v1::DataType type) {
  return type == v1::DATA_TYPE_UINT8 ? 1 : type == v1::DATA_TYPE_INT32 ? 4 : type == v1::DATA_TYPE_INT64 ? 8 : 0;
}

// Element i of a column of a known type.
int64_t ElementAt(v1::DataType type, absl::Span<const uint8_t> bytes, size_t i) {
  if (type == v1::DATA_TYPE_UINT8) return bytes[i];
  int32_t narrow = 0;
  int64_t wide = 0;
  if (type == v1::DATA_TYPE_INT32) {
    std::memcpy(&narrow, bytes.data() + i * sizeof(narrow), sizeof(narrow));
    return narrow;
  }
  std::memcpy(&wide, bytes.data() + i * sizeof(wide), sizeof(wide));
  return wide;
}

std::string TypeText(v1::DataType type) {
  switch (type) {
    case v1::DATA_TYPE_UINT8:
      return "uint8";
    case v1::DATA_TYPE_INT32:
      return "int32";
    case v1::DATA_TYPE_INT64:
      return "int64";
    default:
      return absl::StrCat("type ", static_cast<int>(type));
  }
}

bool IsText(const std::string& name) { return absl::EndsWith(name, ".bytes"); }

// Rows of so many bits, each in so many bytes. Requires row_size_bytes > 0.
std::string BitsText(absl::Span<const uint8_t> bytes, size_t row_size_bytes, size_t row_bit_count) {
  std::string text;
  for (size_t row = 0; row < bytes.size() / row_size_bytes; ++row) {
    if (row > 0) text += " | ";
    for (size_t i = 0; i < std::min(row_bit_count, 8 * row_size_bytes); ++i) {
      if (text.size() >= kShownSizeMax) return text + " ...";
      text += (bytes[row * row_size_bytes + i / 8] >> (i % 8) & 1) != 0 ? '1' : '0';
    }
  }
  return text;
}

std::string NumbersText(const v1::Column& column, absl::Span<const uint8_t> bytes) {
  const size_t element_size_bytes = ElementSizeBytes(column.data_type());
  if (element_size_bytes == 0) return "?";
  // Where a row of a matrix ends, so that it can be told from the next.
  const size_t row_size = column.shape_size() < 2 ? 0 : static_cast<size_t>(column.shape(column.shape_size() - 1));
  std::string text;
  for (size_t i = 0; i < bytes.size() / element_size_bytes; ++i) {
    const char* gap = i == 0 ? "" : row_size > 0 && i % row_size == 0 ? " | " : " ";
    const std::string next = absl::StrCat(gap, ElementAt(column.data_type(), bytes, i));
    if (text.size() + next.size() > kShownSizeMax) return text + " ...";
    text += next;
  }
  return text;
}

std::string ValuesText(const ColumnBatch& batch, const v1::Column& column) {
  const absl::Span<const uint8_t> bytes = batch.BytesOf(column);
  if (!bytes.empty() && absl::EndsWith(column.name(), ".presence")) {
    return BitsText(bytes, bytes.size(), batch.size());
  }
  if (!bytes.empty() && column.name() == "labels.bits" && column.shape_size() == 2) {
    return BitsText(bytes, static_cast<size_t>(column.shape(1)), static_cast<size_t>(batch.head().label_count()));
  }
  if (!IsText(column.name())) return NumbersText(column, bytes);
  const std::string text(bytes.begin(), bytes.begin() + std::min(bytes.size(), kShownSizeMax));
  return bytes.size() > kShownSizeMax ? text + " ..." : text;
}

std::string QuotedJson(const std::string& text) {
  google::protobuf::Value value;
  value.set_string_value(text);
  return ToJson(value);
}

// Appends the elements from `*at` on that dimension `dimension` of the shape holds.
void AppendNested(const v1::Column& column, absl::Span<const uint8_t> bytes, int dimension, size_t* at,
                  std::string* json) {
  if (dimension == column.shape_size()) {
    const int64_t value = ElementAt(column.data_type(), bytes, (*at)++);
    const char* quote = column.data_type() == v1::DATA_TYPE_INT64 ? "\"" : "";
    absl::StrAppend(json, quote, value, quote);
    return;
  }
  *json += '[';
  for (int64_t i = 0; i < column.shape(dimension); ++i) {
    if (i > 0) *json += ',';
    AppendNested(column, bytes, dimension + 1, at, json);
  }
  *json += ']';
}

}  // namespace

void PrintColumns(const ColumnBatch& batch, const Terminal& terminal, std::ostream& out) {
  Table table({{"column"}, {"type"}, {"shape"}, {"values", Align::kLeft, true}}, terminal);
  for (const v1::Column& column : batch.head().columns()) {
    table.AddRow({column.name(), TypeText(column.data_type()),
                  absl::StrCat("[", absl::StrJoin(column.shape(), ", "), "]"), ValuesText(batch, column)});
  }
  table.Print(out);
}

void PrintColumnsJson(const ColumnBatch& batch, std::ostream& out) {
  std::string values;
  for (const v1::Column& column : batch.head().columns()) {
    // What has no elements may have a shape of any size.
    if (ElementSizeBytes(column.data_type()) == 0) continue;
    absl::StrAppend(&values, values.empty() ? "" : ",", QuotedJson(column.name()), ":");
    size_t at = 0;
    if (column.size_bytes() == 0) {
      values += "[]";
    } else {
      AppendNested(column, batch.BytesOf(column), 0, &at, &values);
    }
  }
  out << "{\"batch\":" << ToJson(batch.head()) << ",\"values\":{" << values << "}}\n";
}

}  // namespace millrace::cli
