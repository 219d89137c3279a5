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

}  // namespace

std::string JsonString(std::string_view text) {
  std::string out = "\"";
  for (size_t i = 0; i < text.size();) {
    const auto byte = [&](size_t at) { return static_cast<unsigned char>(text[at]); };
    const unsigned char lead = byte(i);
    const size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (size > 1) {
      uint32_t code_point = lead & (0x7f >> size);
      for (size_t j = 1; j < size; ++j) code_point = code_point << 6 | (byte(i + j) & 0x3f);
      AppendCodePoint(code_point, &out);
    } else if (lead < 0x20 || lead == 0x7f) {
      AppendUnit(lead, &out);
    } else {
      if (lead == '"' || lead == '\\') out += '\\';
      out += static_cast<char>(lead);
    }
    i += size;
  }
  return out + "\"";
}

JsonObject& JsonObject::AddRaw(std::string_view key, std::string_view json) {
  text_ += text_.empty() ? '{' : ',';
  text_ += JsonString(key);
  text_ += ':';
  text_ += json;
  return *this;
}

std::string JsonObject::Take() {
  if (text_.empty()) text_ = "{";
  return std::move(text_) + "}";
}

}  // namespace millrace
