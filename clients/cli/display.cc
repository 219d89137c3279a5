#include "clients/cli/display.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <cwchar>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/text.h"

namespace millrace::cli {
namespace {

// The character at the start of `text` and its length in bytes; length 0 when it is not UTF-8.
struct Character {
  char32_t code_point = 0;
  size_t size_bytes = 0;
};

Character FirstCharacter(std::string_view text) {
  const unsigned char lead = static_cast<unsigned char>(text[0]);
  const size_t size_bytes = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (text.size() < size_bytes || !IsValidUtf8(text.substr(0, size_bytes))) return {};
  if (size_bytes == 1) return {lead, 1};
  char32_t code_point = lead & (0xFF >> (size_bytes + 1));
  for (size_t i = 1; i < size_bytes; ++i) {
    code_point = code_point << 6 | (static_cast<unsigned char>(text[i]) & 0x3F);
  }
  return {code_point, size_bytes};
}

bool IsControl(char32_t code_point) { return code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0); }

int CharacterWidth(char32_t code_point) {
  const int width = wcwidth(static_cast<wchar_t>(code_point));
  return width < 0 ? 1 : width;
}

}  // namespace

Terminal TerminalOf(int fd) {
  Terminal terminal;
  terminal.is_terminal = isatty(fd) == 1;
  if (!terminal.is_terminal) return terminal;
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) == 0) terminal.width_columns = size.ws_col;
  if (const char* columns = std::getenv("COLUMNS"); columns != nullptr && std::atoi(columns) > 0) {
    terminal.width_columns = std::atoi(columns);
  }
  if (terminal.width_columns <= 0) terminal.width_columns = 80;
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  const bool dumb = term == nullptr || std::string_view(term) == "dumb";
  terminal.color = (no_color == nullptr || *no_color == '\0') && !dumb;
  return terminal;
}

std::string Printable(std::string_view text) {
  std::string printable;
  printable.reserve(text.size());
  while (!text.empty()) {
    const Character character = FirstCharacter(text);
    const size_t size_bytes = character.size_bytes == 0 ? 1 : character.size_bytes;
    if (character.size_bytes == 0 || IsControl(character.code_point)) {
      for (size_t i = 0; i < size_bytes; ++i) {
        absl::StrAppendFormat(&printable, "\\x%02x", static_cast<unsigned char>(text[i]));
      }
    } else {
      printable.append(text.substr(0, size_bytes));
    }
    text.remove_prefix(size_bytes);
  }
  return printable;
}

int DisplayWidth(std::string_view text) {
  int width = 0;
  while (!text.empty()) {
    const Character character = FirstCharacter(text);
    width += character.size_bytes == 0 ? 1 : CharacterWidth(character.code_point);
    text.remove_prefix(character.size_bytes == 0 ? 1 : character.size_bytes);
  }
  return width;
}

std::string ClipToWidth(std::string_view text, int width_columns) {
  if (DisplayWidth(text) <= width_columns) return std::string(text);
  std::string clipped;
  int width = 0;
  while (!text.empty()) {
    const Character character = FirstCharacter(text);
    const size_t size_bytes = character.size_bytes == 0 ? 1 : character.size_bytes;
    const int character_width = character.size_bytes == 0 ? 1 : CharacterWidth(character.code_point);
    if (width + character_width > width_columns - 1) break;
    clipped.append(text.substr(0, size_bytes));
    width += character_width;
    text.remove_prefix(size_bytes);
  }
  return clipped + "…";
}

std::string Paint(std::string_view text, const char* attribute, bool color) {
  if (!color) return std::string(text);
  return absl::StrCat("\x1b[", attribute, "m", std::string(text), "\x1b[0m");
}

}  // namespace millrace::cli
