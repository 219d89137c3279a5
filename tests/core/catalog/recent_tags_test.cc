// Goal: what was used last is found, as it was told, and no more of it than the bound. Method: a small one.
#include "core/catalog/recent_tags.h"

#include "core/catalog/connections.h"
#include "tests/core/catalog/catalog_fixture.h"

namespace millrace {
namespace {

constexpr RecentTag kSolo = {7, TagCategory::kGeneral};

bool Knows(RecentTags& recent, std::string_view name, int64_t dataset_id = 1) {
  return recent.Find(dataset_id, name) != nullptr;
}

TEST_CASE("a tag is found by its dataset and name, as it was told last") {
  RecentTags recent;
  CHECK_FALSE(Knows(recent, "solo"));
  recent.Remember(1, "solo", kSolo);
  REQUIRE(Knows(recent, "solo"));
  CHECK(recent.Find(1, "solo")->id == 7);
  CHECK(recent.Find(1, "solo")->category == TagCategory::kGeneral);
  CHECK_FALSE(Knows(recent, "sol"));
  CHECK_FALSE(Knows(recent, "solo", 2));
  recent.Remember(1, "solo", {8, TagCategory::kMeta});
  CHECK(recent.Find(1, "solo")->id == 8);
  CHECK(recent.size() == 1);
}

TEST_CASE("a name is forgotten in its dataset alone") {
  RecentTags recent;
  for (const int64_t dataset_id : {1, 2}) recent.Remember(dataset_id, "solo", kSolo);
  recent.Forget(1, "solo");
  CHECK_FALSE(Knows(recent, "solo", 1));
  CHECK(Knows(recent, "solo", 2));
  recent.Clear();
  CHECK(recent.size() == 0);
}

TEST_CASE("tags stay within the bound, and those that were used last stay") {
  constexpr size_t kMax = 20;
  RecentTags recent(kMax);
  recent.Remember(1, "common", kSolo);
  for (int i = 0; i < 1'000; ++i) {
    recent.Remember(1, "tag" + std::to_string(i), {i, TagCategory::kGeneral});
    CHECK(recent.size() <= kMax);
    // Behind nine other tags at most.
    if (i % 5 == 0) CHECK(Knows(recent, "common"));
    for (int used = std::max(0, i - 3); used <= i; ++used)
      CHECK(recent.Find(1, "tag" + std::to_string(used))->id == used);
  }
  CHECK_FALSE(Knows(recent, "tag0"));
}

TEST_CASE("what is old is forgotten, and told anew, as what is young") {
  RecentTags recent(4);
  const auto age = [&](const std::string& name) {
    recent.Remember(1, name, kSolo);
    recent.Remember(1, "filler", kSolo);
    recent.Remember(1, "another", kSolo);  // `name` and the filler are old now
  };
  age("forgotten");
  recent.Forget(1, "forgotten");
  CHECK_FALSE(Knows(recent, "forgotten"));
  age("told anew");
  recent.Remember(1, "told anew", {9, TagCategory::kMeta});
  CHECK(recent.Find(1, "told anew")->id == 9);
  recent.Forget(1, "told anew");
  CHECK_FALSE(Knows(recent, "told anew"));
}

TEST_CASE("another connection's commit makes it forget everything") {
  RecentTags recent;
  recent.Note(3);
  recent.Remember(1, "solo", kSolo);
  recent.Note(3);
  CHECK(Knows(recent, "solo"));
  recent.Note(4);
  CHECK_FALSE(Knows(recent, "solo"));
}

TEST_CASE("what a write remembered goes with it when it is not committed") {
  const TempFolder folder;
  const auto connections = Take(Connections::Open(folder.File("catalog.sqlite3"), 1 << 20, 0));
  const auto remember = [&](Database&) {
    connections->recent_tags()->Remember(1, "solo", kSolo);
    return absl::OkStatus();
  };
  const auto size_of = [&] {
    size_t size = 0;
    Take(connections->Write([&](Database&) {
      size = connections->recent_tags()->size();
      return absl::OkStatus();
    }));
    return size;
  };
  Take(connections->Write(remember));
  CHECK(size_of() == 1);
  CHECK_FALSE(connections->Write([&](Database&) { return absl::UnknownError("no"); }).ok());
  CHECK(size_of() == 0);

  // The work is done, and the commit fails: a row refers to none.
  const absl::Status failed = connections->Write([&](Database& database) {
    Take(remember(database));
    return database.Execute(
        "PRAGMA defer_foreign_keys=ON; INSERT INTO dataset_counts (dataset_id, kind, key, value) VALUES (99, 1, '', "
        "1)");
  });
  CHECK_FALSE(failed.ok());
  CHECK(size_of() == 0);
}

}  // namespace
}  // namespace millrace
