// Goal: imports are all or nothing, replace whole posts, count what they did and are repeated safely.
// Method: through Catalog's public interface; a crash is a copy of the files in the middle of a session, opened as
// a catalog of its own.
#include "core/catalog/import_session.h"

#include <sys/resource.h>

#include <atomic>
#include <csignal>
#include <limits>
#include <thread>

#include "tests/core/catalog/catalog_fixture.h"

namespace millrace {
namespace {

// More posts than one batch holds, so that some are written while the session goes on.
constexpr int64_t kManyPosts = 20'000;

std::vector<int64_t> IdsOf(const std::vector<Post>& posts) {
  std::vector<int64_t> ids;
  for (const Post& post : posts) ids.push_back(post.id);
  return ids;
}

void StageMany(CatalogFixture& fixture, ImportSession& session, int64_t first_id = 1) {
  for (int64_t id = first_id; id < first_id + kManyPosts; ++id) {
    Post post = PostOf(id, {1, 2, 1000 + id % 100});
    post.md5 = Md5{};
    for (size_t i = 0; i < 8; ++i) (*post.md5)[i] = static_cast<uint8_t>((id * 0x9E3779B97F4A7C15) >> (8 * i));
    const absl::StatusOr<Staged> staged = fixture.Stage(session, post);
    if (!staged.ok()) FAIL(staged.status().ToString());
  }
}

TEST_CASE_METHOD(CatalogFixture, "an import counts what it did") {
  auto session = Begin("one");
  CHECK(session->import_id() == "imp-000000000001");
  CHECK(Take(Stage(*session, PostOf(5, {1, 2}))).kind == Staged::Kind::kNew);
  CHECK(Take(Stage(*session, PostOf(3, {2}))).kind == Staged::Kind::kNew);
  const ImportOutcome outcome = Take(session->Commit({7, 8, 9}));
  CHECK(outcome.import_id == "imp-000000000001");
  CHECK(outcome.dataset == kDataset);
  CHECK(outcome.new_post_count == 2);
  CHECK(outcome.replaced_post_count == 0);
  CHECK(outcome.rejected_count == 7);
  CHECK(outcome.duplicate_tag_count == 8);
  CHECK(outcome.byte_count == 9);
  CHECK(outcome.changed_tag_count == 0);
  CHECK(outcome.committed_at_us == now_us);
  CHECK(IdsOf(AllPosts()) == std::vector<int64_t>{3, 5});
}

TEST_CASE_METHOD(CatalogFixture, "importing a post again replaces it whole") {
  Post before = PostOf(1, {1, 2});
  before.md5 = Md5Of(1);
  before.source = "somewhere";
  before.score = 5;
  Import({before, PostOf(2, {2})});
  const Post after = PostOf(1, {2, 3});
  const ImportOutcome outcome = Import({after, PostOf(4, {3})});
  CHECK(outcome.new_post_count == 1);
  CHECK(outcome.replaced_post_count == 1);
  CHECK(AllPosts() == std::vector<Post>{after, PostOf(2, {2}), PostOf(4, {3})});
  CHECK(Take(catalog->FindPost(kDataset, 1)) == after);
  CHECK_FALSE(Take(catalog->FindPostByMd5(kDataset, Md5Of(1))).has_value());
  CHECK_FALSE(Take(catalog->FindTag(kDataset, 1)).has_value());
  CHECK(Take(catalog->FindTag(kDataset, 2))->post_count == 2);
}

TEST_CASE_METHOD(CatalogFixture, "a second record of a post is a duplicate and names the first") {
  auto session = Begin("one");
  StageMany(*this, *session);
  // One that is written already, and one that waits in memory.
  for (const int64_t id : {int64_t{10}, kManyPosts}) {
    const Staged staged = Take(Stage(*session, PostOf(id, {77}), {}));
    CHECK(staged.kind == Staged::Kind::kDuplicate);
    CHECK(staged.first_place.line == id);
  }
  CHECK(Take(session->Commit({})).new_post_count == kManyPosts);
  CHECK(Take(catalog->FindPost(kDataset, 10))->tag_ids == std::vector<int64_t>{1, 2, 1010});
  CHECK_FALSE(Take(catalog->FindTag(kDataset, 77)).has_value());
}

TEST_CASE_METHOD(CatalogFixture, "a session that is given up leaves nothing") {
  Import({PostOf(1, {1}), PostOf(2, {2})});
  const Stats stats = Take(catalog->GetStats(kDataset));
  const std::vector<Post> posts = AllPosts();
  const bool is_aborted = GENERATE(true, false);
  {
    auto session = Begin("two");
    StageMany(*this, *session);
    if (is_aborted) session->Abort(MakeError(Reason::kFileInvalid, "cut off", {{"file", "a.jsonl"}}));
  }
  CHECK(Take(catalog->GetStats(kDataset)) == stats);
  CHECK(AllPosts() == posts);
  CHECK_FALSE(Take(catalog->FindTag(kDataset, 1000)).has_value());
  const ImportRecord record = Take(catalog->ListImports(kDataset, std::nullopt, 1)).at(0);
  CHECK(record.state == ImportState::kFailed);
  CHECK(ReasonOf(record.error) == (is_aborted ? Reason::kFileInvalid : Reason::kCancelled));
  if (is_aborted) {
    CHECK(record.error.message() == "cut off");
    CHECK(MetadataOf(record.error) == ErrorMetadata{{"file", "a.jsonl"}});
  }
  CHECK(Import({PostOf(2, {3})}).replaced_post_count == 1);
}

TEST_CASE_METHOD(CatalogFixture,
                 "an import of several batches replaces posts, whichever batch they were written with") {
  for (int round = 0; round < 2; ++round) {
    auto session = Begin("round " + std::to_string(round));
    for (int64_t first_id = 1; first_id <= 3 * kManyPosts; first_id += kManyPosts) StageMany(*this, *session, first_id);
    const ImportOutcome outcome = Take(session->Commit({}));
    CHECK(outcome.new_post_count == (round == 0 ? 3 * kManyPosts : 0));
    CHECK(outcome.replaced_post_count == (round == 0 ? 0 : 3 * kManyPosts));
  }
  CHECK(AllPosts().size() == 3 * kManyPosts);
  CHECK(Take(catalog->GetStats(kDataset)).tag_use_count == 9 * kManyPosts);
  CHECK(Take(catalog->FindTag(kDataset, 2))->post_count == 3 * kManyPosts);
}

TEST_CASE_METHOD(CatalogFixture, "a dataset whose only import failed is not to be seen") {
  { auto session = Begin("one"); }
  CHECK(ReasonOf(catalog->GetDataset(kDataset).status()) == Reason::kDatasetNotFound);
  CHECK(Take(catalog->ListDatasets("", 10)).empty());
  CHECK(Take(catalog->ListImports(kDataset, std::nullopt, 10)).size() == 1);
}

TEST_CASE_METHOD(CatalogFixture, "an import of no posts makes an empty dataset") {
  Import({});
  const DatasetInfo info = Take(catalog->GetDataset(kDataset));
  CHECK(info.post_count == 0);
  CHECK(info.created_at_us == now_us);
  CHECK(AllPosts().empty());
  CHECK(Take(catalog->GetStats(kDataset)) == Stats());
}

TEST_CASE_METHOD(CatalogFixture, "a crash in the middle of an import changes nothing and lets the next one run") {
  Post replaced = PostOf(1, {1});
  replaced.md5 = Md5Of(9);
  Import({replaced, PostOf(kManyPosts + 5, {2})});
  const Stats stats = Take(catalog->GetStats(kDataset));
  const std::vector<Post> posts = AllPosts();

  TempFolder copy;
  {
    auto session = Begin("two");
    // Several batches: the first is in the file before the next is begun, another may be half written.
    StageMany(*this, *session);
    StageMany(*this, *session, kManyPosts + 1);
    for (const char* name : {"catalog.sqlite3", "catalog.sqlite3-wal"}) {
      std::filesystem::copy_file(folder.File(name), copy.File(name));
    }
    session->Abort(MakeError(Reason::kCancelled, "over"));
  }
  catalog = Take(OpenAt(copy.File("catalog.sqlite3")));
  CHECK(Take(catalog->GetStats(kDataset)) == stats);
  CHECK(AllPosts() == posts);
  CHECK(Take(catalog->FindPostByMd5(kDataset, Md5Of(9)))->id == 1);
  const ImportRecord record = Take(catalog->ListImports("", std::nullopt, 1)).at(0);
  CHECK(record.state == ImportState::kFailed);
  CHECK(ReasonOf(record.error) == Reason::kShuttingDown);

  // With the same request_id, as a client would.
  auto session = Begin("two");
  StageMany(*this, *session);
  const ImportOutcome outcome = Take(session->Commit({}));
  CHECK(outcome.new_post_count == kManyPosts - 1);
  CHECK(outcome.replaced_post_count == 1);
  CHECK(AllPosts().size() == static_cast<size_t>(kManyPosts) + 1);
}

TEST_CASE_METHOD(CatalogFixture, "what is committed is there after a crash at once") {
  StageMany(*this, *Begin("given up"));
  auto session = Begin("one");
  StageMany(*this, *session);
  Take(session->Commit({}));
  TempFolder copy;
  for (const char* name : {"catalog.sqlite3", "catalog.sqlite3-wal"}) {
    std::filesystem::copy_file(folder.File(name), copy.File(name));
  }
  const std::vector<Post> posts = AllPosts();
  catalog = Take(OpenAt(copy.File("catalog.sqlite3")));
  CHECK(AllPosts() == posts);
  CHECK(posts.size() == static_cast<size_t>(kManyPosts));
}

TEST_CASE_METHOD(CatalogFixture, "the same request imports once") {
  auto session = Begin("one");
  Take(Stage(*session, PostOf(1, {1})));

  SECTION("while it runs") {
    const absl::Status status = catalog->BeginImport({"elsewhere", "one", 1}).status();
    CHECK(ReasonOf(status) == Reason::kImportRunning);
    CHECK(MetadataOf(status).at("import_id") == session->import_id());
  }
  SECTION("after it was committed, also after a restart") {
    const ImportOutcome outcome = Take(session->Commit({1, 2, 3}));
    Take(catalog->SetImportSnapshot(outcome.import_id, "abc"));
    session.reset();
    Reopen();
    const BegunImport begun = Take(catalog->BeginImport({kDataset, "one", 1}));
    REQUIRE(std::holds_alternative<ImportOutcome>(begun));
    const ImportOutcome& again = std::get<ImportOutcome>(begun);
    CHECK(again.import_id == outcome.import_id);
    CHECK(again.new_post_count == 1);
    CHECK(again.byte_count == 3);
    CHECK(again.committed_at_us == outcome.committed_at_us);
    CHECK(again.snapshot == "abc");
    CHECK(ReasonOf(catalog->BeginImport({"elsewhere", "one", 1}).status()) == Reason::kRequestIdReused);
    CHECK(ReasonOf(catalog->BeginImport({kDataset, "one", 2}).status()) == Reason::kRequestIdReused);
  }
  SECTION("but again after it failed") {
    session->Abort(MakeError(Reason::kCancelled, "gone"));
    auto again = Begin("one");
    CHECK(again->import_id() != session->import_id());
  }
}

TEST_CASE_METHOD(CatalogFixture, "one import at a time runs on a dataset") {
  auto session = Begin("one");
  const absl::Status status = catalog->BeginImport({kDataset, "two", 1}).status();
  CHECK(ReasonOf(status) == Reason::kImportRunning);
  CHECK(std::string(status.message()).find(session->import_id()) != std::string::npos);
  auto elsewhere = Begin("three", "elsewhere");
  StageMany(*this, *session);
  StageMany(*this, *elsewhere);
  session->Abort(MakeError(Reason::kCancelled, "gone"));
  CHECK(Take(elsewhere->Commit({})).new_post_count == kManyPosts);
  CHECK(AllPosts("elsewhere").size() == static_cast<size_t>(kManyPosts));
  CHECK(Take(Begin("two")->Commit({})).new_post_count == 0);
}

TEST_CASE_METHOD(CatalogFixture, "requests without a proper name are refused by field") {
  CHECK(FieldOf(catalog->BeginImport({"No Name", "one", 1}).status()) == "dataset");
  CHECK(FieldOf(catalog->BeginImport({kDataset, "", 1}).status()) == "request_id");
}

TEST_CASE_METHOD(CatalogFixture, "the last name and category of a tag stand") {
  const auto tag = [](const char* name, TagCategory category) { return Tag{0, name, category, 0}; };
  Import({PostOf(1, {1, 2, 3})}, {{1, tag("old", TagCategory::kGeneral)}});
  auto session = Begin("two");
  Take(Stage(*session, PostOf(2, {1, 2}), {{1, tag("new", TagCategory::kGeneral)}}));
  Take(Stage(*session, PostOf(3, {2, 3}), {{2, tag("x", TagCategory::kMeta)}}));
  Take(Stage(*session, PostOf(4, {2, 4}), {{2, tag("y", TagCategory::kArtist)}}));
  // Tags 1 and 2 change, however often; 3 stays and 4 is new.
  CHECK(Take(session->Commit({})).changed_tag_count == 2);
  CHECK(Take(catalog->FindTag(kDataset, 1))->name == "new");
  CHECK(Take(catalog->FindTag(kDataset, 2))->name == "y");
  const Stats stats = Take(catalog->GetStats(kDataset));
  CHECK(stats.category_tag_counts[static_cast<size_t>(TagCategory::kArtist)] == 1);
  CHECK(stats.category_tag_use_counts[static_cast<size_t>(TagCategory::kArtist)] == 4);
  CHECK(stats.category_tag_counts[static_cast<size_t>(TagCategory::kMeta)] == 0);
}

TEST_CASE_METHOD(CatalogFixture, "readers see committed states only, each of one moment") {
  Import({PostOf(1, {1}), PostOf(2, {1}), PostOf(3, {1})});
  std::atomic<bool> is_over = false;
  std::atomic<int64_t> read_count = 0;
  std::atomic<int64_t> torn_count = 0;
  // Each import gives every post the import's own tag: two tags in one scan are two states mixed.
  const auto read = [&] {
    while (!is_over) {
      int64_t tag_id = 0;
      int64_t post_count = 0;
      Catalog::Scan scan;
      scan.tags = [&](std::vector<Tag> tags, int64_t count) {
        if (tags.size() != 1 || tags[0].post_count != 3 || count != 3) ++torn_count;
        tag_id = tags.empty() ? 0 : tags[0].id;
        return absl::OkStatus();
      };
      scan.post = [&](const Post& post) {
        if (post.tag_ids != std::vector<int64_t>{tag_id}) ++torn_count;
        ++post_count;
        return absl::OkStatus();
      };
      if (!catalog->ScanDataset(kDataset, scan).ok() || post_count != 3) ++torn_count;
      ++read_count;
    }
  };
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) readers.emplace_back(read);
  for (int64_t tag_id = 2; tag_id < 40; ++tag_id) {
    Import({PostOf(1, {tag_id}), PostOf(2, {tag_id}), PostOf(3, {tag_id})});
  }
  while (read_count < 10) std::this_thread::yield();
  is_over = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(torn_count == 0);
}

TEST_CASE_METHOD(CatalogFixture, "a disk that fails in the middle ends the import, and nothing else") {
  Import({PostOf(1, {1})});
  // A limit on the size of files stands for the disk: SQLite's writes fail as they would there.
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before;
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  auto session = Begin("two");
  const rlimit small = {512 << 10, before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  absl::Status status;
  for (int64_t id = 1; id <= kManyPosts && status.ok(); ++id) {
    Post post = PostOf(id, {1, 2});
    post.source = std::string(100, 'x');
    status = Stage(*session, post).status();
  }
  const absl::StatusOr<ImportOutcome> outcome = session->Commit({});
  const absl::StatusOr<Stats> stats = catalog->GetStats(kDataset);
  REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0);
  // What is written meanwhile may fail before the last post is staged, or behind it.
  CHECK(ReasonOf(status.ok() ? outcome.status() : status) == Reason::kIoError);
  CHECK_FALSE(outcome.ok());
  CHECK(Take(stats).post_count == 1);

  CHECK(AllPosts() == std::vector<Post>{PostOf(1, {1})});
  // The same request on the same catalog, now that there is room.
  auto again = Begin("two");
  StageMany(*this, *again);
  CHECK(Take(again->Commit({})).replaced_post_count == 1);
}

TEST_CASE_METHOD(CatalogFixture, "an import is not committed into the disk's headroom") {
  Import({PostOf(1, {1})});
  catalog.reset();
  CatalogOptions options;
  options.path = folder.File("catalog.sqlite3");
  options.disk_headroom_bytes = std::numeric_limits<int64_t>::max();
  catalog = Take(Catalog::Open(options));
  // Without a post nothing is staged: it is the commit that asks.
  const bool has_post = GENERATE(false, true);
  auto session = Begin("two");
  if (has_post) Take(Stage(*session, PostOf(2, {2})));
  CHECK(ReasonOf(session->Commit({}).status()) == Reason::kDiskFull);
  CHECK(AllPosts() == std::vector<Post>{PostOf(1, {1})});
  const ImportRecord record = Take(catalog->ListImports(kDataset, std::nullopt, 1)).at(0);
  CHECK(ReasonOf(record.error) == Reason::kDiskFull);
}

TEST_CASE_METHOD(CatalogFixture, "imports are listed from new to old, in pages") {
  Import({PostOf(1, {1})});
  Import({PostOf(2, {1})}, {}, "elsewhere");
  Import({PostOf(3, {1})});
  std::vector<std::string> ids;
  std::optional<TimeCursor> after;
  while (true) {
    const std::vector<ImportRecord> page = Take(catalog->ListImports("", after, 2));
    if (page.empty()) break;
    for (const ImportRecord& record : page) ids.push_back(record.outcome.import_id);
    after = TimeCursor{page.back().started_at_us, page.back().outcome.import_id};
  }
  CHECK(ids == std::vector<std::string>{"imp-000000000003", "imp-000000000002", "imp-000000000001"});
  CHECK(Take(catalog->ListImports(kDataset, std::nullopt, 10)).size() == 2);
  CHECK(Take(catalog->FindNewestCommittedImport(kDataset))->outcome.import_id == "imp-000000000003");
  CHECK(ReasonOf(catalog->ListImports("nowhere", std::nullopt, 10).status()) == Reason::kDatasetNotFound);
  CHECK(ReasonOf(catalog->ListImports("", TimeCursor{1, "junk"}, 10).status()) == Reason::kPageTokenInvalid);
}

}  // namespace
}  // namespace millrace
