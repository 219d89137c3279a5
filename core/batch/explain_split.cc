#include "core/batch/explain_split.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/batch/explain_text.h"
#include "core/batch/explain_units.h"
#include "core/batch/plan_input_reader.h"
#include "core/plan/hash.h"
#include "core/plan/key.h"
#include "core/plan/permutation.h"
#include "core/plan/seed_partition.h"
#include "core/plan/split.h"
#include "core/plan/split_strategies.h"

namespace millrace {
namespace {

absl::StatusOr<SplitReasons> ExplainExactPosts(const PlanSpec& spec, int64_t selection_size, const SelectedPost& post) {
  const PermutationKey key = SelectionKey(spec.seed);
  MILLRACE_ASSIGN_OR_RETURN(const Permutation dealt, Permutation::Create(selection_size, key));
  const int64_t place = dealt.IndexOf(post.element);
  const CutPlace cut = FindCut(ExactCounts(selection_size, SharesOf(spec)), place);
  return SplitReasons{
      cut.split,
      {absl::StrCat(PermutationText(selection_size, absl::StrCat("selection_key(", spec.seed, ")"), key),
                    " has element ", post.element, " at place ", place),
       CutText(spec, "places", selection_size, cut)}};
}

absl::StatusOr<SplitReasons> ExplainHash(const PlanSpec& spec, const Snapshot& snapshot, const SelectedPost& post) {
  using Wide = unsigned __int128;
  MILLRACE_ASSIGN_OR_RETURN(const UnitKey key, UnitKeyOf(spec, snapshot, post.row));
  MILLRACE_ASSIGN_OR_RETURN(const std::string unit, UnitText(spec, snapshot, key));
  const RoundWords words = ExpandKey(LabelledKey("millrace.v1.hash", spec.seed, "", 0), 0);
  const uint64_t hash = Hash64(words, key.kind, static_cast<uint64_t>(key.id));
  SplitReasons reasons;
  reasons.sentences = {absl::StrCat("unit: ", unit),
                       absl::StrCat("hash64 of the unit's key (", key.kind, ", ", key.id, "), with the words of ",
                                    KeyName("millrace.v1.hash", spec.seed, "", 0), ", is ", HashText(hash))};
  Wide share_sum = 0;
  for (const SplitSpec& split : spec.splits) share_sum += static_cast<Wide>(split.share);
  Wide before = 0;
  for (size_t split = 0; split < spec.splits.size(); ++split) {
    const Wide start = (before << 64) / share_sum;
    before += static_cast<Wide>(spec.splits[split].share);
    const Wide end = (before << 64) / share_sum;
    if (Wide{hash} >= end) continue;
    reasons.split = split;
    std::string sentence =
        absl::StrCat(HashText(hash), " is below the end of ", spec.splits[split].name, "'s share, ",
                     end >> 64 != 0 ? "2^64" : HashText(static_cast<uint64_t>(end)), " (", static_cast<int64_t>(before),
                     " of ", static_cast<int64_t>(share_sum), " parts)");
    if (start > 0) absl::StrAppend(&sentence, ", and not below its start, ", HashText(static_cast<uint64_t>(start)));
    reasons.sentences.push_back(std::move(sentence));
    break;
  }
  return reasons;
}

SplitReasons ExplainIdRange(const PlanSpec& spec, const SelectedPost& post) {
  const int64_t remainder = (post.post_id % spec.modulus + spec.modulus) % spec.modulus;
  std::string sentence = absl::StrCat("id ", post.post_id, " modulo ", spec.modulus, " is ", remainder);
  for (size_t split = 0; split < spec.splits.size(); ++split) {
    for (const IdRange& range : spec.splits[split].ranges) {
      if (remainder < range.first || remainder > range.last) continue;
      absl::StrAppend(&sentence, ", in ", spec.splits[split].name, "'s range ", range.first, "-", range.last);
      return {split, {std::move(sentence)}};
    }
  }
  absl::StrAppend(&sentence, ", in no split's range");
  return {std::nullopt, {std::move(sentence)}};
}

absl::StatusOr<SplitReasons> ExplainPartitioned(const PlanSpec& spec, int64_t selection_size,
                                                const SelectedPost& post) {
  const int64_t partition = post.element / (2 * spec.batch_size);
  const int64_t first = partition * 2 * spec.batch_size;
  const int64_t size = std::min(2 * spec.batch_size, selection_size - first);
  const PermutationKey key =
      SubKey(LabelledKey("millrace.v1.partition", spec.seed, "", 0), static_cast<uint64_t>(partition));
  MILLRACE_ASSIGN_OR_RETURN(const Permutation drawn, Permutation::Create(size, key));
  const int64_t place = drawn.IndexOf(post.element - first);
  const int64_t batch = 2 * partition + place / spec.batch_size;
  const std::string key_name =
      absl::StrCat("subkey(", KeyName("millrace.v1.partition", spec.seed, "", 0), ", ", partition, ")");
  SplitReasons reasons;
  reasons.sentences.push_back(absl::StrCat("partition ", partition, " has ", RangeText("elements", first, size), "; ",
                                           PermutationText(size, key_name, key), " has its element ",
                                           post.element - first, " at place ", place, ": batch ", batch));
  const int64_t batch_count = selection_size / spec.batch_size;
  const std::vector<int64_t> shares = SharesOf(spec);
  if (batch >= batch_count) {
    reasons.split = static_cast<size_t>(std::max_element(shares.begin(), shares.end()) - shares.begin());
    reasons.sentences.push_back(absl::StrCat("batch ", batch, " is not whole; what is left behind the ",
                                             CountOf(batch_count, "whole batch", "whole batches"), " goes to split ",
                                             spec.splits[*reasons.split].name, ", whose share is the largest"));
    return reasons;
  }
  const PermutationKey order_key = SelectionKey(spec.seed);
  MILLRACE_ASSIGN_OR_RETURN(const Permutation order, Permutation::Create(batch_count, order_key));
  const CutPlace cut = FindCut(ExactCounts(batch_count, shares), order.IndexOf(batch));
  reasons.split = cut.split;
  reasons.sentences.push_back(
      absl::StrCat(PermutationText(batch_count, absl::StrCat("selection_key(", spec.seed, ")"), order_key),
                   " has batch ", batch, " at place ", cut.place));
  reasons.sentences.push_back(CutText(spec, "places", batch_count, cut));
  return reasons;
}

// The seed system's rule has no shortcut: every batch is drawn.
absl::StatusOr<SplitReasons> ExplainHalf(const PlanSpec& spec, int64_t selection_size, const SelectedPost& post) {
  MILLRACE_ASSIGN_OR_RETURN(const SeedPartition drawn,
                            SeedPartition::Create({.row_count = selection_size,
                                                   .batch_size = spec.batch_size,
                                                   .seed = spec.seed,
                                                   .validation_percent = static_cast<int32_t>(spec.splits[1].share),
                                                   .test_percent = static_cast<int32_t>(spec.splits[2].share)}));
  const int64_t partition = post.element / (2 * spec.batch_size);
  const int64_t partition_count = selection_size / (2 * spec.batch_size);
  if (partition >= partition_count) {
    return SplitReasons{
        std::nullopt,
        {absl::StrCat("elements from ", partition_count * 2 * spec.batch_size, " on, behind the last of ",
                      CountOf(partition_count, "whole partition", "whole partitions"), " of ", 2 * spec.batch_size,
                      ", are in no batch")}};
  }
  const std::string drawing = absl::StrCat(
      "partition ", partition, " has ", RangeText("elements", partition * 2 * spec.batch_size, 2 * spec.batch_size),
      "; the generator of seed ", spec.seed, " drew half of them for batch ", partition);
  const std::optional<SeedPartition::Place> place = drawn.Find(post.element);
  if (!place.has_value())
    return SplitReasons{std::nullopt, {absl::StrCat(drawing, ", without element ", post.element)}};
  const size_t split = static_cast<size_t>(place->split);
  return SplitReasons{
      split,
      {absl::StrCat(drawing, ", element ", post.element, " as its number ", place->index),
       absl::StrCat("of the shuffled list's end, split ", spec.splits[split].name, " takes it as batch ", place->step,
                    " of ", CountText(drawn.batch_count(place->split)))}};
}

}  // namespace

absl::StatusOr<SplitReasons> ExplainSplit(const PlanSpec& spec, const Snapshot& snapshot, int64_t selection_size,
                                          const SelectedPost& post, const Cancelled& cancelled) {
  switch (spec.strategy) {
    case SplitStrategy::kExact:
      if (spec.unit == SplitUnit::kPost) return ExplainExactPosts(spec, selection_size, post);
      return ExplainDealtUnits(spec, snapshot, post, cancelled);
    case SplitStrategy::kStratified:
      return ExplainDealtUnits(spec, snapshot, post, cancelled);
    case SplitStrategy::kHash:
      return ExplainHash(spec, snapshot, post);
    case SplitStrategy::kIdRange:
      return ExplainIdRange(spec, post);
    case SplitStrategy::kPartitioned:
      return spec.coverage == Coverage::kHalf ? ExplainHalf(spec, selection_size, post)
                                              : ExplainPartitioned(spec, selection_size, post);
  }
  return MakeError(Reason::kInternal, "a plan with a strategy that is not known here");
}

}  // namespace millrace
