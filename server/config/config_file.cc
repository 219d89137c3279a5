#include "server/config/config_file.h"

#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/text.h"

namespace millrace {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\t'; }

bool IsKeyCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

void AppendUtf8(std::string& out, uint32_t character) {
  if (character < 0x80) {
    out.push_back(static_cast<char>(character));
  } else if (character < 0x800) {
    out.push_back(static_cast<char>(0xC0 | character >> 6));
    out.push_back(static_cast<char>(0x80 | (character & 0x3F)));
  } else {
    out.push_back(static_cast<char>(0xE0 | character >> 12));
    out.push_back(static_cast<char>(0x80 | (character >> 6 & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (character & 0x3F)));
  }
}

// Reads one line from left to right. Each Take* moves on; none does when it fails.
class LineReader {
 public:
  explicit LineReader(std::string_view line) : rest_(line) {}

  // At the line's end, or at the comment that runs to it.
  bool AtEnd() {
    SkipSpaces();
    return rest_.empty() || rest_.front() == '#';
  }

  std::string_view TakeKey() {
    SkipSpaces();
    return TakeWhile(IsKeyCharacter);
  }

  bool TakeEquals() {
    SkipSpaces();
    if (!rest_.starts_with('=')) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::optional<std::string> TakeValue() {
    SkipSpaces();
    if (rest_.starts_with('"')) return TakeQuoted();
    const std::string_view bare =
        TakeWhile([](char c) { return static_cast<unsigned char>(c) > ' ' && c != '"' && c != '\'' && c != '#'; });
    if (bare.empty()) return std::nullopt;
    return std::string(bare);
  }

 private:
  void SkipSpaces() { TakeWhile(IsSpace); }

  template <typename Predicate>
  std::string_view TakeWhile(Predicate predicate) {
    size_t count = 0;
    while (count < rest_.size() && predicate(rest_[count])) ++count;
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  std::optional<std::string> TakeQuoted() {
    std::string value;
    for (size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == '"') {
        rest_.remove_prefix(i + 1);
        return value;
      }
      if (rest_[i] != '\\') {
        value.push_back(rest_[i]);
      } else if (!AppendEscaped(++i, value)) {
        return std::nullopt;
      }
    }
    return std::nullopt;
  }

  // Appends what the escape at rest_[i], behind its backslash, stands for; moves i to the escape's last character.
  bool AppendEscaped(size_t& i, std::string& value) {
    if (i >= rest_.size()) return false;
    switch (rest_[i]) {
      case '"':
      case '\\':
        value.push_back(rest_[i]);
        return true;
      case 'n':
        value.push_back('\n');
        return true;
      case 'r':
        value.push_back('\r');
        return true;
      case 't':
        value.push_back('\t');
        return true;
      case 'u': {
        const auto bytes = HexDecode<2>(rest_.substr(i + 1, 4));
        if (!bytes.has_value()) return false;
        const uint32_t character = uint32_t{(*bytes)[0]} << 8 | (*bytes)[1];
        // Halves of a surrogate pair are no characters, and a NUL would cut paths short.
        if (character == 0 || (character >= 0xD800 && character <= 0xDFFF)) return false;
        AppendUtf8(value, character);
        i += 4;
        return true;
      }
      default:
        return false;
    }
  }

  std::string_view rest_;
};

absl::Status LineError(std::string_view path, int line, std::string_view description) {
  return MakeError(Reason::kConfigInvalid,
                   std::string(path) + ":" + std::to_string(line) + ": " + std::string(description));
}

// Nothing for a line without a setting.
absl::StatusOr<std::optional<FileSetting>> ParseLine(std::string_view path, int line_number, std::string_view line) {
  LineReader reader(line);
  if (reader.AtEnd()) return std::nullopt;
  FileSetting setting;
  setting.line = line_number;
  setting.key = std::string(reader.TakeKey());
  if (setting.key.empty() || !reader.TakeEquals()) {
    return LineError(path, line_number, QuoteForMessage(line) + " is not a setting: write KEY = VALUE");
  }
  std::optional<std::string> value = reader.TakeValue();
  if (!value.has_value() || !reader.AtEnd()) {
    return LineError(path, line_number,
                     setting.key +
                         ": the value is malformed: write one word, or a text between double quotes (with "
                         "\\\\ and \\\" for a backslash and a quote in it)");
  }
  setting.text = *std::move(value);
  return setting;
}

}  // namespace

absl::StatusOr<std::vector<FileSetting>> ParseConfigFile(std::string_view path, std::string_view text) {
  std::vector<FileSetting> settings;
  std::map<std::string, int> line_of_key;
  for (int line_number = 1; !text.empty(); ++line_number) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!IsValidUtf8(line) || line.find('\0') != std::string_view::npos) {
      return LineError(path, line_number, "the line is not UTF-8 text: is this a configuration file?");
    }
    MILLRACE_ASSIGN_OR_RETURN(std::optional<FileSetting> setting, ParseLine(path, line_number, line));
    if (!setting.has_value()) continue;
    const auto [known, is_new] = line_of_key.emplace(setting->key, line_number);
    if (!is_new) {
      return LineError(
          path, line_number,
          setting->key + " is given twice, first in line " + std::to_string(known->second) + ": remove one of them");
    }
    settings.push_back(*std::move(setting));
  }
  return settings;
}

std::string QuoteConfigValue(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted.push_back('\\');
      quoted.push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppend(&quoted, "\\u", absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad4));
    } else {
      quoted.push_back(c);
    }
  }
  quoted.push_back('"');
  return quoted;
}

}  // namespace millrace
