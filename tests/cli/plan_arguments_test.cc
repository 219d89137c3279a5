// The values of plan create's flags: what is accepted means what it says, and everything else is refused, not guessed.
#include "clients/cli/plan_arguments.h"

#include "tests/support/catch.h"

namespace millrace::cli {
namespace {

TEST_CASE("splits take a share and perhaps an order") {
  const auto plain = ParseSplit("train=80");
  REQUIRE(plain.has_value());
  CHECK(plain->name() == "train");
  CHECK(plain->share() == 80);
  CHECK(plain->order() == v1::ORDER_KIND_UNSPECIFIED);
  CHECK(ParseSplit("dev=10:fixed")->order() == v1::ORDER_KIND_FIXED);
  CHECK(ParseSplit("dev=10:epoch")->order() == v1::ORDER_KIND_EPOCH);
  CHECK(ParseSplit("dev=10:sequential")->order() == v1::ORDER_KIND_SEQUENTIAL);
  CHECK(ParseSplit("dev=10:weighted")->order() == v1::ORDER_KIND_WEIGHTED);
  CHECK(ParseSplit("dev=10:mixed")->order() == v1::ORDER_KIND_MIXED);
  // The server says what is wrong with it.
  CHECK(ParseSplit("train=-1")->share() == -1);
  for (const char* text : {"", "train", "=80", "train=", "train=80%", "train=0.8", "train=80:", "train=80:random",
                           "train=80:unspecified", "train=80:fixed:5", "train=nan", "train=80:-"}) {
    CAPTURE(text);
    CHECK_FALSE(ParseSplit(text).has_value());
  }
}

TEST_CASE("blocks may have sizes") {
  CHECK(ParseSplit("train=80:block")->order() == v1::ORDER_KIND_BLOCK);
  CHECK(ParseSplit("train=80:block")->block_rows() == 0);
  const auto sized = ParseSplit("train=80:block:512x8");
  REQUIRE(sized.has_value());
  CHECK(sized->block_rows() == 512);
  CHECK(sized->window_blocks() == 8);
  for (const char* text : {"train=80:block:", "train=80:block:512", "train=80:block:x8", "train=80:block:512x",
                           "train=80:block:0x8", "train=80:block:512x-8", "train=80:block:512x8x2"}) {
    CAPTURE(text);
    CHECK_FALSE(ParseSplit(text).has_value());
  }
}

TEST_CASE("splits take ranges of ids instead of a share") {
  const auto split = ParseSplit("train=0-899,950-950:fixed");
  REQUIRE(split.has_value());
  CHECK(split->share() == 0);
  CHECK(split->order() == v1::ORDER_KIND_FIXED);
  REQUIRE(split->ranges_size() == 2);
  CHECK(split->ranges(0).first() == 0);
  CHECK(split->ranges(0).last() == 899);
  CHECK(split->ranges(1).first() == 950);
  CHECK(split->ranges(1).last() == 950);
  for (const char* text : {"train=0-", "train=0-5,", "train=0-5,,6-7", "train=0-5,7", "train=0-5-9", "train=a-b"}) {
    CAPTURE(text);
    CHECK_FALSE(ParseSplit(text).has_value());
  }
}

TEST_CASE("strata are by rating, a tag or a category") {
  CHECK(ParseStratify("rating")->rating());
  CHECK(ParseStratify("tag:1girl")->tag() == "1girl");
  CHECK(ParseStratify("tag:fate:zero")->tag() == "fate:zero");
  CHECK(ParseStratify("category:artist")->category() == v1::TAG_CATEGORY_ARTIST);
  for (const char* text :
       {"", "rating:s", "tag", "tag:", "category", "category:", "category:unspecified", "category:rating", "score"}) {
    CAPTURE(text);
    CHECK_FALSE(ParseStratify(text).has_value());
  }
}

TEST_CASE("a query's number stands behind the last equals sign") {
  std::string query;
  int64_t number = 0;
  CHECK(ParseQueryNumber("--weight", "1girl score:>=10=3", 0, &query, &number).ok());
  CHECK(query == "1girl score:>=10");
  CHECK(number == 3);
  CHECK(ParseQueryNumber("--mix", "=1", 1, &query, &number).ok());
  CHECK(query.empty());
}

TEST_CASE("a number that is not whole or too small is refused with a way out") {
  std::string query;
  int64_t number = 0;
  for (const char* text :
       {"a=0.5", "a=-1", "a=nan", "a=NaN", "a=inf", "a=1e3", "a=", "a=3x", "a=9223372036854775808"}) {
    CAPTURE(text);
    const Outcome outcome = ParseQueryNumber("--weight", text, 0, &query, &number);
    CHECK(outcome.exit_code == ExitCode::kUsage);
    CHECK_THAT(outcome.message, Catch::Contains(std::string("--weight ") + text) && Catch::Contains("whole number"));
    CHECK_THAT(outcome.hint, Catch::Contains("multiply"));
  }
  CHECK_FALSE(ParseQueryNumber("--mix", "a=0", 1, &query, &number).ok());
  CHECK_THAT(ParseQueryNumber("--weight", "1girl", 0, &query, &number).message, Catch::Contains("QUERY=NUMBER"));
}

}  // namespace
}  // namespace millrace::cli
