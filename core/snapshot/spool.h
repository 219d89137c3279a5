// Columns on their way into a snapshot: all of them grow together, and the file takes one after another, so each
// waits in a file of its own.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/snapshot/column.h"
#include "core/snapshot/section_file.h"

namespace millrace::snapshot_file {

// Bytes in a file that appears with the first of them. Not thread-safe.
class Spool {
 public:
  explicit Spool(std::string path) : path_(std::move(path)) {}

  bool is_empty() const { return file_ == nullptr; }
  int64_t size_bytes() const { return is_empty() ? 0 : file_->size_bytes(); }
  absl::Status Append(const void* data, size_t size_bytes);
  absl::Status AppendZeros(uint64_t size_bytes);
  // Reads everything, in order, in pieces of `piece_bytes`, and removes the file. `take(data, size_bytes)` gives a
  // Status.
  template <typename Take>
  absl::Status Drain(size_t piece_bytes, Take take) {
    if (is_empty()) return absl::OkStatus();
    MILLRACE_RETURN_IF_ERROR(OpenForReading());
    std::string piece(piece_bytes, '\0');
    while (true) {
      size_t size_bytes = 0;
      MILLRACE_RETURN_IF_ERROR(ReadPiece(&piece, &size_bytes));
      if (size_bytes == 0) break;
      MILLRACE_RETURN_IF_ERROR(take(static_cast<const char*>(piece.data()), size_bytes));
    }
    return Remove();
  }
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

 private:
  absl::Status OpenForReading();
  // Fills the piece, or as much of it as is left.
  absl::Status ReadPiece(std::string* piece, size_t* size_bytes);
  absl::Status Remove();

  const std::string path_;
  std::unique_ptr<FileWriter> file_;
  int read_fd_ = -1;
};

// Copies the spool into a section of its own.
absl::Status CopyToSection(Spool& spool, std::string_view name, ElementType type, SectionFile* file);

// A column of one value a row; 0 where the row has none, and no file as long as no row has any.
template <typename T>
class ColumnSpool {
 public:
  ColumnSpool(const std::string& folder, std::string_view name)
      : name_(name), spool_(folder + "/" + std::string(name)) {}

  // Rows must come in order: `row` counts the calls so far.
  absl::Status Add(uint64_t row, const T& value, bool has_value) {
    if (spool_.is_empty()) {
      if (!has_value) return absl::OkStatus();
      MILLRACE_RETURN_IF_ERROR(spool_.AppendZeros(row * sizeof(T)));
    }
    return spool_.Append(&value, sizeof value);
  }
  absl::Status CopyTo(SectionFile* file) { return CopyToSection(spool_, name_, ElementTypeOf<T>(), file); }

 private:
  const std::string name_;
  Spool spool_;
};

// The offsets of a list column (see ListColumn), whose values go elsewhere.
class OffsetsSpool {
 public:
  OffsetsSpool(const std::string& folder, std::string_view name) : offsets_(folder, name) {}

  absl::Status Add(uint64_t row, uint64_t value_count) {
    end_ += value_count;
    // One more offset than rows: row r adds element r + 1, and element 0 comes with the zeros before the first.
    return offsets_.Add(row + 1, end_, end_ > 0);
  }
  uint64_t value_count() const { return end_; }
  absl::Status CopyTo(SectionFile* file) { return offsets_.CopyTo(file); }

 private:
  ColumnSpool<uint64_t> offsets_;
  uint64_t end_ = 0;
};

// A list of values a row.
template <typename T>
class ListSpool {
 public:
  ListSpool(const std::string& folder, std::string_view offsets_name, std::string_view values_name)
      : values_name_(values_name), offsets_(folder, offsets_name), values_(folder + "/" + std::string(values_name)) {}

  absl::Status Add(uint64_t row, absl::Span<const T> values) {
    MILLRACE_RETURN_IF_ERROR(offsets_.Add(row, values.size()));
    if (values.empty()) return absl::OkStatus();
    return values_.Append(values.data(), values.size() * sizeof(T));
  }
  absl::Status CopyTo(SectionFile* file) {
    MILLRACE_RETURN_IF_ERROR(offsets_.CopyTo(file));
    return CopyToSection(values_, values_name_, ElementTypeOf<T>(), file);
  }

 private:
  const std::string values_name_;
  OffsetsSpool offsets_;
  Spool values_;
};

// A text a row: NAME.offsets and NAME.bytes.
class TextSpool {
 public:
  TextSpool(const std::string& folder, const std::string& name) : bytes_(folder, name + ".offsets", name + ".bytes") {}
  absl::Status Add(uint64_t row, std::string_view text) {
    return bytes_.Add(row, absl::Span<const uint8_t>(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
  }
  absl::Status CopyTo(SectionFile* file) { return bytes_.CopyTo(file); }

 private:
  ListSpool<uint8_t> bytes_;
};

}  // namespace millrace::snapshot_file
