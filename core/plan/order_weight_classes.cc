#include "core/plan/order_weight_classes.h"

#include <algorithm>
#include <unordered_map>

namespace millrace {
namespace {

using Wide = unsigned __int128;

// The class in which `value` lies, where the classes' parts of a range begin at `start`.
size_t ClassAt(absl::Span<const WeightClass> classes, int64_t WeightClass::*start, int64_t value) {
  const auto behind = std::upper_bound(classes.begin(), classes.end(), value,
                                       [start](int64_t v, const WeightClass& c) { return v < c.*start; });
  return static_cast<size_t>(behind - classes.begin()) - 1;
}

}  // namespace

std::optional<WeightClasses> WeightClasses::Create(absl::Span<const int64_t> weights) {
  std::unordered_map<int64_t, int64_t> counts;
  for (const int64_t weight : weights) ++counts[weight];
  counts.erase(0);
  WeightClasses result;
  for (const auto& [weight, count] : counts) result.classes_.push_back({.weight = weight, .member_count = count});
  std::sort(result.classes_.begin(), result.classes_.end(),
            [](const WeightClass& a, const WeightClass& b) { return a.weight > b.weight; });
  Wide total = 0;
  int64_t place = 0;
  std::unordered_map<int64_t, int64_t> next_places;
  for (WeightClass& weight_class : result.classes_) {
    weight_class.first_place = next_places[weight_class.weight] = place;
    weight_class.weight_start = static_cast<int64_t>(total);
    place += weight_class.member_count;
    total += static_cast<Wide>(weight_class.weight) * static_cast<Wide>(weight_class.member_count);
    if (total > Wide{kTotalMax}) return std::nullopt;
  }
  result.total_ = static_cast<int64_t>(total);
  result.members_.resize(static_cast<size_t>(place));
  for (size_t member = 0; member < weights.size(); ++member) {
    if (weights[member] == 0) continue;
    result.members_[static_cast<size_t>(next_places[weights[member]]++)] = static_cast<uint32_t>(member);
  }
  return result;
}

ClassRank WeightClasses::Find(int64_t number) const {
  const size_t class_number = ClassAt(classes_, &WeightClass::weight_start, number);
  const WeightClass& weight_class = classes_[class_number];
  return {class_number, (number - weight_class.weight_start) / weight_class.weight};
}

std::optional<int64_t> WeightClasses::PlaceOf(int64_t member) const {
  for (const WeightClass& weight_class : classes_) {
    const auto begin = members_.begin() + weight_class.first_place;
    const auto end = begin + weight_class.member_count;
    const auto found = std::lower_bound(begin, end, member);
    if (found != end && *found == member) return found - members_.begin();
  }
  return std::nullopt;
}

size_t WeightClasses::ClassOf(int64_t place) const { return ClassAt(classes_, &WeightClass::first_place, place); }

size_t WeightClasses::memory_bytes() const {
  return sizeof(*this) + classes_.capacity() * sizeof(WeightClass) + members_.capacity() * sizeof(uint32_t);
}

}  // namespace millrace
