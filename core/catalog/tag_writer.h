// Writes a dataset's tags, and keeps the counts by category in step.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/catalog/recent_tags.h"
#include "core/catalog/sqlite.h"
#include "core/model/post.h"
#include "core/model/stats.h"

namespace millrace {

// To be used within one write transaction. Whatever changes a tag goes through it, as it keeps `recent` true.
class TagWriter {
 public:
  // `change` takes the differences of the counts by category. All must outlive the writer.
  static absl::StatusOr<TagWriter> Create(Database& database, int64_t dataset_id, RecentTags* recent, Stats* change);

  // `before` is the tag as the table has it (absent: it has not). A tag without posts is removed.
  absl::Status Put(const std::optional<Tag>& before, const Tag& after);

  // `use_count` (at least 1) posts more carry the tag, which the table has under this name, id and category. It is not
  // read first. kInternal when the table does not have it so: then the transaction must not be committed.
  absl::Status AddUses(std::string_view name, RecentTag tag, int64_t use_count);

 private:
  struct Statements {
    Statement upsert;
    Statement recount;
    Statement add_uses;
    Statement remove;
  };

  TagWriter(Database& database, Statements statements, int64_t dataset_id, RecentTags* recent, Stats* change)
      : database_(database),
        statements_(std::move(statements)),
        dataset_id_(dataset_id),
        recent_(*recent),
        change_(*change) {}
  absl::Status Remove(int64_t tag_id);
  void Count(const Tag& tag, int64_t sign);

  Database& database_;
  Statements statements_;
  const int64_t dataset_id_;
  RecentTags& recent_;
  Stats& change_;
};

}  // namespace millrace
