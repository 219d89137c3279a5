// What the tests of snapshots share: a temporary folder, made up posts, and writing them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/base/error.h"
#include "core/model/post.h"
#include "core/snapshot/snapshot.h"
#include "core/snapshot/writer.h"

namespace millrace::testing {

// A folder of its own, removed with everything in it.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  const std::string& path() const { return path_; }
  size_t entry_count() const;

 private:
  std::string path_;
};

struct Content {
  std::vector<Tag> tags;  // ascending by id, post_count as the posts have it
  std::vector<Post> posts;
  DatasetFacts facts = {};
};

// A post with every field set, by hand.
Post FullPost(int64_t id, std::vector<int64_t> tag_ids);

// Posts with any field present or absent, ids and tags with gaps, repeated md5 sums, tags that share names.
Content RandomContent(uint32_t seed, int post_count, int tag_count);

// The status of the first step that fails, or what Finish gives.
absl::StatusOr<WrittenSnapshot> Write(const std::string& folder, const Content& content);
// As Write, and opens what was written; fails the test when that does not work.
std::unique_ptr<Snapshot> WriteAndOpen(const std::string& folder, const Content& content);

// A post of the snapshot with its tags: the inverse of SnapshotWriter::Add.
absl::StatusOr<Post> ReadPost(const Snapshot& snapshot, int64_t row);

// Reads rows [first_row, first_row + row_count) and all tags by whole columns, and counts what differs from `content`.
// The first error that a column gives.
absl::Status ReadSlices(const Snapshot& snapshot, const Content& content, int64_t first_row, int64_t row_count,
                        int* wrong_count);

std::string ReadFile(const std::string& path);
void WriteFile(const std::string& path, const std::string& bytes);

}  // namespace millrace::testing
