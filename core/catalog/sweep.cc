#include "core/catalog/sweep.h"

#include <algorithm>
#include <vector>

#include "core/base/error.h"
#include "core/catalog/import_session.h"
#include "core/catalog/md5_index.h"
#include "core/catalog/post_rows.h"

namespace millrace {
namespace {

constexpr int64_t kRowsPerTransaction = 5'000;

// An import that has something to sweep.
struct Leftover {
  int64_t import_id = 0;
  bool is_committed = false;
  bool has_md5s = false;
  int64_t first_row = 0;
  int64_t last_row = 0;  // of the table, when the sweep begins
  PostView view;         // what readers see of the dataset; import_id 0: nothing
};

absl::StatusOr<Leftover> ReadLeftover(Database& database, int64_t import_id) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement statement,
      database.PrepareCached(
          "SELECT i.state, i.has_md5s, i.first_row, (SELECT coalesce(max(row), 0) FROM posts), d.id, "
          "coalesce(d.committed_import_id, 0) FROM imports i JOIN datasets d ON d.id = i.dataset_id "
          "WHERE i.id = ?1"));
  statement.Bind(1, import_id);
  MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
  if (!has_row) return MakeError(Reason::kInternal, "no such import to sweep");
  Leftover leftover;
  leftover.import_id = import_id;
  leftover.is_committed = statement.Int64(0) == static_cast<int64_t>(ImportState::kCommitted);
  leftover.has_md5s = statement.Int64(1) != 0;
  leftover.first_row = statement.Int64(2);
  leftover.last_row = statement.Int64(3);
  leftover.view = {statement.Int64(4), statement.Int64(5)};
  return leftover;
}

// Of the rows that `statement` selects (post_id, md5), removes the index entries that nobody needs.
absl::Status RemoveStaleMd5s(Database& database, PostView view, Statement& statement) {
  while (true) {
    MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
    if (!has_row) return absl::OkStatus();
    Md5Entry entry;
    const absl::Span<const uint8_t> md5 = statement.Blob(1);
    if (md5.size() != entry.md5.size()) continue;
    std::copy(md5.begin(), md5.end(), entry.md5.begin());
    entry.post_id = statement.Int64(0);
    MILLRACE_RETURN_IF_ERROR(RemoveStaleMd5(database, view, entry));
  }
}

// A failed import's rows among those from `begin` to `end`. Other imports' rows may lie between them.
absl::Status RemoveStagedRows(Database& database, const Leftover& leftover, int64_t begin, int64_t end) {
  const auto bind = [&](Statement& statement) {
    statement.Bind(1, begin);
    statement.Bind(2, end);
    statement.Bind(3, leftover.import_id);
  };
  if (leftover.has_md5s) {
    MILLRACE_ASSIGN_OR_RETURN(
        Statement md5s,
        database.PrepareCached("SELECT post_id, md5 FROM posts WHERE row >= ?1 AND row < ?2 AND import_id = ?3"));
    bind(md5s);
    MILLRACE_RETURN_IF_ERROR(RemoveStaleMd5s(database, leftover.view, md5s));
  }
  MILLRACE_ASSIGN_OR_RETURN(
      Statement remove, database.PrepareCached("DELETE FROM posts WHERE row >= ?1 AND row < ?2 AND import_id = ?3"));
  bind(remove);
  return remove.Run();
}

absl::Status CheckNotCancelled(const SweepCancelled& cancelled) {
  if (cancelled == nullptr || !cancelled()) return absl::OkStatus();
  return MakeError(Reason::kCancelled, "the sweep was stopped before its end; the next one goes on from there");
}

absl::Status RemoveStaged(Connections& connections, const Leftover& leftover, const SweepCancelled& cancelled) {
  for (int64_t begin = leftover.first_row; begin <= leftover.last_row; begin += kRowsPerTransaction) {
    MILLRACE_RETURN_IF_ERROR(CheckNotCancelled(cancelled));
    MILLRACE_RETURN_IF_ERROR(connections.Write(
        [&](Database& database) { return RemoveStagedRows(database, leftover, begin, begin + kRowsPerTransaction); }));
  }
  return absl::OkStatus();
}

absl::Status RunUpTo(Database& database, std::string_view sql, const Leftover& leftover, int64_t last_row) {
  MILLRACE_ASSIGN_OR_RETURN(Statement statement, database.PrepareCached(sql));
  statement.Bind(1, leftover.import_id);
  statement.Bind(2, last_row);
  return statement.Run();
}

// The rows that a committed import hides, up to `last_row`.
absl::Status RemoveSupersededRows(Database& database, const Leftover& leftover, int64_t last_row) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement md5s,
      database.PrepareCached("SELECT p.post_id, p.md5 FROM superseded_posts s JOIN posts p ON p.row = s.row "
                             "WHERE s.import_id = ?1 AND s.row <= ?2"));
  md5s.Bind(1, leftover.import_id);
  md5s.Bind(2, last_row);
  MILLRACE_RETURN_IF_ERROR(RemoveStaleMd5s(database, leftover.view, md5s));
  return RunUpTo(database,
                 "DELETE FROM posts WHERE row IN (SELECT row FROM superseded_posts WHERE import_id = ?1 AND row <= ?2)",
                 leftover, last_row);
}

// Takes up to kRowsPerTransaction notes of superseded rows off the list, and the rows too when the import was
// committed. Sets `is_done` when there were none.
absl::Status RemoveSomeSuperseded(Database& database, const Leftover& leftover, bool* is_done) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement last,
      database.PrepareCached("SELECT max(row) FROM (SELECT row FROM superseded_posts WHERE import_id = ?1 "
                             "ORDER BY row LIMIT ?2)"));
  last.Bind(1, leftover.import_id);
  last.Bind(2, kRowsPerTransaction);
  MILLRACE_RETURN_IF_ERROR(last.Step().status());
  *is_done = last.IsNull(0);
  if (*is_done) return absl::OkStatus();
  const int64_t last_row = last.Int64(0);
  last.Reset();

  if (leftover.is_committed) MILLRACE_RETURN_IF_ERROR(RemoveSupersededRows(database, leftover, last_row));
  return RunUpTo(database, "DELETE FROM superseded_posts WHERE import_id = ?1 AND row <= ?2", leftover, last_row);
}

absl::Status RemoveSuperseded(Connections& connections, const Leftover& leftover, const SweepCancelled& cancelled) {
  bool is_done = false;
  while (!is_done) {
    MILLRACE_RETURN_IF_ERROR(CheckNotCancelled(cancelled));
    MILLRACE_RETURN_IF_ERROR(
        connections.Write([&](Database& database) { return RemoveSomeSuperseded(database, leftover, &is_done); }));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status SweepImport(Connections& connections, int64_t import_id, const SweepCancelled& cancelled) {
  Leftover leftover;
  MILLRACE_RETURN_IF_ERROR(connections.Read([&](Database& database) -> absl::Status {
    MILLRACE_ASSIGN_OR_RETURN(leftover, ReadLeftover(database, import_id));
    return absl::OkStatus();
  }));
  if (!leftover.is_committed) MILLRACE_RETURN_IF_ERROR(RemoveStaged(connections, leftover, cancelled));
  MILLRACE_RETURN_IF_ERROR(RemoveSuperseded(connections, leftover, cancelled));
  return connections.Write([&](Database& database) -> absl::Status {
    MILLRACE_ASSIGN_OR_RETURN(Statement update,
                              database.PrepareCached("UPDATE imports SET is_swept = 1 WHERE id = ?1"));
    update.Bind(1, import_id);
    return update.Run();
  });
}

absl::Status SweepImports(Connections& connections, std::optional<int64_t> dataset_id,
                          const SweepCancelled& cancelled) {
  std::vector<int64_t> import_ids;
  MILLRACE_RETURN_IF_ERROR(connections.Read([&](Database& database) -> absl::Status {
    MILLRACE_ASSIGN_OR_RETURN(Statement statement,
                              database.PrepareCached("SELECT id FROM imports WHERE is_swept = 0 AND state <> ?1 AND "
                                                     "(?2 IS NULL OR dataset_id = ?2) ORDER BY id"));
    statement.Bind(1, static_cast<int64_t>(ImportState::kRunning));
    statement.Bind(2, dataset_id);
    while (true) {
      MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
      if (!has_row) return absl::OkStatus();
      import_ids.push_back(statement.Int64(0));
    }
  }));
  for (const int64_t import_id : import_ids) {
    MILLRACE_RETURN_IF_ERROR(SweepImport(connections, import_id, cancelled));
  }
  return absl::OkStatus();
}

}  // namespace millrace
