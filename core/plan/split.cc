#include "core/plan/split.h"

#include <algorithm>
#include <numeric>

namespace millrace {
namespace {

// Products of a total and a share need 71 bits.
using Wide = unsigned __int128;

struct Remainder {
  Wide value;
  size_t split;
};

// Lets every split with a share have at least one sample, as far as the samples go.
void FeedEmptySplits(absl::Span<const int64_t> shares, std::vector<int64_t>* counts) {
  for (size_t i = 0; i < shares.size(); ++i) {
    if (shares[i] == 0 || (*counts)[i] > 0) continue;
    const auto largest = std::max_element(counts->begin(), counts->end());
    if (*largest < 2) return;
    --*largest;
    ++(*counts)[i];
  }
}

}  // namespace

std::vector<int64_t> ExactCounts(int64_t total, absl::Span<const int64_t> shares) {
  const Wide share_sum = std::accumulate(shares.begin(), shares.end(), Wide{0},
                                         [](Wide sum, int64_t share) { return sum + static_cast<Wide>(share); });
  std::vector<int64_t> counts(shares.size());
  std::vector<Remainder> remainders(shares.size());
  int64_t left = total;
  for (size_t i = 0; i < shares.size(); ++i) {
    const Wide product = static_cast<Wide>(total) * static_cast<Wide>(shares[i]);
    counts[i] = static_cast<int64_t>(product / share_sum);
    remainders[i] = {product % share_sum, i};
    left -= counts[i];
  }
  // Fewer are left than splits have a remainder, so none without a share gets one.
  std::stable_sort(remainders.begin(), remainders.end(),
                   [](const Remainder& a, const Remainder& b) { return a.value > b.value; });
  for (int64_t i = 0; i < left; ++i) ++counts[remainders[static_cast<size_t>(i)].split];
  FeedEmptySplits(shares, &counts);
  return counts;
}

}  // namespace millrace
