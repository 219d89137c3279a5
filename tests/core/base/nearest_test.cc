// Goal: a misspelt name leads to the one that was meant.
// Method: typical slips, and names of hostile length.
#include "core/base/nearest.h"

#include <algorithm>
#include <random>
#include <string>

#include "tests/support/catch.h"

namespace millrace {
namespace {

TEST_CASE("The nearest name is found for typical slips") {
  const std::vector<std::string> known = {"listen", "data-dir", "log-file", "log-level", "port-file"};
  CHECK(NearestName("lisen", known) == "listen");
  CHECK(NearestName("data_dir", known) == "data-dir");
  CHECK(NearestName("datadir", known) == "data-dir");
  CHECK(NearestName("loglevel", known) == "log-level");
  CHECK(NearestName("portfile", known) == "port-file");
}

// The whole table, by the definition.
size_t SlowDistance(const std::string& a, const std::string& b) {
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) {
    for (size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        d[i][j] = i + j;
        continue;
      }
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      const bool is_swap = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (is_swap) d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

TEST_CASE("The distance within any limit is what the whole table says") {
  std::mt19937 random(7);
  const auto text = [&] {
    std::string made;
    for (size_t size = random() % 12; made.size() < size;) made += static_cast<char>('a' + random() % 3);
    return made;
  };
  for (int i = 0; i < 20'000; ++i) {
    const std::string a = text();
    const std::string b = text();
    const size_t limit = random() % 14;
    CAPTURE(a, b, limit);
    REQUIRE(EditDistance(a, b, limit) == std::min(SlowDistance(a, b), limit + 1));
  }
}

TEST_CASE("The distance is the number of slips, up to its limit") {
  CHECK(EditDistance("", "", 0) == 0);
  CHECK(EditDistance("kitten", "sitting", 3) == 3);
  CHECK(EditDistance("kitten", "sitting", 2) == 3);
  CHECK(EditDistance("abc", "abcdefgh", 3) == 4);
  CHECK(EditDistance("ab", "ba", 5) == 1);
  CHECK(EditDistance("1gril", "1girl", 1) == 1);
}

TEST_CASE("Any text has a nearest name, whatever its length") {
  CHECK(NearestName("", {"abcdef", "abc"}) == "abc");
  CHECK(NearestName(std::string(10'000'000, 'x'), {"abc"}) == "abc");
}

}  // namespace
}  // namespace millrace
