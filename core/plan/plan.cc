#include "core/plan/plan.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/plan/split.h"

namespace millrace {
namespace {

int64_t BatchCount(int64_t sample_count, int64_t batch_size, LastBatch last_batch) {
  const int64_t whole_count = sample_count / batch_size;
  const bool has_rest = sample_count % batch_size != 0;
  return last_batch == LastBatch::kDrop || !has_rest ? whole_count : whole_count + 1;
}

absl::Status ValidateEpoch(int64_t epoch) {
  if (epoch < 0 || epoch > kEpochMax) {
    return FieldError("epoch", absl::StrCat("is ", epoch, "; give 0 to ", kEpochMax));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ValidateRank(Rank rank) {
  if (rank.world_size < 1 || rank.world_size > kWorldSizeMax) {
    return FieldError("world_size", absl::StrCat("is ", rank.world_size, "; give 1 to ", kWorldSizeMax));
  }
  if (rank.rank < 0 || rank.rank >= rank.world_size) {
    return FieldError("rank", absl::StrCat("is ", rank.rank, "; in a world of ", rank.world_size, " give 0 to ",
                                           rank.world_size - 1));
  }
  return absl::OkStatus();
}

void EpochOrder::Rows(int64_t first_sample, absl::Span<int64_t> rows) const {
  const int64_t size = epoch_.size();
  int64_t sample = first_sample % size;
  for (size_t done = 0; done < rows.size(); sample = 0) {
    const absl::Span<int64_t> part = rows.subspan(done, static_cast<size_t>(size - sample));
    epoch_.Fill(sample, part);
    done += part.size();
  }
  for (int64_t& row : rows) row += split_start_;
  selection_.Apply(rows);
}

Plan::Plan(PlanSpec spec, Permutation selection)
    : spec_(std::move(spec)), selection_size_(selection.size()), selection_(std::move(selection)) {
  std::vector<int64_t> shares;
  for (const SplitSpec& split : spec_.splits) shares.push_back(split.share);
  const std::vector<int64_t> counts = ExactCounts(selection_size_, shares);
  int64_t start = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    splits_.push_back({.name = spec_.splits[i].name,
                       .sample_count = counts[i],
                       .batch_count = BatchCount(counts[i], spec_.batch_size, spec_.last_batch)});
    split_starts_.push_back(start);
    start += counts[i];
  }
}

absl::StatusOr<Plan> Plan::Open(PlanSpec spec, int64_t selection_size) {
  MILLRACE_RETURN_IF_ERROR(ValidatePlanSpec(spec));
  MILLRACE_ASSIGN_OR_RETURN(Permutation selection, Permutation::Create(selection_size, SelectionKey(spec.seed)));
  return Plan(std::move(spec), std::move(selection));
}

absl::StatusOr<size_t> Plan::FindSplit(std::string_view name) const {
  for (size_t i = 0; i < splits_.size(); ++i) {
    if (splits_[i].name == name) return i;
  }
  const std::string names = absl::StrJoin(
      splits_, ", ", [](std::string* out, const SplitInfo& split) { absl::StrAppend(out, "\"", split.name, "\""); });
  return MakeError(Reason::kSplitNotFound,
                   absl::StrCat("the plan has no split ", QuoteForMessage(name), "; it has ", names),
                   {{"split", std::string(name)}});
}

absl::StatusOr<BatchSlice> Plan::Slice(size_t split, Position position, Rank rank) const {
  MILLRACE_RETURN_IF_ERROR(ValidateRank(rank));
  MILLRACE_RETURN_IF_ERROR(ValidateEpoch(position.epoch));
  const SplitInfo& info = splits_[split];
  if (position.step < 0) return FieldError("step", absl::StrCat("is ", position.step, "; give 0 or more"));
  if (position.step >= info.batch_count) {
    return MakeError(
        Reason::kStepPastEnd,
        absl::StrCat("step ", position.step, " of split \"", info.name, "\" does not exist; an epoch has ",
                     info.batch_count, " steps, numbered from 0"),
        {{"split", info.name}, {"step", absl::StrCat(position.step)}, {"batch_count", absl::StrCat(info.batch_count)}});
  }
  const int64_t step_start = position.step * spec_.batch_size;
  BatchSlice slice;
  slice.global_sample_count = spec_.last_batch == LastBatch::kPad
                                  ? spec_.batch_size
                                  : std::min(spec_.batch_size, info.sample_count - step_start);
  slice.global_offset = slice.global_sample_count * rank.rank / rank.world_size;
  slice.sample_count = slice.global_sample_count * (rank.rank + 1) / rank.world_size - slice.global_offset;
  slice.first_sample = step_start + slice.global_offset;
  slice.padding_count =
      std::clamp<int64_t>(slice.first_sample + slice.sample_count - info.sample_count, 0, slice.sample_count);
  return slice;
}

absl::StatusOr<EpochOrder> Plan::OpenEpoch(size_t split, int64_t epoch) const {
  MILLRACE_RETURN_IF_ERROR(ValidateEpoch(epoch));
  const SplitInfo& info = splits_[split];
  if (info.sample_count == 0) {
    return MakeError(Reason::kStepPastEnd, absl::StrCat("split \"", info.name, "\" is empty: its epochs have no steps"),
                     {{"split", info.name}, {"batch_count", "0"}});
  }
  const int64_t key_epoch = spec_.splits[split].order == OrderKind::kFixed ? 0 : epoch;
  MILLRACE_ASSIGN_OR_RETURN(Permutation order,
                            Permutation::Create(info.sample_count, EpochKey(spec_.seed, info.name, key_epoch)));
  return EpochOrder(selection_, std::move(order), split_starts_[split]);
}

}  // namespace millrace
