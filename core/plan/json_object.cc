#include "core/plan/json_object.h"

#include <utility>

namespace millrace {
namespace {

void AppendUnit(uint32_t unit, std::string* out) {
  constexpr char kDigits[] = "0123456789abcdef";
  *out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) *out += kDigits[unit >> shift & 15];
}

// As one UTF-16 unit, or as a surrogate pair.
void AppendCodePoint(uint32_t code_point, std::string* out) {
  if (code_point < 0x10000) return AppendUnit(code_point, out);
  AppendUnit(0xd800 + ((code_point - 0x10000) >> 10), out);
  AppendUnit(0xdc00 + ((code_point - 0x10000) & 0x3ff), out);
}

void AppendString(std::string_view text, std::string* out) {
  *out += '"';
  for (size_t i = 0; i < text.size();) {
    const auto byte = [&](size_t at) { return static_cast<unsigned char>(text[at]); };
    const unsigned char lead = byte(i);
    if (lead < 0x80) {
      if (lead == '"' || lead == '\\') *out += '\\';
      *out += static_cast<char>(lead);
      ++i;
      continue;
    }
    const size_t size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    uint32_t code_point = lead & (0x7f >> size);
    for (size_t j = 1; j < size; ++j) code_point = code_point << 6 | (byte(i + j) & 0x3f);
    AppendCodePoint(code_point, out);
    i += size;
  }
  *out += '"';
}

}  // namespace

JsonObject& JsonObject::Add(std::string_view key, std::string_view text) {
  std::string json;
  AppendString(text, &json);
  return AddRaw(key, json);
}

JsonObject& JsonObject::AddRaw(std::string_view key, std::string_view json) {
  text_ += text_.empty() ? '{' : ',';
  AppendString(key, &text_);
  text_ += ':';
  text_ += json;
  return *this;
}

std::string JsonObject::Take() {
  if (text_.empty()) text_ = "{";
  return std::move(text_) + "}";
}

}  // namespace millrace
