// Goal: a query's text is read as docs/query-language.md says, and has one canonical form. Method: every kind of term
// and sign by hand. query_refusals_test.cc has the errors.
#include "core/query/query.h"

#include "core/base/error.h"
#include "core/model/post.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using Kind = QueryTerm::Kind;

QueryTerm OnlyTerm(const std::string& text) {
  CAPTURE(text);
  const absl::StatusOr<Query> query = Query::Parse(text);
  INFO(query.status());
  REQUIRE(query.ok());
  REQUIRE(query->terms().size() == 1);
  return query->terms()[0];
}

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
  for (const char* const tag :
       {"1girl", "fate:zero", ":d",         "o_o",  "Rating:g",     "ratings:g",     "a(b)", "a\"b",
        "OR",    "orb",       "ordering:x", "^_^",  "\xE6\x97\xA5", "a~b",           "1..2", ">_<",
        ":)",    ")",         "a)",         "\\m/", "\\(^o^)/",     "fate_(series)", "\\\\", "a\\\"b"}) {
    const QueryTerm term = OnlyTerm(tag);
    CHECK(term.kind == Kind::kTag);
    CHECK(term.tag == tag);
  }
}

TEST_CASE("a minus negates once") {
  const auto negated = [](const std::string& text) {
    const Query query = *Query::Parse(text);
    CHECK(query.root().kind == QueryNode::Kind::kNot);
    return query.terms()[0];
  };
  CHECK(negated("-comic").tag == "comic");
  CHECK(negated("--comic").tag == "-comic");
  CHECK(negated("-score:-5").intervals[0].first == -5);
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
}

TEST_CASE("ranges are what their signs say") {
  const auto check = [](const std::string& text, Metatag metatag, int64_t first, int64_t last) {
    const QueryTerm term = OnlyTerm(text);
    CHECK(term.metatag == metatag);
    CHECK(term.intervals == std::vector<Interval>{{first, last}});
  };
  check("id:7", Metatag::kId, 7, 7);
  check("score:>7", Metatag::kScore, 8, INT64_MAX);
  check("score:>=-7", Metatag::kScore, -7, INT64_MAX);
  check("score:<-7", Metatag::kScore, INT64_MIN, -8);
  check("width:<=7", Metatag::kWidth, INT64_MIN, 7);
  check("height:1..7", Metatag::kHeight, 1, 7);
  check("height:-7..-7", Metatag::kHeight, -7, -7);
  check("id:7..", Metatag::kId, 7, INT64_MAX);
  check("id:..7", Metatag::kId, INT64_MIN, 7);
  check("id:007", Metatag::kId, 7, 7);
  check("id:9223372036854775807", Metatag::kId, INT64_MAX, INT64_MAX);
  check("id:>=-9223372036854775808", Metatag::kId, INT64_MIN, INT64_MAX);
  check("id:1...7", Metatag::kId, 1, 6);
  check("date:2021..2021-06", Metatag::kDate, 1'609'459'200'000'000, 1'625'097'599'999'999);
  check("date:>2021-01-01", Metatag::kDate, 1'609'545'600'000'000, INT64_MAX);
  check("date:<2021", Metatag::kDate, INT64_MIN, 1'609'459'199'999'999);
  check("date:1970...1970-02", Metatag::kDate, 0, 31 * int64_t{86'400'000'000} - 1);
  check("filesize:>1m", Metatag::kFileSize, 1'048'577, INT64_MAX);
  check("filesize:1k..2k", Metatag::kFileSize, 1024, 2048);
  check("ratio:4:3..16:9", Metatag::kRatio, 133, 178);
  check("ratio:1.5...1.78", Metatag::kRatio, 150, 177);
  check("mpixels:>=0.5", Metatag::kMegapixels, 500'000, INT64_MAX);
  check("age:<2w", Metatag::kAge, INT64_MIN, 1'209'599'999'999);
  CHECK(OnlyTerm("id:5,7..9,>20").intervals == std::vector<Interval>{{5, 5}, {7, 9}, {21, INT64_MAX}});
  CHECK(OnlyTerm("score:any").presence == QueryTerm::Presence::kAny);
  CHECK(OnlyTerm("source:none").presence == QueryTerm::Presence::kNone);
  CHECK(OnlyTerm("source:\"none\"").presence == QueryTerm::Presence::kValue);
  CHECK(OnlyTerm("has:children").metatag == Metatag::kChild);
  CHECK(OnlyTerm("is:child").metatag == Metatag::kParent);
  CHECK(OnlyTerm("is:nsfw").rating_mask == MaskOf({Rating::kQuestionable, Rating::kExplicit}));
  CHECK(OnlyTerm("rating:g,e").rating_mask == MaskOf({Rating::kGeneral, Rating::kExplicit}));
}

TEST_CASE("quotation marks and stars name any tag") {
  CHECK(OnlyTerm("\"blue sky\"").tag == "blue sky");
  CHECK(OnlyTerm("\"(o)_(o)\"").tag == "(o)_(o)");
  CHECK(OnlyTerm("\"rating:g\"").tag == "rating:g");
  CHECK(OnlyTerm("\"or\"").tag == "or");
  CHECK(OnlyTerm("\"a\\\"b\\\\c*d\\e\"").tag == "a\"b\\c*d\\e");
  CHECK(OnlyTerm("a\\*b").tag == "a*b");
  CHECK(OnlyTerm("a\\*b").kind == Kind::kTag);
  CHECK(OnlyTerm("a*b").kind == Kind::kTagPattern);
  CHECK(OnlyTerm("source:\"a b\"").pattern->Matches("a b/c"));
  CHECK(OnlyTerm("source:*X").pattern->Matches("yx"));
  // Two backslashes are two letters, unless there is a star or quotation marks.
  CHECK(OnlyTerm("source:a\\\\b").pattern->Matches("a\\\\bc"));
  CHECK(OnlyTerm("source:a\\\\b*").pattern->Matches("a\\bc"));
  CHECK(OnlyTerm("source:\"a\\\\b\"").pattern->Matches("a\\bc"));
  CHECK(Query::Parse("(\":)\" or b)")->terms()[0].tag == ":)");
}

bool IsSameTree(const Query& a, const QueryNode& of_a, const Query& b, const QueryNode& of_b) {
  if (of_a.kind != of_b.kind || of_a.children.size() != of_b.children.size()) return false;
  if (of_a.kind == QueryNode::Kind::kTerm) {
    const QueryTerm& one = a.terms()[of_a.term];
    const QueryTerm& other = b.terms()[of_b.term];
    return one.kind == other.kind && one.tag == other.tag &&
           (one.kind == QueryTerm::Kind::kTag || one.word == other.word);
  }
  for (size_t i = 0; i < of_a.children.size(); ++i) {
    if (!IsSameTree(a, of_a.children[i], b, of_b.children[i])) return false;
  }
  return true;
}

// The tree, in full parentheses.
std::string TreeOf(const std::string& text) {
  const absl::StatusOr<Query> query = Query::Parse(text);
  INFO(text << ": " << query.status());
  REQUIRE(query.ok());
  const std::string text_of = query->TextOf(query->root());
  const QueryNode::Kind kind = query->root().kind;
  return kind == QueryNode::Kind::kAnd || kind == QueryNode::Kind::kOr ? "(" + text_of + ")" : text_of;
}

TEST_CASE("signs and words make a tree") {
  CHECK(TreeOf("") == "()");
  CHECK(TreeOf("a") == "a");
  CHECK(TreeOf("a b c") == "(a b c)");
  CHECK(TreeOf("a and b") == "(a b)");
  CHECK(TreeOf("a b or c d") == "((a b) or (c d))");
  CHECK(TreeOf("a or b or -c") == "(a or b or -c)");
  CHECK(TreeOf("a (b or c)") == "(a (b or c))");
  CHECK(TreeOf("a -(b c)") == "(a -(b c))");
  CHECK(TreeOf("-(-a)") == "-(-a)");
  CHECK(TreeOf("~a ~b c") == "((a or b) c)");
  CHECK(TreeOf("c ~a -d ~b") == "(c (a or b) -d)");
  CHECK(TreeOf("~a") == "a");
  CHECK(TreeOf("~-a ~(b c)") == "(-a or (b c))");
  CHECK(TreeOf("~a ~b or c") == "((a or b) or c)");
  CHECK(TreeOf("(a (b (c or fate_(series))))") == "(a (b (c or fate_(series))))");
  CHECK(TreeOf("((a))") == "a");
  CHECK(TreeOf("(a b) or (c)") == "((a b) or c)");
  CHECK(TreeOf("~:) ~b c") == "((\":)\" or b) c)");
  CHECK(TreeOf("a :) or b") == "((a \":)\") or b)");
  CHECK(TreeOf("-(a b( )") == "-(a b( )");
  CHECK(TreeOf("(score:>5 or id:3)") == "(score:>5 or id:3)");
}

TEST_CASE("a tree's text is read as the same tree") {
  const std::string open =
      GENERATE("a :)", "-:) a", ":)* b", "-:)* a", "a :) or b", "-(a b( )", "source::) (a or b)", "a --b*", "--b",
               "--a(*", "--a\\*b c", "a (\":)\" or b)", "-(--a* b)", "~--a* ~b c", "source:\":)\" a or b", "-(-(-a))");
  CAPTURE(open);
  const Query query = *Query::Parse(open);
  const Query again = *Query::Parse(query.TextOf(query.root()));
  INFO(again.text());
  CHECK(IsSameTree(query, query.root(), again, again.root()));
  CHECK(again.TextOf(again.root()) == query.TextOf(query.root()));
  // Of every term alone.
  for (size_t i = 0; i < query.terms().size(); ++i) {
    QueryNode node;
    node.kind = QueryNode::Kind::kTerm;
    node.term = i;
    const absl::StatusOr<Query> alone = Query::Parse(query.TextOf(node));
    REQUIRE(alone.ok());
    REQUIRE(alone->terms().size() == 1);
    CHECK(alone->terms()[0].kind == query.terms()[i].kind);
    CHECK(alone->terms()[0].tag == query.terms()[i].tag);
  }
}

TEST_CASE("a value that is put in quotation marks doubles its backslashes") {
  const Query query = *Query::Parse("~source:a\\b) ~c d");
  CHECK(query.TextOf(query.root()) == "(source:\"a\\\\b)\" or c) d");
}

TEST_CASE("lists of ranges are put in order and joined") {
  using Intervals = std::vector<Interval>;
  const auto intervals = [](const std::string& text) { return Query::Parse(text)->terms()[0].intervals; };
  CHECK(intervals("score:7,1,3..5,4..6,-2") == Intervals{{-2, -2}, {1, 1}, {3, 7}});
  CHECK(intervals("score:5..,>9,3") == Intervals{{3, 3}, {5, INT64_MAX}});
  CHECK(intervals("score:>=9223372036854775807,1,..0") == Intervals{{INT64_MIN, 1}, {INT64_MAX, INT64_MAX}});
  std::string many = "child:>1";
  for (int i = 0; i < 1300; ++i) many += ",>1";
  CHECK(intervals(many) == Intervals{{2, INT64_MAX}});
}

TEST_CASE("the canonical form of groups has no space within parentheses") {
  CHECK(Query::Parse(" ( a  or ( b ) )  -(  c and d )  \"x  y\" ")->text() == "(a or (b)) -(c and d) \"x  y\"");
  CHECK(Query::Parse("~( a)")->text() == "~(a)");
  CHECK(Query::Parse("a( b")->text() == "a( b");
  CHECK(Query::Parse("(a b( )")->text() == "(a b( )");
  CHECK(Query::Parse("(a source:\"b(\" )")->text() == "(a source:\"b(\")");
}

TEST_CASE("a search says how its posts are shown, and a query does not") {
  SearchTerms search;
  const Query query = *Query::ParseSearch("a order:score_asc (b or c) limit:30", &search);
  CHECK(query.text() == "a (b or c)");
  CHECK(search.order == "score_asc");
  CHECK(search.order_char_offset == 2);
  CHECK(search.limit == 30);
  REQUIRE(Query::ParseSearch("a", &search).ok());
  CHECK(search.order.empty());
  CHECK(!search.limit.has_value());
  for (const char* const text : {"order:", "order:a order:b", "limit:", "limit:x", "limit:-1", "limit:1 limit:2",
                                 "-limit:1", "(a limit:1)", "~order:x", "a or order:x"}) {
    CAPTURE(text);
    CHECK(ReasonOf(Query::ParseSearch(text, &search).status()) == Reason::kQueryInvalid);
  }
}

}  // namespace
}  // namespace millrace
