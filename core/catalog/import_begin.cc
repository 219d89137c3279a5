#include "core/catalog/import_begin.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/catalog/import_rows.h"
#include "core/catalog/sweep.h"

namespace millrace {
namespace {

absl::Status CheckSpec(const ImportSpec& spec) {
  if (!IsValidName(spec.dataset)) {
    return FieldError("dataset", absl::StrCat(QuoteForMessage(spec.dataset),
                                              " is not a name: 1 to 64 of a-z, 0-9, '-', '_' and '.', starting with a "
                                              "letter or digit"));
  }
  if (spec.request_id.empty()) return FieldError("request_id", "is empty; a random UUID serves well");
  return absl::OkStatus();
}

absl::Status RequestIdReusedError(const ImportSpec& spec, const ImportRecord& earlier) {
  return MakeError(
      Reason::kRequestIdReused,
      absl::StrCat("request_id ", QuoteForMessage(spec.request_id), " belongs to ", earlier.outcome.import_id,
                   " into the dataset ", earlier.outcome.dataset,
                   earlier.outcome.dataset == spec.dataset ? ", of another format" : "", ". Choose a new one."),
      {{"import_id", earlier.outcome.import_id}});
}

// `what` is what the running import has in common with the new one.
absl::Status ImportRunningError(std::string_view what, int64_t running_id) {
  return MakeError(
      Reason::kImportRunning,
      absl::StrCat(ImportIdText(running_id), " ", std::string(what), " is running. Try again when it is done."),
      {{"import_id", ImportIdText(running_id)}});
}

absl::Status CheckRequestNotRunning(Database& database, const std::string& request_id) {
  MILLRACE_ASSIGN_OR_RETURN(Statement statement,
                            database.PrepareCached("SELECT id FROM imports WHERE request_id = ?1 AND state = 1"));
  statement.Bind(1, request_id);
  MILLRACE_ASSIGN_OR_RETURN(const bool is_running, statement.Step());
  if (!is_running) return absl::OkStatus();
  return ImportRunningError(absl::StrCat("with request_id ", QuoteForMessage(request_id)), statement.Int64(0));
}

// One attempt. Sets `needs_sweep` when leftovers of the dataset are in the way.
absl::StatusOr<BegunRecord> TryBegin(Database& database, LiveImports& live_imports, const ImportSpec& spec,
                                     int64_t now_us, bool* needs_sweep) {
  BegunRecord begun;
  MILLRACE_ASSIGN_OR_RETURN(const std::optional<ImportRecord> earlier, ReadCommittedImport(database, spec.request_id));
  if (earlier.has_value()) {
    const bool is_other_format = spec.format != 0 && earlier->format != spec.format;
    if (earlier->outcome.dataset != spec.dataset || is_other_format) {
      return RequestIdReusedError(spec, *earlier);
    }
    begun.earlier_outcome = earlier->outcome;
    return begun;
  }
  MILLRACE_ASSIGN_OR_RETURN(begun.dataset, FindOrAddDataset(database, spec.dataset));
  if (const std::optional<int64_t> running_id = live_imports.Find(begun.dataset.id); running_id.has_value()) {
    return ImportRunningError(absl::StrCat("into the dataset ", spec.dataset), *running_id);
  }
  MILLRACE_RETURN_IF_ERROR(FailDeadImports(database, live_imports));
  MILLRACE_RETURN_IF_ERROR(CheckRequestNotRunning(database, spec.request_id));
  MILLRACE_ASSIGN_OR_RETURN(*needs_sweep, HasUnswept(database, begun.dataset.id));
  if (*needs_sweep) return begun;
  MILLRACE_ASSIGN_OR_RETURN(begun.import_id, AddRunningImport(database, begun.dataset.id, spec, now_us));
  // Now, while nobody else can begin one. Should the transaction not be committed, the caller takes it back.
  live_imports.Add(begun.dataset.id, begun.import_id);
  return begun;
}

}  // namespace

absl::StatusOr<bool> HasUnswept(Database& database, int64_t dataset_id) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement statement,
      database.PrepareCached("SELECT EXISTS (SELECT 1 FROM imports WHERE is_swept = 0 AND dataset_id = ?1)"));
  statement.Bind(1, dataset_id);
  MILLRACE_RETURN_IF_ERROR(statement.Step().status());
  return statement.Int64(0) != 0;
}

absl::Status FailDeadImports(Database& database, const LiveImports& live_imports) {
  MILLRACE_ASSIGN_OR_RETURN(Statement statement,
                            database.PrepareCached("SELECT id, dataset_id FROM imports INDEXED BY imports_unswept "
                                                   "WHERE is_swept = 0 AND state = 1"));
  std::vector<int64_t> dead_ids;
  while (true) {
    MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
    if (!has_row) break;
    if (live_imports.Find(statement.Int64(1)) != statement.Int64(0)) dead_ids.push_back(statement.Int64(0));
  }
  for (const int64_t import_id : dead_ids) {
    MILLRACE_RETURN_IF_ERROR(MarkFailed(database, import_id,
                                        MakeError(Reason::kShuttingDown,
                                                  "the server stopped during the import; nothing was changed. Import "
                                                  "again with the same request_id.")));
  }
  return absl::OkStatus();
}

absl::StatusOr<BegunRecord> BeginImportRecord(Connections& connections, LiveImports& live_imports,
                                              const ImportSpec& spec, int64_t now_us) {
  MILLRACE_RETURN_IF_ERROR(CheckSpec(spec));
  while (true) {
    BegunRecord begun;
    bool needs_sweep = false;
    const absl::Status status = connections.Write([&](Database& database) -> absl::Status {
      MILLRACE_ASSIGN_OR_RETURN(begun, TryBegin(database, live_imports, spec, now_us, &needs_sweep));
      return absl::OkStatus();
    });
    if (!status.ok()) {
      if (begun.import_id != 0) live_imports.Remove(begun.dataset.id);
      return status;
    }
    if (!needs_sweep) return begun;
    MILLRACE_RETURN_IF_ERROR(SweepImports(connections, begun.dataset.id));
  }
}

absl::Status CheckNoImportRuns(const LiveImports& live_imports, const DatasetRow& dataset) {
  const std::optional<int64_t> running_id = live_imports.Find(dataset.id);
  if (!running_id.has_value()) return absl::OkStatus();
  return ImportRunningError(absl::StrCat("into the dataset ", dataset.name), *running_id);
}

}  // namespace millrace
