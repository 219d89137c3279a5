// Streaming decompression: bytes in, bytes out, with buffers of fixed size.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/ingest/pipeline.h"

namespace millrace {

// One file's bytes. Not thread-safe; after an error only destruction. gzip files may have several members and zstd
// files several frames; what follows the last must be nothing, or zeros behind gzip. A zstd window of more than 128 MiB
// is refused, so that a hostile header costs no memory.
class Decompressor {
 public:
  // Takes decompressed bytes; they are borrowed for the call. An error ends the decompression.
  using Output = std::function<absl::Status(std::string_view bytes)>;

  // `compression` kUnspecified: told from the first bytes. `file` is for messages.
  static std::unique_ptr<Decompressor> Create(Compression compression, std::string_view file, Output output);
  virtual ~Decompressor() = default;

  // kFileInvalid, with the file and the offset in the compressed bytes, when they are damaged or not of the declared
  // compression.
  virtual absl::Status Write(std::string_view bytes) = 0;
  // Every byte was written: kFileInvalid when the compressed data is not at its end.
  virtual absl::Status Finish() = 0;
};

}  // namespace millrace
