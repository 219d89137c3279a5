#include "core/catalog/md5_index.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <type_traits>
#include <vector>

#include "core/base/error.h"

namespace millrace {
namespace {

constexpr size_t kEntriesPerTransaction = 50'000;
constexpr size_t kEntriesPerPart = 1'024;  // 24 KiB; a merge holds one part of each run

// Parts are kept as they lie in memory: this process alone reads them.
static_assert(std::is_trivially_copyable_v<Md5Entry> && sizeof(Md5Entry) == 24);

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

bool IsBefore(const Md5Entry& a, const Md5Entry& b) { return a.md5 != b.md5 ? a.md5 < b.md5 : a.post_id < b.post_id; }

// One run that was put aside, from its smallest entry on.
class RunReader {
 public:
  RunReader(int64_t first_row, int64_t end_row) : next_row_(first_row), end_row_(end_row) {}

  // False at the end.
  absl::StatusOr<bool> Next(Statement& part) {
    if (++index_ < entries_.size()) return true;
    if (next_row_ == end_row_) return false;
    part.Bind(1, next_row_++);
    MILLRACE_ASSIGN_OR_RETURN(const bool has_row, part.Step());
    const absl::Span<const uint8_t> bytes = has_row ? part.Blob(0) : absl::Span<const uint8_t>();
    if (bytes.empty() || bytes.size() % sizeof(Md5Entry) != 0) {
      return MakeError(Reason::kInternal, "md5s that were put aside are not there any more");
    }
    entries_.resize(bytes.size() / sizeof(Md5Entry));
    std::memcpy(entries_.data(), bytes.data(), bytes.size());
    part.Reset();
    index_ = 0;
    return true;
  }
  const Md5Entry& entry() const { return entries_[index_]; }

 private:
  int64_t next_row_;
  int64_t end_row_;
  std::vector<Md5Entry> entries_;
  size_t index_ = 0;
};

// Gives `take` the entries of all runs, ascending.
absl::Status MergeRuns(Database& database, absl::Span<const int64_t> run_ends,
                       const std::function<absl::Status(const Md5Entry&)>& take) {
  MILLRACE_ASSIGN_OR_RETURN(Statement part, database.Prepare("SELECT entries FROM temp.md5_runs WHERE row = ?1"));
  std::vector<RunReader> runs;
  runs.reserve(run_ends.size());
  std::vector<RunReader*> heap;  // the one with the smallest entry on top
  const auto is_behind = [](const RunReader* a, const RunReader* b) { return IsBefore(b->entry(), a->entry()); };
  int64_t first_row = 1;
  for (const int64_t end_row : run_ends) {
    RunReader& run = runs.emplace_back(first_row, end_row);
    first_row = end_row;
    MILLRACE_ASSIGN_OR_RETURN(const bool has_entry, run.Next(part));
    if (!has_entry) continue;
    heap.push_back(&run);
    std::push_heap(heap.begin(), heap.end(), is_behind);
  }
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), is_behind);
    RunReader& run = *heap.back();
    MILLRACE_RETURN_IF_ERROR(take(run.entry()));
    MILLRACE_ASSIGN_OR_RETURN(const bool has_entry, run.Next(part));
    has_entry ? std::push_heap(heap.begin(), heap.end(), is_behind) : heap.pop_back();
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Md5Collector> Md5Collector::Create(Database& database, size_t run_entry_count) {
  MILLRACE_RETURN_IF_ERROR(database.Execute("CREATE TEMP TABLE md5_runs (row INTEGER PRIMARY KEY, entries BLOB)"));
  return Md5Collector(&database, run_entry_count);
}

absl::Status Md5Collector::Add(absl::Span<const Md5Entry> entries) {
  while (!entries.empty()) {
    const size_t count = std::min(entries.size(), run_entry_count_ - newest_.size());
    newest_.insert(newest_.end(), entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(count));
    entries.remove_prefix(count);
    if (newest_.size() == run_entry_count_) MILLRACE_RETURN_IF_ERROR(PutRunAside());
  }
  return absl::OkStatus();
}

absl::Status Md5Collector::PutRunAside() {
  std::sort(newest_.begin(), newest_.end(), IsBefore);
  MILLRACE_ASSIGN_OR_RETURN(Transaction transaction, Transaction::BeginRead(*database_));
  MILLRACE_ASSIGN_OR_RETURN(Statement insert,
                            database_->PrepareCached("INSERT INTO temp.md5_runs (row, entries) VALUES (?1, ?2)"));
  int64_t row = run_ends_.empty() ? 1 : run_ends_.back();
  const absl::Span<const Md5Entry> run = newest_;
  for (size_t begin = 0; begin < run.size(); begin += kEntriesPerPart) {
    const absl::Span<const Md5Entry> part = run.subspan(begin, kEntriesPerPart);
    insert.Bind(1, row++);
    insert.BindBorrowed(
        2, absl::MakeConstSpan(reinterpret_cast<const uint8_t*>(part.data()), part.size() * sizeof(Md5Entry)));
    MILLRACE_RETURN_IF_ERROR(insert.Run());
  }
  run_ends_.push_back(row);
  newest_.clear();
  return transaction.Commit();
}

absl::Status Md5Collector::WriteTo(Connections& connections, int64_t dataset_id, int64_t import_id) {
  const auto write = [&](absl::Span<const Md5Entry> chunk) -> absl::Status {
    MILLRACE_RETURN_IF_ERROR(connections.CheckDiskHeadroom());
    return connections.Write([&](Database& database) { return WriteChunk(database, dataset_id, import_id, chunk); });
  };
  if (run_ends_.empty()) {
    std::sort(newest_.begin(), newest_.end(), IsBefore);
    const absl::Span<const Md5Entry> entries = newest_;
    for (size_t begin = 0; begin < entries.size(); begin += kEntriesPerTransaction) {
      MILLRACE_RETURN_IF_ERROR(write(entries.subspan(begin, kEntriesPerTransaction)));
    }
    return absl::OkStatus();
  }
  if (!newest_.empty()) MILLRACE_RETURN_IF_ERROR(PutRunAside());
  std::vector<Md5Entry> chunk;
  chunk.reserve(kEntriesPerTransaction);
  MILLRACE_RETURN_IF_ERROR(MergeRuns(*database_, run_ends_, [&](const Md5Entry& entry) -> absl::Status {
    chunk.push_back(entry);
    if (chunk.size() < kEntriesPerTransaction) return absl::OkStatus();
    MILLRACE_RETURN_IF_ERROR(write(chunk));
    chunk.clear();
    return absl::OkStatus();
  }));
  return chunk.empty() ? absl::OkStatus() : write(chunk);
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
