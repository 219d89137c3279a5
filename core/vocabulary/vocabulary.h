// A vocabulary: which tags are labels, in order. docs/vocabularies.md specifies the digest.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/model/post.h"

namespace millrace {

inline constexpr int64_t kVocabularyLabelCountMax = 1'000'000;
// As for tags of imports.
inline constexpr size_t kVocabularyNameSizeBytesMax = 1024;
// Of a file that a vocabulary is made from and, so that every exported file can be read again, of the exported one.
inline constexpr size_t kVocabularyCsvSizeBytesMax = 16 << 20;

// A label; its number is its place among the entries. Name and category say what it means. Id and number of posts are
// notes of where it came from: 0 when that was not told.
struct VocabularyEntry {
  int64_t tag_id = 0;
  std::string name;
  // kUnspecified: tags of that name in every category that has no entry of its own.
  TagCategory category = TagCategory::kUnspecified;
  int64_t post_count = 0;
  friend bool operator==(const VocabularyEntry&, const VocabularyEntry&) = default;
};

// What is wrong with an entry by itself, as a clause about it ("has an empty name"); nothing when it may stand.
std::optional<std::string> FaultOf(const VocabularyEntry& entry);

// SHA-256 of the entries' names and categories in their order, 64 lower-case hexadecimal digits.
std::string VocabularyDigestOf(const std::vector<VocabularyEntry>& entries);

// Immutable, so thread-safe. Has at least one label, and no two labels of one name and category.
class Vocabulary {
 public:
  // kVocabularyInvalid for entries that break the above or a limit; the message names the label.
  static absl::StatusOr<Vocabulary> Create(std::vector<VocabularyEntry> entries);
  // What Create made before, from its entries: their digest is all that is compared. Nothing when they have another.
  static std::optional<Vocabulary> OfDigest(std::vector<VocabularyEntry> entries, std::string_view digest);

  const std::vector<VocabularyEntry>& entries() const { return entries_; }
  int64_t label_count() const { return static_cast<int64_t>(entries_.size()); }
  const std::string& digest() const { return digest_; }

 private:
  Vocabulary(std::vector<VocabularyEntry> entries, std::string digest)
      : entries_(std::move(entries)), digest_(std::move(digest)) {}

  std::vector<VocabularyEntry> entries_;
  std::string digest_;
};

}  // namespace millrace
