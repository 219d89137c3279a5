#include "core/catalog/tag_writer.h"

#include "core/base/error.h"

namespace millrace {

absl::StatusOr<TagWriter> TagWriter::Create(Database& database, int64_t dataset_id, Stats* change) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement upsert, database.PrepareCached(
                            "INSERT INTO tags (dataset_id, tag_id, name, category, post_count) VALUES (?1, ?2, ?3, ?4, "
                            "?5) ON CONFLICT (dataset_id, tag_id) DO UPDATE SET name = excluded.name, "
                            "category = excluded.category, post_count = excluded.post_count"));
  MILLRACE_ASSIGN_OR_RETURN(Statement remove,
                            database.PrepareCached("DELETE FROM tags WHERE dataset_id = ?1 AND tag_id = ?2"));
  // Most changes are of counts alone: then neither the name nor its index, in whose order tags are spread over the
  // whole file, is to be written again.
  MILLRACE_ASSIGN_OR_RETURN(
      Statement recount,
      database.PrepareCached("UPDATE tags SET post_count = ?3 WHERE dataset_id = ?1 AND tag_id = ?2"));
  return TagWriter(std::move(upsert), std::move(recount), std::move(remove), dataset_id, change);
}

absl::Status TagWriter::Put(const std::optional<Tag>& before, const Tag& after) {
  if (before.has_value()) Count(*before, -1);
  if (after.post_count == 0) return before.has_value() ? Remove(after.id) : absl::OkStatus();
  Count(after, 1);
  if (before.has_value() && before->name == after.name && before->category == after.category) {
    recount_.Bind(1, dataset_id_);
    recount_.Bind(2, after.id);
    recount_.Bind(3, after.post_count);
    return recount_.Run();
  }
  upsert_.Bind(1, dataset_id_);
  upsert_.Bind(2, after.id);
  upsert_.BindBorrowed(3, after.name);
  upsert_.Bind(4, static_cast<int64_t>(after.category));
  upsert_.Bind(5, after.post_count);
  return upsert_.Run();
}

absl::Status TagWriter::Remove(int64_t tag_id) {
  remove_.Bind(1, dataset_id_);
  remove_.Bind(2, tag_id);
  return remove_.Run();
}

void TagWriter::Count(const Tag& tag, int64_t sign) {
  const size_t category = static_cast<size_t>(tag.category);
  change_->category_tag_counts[category] += sign;
  change_->category_tag_use_counts[category] += sign * tag.post_count;
}

}  // namespace millrace
