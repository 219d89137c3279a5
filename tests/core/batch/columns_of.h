// A batch's columns by name, for tests: laid, filled into memory that held other things before, and read as the format
// says.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/batch/column_writer.h"
#include "tests/support/catch.h"

namespace millrace {

class ColumnsOf {
 public:
  // Lays and fills the batch of these rows.
  ColumnsOf(ColumnWriter& writer, const Snapshot& snapshot, std::vector<int64_t> rows) : rows_(std::move(rows)) {
    post_ids_.resize(rows_.size());
    REQUIRE(snapshot.ReadPostIds(rows_, absl::MakeSpan(post_ids_)).ok());
    REQUIRE(writer.Lay(rows_, post_ids_).ok());
    columns_.assign(writer.layout().columns().begin(), writer.layout().columns().end());
    size_bytes_ = writer.layout().size_bytes();
    memory_.assign(size_bytes_ + kColumnAlignmentBytes, 0xa5);
    const size_t skip = reinterpret_cast<uintptr_t>(memory_.data()) % kColumnAlignmentBytes;
    body_ = memory_.data() + (skip == 0 ? 0 : kColumnAlignmentBytes - skip);
    REQUIRE(writer.Fill(body_).ok());
  }

  const std::vector<ColumnInfo>& infos() const { return columns_; }
  size_t size_bytes() const { return size_bytes_; }
  const uint8_t* body() const { return body_; }

  bool has(std::string_view name) const { return Find(name) != columns_.end(); }
  const ColumnInfo& info(std::string_view name) const {
    INFO(std::string(name));
    REQUIRE(has(name));
    return *Find(name);
  }
  template <typename T>
  std::vector<T> values(std::string_view name) const {
    const ColumnInfo& column = info(name);
    REQUIRE(column.type == ColumnTypeOf<T>());
    const T* const first = reinterpret_cast<const T*>(body_ + column.offset_bytes);
    return {first, first + column.size_bytes / sizeof(T)};
  }
  // Of the list or text column at place i.
  template <typename T>
  std::vector<T> list(const std::string& name, size_t i, std::string_view part = ".values") const {
    const std::vector<int32_t> offsets = values<int32_t>(name + ".offsets");
    const std::vector<T> all = values<T>(name + std::string(part));
    REQUIRE(offsets.front() == 0);
    REQUIRE(offsets.back() == static_cast<int32_t>(all.size()));
    return {all.begin() + offsets[i], all.begin() + offsets[i + 1]};
  }
  std::string text(const std::string& name, size_t i) const {
    const std::vector<uint8_t> bytes = list<uint8_t>(name, i, ".bytes");
    return {bytes.begin(), bytes.end()};
  }
  // Whether the post at place i has the field: the bits, or no bits when all have it.
  bool is_present(const std::string& name, size_t i) const {
    if (!has(name + ".presence")) return true;
    return (values<uint8_t>(name + ".presence")[i / 8] >> (i % 8) & 1) != 0;
  }

 private:
  std::vector<ColumnInfo>::const_iterator Find(std::string_view name) const {
    return std::find_if(columns_.begin(), columns_.end(), [&](const ColumnInfo& info) { return info.name == name; });
  }

  std::vector<int64_t> rows_;
  std::vector<int64_t> post_ids_;
  std::vector<ColumnInfo> columns_;
  size_t size_bytes_ = 0;
  std::vector<uint8_t> memory_;
  uint8_t* body_ = nullptr;
};

}  // namespace millrace
