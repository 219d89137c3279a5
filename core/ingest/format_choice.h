// Which format the files of one import have: the named one, or what the first file's bytes tell.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/ingest/formats.h"

namespace millrace {

// One import's. Not thread-safe.
class FormatChoice {
 public:
  // `named` null: told from the bytes of the first file that holds a record.
  explicit FormatChoice(const Format* named) : format_(named) {}

  // The next file is not to be judged by fewer of its first bytes, unless it is shorter. More tell more, up to
  // kRecogniseSizeBytes.
  size_t start_size_bytes_min() const;
  // Judges a file by its first bytes; `is_whole`: there are no more. False: it holds no record and tells nothing, and
  // is to be passed over. kFileInvalid, with the names of the formats, when the file's format cannot be told or is not
  // that of the import.
  absl::StatusOr<bool> Judge(const std::string& file, std::string_view start, bool is_whole);
  // Null: not known yet.
  const Format* format() const { return format_; }

 private:
  const Format* format_;
};

// No file of the import told its format.
absl::Status FormatUnknownError();

}  // namespace millrace
