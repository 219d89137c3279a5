// Goal: a query's text is read as docs/query-language.md says, has one canonical form, and what is wrong with it is
// said with its place. Method: every kind of term and every error by hand.
#include "core/query/query.h"

#include "core/base/error.h"
#include "core/model/post.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using Field = QueryTerm::Field;

QueryTerm OnlyTerm(const std::string& text) {
  CAPTURE(text);
  const absl::StatusOr<Query> query = Query::Parse(text);
  INFO(query.status());
  REQUIRE(query.ok());
  REQUIRE(query->terms().size() == 1);
  return query->terms()[0];
}

absl::Status Fault(const std::string& text) {
  CAPTURE(text);
  const absl::Status status = Query::Parse(text).status();
  CHECK(ReasonOf(status) == Reason::kQueryInvalid);
  return status;
}

void CheckRefused(const std::string& text) { CHECK(!Fault(text).ok()); }

uint32_t MaskOf(std::vector<Rating> ratings) {
  uint32_t mask = 0;
  for (const Rating rating : ratings) mask |= 1u << static_cast<unsigned>(rating);
  return mask;
}

TEST_CASE("the canonical form has one space between terms and none at the ends") {
  CHECK(Query::Parse("")->text().empty());
  CHECK(Query::Parse(" \t\r\n ")->terms().empty());
  const Query query = *Query::Parse("\t 1girl  -comic\nrating:g\v\fscore:>10 ");
  CHECK(query.text() == "1girl -comic rating:g score:>10");
  CHECK(query.terms().size() == 4);
  CHECK(Query::Parse(query.text())->text() == query.text());
}

TEST_CASE("terms know where they began, in characters") {
  const Query query = *Query::Parse(" \xC3\xA9t\xC3\xA9  \xE6\x97\xA5\xE6\x9C\xAC -x");
  REQUIRE(query.terms().size() == 3);
  CHECK(query.terms()[0].char_offset == 1);
  CHECK(query.terms()[1].char_offset == 6);
  CHECK(query.terms()[2].char_offset == 9);
  CHECK(query.terms()[2].text == "-x");
}

TEST_CASE("what is no metatag is a tag, to the letter") {
  for (const char* const tag : {"1girl", "fate:zero", ":d", "o_o", "Rating:g", "ratings:g", "a(b)", "a\"b", "OR", "orb",
                                "ordering:x", "^_^", "\xE6\x97\xA5", "a~b", "1..2", ">_<"}) {
    const QueryTerm term = OnlyTerm(tag);
    CHECK(term.field == Field::kTag);
    CHECK(term.tag == tag);
    CHECK(!term.is_negated);
  }
}

TEST_CASE("a minus negates once") {
  CHECK(OnlyTerm("-comic").is_negated);
  CHECK(OnlyTerm("-comic").tag == "comic");
  CHECK(OnlyTerm("--comic").tag == "-comic");
  CHECK(OnlyTerm("-score:-5").is_negated);
  CHECK(OnlyTerm("-score:-5").first == -5);
}

TEST_CASE("ratings are words or first letters") {
  CHECK(OnlyTerm("rating:general").rating_mask == MaskOf({Rating::kGeneral}));
  CHECK(OnlyTerm("rating:g").rating_mask == MaskOf({Rating::kGeneral}));
  CHECK(OnlyTerm("rating:s").rating_mask == MaskOf({Rating::kSensitive, Rating::kSafe}));
  CHECK(OnlyTerm("rating:safe").rating_mask == MaskOf({Rating::kSafe}));
  CHECK(OnlyTerm("rating:sensitive").rating_mask == MaskOf({Rating::kSensitive}));
  CHECK(OnlyTerm("rating:q").rating_mask == MaskOf({Rating::kQuestionable}));
  CHECK(OnlyTerm("rating:e").rating_mask == MaskOf({Rating::kExplicit}));
  CHECK(OnlyTerm("rating:unspecified").rating_mask == MaskOf({Rating::kUnspecified}));
  for (const char* const text : {"rating:", "rating:u", "rating:S", "rating:saf", "rating:gs", "-rating:x"})
    CheckRefused(text);
}

TEST_CASE("ranges are what their signs say") {
  const auto check = [](const std::string& text, Field field, int64_t first, int64_t last) {
    const QueryTerm term = OnlyTerm(text);
    CHECK(term.field == field);
    CHECK(term.first == first);
    CHECK(term.last == last);
  };
  check("id:7", Field::kId, 7, 7);
  check("score:>7", Field::kScore, 8, INT64_MAX);
  check("score:>=-7", Field::kScore, -7, INT64_MAX);
  check("score:<-7", Field::kScore, INT64_MIN, -8);
  check("width:<=7", Field::kWidth, INT64_MIN, 7);
  check("height:1..7", Field::kHeight, 1, 7);
  check("height:-7..-7", Field::kHeight, -7, -7);
  check("id:7..", Field::kId, 7, INT64_MAX);
  check("id:..7", Field::kId, INT64_MIN, 7);
  check("id:007", Field::kId, 7, 7);
  check("id:9223372036854775807", Field::kId, INT64_MAX, INT64_MAX);
  check("id:>=-9223372036854775808", Field::kId, INT64_MIN, INT64_MAX);
}

TEST_CASE("what is no range is refused") {
  for (const char* const text : {"id:",
                                 "id:x",
                                 "id:1x",
                                 "id:..",
                                 "id:1..2..3",
                                 "id:1...2",
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
                                 "id:1,2",
                                 "width:5px",
                                 "score:1..>2"}) {
    CheckRefused(text);
  }
}

TEST_CASE("what later versions will read otherwise is refused") {
  for (const char* const text : {"~a", "-~a", "(a", "(a)", "-(a", "\"a", "-\"a", "a*", "*", "-a*b", "or", "and", "-or",
                                 "order:id", "-order:id", "limit:3", "a or b"}) {
    CheckRefused(text);
  }
}

TEST_CASE("an error names the term, its place and a remedy") {
  const absl::Status status = Fault("1girl \xC3\xA9 score:>ten");
  CHECK_THAT(std::string(status.message()), Catch::Contains("\"score:>ten\" at character 8 (from 0)"));
  CHECK_THAT(std::string(status.message()), Catch::Contains("write score:N, score:>N"));
  CHECK(MetadataOf(status)["char_offset"] == "8");
  CHECK_THAT(std::string(Fault("a -").message()), Catch::Contains("negates nothing"));
}

TEST_CASE("bytes that no canonical form can hold are refused") {
  CHECK_THAT(std::string(Fault("a\x01"
                               "b")
                             .message()),
             Catch::Contains("control character"));
  CheckRefused("a\x7F");
  CheckRefused(std::string("a\0b", 3));
  CHECK_THAT(std::string(Fault("\xFF").message()), Catch::Contains("UTF-8"));
}

TEST_CASE("size and number of terms are limited") {
  CHECK(Query::Parse(std::string(kQuerySizeBytesMax, 'a')).ok());
  CHECK_THAT(std::string(Fault(std::string(kQuerySizeBytesMax + 1, ' ')).message()), Catch::Contains("4097 bytes"));
  std::string text;
  for (size_t i = 0; i < kQueryTermCountMax; ++i) text += "a ";
  CHECK(Query::Parse(text).ok());
  CHECK_THAT(std::string(Fault(text + "b").message()), Catch::Contains("more than 100 terms, at character 200"));
}

}  // namespace
}  // namespace millrace
