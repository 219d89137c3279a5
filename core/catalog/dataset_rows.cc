#include "core/catalog/dataset_rows.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/text.h"

namespace millrace {
namespace {

// Stored in files: values never change.
enum class StatKind : int64_t { kRatingPosts = 1, kFileTypePosts = 2, kCategoryTags = 3, kCategoryTagUses = 4 };

constexpr char kDatasetColumns[] =
    "SELECT id, name, committed_import_id, created_at_us, post_count, tag_use_count, min_post_id, max_post_id "
    "FROM datasets ";

DatasetRow RowOf(Statement& statement) {
  DatasetRow row;
  row.id = statement.Int64(0);
  row.name = std::string(statement.Text(1));
  row.committed_import_id = statement.OptionalInt<int64_t>(2);
  row.created_at_us = statement.Int64(3);
  row.post_count = statement.Int64(4);
  row.tag_use_count = statement.Int64(5);
  row.min_post_id = statement.OptionalInt<int64_t>(6);
  row.max_post_id = statement.OptionalInt<int64_t>(7);
  return row;
}

template <size_t N>
absl::Status AddCount(std::array<int64_t, N>* counts, std::string_view key, int64_t value) {
  size_t index;
  if (!absl::SimpleAtoi(absl::string_view(key.data(), key.size()), &index) || index >= N) {
    return MakeError(Reason::kCatalogDamaged,
                     absl::StrCat("the catalog counts under the unknown key ", QuoteForMessage(key)));
  }
  (*counts)[index] += value;
  return absl::OkStatus();
}

absl::Status AddStat(StatKind kind, std::string_view key, int64_t value, Stats* stats) {
  switch (kind) {
    case StatKind::kRatingPosts:
      return AddCount(&stats->rating_post_counts, key, value);
    case StatKind::kFileTypePosts:
      stats->file_type_post_counts[std::string(key)] = value;
      return absl::OkStatus();
    case StatKind::kCategoryTags:
      stats->tag_count += value;
      return AddCount(&stats->category_tag_counts, key, value);
    case StatKind::kCategoryTagUses:
      return AddCount(&stats->category_tag_use_counts, key, value);
  }
  return MakeError(Reason::kCatalogDamaged,
                   absl::StrCat("the catalog has counts of the unknown kind ", static_cast<int64_t>(kind)));
}

class CountAdder {
 public:
  CountAdder(Statement statement, int64_t dataset_id) : statement_(std::move(statement)), dataset_id_(dataset_id) {}

  absl::Status Add(StatKind kind, std::string_view key, int64_t value) {
    if (value == 0) return absl::OkStatus();
    statement_.Bind(1, dataset_id_);
    statement_.Bind(2, static_cast<int64_t>(kind));
    statement_.Bind(3, key);
    statement_.Bind(4, value);
    return statement_.Run();
  }
  template <size_t N>
  absl::Status AddAll(StatKind kind, const std::array<int64_t, N>& counts) {
    for (size_t i = 0; i < N; ++i) MILLRACE_RETURN_IF_ERROR(Add(kind, absl::StrCat(i), counts[i]));
    return absl::OkStatus();
  }

 private:
  Statement statement_;
  const int64_t dataset_id_;
};

absl::Status AddCounts(Database& database, int64_t dataset_id, const Stats& change) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement upsert,
      database.PrepareCached("INSERT INTO dataset_counts (dataset_id, kind, key, value) VALUES (?1, ?2, ?3, ?4) "
                             "ON CONFLICT DO UPDATE SET value = value + excluded.value"));
  CountAdder adder(std::move(upsert), dataset_id);
  MILLRACE_RETURN_IF_ERROR(adder.AddAll(StatKind::kRatingPosts, change.rating_post_counts));
  MILLRACE_RETURN_IF_ERROR(adder.AddAll(StatKind::kCategoryTags, change.category_tag_counts));
  MILLRACE_RETURN_IF_ERROR(adder.AddAll(StatKind::kCategoryTagUses, change.category_tag_use_counts));
  for (const auto& [file_ext, count] : change.file_type_post_counts) {
    MILLRACE_RETURN_IF_ERROR(adder.Add(StatKind::kFileTypePosts, file_ext, count));
  }
  MILLRACE_ASSIGN_OR_RETURN(Statement clean,
                            database.PrepareCached("DELETE FROM dataset_counts WHERE dataset_id = ?1 AND value = 0"));
  clean.Bind(1, dataset_id);
  return clean.Run();
}

}  // namespace

absl::Status DatasetNotFoundError(std::string_view dataset) {
  return MakeError(
      Reason::kDatasetNotFound,
      absl::StrCat("there is no dataset ", QuoteForMessage(dataset), ". ListDatasets names those there are."),
      {{"dataset", std::string(dataset)}});
}

absl::StatusOr<std::optional<DatasetRow>> ReadDataset(Database& database, std::string_view name) {
  MILLRACE_ASSIGN_OR_RETURN(Statement statement,
                            database.PrepareCached(absl::StrCat(kDatasetColumns, "WHERE name = ?1")));
  statement.Bind(1, name);
  MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
  if (!has_row) return std::nullopt;
  return RowOf(statement);
}

absl::StatusOr<DatasetRow> FindDataset(Database& database, std::string_view name) {
  MILLRACE_ASSIGN_OR_RETURN(std::optional<DatasetRow> row, ReadDataset(database, name));
  if (!row.has_value() || !row->committed_import_id.has_value()) return DatasetNotFoundError(name);
  return *std::move(row);
}

absl::StatusOr<DatasetRow> FindOrAddDataset(Database& database, std::string_view name) {
  MILLRACE_ASSIGN_OR_RETURN(std::optional<DatasetRow> row, ReadDataset(database, name));
  if (row.has_value()) return *std::move(row);
  MILLRACE_ASSIGN_OR_RETURN(Statement insert, database.PrepareCached("INSERT INTO datasets (name) VALUES (?1)"));
  insert.Bind(1, name);
  MILLRACE_RETURN_IF_ERROR(insert.Run());
  DatasetRow added;
  added.id = database.last_insert_row();
  added.name = std::string(name);
  return added;
}

absl::StatusOr<DatasetInfo> ReadDatasetInfo(Database& database, const DatasetRow& row) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement statement,
      database.PrepareCached(
          "SELECT digest FROM dataset_snapshots WHERE dataset_id = ?1 ORDER BY sequence DESC LIMIT 1"));
  statement.Bind(1, row.id);
  MILLRACE_ASSIGN_OR_RETURN(const bool has_snapshot, statement.Step());
  return DatasetInfo{row.name, row.post_count, has_snapshot ? std::string(statement.Text(0)) : std::string(),
                     row.created_at_us};
}

absl::StatusOr<std::vector<DatasetInfo>> ReadDatasetInfos(Database& database, std::string_view after, int64_t limit) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement statement,
      database.PrepareCached(
          absl::StrCat(kDatasetColumns, "WHERE name > ?1 AND committed_import_id IS NOT NULL ORDER BY name LIMIT ?2")));
  statement.Bind(1, after);
  statement.Bind(2, limit);
  std::vector<DatasetInfo> infos;
  while (true) {
    MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
    if (!has_row) return infos;
    MILLRACE_ASSIGN_OR_RETURN(DatasetInfo info, ReadDatasetInfo(database, RowOf(statement)));
    infos.push_back(std::move(info));
  }
}

absl::StatusOr<Stats> ReadStats(Database& database, const DatasetRow& row) {
  Stats stats;
  stats.post_count = row.post_count;
  stats.tag_use_count = row.tag_use_count;
  stats.min_post_id = row.min_post_id;
  stats.max_post_id = row.max_post_id;
  MILLRACE_ASSIGN_OR_RETURN(
      Statement statement, database.PrepareCached("SELECT kind, key, value FROM dataset_counts WHERE dataset_id = ?1"));
  statement.Bind(1, row.id);
  while (true) {
    MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
    if (!has_row) return stats;
    MILLRACE_RETURN_IF_ERROR(
        AddStat(static_cast<StatKind>(statement.Int64(0)), statement.Text(1), statement.Int64(2), &stats));
  }
}

absl::Status CommitDataset(Database& database, int64_t dataset_id, int64_t import_id, int64_t now_us,
                           const Stats& change) {
  MILLRACE_RETURN_IF_ERROR(AddCounts(database, dataset_id, change));
  MILLRACE_ASSIGN_OR_RETURN(
      Statement update,
      database.PrepareCached(
          "UPDATE datasets SET committed_import_id = ?2, created_at_us = coalesce(created_at_us, ?3), "
          "post_count = post_count + ?4, tag_use_count = tag_use_count + ?5, "
          "min_post_id = min(coalesce(min_post_id, ?6), coalesce(?6, min_post_id)), "
          "max_post_id = max(coalesce(max_post_id, ?7), coalesce(?7, max_post_id)) WHERE id = ?1"));
  update.Bind(1, dataset_id);
  update.Bind(2, import_id);
  update.Bind(3, now_us);
  update.Bind(4, change.post_count);
  update.Bind(5, change.tag_use_count);
  update.Bind(6, change.min_post_id);
  update.Bind(7, change.max_post_id);
  return update.Run();
}

}  // namespace millrace
