// Goal: every order computes any stretch of an epoch from its number alone, finds a member's samples, and refuses what
// cannot be drawn with an error that names the field.
// Method: one order of each kind; stretches of random lengths against the whole epoch; Find against a look through the
// epoch, for every member. What resuming costs is measured in the hidden test "[.measure]".
#include "core/plan/split_order.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <random>

#include "core/base/error.h"
#include "core/plan/plan_input.h"
#include "tests/core/plan/order_support.h"

namespace millrace {
namespace {

struct Kind {
  const char* name;
  PlanSpec spec;
};

// `epoch_samples` goes to those that draw.
std::vector<Kind> AllKinds(int64_t member_count, int64_t epoch_samples) {
  PlanSpec partitioned = SpecOf(OrderKind::kEpoch);
  partitioned.strategy = SplitStrategy::kPartitioned;
  partitioned.batch_size = 32;
  return {{"epoch", SpecOf(OrderKind::kEpoch)},
          {"fixed", SpecOf(OrderKind::kFixed)},
          {"whole batches", partitioned},
          {"sequential", SpecOf(OrderKind::kSequential)},
          {"block", BlockSpec(64, 16)},
          {"with replacement", WeightedSpec(true, epoch_samples)},
          {"without replacement", WeightedSpec(false, std::min(epoch_samples, member_count / 4 + 1))},
          {"mixed", MixedSpec({3, 4, 2}, epoch_samples)}};
}

MemberValues ValuesOf(int64_t member_count) {
  MemberValues values;
  for (int64_t i = 0; i < member_count; ++i) {
    values.weights.push_back(i % 97 == 0 ? 500 : i % 11);
    values.mix_parts.push_back(i % 5 == 4 ? kNoMixPart : static_cast<uint8_t>(i % 5 % 3));
  }
  return values;
}

TEST_CASE("any stretch of an epoch is what the whole epoch has there") {
  std::mt19937_64 random(80);
  for (const int64_t member_count : {5, 1000, 3001}) {
    for (const Kind& kind : AllKinds(member_count, 2500)) {
      CAPTURE(member_count, kind.name);
      const auto order = MakeOrder(kind.spec, member_count, ValuesOf(member_count));
      const Members whole = EpochOf(*order, 6);
      const auto epoch = std::move(order->OpenEpoch(6)).value();
      for (int run = 0; run < 300; ++run) {
        const int64_t first = static_cast<int64_t>(random() % whole.size());
        const int64_t rest = static_cast<int64_t>(whole.size()) - first;
        const int64_t count = static_cast<int64_t>(random() % static_cast<uint64_t>(rest + 1)) >> random() % 8;
        const Members stretch = Stretch(*epoch, first, count);
        REQUIRE(std::equal(stretch.begin(), stretch.end(), whole.begin() + first));
      }
    }
  }
}

TEST_CASE("Find gives every sample of a member, and no other") {
  for (const int64_t member_count : {5, 1000, 3001}) {
    for (const Kind& kind : AllKinds(member_count, 2500)) {
      for (const int64_t epoch_number : {0, 9}) {
        CAPTURE(member_count, kind.name, epoch_number);
        const auto order = MakeOrder(kind.spec, member_count, ValuesOf(member_count));
        const Members whole = EpochOf(*order, epoch_number);
        std::vector<std::vector<int64_t>> samples(static_cast<size_t>(member_count));
        for (size_t i = 0; i < whole.size(); ++i) {
          samples[static_cast<size_t>(whole[i])].push_back(static_cast<int64_t>(i));
        }
        const auto epoch = std::move(order->OpenEpoch(epoch_number)).value();
        for (int64_t member = 0; member < member_count; ++member) {
          std::vector<int64_t>& expected = samples[static_cast<size_t>(member)];
          REQUIRE(epoch->Find(member, 5000) == expected);
          if (expected.size() > 2) expected.resize(2);
          REQUIRE(epoch->Find(member, 2) == expected);
          REQUIRE(epoch->Find(member, 0).empty());
        }
      }
    }
  }
}

TEST_CASE("a split without members has an order without samples") {
  for (const Kind& kind : AllKinds(100, 50)) {
    CAPTURE(kind.name);
    CHECK(MakeOrder(kind.spec, 0)->sample_count() == 0);
  }
}

TEST_CASE("orders keep at most a few bytes a member") {
  constexpr int64_t kCount = 200000;
  for (const Kind& kind : AllKinds(kCount, kCount)) {
    CAPTURE(kind.name);
    const auto order = MakeOrder(kind.spec, kCount, ValuesOf(kCount));
    CHECK(order->memory_bytes() > 0);
    CHECK(order->memory_bytes() < 4 * kCount + 4096);
  }
}

void CheckRefused(const PlanSpec& spec, MemberValues values, const std::string& field, const std::string& text) {
  const int64_t count = static_cast<int64_t>(std::max(values.weights.size(), values.mix_parts.size()));
  const absl::Status status = SplitOrder::Create(spec, 0, count, std::move(values)).status();
  CHECK(ReasonOf(status) == Reason::kFieldInvalid);
  CHECK(FieldOf(status) == field);
  const std::string message(status.message().data(), status.message().size());
  CHECK_THAT(message, Catch::Contains(text) && Catch::Contains("\"train\""));
}

TEST_CASE("weights that cannot be drawn by are refused, with the field's name") {
  PlanSpec by_tags = WeightedSpec(true);
  by_tags.weights->by = WeightsBy::kTagFrequency;
  CheckRefused(WeightedSpec(true), {.weights = {0, 0, 0}, .mix_parts = {}}, "spec.weights.queries", "weight 0");
  CheckRefused(WeightedSpec(true), {.weights = {INT64_MAX, 1}, .mix_parts = {}}, "spec.weights.queries", "2^63 - 1");
  CheckRefused(by_tags, {.weights = {INT64_MAX, INT64_MAX, INT64_MAX}, .mix_parts = {}}, "spec.weights.tag_frequency",
               "2^63 - 1");
  CheckRefused(WeightedSpec(false, 3), {.weights = {5, 0, 5}, .mix_parts = {}}, "spec.weights.epoch_samples",
               "only 2 posts");
  CHECK(SplitOrder::Create(WeightedSpec(false, 2), 0, 3, {.weights = {5, 0, 5}, .mix_parts = {}}).ok());
  CHECK(SplitOrder::Create(WeightedSpec(true, 3), 0, 3, {.weights = {5, 0, 5}, .mix_parts = {}}).ok());
  CHECK(SplitOrder::Create(WeightedSpec(true), 0, 2, {.weights = {INT64_MAX - 1, 1}, .mix_parts = {}}).ok());
}

TEST_CASE("mixes that cannot be dealt are refused, with the field's name") {
  CheckRefused(MixedSpec({1, 1, 1}), {.weights = {}, .mix_parts = {0, 2, 2, kNoMixPart}}, "spec.mix.parts[1].query",
               "no post");
  const MemberValues two = {.weights = {}, .mix_parts = {0, 1}};
  CHECK(SplitOrder::Create(MixedSpec({65535, 1}), 0, 2, two).ok());
  CHECK(SplitOrder::Create(MixedSpec({kShareMax / 2 * 2, kShareMax / 2}), 0, 2, two).ok());
  const absl::Status status = SplitOrder::Create(MixedSpec({65536, 1}), 0, 2, two).status();
  CHECK(FieldOf(status) == "spec.mix.parts");
}

double NanosecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count();
}

// Of opening an epoch and computing one batch of it.
double ResumeNanoseconds(const SplitOrder& order, int64_t step, int64_t* checksum) {
  Members members(256);
  std::vector<double> runs;
  for (int run = 0; run < 200; ++run) {
    const auto start = std::chrono::steady_clock::now();
    (*order.OpenEpoch(run))->Fill(step * 256, absl::MakeSpan(members));
    runs.push_back(NanosecondsSince(start));
    *checksum += members[0] ^ members[255];
  }
  std::nth_element(runs.begin(), runs.begin() + 100, runs.end());
  return runs[100];
}

TEST_CASE("what resuming and a batch cost", "[.measure]") {
  constexpr int64_t kStep = 1000000;
  constexpr int64_t kSamples = (kStep + 1) * 256;
  // Orders without weights and mixes go on for as many members; those draw as many samples from a million.
  for (const Kind& kind : AllKinds(4 * kSamples, kSamples)) {
    const bool draws = kind.spec.weights.has_value() || kind.spec.mix.has_value();
    const int64_t member_count = draws ? 1000000 : kSamples;
    PlanSpec spec = kind.spec;
    const bool is_sampled = draws && spec.weights.has_value() && !spec.weights->replacement;
    if (is_sampled) spec.weights->epoch_samples = member_count / 4;
    const int64_t last_step = is_sampled ? member_count / 4 / 256 - 1 : kStep;
    const auto order = MakeOrder(spec, member_count, draws ? ValuesOf(member_count) : MemberValues());
    int64_t checksum = 0;
    const double at_start = ResumeNanoseconds(*order, 0, &checksum);
    const double at_end = ResumeNanoseconds(*order, last_step, &checksum);
    const auto epoch = std::move(order->OpenEpoch(0)).value();
    Members members(256);
    const auto start = std::chrono::steady_clock::now();
    for (int64_t step = 0; step < 900; ++step) {
      epoch->Fill(step * 256, absl::MakeSpan(members));
      checksum += members[0] ^ members[255];
    }
    std::printf(
        "%-20s resume at step 0 %8.0f ns, at step %lld %8.0f ns, ratio %.2f; in a stream %6.1f ns/sample (%llx)\n",
        kind.name, at_start, static_cast<long long>(last_step), at_end, at_end / at_start,
        NanosecondsSince(start) / 900 / 256, static_cast<unsigned long long>(checksum));
    CHECK(checksum != 0);
  }
}

}  // namespace
}  // namespace millrace
