#include "core/catalog/md5_index.h"

#include <algorithm>
#include <vector>

#include "core/base/error.h"

namespace millrace {
namespace {

constexpr size_t kEntriesPerTransaction = 50'000;

absl::Status WriteChunk(Database& database, int64_t dataset_id, int64_t import_id, absl::Span<const Md5Entry> entries) {
  // Tells whoever sweeps after a failure that there may be entries to remove.
  MILLRACE_ASSIGN_OR_RETURN(Statement mark,
                            database.PrepareCached("UPDATE imports SET has_md5s = 1 WHERE id = ?1 AND has_md5s = 0"));
  mark.Bind(1, import_id);
  MILLRACE_RETURN_IF_ERROR(mark.Run());
  MILLRACE_ASSIGN_OR_RETURN(
      Statement insert,
      database.PrepareCached("INSERT OR IGNORE INTO post_md5s (dataset_id, md5, post_id) VALUES (?1, ?2, ?3)"));
  insert.Bind(1, dataset_id);
  for (const Md5Entry& entry : entries) {
    insert.BindBorrowed(2, absl::MakeConstSpan(entry.md5));
    insert.Bind(3, entry.post_id);
    MILLRACE_RETURN_IF_ERROR(insert.Run());
  }
  return absl::OkStatus();
}

// Appends up to kEntriesPerTransaction entries; fewer only at the end.
absl::Status ReadChunk(Statement& sorted, std::vector<Md5Entry>* entries) {
  entries->clear();
  while (entries->size() < kEntriesPerTransaction) {
    MILLRACE_ASSIGN_OR_RETURN(const bool has_row, sorted.Step());
    if (!has_row) return absl::OkStatus();
    const absl::Span<const uint8_t> md5 = sorted.Blob(0);
    Md5Entry& entry = entries->emplace_back();
    if (md5.size() != entry.md5.size()) return MakeError(Reason::kInternal, "an md5 of the wrong size was collected");
    std::copy(md5.begin(), md5.end(), entry.md5.begin());
    entry.post_id = sorted.Int64(1);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Md5Collector> Md5Collector::Create(Database& database) {
  MILLRACE_RETURN_IF_ERROR(database.Execute("CREATE TEMP TABLE collected_md5s (md5 BLOB, post_id INTEGER)"));
  return Md5Collector(&database);
}

absl::Status Md5Collector::Add(absl::Span<const Md5Entry> entries) {
  MILLRACE_ASSIGN_OR_RETURN(Transaction transaction, Transaction::BeginRead(*database_));
  MILLRACE_ASSIGN_OR_RETURN(Statement insert,
                            database_->PrepareCached("INSERT INTO temp.collected_md5s (md5, post_id) VALUES (?1, ?2)"));
  for (const Md5Entry& entry : entries) {
    insert.BindBorrowed(1, absl::MakeConstSpan(entry.md5));
    insert.Bind(2, entry.post_id);
    MILLRACE_RETURN_IF_ERROR(insert.Run());
  }
  return transaction.Commit();
}

absl::Status Md5Collector::WriteTo(Connections& connections, int64_t dataset_id, int64_t import_id) {
  // SQLite sorts in runs on temporary files, in memory of the size of the connection's cache.
  MILLRACE_ASSIGN_OR_RETURN(Statement sorted,
                            database_->Prepare("SELECT md5, post_id FROM temp.collected_md5s ORDER BY md5, post_id"));
  std::vector<Md5Entry> entries;
  do {
    MILLRACE_RETURN_IF_ERROR(ReadChunk(sorted, &entries));
    if (entries.empty()) break;
    MILLRACE_RETURN_IF_ERROR(connections.CheckDiskHeadroom());
    MILLRACE_RETURN_IF_ERROR(
        connections.Write([&](Database& database) { return WriteChunk(database, dataset_id, import_id, entries); }));
  } while (entries.size() == kEntriesPerTransaction);
  return absl::OkStatus();
}

absl::Status RemoveStaleMd5(Database& database, PostView view, const Md5Entry& entry) {
  MILLRACE_ASSIGN_OR_RETURN(const std::optional<Md5> current, ReadPostMd5(database, view, entry.post_id));
  if (current == entry.md5) return absl::OkStatus();
  MILLRACE_ASSIGN_OR_RETURN(
      Statement remove,
      database.PrepareCached("DELETE FROM post_md5s WHERE dataset_id = ?1 AND md5 = ?2 AND post_id = ?3"));
  remove.Bind(1, view.dataset_id);
  remove.Bind(2, absl::MakeConstSpan(entry.md5));
  remove.Bind(3, entry.post_id);
  return remove.Run();
}

}  // namespace millrace
