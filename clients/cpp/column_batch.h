// A batch of columns (docs/batch-format.md), as a trainer uses it:
//
//   auto scores = batch.Values<int32_t>("score");           // StatusOr<Span<const int32_t>>, one a post
//   auto known = batch.Presence("score");                   // which posts have one
//   auto tags = batch.Lists<int64_t>("tags");               // (*tags)[i] is a Span of post i's tag ids
//   auto urls = batch.Texts("source");                      // (*urls)[i] is a std::string_view
//   auto labels = batch.Rows<uint8_t>("labels.dense");      // B rows of label_count bytes
#pragma once

#include <grpcpp/support/slice.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "clients/cpp/aligned_buffer.h"
#include "clients/cpp/column_values.h"
#include "millrace/v1/loader_service.pb.h"

namespace millrace::client {

template <typename T>
constexpr v1::DataType DataTypeOf() {
  static_assert(std::is_same_v<T, uint8_t> || std::is_same_v<T, int32_t> || std::is_same_v<T, int64_t>);
  if constexpr (std::is_same_v<T, uint8_t>) return v1::DATA_TYPE_UINT8;
  if constexpr (std::is_same_v<T, int32_t>) return v1::DATA_TYPE_INT32;
  return v1::DATA_TYPE_INT64;
}

// A matrix: rows of equal width, one behind the other.
template <typename T>
struct RowsColumn {
  absl::Span<const T> values;
  size_t width = 0;

  absl::Span<const T> operator[](size_t i) const { return absl::Span<const T>(values.data() + i * width, width); }
};

// What a body lies in, for as long as a batch needs it: gRPC's memory, memory of our own, or neither when the caller
// keeps it.
struct BodyMemory {
  std::unique_ptr<grpc::Slice> slice;  // behind a pointer: small slices hold their bytes in themselves
  AlignedBuffer buffer;
};

// Immutable and moved only; owns its columns, whose addresses a move does not change. Thread-safe once made. Columns
// that the batch does not have give NOT_FOUND, other types or shapes than asked for FAILED_PRECONDITION, and offsets
// that point outside the values DATA_LOSS.
class ColumnBatch {
 public:
  // Checks where every column lies, and that there are ids and rows. `memory` keeps `body` alive. DATA_LOSS, which says
  // what is wrong.
  static absl::StatusOr<ColumnBatch> Create(v1::Batch head, absl::Span<const uint8_t> body, BodyMemory memory,
                                            size_t message_size_bytes);

  // Plan, split, epoch, step, token and all else that the batch says of itself; `columns` describes the columns.
  const v1::Batch& head() const { return head_; }
  // The number of posts, B.
  size_t size() const { return ids_.size(); }
  absl::Span<const int64_t> ids() const { return ids_; }
  absl::Span<const int64_t> rows() const { return rows_; }
  // Of all its messages, as received.
  size_t message_size_bytes() const { return message_size_bytes_; }

  bool Has(std::string_view name) const { return Find(name) != nullptr; }
  // All elements of a column in C order.
  template <typename T>
  absl::StatusOr<absl::Span<const T>> Values(std::string_view name) const;
  // Of a column of two dimensions, the first of which is B.
  template <typename T>
  absl::StatusOr<RowsColumn<T>> Rows(std::string_view name) const;
  // Which posts have the field: "score".
  absl::StatusOr<PresenceBits> Presence(std::string_view field) const;
  // Of a field with lists: "tags", "labels". Every call looks at all offsets once.
  template <typename T>
  absl::StatusOr<ListColumn<T>> Lists(std::string_view field) const;
  // Of a field with texts: "source"; or "pools.kind", which has one for each of the pools' values.
  absl::StatusOr<TextColumn> Texts(std::string_view field) const;

  // The bytes of one of head().columns().
  absl::Span<const uint8_t> BytesOf(const v1::Column& column) const;

 private:
  ColumnBatch() = default;
  // Null when there is none.
  const v1::Column* Find(std::string_view name) const;
  absl::StatusOr<const v1::Column*> FindTyped(std::string_view name, v1::DataType type) const;
  absl::StatusOr<const v1::Column*> FindMatrix(std::string_view name, v1::DataType type) const;
  // Checks the offsets of a field whose values are `value_count`.
  absl::StatusOr<absl::Span<const int32_t>> Offsets(std::string_view field, size_t value_count) const;

  v1::Batch head_;
  BodyMemory memory_;
  absl::Span<const uint8_t> body_;
  absl::Span<const int64_t> ids_;
  absl::Span<const int64_t> rows_;
  size_t message_size_bytes_ = 0;
};

template <typename T>
absl::StatusOr<absl::Span<const T>> ColumnBatch::Values(std::string_view name) const {
  const auto column = FindTyped(name, DataTypeOf<T>());
  if (!column.ok()) return column.status();
  const absl::Span<const uint8_t> bytes = BytesOf(**column);
  return absl::Span<const T>(reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T));
}

template <typename T>
absl::StatusOr<RowsColumn<T>> ColumnBatch::Rows(std::string_view name) const {
  const auto column = FindMatrix(name, DataTypeOf<T>());
  if (!column.ok()) return column.status();
  const absl::Span<const uint8_t> bytes = BytesOf(**column);
  return RowsColumn<T>{absl::Span<const T>(reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)),
                       static_cast<size_t>((*column)->shape(1))};
}

template <typename T>
absl::StatusOr<ListColumn<T>> ColumnBatch::Lists(std::string_view field) const {
  const auto values = Values<T>(std::string(field) + ".values");
  if (!values.ok()) return values.status();
  const auto offsets = Offsets(field, values->size());
  if (!offsets.ok()) return offsets.status();
  return ListColumn<T>(*offsets, *values);
}

}  // namespace millrace::client
