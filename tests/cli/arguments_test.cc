// Values on the command line: what is accepted means what it says, and everything else is refused, not guessed.
#include "clients/cli/arguments.h"

#include "tests/support/catch.h"

namespace millrace::cli {
namespace {

TEST_CASE("timeouts take units, and seconds without") {
  CHECK(ParseTimeout("30") == absl::Seconds(30));
  CHECK(ParseTimeout("1.5") == absl::Milliseconds(1500));
  CHECK(ParseTimeout("500ms") == absl::Milliseconds(500));
  CHECK(ParseTimeout("2h30m") == absl::Minutes(150));
  for (const char* text : {"", "0", "0s", "-5s", "5 s", "soon", "inf", "5days"}) {
    CAPTURE(text);
    CHECK_FALSE(ParseTimeout(text).has_value());
  }
}

TEST_CASE("positions are two whole numbers from 0") {
  const auto position = ParsePosition("2:1500");
  REQUIRE(position.has_value());
  CHECK(position->epoch() == 2);
  CHECK(position->step() == 1500);
  for (const char* text : {"", ":", "1", "1:", ":1", "-1:0", "0:-1", "1:2:3", "a:b", "1 :2", "9223372036854775808:0"}) {
    CAPTURE(text);
    CHECK_FALSE(ParsePosition(text).has_value());
  }
}

TEST_CASE("ranges of steps are of one epoch and include their ends") {
  const auto range = ParseStepRange("2:1500-1520");
  REQUIRE(range.has_value());
  CHECK(range->epoch() == 2);
  CHECK(range->first_step() == 1500);
  CHECK(range->last_step() == 1520);
  CHECK(ParseStepRange("0:7")->first_step() == 7);
  CHECK(ParseStepRange("0:7")->last_step() == 7);
  for (const char* text : {"", "7", "0:7-", "0:-7", "0:7-6", "0:7-1:8", "-1:0-1", "0:7-8-9", "0: 7-8"}) {
    CAPTURE(text);
    CHECK_FALSE(ParseStepRange(text).has_value());
  }
}

TEST_CASE("a token tells its epoch") {
  const std::string tail =
      "0302000000000000"
      "0900000000000000"
      "0123456789abcdef";
  CHECK(TokenEpoch("mt1-" + tail) == 0x203);
  CHECK(TokenEpoch("mt1-" + std::string(64, 'f') + tail) == 0x203);
  CHECK_FALSE(TokenEpoch("").has_value());
  CHECK_FALSE(TokenEpoch(tail.substr(1)).has_value());
  CHECK_FALSE(TokenEpoch("mt1-" + std::string(48, 'f')).has_value());
  CHECK_FALSE(TokenEpoch("mt1-" + std::string(48, 'g')).has_value());
}

TEST_CASE("ranges are not empty") {
  const auto range = ParseRange("10:20");
  REQUIRE(range.has_value());
  CHECK(range->start() == 10);
  CHECK(range->end() == 20);
  for (const char* text : {"", "10", "20:10", "10:10", "10-20"}) {
    CAPTURE(text);
    CHECK_FALSE(ParseRange(text).has_value());
  }
}

TEST_CASE("categories are known by the words that tables show") {
  CHECK(ParseCategory("artist") == v1::TAG_CATEGORY_ARTIST);
  CHECK(ParseCategory("contributor") == v1::TAG_CATEGORY_CONTRIBUTOR);
  CHECK_FALSE(ParseCategory("unspecified").has_value());
  CHECK_FALSE(ParseCategory("-").has_value());
  CHECK_FALSE(ParseCategory("").has_value());
}

TEST_CASE("an MD5 is 32 hexadecimal digits, an id any other whole number") {
  CHECK(IsMd5("0123456789abcdef0123456789ABCDEF"));
  CHECK(IsMd5(std::string(32, '1')));
  CHECK_FALSE(IsMd5(std::string(31, '1')));
  CHECK_FALSE(IsMd5(std::string(32, 'g')));
  CHECK(ParseInt("42") == 42);
  CHECK(ParseInt("-1") == -1);
  CHECK_FALSE(ParseInt("42x").has_value());
  CHECK_FALSE(ParseInt("9223372036854775808").has_value());
}

}  // namespace
}  // namespace millrace::cli
