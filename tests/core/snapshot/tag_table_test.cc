// Goal: tags are found by id and name, and listed in both orders, page by page, as core/model/tag_query.h says.
// Method: every combination of order, prefix, category, minimum and page size over made up tags, compared with
// filtering and sorting a vector; a table larger than one scan for the bound.

#include "core/snapshot/tag_table.h"

#include <algorithm>
#include <set>

#include "tests/core/snapshot/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using namespace testing;

using TagKey = std::tuple<int64_t, std::string, TagCategory, int64_t>;

std::vector<TagKey> Keys(const std::vector<Tag>& tags) {
  std::vector<TagKey> keys;
  for (const Tag& tag : tags) keys.emplace_back(tag.id, tag.name, tag.category, tag.post_count);
  return keys;
}

std::vector<Tag> ModelList(const Content& content, const TagQuery& query) {
  std::vector<Tag> tags;
  for (const Tag& tag : content.tags) {
    if (tag.name.rfind(query.prefix, 0) != 0 || tag.post_count < query.min_post_count) continue;
    if (query.category.has_value() && tag.category != *query.category) continue;
    tags.push_back(tag);
  }
  std::sort(tags.begin(), tags.end(), [&](const Tag& a, const Tag& b) {
    if (query.order == TagQuery::Order::kName) return std::tie(a.name, a.id) < std::tie(b.name, b.id);
    return std::tie(b.post_count, a.id) < std::tie(a.post_count, b.id);
  });
  return tags;
}

// All pages, one after another. Checks that no page is larger than asked for, and that it ends.
std::vector<Tag> ListAll(const Snapshot& snapshot, TagQuery query, int* page_count) {
  std::vector<Tag> tags;
  for (*page_count = 1; *page_count < 10'000; ++*page_count) {
    const absl::StatusOr<TagPage> page = snapshot.ListTags(query);
    REQUIRE(page.ok());
    REQUIRE(page->tags.size() <= static_cast<size_t>(query.limit));
    tags.insert(tags.end(), page->tags.begin(), page->tags.end());
    if (!page->next.has_value()) return tags;
    query.after = page->next;
  }
  FAIL("the listing does not end");
  return tags;
}

TEST_CASE("tags are listed in both orders, filtered, page by page") {
  TempFolder folder;
  const Content content = RandomContent(11, 3'000, 500);
  const auto snapshot = WriteAndOpen(folder.path(), content);
  TagQuery query;
  query.order = GENERATE(TagQuery::Order::kName, TagQuery::Order::kPostCount);
  query.prefix = GENERATE("", "t", "t1", "t12", "t499", "s", "u", "t1234567");
  query.min_post_count = GENERATE(0, 1, 30, 1'000'000);
  query.category = GENERATE(std::optional<TagCategory>(), std::optional(TagCategory::kArtist));
  query.limit = GENERATE(1, 7, 1'000);
  CAPTURE(static_cast<int>(query.order), query.prefix, query.min_post_count, query.limit);
  const std::vector<Tag> expected = ModelList(content, query);
  int page_count;
  CHECK(Keys(ListAll(*snapshot, query, &page_count)) == Keys(expected));
  // No empty page at the end.
  CHECK(page_count == std::max<int>(1, static_cast<int>((expected.size() + query.limit - 1) / query.limit)));
}

TEST_CASE("a listing looks at no more than its bound for one page, and loses nothing by it") {
  TempFolder folder;
  Content content;
  Post post;
  post.id = 1;
  const int tag_count = 2 * static_cast<int>(kTagScanMax) + 100;
  for (int i = 0; i < tag_count; ++i) {
    // The rare category is at the end of the order by name, which is that of the ids.
    const bool is_rare = i % kTagScanMax == kTagScanMax - 1 || i == tag_count - 1;
    content.tags.push_back(
        {i + 1, "n" + std::to_string(1'000'000 + i), is_rare ? TagCategory::kLore : TagCategory::kMeta, 1});
    post.tag_ids.push_back(i + 1);
  }
  content.posts = {post};
  const auto snapshot = WriteAndOpen(folder.path(), content);
  TagQuery query;
  query.order = GENERATE(TagQuery::Order::kName, TagQuery::Order::kPostCount);
  query.prefix = GENERATE("", "n");
  query.category = TagCategory::kLore;
  query.limit = 10;
  int page_count;
  CHECK(Keys(ListAll(*snapshot, query, &page_count)) == Keys(ModelList(content, query)));
  CHECK(page_count == 3);
}

TEST_CASE("a cursor need not be a tag that exists") {
  TempFolder folder;
  const Content content = RandomContent(12, 500, 100);
  const auto snapshot = WriteAndOpen(folder.path(), content);
  TagQuery query;
  query.after = TagCursor{"t5", 0, INT64_MAX};
  TagPage page = *snapshot->ListTags(query);
  CHECK(!page.tags.empty());
  for (const Tag& tag : page.tags) CHECK(tag.name > "t5");
  query.after = TagCursor{"zzz", 0, 0};
  CHECK(snapshot->ListTags(query)->tags.empty());
  query.order = TagQuery::Order::kPostCount;
  query.after = TagCursor{"", 5, INT64_MAX};
  page = *snapshot->ListTags(query);
  for (const Tag& tag : page.tags) CHECK(tag.post_count < 5);
  query.limit = 0;
  CHECK(FieldOf(snapshot->ListTags(query).status()) == "limit");
}

TEST_CASE("tags are found by id and by name, the most used namesake first") {
  TempFolder folder;
  const Content content = RandomContent(13, 3'000, 400);
  const auto snapshot = WriteAndOpen(folder.path(), content);
  std::set<int64_t> ids;
  for (const Tag& tag : content.tags) {
    ids.insert(tag.id);
    const auto found = *snapshot->FindTag(tag.id);
    REQUIRE(found.has_value());
    CHECK(Keys({*found}) == Keys({tag}));
  }
  for (int64_t id = -1; id < content.tags.back().id + 3; ++id) {
    REQUIRE(snapshot->FindTag(id)->has_value() == (ids.count(id) > 0));
  }
  for (int i = -1; i < 401; ++i) {
    const std::string name = "t" + std::to_string(i);
    std::vector<Tag> expected;
    for (const Tag& tag : content.tags) {
      if (tag.name == name) expected.push_back(tag);
    }
    std::sort(expected.begin(), expected.end(),
              [](const Tag& a, const Tag& b) { return std::tie(b.post_count, a.id) < std::tie(a.post_count, b.id); });
    REQUIRE(Keys(*snapshot->FindTagsByName(name, 100)) == Keys(expected));
    expected.resize(std::min<size_t>(expected.size(), 1));
    REQUIRE(Keys(*snapshot->FindTagsByName(name, 1)) == Keys(expected));
  }
}

}  // namespace
}  // namespace millrace
