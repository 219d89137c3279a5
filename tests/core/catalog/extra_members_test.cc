// Goal: of two objects of extra fields no field is lost, the later word stands, and the result is canonical.
// Method: by examples written by hand; then objects drawn at random, against a map of their members.
#include "core/catalog/extra_members.h"

#include <map>
#include <random>

#include "tests/support/catch.h"

namespace millrace {
namespace {

TEST_CASE("members of both are there, in order, and of a key that both have the later stands") {
  CHECK(MembersOver(R"({"a":1,"c":[1,2]})", R"({"b":{"x":"}"},"c":null})") == R"({"a":1,"b":{"x":"}"},"c":null})");
  CHECK(MembersOver(R"({"b":"2","z":"9"})", R"({"a":1})") == R"({"a":1,"b":"2","z":"9"})");
  CHECK(MembersOver(R"({"a":1})", R"({"a":1})") == R"({"a":1})");
}

TEST_CASE("who tells nothing leaves what there is") {
  CHECK(MembersOver("", "").empty());
  CHECK(MembersOver(R"({"a":1})", "") == R"({"a":1})");
  CHECK(MembersOver("", R"({"a":1})") == R"({"a":1})");
  CHECK(MembersOver(R"({"a":1})", "{}") == R"({"a":1})");
}

TEST_CASE("quotes, commas and brackets within strings end nothing") {
  CHECK(MembersOver(R"({"a":"\"},{","b":["]",{"c":"\\"}]})", R"({"d":"\\\""})") ==
        R"({"a":"\"},{","b":["]",{"c":"\\"}],"d":"\\\""})");
}

TEST_CASE("keys are in the order of their bytes, not of their escapes") {
  // A quotation mark and a line's end come before letters, as \" and \n they would come behind them.
  CHECK(MembersOver(R"({"A":1})", R"({"\n":2})") == R"({"\n":2,"A":1})");
  CHECK(MembersOver(R"({"\"":1})", R"({"#":2})") == R"({"\"":1,"#":2})");
  CHECK(MembersOver(R"({"\u0001":1,"\t":2})", R"({"\t":4,"\u001f":3})") == R"({"\u0001":1,"\t":4,"\u001f":3})");
}

TEST_CASE("what is no such object gives way as a whole") {
  for (const char* odd :
       {"[1]", "x", "{", R"({"a")", R"({"a":)", R"({"a":1)", R"({"a":"x})", R"({a:1})", R"({"a":1,})"}) {
    INFO(odd);
    CHECK(MembersOver(odd, R"({"b":1})") == R"({"b":1})");
    CHECK(MembersOver(R"({"b":1})", odd) == odd);
  }
}

TEST_CASE("it is what a map of members would be") {
  std::mt19937 random(7);
  const auto pick = [&](size_t count) { return static_cast<size_t>(random()) % count; };
  const std::vector<std::string> keys = {"a", "b", "id", R"(\n)", R"(\\)", R"(q\"q)", R"(\u0002)", "\xE7\x8C\xAB"};
  const std::map<std::string, std::string> meant = {
      {R"(\n)", "\n"}, {R"(\\)", "\\"}, {R"(q\"q)", "q\"q"}, {R"(\u0002)", "\x02"}};
  const std::vector<std::string> values = {"1",       "null", R"("x,y")", R"([1,{"k":"]"}])", R"({"a":{"b":[]}})",
                                           R"("\"}")"};
  using Members = std::map<std::string, std::string>;  // what the key means -> the member
  const auto write = [](const Members& members) {
    std::string text = "{";
    for (const auto& [key, member] : members) text += (text.size() > 1 ? "," : "") + member;
    return text + "}";
  };
  for (int round = 0; round < 2'000; ++round) {
    Members objects[2];
    for (Members& object : objects) {
      for (size_t i = pick(6); i > 0; --i) {
        const std::string& key = keys[pick(keys.size())];
        const auto known = meant.find(key);
        object[known == meant.end() ? key : known->second] = "\"" + key + "\":" + values[pick(values.size())];
      }
    }
    Members merged = objects[1];
    merged.insert(objects[0].begin(), objects[0].end());
    INFO(write(objects[0]) << " and " << write(objects[1]));
    REQUIRE(MembersOver(write(objects[0]), write(objects[1])) == write(merged));
  }
}

}  // namespace
}  // namespace millrace
