#include "core/ingest/html_text.h"

#include <charconv>
#include <cstdint>
#include <system_error>
#include <utility>

namespace millrace {
namespace {

constexpr std::pair<std::string_view, char> kNamed[] = {
    {"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};

void AppendUtf8(uint32_t code, std::string* out) {
  const auto tail = [&](int shift) { out->push_back(static_cast<char>(0x80 | ((code >> shift) & 0x3F))); };
  if (code < 0x80) {
    out->push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out->push_back(static_cast<char>(0xC0 | (code >> 6)));
    tail(0);
  } else if (code < 0x10000) {
    out->push_back(static_cast<char>(0xE0 | (code >> 12)));
    tail(6), tail(0);
  } else {
    out->push_back(static_cast<char>(0xF0 | (code >> 18)));
    tail(12), tail(6), tail(0);
  }
}

// What "&NAME;" stands for, appended; false when it is to stay.
bool AppendReference(std::string_view name, std::string* out) {
  for (const auto& [known, character] : kNamed) {
    if (name == known) return out->push_back(character), true;
  }
  if (name.size() < 2 || name[0] != '#') return false;
  const bool is_hexadecimal = name[1] == 'x' || name[1] == 'X';
  const std::string_view digits = name.substr(is_hexadecimal ? 2 : 1);
  uint32_t code = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), code, is_hexadecimal ? 16 : 10);
  if (error != std::errc() || end != digits.data() + digits.size() || digits.empty()) return false;
  const bool is_control = code <= 0x20 || (code >= 0x7F && code <= 0xA0);
  if (is_control || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return false;
  AppendUtf8(code, out);
  return true;
}

}  // namespace

std::string UnescapeHtml(std::string_view text) {
  constexpr size_t kNameSizeBytesMax = 10;
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const size_t at = text.find('&');
    out.append(text.substr(0, at));
    if (at == std::string_view::npos) break;
    text.remove_prefix(at);
    const size_t end = text.substr(0, kNameSizeBytesMax + 2).find(';');
    if (end != std::string_view::npos && AppendReference(text.substr(1, end - 1), &out)) {
      text.remove_prefix(end + 1);
    } else {
      out.push_back('&');
      text.remove_prefix(1);
    }
  }
  return out;
}

}  // namespace millrace
