// In which order a search shows its posts: "order:score".
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/query/cancel.h"
#include "core/query/metatag.h"
#include "core/query/query.h"
#include "core/snapshot/row_set.h"
#include "core/snapshot/snapshot.h"

namespace millrace {

struct RowOrder {
  Metatag key = Metatag::kId;
  bool is_descending = false;

  // Of the word behind "order:"; by id without one. kQueryInvalid with metadata "char_offset" for a word that is none.
  static absl::StatusOr<RowOrder> Of(const SearchTerms& search);
};

// `count` of the rows from the place `offset` of that order on; fewer at its end. Posts without the value come last,
// and those with the same are in order of id. Takes a pass over all of `rows`, unless the order is by id.
// kSnapshotDamaged; kCancelled when `cancelled` returns true.
absl::StatusOr<std::vector<uint32_t>> RowsInOrder(const RowSet& rows, const RowOrder& order, uint64_t offset,
                                                  uint64_t count, const Snapshot& snapshot,
                                                  const Cancelled& cancelled = {});

}  // namespace millrace
