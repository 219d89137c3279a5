#include "core/ingest/canonical_json.h"

#include <algorithm>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "core/base/text.h"

namespace millrace {
namespace {

namespace ondemand = simdjson::ondemand;
using Fault = std::optional<std::string>;

Fault AppendObject(ondemand::value value, std::string* out, int depth) {
  ondemand::object object;
  if (const auto error = value.get_object().get(object)) return DescribeJsonError(error);
  JsonMembers members;
  for (auto field_or : object) {
    ondemand::field field;
    if (const auto error = std::move(field_or).get(field)) return DescribeJsonError(error);
    std::string_view key;
    if (const auto error = field.unescaped_key().get(key)) return DescribeJsonError(error);
    members.emplace_back(std::string(key), std::string());
    if (Fault fault = AppendCanonicalJson(field.value(), &members.back().second, depth + 1)) return fault;
  }
  return AppendJsonObject(&members, out);
}

Fault AppendArray(ondemand::value value, std::string* out, int depth) {
  ondemand::array array;
  if (const auto error = value.get_array().get(array)) return DescribeJsonError(error);
  out->push_back('[');
  bool is_first = true;
  for (auto element_or : array) {
    ondemand::value element;
    if (const auto error = std::move(element_or).get(element)) return DescribeJsonError(error);
    if (!is_first) out->push_back(',');
    is_first = false;
    if (Fault fault = AppendCanonicalJson(element, out, depth + 1)) return fault;
  }
  out->push_back(']');
  return std::nullopt;
}

size_t DigitCount(std::string_view text) {
  size_t count = 0;
  while (count < text.size() && text[count] >= '0' && text[count] <= '9') ++count;
  return count;
}

}  // namespace

Fault AppendCanonicalJson(ondemand::value value, std::string* out, int depth) {
  if (depth > kExtraDepthMax) return absl::StrCat("is nested deeper than ", kExtraDepthMax, " levels");
  const std::string_view token = TrimJsonToken(value.raw_json_token());
  switch (token.empty() ? '\0' : token[0]) {
    case '{':
      return AppendObject(value, out, depth);
    case '[':
      return AppendArray(value, out, depth);
    case '"': {
      std::string_view text;
      if (const auto error = value.get_string().get(text)) return DescribeJsonError(error);
      AppendJsonString(text, out);
      return std::nullopt;
    }
    default:
      if (token == "true" || token == "false" || token == "null" || IsJsonNumber(token)) {
        out->append(token);
        return std::nullopt;
      }
      return absl::StrCat("is not valid JSON: ", QuoteForMessage(token), " is no value");
  }
}

Fault AppendJsonObject(JsonMembers* members, std::string* out) {
  std::sort(members->begin(), members->end());
  out->push_back('{');
  for (size_t i = 0; i < members->size(); ++i) {
    const auto& [key, value] = (*members)[i];
    if (i > 0) {
      if ((*members)[i - 1].first == key) return absl::StrCat("has the key ", QuoteForMessage(key), " twice");
      out->push_back(',');
    }
    AppendJsonString(key, out);
    out->push_back(':');
    out->append(value);
  }
  out->push_back('}');
  return std::nullopt;
}

void AppendJsonString(std::string_view text, std::string* out) {
  out->push_back('"');
  const auto is_escaped = [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; };
  for (size_t i = 0; i < text.size(); ++i) {
    // Most of it is as it is.
    const size_t plain_begin = i;
    while (i < text.size() && !is_escaped(text[i])) ++i;
    out->append(text.substr(plain_begin, i - plain_begin));
    if (i == text.size()) break;
    const char c = text[i];
    switch (c) {
      case '"':
        out->append("\\\"");
        break;
      case '\\':
        out->append("\\\\");
        break;
      case '\n':
        out->append("\\n");
        break;
      case '\r':
        out->append("\\r");
        break;
      case '\t':
        out->append("\\t");
        break;
      default:
        char escaped[8];
        std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
        out->append(escaped);
    }
  }
  out->push_back('"');
}

bool IsJsonNumber(std::string_view text) {
  if (!text.empty() && text[0] == '-') text.remove_prefix(1);
  const size_t whole = DigitCount(text);
  if (whole == 0 || (whole > 1 && text[0] == '0')) return false;
  text.remove_prefix(whole);
  if (!text.empty() && text[0] == '.') {
    text.remove_prefix(1);
    const size_t fraction = DigitCount(text);
    if (fraction == 0) return false;
    text.remove_prefix(fraction);
  }
  if (!text.empty() && (text[0] == 'e' || text[0] == 'E')) {
    text.remove_prefix(1);
    if (!text.empty() && (text[0] == '+' || text[0] == '-')) text.remove_prefix(1);
    const size_t exponent = DigitCount(text);
    if (exponent == 0) return false;
    text.remove_prefix(exponent);
  }
  return text.empty();
}

std::string DescribeJsonError(simdjson::error_code error) {
  switch (error) {
    case simdjson::UTF8_ERROR:
      return "is not valid UTF-8";
    case simdjson::UNESCAPED_CHARS:
      return "is not valid JSON: a control character stands unescaped in a string";
    case simdjson::UNCLOSED_STRING:
      return "is not valid JSON: it ends within a string (was the line cut short?)";
    case simdjson::INCOMPLETE_ARRAY_OR_OBJECT:
      return "is not valid JSON: it does not end with its last } (was the line cut short, or does something stand "
             "behind it?)";
    case simdjson::STRING_ERROR:
      return "is not valid JSON: a string has a broken escape";
    case simdjson::DEPTH_ERROR:
      return "is nested too deep";
    case simdjson::CAPACITY:
    case simdjson::MEMALLOC:
      return "is too long for the memory at hand";
    default:
      return "is not valid JSON";
  }
}

}  // namespace millrace
