// Goal: a stored vocabulary comes back as it was, or is called damaged. Method: made up vocabularies; every prefix and
// every flipped bit of one.
#include "core/vocabulary/vocabulary_codec.h"

#include "core/base/error.h"
#include "tests/core/vocabulary/random_vocabulary.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

TEST_CASE("what is stored comes back, every entry of it") {
  std::mt19937 random(1);
  for (int i = 0; i < 300; ++i) {
    const Vocabulary vocabulary = *Vocabulary::Create(testing::RandomVocabularyEntries(random));
    const absl::StatusOr<Vocabulary> decoded = DecodeVocabulary(EncodeVocabulary(vocabulary), vocabulary.digest());
    REQUIRE(decoded.ok());
    CHECK(decoded->entries() == vocabulary.entries());
    CHECK(decoded->digest() == vocabulary.digest());
  }
}

TEST_CASE("damage to what labels mean is found, and no damage does harm") {
  const Vocabulary vocabulary =
      *Vocabulary::Create({{1, "long_hair", TagCategory::kGeneral, 7}, {2, "b", TagCategory::kArtist, 3}});
  const std::string bytes = EncodeVocabulary(vocabulary);
  const auto decode = [&](const std::string& damaged) { return DecodeVocabulary(damaged, vocabulary.digest()); };
  for (size_t size = 0; size < bytes.size(); ++size) {
    CHECK(ReasonOf(decode(bytes.substr(0, size)).status()) == Reason::kCatalogDamaged);
  }
  CHECK(ReasonOf(decode(bytes + "x").status()) == Reason::kCatalogDamaged);
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    const absl::StatusOr<Vocabulary> decoded = decode(damaged);
    if (decoded.ok()) {
      // Only ids and numbers of posts are outside of the digest.
      CHECK(VocabularyDigestOf(decoded->entries()) == vocabulary.digest());
    } else {
      CHECK(ReasonOf(decoded.status()) == Reason::kCatalogDamaged);
    }
  }
  CHECK(ReasonOf(DecodeVocabulary(bytes, std::string(64, '0')).status()) == Reason::kCatalogDamaged);
}

}  // namespace
}  // namespace millrace
