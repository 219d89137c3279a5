// Whole numbers from one to another.
#pragma once

#include <cstdint>
#include <limits>

namespace millrace {

// Both included.
struct Interval {
  int64_t first = std::numeric_limits<int64_t>::min();
  int64_t last = std::numeric_limits<int64_t>::max();

  bool Contains(int64_t value) const { return value >= first && value <= last; }
  friend bool operator==(const Interval&, const Interval&) = default;
};

}  // namespace millrace
