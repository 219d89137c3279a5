// Batches of columns made by hand, right ones that a test can then spoil.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "clients/cpp/column_batch.h"

namespace millrace::client {

struct MadeBatch {
  v1::Batch head;
  std::string body;

  // Adds a column at the next multiple of 64.
  template <typename T>
  void Add(const std::string& name, const std::vector<T>& values, std::vector<int64_t> shape = {}) {
    if (shape.empty()) shape = {static_cast<int64_t>(values.size())};
    AddBytes(name, DataTypeOf<T>(), {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)}, shape);
  }
  void AddBytes(const std::string& name, v1::DataType type, std::string_view bytes, const std::vector<int64_t>& shape);
  v1::Column& column(std::string_view name);

  // The batch as a message: head, padding, body, as the server writes it.
  std::string Message() const;
  // As messages with parts of this size. Requires part_size_bytes >= 1.
  std::vector<std::string> Messages(size_t part_size_bytes) const;
};

// One message: any of its fields may be left out.
std::string MakeMessage(const v1::Batch* head, int64_t body_offset_bytes, std::string_view body);

// Three posts with a column of every kind.
MadeBatch ThreePosts();

inline absl::Span<const uint8_t> AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace millrace::client
