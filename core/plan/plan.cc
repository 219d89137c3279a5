#include "core/plan/plan.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/error.h"
#include "core/base/text.h"

namespace millrace {
namespace {

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

void EpochOrder::Members(int64_t first_sample, absl::Span<int64_t> members) const {
  const int64_t sample_count = plan_->splits()[split_].sample_count;
  int64_t sample = first_sample % sample_count;
  for (size_t done = 0; done < members.size(); sample = 0) {
    const absl::Span<int64_t> part = members.subspan(done, static_cast<size_t>(sample_count - sample));
    sequence_->Fill(sample, part);
    done += part.size();
  }
}

void EpochOrder::Rows(int64_t first_sample, absl::Span<int64_t> rows) const {
  Members(first_sample, rows);
  plan_->RowsOfMembers(split_, rows);
}

int64_t Plan::unassigned_count() const {
  int64_t count = selection_size();
  for (const SplitInfo& split : splits_) count -= split.member_count;
  return count;
}

size_t Plan::memory_bytes() const {
  size_t bytes = selection_.has_value() ? selection_->memory_bytes() : 0;
  for (const SplitMembers& members : members_) bytes += members.memory_bytes();
  for (const auto& order : orders_) bytes += order->memory_bytes();
  return bytes;
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
  MILLRACE_ASSIGN_OR_RETURN(std::unique_ptr<const EpochSequence> sequence, orders_[split]->OpenEpoch(epoch));
  return EpochOrder(this, split, std::move(sequence));
}

void Plan::RowsOfMembers(size_t split, absl::Span<int64_t> rows) const {
  members_[split].Elements(rows);
  if (selection_.has_value()) selection_->Apply(rows);
}

std::optional<int64_t> Plan::ElementOf(int64_t row) const {
  if (row < 0 || row >= row_count_) return std::nullopt;
  return selection_.has_value() ? selection_->Find(row) : row;
}

std::optional<Membership> Plan::FindRow(int64_t row) const {
  const std::optional<int64_t> element = ElementOf(row);
  if (!element.has_value()) return std::nullopt;
  for (size_t split = 0; split < members_.size(); ++split) {
    if (const auto member = members_[split].Find(*element); member.has_value()) return Membership{split, *member};
  }
  return std::nullopt;
}

std::optional<size_t> Plan::SplitOf(int64_t row) const {
  const std::optional<Membership> found = FindRow(row);
  return found.has_value() ? std::optional(found->split) : std::nullopt;
}

}  // namespace millrace
