// One page of a refresh, written within one transaction.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/catalog/dataset_rows.h"
#include "core/catalog/live_imports.h"
#include "core/catalog/md5_index.h"
#include "core/catalog/page_tags.h"
#include "core/catalog/post_rows.h"
#include "core/catalog/recent_tags.h"
#include "core/catalog/source.h"
#include "core/catalog/sqlite.h"
#include "core/catalog/staging_batch.h"
#include "core/catalog/tag_changes.h"
#include "core/model/stats.h"

namespace millrace {

// Unlike an import, which needs a generation of its own because it is staged in many transactions, a page is small
// enough for one: its posts join the newest generation, rows that differ are replaced where they are, and there is
// nothing to sweep. Used once.
class PageWriter {
 public:
  // All borrowed.
  PageWriter(Database* database, RecentTags* recent_tags, const LiveImports* live_imports, const PageWrite& page,
             int64_t now_us)
      : database_(*database), recent_tags_(*recent_tags), live_imports_(*live_imports), page_(page), now_us_(now_us) {}

  // Within a write transaction, which the caller rolls back on any error. kSourceNotFound, kImportRunning.
  absl::StatusOr<RefreshCounts> Write();
  // Behind kImportRunning: the dataset whose leftovers are in the way; absent: an import runs.
  std::optional<int64_t> unswept_dataset_id() const { return unswept_dataset_id_; }

 private:
  absl::Status OpenDataset(const SourceRecord& source);
  // The post as the dataset has it; absent: it is new.
  absl::StatusOr<std::optional<Post>> ReadBefore(int64_t post_id);
  absl::Status Put(const PagePost& page_post);
  absl::Status MarkMissing();
  // `before` is what `post` replaces; null: it is new.
  absl::Status Replace(const Post& post, int64_t line, const Post* before);
  void Count(const Post& post, int64_t sign);
  absl::Status Flush();
  absl::Status WriteMd5s();
  absl::Status CommitPosts();
  // Of the import that shows a dataset that the page makes.
  absl::Status CommitFirst();

  Database& database_;
  RecentTags& recent_tags_;
  const LiveImports& live_imports_;
  const PageWrite& page_;
  const int64_t now_us_;

  std::optional<int64_t> unswept_dataset_id_;
  int64_t dataset_id_ = 0;
  std::optional<int64_t> min_post_id_, max_post_id_;  // of the dataset before the page: no post lies outside
  bool is_first_ = false;                             // nothing was committed to the dataset before
  std::optional<PageTags> tags_;                      // once the dataset is known
  int64_t generation_ = 0;                            // of the posts that are written
  absl::flat_hash_set<int64_t> seen_ids_;
  StagingBatch batch_;
  std::vector<Md5Entry> stale_md5s_;  // of posts that are replaced
  TagChanges tag_changes_;
  Stats change_;  // of the dataset's figures
  RefreshCounts counts_;
};

}  // namespace millrace
