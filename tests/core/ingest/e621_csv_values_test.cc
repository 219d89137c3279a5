// Goal: each form of a value that PostgreSQL or the board writes is read exactly, and no other is guessed at.
#include "core/ingest/e621_csv_values.h"

#include "tests/support/catch.h"

namespace millrace {
namespace {

ScalarValue Text(std::string_view text) { return {ScalarValue::Kind::kString, text}; }

TEST_CASE("arrays of ids") {
  std::vector<int64_t> ids;
  CHECK_FALSE(SetE621Ids(Text("{3,1,2}"), &ids).has_value());
  CHECK(ids == std::vector<int64_t>{3, 1, 2});
  CHECK_FALSE(SetE621Ids(Text("{}"), &ids).has_value());
  CHECK(ids.empty());
  CHECK_FALSE(SetE621Ids({}, &ids).has_value());
  for (const char* bad : {"{", "}", "1,2", "{1,}", "{,}", "{NULL}", "{0}", "{1;2}"}) {
    INFO(bad);
    CHECK(SetE621Ids(Text(bad), &ids).has_value());
  }
}

TEST_CASE("categories have the board's numbers") {
  CHECK(ParseE621Category("8") == TagCategory::kLore);
  CHECK_FALSE(ParseE621Category("9").has_value());
  CHECK_FALSE(ParseE621Category("").has_value());
}

}  // namespace
}  // namespace millrace
