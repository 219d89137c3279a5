// A file of our own in which the bytes of a dump are collected that cannot be read as they come.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/file.h"

namespace millrace {

// Has a name that no other file has, and is removed on destruction. What a killed process leaves behind is for the
// owner of the folder to clear at start. Not thread-safe.
class SpoolFile {
 public:
  static absl::StatusOr<std::unique_ptr<SpoolFile>> Create(const std::string& folder);
  ~SpoolFile();
  SpoolFile(const SpoolFile&) = delete;
  SpoolFile& operator=(const SpoolFile&) = delete;

  absl::Status Append(std::string_view bytes) { return writer_->Append(bytes.data(), bytes.size()); }
  // Makes everything written visible to those who open the path.
  absl::Status Flush() { return writer_->Flush(); }
  int64_t size_bytes() const { return writer_->size_bytes(); }
  const std::string& path() const { return writer_->path(); }

 private:
  explicit SpoolFile(std::unique_ptr<FileWriter> writer) : writer_(std::move(writer)) {}
  const std::unique_ptr<FileWriter> writer_;
};

}  // namespace millrace
