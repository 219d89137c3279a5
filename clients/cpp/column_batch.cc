#include "clients/cpp/column_batch.h"

#include <bit>
#include <limits>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace millrace::client {

static_assert(std::endian::native == std::endian::little, "columns are used as they were sent");

namespace {

// What the views of any column need of an address.
constexpr size_t kElementAlignmentBytes = alignof(int64_t);

// 0 for a type of a newer server.
int64_t ElementSizeBytes(v1::DataType type) {
  switch (type) {
    case v1::DATA_TYPE_UINT8:
      return 1;
    case v1::DATA_TYPE_INT32:
      return 4;
    case v1::DATA_TYPE_INT64:
      return 8;
    default:
      return 0;
  }
}

std::string Quoted(std::string_view name) {
  return absl::StrCat("\"", absl::CHexEscape(absl::string_view(name.data(), std::min<size_t>(name.size(), 80))), "\"");
}

absl::Status Malformed(const v1::Column& column, std::string_view what) {
  return absl::DataLossError(absl::StrCat("malformed batch: column ", Quoted(column.name()), " ", std::string(what)));
}

// Checks that the shape makes the size, without overflow.
absl::Status CheckShape(const v1::Column& column, int64_t element_size_bytes) {
  int64_t size_bytes = element_size_bytes;
  bool has_zero = false;
  for (const int64_t count : column.shape()) {
    if (count < 0) return Malformed(column, absl::StrCat("has a dimension of ", count));
    has_zero = has_zero || count == 0;
  }
  for (const int64_t count : column.shape()) {
    if (has_zero) break;
    if (size_bytes > std::numeric_limits<int64_t>::max() / count) return Malformed(column, "has a shape too large");
    size_bytes *= count;
  }
  if (has_zero) size_bytes = 0;
  if (size_bytes == column.size_bytes()) return absl::OkStatus();
  return Malformed(column, absl::StrCat("has ", column.size_bytes(), " bytes, and its shape makes ", size_bytes));
}

// Checks one column, which must not begin before `end_bytes`.
absl::Status CheckColumn(const v1::Column& column, int64_t end_bytes, int64_t body_size_bytes) {
  if (column.data_type() == v1::DATA_TYPE_UNSPECIFIED) return Malformed(column, "has no data type");
  const int64_t offset = column.offset_bytes();
  if (offset < end_bytes || offset > body_size_bytes) {
    return Malformed(column, absl::StrCat("begins at ", offset, ", and there are bytes for it from ", end_bytes, " to ",
                                          body_size_bytes));
  }
  if (offset % static_cast<int64_t>(kColumnAlignmentBytes) != 0) {
    return Malformed(column, absl::StrCat("begins at ", offset, ", which is no multiple of 64"));
  }
  if (column.size_bytes() < 0 || column.size_bytes() > body_size_bytes - offset) {
    return Malformed(column, absl::StrCat("has ", column.size_bytes(), " bytes from ", offset,
                                          " on, and the body ends at ", body_size_bytes));
  }
  const int64_t element_size_bytes = ElementSizeBytes(column.data_type());
  // A type of a newer server: what it means is not ours to say, and whoever asks for the column is told so.
  if (element_size_bytes == 0) return absl::OkStatus();
  return CheckShape(column, element_size_bytes);
}

absl::Status CheckColumns(const v1::Batch& head, int64_t body_size_bytes) {
  std::set<std::string_view> names;
  int64_t end_bytes = 0;
  for (const v1::Column& column : head.columns()) {
    if (!names.insert(column.name()).second) return Malformed(column, "is there twice");
    if (absl::Status status = CheckColumn(column, end_bytes, body_size_bytes); !status.ok()) return status;
    end_bytes = column.offset_bytes() + column.size_bytes();
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ColumnBatch> ColumnBatch::Create(v1::Batch head, absl::Span<const uint8_t> body, BodyMemory memory,
                                                size_t message_size_bytes) {
  if (reinterpret_cast<uintptr_t>(body.data()) % kElementAlignmentBytes != 0) {
    return absl::InternalError("the body of a batch is not aligned");
  }
  if (absl::Status status = CheckColumns(head, static_cast<int64_t>(body.size())); !status.ok()) return status;
  ColumnBatch batch;
  batch.head_ = std::move(head);
  batch.memory_ = std::move(memory);
  batch.body_ = body;
  batch.message_size_bytes_ = message_size_bytes;
  for (const auto& [name, span] : {std::pair("id", &batch.ids_), std::pair("row", &batch.rows_)}) {
    const v1::Column* column = batch.Find(name);
    if (column == nullptr) return absl::DataLossError(absl::StrCat("malformed batch: it has no column \"", name, "\""));
    if (column->data_type() != v1::DATA_TYPE_INT64 || column->shape_size() != 1) {
      return Malformed(*column, "is not int64 [B]");
    }
    *span = *batch.Values<int64_t>(name);
  }
  if (batch.ids_.size() != batch.rows_.size()) {
    return absl::DataLossError(
        absl::StrCat("malformed batch: it has ", batch.ids_.size(), " ids and ", batch.rows_.size(), " rows"));
  }
  return batch;
}

absl::Span<const uint8_t> ColumnBatch::BytesOf(const v1::Column& column) const {
  return body_.subspan(static_cast<size_t>(column.offset_bytes()), static_cast<size_t>(column.size_bytes()));
}

const v1::Column* ColumnBatch::Find(std::string_view name) const {
  for (const v1::Column& column : head_.columns()) {
    if (column.name() == name) return &column;
  }
  return nullptr;
}

absl::StatusOr<const v1::Column*> ColumnBatch::FindTyped(std::string_view name, v1::DataType type) const {
  const v1::Column* column = Find(name);
  if (column == nullptr) {
    return absl::NotFoundError(absl::StrCat("the batch has no column ", Quoted(name), "; was it asked for?"));
  }
  if (column->data_type() != type) {
    return absl::FailedPreconditionError(absl::StrCat("column ", Quoted(name), " has the data type ",
                                                      static_cast<int>(column->data_type()), ", not ",
                                                      static_cast<int>(type)));
  }
  return column;
}

absl::StatusOr<const v1::Column*> ColumnBatch::FindMatrix(std::string_view name, v1::DataType type) const {
  auto column = FindTyped(name, type);
  if (!column.ok()) return column;
  if ((*column)->shape_size() == 2 && (*column)->shape(0) == static_cast<int64_t>(size())) return column;
  return absl::FailedPreconditionError(absl::StrCat("column ", Quoted(name), " is no matrix with a row a post"));
}

absl::StatusOr<PresenceBits> ColumnBatch::Presence(std::string_view field) const {
  if (!Has(field)) {
    return absl::NotFoundError(absl::StrCat("the batch has no column ", Quoted(field), "; was it asked for?"));
  }
  const std::string name = std::string(field) + ".presence";
  if (!Has(name)) return PresenceBits({});
  auto bits = Values<uint8_t>(name);
  if (!bits.ok()) return bits.status();
  if (bits->size() != (size() + 7) / 8) {
    return absl::DataLossError(
        absl::StrCat("malformed batch: column ", Quoted(name), " has ", bits->size(), " bytes for ", size(), " posts"));
  }
  return PresenceBits(*bits);
}

absl::StatusOr<absl::Span<const int32_t>> ColumnBatch::Offsets(std::string_view field, size_t value_count) const {
  const std::string name = std::string(field) + ".offsets";
  auto offsets = Values<int32_t>(name);
  if (!offsets.ok()) return offsets;
  const auto malformed = [&](std::string_view what) {
    return absl::DataLossError(absl::StrCat("malformed batch: column ", Quoted(name), " ", std::string(what)));
  };
  // All lists are of posts, but for the kinds of pools, of which there is one for each of the pools' values.
  size_t list_count = size();
  if (field == "pools.kind") {
    const auto pools = Values<int64_t>("pools.values");
    if (!pools.ok()) return pools.status();
    list_count = pools->size();
  }
  if (offsets->size() != list_count + 1) {
    return malformed(absl::StrCat("has ", offsets->size(), " elements for ", list_count, " lists"));
  }
  if (offsets->front() != 0) return malformed("does not begin with 0");
  // Without branches, so that it costs nothing to look at all of them.
  bool descends = false;
  for (size_t i = 1; i < offsets->size(); ++i) descends |= (*offsets)[i] < (*offsets)[i - 1];
  if (descends) return malformed("descends");
  if (static_cast<size_t>(offsets->back()) != value_count) {
    return malformed(absl::StrCat("ends with ", offsets->back(), ", and there are ", value_count, " values"));
  }
  return offsets;
}

absl::StatusOr<TextColumn> ColumnBatch::Texts(std::string_view field) const {
  const auto bytes = Values<uint8_t>(std::string(field) + ".bytes");
  if (!bytes.ok()) return bytes.status();
  const auto offsets = Offsets(field, bytes->size());
  if (!offsets.ok()) return offsets.status();
  return TextColumn(ListColumn<uint8_t>(*offsets, *bytes));
}

}  // namespace millrace::client
