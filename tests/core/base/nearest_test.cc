// Goal: a misspelt name leads to the one that was meant.
// Method: typical slips, and names of hostile length.
#include "core/base/nearest.h"

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

TEST_CASE("The distance is Levenshtein's, up to its limit") {
  CHECK(EditDistance("", "", 0) == 0);
  CHECK(EditDistance("kitten", "sitting", 3) == 3);
  CHECK(EditDistance("kitten", "sitting", 2) == 3);
  CHECK(EditDistance("abc", "abcdefgh", 3) == 4);
  CHECK(EditDistance("ab", "ba", 5) == 2);
}

TEST_CASE("Any text has a nearest name, whatever its length") {
  CHECK(NearestName("", {"abcdef", "abc"}) == "abc");
  CHECK(NearestName(std::string(10'000'000, 'x'), {"abc"}) == "abc");
}

}  // namespace
}  // namespace millrace
