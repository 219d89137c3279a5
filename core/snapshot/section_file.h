// A snapshot file being written: sections one after another, hashed on the way, then directory and header.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/snapshot/format.h"

namespace millrace::snapshot_file {

// Not thread-safe. After an error the file is of no use.
class SectionFile {
 public:
  static absl::StatusOr<std::unique_ptr<SectionFile>> Create(const std::string& path);

  // Begins a section; requires that none is open.
  void Begin(std::string_view name, ElementType type);
  // Adds whole elements or parts of them to the open section.
  absl::Status Append(const void* data, size_t size_bytes);
  // Ends the open section. A section without elements leaves no trace.
  absl::Status End();

  // Those that have ended and have elements.
  const std::vector<Section>& sections() const { return sections_; }

  // Completes the file, durably, and gives its digest.
  absl::StatusOr<std::string> Finish(uint64_t post_count, uint64_t tag_count, uint64_t tag_use_count);
  int64_t size_bytes() const { return file_->size_bytes(); }

 private:
  explicit SectionFile(std::unique_ptr<FileWriter> file) : file_(std::move(file)) {}
  absl::Status WriteBlock();
  absl::Status Pad();
  absl::Status WriteHeader(const Header& header);

  std::unique_ptr<FileWriter> file_;
  std::vector<Section> sections_;
  std::vector<uint64_t> block_checksums_;
  std::unique_ptr<Sha256> hash_;  // of the open section
  std::string block_;             // of the open section, not written yet
};

}  // namespace millrace::snapshot_file
