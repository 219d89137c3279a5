// Text from strangers must neither move the cursor nor push columns out of line: control characters, broken UTF-8,
// wide and combining characters.
#include "clients/cli/display.h"

#include <clocale>

#include "tests/support/catch.h"

namespace millrace::cli {
namespace {

// main does the same for the program.
struct Utf8Locale {
  Utf8Locale() { REQUIRE(std::setlocale(LC_CTYPE, "C.UTF-8") != nullptr); }
};

TEST_CASE("what could steer a terminal is escaped") {
  CHECK(Printable("plain") == "plain");
  CHECK(Printable("\x1b[31mred\n") == "\\x1b[31mred\\x0a");
  CHECK(Printable(std::string_view("a\0b", 3)) == "a\\x00b");
  CHECK(Printable("\x7f") == "\\x7f");
  CHECK(Printable("\xc2\x9b") == "\\xc2\\x9b");  // U+009B, the one-character form of ESC [
}

TEST_CASE("bytes that are not UTF-8 are escaped one by one, and the rest stays") {
  CHECK(Printable("a\xff\xe3\x81z") == "a\\xff\\xe3\\x81z");
  CHECK(Printable("初音ミク é") == "初音ミク é");
}

TEST_CASE_METHOD(Utf8Locale, "East Asian characters take two columns, combining marks none") {
  CHECK(DisplayWidth("abc") == 3);
  CHECK(DisplayWidth("初音ミク") == 8);
  CHECK(DisplayWidth("e\xcc\x81") == 1);  // e and a combining acute accent
  CHECK(DisplayWidth("é") == 1);
}

TEST_CASE_METHOD(Utf8Locale, "clipping never exceeds the width and never tears a character") {
  CHECK(ClipToWidth("short", 5) == "short");
  CHECK(ClipToWidth("longer", 5) == "long…");
  CHECK(ClipToWidth("初音ミク", 8) == "初音ミク");
  CHECK(ClipToWidth("初音ミク", 7) == "初音ミ…");
  CHECK(ClipToWidth("初音ミク", 6) == "初音…");
  for (int width = 1; width < 12; ++width) CHECK(DisplayWidth(ClipToWidth("a初b音cミd", width)) <= width);
}

TEST_CASE("paint adds escape sequences only with color") {
  CHECK(Paint("x", "1", false) == "x");
  CHECK(Paint("x", "1", true) == "\x1b[1mx\x1b[0m");
}

}  // namespace
}  // namespace millrace::cli
