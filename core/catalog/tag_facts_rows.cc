#include "core/catalog/tag_facts_rows.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/base/error.h"
#include "core/catalog/listed_bytes.h"
#include "core/catalog/tag_rows.h"
#include "core/catalog/tag_writer.h"
#include "core/catalog/told_facts.h"

namespace millrace {
namespace {

// Boards give a name to one tag; a source with a name in several categories has a handful.
constexpr int64_t kSameNameMax = 64;

// From `first` on the row has tag_id, category, is_deprecated, source_post_count, extra_json.
TagFact FactOf(std::string_view name, Statement& statement, int first) {
  TagFact fact;
  fact.id = statement.Int64(first);
  fact.name = std::string(name);
  fact.category = TagCategoryOf(statement.Int64(first + 1));
  fact.is_deprecated = statement.Int64(first + 2) != 0;
  fact.source_post_count = statement.OptionalInt<int64_t>(first + 3);
  fact.extra_json = std::string(statement.Text(first + 4));
  return fact;
}

}  // namespace

absl::StatusOr<std::optional<TagFact>> ReadTagFact(Database& database, int64_t dataset_id, std::string_view name) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement statement,
      database.PrepareCached("SELECT tag_id, category, is_deprecated, source_post_count, extra_json FROM tag_facts "
                             "WHERE dataset_id = ?1 AND name = ?2"));
  statement.Bind(1, dataset_id);
  statement.Bind(2, name);
  MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
  if (!has_row) return std::nullopt;
  return FactOf(name, statement, 0);
}

absl::StatusOr<std::vector<TagFact>> ReadTagFacts(Database& database, int64_t dataset_id, std::string_view prefix,
                                                  std::string_view after, int64_t limit) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement statement,
      database.PrepareCached("SELECT name, tag_id, category, is_deprecated, source_post_count, extra_json "
                             "FROM tag_facts WHERE dataset_id = ?1 AND name >= ?2 ORDER BY name"));
  statement.Bind(1, dataset_id);
  statement.Bind(2, std::max(prefix, after));
  std::vector<TagFact> facts;
  size_t size_bytes = 0;
  while (static_cast<int64_t>(facts.size()) < limit && size_bytes < kListedBytesMax) {
    MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
    if (!has_row) break;
    const std::string name(statement.Text(0));
    if (name.compare(0, prefix.size(), prefix) != 0) break;
    if (name == after) continue;
    facts.push_back(FactOf(name, statement, 1));
    size_bytes += ListedBytes(facts.back());
  }
  return facts;
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
                           ListedCounts* counts) {
  MILLRACE_ASSIGN_OR_RETURN(const bool has_facts, HasTagFacts(database, dataset_id));
  MILLRACE_ASSIGN_OR_RETURN(Statement upsert,
                            database.PrepareCached("INSERT OR REPLACE INTO tag_facts (dataset_id, name, tag_id, "
                                                   "category, is_deprecated, source_post_count, extra_json) "
                                                   "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"));
  upsert.Bind(1, dataset_id);
  for (const TagFact* fact : facts) {
    std::optional<TagFact> before;
    TagFact merged;
    const TagFact* after = fact;
    if (has_facts) {
      MILLRACE_ASSIGN_OR_RETURN(before, ReadTagFact(database, dataset_id, fact->name));
    }
    if (before.has_value()) {
      merged = ToldOver(*before, *fact);
      after = &merged;
      if (merged == *before) {
        counts->Add(ListedChange::kUnchanged);
        continue;
      }
    }
    upsert.BindBorrowed(2, after->name);
    upsert.Bind(3, after->id);
    upsert.Bind(4, static_cast<int64_t>(after->category));
    upsert.Bind(5, static_cast<int64_t>(after->is_deprecated.value_or(false)));
    upsert.Bind(6, after->source_post_count);
    upsert.BindBorrowed(7, after->extra_json);
    MILLRACE_RETURN_IF_ERROR(upsert.Run());
    counts->Add(before.has_value() ? ListedChange::kUpdated : ListedChange::kNew);
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
