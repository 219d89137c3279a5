// Goal: weighted orders draw members in proportion to their weights, by index, and without replacement none twice.
// Method: random weights against the definition in docs/plan-specification.md, written down directly; frequencies over
// many epochs by chi-square with fixed seeds at p > 0.001, and samplers that are known to be wrong failing the same
// tests.
#include "core/plan/order_weighted.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <random>
#include <set>

#include "core/plan/hash.h"
#include "core/plan/permutation.h"
#include "tests/core/plan/chi_square.h"
#include "tests/core/plan/order_support.h"

namespace millrace {
namespace {

using Wide = unsigned __int128;
using Weights = std::vector<int64_t>;
using Classes = std::map<int64_t, Members, std::greater<>>;

constexpr double kPMin = 0.001;
constexpr double kWeakPMax = 1e-9;

Weights RandomWeights(std::mt19937_64& random) {
  const int kind = static_cast<int>(random() % 4);
  Weights weights(1 + random() % 300);
  for (int64_t& weight : weights) {
    if (kind == 0) weight = static_cast<int64_t>(random() % 4);
    if (kind == 1) weight = static_cast<int64_t>(random() >> (1 + random() % 63)) / 512;
    if (kind == 2) weight = 1 + static_cast<int64_t>(random() % 1000000);
    if (kind == 3) weight = random() % 10 == 0 ? kWeightMax : 1;
  }
  weights[random() % weights.size()] = 5;  // so that one is not 0
  return weights;
}

std::unique_ptr<const SplitOrder> Make(const PlanSpec& spec, const Weights& weights) {
  return MakeOrder(spec, static_cast<int64_t>(weights.size()), {.weights = weights, .mix_parts = {}});
}

Classes ClassesOf(const Weights& weights) {
  Classes classes;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] > 0) classes[weights[i]].push_back(static_cast<int64_t>(i));
  }
  return classes;
}

// An epoch with replacement, by the definition.
Members DrawsByDefinition(const Weights& weights, uint64_t seed, int64_t epoch, int64_t sample_count) {
  const int64_t total = std::accumulate(weights.begin(), weights.end(), int64_t{0});
  const RoundWords words =
      ExpandKey(LabelledKey("millrace.v1.weighted", seed, "train", static_cast<uint64_t>(epoch)), 0);
  Members result;
  for (int64_t i = 0; i < sample_count; ++i) {
    int64_t g = static_cast<int64_t>(Below(words, 0, static_cast<uint64_t>(i), static_cast<uint64_t>(total)));
    for (const auto& [weight, members] : ClassesOf(weights)) {
      const int64_t rank = g / weight;
      if (rank < static_cast<int64_t>(members.size())) {
        result.push_back(members[static_cast<size_t>(rank)]);
        break;
      }
      g -= weight * static_cast<int64_t>(members.size());
    }
  }
  return result;
}

// An epoch without replacement, by the definition.
Members SlotsByDefinition(const Weights& weights, uint64_t seed, int64_t epoch, int64_t sample_count) {
  const PermutationKey key = LabelledKey("millrace.v1.weighted", seed, "train", static_cast<uint64_t>(epoch));
  Wide left_count = static_cast<Wide>(sample_count);
  Wide left_weight = std::accumulate(weights.begin(), weights.end(), Wide{0},
                                     [](Wide sum, int64_t weight) { return sum + static_cast<Wide>(weight); });
  Members slots;
  struct Line {
    Wide weight;
    Members members;
  };
  std::vector<Line> lines;
  uint64_t number = 0;
  bool certain = true;
  for (const auto& [weight, members] : ClassesOf(weights)) {
    const Wide wide_weight = static_cast<Wide>(weight);
    certain = certain && left_count > 0 && left_count * wide_weight >= left_weight;
    if (certain) {
      slots.insert(slots.end(), members.begin(), members.end());
      left_count -= members.size();
      left_weight -= wide_weight * members.size();
    } else {
      Members shuffled;
      const int64_t size = static_cast<int64_t>(members.size());
      const Permutation order = Permutation::Create(size, SubKey(key, number)).value();
      for (int64_t i = 0; i < size; ++i) shuffled.push_back(members[static_cast<size_t>(order.At(i))]);
      lines.push_back({wide_weight, shuffled});
    }
    ++number;
  }
  for (Wide t = 0; t < left_count; ++t) {
    const uint64_t start = Below(ExpandKey(key, 0), 1, 0, static_cast<uint64_t>(left_weight));
    Wide g = (t * left_weight + start) / left_count;
    for (const Line& line : lines) {
      if (g / line.weight < line.members.size()) {
        slots.push_back(line.members[static_cast<size_t>(g / line.weight)]);
        break;
      }
      g -= line.weight * line.members.size();
    }
  }
  const Permutation order = Permutation::Create(sample_count, EpochKey(seed, "train", epoch)).value();
  Members result;
  for (int64_t i = 0; i < sample_count; ++i) result.push_back(slots[static_cast<size_t>(order.At(i))]);
  return result;
}

TEST_CASE("draws with replacement are those of the definition") {
  std::mt19937_64 random(60);
  for (int run = 0; run < 150; ++run) {
    const Weights weights = RandomWeights(random);
    const int64_t epoch_samples = run % 3 == 0 ? 0 : static_cast<int64_t>(1 + random() % 500);
    const auto order = Make(WeightedSpec(true, epoch_samples, random()), weights);
    const int64_t expected_count = epoch_samples > 0 ? epoch_samples : static_cast<int64_t>(weights.size());
    REQUIRE(order->sample_count() == expected_count);
  }
  for (int run = 0; run < 150; ++run) {
    const Weights weights = RandomWeights(random);
    const uint64_t seed = random();
    const Members members = EpochOf(*Make(WeightedSpec(true, 300, seed), weights), run);
    REQUIRE(members == DrawsByDefinition(weights, seed, run, 300));
  }
}

TEST_CASE("draws without replacement are those of the definition, and none comes twice") {
  std::mt19937_64 random(61);
  for (int run = 0; run < 400; ++run) {
    const Weights weights = RandomWeights(random);
    const int64_t drawable = std::count_if(weights.begin(), weights.end(), [](int64_t weight) { return weight > 0; });
    const int64_t epoch_samples =
        run % 10 == 0 ? 0 : static_cast<int64_t>(1 + random() % static_cast<uint64_t>(drawable));
    const int64_t count = epoch_samples == 0 ? drawable : epoch_samples;
    const uint64_t seed = random();
    const auto order = Make(WeightedSpec(false, epoch_samples, seed), weights);
    CAPTURE(run, count, weights.size());
    REQUIRE(order->sample_count() == count);
    const Members members = EpochOf(*order, run);
    REQUIRE(std::set<int64_t>(members.begin(), members.end()).size() == members.size());
    for (const int64_t member : members) REQUIRE(weights[static_cast<size_t>(member)] > 0);
    REQUIRE(members == SlotsByDefinition(weights, seed, run, count));
  }
}

// Draws an epoch's members.
using Sampler = std::function<Members(int64_t epoch)>;

Sampler SamplerOf(const SplitOrder& order) {
  return [&order](int64_t epoch) { return EpochOf(order, epoch); };
}

// Of members drawn independently, whether each is as frequent as its weight says.
double FrequenciesP(const Sampler& sampler, const Weights& weights, int64_t epoch_count) {
  std::vector<double> counts(weights.size());
  double drawn = 0;
  for (int64_t epoch = 0; epoch < epoch_count; ++epoch) {
    for (const int64_t member : sampler(epoch)) ++counts[static_cast<size_t>(member)], ++drawn;
  }
  const double total = static_cast<double>(std::accumulate(weights.begin(), weights.end(), int64_t{0}));
  double value = 0, degrees = -1;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] == 0) continue;
    const double expected = drawn * static_cast<double>(weights[i]) / total;
    value += (counts[i] - expected) * (counts[i] - expected) / expected;
    ++degrees;
  }
  return ChiSquareTail(value, degrees);
}

// Without replacement: whether the members of one weight, none of them certain, are equally frequent.
double EqualsP(const Sampler& sampler, const Members& members, int64_t epoch_count) {
  std::map<int64_t, double> counts;
  for (const int64_t member : members) counts[member] = 0;
  double drawn = 0;
  for (int64_t epoch = 0; epoch < epoch_count; ++epoch) {
    for (const int64_t member : sampler(epoch)) {
      if (counts.count(member) > 0) ++counts[member], ++drawn;
    }
  }
  const double size = static_cast<double>(members.size());
  const double expected = drawn / size;
  const double probability = expected / static_cast<double>(epoch_count);
  double value = 0;
  for (const auto& [member, count] : counts) value += (count - expected) * (count - expected) / expected;
  // As many as are drawn of the class are given, so counts vary less than those of independent draws.
  return ChiSquareTail(value / (1 - probability) * (size - 1) / size, size - 1);
}

// Without replacement and where no member is certain, how far the number of a weight's members is off from what the
// weights say: at most in any epoch, and at most on average over the epochs.
struct ClassOffs {
  double epoch_max = 0;
  double average_max = 0;
};
ClassOffs ClassOffsOf(const Sampler& sampler, const Weights& weights, int64_t epoch_count) {
  const double total = static_cast<double>(std::accumulate(weights.begin(), weights.end(), int64_t{0}));
  ClassOffs offs;
  std::map<int64_t, double> sums;
  for (int64_t epoch = 0; epoch < epoch_count; ++epoch) {
    const Members members = sampler(epoch);
    std::map<int64_t, double> off;
    for (const int64_t member : members) ++off[weights[static_cast<size_t>(member)]];
    for (const auto& [weight, in_class] : ClassesOf(weights)) {
      off[weight] -= static_cast<double>(members.size() * in_class.size()) * static_cast<double>(weight) / total;
      offs.epoch_max = std::max(offs.epoch_max, std::abs(off[weight]));
      sums[weight] += off[weight];
    }
  }
  for (const auto& [weight, sum] : sums) {
    offs.average_max = std::max(offs.average_max, std::abs(sum) / static_cast<double>(epoch_count));
  }
  return offs;
}

// Weights 1 to 5 in turn.
Weights FiveWeights(size_t count) {
  Weights weights(count);
  for (size_t i = 0; i < count; ++i) weights[i] = static_cast<int64_t>(1 + i % 5);
  return weights;
}

TEST_CASE("with replacement, members are as frequent as their weights say") {
  for (const Weights& weights : {FiveWeights(200), Weights{1, 0, 1000, 10, 0, 100, 1}, Weights(64, 7)}) {
    const auto order = Make(WeightedSpec(true, 2000), weights);
    CHECK(FrequenciesP(SamplerOf(*order), weights, 200) > kPMin);
    for (int64_t epoch = 0; epoch < 20; ++epoch) {
      for (const int64_t member : EpochOf(*order, epoch)) REQUIRE(weights[static_cast<size_t>(member)] > 0);
    }
  }
}

TEST_CASE("the statistic of draws fails for weights that are a little off, and for none") {
  const Weights weights = FiveWeights(200);
  Weights off = weights;
  for (int64_t& weight : off) weight = weight * 4 + 1;
  CHECK(FrequenciesP(SamplerOf(*Make(WeightedSpec(true, 2000), off)), weights, 200) < kWeakPMax);
  const Weights ones(200, 1);
  CHECK(FrequenciesP(SamplerOf(*Make(WeightedSpec(true, 2000), ones)), weights, 200) < kWeakPMax);
}

TEST_CASE("without replacement, a weight's members come as often as it says, in every epoch to within one") {
  const Weights weights = FiveWeights(200);
  for (const int64_t count : {1, 7, 40, 100}) {
    const auto order = Make(WeightedSpec(false, count), weights);
    CAPTURE(count);
    const ClassOffs offs = ClassOffsOf(SamplerOf(*order), weights, 3000);
    CHECK(offs.epoch_max < 1);
    // Each epoch is off to one side or the other, by half on a standard deviation at most: this is four of the
    // average's.
    CHECK(offs.average_max < 4 * 0.5 / std::sqrt(3000));
    for (const auto& [weight, members] : ClassesOf(weights)) CHECK(EqualsP(SamplerOf(*order), members, 3000) > kPMin);
  }
}

TEST_CASE("the statistics of sampling fail for draws that reject repeats, and for a fixed shuffle") {
  const Weights weights = FiveWeights(200);
  // What comes to mind first: draw with replacement until there are enough different ones. It favours small weights.
  const Sampler rejecting = [&weights](int64_t epoch) {
    std::mt19937_64 random(static_cast<uint64_t>(epoch));
    std::discrete_distribution<int64_t> draw(weights.begin(), weights.end());
    std::set<int64_t> members;
    while (members.size() < 100) members.insert(draw(random));
    return Members(members.begin(), members.end());
  };
  const ClassOffs offs = ClassOffsOf(rejecting, weights, 500);
  CHECK(offs.epoch_max > 5);
  CHECK(offs.average_max > 1);
  const auto order = Make(WeightedSpec(false, 40), weights);
  const Sampler same = [&order](int64_t) { return EpochOf(*order, 0); };
  const Classes classes = ClassesOf(weights);
  CHECK(EqualsP(same, classes.at(5), 3000) < kWeakPMax);
}

TEST_CASE("members that outweigh their slot are in every epoch") {
  Weights weights(100, 1);
  weights[17] = 1000;
  weights[70] = 900;
  weights[80] = 11;  // 98 + 11 over 8 slots: 13.6, so this one is not
  const auto order = Make(WeightedSpec(false, 10), weights);
  int64_t with_third = 0;
  for (int64_t epoch = 0; epoch < 1000; ++epoch) {
    const Members members = EpochOf(*order, epoch);
    REQUIRE(std::count(members.begin(), members.end(), 17) == 1);
    REQUIRE(std::count(members.begin(), members.end(), 70) == 1);
    with_third += std::count(members.begin(), members.end(), 80);
  }
  // 8 * 11 / 108 of the epochs: 815, give or take 4 standard deviations.
  CHECK(std::abs(with_third - 815) < 50);
  // Just as heavy as a slot is long: certain. All of one weight: everything is, when all are drawn.
  const auto even = Make(WeightedSpec(false, 3), {2, 1, 1, 2});
  for (int64_t epoch = 0; epoch < 50; ++epoch) {
    const Members members = EpochOf(*even, epoch);
    CHECK(std::count(members.begin(), members.end(), 0) + std::count(members.begin(), members.end(), 3) == 2);
  }
}

TEST_CASE("without replacement and without a count, an epoch has every member that has a weight") {
  std::mt19937_64 random(62);
  for (int run = 0; run < 50; ++run) {
    const Weights weights = RandomWeights(random);
    Members members = EpochOf(*Make(WeightedSpec(false), weights), run);
    std::sort(members.begin(), members.end());
    Members expected;
    for (size_t i = 0; i < weights.size(); ++i) {
      if (weights[i] > 0) expected.push_back(static_cast<int64_t>(i));
    }
    REQUIRE(members == expected);
  }
}

TEST_CASE("epochs, seeds and splits draw differently") {
  const Weights weights = FiveWeights(500);
  for (const bool replacement : {true, false}) {
    const Members members = EpochOf(*Make(WeightedSpec(replacement, 100), weights), 0);
    CHECK(EpochOf(*Make(WeightedSpec(replacement, 100), weights), 1) != members);
    CHECK(EpochOf(*Make(WeightedSpec(replacement, 100, 43), weights), 0) != members);
    PlanSpec other = WeightedSpec(replacement, 100);
    other.splits[0].name = "other";
    CHECK(EpochOf(*Make(other, weights), 0) != members);
  }
}

TEST_CASE("the largest weights and the longest epochs are exact") {
  const Weights weights = {INT64_MAX - 10, 4, 0, 6};
  const auto draws = Make(WeightedSpec(true, kEpochSamplesMax), weights);
  CHECK(Stretch(**draws->OpenEpoch(0), kEpochSamplesMax - 100, 100) == Members(100, 0));
  CHECK(EpochOf(*Make(WeightedSpec(false, 3), weights), 4) == SlotsByDefinition(weights, 42, 4, 3));
  CHECK(EpochOf(*Make(WeightedSpec(false, 1), weights), 4) == Members{0});
}

}  // namespace
}  // namespace millrace
