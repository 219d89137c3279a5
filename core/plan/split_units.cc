#include "core/plan/split_units.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"

namespace millrace {
namespace {

constexpr size_t kDealBlock = 1024;

std::string UnitText(SplitUnit unit, const UnitKey& key) {
  if (key.kind == 0) return absl::StrCat("post ", key.id);
  switch (unit) {
    case SplitUnit::kPost:
      break;
    case SplitUnit::kParent:
      return absl::StrCat("the family of post ", key.id);
    case SplitUnit::kArtist:
      return absl::StrCat("the artist with the tag id ", key.id);
    case SplitUnit::kPool:
      return absl::StrCat("pool ", key.id);
  }
  return absl::StrCat("unit ", key.id);
}

// Deals out numbers from 0, one a key.
class KeyNumbers {
 public:
  explicit KeyNumbers(absl::Span<const UnitKey> keys) {
    for (const UnitKey& key : keys) {
      if (key.kind >= kinds_.size()) return;
      Kind& kind = kinds_[key.kind];
      kind.first = std::min(kind.first, key.id);
      kind.last = std::max(kind.last, key.id);
    }
    const uint64_t width_max = kTableSpread * keys.size();
    has_tables_ = std::all_of(kinds_.begin(), kinds_.end(),
                              [&](const Kind& kind) { return kind.last < kind.first || kind.Width() <= width_max; });
    if (!has_tables_) return;
    for (Kind& kind : kinds_) {
      if (kind.first <= kind.last) kind.numbers.assign(kind.Width() + 1, kNone);
    }
  }

  // The number of a key: `next` when it has none yet.
  uint32_t NumberOf(const UnitKey& key, uint32_t next) {
    if (!has_tables_) return numbers_.try_emplace(std::pair(key.kind, key.id), next).first->second;
    Kind& kind = kinds_[key.kind];
    uint32_t& number = kind.numbers[static_cast<uint64_t>(key.id) - static_cast<uint64_t>(kind.first)];
    if (number == kNone) number = next;
    return number;
  }

 private:
  static constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();
  // Ids of posts, tags and pools lie close together: a table takes a fifth of a map's time. Up to so many times as
  // wide as there are keys, it takes no more memory either.
  static constexpr uint64_t kTableSpread = 8;

  struct Kind {
    int64_t first = std::numeric_limits<int64_t>::max();
    int64_t last = std::numeric_limits<int64_t>::min();
    std::vector<uint32_t> numbers;  // by id - first

    uint64_t Width() const { return static_cast<uint64_t>(last) - static_cast<uint64_t>(first); }
  };

  bool has_tables_ = false;
  std::array<Kind, 2> kinds_;
  absl::flat_hash_map<std::pair<uint32_t, int64_t>, uint32_t> numbers_;
};

}  // namespace

UnitTable NumberUnits(absl::Span<const UnitKey> keys) {
  UnitTable table;
  table.unit_of.reserve(keys.size());
  KeyNumbers numbers(keys);
  for (const UnitKey& key : keys) {
    const uint32_t unit = numbers.NumberOf(key, static_cast<uint32_t>(table.unit_count()));
    if (unit == table.unit_count()) {
      table.first.push_back(static_cast<uint32_t>(table.unit_of.size()));
      table.size.push_back(0);
    }
    table.unit_of.push_back(unit);
    ++table.size[unit];
  }
  return table;
}

UnitTable SingleUnits(int64_t element_count) {
  UnitTable table;
  table.unit_of.resize(static_cast<size_t>(element_count));
  std::iota(table.unit_of.begin(), table.unit_of.end(), 0u);
  table.first = table.unit_of;
  table.size.assign(table.unit_of.size(), 1);
  return table;
}

UnitTable UnitsOf(const PlanSpec& spec, const PlanInput& input, int64_t element_count) {
  return spec.unit == SplitUnit::kPost ? SingleUnits(element_count) : NumberUnits(input.unit_keys);
}

void DealUnits(const Permutation& dealt, absl::Span<const uint32_t> units, const UnitTable& table,
               absl::Span<const int64_t> counts, absl::Span<SplitNumber> split_of_unit,
               absl::Span<SplitTally> tallies) {
  std::vector<int64_t> starts(counts.size() + 1);
  std::partial_sum(counts.begin(), counts.end(), starts.begin() + 1);
  for (size_t split = 0; split < counts.size(); ++split) tallies[split].target += counts[split];

  std::array<int64_t, kDealBlock> block;
  int64_t place = 0;  // of the next unit's first element in the layout
  size_t split = 0;
  for (size_t done = 0; done < units.size(); done += kDealBlock) {
    const absl::Span<int64_t> part = absl::MakeSpan(block).subspan(0, units.size() - done);
    dealt.Fill(static_cast<int64_t>(done), part);
    for (const int64_t index : part) {
      const uint32_t unit = units[static_cast<size_t>(index)];
      while (place >= starts[split + 1]) ++split;
      split_of_unit[unit] = static_cast<SplitNumber>(split);
      const int64_t size = table.size[unit];
      for (size_t touched = split; touched < counts.size() && starts[touched] < place + size; ++touched) {
        tallies[touched].Offer(unit, size);
      }
      place += size;
    }
  }
}

std::vector<SplitNumber> AssignByUnit(const UnitTable& table, absl::Span<const SplitNumber> split_of_unit) {
  std::vector<SplitNumber> assignment(table.unit_of.size());
  std::transform(table.unit_of.begin(), table.unit_of.end(), assignment.begin(),
                 [&](uint32_t unit) { return split_of_unit[unit]; });
  return assignment;
}

std::vector<std::string> UnitNotes(const PlanSpec& spec, const PlanInput& input, const UnitTable& table,
                                   absl::Span<const SplitTally> tallies, absl::Span<const SplitMembers> members) {
  std::vector<std::string> notes;
  if (spec.unit == SplitUnit::kPost) return notes;
  for (size_t split = 0; split < tallies.size(); ++split) {
    const SplitTally& tally = tallies[split];
    if (tally.target == 0 || tally.largest_unit_size <= tally.target) continue;
    const UnitKey& key = input.unit_keys[table.first[tally.largest_unit]];
    notes.push_back(absl::StrCat("The share of split \"", spec.splits[split].name, "\" comes to ", tally.target,
                                 " posts, and it got ", members[split].size(), ": ", UnitText(spec.unit, key), " has ",
                                 tally.largest_unit_size, " of the selected posts, and one split holds them whole."));
  }
  return notes;
}

}  // namespace millrace
