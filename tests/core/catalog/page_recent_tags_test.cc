// Goal: what pages remember of tags (recent_tags.h) is never older than the tags. Method: a tag that pages used is
// changed in each way there is, and the page behind it must find it as it is; without forgetting it would fail, or give
// another id.
#include "core/catalog/connections.h"
#include "core/catalog/page_tags.h"
#include "core/catalog/tag_id.h"
#include "tests/core/catalog/page_fixture.h"

namespace millrace {
namespace {

class RecentTagsFixture : public PageFixture {
 public:
  // Pages with posts that carry the tag, until it is remembered: the first brings it, the second finds it.
  void Use(const NamedTag& tag) {
    for (int i = 0; i < 2; ++i) WriteTagged(tag);
  }
  // A page of one new post, whose id this returns.
  int64_t WriteTagged(const NamedTag& tag) {
    WritePage({NamedPagePost(++last_id, {tag})});
    return last_id;
  }
  std::vector<int64_t> TagIdsOf(int64_t post_id) { return Take(catalog->FindPost(kDataset, post_id)).value().tag_ids; }

  int64_t last_id = 100;
};

TEST_CASE_METHOD(RecentTagsFixture, "a tag without posts is gone, and comes anew") {
  Use({"solo"});
  Use({"old"});
  std::vector<PagePost> untagged;
  for (int64_t id = 101; id <= last_id; ++id) untagged.push_back(NamedPagePost(id, {{"solo"}}));
  WritePage(untagged);
  CHECK(Take(catalog->FindTagsByName(kDataset, "old", 1)).empty());
  CheckCounts();
  WriteTagged({"old"});
  CHECK(TagNamed("old").post_count == 1);
  CheckCounts();
}

TEST_CASE_METHOD(RecentTagsFixture, "a tag that the list renames is found under its new name, and not under the old") {
  ImportTags({{77, "tag7", TagCategory::kGeneral}});
  Use({"tag7"});
  REQUIRE(TagNamed("tag7").id == 77);
  ImportTags({{77, "new7", TagCategory::kGeneral}});
  const int64_t named_new = WriteTagged({"new7"});
  const int64_t named_old = WriteTagged({"tag7"});
  CHECK(TagIdsOf(named_new) == std::vector<int64_t>{77});
  CHECK(TagIdsOf(named_old) == std::vector<int64_t>{DerivedTagId("tag7")});
  CHECK(TagNamed("new7").post_count == 3);
  CheckCounts();
}

TEST_CASE_METHOD(RecentTagsFixture, "a name that a renamed tag takes over belongs to two") {
  ImportTags({{77, "tag7", TagCategory::kGeneral}});
  Use({"tag7"});
  Use({"other"});
  // With ids of its own: 77 comes to be called as the tag that pages brought.
  Import({PostOf(1, {77})}, {{77, Tag{77, "other", TagCategory::kGeneral, 0}}});
  REQUIRE(Take(catalog->FindTagsByName(kDataset, "other", 10)).size() == 2);
  CHECK(TagIdsOf(WriteTagged({"other"})) == std::vector<int64_t>{77});
}

TEST_CASE_METHOD(RecentTagsFixture, "of a tag that got a namesake pages mean the one that the rule says") {
  Use({"solo"});
  REQUIRE(TagNamed("solo").id == DerivedTagId("solo"));
  Import({PostOf(1, {5})}, {{5, Tag{5, "solo", TagCategory::kGeneral, 0}}});
  CHECK(TagIdsOf(WriteTagged({"solo"})) == std::vector<int64_t>{5});
}

TEST_CASE_METHOD(RecentTagsFixture, "a category that is told later counts for the pages behind it") {
  Use({"solo"});
  SECTION("by a list") { ImportTags({{0, "solo", TagCategory::kArtist}}); }
  SECTION("by an import of posts") { ImportNamed({{1, {{"solo", TagCategory::kArtist}}}}); }
  SECTION("by a look-up") {
    TagLookup lookup;
    lookup.source_id = source.id;
    lookup.run_id = run.id;
    lookup.facts = {{0, "solo", TagCategory::kArtist}};
    REQUIRE(Take(catalog->sources().WriteTagLookup(lookup)) == 1);
  }
  SECTION("by a page") { WriteTagged({"solo", TagCategory::kArtist}); }
  WriteTagged({"solo"});
  CHECK(TagNamed("solo").category == TagCategory::kArtist);
  CheckCounts();
}

TEST_CASE_METHOD(RecentTagsFixture, "counts that imports change are counted on from") {
  Use({"solo"});
  ImportNamed({{1, {{"solo"}}}, {2, {{"solo"}}}});
  WriteTagged({"solo"});
  CHECK(TagNamed("solo").post_count == 5);
  CheckCounts();
}

TEST_CASE_METHOD(RecentTagsFixture, "aliases change no tag of a page") {
  Use({"solo"});
  ImportRelations({Alias("solo", "alone")});
  const int64_t id = WriteTagged({"solo"});
  CHECK(TagIdsOf(id) == std::vector<int64_t>{DerivedTagId("solo")});
  CheckCounts();
}

TEST_CASE_METHOD(RecentTagsFixture, "a tag that another connection changed is found as it is") {
  Use({"solo"});
  {
    const auto other = Take(Database::Open(folder.File("catalog.sqlite3"), Database::Mode::kReadWrite));
    Take(other->Execute("UPDATE tags SET name = 'duo' WHERE name = 'solo'"));
  }
  WriteTagged({"duo"});
  CHECK(TagNamed("duo").post_count == 3);
  WriteTagged({"solo"});
  CHECK(TagNamed("solo").post_count == 1);
}

TEST_CASE_METHOD(RecentTagsFixture, "a page remembers the tags that it finds") {
  ImportNamed({{1, {{"solo", TagCategory::kGeneral}}}});
  const int64_t tag_id = TagNamed("solo").id;
  catalog.reset();
  const auto connections = Take(Connections::Open(folder.File("catalog.sqlite3"), 1 << 20, 0));
  Take(connections->Write([&](Database& database) -> absl::Status {
    MILLRACE_ASSIGN_OR_RETURN(PageTags tags, PageTags::Create(&database, connections->recent_tags(), 1));
    const std::vector<PagePost> posts = {NamedPagePost(2, {{"solo"}, {"new"}})};
    return tags.FindAll(posts);
  }));
  Take(connections->Write([&](Database&) {
    const RecentTag* const solo = connections->recent_tags()->Find(1, "solo");
    REQUIRE(solo != nullptr);
    CHECK(solo->id == tag_id);
    CHECK(solo->category == TagCategory::kGeneral);
    CHECK(connections->recent_tags()->Find(1, "new") == nullptr);
    return absl::OkStatus();
  }));
}

}  // namespace
}  // namespace millrace
