// From md5 to post. Entries are hints: a lookup asks the current row of the post whether it still has the md5. So
// they are written before the import that brings the posts is committed, and removed after the one that hides
// them, each in short transactions.
//
// md5s come in no order, and a B-tree that is filled in no order rewrites nearly all of its pages with every
// transaction. So an import collects its entries outside the catalog, and writes them in order once all are known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "core/catalog/connections.h"
#include "core/catalog/post_rows.h"
#include "core/catalog/sqlite.h"
#include "core/catalog/staging_batch.h"

namespace millrace {

// The entries of one import, on a connection of its own. Not thread-safe. Memory stays the same however many there are:
// each time a run of entries has come it is sorted and put aside in a temporary table, in parts of some ten KiB, and in
// the end the runs are merged.
class Md5Collector {
 public:
  static constexpr size_t kRunEntryCount = 262'144;  // 6 MiB

  // `database` must outlive it, and not be in use while its methods run.
  static absl::StatusOr<Md5Collector> Create(Database& database, size_t run_entry_count = kRunEntryCount);

  absl::Status Add(absl::Span<const Md5Entry> entries);
  // Sorts the entries and writes them to the index. kDiskFull before a chunk that would eat into the headroom.
  absl::Status WriteTo(Connections& connections, int64_t dataset_id, int64_t import_id);

 private:
  Md5Collector(Database* database, size_t run_entry_count) : database_(database), run_entry_count_(run_entry_count) {}
  // Sorts `newest_` and puts it aside.
  absl::Status PutRunAside();

  Database* database_;
  size_t run_entry_count_;
  std::vector<Md5Entry> newest_;   // the run that is coming in
  std::vector<int64_t> run_ends_;  // of each run that is put aside, the first row behind it; rows count from 1
};

// Removes the entry unless the post, as the view shows it, has the md5. Within a write transaction.
absl::Status RemoveStaleMd5(Database& database, PostView view, const Md5Entry& entry);

}  // namespace millrace
