// Goal: whatever bytes go in, one line of valid JSON comes out, with the text as it was where it was valid.
// Method: a JSON library reads back what was written: chosen texts, every byte, and random bytes.
#include "server/lifecycle/json_object.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "core/base/text.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using Json = nlohmann::json;

std::string ReadBack(const std::string& text) {
  const std::string line = JsonObject().AddText("text", text).ToString();
  REQUIRE(line.find('\n') == std::string::npos);
  return Json::parse(line).at("text").get<std::string>();
}

TEST_CASE("Well-formed text is read back as it was") {
  for (const std::string& text :
       {std::string(), std::string("plain"), std::string("\"\\/\b\f\n\r\t"), std::string("\0\x01\x1f\x7f", 4),
        std::string("\u00e9\u65e5\u672c \U0001F600 \u2028\u2029"), std::string("{} {0} %s %v %n"),
        std::string("\",\"level\":\"error")}) {
    CHECK(ReadBack(text) == text);
  }
}

TEST_CASE("Malformed bytes become replacement characters, and what is around them stays") {
  CHECK(ReadBack("a\xff"
                 "b") == "a\uFFFDb");
  CHECK(ReadBack("\xc3") == "\uFFFD");                                  // cut off
  CHECK(ReadBack("\xc0\xaf") == "\uFFFD\uFFFD");                        // overlong
  CHECK(ReadBack("\xed\xa0\x80") == "\uFFFD\uFFFD\uFFFD");              // half of a surrogate pair
  CHECK(ReadBack("\xf5\x80\x80\x80x") == "\uFFFD\uFFFD\uFFFD\uFFFDx");  // past U+10FFFF
}

TEST_CASE("Any bytes give valid JSON in valid UTF-8") {
  std::mt19937 random(20260102);
  for (int i = 0; i < 3000; ++i) {
    std::string bytes(random() % 40, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    const std::string back = ReadBack(bytes);
    CHECK(IsValidUtf8(back));
    if (IsValidUtf8(bytes)) CHECK(back == bytes);
  }
}

TEST_CASE("Numbers are numbers") {
  const Json json = Json::parse(JsonObject()
                                    .AddNumber("min", std::numeric_limits<int64_t>::min())
                                    .AddNumber("max", std::numeric_limits<int64_t>::max())
                                    .AddThousandths("zero", 0)
                                    .AddThousandths("some", 1234567)
                                    .AddThousandths("small", -7)
                                    .ToString());
  CHECK(json.at("min").get<int64_t>() == std::numeric_limits<int64_t>::min());
  CHECK(json.at("max").get<int64_t>() == std::numeric_limits<int64_t>::max());
  CHECK(json.at("zero").get<double>() == 0.0);
  CHECK(json.at("some").get<double>() == 1234.567);
  CHECK(json.at("small").get<double>() == -0.007);
  CHECK(JsonObject().AddThousandths("x", std::numeric_limits<int64_t>::min()).ToString() ==
        "{\"x\":-9223372036854775.808}");
}

TEST_CASE("Members of another object follow one's own") {
  JsonObject object;
  object.AddMembersOf(JsonObject());
  CHECK(object.ToString() == "{}");
  object.AddMembersOf(JsonObject().AddNumber("a", 1));
  object.AddMembersOf(JsonObject().AddNumber("b", 2));
  object.AddMembersOf(JsonObject());
  CHECK(object.ToString() == "{\"a\":1,\"b\":2}");
}

}  // namespace
}  // namespace millrace
