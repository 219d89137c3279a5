#include "server/rpc/page_token.h"

#include "absl/strings/escaping.h"
#include "core/base/digest.h"
#include "core/base/error.h"

namespace millrace {
namespace {

// Layout: version (1 byte), number (8), id (8), text (the rest), check (8): the first bytes of SHA-256 over binding
// and all before. Whole numbers are little-endian.
constexpr char kVersion = 1;
constexpr size_t kHeaderSizeBytes = 1 + 8 + 8;
constexpr size_t kCheckSizeBytes = 8;

void AppendInt64(int64_t value, std::string* bytes) {
  for (int shift = 0; shift < 64; shift += 8)
    bytes->push_back(static_cast<char>(static_cast<uint64_t>(value) >> shift));
}

int64_t ReadInt64(std::string_view bytes) {
  uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value |= static_cast<uint64_t>(static_cast<uint8_t>(bytes[i])) << (8 * i);
  return static_cast<int64_t>(value);
}

std::string CheckOf(std::string_view binding, std::string_view payload) {
  // The size keeps (binding, payload) pairs apart that are equal when joined.
  std::string size;
  AppendInt64(static_cast<int64_t>(binding.size()), &size);
  Sha256 hash;
  hash.Update(size.data(), size.size());
  hash.Update(binding.data(), binding.size());
  hash.Update(payload.data(), payload.size());
  const Sha256Bytes digest = hash.Finish();
  return std::string(reinterpret_cast<const char*>(digest.data()), kCheckSizeBytes);
}

absl::Status InvalidToken() {
  return MakeError(Reason::kPageTokenInvalid,
                   "page_token: it is damaged or belongs to another request; repeat the request without it");
}

}  // namespace

std::string EncodePageToken(std::string_view binding, const PageCursor& cursor) {
  std::string bytes(1, kVersion);
  AppendInt64(cursor.number, &bytes);
  AppendInt64(cursor.id, &bytes);
  bytes += cursor.text;
  bytes += CheckOf(binding, bytes);
  return absl::WebSafeBase64Escape(bytes);
}

absl::StatusOr<std::optional<PageCursor>> DecodePageToken(std::string_view binding, std::string_view token) {
  if (token.empty()) return std::nullopt;
  std::string bytes;
  if (!absl::WebSafeBase64Unescape(absl::string_view(token.data(), token.size()), &bytes)) return InvalidToken();
  // The decoder skips blanks and padding and ignores spare bits; a token has one spelling only.
  if (absl::WebSafeBase64Escape(bytes) != absl::string_view(token.data(), token.size())) return InvalidToken();
  if (bytes.size() < kHeaderSizeBytes + kCheckSizeBytes || bytes[0] != kVersion) return InvalidToken();
  const std::string_view payload = std::string_view(bytes).substr(0, bytes.size() - kCheckSizeBytes);
  if (std::string_view(bytes).substr(payload.size()) != CheckOf(binding, payload)) return InvalidToken();
  PageCursor cursor;
  cursor.number = ReadInt64(payload.substr(1));
  cursor.id = ReadInt64(payload.substr(9));
  cursor.text = std::string(payload.substr(kHeaderSizeBytes));
  return cursor;
}

}  // namespace millrace
