// Goal: relations, pools, artists and the list of tags are kept, all or nothing with the import, and replaced by what a
// later import says of the same.
// Method: through Catalog's public interface; what is not committed must not be seen.
#include "core/catalog/commit_facts.h"
#include "tests/core/catalog/facts_fixture.h"

namespace millrace {
namespace {

std::vector<TagRelation> AllRelations(Catalog& catalog) {
  return Take(catalog.ListTagRelations(kDataset, std::nullopt, 1000));
}

DatasetFacts ScanFacts(Catalog& catalog) {
  DatasetFacts scanned;
  Catalog::Scan scan;
  scan.tags = [](std::vector<Tag>, int64_t) { return absl::OkStatus(); };
  scan.post = [](const Post&) { return absl::OkStatus(); };
  scan.facts = [&](DatasetFacts facts) {
    scanned = std::move(facts);
    return absl::OkStatus();
  };
  Take(catalog.ScanDataset(kDataset, scan));
  return scanned;
}

TEST_CASE_METHOD(FactsFixture, "relations of all statuses are kept, active ones apply") {
  TagRelation extra = Implication("cat", "animal");
  extra.extra_json = R"({"id":4})";
  CHECK(ImportRelations({Alias("neko", "cat"), Alias("old", "cat", "deleted"), extra, Implication("x", "y", "")})
            .empty());
  CHECK(AllRelations(*catalog) == std::vector<TagRelation>{Alias("neko", "cat"), Alias("old", "cat", "deleted"), extra,
                                                           Implication("x", "y", "")});
  const DatasetFacts facts = ScanFacts(*catalog);
  CHECK(facts.aliases == std::vector<TagRelation>{Alias("neko", "cat")});
  CHECK(facts.implications == std::vector<TagRelation>{extra, Implication("x", "y", "")});
  // Posts that come later leave them.
  Import({PostOf(1, {1})});
  CHECK(AllRelations(*catalog).size() == 4);
}

TEST_CASE_METHOD(FactsFixture, "relations are listed in pages") {
  ImportRelations({Alias("a", "b"), Alias("c", "d"), Implication("e", "f"), Implication("e", "g")});
  std::vector<TagRelation> all;
  std::optional<TagRelationCursor> after;
  while (true) {
    const std::vector<TagRelation> page = Take(catalog->ListTagRelations(kDataset, after, 1));
    if (page.empty()) break;
    REQUIRE(page.size() == 1);
    all.push_back(page[0]);
    after = TagRelationCursor{static_cast<int64_t>(page[0].kind), page[0].antecedent, page[0].consequent};
  }
  CHECK(all == AllRelations(*catalog));
  CHECK(all.size() == 4);
}

TEST_CASE_METHOD(FactsFixture, "a relation told again replaces what was said; of one import an active one stands") {
  ImportRelations({Alias("a", "b"), Alias("a", "b", "deleted"), Alias("c", "d", "deleted"), Alias("c", "d")});
  CHECK(AllRelations(*catalog) == std::vector<TagRelation>{Alias("a", "b"), Alias("c", "d")});
  ImportRelations({Alias("a", "b", "deleted")});
  CHECK(AllRelations(*catalog) == std::vector<TagRelation>{Alias("a", "b", "deleted"), Alias("c", "d")});
  CHECK(ImportRelations({Alias("x", "a"), Alias("a", "b")}).size() == 1);
}

TEST_CASE_METHOD(FactsFixture, "relations that may not stand are refused with their place, and the rest is kept") {
  const std::vector<RefusedRelation> refused =
      ImportRelations({Implication("a", "b"), Alias("x", "y"), Alias("z", "x"), Implication("b", "a")});
  REQUIRE(refused.size() == 2);
  CHECK(refused[0].relation == Alias("z", "x"));
  CHECK(refused[0].place.line == 3);
  CHECK(refused[1].place.line == 4);
  CHECK(refused[1].reason == R"(is "a", which would close the circle "b" -> "a" -> "b")");
  CHECK(AllRelations(*catalog) == std::vector<TagRelation>{Alias("x", "y"), Implication("a", "b")});
}

TEST_CASE_METHOD(FactsFixture, "the dataset's aliases give way to later ones, its implications do not") {
  ImportRelations({Alias("a", "b"), Implication("p", "q")});
  CHECK(ImportRelations({Alias("b", "c"), Implication("q", "p"), Implication("p", "q")}).size() == 1);
  CHECK(AllRelations(*catalog) ==
        std::vector<TagRelation>{Alias("a", "b", "superseded"), Alias("b", "c"), Implication("p", "q")});
  // Told again beside what contradicts it, it is refused and does not stand either.
  ImportRelations({Alias("k", "l")});
  CHECK(ImportRelations({Alias("k", "l"), Alias("l", "m")}).size() == 1);
  CHECK(ScanFacts(*catalog).aliases == std::vector<TagRelation>{Alias("b", "c"), Alias("l", "m")});
}

TEST_CASE_METHOD(FactsFixture, "a commit that nobody checked the relations for refuses what may not stand") {
  auto session = BeginNext(kDataset);
  Take(session->StageTagRelation(Alias("a", "a"), {0, 12}));
  const absl::Status status = session->Commit({}).status();
  CHECK(ReasonOf(status) == Reason::kRecordRejected);
  CHECK(status.message() == "line 12: consequent_name is \"a\": a tag cannot be an alias of itself");
}

TEST_CASE_METHOD(FactsFixture, "an import that is given up leaves no facts") {
  Import({PostOf(1, {1})});
  auto session = BeginNext(kDataset);
  Take(session->StageTag({5, "a", TagCategory::kMeta}));
  Take(session->StageTagRelation(Alias("a", "b"), {}));
  Take(session->StagePool({3, "pool", "series", false, {1}, ""}));
  Take(session->StageArtist({4, "artist", {}, ""}));
  session->Abort(MakeError(Reason::kCancelled, "gone"));
  CHECK_FALSE(session->StageTag({5, "a", TagCategory::kMeta}).ok());
  CHECK_FALSE(Take(catalog->FindTagFact(kDataset, "a")).has_value());
  CHECK(AllRelations(*catalog).empty());
  CHECK(Take(catalog->ListPools(kDataset, 0, 10)).empty());
  CHECK(Take(catalog->ListArtists(kDataset, std::nullopt, 10)).empty());
  CHECK(Take(catalog->FindPost(kDataset, 1))->pools.empty());
}

TEST_CASE_METHOD(FactsFixture, "deprecated tags are told by name") {
  TagFact deprecated{5, "hug", TagCategory::kGeneral};
  deprecated.is_deprecated = true;
  ImportTags({deprecated, {6, "solo", TagCategory::kGeneral}});
  CHECK(ScanFacts(*catalog).deprecated_tag_names == std::vector<std::string>{"hug"});
  ImportNamed({{1, {{"hug"}, {"solo"}}}});
  CHECK(TagNamed("hug").is_deprecated);
  CHECK_FALSE(TagNamed("solo").is_deprecated);
  CHECK(Take(catalog->FindTag(kDataset, 5))->is_deprecated);
  const TagPage page = Take(catalog->ListTags(kDataset, {}));
  REQUIRE(page.tags.size() == 2);
  CHECK(page.tags[0].is_deprecated);
  CHECK_FALSE(page.tags[1].is_deprecated);
}

TEST_CASE_METHOD(FactsFixture, "what lists tell of tags is given back by name, whether posts use them or not") {
  const auto fact = [](int64_t id, const std::string& name, std::optional<int64_t> count, const std::string& extra) {
    return TagFact{id, name, TagCategory::kMeta, false, count, extra};
  };
  ImportTags({fact(2, "cat", -3, R"({"category":5,"words":["cat"]})"), fact(9, "cats", 7, ""), fact(1, "ca", {}, ""),
              fact(3, "dog", 1, R"({"category":5})")});
  ImportNamed({{1, {{"dog"}}}});
  const auto names = [&](const std::string& prefix, const std::string& after, int64_t limit) {
    std::string joined;
    for (const TagFact& tag : Take(catalog->ListTagFacts(kDataset, prefix, after, limit))) joined += tag.name + " ";
    return joined;
  };
  CHECK(names("", "", 10) == "ca cat cats dog ");
  CHECK(names("", "", 2) == "ca cat ");
  CHECK(names("", "cat", 2) == "cats dog ");
  CHECK(names("cat", "", 10) == "cat cats ");
  CHECK(names("cat", "cat", 10) == "cats ");
  CHECK(names("cat", "cat", 0).empty());
  CHECK(names("cat", "e", 10).empty());
  CHECK(names("x", "", 10).empty());
  TagFact cat = Take(catalog->ListTagFacts(kDataset, "cat", "", 1)).at(0);
  CHECK(cat.id == 2);
  CHECK(cat.category == TagCategory::kMeta);
  CHECK(cat.source_post_count == -3);
  CHECK(cat.extra_json == R"({"category":5,"words":["cat"]})");

  // A list that says less leaves what was told before, and one that says something else replaces that alone.
  ImportTags({fact(2, "cat", {}, "")});
  CHECK(Take(catalog->FindTagFact(kDataset, "cat"))->extra_json == cat.extra_json);
  ImportTags({fact(2, "cat", {}, R"({"category":7})")});
  cat = *Take(catalog->FindTagFact(kDataset, "cat"));
  CHECK(cat.extra_json == R"({"category":7,"words":["cat"]})");
  CHECK(cat.source_post_count == -3);
}

TEST_CASE_METHOD(FactsFixture,
                 "a list that does not tell deprecation leaves it, in an import of its own and beside others") {
  TagFact deprecated{5, "hug", TagCategory::kGeneral, true};
  const TagFact silent{0, "hug", TagCategory::kMeta};
  SECTION("later") {
    ImportTags({deprecated});
    CHECK(ImportTags({silent}).facts.tags.updated_count == 1);
  }
  SECTION("in the same import, behind it") { ImportTags({deprecated, silent}); }
  TagFact hug = *Take(catalog->FindTagFact(kDataset, "hug"));
  CHECK(hug.is_deprecated == true);
  CHECK(hug.id == 5);
  CHECK(hug.category == TagCategory::kMeta);
  CHECK(ScanFacts(*catalog).deprecated_tag_names == std::vector<std::string>{"hug"});

  // A list that does tell it is believed.
  deprecated.is_deprecated = false;
  ImportTags({deprecated});
  CHECK(Take(catalog->FindTagFact(kDataset, "hug"))->is_deprecated == false);
}

TEST_CASE_METHOD(FactsFixture, "what a list does not tell of pools, artists and relations stays") {
  const auto import_all = [&](const PoolFact& pool, const ArtistFact& artist, const TagRelation& relation) {
    auto session = BeginNext(kDataset);
    Take(session->StagePool(pool));
    Take(session->StageArtist(artist));
    Take(session->StageTagRelation(relation, {0, 1}));
    return Take(session->Commit({})).facts;
  };
  TagRelation alias = Alias("neko", "cat");
  alias.extra_json = R"({"created_at":"2010","id":4})";
  import_all({3, "three", "series", true, {1}, R"({"a":1})"}, {7, "artist", {"x"}, R"({"urls":[]})"}, alias);
  TagRelation less = alias;
  less.extra_json = "";
  const FactCounts unchanged = import_all({3, "", "", std::nullopt, {1}, ""}, {7, "artist", {"x"}, ""}, less);
  CHECK(unchanged == FactCounts{.aliases = {0, 0, 1}, .pools = {0, 0, 1}, .artists = {0, 0, 1}});
  less.extra_json = R"({"id":5})";
  import_all({3, "", "collection", std::nullopt, {2}, R"({"b":2})"}, {7, "artist", {"y"}, R"({"n":1})"}, less);
  const PoolFact pool = Take(catalog->ListPools(kDataset, 0, 1)).at(0);
  CHECK(pool == PoolFact{3, "three", "collection", true, {2}, R"({"a":1,"b":2})"});
  CHECK(Take(catalog->ListArtists(kDataset, std::nullopt, 1)).at(0) ==
        ArtistFact{7, "artist", {"y"}, R"({"n":1,"urls":[]})"});
  CHECK(AllRelations(*catalog).at(0).extra_json == R"({"created_at":"2010","id":5})");
}

TEST_CASE_METHOD(FactsFixture, "a post has the pools it names and those that list it") {
  Post own = PostOf(2, {});
  own.pools = {{9, ""}, {5, "mine"}};
  Import({PostOf(1, {}), own, PostOf(3, {})});
  auto session = BeginNext(kDataset);
  Take(session->StagePool({4, "four", "series", false, {3, 2, 2, 1'000}, ""}));
  Take(session->StagePool({5, "five", "collection", false, {2}, R"({"a":1})"}));
  Take(session->StagePool({6, "six", "series", true, {2}, ""}));
  Take(session->StagePool({9, "nine", "series", false, {}, ""}));
  Take(session->Commit({}));
  own.pools = {{9, "series"}, {5, "mine"}, {4, "series"}};
  Post listed = PostOf(3, {});
  listed.pools = {{4, "series"}};
  CHECK(AllPosts() == std::vector<Post>{PostOf(1, {}), own, listed});
  CHECK(*Take(catalog->FindPost(kDataset, 2)) == own);
  CHECK(Take(catalog->ListPosts(kDataset, 1, 10)) == std::vector<Post>{own, listed});

  std::vector<PoolFact> pools = Take(catalog->ListPools(kDataset, 4, 2));
  REQUIRE(pools.size() == 2);
  CHECK(pools[0].name == "five");
  CHECK(pools[0].extra_json == R"({"a":1})");
  CHECK(pools[1].is_deleted == true);
  pools = Take(catalog->ListPools(kDataset, 0, 1));
  CHECK(pools[0].post_ids == std::vector<int64_t>{3, 2, 2, 1'000});

  // Told again, with other posts.
  session = BeginNext(kDataset);
  Take(session->StagePool({4, "four", "series", false, {1}, ""}));
  Take(session->Commit({}));
  CHECK(Take(catalog->FindPost(kDataset, 3))->pools.empty());
  CHECK(Take(catalog->FindPost(kDataset, 1))->pools == std::vector<Pool>{{4, "series"}});
}

TEST_CASE_METHOD(FactsFixture, "artists are replaced by id, and listed by name") {
  auto session = BeginNext(kDataset);
  Take(session->StageArtist({7, "old_name", {"a", "b c"}, R"({"urls":[]})"}));
  Take(session->StageArtist({0, "nameless", {}, ""}));
  Take(session->Commit({}));
  session = BeginNext(kDataset);
  Take(session->StageArtist({7, "new_name", {"old_name", ""}, ""}));
  Take(session->StageArtist({0, "nameless", {"x"}, ""}));
  Take(session->Commit({}));
  const std::vector<ArtistFact> artists = Take(catalog->ListArtists(kDataset, std::nullopt, 10));
  REQUIRE(artists.size() == 2);
  CHECK(artists[0].name == "nameless");
  CHECK(artists[0].other_names == std::vector<std::string>{"x"});
  CHECK(artists[1].id == 7);
  CHECK(artists[1].other_names == std::vector<std::string>{"old_name", ""});
  CHECK(Take(catalog->ListArtists(kDataset, ArtistCursor{"nameless", 0}, 10)).size() == 1);
}

TEST_CASE_METHOD(FactsFixture, "favourite counts and durations are kept") {
  Post post = PostOf(1, {});
  post.favorite_count = 12;
  post.duration_us = 3'500'000;
  Import({post, PostOf(2, {})});
  CHECK(AllPosts() == std::vector<Post>{post, PostOf(2, {})});
}

TEST_CASE_METHOD(FactsFixture, "tags and pools that lists say much of are read some at a time") {
  auto session = BeginNext(kDataset);
  for (int i = 10; i < 30; ++i) {
    TagFact tag;
    tag.name = std::to_string(i);
    tag.extra_json.assign(size_t{1} << 20, ' ');
    Take(session->StageTag(tag));
    Take(session->StagePool({i, "p", "series", false, {}, tag.extra_json}));
  }
  Take(session->Commit({}));
  CHECK(Take(catalog->ListPools(kDataset, 0, 1'000)).size() == 8);
  CHECK(Take(catalog->ListPools(kDataset, 27, 1'000)).size() == 2);
  CHECK(Take(catalog->ListTagFacts(kDataset, "", "", 1'000)).size() == 8);
  CHECK(Take(catalog->ListTagFacts(kDataset, "", "27", 1'000)).size() == 2);
}

}  // namespace
}  // namespace millrace
