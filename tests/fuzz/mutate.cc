#include "tests/fuzz/mutate.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string_view>

namespace millrace::fuzz {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::string_view kTokens[] = {"{",
                                        "}",
                                        "[",
                                        "]",
                                        ",",
                                        ":",
                                        "\"",
                                        "\\",
                                        "\\\"",
                                        "\\u0000",
                                        "\\ud800",
                                        "null",
                                        "true",
                                        "false",
                                        "-",
                                        "0",
                                        "-1",
                                        "1e999",
                                        "0.5",
                                        "99999999999999999999",
                                        "2147483648",
                                        "\"\"",
                                        "[]",
                                        "{}",
                                        "\n",
                                        "\r\n",
                                        " ",
                                        "\t",
                                        "\0"sv,
                                        "\xFF",
                                        "\xC3",
                                        "\xED\xA0\x80",
                                        "\xEF\xBB\xBF",
                                        "\"id\"",
                                        "\"posts\":[",
                                        "\"post\":",
                                        "\"tags\":",
                                        "\"tag_string\":",
                                        "\"@attributes\":",
                                        "&amp;",
                                        "&#",
                                        "t",
                                        "f",
                                        "\"\"\"",
                                        "rating:",
                                        "..",
                                        ">=",
                                        "\x1F\x8B",
                                        "\x28\xB5\x2F\xFD"};

size_t Below(size_t size, std::mt19937_64* random) { return size == 0 ? 0 : static_cast<size_t>((*random)() % size); }

void ChangeOnce(const std::vector<std::string>& corpus, std::string* input, std::mt19937_64* random) {
  const size_t at = Below(input->size() + 1, random);
  const size_t length = 1 + Below(Below(8, random) == 0 ? 400 : 16, random);
  const std::string& other = corpus[Below(corpus.size(), random)];
  switch (Below(8, random)) {
    case 0:
      if (at < input->size()) (*input)[at] = static_cast<char>((*random)());
      break;
    case 1:
      if (at < input->size()) (*input)[at] = static_cast<char>((*input)[at] ^ (1 << Below(8, random)));
      break;
    case 2:
      input->erase(std::min(at, input->size()), length);
      break;
    case 3:
      input->insert(at, input->substr(Below(input->size() + 1, random), length));
      break;
    case 4:
      input->insert(at, kTokens[Below(std::size(kTokens), random)]);
      break;
    case 5:
      input->replace(at, length, other.substr(Below(other.size() + 1, random), 1 + Below(200, random)));
      break;
    case 6:
      input->resize(at);
      break;
    case 7: {
      const std::string_view token = kTokens[Below(std::size(kTokens), random)];
      input->replace(at, token.size(), token);
      break;
    }
  }
}

}  // namespace

std::string Mutate(const std::vector<std::string>& corpus, size_t size_bytes_max, std::mt19937_64* random) {
  std::string input = corpus[Below(corpus.size(), random)];
  for (size_t count = 1 + Below(6, random); count > 0; --count) ChangeOnce(corpus, &input, random);
  if (input.size() > size_bytes_max) input.resize(size_bytes_max);
  return input;
}

}  // namespace millrace::fuzz
