// Which format the files of one import have: the named one, or what the first file's bytes tell.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/ingest/formats.h"

namespace millrace {

// One import's. Not thread-safe.
class FormatChoice {
 public:
  // `named` null: told from the bytes of the first file that holds a record.
  explicit FormatChoice(const Format* named) : format_(named), is_named_(named != nullptr) {}

  // The next file is not to be judged by fewer of its first bytes, unless it is shorter. More tell more, up to
  // kRecogniseSizeBytes, and further where WantsMore says so.
  size_t start_size_bytes_min() const;
  // Whether more of the file's bytes may tell its format, where `start`, of kRecogniseSizeBytes or more, does not.
  bool WantsMore(std::string_view start) const;
  // Judges a file by its first bytes; `is_whole`: there are no more. False: it holds no record and tells nothing, and
  // is to be passed over. kFileInvalid when the file's format cannot be told (with the names of the formats, where
  // naming one can help) or is not that of the import: a named format stands wherever the file may be read as it, and
  // one that was told before stands against what posts without tags look like.
  absl::StatusOr<bool> Judge(const std::string& file, std::string_view start, bool is_whole);
  // Null: not known yet.
  const Format* format() const { return format_; }
  bool is_named() const { return is_named_; }

 private:
  bool MayStand(std::string_view start, const std::vector<const Format*>& recognised) const;

  const Format* format_;
  const bool is_named_;
};

// No file of the import told its format.
absl::Status FormatUnknownError();

}  // namespace millrace
