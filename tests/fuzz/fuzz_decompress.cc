// Decompression: the first byte chooses the declared compression, the rest is the file. Any bytes are decompressed or
// give kFileInvalid, and pieces make no difference.
#include <algorithm>
#include <memory>
#include <string>

#include "core/base/error.h"
#include "core/ingest/decompress.h"
#include "tests/fuzz/check.h"

namespace millrace {
namespace {

constexpr size_t kOutputSizeBytesMax = 64 << 20;

struct Result {
  bool is_good = false;
  size_t size_bytes = 0;
};

Result Decompress(Compression compression, std::string_view file, size_t piece_bytes) {
  Result result;
  const std::unique_ptr<Decompressor> decompressor =
      Decompressor::Create(compression, "file", [&](std::string_view bytes) {
        result.size_bytes += bytes.size();
        // A bomb is for the reader to end, as it would be here.
        return result.size_bytes > kOutputSizeBytesMax ? MakeError(Reason::kFileInvalid, "large") : absl::OkStatus();
      });
  absl::Status status;
  for (size_t i = 0; i < file.size() && status.ok(); i += piece_bytes) {
    status = decompressor->Write(file.substr(i, piece_bytes));
  }
  if (status.ok()) status = decompressor->Finish();
  FUZZ_CHECK(status.ok() || ReasonOf(status) == Reason::kFileInvalid);
  result.is_good = status.ok();
  return result;
}

}  // namespace
}  // namespace millrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using millrace::Compression;
  if (size == 0) return 0;
  const Compression compression = static_cast<Compression>(data[0] % 4);
  const std::string_view file = millrace::fuzz::Text(data + 1, size - 1);
  const auto whole = millrace::Decompress(compression, file, std::max<size_t>(1, file.size()));
  const auto pieces = millrace::Decompress(compression, file, 3);
  FUZZ_CHECK(whole.is_good == pieces.is_good);
  if (whole.is_good) FUZZ_CHECK(whole.size_bytes == pieces.size_bytes);
  return 0;
}
