// Goal: the labels are the tags that pass every condition, in their order. Method: a snapshot by hand; made up
// snapshots and selections compared with the conditions applied tag by tag.
#include "core/vocabulary/select_tags.h"

#include <algorithm>
#include <random>
#include <set>

#include "core/base/error.h"
#include "tests/core/snapshot/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using testing::Content;
using testing::TempFolder;

// post_count falls from tag 2 (4 posts) over 1 and 3 (3), 4 (2) to 5 (1).
std::unique_ptr<Snapshot> SmallSnapshot(const std::string& folder) {
  Content content;
  content.tags = {{1, "long_hair", TagCategory::kGeneral, 3},
                  {2, "1girl", TagCategory::kGeneral, 4},
                  {3, "miku", TagCategory::kCharacter, 3},
                  {4, "miku", TagCategory::kArtist, 2},
                  {5, "highres", TagCategory::kMeta, 1}};
  for (const std::vector<int64_t>& tag_ids :
       std::vector<std::vector<int64_t>>{{1, 2, 3, 4, 5}, {1, 2, 3, 4}, {1, 2, 3}, {2}}) {
    Post post;
    post.id = static_cast<int64_t>(content.posts.size()) + 1;
    post.tag_ids = tag_ids;
    content.posts.push_back(post);
  }
  return testing::WriteAndOpen(folder, content);
}

std::vector<int64_t> IdsOf(const absl::StatusOr<Vocabulary>& vocabulary) {
  INFO(vocabulary.status().ToString());
  REQUIRE(vocabulary.ok());
  std::vector<int64_t> ids;
  for (const VocabularyEntry& entry : vocabulary->entries()) ids.push_back(entry.tag_id);
  return ids;
}

TEST_CASE("labels are the tags by number of posts, then by id") {
  TempFolder folder;
  const auto snapshot = SmallSnapshot(folder.path());
  const absl::StatusOr<Vocabulary> vocabulary = SelectTags(*snapshot, {});
  CHECK(IdsOf(vocabulary) == std::vector<int64_t>{2, 1, 3, 4, 5});
  CHECK(vocabulary->entries()[2] == VocabularyEntry{3, "miku", TagCategory::kCharacter, 3});
}

TEST_CASE("each condition leaves out its tags, and all of them hold together") {
  TempFolder folder;
  const auto snapshot = SmallSnapshot(folder.path());
  using Ids = std::vector<int64_t>;
  CHECK(IdsOf(SelectTags(*snapshot, {.top = 2})) == Ids{2, 1});
  CHECK(IdsOf(SelectTags(*snapshot, {.top = 99})) == Ids{2, 1, 3, 4, 5});
  CHECK(IdsOf(SelectTags(*snapshot, {.min_post_count = 3})) == Ids{2, 1, 3});
  CHECK(IdsOf(SelectTags(*snapshot, {.categories = {TagCategory::kMeta, TagCategory::kCharacter}})) == Ids{3, 5});
  CHECK(IdsOf(SelectTags(*snapshot, {.include = {"miku", "highres", "miku"}})) == Ids{3, 4, 5});
  CHECK(IdsOf(SelectTags(*snapshot, {.exclude = {"miku", "no_such_tag"}})) == Ids{2, 1, 5});
  CHECK(IdsOf(SelectTags(*snapshot, {.top = 1,
                                     .min_post_count = 2,
                                     .categories = {TagCategory::kArtist, TagCategory::kCharacter},
                                     .include = {"miku", "1girl"},
                                     .exclude = {"1girl"}})) == Ids{3});
}

TEST_CASE("what a selection cannot be made of is told, and what to do") {
  TempFolder folder;
  const auto snapshot = SmallSnapshot(folder.path());
  const absl::Status missing = SelectTags(*snapshot, {.include = {"1girl", "1gril", "x"}}).status();
  CHECK(ReasonOf(missing) == Reason::kVocabularyInvalid);
  CHECK(missing.message().find("has no tag named \"1gril\", \"x\". Correct") != absl::string_view::npos);
  CHECK(MetadataOf(missing).at("tag") == "1gril");
  const std::vector<std::string> many(9, "y");
  CHECK(SelectTags(*snapshot, {.include = many}).status().message().find("\"y\", 4 more. Correct") !=
        absl::string_view::npos);
  CHECK(ReasonOf(SelectTags(*snapshot, {.min_post_count = 5}).status()) == Reason::kVocabularyInvalid);
  CHECK(ReasonOf(SelectTags(*snapshot, {.include = {"miku"}, .exclude = {"miku"}}).status()) ==
        Reason::kVocabularyInvalid);
  CHECK(FieldOf(SelectTags(*snapshot, {.top = -1}).status()) == "top");
  CHECK(FieldOf(SelectTags(*snapshot, {.min_post_count = -1}).status()) == "min_post_count");
}

TEST_CASE("tags that share name and category are one label, of the most used") {
  TempFolder folder;
  Content content;
  content.tags = {
      {1, "hat", TagCategory::kGeneral, 1}, {2, "hat", TagCategory::kGeneral, 2}, {3, "cat", TagCategory::kGeneral, 1}};
  for (const std::vector<int64_t>& tag_ids : std::vector<std::vector<int64_t>>{{1, 2, 3}, {2}}) {
    Post post;
    post.id = static_cast<int64_t>(content.posts.size()) + 1;
    post.tag_ids = tag_ids;
    content.posts.push_back(post);
  }
  const auto snapshot = testing::WriteAndOpen(folder.path(), content);
  CHECK(IdsOf(SelectTags(*snapshot, {})) == std::vector<int64_t>{2, 3});
  CHECK(IdsOf(SelectTags(*snapshot, {.top = 2})) == std::vector<int64_t>{2, 3});
}

TEST_CASE("made up selections give what the conditions give tag by tag") {
  std::mt19937 random(6);
  for (uint32_t seed = 0; seed < 30; ++seed) {
    CAPTURE(seed);
    TempFolder folder;
    const Content content = testing::RandomContent(seed, 50, 40);
    const auto snapshot = testing::WriteAndOpen(folder.path(), content);
    TagSelection selection;
    selection.top = static_cast<int64_t>(random() % 30);
    selection.min_post_count = static_cast<int64_t>(random() % 4);
    for (int i = 0; i < kTagCategoryCount; ++i) {
      if (random() % 3 == 0) selection.categories.push_back(static_cast<TagCategory>(i));
    }
    const bool has_include = random() % 2 == 0;
    for (const Tag& tag : content.tags) {
      if (has_include && random() % 2 == 0) selection.include.push_back(tag.name);
      if (random() % 8 == 0) selection.exclude.push_back(tag.name);
    }
    const auto contains = [](const auto& values, const auto& value) {
      return std::find(values.begin(), values.end(), value) != values.end();
    };
    std::vector<Tag> chosen;
    for (const Tag& tag : content.tags) {
      if (tag.post_count >= selection.min_post_count &&
          (selection.categories.empty() || contains(selection.categories, tag.category)) &&
          (selection.include.empty() || contains(selection.include, tag.name)) &&
          !contains(selection.exclude, tag.name)) {
        chosen.push_back(tag);
      }
    }
    std::sort(chosen.begin(), chosen.end(), [](const Tag& a, const Tag& b) {
      return a.post_count != b.post_count ? a.post_count > b.post_count : a.id < b.id;
    });
    std::vector<int64_t> expected;
    std::set<std::pair<std::string, TagCategory>> seen;
    for (const Tag& tag : chosen) {
      if (seen.emplace(tag.name, tag.category).second) expected.push_back(tag.id);
    }
    if (selection.top > 0 && static_cast<int64_t>(expected.size()) > selection.top) {
      expected.resize(static_cast<size_t>(selection.top));
    }
    const absl::StatusOr<Vocabulary> vocabulary = SelectTags(*snapshot, selection);
    if (expected.empty()) {
      CHECK(ReasonOf(vocabulary.status()) == Reason::kVocabularyInvalid);
    } else {
      CHECK(IdsOf(vocabulary) == expected);
    }
  }
}

}  // namespace
}  // namespace millrace
