// Goal: a text means a name, a version or a digest, never two of them. Method: by hand; random texts that are names are
// looked at as references.
#include "core/catalog/vocabulary_reference.h"

#include <random>

#include "core/base/error.h"
#include "tests/core/catalog/catalog_fixture.h"

namespace millrace {
namespace {

VocabularyReference Parse(const std::string& text) { return Take(ParseVocabularyReference("vocabulary", text)); }

TEST_CASE("a name, with or without a version") {
  CHECK(Parse("general-v2.1_x").name == "general-v2.1_x");
  CHECK(Parse("general-v2.1_x").version == 0);
  CHECK(Parse("v@12").name == "v");
  CHECK(Parse("v@12").version == 12);
  CHECK(Parse("v@9223372036854775807").version == INT64_MAX);
  CHECK(Parse("deadbee").name == "deadbee");
  CHECK(Parse(std::string(64, 'z')).name == std::string(64, 'z'));
}

TEST_CASE("8 and more hexadecimal digits are a digest") {
  CHECK(Parse("deadbeef").digest_prefix == "deadbeef");
  CHECK(Parse("DEADBEEF").digest_prefix == "deadbeef");
  CHECK(Parse("12345678").digest_prefix == "12345678");
  CHECK(Parse(std::string(64, 'a')).digest_prefix == std::string(64, 'a'));
  CHECK(Parse("deadbeef").name.empty());
}

TEST_CASE("a text that is neither is refused, and told why") {
  const std::string text =
      GENERATE("", "@1", "v@", "v@0", "v@01", "v@-1", "v@x", "v@1@2", "v@9223372036854775808", "deadbeef@1", "V",
               "1234567", "a b", "-v", std::string(65, 'a'), std::string(65, 'z'), std::string("v\0", 2), "\xFF");
  const absl::Status status = ParseVocabularyReference("vocabulary", text).status();
  CAPTURE(text, status);
  CHECK(ReasonOf(status) == Reason::kFieldInvalid);
  CHECK(FieldOf(status) == "vocabulary");
}

TEST_CASE("every name is found as itself") {
  std::mt19937 random(2);
  const std::string letters = "abcdefghxyz0189._-";
  int name_count = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (uint32_t size = random() % 12; size > 0; --size) text.push_back(letters[random() % letters.size()]);
    if (!CheckVocabularyName("name", text).ok()) continue;
    ++name_count;
    const VocabularyReference reference = Parse(text);
    REQUIRE(reference.name == text);
    REQUIRE(reference.digest_prefix.empty());
    REQUIRE(Parse(text + "@7").version == 7);
  }
  CHECK(name_count > 1000);
}

}  // namespace
}  // namespace millrace
