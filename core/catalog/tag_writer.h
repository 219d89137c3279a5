// Writes a dataset's tags, and keeps the counts by category in step.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/catalog/sqlite.h"
#include "core/model/post.h"
#include "core/model/stats.h"

namespace millrace {

// To be used within one write transaction.
class TagWriter {
 public:
  // `change` takes the differences of the counts by category, and must outlive the writer.
  static absl::StatusOr<TagWriter> Create(Database& database, int64_t dataset_id, Stats* change);

  // `before` is the tag as the table has it (absent: it has not). A tag without posts is removed.
  absl::Status Put(const std::optional<Tag>& before, const Tag& after);

 private:
  TagWriter(Statement upsert, Statement recount, Statement remove, int64_t dataset_id, Stats* change)
      : upsert_(std::move(upsert)),
        recount_(std::move(recount)),
        remove_(std::move(remove)),
        dataset_id_(dataset_id),
        change_(change) {}
  absl::Status Remove(int64_t tag_id);
  void Count(const Tag& tag, int64_t sign);

  Statement upsert_;
  Statement recount_;
  Statement remove_;
  int64_t dataset_id_;
  Stats* change_;
};

}  // namespace millrace
