#include "core/batch/rarest_tag.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/snapshot/applied_tags.h"

namespace millrace {
namespace {

// No tag is on so many posts: there are fewer than 2^32.
constexpr uint32_t kNotCounted = 0xFFFFFFFF;

// The square root, rounded down, of any number below 2^64.
uint64_t IntegerSquareRoot(uint64_t square) {
  // The processor's estimate is off by one at most; the comparisons make it exact whatever it is.
  constexpr uint64_t kRootMax = 0xFFFFFFFF;
  uint64_t root = std::min(static_cast<uint64_t>(std::sqrt(static_cast<double>(square))), kRootMax);
  while (root * root > square) --root;
  while (root < kRootMax && (root + 1) * (root + 1) <= square) ++root;
  return root;
}

}  // namespace

absl::StatusOr<RarestTagFinder> RarestTagFinder::Open(const Snapshot& snapshot, TagReading reading,
                                                      std::optional<TagCategory> category, const Cancelled& cancelled) {
  MILLRACE_ASSIGN_OR_RETURN(const auto post_counts, TagPostCountsFor(snapshot, reading, cancelled));
  MILLRACE_ASSIGN_OR_RETURN(const auto categories, snapshot.TagCategories());
  RarestTagFinder finder;
  finder.rarities_.resize(post_counts.size(), kNotCounted);
  for (size_t i = 0; i < post_counts.size(); ++i) {
    if (category.has_value() && categories[i] != static_cast<uint8_t>(*category)) continue;
    // Posts that said it have the tag that it is an alias of.
    if (reading == TagReading::kApplied && post_counts[i] == 0) continue;
    if (post_counts[i] < 1 || post_counts[i] > snapshot.post_count()) {
      return MakeError(
          Reason::kSnapshotDamaged,
          absl::StrCat("snapshot ", snapshot.digest(), " says that tag ", i, " is on ", post_counts[i], " of ",
                       snapshot.post_count(), " posts. Restore the file from a backup, or compile the dataset anew."),
          {{"snapshot", snapshot.digest()}});
    }
    finder.rarities_[i] = static_cast<uint32_t>(post_counts[i] - 1);
  }
  return finder;
}

std::optional<uint32_t> RarestTagFinder::Find(absl::Span<const uint32_t> tag_indexes) const {
  // Rarity above, index below: the smallest is the answer, found without a branch that nobody could predict.
  uint64_t rarest = uint64_t{kNotCounted} << 32;
  for (const uint32_t tag_index : tag_indexes) {
    rarest = std::min(rarest, uint64_t{rarities_[tag_index]} << 32 | tag_index);
  }
  if (rarest >> 32 == kNotCounted) return std::nullopt;
  return static_cast<uint32_t>(rarest);
}

int64_t TagFrequencyWeight(int64_t post_count, int64_t tag_post_count, int64_t cap, int64_t power_quarters) {
  // With fewer than 2^32 posts: r < 2^48, r * 2^16 < 2^64, r2 < 2^32, r1 < 2^24, r1 * r2 < 2^56.
  const uint64_t r = (static_cast<uint64_t>(post_count) << 16) / static_cast<uint64_t>(tag_post_count);
  const uint64_t cap_weight = static_cast<uint64_t>(cap) << 16;
  uint64_t weight = r;
  if (power_quarters < 4) {
    const uint64_t r2 = IntegerSquareRoot(r << 16);
    const uint64_t r1 = IntegerSquareRoot(r2 << 16);
    weight = power_quarters == 1 ? r1 : power_quarters == 2 ? r2 : r1 * r2 >> 16;
  }
  return static_cast<int64_t>(std::min(cap_weight, weight));
}

}  // namespace millrace
