#include "core/base/nearest.h"

#include <algorithm>
#include <limits>

#include "absl/container/inlined_vector.h"

namespace millrace {
namespace {

constexpr size_t kNoLimit = std::numeric_limits<size_t>::max() - 1;

}  // namespace

size_t EditDistance(std::string_view a, std::string_view b, size_t limit) {
  const size_t longer = std::max(a.size(), b.size());
  if (longer - std::min(a.size(), b.size()) > limit) return limit + 1;
  // Row by row of the table of distances between beginnings, of which only those so near the diagonal may be within the
  // limit; the last three rows are kept. What lies outside counts as too far.
  const size_t band = std::min(limit, longer);
  const size_t too_far = band + 1;
  const size_t width = b.size() + 1;
  absl::InlinedVector<size_t, 192> rows(3 * width, too_far);
  size_t* before_last = rows.data();
  size_t* last = before_last + width;
  size_t* row = last + width;
  for (size_t j = 0; j <= std::min(band, b.size()); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t first = i > band ? i - band : 0;
    size_t smallest = too_far;
    if (first == 0) {
      smallest = row[0] = i;
      first = 1;
    } else {
      row[first - 1] = too_far;
    }
    for (size_t j = first; j <= std::min(i + band, b.size()); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1), too_far});
      const bool is_swap = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (is_swap) row[j] = std::min(row[j], before_last[j - 2] + 1);
      smallest = std::min(smallest, row[j]);
    }
    if (smallest == too_far) return limit + 1;
    size_t* const freed = before_last;
    before_last = last;
    last = row;
    row = freed;
  }
  return last[b.size()] == too_far ? limit + 1 : last[b.size()];
}

std::string NearestName(std::string_view name, const std::vector<std::string>& known) {
  // Names may come from a hostile environment; the distance costs their length times the known one's.
  const std::string_view shortened = name.substr(0, 128);
  return *std::min_element(known.begin(), known.end(), [&](const std::string& a, const std::string& b) {
    return EditDistance(shortened, a, kNoLimit) < EditDistance(shortened, b, kNoLimit);
  });
}

}  // namespace millrace
