// Pearson's chi-square test, for the tests of the permutation's quality.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace {

// The probability that a chi-square variable of `degrees` degrees of freedom exceeds `value`, by Wilson and
// Hilferty's approximation (good to about 0.001 from 5 degrees on).
inline double ChiSquareTail(double value, double degrees) {
  const double spread = 2 / (9 * degrees);
  const double normal = (std::cbrt(value / degrees) - (1 - spread)) / std::sqrt(spread);
  return std::erfc(normal / std::sqrt(2.0)) / 2;
}

// The p-value of the counts against cells of equal probability. `degrees` counts the free cells; by default all
// but one.
inline double UniformityP(const std::vector<int64_t>& counts, double degrees = 0) {
  double total = 0;
  for (const int64_t count : counts) total += static_cast<double>(count);
  const double expected = total / static_cast<double>(counts.size());
  double value = 0;
  for (const int64_t count : counts) {
    const double off = static_cast<double>(count) - expected;
    value += off * off / expected;
  }
  return ChiSquareTail(value, degrees > 0 ? degrees : static_cast<double>(counts.size() - 1));
}

}  // namespace millrace
