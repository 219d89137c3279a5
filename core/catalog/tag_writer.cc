#include "core/catalog/tag_writer.h"

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace millrace {

absl::StatusOr<TagWriter> TagWriter::Create(Database& database, int64_t dataset_id, RecentTags* recent, Stats* change) {
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
  // The row is at hand when its count is written: to compare the rest costs next to nothing, and a memory that should
  // once be wrong does not come to write wrong counts.
  MILLRACE_ASSIGN_OR_RETURN(
      Statement add_uses,
      database.PrepareCached("UPDATE tags SET post_count = post_count + ?3 WHERE dataset_id = ?1 AND tag_id = ?2 "
                             "AND name = ?4 AND category = ?5"));
  for (Statement* const statement : {&upsert, &remove, &recount, &add_uses}) statement->Bind(1, dataset_id);
  return TagWriter(database, {std::move(upsert), std::move(recount), std::move(add_uses), std::move(remove)},
                   dataset_id, recent, change);
}

absl::Status TagWriter::Put(const std::optional<Tag>& before, const Tag& after) {
  if (before.has_value()) Count(*before, -1);
  if (after.post_count != 0) Count(after, 1);
  const bool is_count_alone =
      before.has_value() && after.post_count != 0 && before->name == after.name && before->category == after.category;
  if (is_count_alone) {
    Statement& recount = statements_.recount;
    recount.Bind(2, after.id);
    recount.Bind(3, after.post_count);
    return recount.Run();
  }
  // Also the name of a tag that comes to be: another one may have had it alone until now.
  if (before.has_value()) recent_.Forget(dataset_id_, before->name);
  recent_.Forget(dataset_id_, after.name);
  if (after.post_count == 0) return before.has_value() ? Remove(after.id) : absl::OkStatus();
  Statement& upsert = statements_.upsert;
  upsert.Bind(2, after.id);
  upsert.BindBorrowed(3, after.name);
  upsert.Bind(4, static_cast<int64_t>(after.category));
  upsert.Bind(5, after.post_count);
  return upsert.Run();
}

absl::Status TagWriter::AddUses(std::string_view name, RecentTag tag, int64_t use_count) {
  Statement& add_uses = statements_.add_uses;
  add_uses.Bind(2, tag.id);
  add_uses.Bind(3, use_count);
  add_uses.BindBorrowed(4, name);
  add_uses.Bind(5, static_cast<int64_t>(tag.category));
  MILLRACE_RETURN_IF_ERROR(add_uses.Run());
  if (database_.changed_row_count() != 1) {
    return MakeError(Reason::kInternal,
                     absl::StrCat("tag ", tag.id, " (", std::string(name),
                                  ") is not in the catalog as it was when it "
                                  "was last used; what was to be written is not, and can be tried again"));
  }
  change_.category_tag_use_counts[static_cast<size_t>(tag.category)] += use_count;
  return absl::OkStatus();
}

absl::Status TagWriter::Remove(int64_t tag_id) {
  statements_.remove.Bind(2, tag_id);
  return statements_.remove.Run();
}

void TagWriter::Count(const Tag& tag, int64_t sign) {
  const size_t category = static_cast<size_t>(tag.category);
  change_.category_tag_counts[category] += sign;
  change_.category_tag_use_counts[category] += sign * tag.post_count;
}

}  // namespace millrace
