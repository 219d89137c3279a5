#include "core/base/nearest.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace millrace {
namespace {

constexpr size_t kNoLimit = std::numeric_limits<size_t>::max() - 1;

}  // namespace

size_t EditDistance(std::string_view a, std::string_view b, size_t limit) {
  if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) > limit) return limit + 1;
  // Row by row of the table of distances between beginnings.
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    size_t smallest = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
      smallest = std::min(smallest, row[j]);
    }
    if (smallest > limit) return limit + 1;
  }
  return std::min(row[b.size()], limit + 1);
}

std::string NearestName(std::string_view name, const std::vector<std::string>& known) {
  // Names may come from a hostile environment; the distance costs their length times the known one's.
  const std::string_view shortened = name.substr(0, 128);
  return *std::min_element(known.begin(), known.end(), [&](const std::string& a, const std::string& b) {
    return EditDistance(shortened, a, kNoLimit) < EditDistance(shortened, b, kNoLimit);
  });
}

}  // namespace millrace
