// The strategy `partitioned`: batches drawn from partitions of consecutive elements and dealt whole, over all elements
// or, in half coverage, as the seed system does it.
#include <algorithm>
#include <numeric>

#include "core/base/error.h"
#include "core/plan/seed_partition.h"
#include "core/plan/split.h"
#include "core/plan/split_strategies.h"

namespace millrace {
namespace {

using Elements = std::vector<uint32_t>;

// Every batch's elements, batch after batch, those left at the end.
absl::StatusOr<Elements> DrawBatches(const PlanSpec& spec, int64_t size) {
  const PermutationKey key = LabelledKey("millrace.v1.partition", spec.seed, "", 0);
  const int64_t partition_size = 2 * spec.batch_size;
  Elements elements(static_cast<size_t>(size));
  std::vector<int64_t> order;
  for (int64_t first = 0; first < size; first += partition_size) {
    order.resize(static_cast<size_t>(std::min(partition_size, size - first)));
    MILLRACE_ASSIGN_OR_RETURN(const Permutation permutation,
                              Permutation::Create(static_cast<int64_t>(order.size()),
                                                  SubKey(key, static_cast<uint64_t>(first / partition_size))));
    permutation.Fill(0, absl::MakeSpan(order));
    std::transform(order.begin(), order.end(), elements.begin() + first,
                   [first](int64_t place) { return static_cast<uint32_t>(first + place); });
  }
  if (spec.batch_rows == BatchRows::kAscending) {
    const absl::Span<uint32_t> all = absl::MakeSpan(elements);
    const size_t batch_size = static_cast<size_t>(spec.batch_size);
    for (size_t start = 0; start < all.size(); start += batch_size) {
      const absl::Span<uint32_t> batch = all.subspan(start, batch_size);
      std::sort(batch.begin(), batch.end());
    }
  }
  return elements;
}

absl::StatusOr<DealtSplits> DealFully(const PlanSpec& spec, const PlanInput& input) {
  const int64_t size = SelectionSize(input);
  MILLRACE_ASSIGN_OR_RETURN(const Elements elements, DrawBatches(spec, size));
  const std::vector<int64_t> shares = SharesOf(spec);
  const int64_t batch_count = size / spec.batch_size;
  const std::vector<int64_t> counts = ExactCounts(batch_count, shares);
  std::vector<int64_t> dealt(static_cast<size_t>(batch_count));
  if (batch_count > 0) {
    MILLRACE_ASSIGN_OR_RETURN(const Permutation order, Permutation::Create(batch_count, SelectionKey(spec.seed)));
    order.Fill(0, absl::MakeSpan(dealt));
  }
  const size_t left_split = static_cast<size_t>(std::max_element(shares.begin(), shares.end()) - shares.begin());
  DealtSplits splits;
  auto next = dealt.begin();
  for (size_t split = 0; split < counts.size(); ++split) {
    Elements members;
    members.reserve(static_cast<size_t>((counts[split] + 1) * spec.batch_size));
    for (int64_t i = 0; i < counts[split]; ++i, ++next) {
      const auto batch = elements.begin() + *next * spec.batch_size;
      members.insert(members.end(), batch, batch + spec.batch_size);
    }
    if (split == left_split) {
      members.insert(members.end(), elements.begin() + batch_count * spec.batch_size, elements.end());
    }
    members.shrink_to_fit();
    splits.members.push_back(SplitMembers::Listed(std::move(members)));
  }
  return splits;
}

// The splits are train, validation and test, their shares percents: a specification of half coverage has no others.
absl::StatusOr<DealtSplits> DealHalf(const PlanSpec& spec, const PlanInput& input) {
  MILLRACE_ASSIGN_OR_RETURN(const SeedPartition partition,
                            SeedPartition::Create({.row_count = SelectionSize(input),
                                                   .batch_size = spec.batch_size,
                                                   .seed = spec.seed,
                                                   .validation_percent = static_cast<int32_t>(spec.splits[1].share),
                                                   .test_percent = static_cast<int32_t>(spec.splits[2].share)}));
  DealtSplits splits;
  for (const SeedSplit split : {SeedSplit::kTrain, SeedSplit::kValidation, SeedSplit::kTest}) {
    Elements members;
    members.reserve(static_cast<size_t>(partition.batch_count(split) * spec.batch_size));
    for (int64_t step = 0; step < partition.batch_count(split); ++step) {
      const absl::Span<const uint32_t> batch = partition.Batch(split, step);
      const auto begin = members.insert(members.end(), batch.begin(), batch.end());
      if (spec.batch_rows == BatchRows::kAscending) std::sort(begin, members.end());
    }
    splits.members.push_back(SplitMembers::Listed(std::move(members)));
  }
  return splits;
}

}  // namespace

absl::StatusOr<DealtSplits> DealPartitioned(const PlanSpec& spec, const PlanInput& input) {
  return spec.coverage == Coverage::kHalf ? DealHalf(spec, input) : DealFully(spec, input);
}

}  // namespace millrace
