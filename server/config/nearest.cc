#include "server/config/nearest.h"

#include <algorithm>
#include <numeric>

namespace millrace {
namespace {

// Levenshtein's distance, row by row.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string NearestName(std::string_view name, const std::vector<std::string>& known) {
  // Names may come from a hostile environment; the distance costs their length times the known one's.
  const std::string_view shortened = name.substr(0, 128);
  return *std::min_element(known.begin(), known.end(), [&](const std::string& a, const std::string& b) {
    return Distance(shortened, a) < Distance(shortened, b);
  });
}

}  // namespace millrace
