#include "core/vocabulary/vocabulary.h"

#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/digest.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/vocabulary/vocabulary_csv.h"

namespace millrace {
namespace {

constexpr std::string_view kDigestStart = "millrace vocabulary 1\n";

absl::Status InvalidError(std::string_view why) { return MakeError(Reason::kVocabularyInvalid, why); }

absl::Status CheckEntries(const std::vector<VocabularyEntry>& entries) {
  absl::flat_hash_set<std::pair<absl::string_view, TagCategory>> seen;
  seen.reserve(entries.size());
  for (size_t label = 0; label < entries.size(); ++label) {
    const VocabularyEntry& entry = entries[label];
    if (const auto fault = FaultOf(entry)) return InvalidError(absl::StrCat("the entry of label ", label, " ", *fault));
    if (!seen.emplace(entry.name, entry.category).second) {
      return InvalidError(absl::StrCat("label ", label, " is ", QuoteForMessage(entry.name), " of category ",
                                       std::string(TagCategoryName(entry.category)),
                                       ", as one before it is. Remove one of them."));
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::optional<std::string> FaultOf(const VocabularyEntry& entry) {
  if (entry.name.empty()) return "has an empty name";
  if (entry.name.size() > kVocabularyNameSizeBytesMax) {
    return absl::StrCat("has a name of ", entry.name.size(), " bytes (", QuoteForMessage(entry.name, 40), "); at most ",
                        kVocabularyNameSizeBytesMax, " are allowed");
  }
  if (entry.name.find('\0') != std::string::npos) {
    return absl::StrCat("has the name ", QuoteForMessage(entry.name), ", which holds a NUL character; remove it");
  }
  if (!IsValidUtf8(entry.name)) {
    return absl::StrCat("has the name ", QuoteForMessage(entry.name), ", which is not UTF-8; save it as UTF-8");
  }
  if (entry.post_count < 0) return absl::StrCat("has a count of ", entry.post_count, "; it must not be negative");
  return std::nullopt;
}

std::string VocabularyDigestOf(const std::vector<VocabularyEntry>& entries) {
  // In pieces of some size, rather than a call or two for each of a million short names.
  constexpr size_t kPieceSizeBytes = 64 << 10;
  Sha256 hash;
  std::string piece(kDigestStart);
  for (const VocabularyEntry& entry : entries) {
    const uint32_t size = static_cast<uint32_t>(entry.name.size());
    const char head[] = {static_cast<char>(entry.category), static_cast<char>(size), static_cast<char>(size >> 8),
                         static_cast<char>(size >> 16), static_cast<char>(size >> 24)};
    piece.append(head, sizeof head);
    piece += entry.name;
    if (piece.size() < kPieceSizeBytes) continue;
    hash.Update(piece.data(), piece.size());
    piece.clear();
  }
  hash.Update(piece.data(), piece.size());
  return HexEncode(hash.Finish());
}

std::optional<Vocabulary> Vocabulary::OfDigest(std::vector<VocabularyEntry> entries, std::string_view digest) {
  if (VocabularyDigestOf(entries) != digest) return std::nullopt;
  return Vocabulary(std::move(entries), std::string(digest));
}

absl::StatusOr<Vocabulary> Vocabulary::Create(std::vector<VocabularyEntry> entries) {
  if (entries.empty()) return InvalidError("there is no label. A vocabulary needs at least one.");
  if (static_cast<int64_t>(entries.size()) > kVocabularyLabelCountMax) {
    return InvalidError(absl::StrCat("there are ", entries.size(), " labels; at most ", kVocabularyLabelCountMax,
                                     " are allowed. Take fewer: only the most used, or of some categories."));
  }
  MILLRACE_RETURN_IF_ERROR(CheckEntries(entries));
  std::string digest = VocabularyDigestOf(entries);
  Vocabulary vocabulary(std::move(entries), std::move(digest));
  if (const size_t size_bytes = VocabularyCsvOf(vocabulary.entries()).size(); size_bytes > kVocabularyCsvSizeBytesMax) {
    return InvalidError(absl::StrCat("as a CSV file the ", vocabulary.label_count(), " labels would take ", size_bytes,
                                     " bytes; at most ", kVocabularyCsvSizeBytesMax,
                                     " are allowed. Take fewer: only the most used, or of some categories."));
  }
  return vocabulary;
}

}  // namespace millrace
