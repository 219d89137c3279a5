// Goal: tags are looked up in the snapshot, and one that it lacks is reported with those that may have been meant.
// Method: a snapshot with a few tags, some of which share names and beginnings.
#include "core/query/bound_query.h"

#include "core/base/error.h"
#include "tests/core/snapshot/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

// Tag i is on the first counts[i] posts.
testing::Content ContentWith(const std::vector<std::pair<std::string, int64_t>>& tags) {
  testing::Content content;
  content.posts.resize(10);
  for (size_t i = 0; i < content.posts.size(); ++i) content.posts[i].id = static_cast<int64_t>(i) + 1;
  for (const auto& [name, post_count] : tags) {
    const int64_t id = 10 * static_cast<int64_t>(content.tags.size()) + 3;
    content.tags.push_back({id, name, TagCategory::kGeneral, post_count});
    for (int64_t post = 0; post < post_count; ++post) content.posts[static_cast<size_t>(post)].tag_ids.push_back(id);
  }
  return content;
}

absl::StatusOr<BoundQuery> Bind(const std::string& text, const Snapshot& snapshot) {
  return BoundQuery::Bind(*Query::Parse(text), snapshot);
}

TEST_CASE("tags become all indexes of their name, beside terms on numbers") {
  testing::TempFolder folder;
  const auto snapshot = testing::WriteAndOpen(folder.path(), ContentWith({{"sky", 2}, {"sea", 1}, {"sky", 5}}));
  const BoundQuery query = *Bind("-sky score:>3 sea rating:s", *snapshot);
  REQUIRE(query.tag_terms().size() == 2);
  CHECK(query.tag_terms()[0].tag_indexes == std::vector<uint32_t>{0, 2});
  CHECK(query.tag_terms()[0].is_negated);
  CHECK(query.tag_terms()[1].tag_indexes == std::vector<uint32_t>{1});
  REQUIRE(query.number_terms().size() == 2);
  CHECK(query.number_terms()[0].first == 4);
}

TEST_CASE("a tag that the snapshot lacks is refused with its place and up to three of its neighbours") {
  testing::TempFolder folder;
  const auto snapshot = testing::WriteAndOpen(
      folder.path(),
      ContentWith({{"blue_eyes", 9}, {"blue_hair", 7}, {"blue_sky", 8}, {"blue_sea", 2}, {"red_sky", 10}, {"x", 1}}));
  const auto message = [&](const std::string& text) {
    const absl::Status status = Bind(text, *snapshot).status();
    CHECK(ReasonOf(status) == Reason::kQueryInvalid);
    CHECK(MetadataOf(status).contains("char_offset"));
    return std::string(status.message());
  };
  CHECK_THAT(message("red_sky blue_eyed"), Catch::Contains("\"blue_eyed\" at character 8"));
  CHECK_THAT(message("red_sky blue_eyed"), Catch::Contains("Did you mean \"blue_eyes\"?"));
  CHECK_THAT(message("-blue_s"), Catch::Contains("Did you mean \"blue_sky\" or \"blue_sea\"?"));
  CHECK_THAT(message("blue_"), Catch::Contains("Did you mean \"blue_eyes\", \"blue_sky\" or \"blue_hair\"?"));
  // Nothing begins like half of it.
  CHECK_THAT(message("xylophone"), !Catch::Contains("Did you mean"));
  CHECK_THAT(message("Blue_sky"), !Catch::Contains("Did you mean"));
}

TEST_CASE("without tags every tag is refused, and other terms are not") {
  testing::TempFolder folder;
  const auto snapshot = testing::WriteAndOpen(folder.path(), ContentWith({}));
  CHECK(ReasonOf(Bind("sky", *snapshot).status()) == Reason::kQueryInvalid);
  CHECK(Bind("id:3 -score:>1", *snapshot).ok());
  CHECK(Bind("", *snapshot).ok());
}

}  // namespace
}  // namespace millrace
