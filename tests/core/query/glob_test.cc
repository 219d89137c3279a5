// Goal: patterns match what they stand for. Method: by hand; random ones are compared by evaluator_test.
#include "core/query/glob.h"

#include "tests/support/catch.h"

namespace millrace {
namespace {

TEST_CASE("a star stands for any text") {
  const auto matches = [](const std::string& pattern, const std::string& text) { return Glob(pattern).Matches(text); };
  CHECK(matches("abc", "abc"));
  CHECK(!matches("abc", "abcd"));
  CHECK(matches("*", ""));
  CHECK(matches("a*", "a"));
  CHECK(!matches("a*a", "a"));
  CHECK(matches("a*a", "aa"));
  CHECK(matches("*b*c*", "xbxcx"));
  CHECK(!matches("*b*c*", "xcxbx"));
  CHECK(matches("a*ab*b", "aababb"));
  CHECK(!matches("ab*ba", "aba"));
  CHECK(matches("a**b", "ab"));
}

TEST_CASE("a backslash takes the meaning of a star, a quotation mark or a backslash") {
  CHECK(Glob("a\\*b").Matches("a*b"));
  CHECK(!Glob("a\\*b").HasStars());
  CHECK(Glob("\\\\*").Matches("\\anything"));
  CHECK(Glob("\\m/*").Matches("\\m/"));
  CHECK(Glob("\\\"*").prefix() == "\"");
  CHECK(Glob("a\\").Matches("a\\"));
}

TEST_CASE("what a pattern begins with, and whether it says anything") {
  CHECK(Glob("blue_*").prefix() == "blue_");
  CHECK(Glob("*x").prefix().empty());
  CHECK(Glob("**").IsEverything());
  CHECK(!Glob("*a*").IsEverything());
  CHECK(!Glob("").IsEverything());
  CHECK(Glob("a*bcd*ef").longest_part() == "bcd");
  CHECK(Glob("**").longest_part().empty());
  Glob open("Ab");
  open.OpenEnd();
  open.LowerAscii();
  CHECK(open.Matches("abc"));
}

}  // namespace
}  // namespace millrace
