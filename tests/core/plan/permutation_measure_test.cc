// Question: what does an index cost, by the construction chosen and by those that were not?
// Method: batches of 256 at 10 M and 1 G, and Fisher and Yates' shuffle of 100 M, interleaved, five times; medians,
// spread and ratios, checksums of what was computed. Hidden, because it asserts no time: run it with "[.measure]".
#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdio>
#include <functional>
#include <numeric>
#include <random>
#include <vector>

#include "core/plan/mix.h"
#include "core/plan/permutation.h"
#include "core/plan/plan.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

constexpr size_t kBatchSize = 256;

// elements[i] = the element at elements[i].
using Apply = std::function<void(absl::Span<int64_t>)>;

struct Contender {
  const char* name;
  Apply apply;
  int64_t batch_count;
};

// The same network on the next power of two: up to half of the values walk, those left over being gathered and passed
// again together.
Apply PowerOfTwoFeistel(int64_t size, FeistelPath path) {
  const int64_t domain = static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(size)));
  const Feistel feistel = MakeFeistel(domain, ExpandKey(SelectionKey(1), domain));
  return [=](absl::Span<int64_t> elements) {
    FeistelApply(feistel, path, elements);
    std::vector<size_t> outside;
    for (size_t i = 0; i < elements.size(); ++i) {
      if (elements[i] >= size) outside.push_back(i);
    }
    std::vector<int64_t> values;
    while (!outside.empty()) {
      values.clear();
      for (const size_t i : outside) values.push_back(elements[i]);
      FeistelApply(feistel, path, absl::MakeSpan(values));
      size_t left = 0;
      for (size_t k = 0; k < outside.size(); ++k) {
        elements[outside[k]] = values[k];
        if (values[k] >= size) outside[left++] = outside[k];
      }
      outside.resize(left);
    }
  };
}

// Hoang, Morris and Rogaway's swap-or-not: any size without walking, but six rounds for every bit of the size.
Apply SwapOrNot(int64_t size) {
  const int round_count = 6 * std::bit_width(static_cast<uint64_t>(size));
  std::mt19937_64 random(3);
  std::vector<int64_t> offsets;
  std::vector<uint32_t> words;
  for (int i = 0; i < round_count; ++i) {
    offsets.push_back(static_cast<int64_t>(random() % static_cast<uint64_t>(size)));
    words.push_back(static_cast<uint32_t>(random()));
  }
  return [=](absl::Span<int64_t> elements) {
    for (int64_t& element : elements) {
      for (int i = 0; i < round_count; ++i) {
        int64_t partner = offsets[static_cast<size_t>(i)] - element;
        if (partner < 0) partner += size;
        const int64_t larger = std::max(element, partner);
        const uint32_t low = static_cast<uint32_t>(larger);
        const uint32_t bit = KeyedMix(low, words[static_cast<size_t>(i)], static_cast<uint32_t>(larger >> 32)) >> 31;
        element = bit != 0 ? partner : element;
      }
    }
  };
}

double NanosecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count();
}

double MeasureBatches(const Contender& contender, int64_t size, uint64_t* checksum) {
  std::vector<int64_t> elements(kBatchSize);
  const auto start = std::chrono::steady_clock::now();
  for (int64_t batch = 0; batch < contender.batch_count; ++batch) {
    std::iota(elements.begin(), elements.end(), batch * static_cast<int64_t>(kBatchSize) % (size - 256));
    contender.apply(absl::MakeSpan(elements));
    *checksum += static_cast<uint64_t>(elements[0] ^ elements[kBatchSize - 1]);
  }
  return NanosecondsSince(start) / static_cast<double>(contender.batch_count * static_cast<int64_t>(kBatchSize));
}

double MeasureFisherYates(uint32_t size, uint64_t* checksum) {
  const auto start = std::chrono::steady_clock::now();
  std::vector<uint32_t> elements(size);
  std::iota(elements.begin(), elements.end(), 0u);
  uint64_t state = 88172645463325252u;
  for (uint32_t i = size - 1; i > 0; --i) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    std::swap(elements[i], elements[(state >> 32) * (uint64_t{i} + 1) >> 32]);
  }
  *checksum += elements[0];
  return NanosecondsSince(start) / size;
}

void Print(const char* name, std::vector<double> nanoseconds, uint64_t checksum) {
  std::sort(nanoseconds.begin(), nanoseconds.end());
  std::printf("  %-42s %7.2f ns/index (%.2f to %.2f), checksum %llx\n", name, nanoseconds[nanoseconds.size() / 2],
              nanoseconds.front(), nanoseconds.back(), static_cast<unsigned long long>(checksum));
}

std::vector<Contender> Contenders(int64_t size) {
  const Permutation permutation = Permutation::Create(size, SelectionKey(1)).value();
  const Feistel feistel = MakeFeistel(size, ExpandKey(SelectionKey(1), size));
  return {
      {"Permutation, best path", [=](absl::Span<int64_t> e) { permutation.Apply(e); }, 40000},
      {"Permutation, portable path", [=](absl::Span<int64_t> e) { FeistelApply(feistel, FeistelPath::kPortable, e); },
       8000},
      {"power-of-two Feistel, best path", PowerOfTwoFeistel(size, BestFeistelPath()), 20000},
      {"power-of-two Feistel, portable path", PowerOfTwoFeistel(size, FeistelPath::kPortable), 4000},
      {"swap-or-not", SwapOrNot(size), 400},
  };
}

TEST_CASE("what an index costs", "[.measure]") {
  constexpr int kRunCount = 5;
  std::vector<double> shuffles, sequential;
  uint64_t shuffle_checksum = 0, sequential_checksum = 0;
  const Permutation hundred_million = Permutation::Create(100000000, SelectionKey(1)).value();
  for (int run = 0; run < kRunCount; ++run) {
    shuffles.push_back(MeasureFisherYates(100000000, &shuffle_checksum));
    std::vector<int64_t> block(kBatchSize);
    const auto start = std::chrono::steady_clock::now();
    for (int64_t first = 0; first + 256 <= hundred_million.size(); first += 256) {
      hundred_million.Fill(first, absl::MakeSpan(block));
      sequential_checksum += static_cast<uint64_t>(block[0]);
    }
    sequential.push_back(NanosecondsSince(start) / static_cast<double>(hundred_million.size()));
  }
  std::printf("100 M indices, all of them:\n");
  Print("Fisher-Yates in an array of 400 MB", shuffles, shuffle_checksum);
  Print("Permutation, batches of 256", sequential, sequential_checksum);
  for (const int64_t size : {int64_t{10000000}, int64_t{600000000}, int64_t{1000000000}}) {
    const std::vector<Contender> contenders = Contenders(size);
    std::vector<std::vector<double>> nanoseconds(contenders.size());
    std::vector<uint64_t> checksums(contenders.size());
    for (int run = 0; run < kRunCount; ++run) {
      for (size_t i = 0; i < contenders.size(); ++i) {
        nanoseconds[i].push_back(MeasureBatches(contenders[i], size, &checksums[i]));
      }
    }
    std::printf("batches of %zu of %lld:\n", kBatchSize, static_cast<long long>(size));
    for (size_t i = 0; i < contenders.size(); ++i) Print(contenders[i].name, nanoseconds[i], checksums[i]);
    CHECK(checksums[0] != 0);
  }
}

TEST_CASE("what opening costs", "[.measure]") {
  for (const int64_t size : {int64_t{1000}, int64_t{1280}, int64_t{3700000}, Permutation::kSizeMax}) {
    PlanSpec spec;
    spec.snapshot = std::string(64, '0');
    spec.seed = 42;
    spec.splits = DefaultSplits();
    spec.batch_size = 256;
    constexpr int kCount = 2000;
    int64_t checksum = 0;
    auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kCount; ++i) checksum += Plan::Open(spec, size)->splits()[0].batch_count;
    const double plan_us = NanosecondsSince(start) / kCount / 1000;
    const Plan plan = Plan::Open(spec, size).value();
    std::vector<int64_t> rows(1);
    start = std::chrono::steady_clock::now();
    for (int i = 0; i < kCount; ++i) {
      plan.OpenEpoch(0, i)->Rows(0, absl::MakeSpan(rows));
      checksum += rows[0];
    }
    std::printf("%lld samples: Plan::Open %.2f us, OpenEpoch and one row %.2f us (checksum %lld)\n",
                static_cast<long long>(size), plan_us, NanosecondsSince(start) / kCount / 1000,
                static_cast<long long>(checksum));
    CHECK(checksum > 0);
  }
}

}  // namespace
}  // namespace millrace
