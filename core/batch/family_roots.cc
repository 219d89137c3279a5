#include "core/batch/family_roots.h"

#include <algorithm>

#include "core/base/error.h"

namespace millrace {

absl::StatusOr<FamilyRoots> FamilyRoots::Open(const Snapshot& snapshot) {
  MILLRACE_ASSIGN_OR_RETURN(const auto post_ids, snapshot.PostIds(0, snapshot.post_count()));
  MILLRACE_ASSIGN_OR_RETURN(const auto parent_ids, snapshot.ParentIds(0, snapshot.post_count()));
  return FamilyRoots(post_ids, parent_ids);
}

std::optional<uint32_t> FamilyRoots::FindRow(int64_t post_id) const {
  const auto found = std::lower_bound(post_ids_.begin(), post_ids_.end(), post_id);
  if (found == post_ids_.end() || *found != post_id) return std::nullopt;
  return static_cast<uint32_t>(found - post_ids_.begin());
}

int64_t FamilyRoots::RootOf(uint32_t row) {
  chain_.clear();
  int64_t root;
  for (;;) {
    root = post_ids_[row];
    if (!parent_ids_.has(row)) break;
    const auto [entry, is_new] = roots_.try_emplace(row);
    if (!is_new && entry->second.has_value()) {
      root = *entry->second;
      break;
    }
    if (!is_new) {
      // A circle: from where the chain met this row before. Rows ascend with ids.
      const auto begin = std::find(chain_.begin(), chain_.end(), row);
      root = post_ids_[*std::min_element(begin, chain_.end())];
      break;
    }
    chain_.push_back(row);
    root = parent_ids_.values[row];
    const std::optional<uint32_t> parent_row = FindRow(root);
    if (!parent_row.has_value()) break;
    row = *parent_row;
  }
  for (const uint32_t link : chain_) roots_[link] = root;
  return root;
}

}  // namespace millrace
