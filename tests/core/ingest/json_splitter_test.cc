// Goal: the records of a page are found whatever its shape and however it is cut into pieces, in bounded memory, and
// what is no page is refused with its offset. Method: small pages in pieces of every size.
#include "core/ingest/json_splitter.h"

#include <string>
#include <vector>

#include "core/base/error.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

constexpr std::string_view kWrappers[] = {"posts", "post"};

struct Split {
  absl::Status status;
  std::vector<std::string> records;
  std::vector<int64_t> long_records;
};

Split SplitText(std::string_view text, size_t piece_bytes, int64_t record_size_bytes_max = 1000) {
  Split split;
  int64_t last = 0;
  JsonSplitter splitter({record_size_bytes_max, 16, kWrappers, "@mark"}, {[&](std::string_view record, int64_t number) {
                                                                            CHECK(number == ++last);
                                                                            split.records.emplace_back(record);
                                                                            return absl::OkStatus();
                                                                          },
                                                                          [&](int64_t number) {
                                                                            CHECK(number == ++last);
                                                                            split.long_records.push_back(number);
                                                                            return absl::OkStatus();
                                                                          }});
  splitter.Restart("f");
  for (size_t i = 0; i < text.size() && split.status.ok(); i += piece_bytes) {
    // A copy of just the piece, so that a sanitizer sees whoever reads beyond it.
    const std::vector<char> piece(text.begin() + static_cast<long>(i),
                                  text.begin() + static_cast<long>(std::min(text.size(), i + piece_bytes)));
    split.status = splitter.Write({piece.data(), piece.size()});
  }
  if (split.status.ok()) split.status = splitter.End();
  return split;
}

void CheckRecords(std::string_view text, const std::vector<std::string>& records) {
  for (size_t piece_bytes = 1; piece_bytes <= text.size() + 1; ++piece_bytes) {
    INFO(text << " in pieces of " << piece_bytes);
    const Split split = SplitText(text, piece_bytes);
    INFO(split.status.ToString());
    REQUIRE(split.status.ok());
    REQUIRE(split.records == records);
  }
}

TEST_CASE("records are found in lists, alone, one behind the other, and in wrappers") {
  CheckRecords("", {});
  CheckRecords("  \n", {});
  CheckRecords("[]", {});
  CheckRecords(" [ ] [] ", {});
  CheckRecords(R"([{"a":1}])", {R"({"a":1})"});
  CheckRecords(R"([ {"a":"]}\"{\\"} , {"b":[{"c":[]}]} ])", {R"({"a":"]}\"{\\"})", R"({"b":[{"c":[]}]})"});
  CheckRecords("{\"a\":1}\n{\"b\":2}\n", {R"({"a":1})", R"({"b":2})"});
  CheckRecords("[{\"a\":1}]\n[{\"b\":2}]", {R"({"a":1})", R"({"b":2})"});
  CheckRecords(R"({"posts":[{"a":1},{"b":2}]})", {R"({"a":1})", R"({"b":2})"});
  CheckRecords(R"({"x":{"posts":[1]},"posts" : [ {"a":1} ] ,"y":["posts",{}]} {"posts":[]} [{"b":2}])",
               {R"({"a":1})", R"({"b":2})"});
  CheckRecords(R"({"post":{"a":{"post":[]}},"z":1})", {R"({"a":{"post":[]}})"});
  CheckRecords(R"({"@mark":{"limit":1}})", {});
  CheckRecords(R"({"@mark":{"limit":1},"post":[{"a":1}]})", {R"({"a":1})"});
  CheckRecords(R"({"posts":5,"a":"posts"})", {R"({"posts":5,"a":"posts"})"});
  CheckRecords(R"({"a":{"@mark":1}})", {R"({"a":{"@mark":1}})"});
}

TEST_CASE("what is no object in a list is a record, too, for the parser to reject") {
  CheckRecords(R"([1, "a]\"", null ,[1,[2]],{}])", {"1", R"("a]\"")", "null", "[1,[2]]", "{}"});
  CheckRecords("nonsense", {"nonsense"});
  CheckRecords("id\n1", {"id", "1"});
}

TEST_CASE("a record longer than allowed is told and dropped") {
  const std::string page = "[{\"a\":1},{\"b\":\"" + std::string(2000, 'x') + "\"},{\"c\":3}]";
  for (const size_t piece_bytes : {1, 10, 999, 5000}) {
    const Split split = SplitText(page, piece_bytes, 100);
    REQUIRE(split.status.ok());
    CHECK(split.records == std::vector<std::string>{"{\"a\":1}", "{\"c\":3}"});
    CHECK(split.long_records == std::vector<int64_t>{2});
  }
  // A wrapper may be as long as it likes.
  const Split wrapped = SplitText("{\"z\":\"" + std::string(2000, 'x') + "\",\"posts\":[{\"a\":1}]}", 64, 100);
  REQUIRE(wrapped.status.ok());
  CHECK(wrapped.records == std::vector<std::string>{"{\"a\":1}"});
  CHECK(wrapped.long_records.empty());
}

TEST_CASE("what is no page is refused with its offset") {
  const auto offset = [](std::string_view text) {
    for (size_t piece_bytes = 1; piece_bytes < text.size(); ++piece_bytes) {
      CHECK(MetadataOf(SplitText(text, piece_bytes).status)["offset"] ==
            MetadataOf(SplitText(text, text.size()).status)["offset"]);
    }
    const Split split = SplitText(text, text.size());
    CHECK(ReasonOf(split.status) == Reason::kFileInvalid);
    CHECK(MetadataOf(split.status)["file"] == "f");
    return MetadataOf(split.status)["offset"];
  };
  CHECK(offset("]") == "0");
  CHECK(offset(",{}") == "0");
  CHECK(offset("[{}{}]") == "3");
  CHECK(offset("[{},]") == "4");
  CHECK(offset("[,{}]") == "1");
  CHECK(offset("[{}}") == "3");
  CHECK(offset("{\"posts\":[]]") == "11");
  CHECK(offset("[{}") == "3");
  CHECK(offset("[{\"a\":") == "6");
  CHECK(offset("[{\"a\":\"}") == "8");
  CHECK(offset("{\"posts\":[{}]") == "13");
  CHECK(offset("[") == "1");
}

TEST_CASE("a page of something else is refused by the member that it has instead of posts") {
  for (const char* page : {R"({"@mark":{"count":2},"tag":[{"id":1}]})", R"({"tag":{"id":1},"@mark":{}})"}) {
    for (size_t piece_bytes = 1; piece_bytes <= 40; ++piece_bytes) {
      const Split split = SplitText(page, piece_bytes);
      CHECK(ReasonOf(split.status) == Reason::kFileInvalid);
      CHECK(split.status.message().find("is a page of \"tag\" and not of posts") != std::string::npos);
    }
  }
  CheckRecords(R"({"@mark":{},"tag":[{"id":1}],"post":[{"a":1}]})", {R"({"a":1})"});
  CheckRecords(R"({"@mark":{},"post":[],"tag":[1]} {"@mark":{},"post":null,"tag":[1]} {"@mark":{},"tag":5})", {});
}

}  // namespace
}  // namespace millrace
