// Goal: a vocabulary holds what it may hold, and its digest is that of the specification. Method: entries by hand; the
// digest's bytes put together anew from docs/vocabularies.md.
#include "core/vocabulary/vocabulary.h"

#include "core/base/digest.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using Entries = std::vector<VocabularyEntry>;

std::string DigestOf(Entries entries) { return Vocabulary::Create(std::move(entries))->digest(); }

std::string FaultIn(Entries entries) {
  const absl::Status status = Vocabulary::Create(std::move(entries)).status();
  CHECK(ReasonOf(status) == Reason::kVocabularyInvalid);
  return std::string(status.message());
}

TEST_CASE("the digest is that of the bytes in the specification") {
  const std::string bytes = std::string("millrace vocabulary 1\n") + std::string("\x01\x04\0\0\0", 5) + "1boy" +
                            std::string("\x00\x06\0\0\0", 5) + "\xE9\x95\xB7\xE3\x81\x84";
  const Entries entries = {{3, "1boy", TagCategory::kGeneral, 4},
                           {0, "\xE9\x95\xB7\xE3\x81\x84", TagCategory::kUnspecified, 0}};
  CHECK(DigestOf(entries) == HexEncode(Sha256Of(bytes)));
  // As docs/vocabularies.md gives it.
  CHECK(DigestOf({{1, "1girl", TagCategory::kGeneral, 10}, {2, "hatsune_miku", TagCategory::kCharacter, 5}}) ==
        "c0dc5d54e7f1437c4dc1040087fca8969662d22fd5abe1652708f5e5f0c9962e");
}

TEST_CASE("the digest is of names, categories and their order, and of nothing else") {
  const std::string digest = DigestOf({{1, "a", TagCategory::kGeneral, 5}, {2, "b", TagCategory::kArtist, 3}});
  CHECK(DigestOf({{7, "a", TagCategory::kGeneral, 0}, {0, "b", TagCategory::kArtist, 99}}) == digest);
  CHECK(DigestOf({{2, "b", TagCategory::kArtist, 3}, {1, "a", TagCategory::kGeneral, 5}}) != digest);
  CHECK(DigestOf({{1, "a", TagCategory::kMeta, 5}, {2, "b", TagCategory::kArtist, 3}}) != digest);
  CHECK(DigestOf({{1, "c", TagCategory::kGeneral, 5}, {2, "b", TagCategory::kArtist, 3}}) != digest);
  CHECK(DigestOf({{1, "a", TagCategory::kGeneral, 5}}) != digest);
}

TEST_CASE("names that share bytes with their neighbours have digests of their own") {
  const auto digest = [](const std::string& first, const std::string& second) {
    return DigestOf({{0, first, TagCategory::kGeneral, 0}, {0, second, TagCategory::kGeneral, 0}});
  };
  CHECK(digest("ab", "c") != digest("a", "bc"));
  CHECK(digest("a\nb", "c") != digest("a", "b\nc"));
}

TEST_CASE("entries that may not stand are refused by their label") {
  const VocabularyEntry good = {1, "good", TagCategory::kGeneral, 1};
  CHECK(FaultIn({}).find("no label") != std::string::npos);
  CHECK(FaultIn({good, {2, "", TagCategory::kGeneral, 1}}) == "the entry of label 1 has an empty name");
  CHECK(FaultIn({good, {2, std::string(1025, 'x'), TagCategory::kGeneral, 1}}).find("label 1") != std::string::npos);
  CHECK(Vocabulary::Create({{2, std::string(1024, 'x'), TagCategory::kGeneral, 1}}).ok());
  CHECK(FaultIn({{2, std::string("a\0b", 3), TagCategory::kGeneral, 1}}).find("NUL") != std::string::npos);
  CHECK(FaultIn({{2, "a\xFF", TagCategory::kGeneral, 1}}).find("not UTF-8") != std::string::npos);
  CHECK(FaultIn({{2, "a", TagCategory::kGeneral, -1}}).find("negative") != std::string::npos);
  CHECK(FaultIn({good, {2, "other", TagCategory::kGeneral, 1}, {3, "good", TagCategory::kGeneral, 1}}) ==
        "label 2 is \"good\" of category general, as one before it is. Remove one of them.");
  CHECK(Vocabulary::Create({good, {2, "good", TagCategory::kArtist, 1}, {3, "good", {}, 1}}).ok());
}

TEST_CASE("there are limits, and what to do is said") {
  Entries entries;
  for (int64_t i = 0; i <= kVocabularyLabelCountMax; ++i) {
    entries.push_back({0, std::to_string(i), TagCategory::kGeneral, 0});
  }
  CHECK(FaultIn(entries).find("there are 1000001 labels; at most 1000000") == 0);
  entries.pop_back();
  CHECK(Vocabulary::Create(entries).ok());
  entries.resize(20'000);
  for (VocabularyEntry& entry : entries) entry.name += std::string(1000, 'x');
  CHECK(FaultIn(entries).find("as a CSV file the 20000 labels would take") == 0);
}

}  // namespace
}  // namespace millrace
