// Goal: metatags are found by their names, and slips lead to them. Method: by hand.
#include "core/query/metatag.h"

#include <set>

#include "tests/support/catch.h"

namespace millrace {
namespace {

TEST_CASE("every metatag is found by its name, and has one of its own") {
  std::set<std::string_view> names;
  for (const MetatagInfo& info : AllMetatags()) {
    CHECK(FindMetatag(info.name) == &info);
    CHECK(names.insert(info.name).second);
    CHECK((info.metatag == Metatag::kCategoryTagCount) == (info.category >= 0));
  }
  CHECK(FindMetatag("Rating") == nullptr);
  CHECK(FindMetatag("") == nullptr);
}

TEST_CASE("slips lead to a metatag, and those of other programs are known") {
  CHECK(MetatagHint("scroe") == " Did you mean the metatag score:?");
  CHECK(MetatagHint("mpixel") == " Did you mean the metatag mpixels:?");
  CHECK(MetatagHint("filesise") == " Did you mean the metatag filesize:?");
  CHECK_THAT(MetatagHint("favgroup"), Catch::Contains("Other programs know the metatag favgroup:"));
  CHECK(MetatagHint("SCORE") == " Did you mean the metatag score:?");
  CHECK(MetatagHint("RAITNG") == " Did you mean the metatag rating:?");
  CHECK(MetatagHint("Order") == " Did you mean the metatag order:?");
  CHECK_THAT(MetatagHint("FAV"), Catch::Contains("Other programs know the metatag fav:"));
  CHECK_THAT(MetatagHint("inpool"), Catch::Contains("nearest to it here is has:pools."));
  CHECK_THAT(MetatagHint("Uploader"), Catch::Contains("nearest to it here is user:."));
  CHECK(MetatagHint("zelda").empty());
  CHECK(MetatagHint("").empty());
}

}  // namespace
}  // namespace millrace
