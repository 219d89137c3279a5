// Goal: a dataset becomes the same snapshot whatever way its posts came in, and compiling changes nothing but what it
// says. Method: the same real records in other orders, files and catalogs; what the snapshot gives back against the
// catalog.
#include "core/ingest/compile.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "tests/core/ingest/import_fixture.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < text.size(); begin = text.find('\n', begin) + 1) {
    lines.push_back(text.substr(begin, text.find('\n', begin) + 1 - begin));
  }
  return lines;
}

std::string Join(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line;
  return text;
}

std::unique_ptr<SnapshotStore> OpenStore(const TemporaryFolder& folder) {
  auto store = SnapshotStore::Open(folder.path());
  REQUIRE(store.ok());
  return *std::move(store);
}

CompiledSnapshot Compile(ImportFixture& fixture, SnapshotStore& store, const std::string& dataset = "d") {
  const absl::StatusOr<CompiledSnapshot> compiled = CompileSnapshot(fixture.catalog(), store, dataset);
  INFO(compiled.status().ToString());
  REQUIRE(compiled.ok());
  return *compiled;
}

TEST_CASE("the same posts give the same digest, in whatever order and pieces they came") {
  const std::string text = OpenClipart();
  std::vector<std::string> lines = Lines(text);
  REQUIRE(lines.size() == 200);
  TemporaryFolder first_folder, second_folder;
  const auto first_store = OpenStore(first_folder), second_store = OpenStore(second_folder);
  ImportFixture first, second;
  REQUIRE(first.Import({{"posts.jsonl", text}}).status.ok());

  std::mt19937_64 random(7);
  std::shuffle(lines.begin(), lines.end(), random);
  // Older states of half the posts, which the second import replaces.
  std::string older;
  for (int i = 0; i < 100; ++i) {
    older += lines[static_cast<size_t>(i)];
    older.replace(older.rfind("\"rating\":\"s\""), 12, "\"rating\":\"e\"");
  }
  REQUIRE(second.Import({{"older.jsonl", older}}).status.ok());
  REQUIRE(second.Import({{"posts.jsonl.gz", Gzip(Join(lines))}}).status.ok());

  const CompiledSnapshot a = Compile(first, *first_store), b = Compile(second, *second_store);
  CHECK(a.created);
  CHECK(a.record.digest == b.record.digest);
  CHECK(ReadWholeFile(first_folder.path() + "/" + a.record.digest + ".snapshot") ==
        ReadWholeFile(second_folder.path() + "/" + b.record.digest + ".snapshot"));
}

TEST_CASE("the snapshot holds what the catalog holds") {
  TemporaryFolder folder;
  const auto store = OpenStore(folder);
  ImportFixture fixture;
  REQUIRE(fixture.Import({{"posts.jsonl", OpenClipart()}}).status.ok());
  const CompiledSnapshot compiled = Compile(fixture, *store);
  CHECK(compiled.record.dataset == "d");
  CHECK(compiled.record.post_count == 200);
  CHECK(compiled.record.tag_count == 314);
  CHECK(compiled.record.tag_use_count == 1567);
  CHECK(compiled.record.created_at_us > 0);
  CHECK(compiled.record.file_size_bytes ==
        static_cast<int64_t>(std::filesystem::file_size(folder.path() + "/" + compiled.record.digest + ".snapshot")));
  CHECK(fixture.catalog().GetDataset("d")->newest_snapshot == compiled.record.digest);

  const auto snapshot = store->Get(compiled.record.digest);
  REQUIRE(snapshot.ok());
  const auto posts = fixture.catalog().ListPosts("d", 0, 1000);
  REQUIRE(posts.ok());
  REQUIRE((*snapshot)->post_count() == static_cast<int64_t>(posts->size()));
  for (int64_t row = 0; row < (*snapshot)->post_count(); ++row) {
    Post expected = (*posts)[static_cast<size_t>(row)];
    Post post;
    REQUIRE((*snapshot)->ReadFields(row, &post).ok());
    const auto indexes = (*snapshot)->TagIndexes(row);
    REQUIRE(indexes.ok());
    for (const uint32_t index : *indexes) post.tag_ids.push_back((*snapshot)->TagAt(index)->id);
    CHECK(post == expected);
  }
}

TEST_CASE("compiling again finds the snapshot there, and a change gives another") {
  TemporaryFolder folder;
  const auto store = OpenStore(folder);
  ImportFixture fixture;
  REQUIRE(fixture.Import({{"a.jsonl", R"({"id":1,"score":5})"}}).status.ok());
  const CompiledSnapshot first = Compile(fixture, *store), again = Compile(fixture, *store);
  CHECK(first.created);
  CHECK_FALSE(again.created);
  CHECK(again.record.digest == first.record.digest);
  CHECK(again.record.created_at_us == first.record.created_at_us);
  REQUIRE(fixture.Import({{"a.jsonl", R"({"id":1,"score":6})"}}).status.ok());
  const CompiledSnapshot changed = Compile(fixture, *store);
  CHECK(changed.created);
  CHECK(changed.record.digest != first.record.digest);
}

TEST_CASE("an empty dataset compiles to an empty snapshot") {
  TemporaryFolder folder;
  const auto store = OpenStore(folder);
  ImportFixture fixture;
  REQUIRE(fixture.Import({{"a.jsonl", ""}}).status.ok());
  const CompiledSnapshot compiled = Compile(fixture, *store);
  CHECK(compiled.record.post_count == 0);
  CHECK((*store->Get(compiled.record.digest))->post_count() == 0);
}

TEST_CASE("an unknown dataset and a cancelled compilation leave nothing") {
  TemporaryFolder folder;
  const auto store = OpenStore(folder);
  ImportFixture fixture;
  CHECK(ReasonOf(CompileSnapshot(fixture.catalog(), *store, "nothing").status()) == Reason::kDatasetNotFound);
  REQUIRE(fixture.Import({{"posts.jsonl", OpenClipart()}}).status.ok());
  CHECK(ReasonOf(CompileSnapshot(fixture.catalog(), *store, "d", [] { return true; }).status()) == Reason::kCancelled);
  CHECK(folder.EntryCount() == 0);
  CHECK(fixture.catalog().GetDataset("d")->newest_snapshot.empty());
}

}  // namespace
}  // namespace millrace
