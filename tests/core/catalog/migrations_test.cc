// Goal: the catalog opens files that are its own and of a version it knows, and touches no others.
// Method: files of each kind, made with SQLite directly; a refused file must not change by a byte.
#include "core/catalog/migrations.h"

#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "core/catalog/source_store.h"
#include "tests/core/catalog/catalog_fixture.h"

namespace millrace {
namespace {

std::string Contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_CASE_METHOD(CatalogFixture, "a new file gets the newest schema, with a durable WAL") {
  auto database = Take(Database::Open(folder.File("catalog.sqlite3"), Database::Mode::kReadOnly));
  CHECK(Take(database->QueryInt64("PRAGMA user_version")) == CatalogSchemaVersion());
  CHECK(Take(database->QueryInt64("PRAGMA application_id")) == kCatalogApplicationId);
  Statement mode = Take(database->Prepare("PRAGMA journal_mode"));
  REQUIRE(Take(mode.Step()));
  CHECK(mode.Text(0) == "wal");
}

TEST_CASE_METHOD(CatalogFixture, "a migrated file is left alone") {
  Import({PostOf(1, {1})});
  Reopen();
  CHECK(AllPosts().size() == 1);
}

TEST_CASE_METHOD(CatalogFixture, "a file of version 1 keeps its plans, whose outcome is not known") {
  const std::string digest(64, 'a');
  const std::string plan_id(64, '1');
  Import({PostOf(1, {1})});
  SnapshotRecord snapshot;
  snapshot.digest = digest;
  snapshot.dataset = kDataset;
  Take(catalog->AddSnapshot(snapshot));
  Take(catalog->AddPlan({plan_id, digest, "form", 7, "outcome"}));
  catalog.reset();
  {
    auto database = Take(Database::Open(folder.File("catalog.sqlite3"), Database::Mode::kReadWrite));
    Take(database->Execute(kBackToVersion3));
    Take(
        database->Execute("ALTER TABLE plans DROP COLUMN outcome; DROP TABLE vocabularies; "
                          "DROP TABLE vocabulary_names; PRAGMA user_version=1"));
  }
  Reopen();
  const PlanRecord old_plan = Take(catalog->GetPlan(plan_id));
  CHECK(old_plan.canonical_form == "form");
  CHECK(old_plan.created_at_us == 7);
  CHECK(old_plan.outcome.empty());
  const std::string new_id(64, '2');
  Take(catalog->AddPlan({new_id, digest, "form", 8, "outcome"}));
  CHECK(Take(catalog->GetPlan(new_id)).outcome == "outcome");
  CHECK(AllPosts().size() == 1);
}

TEST_CASE_METHOD(CatalogFixture, "a file of version 3 keeps its posts and gets room for what lists tell") {
  Post post = PostOf(1, {1});
  post.pools = {{4, "series"}};
  Import({post});
  catalog.reset();
  {
    auto database = Take(Database::Open(folder.File("catalog.sqlite3"), Database::Mode::kReadWrite));
    Take(database->Execute(kBackToVersion3));
  }
  Reopen();
  CHECK(AllPosts() == std::vector<Post>{post});
  Post counted = PostOf(2, {1});
  counted.favorite_count = 3;
  Import({counted});
  CHECK(AllPosts() == std::vector<Post>{post, counted});
}

TEST_CASE_METHOD(CatalogFixture, "a file of version 6 keeps what sources noted among the names that they asked about") {
  SourceSettings settings;
  settings.name = "source";
  settings.dataset = kDataset;
  settings.kind = BoardKind::kMoebooru;
  settings.address = "https://board.example";
  const int64_t source_id = Take(catalog->sources().Add(settings, 5)).record.id;
  settings.name = "other";
  const int64_t other_id = Take(catalog->sources().Add(settings)).record.id;
  Import({PostOf(1, {1, 2})},
         {{1, Tag{1, "asked", TagCategory::kUnspecified, 0}}, {2, Tag{2, "new", TagCategory::kUnspecified, 0}}});
  catalog.reset();
  {
    auto database = Take(Database::Open(folder.File("catalog.sqlite3"), Database::Mode::kReadWrite));
    Take(database->Execute(kBackToVersion6));
    Take(database->Execute(absl::StrCat("INSERT INTO asked_tags VALUES (1, char(10) || 'tag list asked', ", now_us,
                                        "), (1, char(10) || 'tags changed', ", now_us, "), (1, 'asked', ", now_us,
                                        ")")));
  }
  Reopen();
  SourceStore& store = catalog->sources();
  CHECK(Take(store.HasUncompiledTags(source_id)));
  CHECK_FALSE(Take(store.HasUncompiledTags(other_id)));
  CHECK(Take(store.WasTagListAsked(source_id, 60'000'000)));
  CHECK_FALSE(Take(store.WasTagListAsked(other_id, 60'000'000)));
  CHECK(Take(store.ListTagsToAsk(source_id, 10)) == std::vector<std::string>{"new"});
  CHECK(Take(store.ListTagsToAsk(other_id, 10)) == std::vector<std::string>{"asked", "new"});
  const SourceRecord source = Take(store.Get("source"));
  CHECK(source.position == 5);
  CHECK(source.changes == ChangeCursor{});
  CHECK_FALSE(source.settings.follow_changes);
  CHECK_FALSE(source.next_retry_at_us.has_value());
  // Thirty days after it was asked about.
  now_us += int64_t{30} * 24 * 3600 * 1'000'000;
  CHECK(Take(store.ListTagsToAsk(source_id, 10)) == std::vector<std::string>{"asked", "new"});
}

TEST_CASE_METHOD(CatalogFixture, "a file of version 7 keeps what lists told of tags, and takes more of them") {
  const auto tell = [&](const std::string& request_id, const TagFact& fact) {
    auto session = Begin(request_id);
    Take(session->StageTag(fact));
    Take(session->Commit({}));
  };
  Import({PostOf(1, {1})});
  TagFact fact{5, "hug", TagCategory::kMeta, true, 12};
  tell("one", fact);
  catalog.reset();
  {
    auto database = Take(Database::Open(folder.File("catalog.sqlite3"), Database::Mode::kReadWrite));
    Take(database->Execute(kBackToVersion7));
    // As the program of version 7 wrote them.
    Take(
        database->Execute("INSERT INTO tag_facts (dataset_id, name, tag_id, category, is_deprecated, "
                          "source_post_count) VALUES (1, 'solo', 6, 1, 0, NULL)"));
  }
  Reopen();
  CHECK(AllPosts() == std::vector<Post>{PostOf(1, {1})});
  std::vector<TagFact> facts = Take(catalog->ListTagFacts(kDataset, "", "", 10));
  REQUIRE(facts.size() == 2);
  CHECK(facts[0].name == "hug");
  CHECK(facts[0].id == 5);
  CHECK(facts[0].category == TagCategory::kMeta);
  CHECK(facts[0].is_deprecated == true);
  CHECK(facts[0].source_post_count == 12);
  CHECK(facts[0].extra_json.empty());
  CHECK(facts[1].name == "solo");
  fact.extra_json = R"({"words":["hug"]})";
  tell("two", fact);
  CHECK(Take(catalog->FindTagFact(kDataset, "hug"))->extra_json == fact.extra_json);
}

TEST_CASE_METHOD(CatalogFixture, "a file of version 8 keeps what its imports say of lists, and why others failed") {
  auto session = Begin("lists");
  Take(session->StageTag({5, "hug", TagCategory::kMeta}));
  Take(session->StageTag({6, "solo", TagCategory::kMeta}));
  const ImportOutcome lists = Take(session->Commit({}));
  CHECK(lists.facts.tags.new_count == 2);
  Import({PostOf(1, {1})});
  Begin("failed")->Abort(MakeError(Reason::kRecordRejected, "no", {{"line", "7"}}));
  const std::vector<ImportRecord> before = Take(catalog->ListImports(kDataset, std::nullopt, 10));
  REQUIRE(before.size() == 3);
  catalog.reset();
  {
    auto database = Take(Database::Open(folder.File("catalog.sqlite3"), Database::Mode::kReadWrite));
    // As the program of version 8 wrote them.
    Take(database->Execute("UPDATE imports SET error_metadata = coalesce(listed_counts, x'') WHERE state = 2"));
    Take(database->Execute(kBackToVersion8));
  }
  Reopen();
  const std::vector<ImportRecord> after = Take(catalog->ListImports(kDataset, std::nullopt, 10));
  REQUIRE(after.size() == 3);
  for (size_t i = 0; i < after.size(); ++i) {
    CHECK(after[i].request_id == before[i].request_id);
    CHECK(after[i].outcome.facts == before[i].outcome.facts);
    CHECK(MetadataOf(after[i].error) == MetadataOf(before[i].error));
  }
  CHECK(std::get<ImportOutcome>(Take(catalog->BeginImport({kDataset, "lists", 1}))).facts == lists.facts);
  catalog.reset();
  auto database = Take(Database::Open(folder.File("catalog.sqlite3"), Database::Mode::kReadOnly));
  CHECK(Take(database->QueryInt64("SELECT count(*) FROM imports WHERE error_metadata IS NOT NULL")) == 1);
  CHECK(Take(database->QueryInt64("SELECT count(*) FROM imports WHERE listed_counts IS NOT NULL")) == 1);
}

TEST_CASE_METHOD(CatalogFixture, "an empty database, as a crash at the first start leaves it, becomes a catalog") {
  const std::string path = folder.File("empty");
  {
    auto database = Take(Database::Open(path, Database::Mode::kReadWrite));
    Take(database->Execute("PRAGMA journal_mode=WAL"));
  }
  catalog = Take(OpenAt(path));
  Import({PostOf(1, {})});
}

TEST_CASE_METHOD(CatalogFixture, "a newer schema is refused, with both versions named") {
  const std::string path = folder.File("catalog.sqlite3");
  catalog.reset();
  {
    auto database = Take(Database::Open(path, Database::Mode::kReadWrite));
    Take(database->Execute("PRAGMA user_version=77"));
  }
  const std::string before = Contents(path);
  const absl::Status status = OpenAt(path).status();
  CHECK(ReasonOf(status) == Reason::kSchemaTooNew);
  CHECK(std::string(status.message()).find("77") != std::string::npos);
  CHECK(std::string(status.message()).find(std::to_string(CatalogSchemaVersion())) != std::string::npos);
  CHECK(Contents(path) == before);
}

TEST_CASE_METHOD(CatalogFixture, "another program's database is refused and not changed") {
  const std::string path = folder.File("other");
  const char* sql = GENERATE("CREATE TABLE theirs (x)", "PRAGMA application_id=5", "PRAGMA user_version=1");
  {
    auto database = Take(Database::Open(path, Database::Mode::kReadWrite));
    Take(database->Execute(sql));
  }
  const std::string before = Contents(path);
  CHECK(ReasonOf(OpenAt(path).status()) == Reason::kCatalogDamaged);
  CHECK(Contents(path) == before);
}

TEST_CASE_METHOD(CatalogFixture, "what is not a database is refused and not changed") {
  const std::string path = folder.File("text");
  std::ofstream(path) << std::string(5'000, 'x');
  const absl::Status status = OpenAt(path).status();
  CHECK(ReasonOf(status) == Reason::kCatalogDamaged);
  CHECK(std::string(status.message()).find(path) != std::string::npos);
  CHECK(Contents(path) == std::string(5'000, 'x'));
}

}  // namespace
}  // namespace millrace
