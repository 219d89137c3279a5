// The configuration file: lines of KEY = VALUE, a small part of TOML.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace millrace {

struct FileSetting {
  std::string key;
  std::string text;
  int line = 0;  // 1-based
};

// Reads a file's text. Empty lines and comments (# to the line's end) are skipped. A value is a string between
// double quotes, with the escapes \" \\ \n \r \t \uXXXX, or bare: without spaces, quotes and '#'. Which keys and
// values have a meaning is not judged here.
// kConfigInvalid, naming `path` and the line, for anything else and for a key that is given twice.
absl::StatusOr<std::vector<FileSetting>> ParseConfigFile(std::string_view path, std::string_view text);

// A text as a quoted value that ParseConfigFile reads back.
std::string QuoteConfigValue(std::string_view text);

}  // namespace millrace
