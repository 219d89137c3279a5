// Goal: what is wrong with a query is said with its place, and nothing is guessed. Method: every error by hand.
#include "core/base/error.h"
#include "core/query/query.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

absl::Status Fault(const std::string& text) {
  CAPTURE(text);
  const absl::Status status = Query::Parse(text).status();
  CHECK(ReasonOf(status) == Reason::kQueryInvalid);
  return status;
}

void CheckRefused(const std::string& text) { CHECK(!Fault(text).ok()); }

TEST_CASE("what is no range is refused") {
  for (const char* const text : {"id:",
                                 "id:x",
                                 "id:1x",
                                 "id:..",
                                 "id:1..2..3",
                                 "id:=7",
                                 "id:==7",
                                 "id:=>7",
                                 "id:<>7",
                                 "id:> 7",
                                 "id:+7",
                                 "id:1.5",
                                 "id:0x10",
                                 "id:--7",
                                 "id:9223372036854775808",
                                 "id:-9223372036854775809",
                                 "id:>>7",
                                 "id:>",
                                 "id:>9223372036854775807",
                                 "id:<-9223372036854775808",
                                 "id:2..1",
                                 "id:3,2..1",
                                 "id:1,",
                                 "id:,",
                                 "id:5...5",
                                 "id:5...",
                                 "id:1....2",
                                 "id:none,5",
                                 "width:5px",
                                 "score:1..>2"}) {
    CheckRefused(text);
  }
}

TEST_CASE("what is no rating is refused") {
  for (const char* const text : {"rating:", "rating:u", "rating:S", "rating:saf", "rating:gs", "-rating:x", "rating:g,",
                                 "rating:any,g", "rating:\"any\""}) {
    CheckRefused(text);
  }
}

TEST_CASE("signs and words that are out of place are refused where they stand") {
  const auto check = [](const std::string& text, const std::string& char_offset, const std::string& what) {
    const absl::Status status = Fault(text);
    CHECK(MetadataOf(status)["char_offset"] == char_offset);
    CHECK_THAT(std::string(status.message()), Catch::Contains(what));
  };
  check("or a", "0", "has nothing before \"or\"");
  check("a or", "2", "has nothing behind \"or\"");
  check("a or or b", "2", "has nothing behind \"or\"");
  check("\xC3\xA9 (b or)", "5", "has nothing behind \"or\"");
  check("and a", "0", "has nothing before \"and\"");
  check("a and", "2", "has nothing behind \"and\"");
  check("a and and b", "6", "has nothing before \"and\"");
  check("a and or b", "2", "has nothing behind \"and\"");
  check("a (b", "2", "opens a group that nothing closes");
  check("a ((b)", "2", "opens a group that nothing closes");
  check("a () b", "2", "has a group without terms");
  check("a (b)c", "5", "goes on right behind a group");
  check("(a))", "3", "closes a group that is not open");
  check("(o)_(o)", "3", "the tag in quotation marks");
  check("a \"b c", "2", "has a quotation mark that no other one closes");
  check("\"b\\\"", "0", "has a quotation mark that no other one closes");
  check("\"b\"c", "3", "goes on right behind a quotation mark");
  check("source:\"b", "7", "has a quotation mark that no other one closes");
  check("a \"\"", "2", "names nothing");
  check("a -", "2", "negates nothing");
  check("a ~", "2", "has nothing behind the '~'");
  check("-~a", "0", "has a '~' that is not its first sign");
  check("~~a", "0", "has a '~' that is not its first sign");
  check("a -or", "2", "has a sign before");
  check("a order:id", "2", "is for searches only");
  check("-limit:3", "0", "is for searches only");
  check("(-)", "1", "negates nothing");
}

TEST_CASE("groups nest so deep and no deeper") {
  const auto nested = [](size_t depth) { return std::string(depth, '(') + "a" + std::string(depth, ')'); };
  CHECK(Query::Parse(nested(kQueryDepthMax)).ok());
  CHECK_THAT(std::string(Fault(nested(kQueryDepthMax + 1)).message()), Catch::Contains("more than 32"));
  CHECK(!Fault(std::string(kQuerySizeBytesMax, '(')).ok());
  CHECK(!Fault("-(" + nested(kQueryDepthMax) + ")").ok());
}

TEST_CASE("what is wrong with the value of a newer metatag waits for the snapshot's tags") {
  for (const char* const text : {"md5:x", "filesize:1t", "ratio:1:0", "date:today", "age:1", "mpixels:1.1234567",
                                 "status:gone", "is:here", "has:", "pool:-", "source:", "filetype:", "filetype:a,",
                                 "tagcount:x", "duration:-1", "age:any,1d", "pixiv:artist", "user:joe"}) {
    CAPTURE(text);
    const absl::StatusOr<Query> query = Query::Parse(text);
    REQUIRE(query.ok());
    CHECK(ReasonOf(query->terms()[0].fault) == Reason::kQueryInvalid);
    CHECK(query->terms()[0].tag == text);
  }
  // With a star it was no tag in the first version either.
  CheckRefused("md5:a*");
}

TEST_CASE("an error names the term, its place and a remedy") {
  const absl::Status status = Fault("1girl \xC3\xA9 score:>ten");
  CHECK_THAT(std::string(status.message()), Catch::Contains("\"score:>ten\" at character 8 (from 0)"));
  CHECK_THAT(std::string(status.message()), Catch::Contains("write score:N, score:>N"));
  CHECK(MetadataOf(status)["char_offset"] == "8");
  CHECK_THAT(std::string(Fault("a -").message()), Catch::Contains("negates nothing"));
}

TEST_CASE("the part of a list or range that is at fault is named with its own place") {
  const auto check = [](const std::string& text, const std::string& char_offset, const std::string& what) {
    CAPTURE(text);
    const absl::StatusOr<Query> query = Query::Parse(text);
    const absl::Status status = query.ok() ? query->terms().back().fault : query.status();
    CHECK(MetadataOf(status)["char_offset"] == char_offset);
    CHECK_THAT(std::string(status.message()), Catch::Contains(what));
  };
  check("smile (1girl or score:5,6,x7,8)", "26",
        "\"score:5,6,x7,8\" at character 16 (from 0), by its \"x7\" at character 26");
  check("\xC3\xA9 -score:5,\xC3\xA9", "11", "has no value that fits");
  check("score:1..x", "9", "by its \"x\" at character 9");
  check("score:x..1", "6", "by its \"x\" at character 6");
  check("score:1,2..\"", "11", "has no value that fits");
  check("score:1,9..2,3", "8", "by its \"9..2\" at character 8, holds for no number");
  check("score:1,,2", "8", "by the empty part at character 8");
  check("score:1,>x", "8", "by its \">x\"");
  check("rating:g,x", "9", "is not a rating");
  check("rating:\"g,x\"", "10", "is not a rating");
  check("~-md5:00000000000000000000000000000000,5", "39", "has no MD5 sum");
  check("status:active,gone", "14", "names no status");
  check("ext:png,", "8", "names nothing");
  // All of the value: the term says it.
  check("a score:x", "2", "\"score:x\" at character 2 (from 0) has no value that fits");
  check("score:9..2", "0", "holds for no number");
}

TEST_CASE("what was meant by a value is told") {
  const auto message = [](const std::string& text) { return std::string(Fault(text).message()); };
  CHECK_THAT(message("rating:sfw"), Catch::Contains("Several at once are is:sfw and is:nsfw"));
  CHECK_THAT(message("rating:sfww"), !Catch::Contains("is:sfw"));
  CHECK_THAT(message("score:5...5"), Catch::Contains("the last one is left out where three points stand"));
  CHECK_THAT(message("score:5...4"), Catch::Contains("as its first one is the larger"));
  CHECK_THAT(message("score:5..4"), Catch::Contains("as its first one is the larger"));
}

TEST_CASE("what snapshots do not hold is told where it is asked for") {
  const auto check = [](const std::string& text, const std::string& what) {
    const absl::StatusOr<Query> query = Query::Parse(text);
    REQUIRE(query.ok());
    CHECK_THAT(std::string(query->terms()[0].fault.message()), Catch::Contains(what));
  };
  check("user:albert", "no names: find the id");
  check("approver:albert", "no names: find the id");
  check("pool:p1", "ids and kinds of pools and no names");
  check("date:today", "age:<2w");
}

TEST_CASE("bytes that no canonical form can hold are refused") {
  CHECK_THAT(std::string(Fault("a\x01"
                               "b")
                             .message()),
             Catch::Contains("control character"));
  CheckRefused("a\x7F");
  CheckRefused(std::string("a\0b", 3));
  CHECK_THAT(std::string(Fault("\xFF").message()), Catch::Contains("UTF-8"));
  // After three characters of one, two and four bytes.
  CHECK(MetadataOf(Fault("a\xC3\xA4\xF0\x9F\x90\xB1\xC3"))["char_offset"] == "3");
}

TEST_CASE("size and number of terms are limited") {
  CHECK(Query::Parse(std::string(kQuerySizeBytesMax, 'a')).ok());
  CHECK_THAT(std::string(Fault(std::string(kQuerySizeBytesMax + 1, ' ')).message()), Catch::Contains("4097 bytes"));
  CHECK(MetadataOf(Fault(std::string(kQuerySizeBytesMax + 1, ' ')))["char_offset"] == "4096");
  std::string text;
  for (size_t i = 0; i < kQueryTermCountMax; ++i) text += "a ";
  CHECK(Query::Parse(text).ok());
  CHECK_THAT(std::string(Fault(text + "b").message()), Catch::Contains("more than 100 terms, at character 200"));
}

}  // namespace
}  // namespace millrace
