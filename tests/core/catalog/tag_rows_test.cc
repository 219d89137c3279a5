// Goal: tags are listed in each order, by every filter, in pages that neither lose nor repeat a tag.
// Method: a few tags with hard names; paging with every page size compared with the whole; a low bound on the tags
// looked at.
#include "core/catalog/tag_rows.h"

#include "tests/core/catalog/catalog_fixture.h"

namespace millrace {
namespace {

// Tags by number of posts: 1 x5, 2 x4, 3 x4, 4..8 x1.
class TagFixture : public CatalogFixture {
 public:
  TagFixture() {
    const auto tag = [](const char* name, TagCategory category) { return Tag{0, name, category, 0}; };
    Import({PostOf(1, {1, 2, 3, 4, 5}), PostOf(2, {1, 2, 3, 6}), PostOf(3, {1, 2, 3, 7, 8}), PostOf(4, {1, 2, 3}),
            PostOf(5, {1})},
           {{1, tag("a_b", TagCategory::kGeneral)},
            {2, tag("a%b", TagCategory::kGeneral)},
            {3, tag("same", TagCategory::kArtist)},
            {4, tag("axb", TagCategory::kGeneral)},
            {5, tag("same", TagCategory::kGeneral)},
            {6, tag("\xE3\x81\x82\xE3\x81\x84", TagCategory::kCharacter)},
            {7, tag("\xE3\x81\x82", TagCategory::kMeta)},
            {8, tag("A_B", TagCategory::kGeneral)}});
  }

  std::vector<int64_t> List(TagQuery query) {
    std::vector<int64_t> ids;
    while (true) {
      const TagPage page = Take(catalog->ListTags(kDataset, query));
      CHECK(static_cast<int64_t>(page.tags.size()) <= query.limit);
      for (const Tag& tag : page.tags) ids.push_back(tag.id);
      if (!page.next.has_value()) return ids;
      query.after = page.next;
    }
  }
};

using Ids = std::vector<int64_t>;

TEST_CASE_METHOD(TagFixture, "tags are listed by name, then id") {
  TagQuery query;
  query.limit = GENERATE(1, 2, 3, 7, 8, 100);
  CHECK(List(query) == Ids{8, 2, 1, 4, 3, 5, 7, 6});
}

TEST_CASE_METHOD(TagFixture, "tags are listed by count descending, then id") {
  TagQuery query;
  query.order = TagQuery::Order::kPostCount;
  query.limit = GENERATE(1, 2, 3, 7, 8, 100);
  CHECK(List(query) == Ids{1, 2, 3, 4, 5, 6, 7, 8});
}

TEST_CASE_METHOD(TagFixture, "a prefix is taken literally, byte by byte") {
  TagQuery query;
  query.order = GENERATE(TagQuery::Order::kName, TagQuery::Order::kPostCount);
  query.limit = GENERATE(1, 100);
  const auto with_prefix = [&](const char* prefix) {
    query.prefix = prefix;
    Ids ids = List(query);
    std::sort(ids.begin(), ids.end());
    return ids;
  };
  CHECK(with_prefix("a_") == Ids{1});
  CHECK(with_prefix("a%") == Ids{2});
  CHECK(with_prefix("a") == Ids{1, 2, 4});
  CHECK(with_prefix("\xE3\x81\x82") == Ids{6, 7});
  CHECK(with_prefix("sam") == Ids{3, 5});
  CHECK(with_prefix("zz").empty());
}

TEST_CASE_METHOD(TagFixture, "category and least count filter") {
  TagQuery query;
  query.order = GENERATE(TagQuery::Order::kName, TagQuery::Order::kPostCount);
  query.limit = GENERATE(1, 100);
  query.category = TagCategory::kArtist;
  CHECK(List(query) == Ids{3});
  query.category = TagCategory::kSpecies;
  CHECK(List(query).empty());
  query.category.reset();
  query.min_post_count = 4;
  Ids ids = List(query);
  std::sort(ids.begin(), ids.end());
  CHECK(ids == Ids{1, 2, 3});
}

TEST_CASE_METHOD(TagFixture, "namesakes are found together, the one with most posts first") {
  const std::vector<Tag> tags = Take(catalog->FindTagsByName(kDataset, "same", 10));
  REQUIRE(tags.size() == 2);
  CHECK(tags[0].id == 3);
  CHECK(tags[0].post_count == 4);
  CHECK(tags[1].id == 5);
  CHECK(Take(catalog->FindTagsByName(kDataset, "same", 1)).size() == 1);
  CHECK(Take(catalog->FindTagsByName(kDataset, "SAME", 10)).empty());
}

TEST_CASE_METHOD(TagFixture, "a page that has looked at enough tags says where to go on") {
  auto database = Take(Database::Open(folder.File("catalog.sqlite3"), Database::Mode::kReadOnly));
  TagQuery query;
  query.order = GENERATE(TagQuery::Order::kName, TagQuery::Order::kPostCount);
  query.category = TagCategory::kMeta;
  int64_t page_count = 0;
  Ids ids;
  do {
    const TagPage page = Take(ReadTagPage(*database, 1, query, /*scan_max=*/2));
    for (const Tag& tag : page.tags) ids.push_back(tag.id);
    query.after = page.next;
    ++page_count;
  } while (query.after.has_value());
  CHECK(page_count == 4);
  CHECK(ids == Ids{7});
}

}  // namespace
}  // namespace millrace
