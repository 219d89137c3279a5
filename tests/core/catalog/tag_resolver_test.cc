// Goal: tags known by name get an id each: the board's where it is known, else one that depends on the name alone.
// Method: imports of posts with and without ids, and of lists of tags, in different orders, through the public
// interface.
#include "core/catalog/tag_resolver.h"

#include <algorithm>
#include <random>

#include "core/catalog/tag_id.h"
#include "tests/core/catalog/facts_fixture.h"

namespace millrace {
namespace {

constexpr TagCategory kArtist = TagCategory::kArtist;
constexpr TagCategory kGeneral = TagCategory::kGeneral;
constexpr TagCategory kMeta = TagCategory::kMeta;

TEST_CASE("derived ids are positive, above all others, and never change") {
  CHECK(DerivedTagId("") >= kDerivedTagIdMin);
  CHECK(DerivedTagId("1girl") == 7157942813630401280);
  CHECK(DerivedTagId("1girl", 1) == 5111038043442805082);
}

TEST_CASE_METHOD(FactsFixture, "a new tag gets the id of its name, and repeated ones are collapsed and counted") {
  auto session = BeginNext(kDataset);
  const Staged staged = StageNamed(*session, {7, {{"solo"}, {"1girl", kGeneral}, {"solo", kMeta}, {"solo"}}});
  CHECK(staged.duplicate_tag_count == 2);
  Take(session->Commit({}));
  std::vector<int64_t> expected{DerivedTagId("solo"), DerivedTagId("1girl")};
  std::sort(expected.begin(), expected.end());
  CHECK(Take(catalog->FindPost(kDataset, 7))->tag_ids == expected);
  // Of the uses of one tag in a record the one that has a category tells it.
  CHECK(TagNamed("solo").category == kMeta);
  CHECK(TagNamed("solo").post_count == 1);
}

TEST_CASE_METHOD(FactsFixture, "tags that the dataset has with ids are found by name") {
  Import({PostOf(1, {5, 9})}, {{5, Tag{5, "solo", kGeneral, 0}}});
  ImportNamed({{2, {{"tag9"}, {"solo"}, {"new"}}}});
  CHECK(Take(catalog->FindPost(kDataset, 2))->tag_ids == std::vector<int64_t>{5, 9, DerivedTagId("new")});
  // A record without a category keeps the known one.
  CHECK(TagNamed("solo").category == kGeneral);
  CHECK(TagNamed("solo").post_count == 2);
}

TEST_CASE_METHOD(FactsFixture, "of several tags of one name the smallest id is taken, or the one that the list names") {
  Import({PostOf(1, {5}), PostOf(2, {6}), PostOf(3, {6})}, {{5, Tag{5, "x", kGeneral, 0}}, {6, Tag{6, "x", kMeta, 0}}});
  ImportNamed({{4, {{"x"}}}});
  CHECK(Take(catalog->FindPost(kDataset, 4))->tag_ids == std::vector<int64_t>{5});
  ImportTags({{6, "x", kMeta}});
  ImportNamed({{5, {{"x"}}}});
  CHECK(Take(catalog->FindPost(kDataset, 5))->tag_ids == std::vector<int64_t>{6});
  // The source means its categories.
  CHECK(Take(catalog->FindTag(kDataset, 5))->category == kGeneral);
}

TEST_CASE_METHOD(FactsFixture, "a list of tags gives ids and categories, in the same import or an earlier one") {
  const bool is_same_import = GENERATE(true, false);
  auto session = BeginNext(kDataset);
  Take(session->StageTag({77, "solo", kMeta}));
  Take(session->StageTag({78, "unused", kMeta}));
  if (!is_same_import) {
    Take(session->Commit({}));
    session = BeginNext(kDataset);
  }
  StageNamed(*session, {1, {{"solo"}, {"new"}}});
  Take(session->Commit({}));
  CHECK(TagNamed("solo").id == 77);
  CHECK(TagNamed("solo").category == kMeta);
  CHECK(Take(catalog->FindTagsByName(kDataset, "unused", 1)).empty());
  CHECK(Take(catalog->FindTagFact(kDataset, "unused"))->id == 78);
  CHECK(Take(catalog->GetStats(kDataset)).category_tag_counts[static_cast<size_t>(kMeta)] == 1);
}

TEST_CASE_METHOD(FactsFixture, "a list of tags that comes after the posts sets categories and leaves ids") {
  ImportNamed({{1, {{"solo"}}}});
  CHECK(ImportTags({{77, "solo", kMeta}}).changed_tag_count == 1);
  CHECK(TagNamed("solo").id == DerivedTagId("solo"));
  CHECK(TagNamed("solo").category == kMeta);
  ImportNamed({{2, {{"solo"}}}});
  CHECK(Take(catalog->FindPost(kDataset, 2))->tag_ids == std::vector<int64_t>{DerivedTagId("solo")});
  CHECK(TagNamed("solo").post_count == 2);
  // A later post that tells another category does, too.
  CHECK(ImportNamed({{3, {{"solo", kArtist}}}}).changed_tag_count == 1);
  CHECK(TagNamed("solo").category == kArtist);
  const Stats stats = Take(catalog->GetStats(kDataset));
  CHECK(stats.category_tag_counts[static_cast<size_t>(kMeta)] == 0);
  CHECK(stats.category_tag_use_counts[static_cast<size_t>(kArtist)] == 3);
}

TEST_CASE_METHOD(FactsFixture,
                 "a list goes before the posts of its own import, and importing these again changes nothing") {
  for (int round = 0; round < 2; ++round) {
    // In whichever order they are sent.
    auto session = BeginNext(kDataset);
    if (round == 0) StageNamed(*session, {1, {{"solo", kArtist}}});
    Take(session->StageTag({77, "solo", kMeta}));
    if (round == 1) StageNamed(*session, {1, {{"solo", kArtist}}});
    Take(session->Commit({}));
    CHECK(TagNamed("solo").category == kArtist);
    ImportNamed({{1, {{"solo", kArtist}}}});
    CHECK(TagNamed("solo").category == kArtist);
  }
  ImportTags({{77, "solo", kMeta}});
  CHECK(TagNamed("solo").category == kMeta);
}

TEST_CASE_METHOD(FactsFixture, "what a list does not say of a tag stays as an earlier one said") {
  TagFact fact{77, "solo", kMeta};
  fact.source_post_count = 1000;
  fact.is_deprecated = true;
  ImportTags({fact});
  ImportTags({{0, "solo"}});
  const TagFact after = *Take(catalog->FindTagFact(kDataset, "solo"));
  CHECK(after.id == 77);
  CHECK(after.category == kMeta);
  CHECK(after.source_post_count == 1000);
  CHECK(after.is_deprecated == true);
}

TEST_CASE_METHOD(FactsFixture, "a list that gives an id a new name renames the tag") {
  Import({PostOf(1, {5})}, {{5, Tag{5, "old", kGeneral, 0}}});
  const bool is_used = GENERATE(true, false);
  auto session = BeginNext(kDataset);
  Take(session->StageTag({5, "new", kGeneral}));
  if (is_used) StageNamed(*session, {2, {{"new"}}});
  Take(session->Commit({}));
  CHECK(Take(catalog->FindTag(kDataset, 5))->name == "new");
  ImportNamed({{3, {{"old"}, {"new"}}}});
  CHECK(Take(catalog->FindPost(kDataset, 3))->tag_ids == std::vector<int64_t>{5, DerivedTagId("old")});
}

TEST_CASE_METHOD(FactsFixture, "two names never share an id, whatever lists and hashes say") {
  Import({PostOf(1, {DerivedTagId("met"), 5})}, {{5, Tag{5, "taken", kGeneral, 0}}});
  ImportTags({{5, "stale", kGeneral}, {6, "a", kGeneral}, {6, "b", kGeneral}});
  // ("stale" renamed tag 5: that is what its board says.)
  CHECK(Take(catalog->FindTag(kDataset, 5))->name == "stale");
  ImportNamed({{2, {{"met"}, {"a"}, {"b"}, {"taken"}}}});
  CHECK(Take(catalog->FindPost(kDataset, 2))->tag_ids.size() == 4);
  CHECK(TagNamed("met").id == DerivedTagId("met", 1));
  CHECK(TagNamed("a").id == 6);
  CHECK(TagNamed("b").id == DerivedTagId("b"));
  CHECK(TagNamed("taken").id == DerivedTagId("taken"));
}

TEST_CASE_METHOD(FactsFixture, "the same posts give the same tags in whatever order they are imported") {
  std::mt19937 random(3);
  std::vector<NamedPost> posts;
  for (int64_t id = 1; id <= 200; ++id) {
    NamedPost post{id, {}};
    for (int i = 0; i < 8; ++i) post.tags.push_back({"tag" + std::to_string(random() % 50)});
    posts.push_back(post);
  }
  ImportNamed(posts);
  for (const char* dataset : {"shuffled-1", "shuffled-2"}) {
    std::shuffle(posts.begin(), posts.end(), random);
    for (size_t begin = 0; begin < posts.size(); begin += 50) {
      ImportNamed(
          {posts.begin() + static_cast<std::ptrdiff_t>(begin), posts.begin() + static_cast<std::ptrdiff_t>(begin + 50)},
          dataset);
    }
    CHECK(AllPosts(dataset) == AllPosts());
    const std::vector<Tag> expected = AllTags();
    const std::vector<Tag> tags = AllTags(dataset);
    REQUIRE(tags.size() == expected.size());
    for (size_t i = 0; i < tags.size(); ++i) {
      CHECK(tags[i].id == expected[i].id);
      CHECK(tags[i].name == expected[i].name);
      CHECK(tags[i].post_count == expected[i].post_count);
    }
  }
}

TEST_CASE_METHOD(FactsFixture, "counts are those of a recount, after any imports and re-imports") {
  std::mt19937 random(GENERATE(1, 2, 3));
  const auto category = [&] { return static_cast<TagCategory>(random() % 4); };
  for (int round = 0; round < 12; ++round) {
    auto session = BeginNext(kDataset);
    for (int i = 0; i < 3 && random() % 2 == 0; ++i) {
      const int64_t tag = static_cast<int64_t>(random() % 30) + 1;
      // Sometimes under another name than the posts have.
      Take(session->StageTag({random() % 2 == 0 ? tag : 0, "tag" + std::to_string(tag + random() % 2), category()}));
    }
    for (int64_t id = 1; id <= 20; ++id) {
      if (random() % 3 == 0) continue;
      NamedPost named{id, {}};
      std::map<int64_t, Tag> with_ids;
      for (int i = 0; i < 6; ++i) {
        const int64_t tag = static_cast<int64_t>(random() % 30) + 1;
        named.tags.push_back({"tag" + std::to_string(tag), category()});
        with_ids[tag] = Tag{tag, named.tags.back().name, named.tags.back().category, 0};
      }
      if (round % 3 == 0) {
        Post post = PostOf(id, {});
        for (const auto& [tag_id, tag] : with_ids) post.tag_ids.push_back(tag_id);
        Take(Stage(*session, post, with_ids));
      } else {
        StageNamed(*session, named);
      }
    }
    if (random() % 4 == 0) {
      session->Abort(MakeError(Reason::kCancelled, "given up"));
      continue;
    }
    Take(session->Commit({}));

    std::map<int64_t, int64_t> recount;
    int64_t use_count = 0;
    for (const Post& post : AllPosts()) {
      CHECK(std::is_sorted(post.tag_ids.begin(), post.tag_ids.end()));
      for (const int64_t tag_id : post.tag_ids) ++recount[tag_id], ++use_count;
    }
    Stats expected;
    std::map<int64_t, int64_t> counts;
    for (const Tag& tag : AllTags()) {
      counts[tag.id] = tag.post_count;
      expected.category_tag_counts[static_cast<size_t>(tag.category)] += 1;
      expected.category_tag_use_counts[static_cast<size_t>(tag.category)] += tag.post_count;
    }
    CHECK(counts == recount);
    const Stats stats = Take(catalog->GetStats(kDataset));
    CHECK(stats.tag_use_count == use_count);
    CHECK(stats.tag_count == static_cast<int64_t>(recount.size()));
    CHECK(stats.category_tag_counts == expected.category_tag_counts);
    CHECK(stats.category_tag_use_counts == expected.category_tag_use_counts);
  }
}

TEST_CASE_METHOD(FactsFixture, "the ids of names do not depend on the order of records") {
  const bool is_old_first = GENERATE(true, false);
  Import({PostOf(1, {5}), PostOf(2, {6})}, {{5, Tag{5, "old", kGeneral, 0}}, {6, Tag{6, "kept", kGeneral, 0}}});
  auto session = BeginNext(kDataset);
  Take(session->StageTag({5, "new", kGeneral}));
  Take(session->StageTag({5, "newer", kGeneral}));
  Take(session->StageTag({6, "other", kGeneral}));
  Take(session->StageTag({7, "kept", kGeneral}));
  std::vector<std::string> names = {"old", "new", "newer", "kept", "other"};
  if (!is_old_first) std::reverse(names.begin(), names.end());
  int64_t post_id = 10;
  for (const std::string& name : names) StageNamed(*session, {++post_id, {{name}}});
  Take(session->Commit({}));
  CHECK(TagNamed("new").id == 5);
  CHECK(TagNamed("newer").id == DerivedTagId("newer"));
  CHECK(TagNamed("old").id == DerivedTagId("old"));
  CHECK(TagNamed("other").id == 6);
  CHECK(TagNamed("kept").id == 7);
}

TEST_CASE_METHOD(FactsFixture, "a list cannot take the id of a name's hash") {
  ImportNamed({{1, {{"solo"}}}});
  auto session = BeginNext(kDataset);
  Take(session->StageTag({DerivedTagId("solo"), "thief", kGeneral}));
  StageNamed(*session, {2, {{"solo"}, {"thief"}}});
  Take(session->Commit({}));
  CHECK(TagNamed("solo").id == DerivedTagId("solo"));
  CHECK(TagNamed("thief").id == DerivedTagId("thief"));
}

}  // namespace
}  // namespace millrace
