// Goal: an import that asks for it has tags give way to what they are aliases of, by the aliases that stand once it is
// committed, whatever the order in which lists and posts came; and every count is as if the posts had said it so.
// Method: through ImportSession. A dataset whose posts said the aliases is compared with one whose posts did not.
#include "core/catalog/alias_rewriter.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/str_join.h"
#include "tests/core/catalog/facts_fixture.h"

namespace millrace {
namespace {

using Names = std::vector<std::string>;

class AliasesFixture : public FactsFixture {
 public:
  // extra_json becomes the names, behind what was there.
  AliasOptions Options() {
    return {[](const std::string& extra_json, absl::Span<const std::string_view> said) -> absl::StatusOr<std::string> {
              return extra_json +
                     absl::StrJoin(said, ",", [](std::string* out, std::string_view name) { *out += name; });
            },
            [] { return absl::OkStatus(); }};
  }
  AppliedAliases ApplyAndCommit(std::unique_ptr<ImportSession>& session) {
    const AppliedAliases applied = Take(session->ApplyAliases(Options()));
    outcome = Take(session->Commit({}));
    return applied;
  }
  Names NamesOf(int64_t post_id, const std::string& dataset = kDataset) {
    Names names;
    for (const Tag& tag : Take(catalog->GetTags(dataset, Take(catalog->FindPost(dataset, post_id))->tag_ids))) {
      names.push_back(tag.name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  ImportOutcome outcome;
};

TEST_CASE_METHOD(AliasesFixture, "aliases of the same import are applied, wherever their list stands among the posts") {
  const int list_at = GENERATE(0, 1, 2);
  auto session = BeginNext(kDataset);
  const std::vector<NamedPost> posts{{1, {{"neko", TagCategory::kMeta}, {"solo"}}}, {2, {{"cat"}, {"neko"}}}};
  for (int i = 0; i <= 2; ++i) {
    if (i == list_at) Take(session->StageTagRelation(Alias("neko", "cat"), {}));
    if (i == list_at) Take(session->StageTagRelation(Alias("solo", "alone", "deleted"), {}));
    if (i < 2) CHECK(StageNamed(*session, posts[static_cast<size_t>(i)]).duplicate_tag_count == 0);
  }
  const AppliedAliases applied = ApplyAndCommit(session);
  CHECK(applied.post_count == 2);
  CHECK(applied.duplicate_tag_count == 1);
  CHECK(outcome.aliased_post_count == 2);
  CHECK(outcome.changed_tag_count == 0);
  CHECK(NamesOf(1) == Names{"cat", "solo"});
  CHECK(NamesOf(2) == Names{"cat"});
  CHECK(Take(catalog->FindPost(kDataset, 1))->extra_json == "neko");
  // The alias's category is not that of the tag, and the alias itself is no tag of the dataset.
  ImportNamed({{1, {{"cat"}, {"solo"}}}, {2, {{"cat"}}}}, "plain");
  CHECK(std::ranges::equal(AllTags(), AllTags("plain"), [](const Tag& a, const Tag& b) {
    return std::tie(a.id, a.name, a.category, a.post_count) == std::tie(b.id, b.name, b.category, b.post_count);
  }));
  CHECK(Take(catalog->GetStats(kDataset)) == Take(catalog->GetStats("plain")));
}

TEST_CASE_METHOD(AliasesFixture, "the aliases of the dataset are applied, and give way to those of the import") {
  ImportRelations({Alias("neko", "cat"), Alias("inu", "dog"), Alias("tori", "bird")});
  auto session = BeginNext(kDataset);
  StageNamed(*session, {1, {{"neko"}, {"cat"}, {"inu"}, {"tori"}}});
  Take(session->StageTagRelation(Alias("neko", "feline"), {}));
  Take(session->StageTagRelation(Alias("inu", "dog", "deleted"), {}));
  CHECK(ApplyAndCommit(session).post_count == 1);
  CHECK(NamesOf(1) == Names{"bird", "cat", "feline", "inu"});
  CHECK(Take(catalog->FindPost(kDataset, 1))->extra_json == "neko,tori");
  CHECK(outcome.facts.superseded_relation_count == 1);
}

TEST_CASE_METHOD(AliasesFixture, "a refused alias is not applied") {
  auto session = BeginNext(kDataset);
  StageNamed(*session, {1, {{"a"}, {"b"}}});
  Take(session->StageTagRelation(Alias("a", "b"), {0, 1}));
  Take(session->StageTagRelation(Alias("b", "c"), {0, 2}));
  int refused_count = 0;
  Take(session->CheckRelations([&](const RefusedRelation&) {
    ++refused_count;
    return absl::OkStatus();
  }));
  CHECK(refused_count == 1);
  ApplyAndCommit(session);
  CHECK(NamesOf(1) == Names{"a", "c"});
}

TEST_CASE_METHOD(AliasesFixture, "relations that nobody checked are refused here, too") {
  auto session = BeginNext(kDataset);
  Take(session->StageTagRelation(Alias("a", "a"), {0, 12}));
  CHECK(ReasonOf(session->ApplyAliases(Options()).status()) == Reason::kRecordRejected);
}

TEST_CASE_METHOD(AliasesFixture, "without aliases, or without tags that are any, posts are left as they are") {
  auto session = BeginNext(kDataset);
  if (GENERATE(false, true)) Take(session->StageTagRelation(Alias("neko", "cat"), {}));
  StageNamed(*session, {1, {{"cat"}}});
  CHECK(ApplyAndCommit(session).post_count == 0);
  CHECK(Take(catalog->FindPost(kDataset, 1))->extra_json.empty());
}

TEST_CASE_METHOD(AliasesFixture, "where records give ids, only a tag whose id is known takes a place") {
  const std::map<int64_t, Tag> named{{1, {1, "neko", TagCategory::kGeneral, 0}},
                                     {2, {2, "cat", TagCategory::kGeneral, 0}},
                                     {3, {3, "inu", TagCategory::kGeneral, 0}},
                                     {4, {4, "tori", TagCategory::kGeneral, 0}}};
  ImportRelations({Alias("neko", "cat"), Alias("inu", "dog"), Alias("tori", "bird")});
  auto session = BeginNext(kDataset);
  Take(Stage(*session, PostOf(10, {1, 3, 4}), named));
  Take(Stage(*session, PostOf(11, {2}), named));  // a post of the same import tells the id
  Take(session->StageTag({77, "dog", TagCategory::kMeta}));
  CHECK(ApplyAndCommit(session).post_count == 1);
  CHECK(Take(catalog->FindPost(kDataset, 10))->tag_ids == std::vector<int64_t>{2, 4, 77});
  CHECK(TagNamed("cat").post_count == 2);
  CHECK(TagNamed("dog").category == TagCategory::kMeta);
}

TEST_CASE_METHOD(AliasesFixture, "replaced posts, and rows of other imports between, change nothing of it") {
  ImportNamed({{1, {{"neko"}}}, {2, {{"cat"}, {"old"}}}, {3, {{"neko"}, {"other"}}}});
  auto session = BeginNext(kDataset);
  auto other = BeginNext("other");
  // More than are rewritten at a time, in several batches.
  for (int64_t id = 1; id <= 40'000; ++id) {
    if (id == 3) continue;
    StageNamed(*session, {id, {{id % 8 == 1 ? "neko" : "solo"}, {"cat"}}});
    if (id % 8 == 0) StageNamed(*other, {id, {{"neko"}}});
  }
  Take(session->StageTagRelation(Alias("neko", "cat"), {}));
  const AppliedAliases applied = ApplyAndCommit(session);
  CHECK(applied.post_count == 5'000);
  CHECK(applied.duplicate_tag_count == 5'000);
  CHECK(outcome.replaced_post_count == 2);
  CHECK(TagNamed("cat").post_count == 39'999);
  CHECK(TagNamed("solo").post_count == 39'999 - 5'000);
  // Of a post that the import does not bring.
  CHECK(TagNamed("neko").post_count == 1);
  CHECK(NamesOf(39'993) == Names{"cat"});
  CHECK(Take(catalog->GetStats(kDataset)).tag_use_count == 39'999 + 34'999 + 2);
  Take(other->Commit({}));
  CHECK(TagNamed("neko", "other").post_count == 5'000);
}

TEST_CASE_METHOD(AliasesFixture,
                 "a name that posts gave a tag's id stays, though another tag gives way to its old one") {
  const std::map<int64_t, Tag> before{{5, {5, "cat", TagCategory::kGeneral, 0}}};
  const std::map<int64_t, Tag> named{{5, {5, "feline", TagCategory::kGeneral, 0}},
                                     {7, {7, "neko", TagCategory::kGeneral, 0}},
                                     {9, {9, "felis", TagCategory::kGeneral, 0}}};
  {
    auto session = BeginNext(kDataset);
    Take(Stage(*session, PostOf(1, {5}), before));
    Take(session->Commit({}));
  }
  ImportRelations({Alias("neko", "cat")});
  auto session = BeginNext(kDataset);
  Take(Stage(*session, PostOf(10, {5}), named));
  Take(Stage(*session, PostOf(11, {7}), named));
  SECTION("it is counted under the new one") {
    CHECK(ApplyAndCommit(session).post_count == 1);
    CHECK(Take(catalog->FindPost(kDataset, 11))->tag_ids == std::vector<int64_t>{5});
    CHECK(TagNamed("feline").post_count == 3);
    CHECK(Take(catalog->FindTagsByName(kDataset, "cat", 10)).empty());
  }
  SECTION("where that one gives way as well, both go to the last") {
    Take(session->StageTagRelation(Alias("feline", "felis"), {}));
    Take(Stage(*session, PostOf(12, {9}), named));
    CHECK(ApplyAndCommit(session).post_count == 2);
    CHECK(Take(catalog->FindPost(kDataset, 10))->tag_ids == std::vector<int64_t>{9});
    CHECK(Take(catalog->FindPost(kDataset, 11))->tag_ids == std::vector<int64_t>{9});
    CHECK(TagNamed("felis").post_count == 3);
  }
}

TEST_CASE_METHOD(AliasesFixture, "no id is made for a tag of a source with ids whose list gave the id another name") {
  const std::map<int64_t, Tag> named{{5, {5, "cat", TagCategory::kGeneral, 0}},
                                     {7, {7, "neko", TagCategory::kGeneral, 0}}};
  {
    auto session = BeginNext(kDataset);
    Take(Stage(*session, PostOf(1, {5}), named));
    Take(session->Commit({}));
  }
  ImportRelations({Alias("neko", "cat")});
  auto session = BeginNext(kDataset);
  Take(session->StageTag({5, "feline", TagCategory::kGeneral}));
  Take(Stage(*session, PostOf(11, {7}), named));
  ApplyAndCommit(session);
  CHECK(Take(catalog->FindPost(kDataset, 11))->tag_ids == std::vector<int64_t>{7});
  CHECK(TagNamed("feline").id == 5);
}

TEST_CASE_METHOD(AliasesFixture, "no more is held at a time than is staged at a time") {
  auto session = BeginNext(kDataset);
  Post post;
  post.extra_json.assign(size_t{1} << 20, ' ');
  const ImportedTag tag{0, "neko"};
  for (post.id = 1; post.id <= 20; ++post.id) Take(session->Stage(post, absl::MakeConstSpan(&tag, 1), {0, post.id}));
  Take(session->StageTagRelation(Alias("neko", "cat"), {}));
  AliasOptions options = Options();
  int ask_count = 0;
  options.check_cancelled = [&] {
    ++ask_count;
    return absl::OkStatus();
  };
  CHECK(Take(session->ApplyAliases(options)).post_count == 20);
  CHECK(ask_count == 3);  // 8, 8 and 4 posts
  Take(session->Commit({}));
  CHECK(TagNamed("cat").post_count == 20);
}

TEST_CASE_METHOD(AliasesFixture, "it can be cancelled halfway, and then nothing was changed") {
  Import({PostOf(9, {1})});
  const auto stage = [&](ImportSession& session) {
    for (int64_t id = 10; id <= 5'009; ++id) StageNamed(session, {id, {{"neko"}}});
    Take(session.StageTagRelation(Alias("neko", "cat"), {}));
  };
  auto session = BeginNext(kDataset);
  stage(*session);
  AliasOptions options = Options();
  int ask_count = 0;
  options.check_cancelled = [&]() -> absl::Status {
    return ++ask_count < 3 ? absl::OkStatus() : MakeError(Reason::kCancelled, "stop");
  };
  CHECK(ReasonOf(session->ApplyAliases(options).status()) == Reason::kCancelled);
  session->Abort(MakeError(Reason::kCancelled, "stop"));
  CHECK(ReasonOf(session->ApplyAliases(Options()).status()) == Reason::kInternal);
  CHECK(AllPosts().size() == 1);
  CHECK(AllTags().size() == 1);
  auto again = BeginNext(kDataset);
  stage(*again);
  CHECK(ApplyAndCommit(again).post_count == 5'000);
  CHECK(TagNamed("cat").post_count == 5'000);
  CHECK(AllTags().size() == 2);
  CHECK(Take(catalog->GetStats(kDataset)).tag_use_count == 5'001);
}

}  // namespace
}  // namespace millrace
