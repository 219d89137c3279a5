// Goal: one record is cut into its fields where RFC 4180 says, null is told from empty text, and an end that is none is
// not taken for one. Method: records by hand, and every beginning of each.
#include "core/base/csv.h"

#include <algorithm>
#include <string>

#include "tests/support/catch.h"

namespace millrace {
namespace {

using Result = CsvRecordParser::Result;

std::vector<std::string> Texts(const CsvRecordParser& parser) {
  std::vector<std::string> texts;
  for (const CsvField& field : parser.fields()) texts.emplace_back(field.text);
  return texts;
}

TEST_CASE("an empty field is told from empty text in quotes") {
  CsvRecordParser parser;
  const std::string_view text = "1,,\"\",\n2";
  REQUIRE(parser.Parse(text, false) == Result::kRecord);
  CHECK(Texts(parser) == std::vector<std::string>{"1", "", "", ""});
  CHECK_FALSE(parser.fields()[1].is_quoted);
  CHECK(parser.fields()[2].is_quoted);
  CHECK(parser.size_bytes() == 7);
  CHECK_FALSE(parser.IsEmptyLine());
  REQUIRE(parser.Parse("\"\"\n", false) == Result::kRecord);
  CHECK_FALSE(parser.IsEmptyLine());
  REQUIRE(parser.Parse("\r\n", false) == Result::kRecord);
  CHECK(parser.IsEmptyLine());
}

TEST_CASE("several fields with quotes in them keep their texts side by side") {
  CsvRecordParser parser;
  REQUIRE(parser.Parse("\"\"\"a\"\"\",plain,\"b\"\"c\",\"\"\"\"\"\"\n", false) == Result::kRecord);
  CHECK(Texts(parser) == std::vector<std::string>{"\"a\"", "plain", "b\"c", "\"\""});
}

TEST_CASE("long fields without quotes end at the first comma or line end, at any length") {
  CsvRecordParser parser;
  for (size_t size = 0; size < 70; ++size) {
    const std::string field(size, 'x'), record = field + ",y\n";
    REQUIRE(parser.Parse(record, false) == Result::kRecord);
    CHECK(Texts(parser) == std::vector<std::string>{field, "y"});
    REQUIRE(parser.Parse(field + "\r\nz", false) == Result::kRecord);
    CHECK(parser.size_bytes() == size + 2);
    CHECK(parser.Parse(field + "\"\n", false) == (size == 0 ? Result::kNeedMore : Result::kFault));
  }
}

TEST_CASE("a beginning of a record needs more, and is a record or a fault when nothing follows") {
  const std::string text = "a,\"b\nc\",\"d\"\"e\",f\r\n";
  CsvRecordParser parser;
  for (size_t size = 0; size < text.size(); ++size) {
    const std::string_view beginning = std::string_view(text).substr(0, size);
    CHECK(parser.Parse(beginning, false) == Result::kNeedMore);
    const bool is_in_quotes = std::count(beginning.begin(), beginning.end(), '"') % 2 != 0;
    const bool ends_in_return = !beginning.empty() && beginning.back() == '\r';
    CHECK(parser.Parse(beginning, true) == (is_in_quotes || ends_in_return ? Result::kFault : Result::kRecord));
  }
  REQUIRE(parser.Parse(text, false) == Result::kRecord);
  CHECK(Texts(parser) == std::vector<std::string>{"a", "b\nc", "d\"e", "f"});
  CHECK(parser.inner_line_count() == 1);
}

TEST_CASE("a fault names its line and field") {
  CsvRecordParser parser;
  REQUIRE(parser.Parse("a,\"b\n\n\"c,d\n", false) == Result::kFault);
  CHECK(parser.fault_line_offset() == 2);
  CHECK(parser.fault_field_number() == 2);
  CHECK(parser.fault().find("text stands behind a closing quote") == 0);
  REQUIRE(parser.Parse(std::string(CsvRecordParser::kFieldCountMax, ',') + "\n", false) == Result::kFault);
  CHECK(parser.Parse(std::string(CsvRecordParser::kFieldCountMax - 1, ',') + "\n", false) == Result::kRecord);
}

}  // namespace
}  // namespace millrace
