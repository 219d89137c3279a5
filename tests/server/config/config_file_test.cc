// Goal: a configuration file is read exactly, and mistakes are named with their line.
// Method: small texts; quoting is checked by reading back what was written.
#include "server/config/config_file.h"

#include <string>

#include "core/base/error.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using Catch::Matchers::Contains;

TEST_CASE("Settings, comments and empty lines are read") {
  const auto settings = ParseConfigFile("f",
                                        "# a comment\n"
                                        "\n"
                                        "listen = 127.0.0.1:0 # behind a value\r\n"
                                        "\t data-dir=\"/a b#c\\\\d\\\"e\\u00e9\"\t#x\n"
                                        "x_1 = \"\"");
  REQUIRE(settings.ok());
  REQUIRE(settings->size() == 3);
  CHECK((*settings)[0].key == "listen");
  CHECK((*settings)[0].text == "127.0.0.1:0");
  CHECK((*settings)[0].line == 3);
  CHECK((*settings)[1].text == "/a b#c\\d\"e\u00e9");
  CHECK((*settings)[1].line == 4);
  CHECK((*settings)[2].text.empty());
}

TEST_CASE("A malformed line is refused with file and line") {
  for (const char* line :
       {"listen",          "= 1",         "[section]", "a b = 1",     "a =",           "a = # comment",
        "a = \"open",      "a = \"x\" y", "a = 1 2",   "a = \"\\q\"", "a = \"\\u12\"", "a = \"\\u0000\"",
        "a = \"\\ud800\"", "a = \"\\",    "a = 'x'",   "a = x\"y\"",  "a: 1",          "a.b = 1",
        "a = \xff",        "\xc3\xa9 = 1"}) {
    INFO(line);
    const auto settings = ParseConfigFile("some.conf", "ok = 1\n" + std::string(line) + "\nz = 2\n");
    REQUIRE(!settings.ok());
    CHECK(ReasonOf(settings.status()) == Reason::kConfigInvalid);
    CHECK_THAT(std::string(settings.status().message()), Contains("some.conf:2: "));
  }
  CHECK(!ParseConfigFile("f", std::string("a = 1\0", 6)).ok());
}

TEST_CASE("A key given twice is refused with both lines") {
  const auto settings = ParseConfigFile("some.conf", "a = 1\nb = 2\na = 1\n");
  REQUIRE(!settings.ok());
  CHECK_THAT(std::string(settings.status().message()), Contains("some.conf:3: a") && Contains("line 1"));
}

TEST_CASE("What is quoted is read back") {
  std::string controls;
  for (char c = 1; c < 0x30; ++c) controls.push_back(c);
  for (const std::string& text :
       {std::string(), std::string("a"), std::string("\\\"\\"), controls, std::string("# = \u65e5\u672c \x7f")}) {
    const auto settings = ParseConfigFile("f", "key = " + QuoteConfigValue(text) + " # comment\n");
    REQUIRE(settings.ok());
    REQUIRE(settings->size() == 1);
    CHECK((*settings)[0].text == text);
  }
}

}  // namespace
}  // namespace millrace
