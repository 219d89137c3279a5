// What the catalog's tests share: a catalog in a temporary folder, and short ways to import into it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "tests/support/catch.h"

namespace millrace {

// A folder that is gone when the test is over.
class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "millrace-catalog-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  std::string File(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// The value, or a failed test that shows the error.
template <typename T>
T Take(absl::StatusOr<T> value) {
  INFO(value.status().ToString());
  REQUIRE(value.ok());
  return *std::move(value);
}

inline void Take(const absl::Status& status) {
  INFO(status.ToString());
  REQUIRE(status.ok());
}

inline Md5 Md5Of(uint8_t seed) {
  Md5 md5;
  md5.fill(seed);
  return md5;
}

inline Post PostOf(int64_t id, std::vector<int64_t> tag_ids) {
  Post post;
  post.id = id;
  post.tag_ids = std::move(tag_ids);
  return post;
}

inline constexpr char kDataset[] = "board";

// Takes back what version 9 of the schema added.
inline constexpr char kBackToVersion8[] = "ALTER TABLE imports DROP COLUMN listed_counts; PRAGMA user_version=8";

// Takes back what versions 8 and 9 of the schema added.
inline constexpr char kBackToVersion7[] =
    "ALTER TABLE imports DROP COLUMN listed_counts; ALTER TABLE tag_facts DROP COLUMN extra_json; PRAGMA "
    "user_version=7";

// Takes back what versions 7 to 9 of the schema added.
inline constexpr char kBackToVersion6[] =
    "ALTER TABLE imports DROP COLUMN listed_counts; ALTER TABLE tag_facts DROP COLUMN extra_json; DROP INDEX "
    "asked_tags_failed; ALTER TABLE asked_tags DROP COLUMN "
    "failed_count; "
    "ALTER TABLE asked_tags RENAME COLUMN ask_again_at_us TO asked_at_us; "
    "ALTER TABLE sources DROP COLUMN follow_changes; ALTER TABLE sources DROP COLUMN change_position; "
    "ALTER TABLE sources DROP COLUMN change_target; ALTER TABLE sources DROP COLUMN change_offset; "
    "ALTER TABLE sources DROP COLUMN change_last; ALTER TABLE sources DROP COLUMN changes_retry_at_us; "
    "ALTER TABLE sources DROP COLUMN tag_list_asked_at_us; ALTER TABLE sources DROP COLUMN tags_changed_at_us; "
    "ALTER TABLE refresh_runs DROP COLUMN lookup_request_count; ALTER TABLE refresh_runs DROP COLUMN told_tag_count; "
    "ALTER TABLE refresh_runs DROP COLUMN warning; PRAGMA user_version=6";

// Takes back what versions 4 to 9 of the schema added.
inline constexpr char kBackToVersion3[] =
    "ALTER TABLE imports DROP COLUMN listed_counts; DROP INDEX tags_without_category; DROP TABLE asked_tags; DROP "
    "TABLE failed_pages; DROP TABLE refresh_runs; DROP "
    "TABLE sources; "
    "ALTER TABLE posts DROP COLUMN favorite_count; ALTER TABLE posts DROP COLUMN duration_us; DROP TABLE tag_facts; "
    "DROP TABLE tag_relations; DROP TABLE pools; DROP TABLE pool_posts; DROP TABLE artists; PRAGMA user_version=3";

class CatalogFixture {
 public:
  CatalogFixture() { Reopen(); }

  // Closes the catalog and opens it again. Time goes on by a second with each look at the clock.
  void Reopen() {
    catalog.reset();
    catalog = Take(OpenAt(folder.File("catalog.sqlite3")));
  }
  absl::StatusOr<std::unique_ptr<Catalog>> OpenAt(const std::string& path) {
    CatalogOptions options;
    options.path = path;
    options.now_us = [this] { return now_us += 1'000'000; };
    return Catalog::Open(options);
  }

  std::unique_ptr<ImportSession> Begin(const std::string& request_id, const std::string& dataset = kDataset) {
    BegunImport begun = Take(catalog->BeginImport({dataset, request_id, 1}));
    REQUIRE(std::holds_alternative<std::unique_ptr<ImportSession>>(begun));
    return std::get<std::unique_ptr<ImportSession>>(std::move(begun));
  }

  // Stages the post; its tags are called "tag<ID>", of the category general, unless `names` says otherwise.
  absl::StatusOr<Staged> Stage(ImportSession& session, const Post& post, const std::map<int64_t, Tag>& named = {}) {
    std::vector<std::string> names;
    names.reserve(post.tag_ids.size());
    std::vector<ImportedTag> tags;
    for (const int64_t tag_id : post.tag_ids) {
      const auto tag = named.find(tag_id);
      names.push_back(tag != named.end() ? tag->second.name : "tag" + std::to_string(tag_id));
      tags.push_back({tag_id, names.back(), tag != named.end() ? tag->second.category : TagCategory::kGeneral});
    }
    return session.Stage(post, tags, {0, ++line});
  }

  ImportOutcome Import(const std::vector<Post>& posts, const std::map<int64_t, Tag>& named = {},
                       const std::string& dataset = kDataset) {
    auto session = Begin("request-" + std::to_string(++request_count), dataset);
    for (const Post& post : posts) Take(Stage(*session, post, named));
    return Take(session->Commit({}));
  }

  std::vector<Post> AllPosts(const std::string& dataset = kDataset) {
    std::vector<Post> posts;
    Catalog::Scan scan;
    scan.tags = [](std::vector<Tag>, int64_t) { return absl::OkStatus(); };
    scan.post = [&](const Post& post) {
      posts.push_back(post);
      return absl::OkStatus();
    };
    Take(catalog->ScanDataset(dataset, scan));
    return posts;
  }

  TempFolder folder;
  int64_t now_us = 1'700'000'000'000'000;
  int64_t line = 0;
  int request_count = 0;
  std::unique_ptr<Catalog> catalog;
};

}  // namespace millrace
