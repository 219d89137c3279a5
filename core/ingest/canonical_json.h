// JSON in one form for one content, for the fields of a source that a post has no place for.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "simdjson.h"

namespace millrace {

// Deeper nesting is rejected: nothing a board tells needs it, and readers of the value should not recurse forever.
inline constexpr int kExtraDepthMax = 32;

// Members of an object, each value in canonical form.
using JsonMembers = std::vector<std::pair<std::string, std::string>>;

// Appends `value` without white space, the keys of every object in byte order, strings escaped no more than needed, and
// numbers as the source writes them (so that none loses digits). Consumes and checks the whole value, which an
// on-demand parser does not do by itself. Nothing when all is well; otherwise what is wrong.
std::optional<std::string> AppendCanonicalJson(simdjson::ondemand::value value, std::string* out, int depth = 0);

// Appends an object of the members, sorted. What is wrong when a key occurs twice: then either value would be lost.
std::optional<std::string> AppendJsonObject(JsonMembers* members, std::string* out);

void AppendJsonString(std::string_view text, std::string* out);

// Whether the text is a number by RFC 8259.
bool IsJsonNumber(std::string_view text);

// What an error of the parser means, in words that follow "is".
std::string DescribeJsonError(simdjson::error_code error);

// The token at the start of a raw value, without the white space that simdjson leaves behind it.
inline std::string_view TrimJsonToken(std::string_view token) {
  while (!token.empty() &&
         (token.back() == ' ' || token.back() == '\t' || token.back() == '\r' || token.back() == '\n')) {
    token.remove_suffix(1);
  }
  return token;
}

}  // namespace millrace
