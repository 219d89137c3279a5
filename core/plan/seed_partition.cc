#include "core/plan/seed_partition.h"

#include <algorithm>
#include <cfloat>
#include <limits>
#include <numeric>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/plan/plan_spec.h"
#include "core/plan/seed_random.h"

namespace millrace {
namespace {

using BatchCounts = std::array<int64_t, kSeedSplitCount>;

absl::Status ValidateSizes(const SeedPartitionSpec& spec) {
  if (spec.batch_size < 1 || spec.batch_size > kBatchSizeMax) {
    return FieldError("spec.batch_size", absl::StrCat("is ", spec.batch_size, "; give 1 to ", kBatchSizeMax));
  }
  if (spec.row_count < 0 || spec.row_count > SeedPartition::kRowCountMax) {
    return FieldError("spec.strategy", absl::StrCat("takes up to ", SeedPartition::kRowCountMax,
                                                    " posts in half coverage, and the selection has ", spec.row_count,
                                                    "; select fewer posts, or take another strategy"));
  }
  const int64_t batch_size_max = spec.row_count / (2 * static_cast<int64_t>(kSeedSplitCount));
  if (spec.batch_size <= batch_size_max) return absl::OkStatus();
  const int64_t batch_count = spec.row_count / (2 * spec.batch_size);
  return FieldError(
      "spec.batch_size",
      absl::StrCat("is ", spec.batch_size, ", which makes ", batch_count, " batches of the selection's ",
                   spec.row_count, " posts in half coverage (one of every ", 2 * spec.batch_size, " posts), but ",
                   "train, validation and test need at least one each; ",
                   batch_size_max > 0 ? absl::StrCat("give at most ", batch_size_max) : "select at least 6 posts"));
}

absl::Status ValidatePercent(int32_t percent, std::string_view split) {
  if (percent >= 0 && percent <= 100) return absl::OkStatus();
  return FieldError("spec.splits", absl::StrCat("give ", absl::string_view(split.data(), split.size()), " ", percent,
                                                " percent; give 0 to 100"));
}

absl::StatusOr<BatchCounts> DivideBatches(int64_t batch_count, const SeedPartitionSpec& spec) {
  MILLRACE_RETURN_IF_ERROR(ValidatePercent(spec.validation_percent, "validation"));
  MILLRACE_RETURN_IF_ERROR(ValidatePercent(spec.test_percent, "test"));
  const int64_t validation = SeedShare(batch_count, spec.validation_percent);
  const int64_t test = SeedShare(batch_count, spec.test_percent);
  const int64_t train = batch_count - validation - test;
  if (train < 1) {
    return FieldError("spec.splits",
                      absl::StrCat("give validation ", validation, " and test ", test, " of the ", batch_count,
                                   " batches (", spec.validation_percent, " and ", spec.test_percent,
                                   " percent), which leaves none for train; give them smaller shares, or make the "
                                   "batches smaller so that there are more of them"));
  }
  return BatchCounts{train, validation, test};
}

// Which rows of a partition have been drawn.
class DrawnRows {
 public:
  explicit DrawnRows(size_t row_count) : words_((row_count + 63) / 64) {}

  void Clear() { std::fill(words_.begin(), words_.end(), 0); }
  // Adds the row if `wanted`: 1 when that is so and it was not there, otherwise 0. Without a branch.
  size_t InsertIf(bool wanted, uint64_t row) {
    uint64_t& word = words_[row / 64];
    const uint64_t added = ~(word >> (row % 64)) & uint64_t{wanted};
    word |= added << (row % 64);
    return added;
  }

 private:
  std::vector<uint64_t> words_;
};

// One batch from every partition of twice as many rows. Half of all attempts are refused when the batch size is a
// power of two, and a third of the rest are repeats: were they branches, mispredicting them would take most of the
// time.
std::vector<uint32_t> DrawBatches(int64_t batch_count, int64_t batch_size, SeedRandom* random) {
  const uint64_t partition_size = 2 * static_cast<uint64_t>(batch_size);
  std::vector<uint32_t> rows(static_cast<size_t>(batch_count * batch_size));
  DrawnRows drawn(partition_size);
  size_t count = 0;
  for (uint64_t first = 0; count < rows.size(); first += partition_size) {
    drawn.Clear();
    for (const size_t end = count + static_cast<size_t>(batch_size); count < end;) {
      uint64_t offset;
      const bool accepted = random->TryUniformU64(partition_size, &offset);
      rows[count] = static_cast<uint32_t>(first + offset);
      count += drawn.InsertIf(accepted, offset);
    }
  }
  return rows;
}

}  // namespace

// In floating point because the seed system has it so: for some numbers integers would give another whole part.
int64_t SeedShare(int64_t batch_count, int32_t percent) {
  static_assert(std::numeric_limits<float>::is_iec559 && std::numeric_limits<float>::digits == 24);
  static_assert(FLT_EVAL_METHOD == 0, "every step has to be rounded to 32 bits");
  const float share = static_cast<float>(batch_count) * static_cast<float>(percent) / 100.0f;
  return std::max<int64_t>(static_cast<int64_t>(share), 1);
}

absl::StatusOr<SeedPartition> SeedPartition::Create(const SeedPartitionSpec& spec) {
  MILLRACE_RETURN_IF_ERROR(ValidateSizes(spec));
  const int64_t batch_count = spec.row_count / (2 * spec.batch_size);
  SeedPartition partition;
  MILLRACE_ASSIGN_OR_RETURN(partition.batch_counts_, DivideBatches(batch_count, spec));
  partition.batch_size_ = spec.batch_size;

  SeedRandom random(spec.seed);
  partition.rows_ = DrawBatches(batch_count, spec.batch_size, &random);
  partition.partitions_.resize(static_cast<size_t>(batch_count));
  std::iota(partition.partitions_.begin(), partition.partitions_.end(), 0u);
  random.Shuffle(absl::MakeSpan(partition.partitions_));
  // The rule takes batches from the end.
  std::reverse(partition.partitions_.begin(), partition.partitions_.end());
  return partition;
}

absl::Span<const uint32_t> SeedPartition::Batch(SeedSplit split, int64_t step) const {
  for (size_t earlier = 0; earlier < static_cast<size_t>(split); ++earlier) step += batch_counts_[earlier];
  const size_t size = static_cast<size_t>(batch_size_);
  return absl::MakeConstSpan(rows_).subspan(partitions_[static_cast<size_t>(step)] * size, size);
}

std::optional<SeedPartition::Place> SeedPartition::Find(int64_t row) const {
  const auto partition = std::find(partitions_.begin(), partitions_.end(), row / (2 * batch_size_));
  if (partition == partitions_.end()) return std::nullopt;
  int64_t step = partition - partitions_.begin();
  size_t split = 0;
  for (; step >= batch_counts_[split]; ++split) step -= batch_counts_[split];
  const absl::Span<const uint32_t> batch = Batch(static_cast<SeedSplit>(split), step);
  const auto found = std::find(batch.begin(), batch.end(), row);
  if (found == batch.end()) return std::nullopt;
  return Place{static_cast<SeedSplit>(split), step, found - batch.begin()};
}

}  // namespace millrace
