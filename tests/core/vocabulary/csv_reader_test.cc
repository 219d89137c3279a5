// Goal: what RFC 4180 calls CSV is read, and everything else is refused where it goes wrong. Method: texts by hand.
#include "core/vocabulary/csv_reader.h"

#include "core/base/error.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using Records = std::vector<std::vector<std::string>>;

struct Read {
  Records records;
  std::vector<int64_t> lines;
  absl::Status status;
};

Read ReadAll(std::string_view text) {
  Read read;
  CsvReader reader(text);
  CsvRecord record;
  while (true) {
    const absl::StatusOr<bool> has_record = reader.Next(&record);
    read.status = has_record.status();
    if (!has_record.ok() || !*has_record) return read;
    read.records.push_back(record.fields);
    read.lines.push_back(record.line);
  }
}

Records Good(std::string_view text) {
  const Read read = ReadAll(text);
  INFO(read.status.ToString());
  CHECK(read.status.ok());
  return read.records;
}

TEST_CASE("fields and lines, ended by LF, CRLF or the end of the text") {
  const Records expected = {{"a", "b"}, {"c", ""}, {"", "d"}};
  CHECK(Good("a,b\nc,\n,d\n") == expected);
  CHECK(Good("a,b\r\nc,\r\n,d\r\n") == expected);
  CHECK(Good("a,b\nc,\n,d") == expected);
  CHECK(Good("").empty());
  CHECK(Good("a,") == Records{{"a", ""}});
  CHECK(Good(" a , b ") == Records{{" a ", " b "}});
}

TEST_CASE("quoted fields hold commas, quotes and line ends") {
  CHECK(Good("\"a,b\",\"say \"\"hi\"\"\"\n") == Records{{"a,b", "say \"hi\""}});
  CHECK(Good("\"a\nb\",\"c\r\nd\"\r\n") == Records{{"a\nb", "c\r\nd"}});
  CHECK(Good("\"\"") == Records{{""}});
  CHECK(Good("\"\"\"\"") == Records{{"\""}});
}

TEST_CASE("a byte order mark and empty lines are skipped") {
  CHECK(Good("\xEF\xBB\xBF") == Records{});
  CHECK(Good("\xEF\xBB\xBF"
             "a\n\n\r\nb\n\n") == Records{{"a"}, {"b"}});
  CHECK(Good("\xEF\xBB\xBF\"a\"") == Records{{"a"}});
}

TEST_CASE("lines are numbered as an editor numbers them") {
  CHECK(ReadAll("\na\n\"b\n\n\"\r\nc").lines == std::vector<int64_t>{2, 3, 6});
}

TEST_CASE("what is not CSV is refused with line and column") {
  const auto message = [](std::string_view text) {
    const Read read = ReadAll(text);
    CHECK(ReasonOf(read.status) == Reason::kVocabularyInvalid);
    CHECK(MetadataOf(read.status).contains("line"));
    return std::string(read.status.message());
  };
  CHECK(message("a,b\nc,d\"e\n").find("line 2, column 2: a quote stands inside") == 0);
  CHECK(message("a\n\"b\"c\n").find("line 2, column 1: text stands behind a closing quote") == 0);
  CHECK(message("a\nb,\"c\nd\n").find("line 2, column 2: a quoted field does not end") == 0);
  CHECK(message("\"").find("line 1, column 1: a quoted field does not end") == 0);
  CHECK(message("a\rb\n").find("line 1, column 1: a carriage return stands by itself") == 0);
  CHECK(message("\"a\"\rb\n").find("line 1, column 1: text stands behind a closing quote") == 0);
  CHECK(message("\"a\n\n\"b").find("line 3, column 1: text stands behind") == 0);
}

}  // namespace
}  // namespace millrace
