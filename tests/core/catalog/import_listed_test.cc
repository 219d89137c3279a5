// Goal: an import's outcome tells what its lists brought, exactly, and so does its record later.
// Method: through Catalog's public interface: outcomes, records, and a request that is repeated.
#include "core/catalog/import_listed.h"

#include "tests/core/catalog/facts_fixture.h"

namespace millrace {
namespace {

// The outcome of an import of one of each kind and two relations; `change` alters what half of them say.
ImportOutcome ImportLists(FactsFixture& fixture, bool change) {
  auto session = fixture.BeginNext(kDataset);
  TagFact solo{1, "solo", TagCategory::kGeneral};
  solo.source_post_count = change ? 8 : 7;
  Take(session->StageTag(solo));
  Take(session->StageTag({2, "cat", TagCategory::kGeneral}));
  Take(session->StageTag({2, "cat", TagCategory::kMeta}));  // of what is told twice the last counts
  Take(session->StageTagRelation(Alias("neko", "cat"), {0, 1}));
  Take(session->StageTagRelation(Implication("cat", "animal", change ? "deleted" : "active"), {0, 2}));
  Take(session->StagePool({3, "three", "series", false, {1, 2}, ""}));
  Take(session->StagePool({4, "four", "series", false, change ? std::vector<int64_t>{1} : std::vector<int64_t>{}, ""}));
  Take(session->StageArtist({5, change ? "renamed" : "artist", {"x"}, "{}"}));
  Take(session->StageArtist({0, "nameless", {}, ""}));
  return Take(session->Commit({}));
}

TEST_CASE_METHOD(FactsFixture, "what lists bring is counted as new, updated or unchanged") {
  CHECK(ImportLists(*this, false).facts == FactCounts{.tags = {2, 0, 0, 1},
                                                      .aliases = {1, 0, 0},
                                                      .implications = {1, 0, 0},
                                                      .pools = {2, 0, 0},
                                                      .artists = {2, 0, 0}});
  CHECK(ImportLists(*this, false).facts == FactCounts{.tags = {0, 0, 2, 1},
                                                      .aliases = {0, 0, 1},
                                                      .implications = {0, 0, 1},
                                                      .pools = {0, 0, 2},
                                                      .artists = {0, 0, 2}});
  CHECK(ImportLists(*this, true).facts == FactCounts{.tags = {0, 1, 1, 1},
                                                     .aliases = {0, 0, 1},
                                                     .implications = {0, 1, 0},
                                                     .pools = {0, 1, 1},
                                                     .artists = {0, 1, 1}});
  CHECK(Take(catalog->FindPost(kDataset, 1)) == std::nullopt);
}

TEST_CASE_METHOD(FactsFixture, "a tag of which a list says less than is known is unchanged") {
  TagFact cat{7, "cat", TagCategory::kMeta};
  cat.source_post_count = 5;
  ImportTags({cat});
  CHECK(ImportTags({{0, "cat"}}).facts.tags == ListedCounts{0, 0, 1});
  CHECK(Take(catalog->FindTagFact(kDataset, "cat"))->source_post_count == 5);
  TagFact deprecated{0, "cat"};
  deprecated.is_deprecated = true;
  CHECK(ImportTags({deprecated}).facts.tags == ListedCounts{0, 1, 0});
  CHECK(Take(catalog->FindTagFact(kDataset, "cat"))->id == 7);
}

TEST_CASE_METHOD(FactsFixture,
                 "what an import tells in two ways is counted, what it tells twice alike or by parts is not") {
  auto session = BeginNext(kDataset);
  const TagFact cat{7, "cat", TagCategory::kMeta, true, 5, R"({"a":1})"};
  Take(session->StageTag(cat));
  Take(session->StageTag(cat));
  Take(session->StageTag({0, "cat"}));
  Take(session->StageTag({0, "cat", TagCategory::kUnspecified, std::nullopt, std::nullopt, R"({"b":2})"}));
  Take(session->StageTag({8, "dog"}));
  Take(session->StageTag({9, "dog"}));
  Take(session->StageTag({8, "dog"}));
  Take(session->StageTagRelation(Alias("neko", "cat"), {0, 1}));
  Take(session->StageTagRelation(Alias("neko", "cat"), {0, 2}));
  Take(session->StageTagRelation(Alias("neko", "cat", "deleted"), {0, 3}));
  Take(session->StageTagRelation(Implication("cat", "animal", "deleted"), {0, 4}));
  Take(session->StageTagRelation(Implication("cat", "animal", "pending"), {0, 5}));
  Take(session->StagePool({3, "three", "", std::nullopt, {1}, ""}));
  Take(session->StagePool({3, "three", "series", true, {1}, ""}));
  Take(session->StagePool({3, "three", "series", true, {2}, ""}));
  Take(session->StageArtist({5, "old", {}, ""}));
  Take(session->StageArtist({5, "a_new_name", {}, ""}));
  Take(session->StageArtist({0, "x", {}, ""}));
  Take(session->StageArtist({0, "y", {}, ""}));
  const ImportOutcome outcome = Take(session->Commit({}));
  CHECK(outcome.facts == FactCounts{.tags = {2, 0, 0, 2},
                                    .aliases = {1, 0, 0, 1},
                                    .implications = {1, 0, 0, 1},
                                    .pools = {1, 0, 0, 1},
                                    .artists = {3, 0, 0, 1}});
  CHECK(Take(catalog->ListImports(kDataset, std::nullopt, 1)).at(0).outcome.facts == outcome.facts);
  TagFact both = cat;
  both.extra_json = R"({"a":1,"b":2})";
  CHECK(Take(catalog->FindTagFact(kDataset, "cat")) == both);
  // An artist that is told with two names has the later.
  CHECK(Take(catalog->ListArtists(kDataset, std::nullopt, 1)).at(0).name == "a_new_name");
}

TEST_CASE_METHOD(FactsFixture, "relations that give way are counted apart, refused ones not at all") {
  ImportRelations({Alias("a", "b")});
  auto session = BeginNext(kDataset);
  Take(session->StageTagRelation(Alias("b", "c"), {0, 1}));
  Take(session->StageTagRelation(Alias("d", "d"), {0, 2}));
  Take(session->CheckRelations([](const RefusedRelation&) { return absl::OkStatus(); }));
  CHECK(Take(session->Commit({})).facts == FactCounts{.aliases = {1, 0, 0}, .superseded_relation_count = 1});
}

TEST_CASE_METHOD(FactsFixture, "the counts are on record, and a repeated request is answered with them") {
  ImportLists(*this, false);
  auto session = Begin("lists");
  Take(session->StageTagRelation(Alias("cat", "feline"), {}));
  StageNamed(*session, {1, {{"cat"}}});
  const auto keep = [](const std::string& extra, absl::Span<const std::string_view>) -> absl::StatusOr<std::string> {
    return extra;
  };
  Take(session->ApplyAliases({keep, [] { return absl::OkStatus(); }}));
  const ImportOutcome outcome = Take(session->Commit({}));
  CHECK(outcome.facts == FactCounts{.aliases = {1, 0, 0}, .superseded_relation_count = 1});
  CHECK(outcome.aliased_post_count == 1);
  Reopen();
  const BegunImport again = Take(catalog->BeginImport({kDataset, "lists", 1}));
  CHECK(std::get<ImportOutcome>(again).facts == outcome.facts);
  CHECK(std::get<ImportOutcome>(again).aliased_post_count == 1);
  const std::vector<ImportRecord> records = Take(catalog->ListImports(kDataset, std::nullopt, 10));
  REQUIRE(records.size() == 2);
  CHECK(records[0].outcome.facts == outcome.facts);
  CHECK(records[1].outcome.facts.pools == ListedCounts{2, 0, 0});
}

TEST_CASE("counts that are not there, or are none, are zero") {
  ImportOutcome outcome;
  outcome.facts.tags.new_count = 3;
  CHECK(NamedCounts(outcome) == std::map<std::string, std::string>{{"tags.new", "3"}});
  SetListed({{"tags.updated", "4"}, {"pools.new", "many"}, {"of.later", "5"}}, &outcome);
  CHECK(outcome.facts == FactCounts{.tags = {0, 4, 0}});
}

}  // namespace
}  // namespace millrace
