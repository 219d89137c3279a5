// Goal: names come out as boards write them, whatever way people write captions. Method: captions by hand, and random
// ones for what must always hold.
#include "core/ingest/named_tags.h"

#include <algorithm>
#include <random>

#include "core/ingest/record.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using Names = std::vector<std::string>;

Names Caption(std::string_view text) {
  NamedTags tags;
  tags.Clear(text.size());
  const auto fault = tags.AddCaption(text);
  INFO(fault.value_or(""));
  REQUIRE_FALSE(fault.has_value());
  Names names;
  for (const ImportedTag& tag : tags.tags()) {
    CHECK(tag.id == 0);
    names.emplace_back(tag.name);
  }
  return names;
}

TEST_CASE("tags stand between commas and line ends, with spaces or underscores") {
  CHECK(Caption("1girl, solo,long hair ,blue_eyes,, ,") == Names{"1girl", "solo", "long_hair", "blue_eyes"});
  CHECK(Caption("a  photo\tof\r\nx\n\ny") == Names{"a_photo_of", "x", "y"});
  CHECK(Caption("").empty());
  CHECK(Caption(" \n,").empty());
  CHECK(Caption("初音ミク, café au lait") == Names{"初音ミク", "café_au_lait"});
}

TEST_CASE("escapes go, and commas within brackets belong to the tag") {
  CHECK(Caption("hatsune miku \\(vocaloid\\), x") == Names{"hatsune_miku_(vocaloid)", "x"});
  CHECK(Caption("(blue hair, long hair:1.2), x") == Names{"(blue_hair,_long_hair:1.2)", "x"});
  CHECK(Caption("saber_(fate, alter), x") == Names{"saber_(fate,_alter)", "x"});
  CHECK(Caption("((a, b), c), d") == Names{"((a,_b),_c)", "d"});
  CHECK(Caption("a\\,b, c\\\\d, e\\n") == Names{"a,b", "c\\d", "e\\n"});
}

TEST_CASE("brackets that do not close, and faces, hide no commas") {
  CHECK(Caption("(a, b") == Names{"(a", "b"});
  CHECK(Caption("a), b") == Names{"a)", "b"});
  CHECK(Caption(":(, x, :)") == Names{":(", "x", ":)"});
  CHECK(Caption("(a, b\nc), d") == Names{"(a", "b", "c)", "d"});
  CHECK(Caption("\\(a, b\\)") == Names{"(a", "b)"});
}

TEST_CASE("a name is taken once; a category told anywhere stands") {
  NamedTags tags;
  tags.Clear(100);
  REQUIRE_FALSE(tags.AddWords(" a  b a ").has_value());
  CHECK(tags.duplicate_count() == 1);
  REQUIRE_FALSE(tags.AddWords("b", TagCategory::kArtist).has_value());
  REQUIRE_FALSE(tags.Add("b").has_value());
  CHECK(tags.duplicate_count() == 1);
  REQUIRE(tags.tags().size() == 2);
  CHECK(tags.tags()[1].category == TagCategory::kArtist);
  REQUIRE_FALSE(tags.Add("b", TagCategory::kMeta).has_value());
  CHECK(tags.tags().size() == 3);
  CHECK(tags.Add(std::string(kTagNameSizeBytesMax + 1, 'x')).has_value());
}

TEST_CASE("no name has white space, is empty or is there twice, whatever the caption") {
  std::mt19937 random(11);
  const std::string_view alphabet = "ab,( )\\_\n:";
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (size_t size = random() % 25; size > 0; --size) text.push_back(alphabet[random() % alphabet.size()]);
    INFO(text);
    Names names = Caption(text);
    for (const std::string& name : names) {
      CHECK_FALSE(name.empty());
      CHECK(name.find_first_of(" \n") == std::string::npos);
    }
    std::sort(names.begin(), names.end());
    CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
  }
}

}  // namespace
}  // namespace millrace
