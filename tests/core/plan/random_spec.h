// Specifications drawn at random from all that are valid, for tests of what holds for every one.
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "core/plan/plan_spec.h"

namespace millrace {

class RandomSpecs {
 public:
  explicit RandomSpecs(uint64_t seed) : random_(seed) {}

  PlanSpec Draw();

 private:
  // From `min` to `max`, both included; small numbers and the limits more often than others.
  int64_t Number(int64_t min, int64_t max);
  bool Coin() { return random_() % 2 == 0; }
  template <typename Enum>
  Enum OneOf(int count) {
    return static_cast<Enum>(1 + random_() % static_cast<unsigned>(count));
  }
  // Of printable characters of one to four bytes; never empty.
  std::string Text();

  void DrawSplits(PlanSpec* spec);
  void DrawRanges(PlanSpec* spec);
  void DrawOrder(const PlanSpec& spec, SplitSpec* split);
  StratifySpec DrawStratify();
  WeightsSpec DrawWeights();
  MixSpec DrawMix();

  std::mt19937_64 random_;
};

}  // namespace millrace
