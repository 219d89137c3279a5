// Layout: version (1 byte), number of entries (8), then of each entry: category (1), tag id (8), number of posts (8),
// size of the name (4), the name. Whole numbers are little-endian.
#include "core/vocabulary/vocabulary_codec.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace millrace {
namespace {

constexpr uint8_t kVersion = 1;

template <typename T>
void Append(T value, std::string* bytes) {
  char parts[sizeof(T)];
  for (size_t i = 0; i < sizeof(T); ++i) parts[i] = static_cast<char>(static_cast<uint64_t>(value) >> (8 * i));
  bytes->append(parts, sizeof parts);
}

// Reads from the front; once it ran out, everything reads as zero and ok() is false.
class Input {
 public:
  explicit Input(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return is_ok_; }
  bool at_end() const { return bytes_.empty(); }
  std::string_view Text(size_t size_bytes) {
    is_ok_ = is_ok_ && size_bytes <= bytes_.size();
    if (!is_ok_) return {};
    const std::string_view text = bytes_.substr(0, size_bytes);
    bytes_.remove_prefix(size_bytes);
    return text;
  }
  template <typename T>
  T Number() {
    uint64_t value = 0;
    const std::string_view text = Text(sizeof(T));
    for (size_t i = 0; i < text.size(); ++i) value |= uint64_t{static_cast<uint8_t>(text[i])} << (8 * i);
    return static_cast<T>(value);
  }

 private:
  std::string_view bytes_;
  bool is_ok_ = true;
};

absl::Status DamagedError(std::string_view digest) {
  return MakeError(Reason::kCatalogDamaged,
                   absl::StrCat("the catalog's copy of the vocabulary ", std::string(digest),
                                " is damaged. Delete it, and create it again or restore the catalog from a backup."));
}

}  // namespace

std::string EncodeVocabulary(const Vocabulary& vocabulary) {
  std::string bytes;
  Append(kVersion, &bytes);
  Append<int64_t>(vocabulary.label_count(), &bytes);
  for (const VocabularyEntry& entry : vocabulary.entries()) {
    Append(static_cast<uint8_t>(entry.category), &bytes);
    Append(entry.tag_id, &bytes);
    Append(entry.post_count, &bytes);
    Append(static_cast<uint32_t>(entry.name.size()), &bytes);
    bytes += entry.name;
  }
  return bytes;
}

absl::StatusOr<Vocabulary> DecodeVocabulary(std::string_view bytes, std::string_view digest) {
  Input input(bytes);
  if (input.Number<uint8_t>() != kVersion) return DamagedError(digest);
  const int64_t label_count = input.Number<int64_t>();
  if (label_count < 0 || label_count > kVocabularyLabelCountMax) return DamagedError(digest);
  std::vector<VocabularyEntry> entries;
  // An entry takes more bytes than one, whatever the number says.
  entries.reserve(std::min(static_cast<size_t>(label_count), bytes.size()));
  while (input.ok() && static_cast<int64_t>(entries.size()) < label_count) {
    VocabularyEntry& entry = entries.emplace_back();
    const uint8_t category = input.Number<uint8_t>();
    if (category >= kTagCategoryCount) return DamagedError(digest);
    entry.category = static_cast<TagCategory>(category);
    entry.tag_id = input.Number<int64_t>();
    entry.post_count = input.Number<int64_t>();
    entry.name = std::string(input.Text(input.Number<uint32_t>()));
  }
  if (!input.ok() || !input.at_end()) return DamagedError(digest);
  std::optional<Vocabulary> vocabulary = Vocabulary::OfDigest(std::move(entries), digest);
  if (!vocabulary.has_value()) return DamagedError(digest);
  return *std::move(vocabulary);
}

}  // namespace millrace
