// Goal: hexadecimal digits, UTF-8, quoting and names behave as their comments say. Method: tables; every sequence of
// up to three bytes against an independent definition of UTF-8.

#include "core/base/text.h"

#include "tests/support/catch.h"

namespace millrace {
namespace {

TEST_CASE("hexadecimal digits both ways") {
  const std::array<uint8_t, 4> bytes = {0x00, 0x9A, 0xBC, 0xFF};
  CHECK(HexEncode(bytes) == "009abcff");
  CHECK(HexDecode<4>("009abcff") == bytes);
  CHECK(HexDecode<4>("009ABCFF") == bytes);
  for (const char* text : {"", "009abcf", "009abcff0", "009abcfg", "009abc f", "+09abcff", "0x9abcff"}) {
    CHECK(!HexDecode<4>(text).has_value());
  }
  CHECK(HexDecode<0>("").has_value());
}

// Encodes a code point, the other way round than the code under test.
std::string Encode(uint32_t code) {
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) return {static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 63))};
  if (code < 0x10000) {
    return {static_cast<char>(0xE0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 63)),
            static_cast<char>(0x80 | (code & 63))};
  }
  return {static_cast<char>(0xF0 | code >> 18), static_cast<char>(0x80 | (code >> 12 & 63)),
          static_cast<char>(0x80 | (code >> 6 & 63)), static_cast<char>(0x80 | (code & 63))};
}

TEST_CASE("every code point is valid but the surrogates, and cut short none is") {
  for (uint32_t code = 0; code <= 0x10FFFF; ++code) {
    const std::string text = Encode(code);
    const bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
    if (IsValidUtf8(text) == is_surrogate) FAIL(code);
    if (text.size() > 1 && IsValidUtf8(std::string_view(text).substr(0, text.size() - 1))) FAIL(code);
  }
}

TEST_CASE("nothing else is valid: exactly so many sequences of one, two and three bytes are") {
  int valid_count = 0;
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      for (int c = 0; c < 256; c += 1) {
        const char bytes[] = {static_cast<char>(a), static_cast<char>(b), static_cast<char>(c)};
        valid_count += IsValidUtf8(std::string_view(bytes, 3));
      }
    }
  }
  // Three of one byte; one of two and one of one, in two orders; one of three, less 2,048 surrogates.
  CHECK(valid_count == 128 * 128 * 128 + 2 * 1'920 * 128 + (63'488 - 2'048));
}

TEST_CASE("overlong forms, and code points past the last, are invalid") {
  for (const char* text : {"\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
                           "\xF5\x80\x80\x80", "\xFF", "\x80", "a\xC3", "\xE2\x82(", "\xED\xA0\x80"}) {
    CHECK(!IsValidUtf8(text));
  }
}

TEST_CASE("quoting escapes what could hide or harm") {
  CHECK(QuoteForMessage("") == "\"\"");
  CHECK(QuoteForMessage("a \"b\" \\") == R"("a \"b\" \\")");
  CHECK(QuoteForMessage(std::string("\0\n\x1B[31m\x7F", 8)) == R"("\x00\x0a\x1b[31m\x7f")");
  CHECK(QuoteForMessage("\xC2\x9B\xC3\xA9") == "\"\\xc2\\x9b\xC3\xA9\"");
  CHECK(QuoteForMessage("\xFFok\xE2\x82") == R"("\xffok\xe2\x82")");
}

TEST_CASE("quoting cuts after so many bytes, between characters") {
  CHECK(QuoteForMessage("abcde", 5) == "\"abcde\"");
  CHECK(QuoteForMessage("abcdef", 5) == "\"abcde...\"");
  CHECK(QuoteForMessage("abcd\xC3\xA9", 5) == "\"abcd...\"");
  CHECK(QuoteForMessage(std::string(200, '\xFF'), 2) == R"("\xff\xff...")");
  CHECK(QuoteForMessage(std::string(81, 'x')) == "\"" + std::string(80, 'x') + "...\"");
}

TEST_CASE("names of datasets and splits") {
  for (const char* name : {"a", "0", "train", "danbooru-2019_v1.2", "a.."}) CHECK(IsValidName(name));
  for (const char* name : {"", ".", "-a", "_a", "A", "a b", "a/b", "\xC3\xA9", "a\n"}) CHECK(!IsValidName(name));
  CHECK(IsValidName(std::string(64, 'a')));
  CHECK(!IsValidName(std::string(65, 'a')));
  CHECK(!IsValidName(std::string_view("a\0", 2)));
}

}  // namespace
}  // namespace millrace
