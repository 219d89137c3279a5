// For the tests of orders: specifications of one split, and whole epochs.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/plan/split_order.h"
#include "tests/support/catch.h"

namespace millrace {

using Members = std::vector<int64_t>;

inline PlanSpec SpecOf(OrderKind order, uint64_t seed = 42, std::string_view split_name = "train") {
  PlanSpec spec;
  spec.seed = seed;
  spec.splits.emplace_back();
  spec.splits[0].name = std::string(split_name);
  spec.splits[0].share = 1;
  spec.splits[0].order = order;
  spec.batch_size = 256;
  return spec;
}

inline PlanSpec BlockSpec(int64_t block_rows, int64_t window_blocks, uint64_t seed = 42) {
  PlanSpec spec = SpecOf(OrderKind::kBlock, seed);
  spec.splits[0].block_rows = block_rows;
  spec.splits[0].window_blocks = window_blocks;
  return spec;
}

inline PlanSpec WeightedSpec(bool replacement, int64_t epoch_samples = 0, uint64_t seed = 42) {
  PlanSpec spec = SpecOf(OrderKind::kWeighted, seed);
  spec.weights.emplace();
  spec.weights->replacement = replacement;
  spec.weights->epoch_samples = epoch_samples;
  return spec;
}

inline PlanSpec MixedSpec(const std::vector<int64_t>& shares, int64_t epoch_samples = 0, uint64_t seed = 42) {
  PlanSpec spec = SpecOf(OrderKind::kMixed, seed);
  spec.mix.emplace();
  spec.mix->epoch_samples = epoch_samples;
  for (const int64_t share : shares) spec.mix->parts.push_back({"", share});
  return spec;
}

inline std::unique_ptr<const SplitOrder> MakeOrder(const PlanSpec& spec, int64_t member_count,
                                                   MemberValues values = {}) {
  auto order = SplitOrder::Create(spec, 0, member_count, std::move(values));
  INFO(order.status());
  REQUIRE(order.ok());
  return *std::move(order);
}

inline Members Stretch(const EpochSequence& epoch, int64_t first_sample, int64_t count) {
  Members members(static_cast<size_t>(count), -1);
  epoch.Fill(first_sample, absl::MakeSpan(members));
  return members;
}

// All of an epoch's samples.
inline Members EpochOf(const SplitOrder& order, int64_t epoch) {
  return Stretch(**order.OpenEpoch(epoch), 0, order.sample_count());
}

}  // namespace millrace
