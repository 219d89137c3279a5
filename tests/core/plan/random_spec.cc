#include "tests/core/plan/random_spec.h"

#include <algorithm>
#include <vector>

namespace millrace {

int64_t RandomSpecs::Number(int64_t min, int64_t max) {
  switch (random_() % 8) {
    case 0:
      return min;
    case 1:
      return max;
    case 2:
      return min + static_cast<int64_t>(random_() % static_cast<uint64_t>(std::min<int64_t>(max - min + 1, 10)));
    default:
      return min + static_cast<int64_t>(random_() % static_cast<uint64_t>(max - min + 1));
  }
}

std::string RandomSpecs::Text() {
  constexpr const char* kPieces[] = {"a", "B", "7", "_", "-",  ":",  ">",      "\"",     "\\", "/",
                                     " ", "~", "é", "ß", "初", "音", "\u0080", "\uffff", "🎵",  "𝄞"};
  std::string text;
  const size_t piece_count = 1 + random_() % 20;
  for (size_t i = 0; i < piece_count; ++i) text += kPieces[random_() % std::size(kPieces)];
  return text;
}

void RandomSpecs::DrawRanges(PlanSpec* spec) {
  spec->modulus = Number(1, kModulusMax);
  // Distinct ends in pairs, dealt to the splits in turns.
  std::vector<int64_t> ends;
  for (size_t i = 0; i < 6 * spec->splits.size(); ++i) ends.push_back(Number(0, spec->modulus - 1));
  std::sort(ends.begin(), ends.end());
  ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
  std::vector<IdRange> ranges;
  for (size_t i = 0; i + 1 < ends.size(); i += 2) ranges.push_back({ends[i], ends[i + 1]});
  if (ranges.empty()) ranges.push_back({0, spec->modulus - 1});
  spec->splits.resize(std::min(spec->splits.size(), ranges.size()));
  for (size_t i = 0; i < ranges.size(); ++i) spec->splits[i % spec->splits.size()].ranges.push_back(ranges[i]);
}

void RandomSpecs::DrawOrder(const PlanSpec& spec, SplitSpec* split) {
  split->order = OneOf<OrderKind>(spec.strategy == SplitStrategy::kPartitioned ? 3 : 6);
  if (split->order != OrderKind::kBlock) return;
  split->block_rows = Number(1, kWindowRowsMax);
  split->window_blocks = Number(1, kWindowRowsMax / split->block_rows);
}

void RandomSpecs::DrawSplits(PlanSpec* spec) {
  const bool is_half = spec->coverage == Coverage::kHalf;
  spec->splits.resize(is_half ? kHalfCoverageSplitCount : static_cast<size_t>(Number(1, kSplitCountMax)));
  for (size_t i = 0; i < spec->splits.size(); ++i) {
    spec->splits[i].name = std::to_string(random_() % 1000) + ".s_-" + std::to_string(i);
  }
  if (spec->strategy == SplitStrategy::kIdRange) {
    DrawRanges(spec);
  } else if (is_half) {
    spec->splits[1].share = Number(0, 50);
    spec->splits[2].share = Number(0, 50);
    spec->splits[0].share = 100 - spec->splits[1].share - spec->splits[2].share;
  } else {
    for (SplitSpec& split : spec->splits) split.share = Number(0, kShareMax);
    spec->splits[random_() % spec->splits.size()].share = Number(1, kShareMax);
  }
  for (SplitSpec& split : spec->splits) DrawOrder(*spec, &split);
}

StratifySpec RandomSpecs::DrawStratify() {
  StratifySpec stratify;
  stratify.by = OneOf<StratifyBy>(3);
  if (stratify.by == StratifyBy::kTag) stratify.tag = Text();
  if (stratify.by == StratifyBy::kCategory) stratify.category = OneOf<TagCategory>(kTagCategoryCount - 1);
  return stratify;
}

WeightsSpec RandomSpecs::DrawWeights() {
  WeightsSpec weights;
  weights.by = OneOf<WeightsBy>(2);
  weights.replacement = Coin();
  if (Coin()) weights.epoch_samples = Number(1, kEpochSamplesMax);
  if (weights.by == WeightsBy::kQueries) {
    weights.queries.resize(static_cast<size_t>(Number(1, kWeightQueryCountMax)));
    for (QueryWeight& query : weights.queries) query = {Text(), Number(0, kWeightMax)};
    if (Coin()) weights.otherwise = Number(0, kWeightMax);
    weights.queries.back().weight = Number(1, kWeightMax);
  } else {
    weights.cap = Number(1, kWeightCapMax);
    weights.power_quarters = Number(1, 4);
    if (Coin()) weights.category = OneOf<TagCategory>(kTagCategoryCount - 1);
  }
  return weights;
}

MixSpec RandomSpecs::DrawMix() {
  MixSpec mix;
  mix.parts.resize(static_cast<size_t>(Number(2, kMixPartCountMax)));
  // A common factor, so that shares are larger than what they reduce to.
  const int64_t factor = Number(1, kShareMax / 1000);
  for (MixPart& part : mix.parts) part = {Coin() ? Text() : "", factor * Number(1, 1000)};
  if (Coin()) mix.epoch_samples = Number(1, kEpochSamplesMax);
  return mix;
}

PlanSpec RandomSpecs::Draw() {
  PlanSpec spec;
  for (int i = 0; i < 64; ++i) spec.snapshot += "0123456789abcdef"[random_() % 16];
  if (Coin()) spec.query = Text();
  spec.seed = random_() >> (random_() % 64);
  spec.strategy = OneOf<SplitStrategy>(5);
  spec.batch_size = Number(1, kBatchSizeMax);
  spec.last_batch = OneOf<LastBatch>(3);
  if (spec.strategy == SplitStrategy::kPartitioned) {
    spec.coverage = OneOf<Coverage>(2);
    spec.batch_rows = OneOf<BatchRows>(2);
  } else if (spec.strategy != SplitStrategy::kIdRange) {
    spec.unit = OneOf<SplitUnit>(4);
  }
  if (spec.strategy == SplitStrategy::kStratified) spec.stratify = DrawStratify();
  DrawSplits(&spec);
  const auto has_order = [&](OrderKind order) {
    return std::any_of(spec.splits.begin(), spec.splits.end(), [=](const SplitSpec& s) { return s.order == order; });
  };
  if (has_order(OrderKind::kWeighted)) spec.weights = DrawWeights();
  if (has_order(OrderKind::kMixed)) spec.mix = DrawMix();
  spec.tags = OneOf<TagReading>(2);
  return spec;
}

}  // namespace millrace
