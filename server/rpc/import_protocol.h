// What a client may send in an import, and in which order.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "millrace/v1/import_service.pb.h"

namespace millrace {

inline constexpr size_t kChunkSizeBytesMax = 1 << 20;

// start, then for each file: file, chunk..., then one end that names the right sums. Not thread-safe.
class ImportProtocol {
 public:
  // Checks the next message. After an error the import can only fail. kFieldInvalid, kImportProtocol.
  absl::Status Check(const v1::ImportRequest& message);

  // True behind an `end` that fits: everything was sent. Nothing else makes an import complete.
  bool ended() const { return stage_ == Stage::kEnded; }
  // Why an import whose messages stop here fails.
  absl::Status Truncated() const;

 private:
  enum class Stage { kNew, kStarted, kInFile, kEnded };

  absl::Status CheckStart(const v1::ImportStart& start);
  absl::Status CheckFile(const v1::ImportFile& file);
  absl::Status CheckPicture(const v1::Picture& picture);
  absl::Status CountBytes(std::string_view field, const std::string& bytes);
  absl::Status CheckChunk(const std::string& chunk);
  absl::Status CheckEnd(const v1::ImportEnd& end);

  Stage stage_ = Stage::kNew;
  int64_t file_count_ = 0;
  int64_t byte_count_ = 0;
};

}  // namespace millrace
