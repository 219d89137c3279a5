#include "core/catalog/alias_rewriter.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/catalog/post_codec.h"
#include "core/catalog/relation_rows.h"
#include "core/catalog/staging_batch.h"

namespace millrace {
namespace {

// Rows looked at in one read transaction, while which the log cannot be emptied, and rewritten in one write; of the
// latter, no more than one beyond as many bytes as are staged at a time.
constexpr int64_t kScannedRowCountMax = 50'000;
constexpr size_t kRewrittenRowCountMax = 2'000;
constexpr size_t kRewrittenBytesMax = static_cast<size_t>(StagingBatch::kBytesMax);

struct StagedRow {
  int64_t row = 0;
  std::vector<int64_t> tag_ids;
  std::string extra_json;
};

absl::StatusOr<int64_t> ReadFirstRow(Database& reader, int64_t import_id) {
  MILLRACE_ASSIGN_OR_RETURN(Statement statement, reader.PrepareCached("SELECT first_row FROM imports WHERE id = ?1"));
  statement.Bind(1, import_id);
  MILLRACE_RETURN_IF_ERROR(statement.Step().status());
  return statement.Int64(0);
}

// The next rows from `*next_row` on that have a tag which gives way. `*is_last`: there are no more.
absl::StatusOr<std::vector<StagedRow>> ReadSome(Database& reader, int64_t import_id,
                                                const TagReplacements& replacements, int64_t* next_row, bool* is_last) {
  MILLRACE_ASSIGN_OR_RETURN(const Transaction transaction, Transaction::BeginRead(reader));
  MILLRACE_ASSIGN_OR_RETURN(
      Statement scan, reader.PrepareCached("SELECT row, tag_ids, import_id FROM posts WHERE row >= ?1 ORDER BY row"));
  // Apart: to read what stands behind the tags costs several times as much, and most rows are passed over.
  MILLRACE_ASSIGN_OR_RETURN(Statement read, reader.PrepareCached("SELECT extra_json FROM posts WHERE row = ?1"));
  scan.Bind(1, *next_row);
  std::vector<StagedRow> rows;
  size_t size_bytes = 0;
  std::vector<int64_t> tag_ids;
  for (int64_t scanned = 0; scanned < kScannedRowCountMax; ++scanned) {
    if (rows.size() >= kRewrittenRowCountMax || size_bytes >= kRewrittenBytesMax) break;
    MILLRACE_ASSIGN_OR_RETURN(const bool has_row, scan.Step());
    if (!has_row) {
      *is_last = true;
      break;
    }
    const int64_t row = scan.Int64(0);
    *next_row = row + 1;
    // Another import's, which runs at the same time, counts as one that was looked at.
    if (scan.Int64(2) != import_id) continue;
    if (!DecodeAscendingIds(scan.Blob(1), &tag_ids)) {
      return MakeError(Reason::kCatalogDamaged, absl::StrCat("the tags in row ", row,
                                                             " of the catalog, which the import "
                                                             "has just written, cannot be read. Check the disk."));
    }
    if (std::none_of(tag_ids.begin(), tag_ids.end(), [&](int64_t id) { return replacements.contains(id); })) continue;
    read.Bind(1, row);
    MILLRACE_RETURN_IF_ERROR(read.Step().status());
    rows.push_back({row, tag_ids, std::string(read.Text(0))});
    size_bytes += rows.back().extra_json.size();
    read.Reset();
  }
  return rows;
}

// Replaces the tags of the row; `said` becomes the names that gave way.
void ReplaceTags(const TagReplacements& replacements, StagedRow* row, std::vector<std::string_view>* said) {
  said->clear();
  for (int64_t& tag_id : row->tag_ids) {
    const auto replacement = replacements.find(tag_id);
    if (replacement == replacements.end()) continue;
    said->push_back(replacement->second.said);
    tag_id = replacement->second.id;
  }
  std::sort(row->tag_ids.begin(), row->tag_ids.end());
  row->tag_ids.erase(std::unique(row->tag_ids.begin(), row->tag_ids.end()), row->tag_ids.end());
  std::sort(said->begin(), said->end());
  said->erase(std::unique(said->begin(), said->end()), said->end());
}

absl::Status WriteRows(Database& database, const std::vector<StagedRow>& rows) {
  MILLRACE_ASSIGN_OR_RETURN(Statement update,
                            database.PrepareCached("UPDATE posts SET tag_ids = ?2, extra_json = ?3 WHERE row = ?1"));
  std::string packed;
  for (const StagedRow& row : rows) {
    packed.clear();
    EncodeAscendingIds(row.tag_ids, &packed);
    update.Bind(1, row.row);
    update.Bind(2, absl::MakeConstSpan(reinterpret_cast<const uint8_t*>(packed.data()), packed.size()));
    update.BindBorrowed(3, row.extra_json);
    MILLRACE_RETURN_IF_ERROR(update.Run());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<absl::flat_hash_map<std::string, std::string>> ReadAliasesToBe(
    Database& reader, int64_t dataset_id, const StagedFacts& facts, absl::Span<const TagRelation> superseded) {
  MILLRACE_ASSIGN_OR_RETURN(const Transaction transaction, Transaction::BeginRead(reader));
  absl::flat_hash_map<std::string, std::string> aliases;
  MILLRACE_ASSIGN_OR_RETURN(std::vector<TagRelation> known,
                            ReadActiveRelations(reader, dataset_id, TagRelationKind::kAlias));
  const auto is_retold = [&](const TagRelation& alias) {
    return facts.relations().contains({alias.kind, alias.antecedent, alias.consequent});
  };
  for (TagRelation& alias : known) {
    if (!is_retold(alias)) aliases[alias.antecedent] = std::move(alias.consequent);
  }
  for (const TagRelation& relation : superseded) {
    if (relation.kind == TagRelationKind::kAlias) aliases.erase(relation.antecedent);
  }
  for (const auto& [key, staged] : facts.relations()) {
    const TagRelation& relation = staged.relation;
    if (relation.kind == TagRelationKind::kAlias && IsActive(relation)) {
      aliases[relation.antecedent] = relation.consequent;
    }
  }
  return aliases;
}

absl::Status ReplaceStagedTags(Connections& connections, Database& reader, int64_t import_id,
                               const TagReplacements& replacements, const AliasOptions& options,
                               const OnTagsReplaced& on_replaced) {
  MILLRACE_ASSIGN_OR_RETURN(int64_t next_row, ReadFirstRow(reader, import_id));
  std::vector<int64_t> before;
  std::vector<std::string_view> said;
  for (bool is_last = false; !is_last;) {
    MILLRACE_RETURN_IF_ERROR(options.check_cancelled());
    MILLRACE_ASSIGN_OR_RETURN(std::vector<StagedRow> rows,
                              ReadSome(reader, import_id, replacements, &next_row, &is_last));
    if (rows.empty()) continue;
    for (StagedRow& row : rows) {
      before = row.tag_ids;
      ReplaceTags(replacements, &row, &said);
      MILLRACE_ASSIGN_OR_RETURN(row.extra_json, options.keep_said(row.extra_json, said));
      on_replaced(before, row.tag_ids);
    }
    MILLRACE_RETURN_IF_ERROR(connections.CheckDiskHeadroom());
    MILLRACE_RETURN_IF_ERROR(connections.Write([&](Database& database) { return WriteRows(database, rows); }));
  }
  return absl::OkStatus();
}

}  // namespace millrace
