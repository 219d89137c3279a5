// Goal: what a crashed import left behind goes when the catalog is told to sweep, bit by bit, while others work.
// Method: a crash is a copy of the files in the middle of a session, opened as a catalog of its own; rows are counted
// in the file itself, for no reader of the catalog sees them.
#include "core/catalog/sweep.h"

#include <thread>

#include "tests/core/catalog/catalog_fixture.h"

namespace millrace {
namespace {

// More posts than two batches hold, of which the first is in the file before the next is begun, and than one
// transaction of a sweep removes.
constexpr int64_t kStagedCount = 40'000;

class SweepFixture : public CatalogFixture {
 public:
  // Opens what a crash in the middle of an import over a dataset of two posts leaves.
  SweepFixture() {
    Post replaced = PostOf(1, {1});
    replaced.md5 = Md5Of(9);
    Import({replaced, PostOf(kStagedCount + 5, {2})});
    auto session = Begin("crashed");
    for (int64_t id = 1; id <= kStagedCount; ++id) Take(Stage(*session, PostOf(id, {1, 2, 3})));
    for (const char* name : {"catalog.sqlite3", "catalog.sqlite3-wal"}) {
      std::filesystem::copy_file(folder.File(name), copy.File(name));
    }
    session.reset();
    catalog = Take(OpenAt(path()));
  }

  std::string path() const { return copy.File("catalog.sqlite3"); }
  int64_t RowCount() {
    const auto database = Take(Database::Open(path(), Database::Mode::kReadOnly));
    return Take(database->QueryInt64("SELECT count(*) FROM posts"));
  }
  int64_t UnsweptCount() {
    const auto database = Take(Database::Open(path(), Database::Mode::kReadOnly));
    return Take(database->QueryInt64("SELECT count(*) FROM imports WHERE is_swept = 0"));
  }

  TempFolder copy;
};

TEST_CASE_METHOD(SweepFixture, "opening leaves the rows of a crash, a sweep removes them, and nobody sees either") {
  CHECK(RowCount() > 10'000);
  CHECK(UnsweptCount() == 1);
  const std::vector<Post> posts = AllPosts();
  CHECK(posts.size() == 2);
  Take(catalog->Sweep([] { return false; }));
  CHECK(RowCount() == 2);
  CHECK(UnsweptCount() == 0);
  CHECK(AllPosts() == posts);
  CHECK(Take(catalog->FindPostByMd5(kDataset, Md5Of(9)))->id == 1);
  Take(catalog->Sweep([] { return false; }));
}

TEST_CASE_METHOD(SweepFixture, "a sweep that is stopped goes on where it was") {
  const int64_t before = RowCount();
  int asked_count = 0;
  CHECK(ReasonOf(catalog->Sweep([&] { return ++asked_count == 3; })) == Reason::kCancelled);
  const int64_t between = RowCount();
  CHECK(between < before);
  CHECK(between > 2);
  CHECK(UnsweptCount() == 1);
  Take(catalog->Sweep([] { return false; }));
  CHECK(RowCount() == 2);
}

TEST_CASE_METHOD(SweepFixture, "an import into the dataset does not wait for the sweep, nor lose to it") {
  std::unique_ptr<ImportSession> session;
  // The sweep stands between two of its transactions while an import begins, runs and ends.
  Take(catalog->Sweep([&] {
    if (session != nullptr) return false;
    session = Begin("next");
    Post post = PostOf(1, {4});
    post.md5 = Md5Of(9);
    Take(Stage(*session, post));
    Take(session->Commit({}));
    return false;
  }));
  CHECK(RowCount() == 2);
  CHECK(UnsweptCount() == 0);
  CHECK(AllPosts().at(0).tag_ids == std::vector<int64_t>{4});
  CHECK(Take(catalog->FindPostByMd5(kDataset, Md5Of(9)))->id == 1);
}

TEST_CASE_METHOD(SweepFixture, "two sweeps at a time are one sweep") {
  std::thread other([this] { catalog->Sweep([] { return false; }).IgnoreError(); });
  const absl::Status status = catalog->Sweep([] { return false; });
  other.join();
  Take(status);
  CHECK(RowCount() == 2);
  CHECK(UnsweptCount() == 0);
}

}  // namespace
}  // namespace millrace
