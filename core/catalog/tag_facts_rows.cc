#include "core/catalog/tag_facts_rows.h"

#include <string>
#include <utility>

#include "core/base/error.h"
#include "core/catalog/tag_rows.h"
#include "core/catalog/tag_writer.h"

namespace millrace {
namespace {

// Boards give a name to one tag; a source with a name in several categories has a handful.
constexpr int64_t kSameNameMax = 64;

}  // namespace

absl::StatusOr<std::optional<TagFact>> ReadTagFact(Database& database, int64_t dataset_id, std::string_view name) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement statement,
      database.PrepareCached("SELECT tag_id, category, is_deprecated, source_post_count FROM tag_facts "
                             "WHERE dataset_id = ?1 AND name = ?2"));
  statement.Bind(1, dataset_id);
  statement.Bind(2, name);
  MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
  if (!has_row) return std::nullopt;
  TagFact fact;
  fact.id = statement.Int64(0);
  fact.name = std::string(name);
  fact.category = TagCategoryOf(statement.Int64(1));
  fact.is_deprecated = statement.Int64(2) != 0;
  fact.source_post_count = statement.OptionalInt<int64_t>(3);
  return fact;
}

absl::StatusOr<bool> HasTagFacts(Database& database, int64_t dataset_id) {
  MILLRACE_ASSIGN_OR_RETURN(Statement statement,
                            database.PrepareCached("SELECT EXISTS (SELECT 1 FROM tag_facts WHERE dataset_id = ?1)"));
  statement.Bind(1, dataset_id);
  MILLRACE_RETURN_IF_ERROR(statement.Step().status());
  return statement.Int64(0) != 0;
}

absl::StatusOr<std::vector<std::string>> ReadDeprecatedTagNames(Database& database, int64_t dataset_id) {
  MILLRACE_ASSIGN_OR_RETURN(Statement statement,
                            database.PrepareCached("SELECT name FROM tag_facts INDEXED BY tag_facts_deprecated "
                                                   "WHERE dataset_id = ?1 AND is_deprecated = 1 ORDER BY name"));
  statement.Bind(1, dataset_id);
  std::vector<std::string> names;
  while (true) {
    MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
    if (!has_row) return names;
    names.emplace_back(statement.Text(0));
  }
}

absl::Status WriteTagFacts(Database& database, int64_t dataset_id, absl::Span<const TagFact* const> facts,
                           bool tells_deprecation) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement upsert,
      database.PrepareCached(
          "INSERT INTO tag_facts (dataset_id, name, tag_id, category, is_deprecated, source_post_count) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (dataset_id, name) DO UPDATE SET "
          "tag_id = iif(excluded.tag_id = 0, tag_id, excluded.tag_id), "
          "category = iif(excluded.category = 0, category, excluded.category), "
          "is_deprecated = iif(?7, excluded.is_deprecated, is_deprecated), "
          "source_post_count = coalesce(excluded.source_post_count, source_post_count)"));
  upsert.Bind(1, dataset_id);
  upsert.Bind(7, static_cast<int64_t>(tells_deprecation));
  for (const TagFact* fact : facts) {
    upsert.BindBorrowed(2, fact->name);
    upsert.Bind(3, fact->id);
    upsert.Bind(4, static_cast<int64_t>(fact->category));
    upsert.Bind(5, static_cast<int64_t>(fact->is_deprecated));
    upsert.Bind(6, fact->source_post_count);
    MILLRACE_RETURN_IF_ERROR(upsert.Run());
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> ApplyTagFacts(Database& database, int64_t dataset_id, absl::Span<const TagFact* const> facts,
                                      RecentTags* recent, Stats* change) {
  MILLRACE_ASSIGN_OR_RETURN(TagWriter writer, TagWriter::Create(database, dataset_id, recent, change));
  MILLRACE_ASSIGN_OR_RETURN(const bool has_tags, HasTags(database, dataset_id));
  if (!has_tags) return 0;
  int64_t changed_count = 0;
  for (const TagFact* fact : facts) {
    MILLRACE_ASSIGN_OR_RETURN(std::vector<Tag> tags, ReadTagsByName(database, dataset_id, fact->name, kSameNameMax));
    if (tags.empty() && fact->id != 0) {
      MILLRACE_ASSIGN_OR_RETURN(std::optional<Tag> renamed, ReadTag(database, dataset_id, fact->id));
      if (renamed.has_value()) tags.push_back(*std::move(renamed));
    }
    // A source that has a name in several categories means them: its tags keep theirs.
    if (tags.size() != 1) continue;
    Tag after = tags[0];
    after.name = fact->name;
    if (fact->category != TagCategory::kUnspecified) after.category = fact->category;
    if (after.name == tags[0].name && after.category == tags[0].category) continue;
    MILLRACE_RETURN_IF_ERROR(writer.Put(tags[0], after));
    ++changed_count;
  }
  return changed_count;
}

}  // namespace millrace
