#include "core/catalog/post_codec.h"

namespace millrace {
namespace {

void AppendVarint(uint64_t value, std::string* out) {
  while (value >= 0x80) {
    out->push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out->push_back(static_cast<char>(value));
}

bool TakeVarint(absl::Span<const uint8_t>* bytes, uint64_t* value) {
  *value = 0;
  for (size_t i = 0; i < bytes->size() && i < 10; ++i) {
    *value |= static_cast<uint64_t>((*bytes)[i] & 0x7F) << (7 * i);
    if ((*bytes)[i] < 0x80) {
      bytes->remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

uint64_t ZigZag(int64_t value) { return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63); }
int64_t UnZigZag(uint64_t value) { return static_cast<int64_t>((value >> 1) ^ (~(value & 1) + 1)); }

}  // namespace

void EncodeAscendingIds(absl::Span<const int64_t> ids, std::string* out) {
  if (ids.empty()) return;
  AppendVarint(ZigZag(ids[0]), out);
  for (size_t i = 1; i < ids.size(); ++i) {
    AppendVarint(static_cast<uint64_t>(ids[i]) - static_cast<uint64_t>(ids[i - 1]), out);
  }
}

void EncodeIds(absl::Span<const int64_t> ids, std::string* out) {
  for (const int64_t id : ids) AppendVarint(ZigZag(id), out);
}

void EncodePools(absl::Span<const Pool> pools, std::string* out) {
  for (const Pool& pool : pools) {
    AppendVarint(ZigZag(pool.id), out);
    AppendVarint(pool.kind.size(), out);
    out->append(pool.kind);
  }
}

void EncodeTexts(absl::Span<const std::string> texts, std::string* out) {
  for (const std::string& text : texts) {
    AppendVarint(text.size(), out);
    out->append(text);
  }
}

bool DecodeAscendingIds(absl::Span<const uint8_t> bytes, std::vector<int64_t>* ids) {
  ids->clear();
  uint64_t value;
  if (bytes.empty()) return true;
  if (!TakeVarint(&bytes, &value)) return false;
  ids->push_back(UnZigZag(value));
  while (!bytes.empty()) {
    if (!TakeVarint(&bytes, &value)) return false;
    ids->push_back(static_cast<int64_t>(static_cast<uint64_t>(ids->back()) + value));
  }
  return true;
}

bool DecodeIds(absl::Span<const uint8_t> bytes, std::vector<int64_t>* ids) {
  ids->clear();
  uint64_t value;
  while (!bytes.empty()) {
    if (!TakeVarint(&bytes, &value)) return false;
    ids->push_back(UnZigZag(value));
  }
  return true;
}

bool DecodePools(absl::Span<const uint8_t> bytes, std::vector<Pool>* pools) {
  pools->clear();
  uint64_t id;
  uint64_t size_bytes;
  while (!bytes.empty()) {
    if (!TakeVarint(&bytes, &id) || !TakeVarint(&bytes, &size_bytes) || size_bytes > bytes.size()) return false;
    pools->push_back({UnZigZag(id), std::string(reinterpret_cast<const char*>(bytes.data()), size_bytes)});
    bytes.remove_prefix(size_bytes);
  }
  return true;
}

bool DecodeTexts(absl::Span<const uint8_t> bytes, std::vector<std::string>* texts) {
  texts->clear();
  uint64_t size_bytes;
  while (!bytes.empty()) {
    if (!TakeVarint(&bytes, &size_bytes) || size_bytes > bytes.size()) return false;
    texts->emplace_back(reinterpret_cast<const char*>(bytes.data()), size_bytes);
    bytes.remove_prefix(size_bytes);
  }
  return true;
}

}  // namespace millrace
