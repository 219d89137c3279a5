#include "core/snapshot/applied_tags.h"

#include <algorithm>

#include "core/base/error.h"

namespace millrace {

absl::StatusOr<const TagRelations*> RelationsFor(const Snapshot& snapshot, TagReading reading) {
  if (reading == TagReading::kAsSaid) return nullptr;
  MILLRACE_ASSIGN_OR_RETURN(const TagRelations* const relations, snapshot.relations());
  MILLRACE_RETURN_IF_ERROR(relations->applied_status());
  return relations->empty() ? nullptr : relations;
}

absl::StatusOr<absl::Span<const int64_t>> TagPostCountsFor(const Snapshot& snapshot, TagReading reading,
                                                           const std::function<bool()>& cancelled) {
  MILLRACE_ASSIGN_OR_RETURN(const TagRelations* const relations, RelationsFor(snapshot, reading));
  return relations == nullptr ? snapshot.TagPostCounts() : relations->PostCounts(cancelled);
}

bool AppliedTags::Keeps(absl::Span<const uint32_t> said) const {
  return relations_ == nullptr || std::all_of(said.begin(), said.end(), [this](uint32_t tag_index) {
           return relations_->StandsForItself(tag_index);
         });
}

absl::Span<const uint32_t> AppliedTags::Of(absl::Span<const uint32_t> said) {
  if (Keeps(said)) return said;
  relations_->Apply(said, &applied_);
  return applied_;
}

bool AppliedTags::Replace(absl::Span<absl::Span<const uint32_t>> lists, size_t tag_count_max) {
  if (relations_ == nullptr) return true;
  lists_.clear();
  replaced_.clear();
  for (size_t i = 0; i < lists.size(); ++i) {
    if (Keeps(lists[i])) continue;
    relations_->Apply(lists[i], &applied_);
    if (applied_.size() > tag_count_max - lists_.size()) return false;
    replaced_.push_back({i, lists_.size(), applied_.size()});
    lists_.insert(lists_.end(), applied_.begin(), applied_.end());
  }
  for (const Replaced& list : replaced_) lists[list.number] = {lists_.data() + list.begin, list.size};
  return true;
}

}  // namespace millrace
