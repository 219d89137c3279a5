#include "server/lifecycle/json_object.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/text.h"

namespace millrace {
namespace {

constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";

// The length in bytes of the well-formed character that `bytes` begin with; 0 when it is none.
size_t CharacterLength(std::string_view bytes) {
  const size_t length_max = std::min<size_t>(4, bytes.size());
  for (size_t length = 1; length <= length_max; ++length) {
    if (IsValidUtf8(bytes.substr(0, length))) return length;
  }
  return 0;
}

void AppendEscaped(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const unsigned char first = static_cast<unsigned char>(text.front());
    if (first == '"' || first == '\\') {
      out.push_back('\\');
      out.push_back(text.front());
      text.remove_prefix(1);
    } else if (first < 0x20 || first == 0x7F) {
      // DEL too: JSON allows it, terminals act on it.
      absl::StrAppend(&out, "\\u", absl::Hex(first, absl::kZeroPad4));
      text.remove_prefix(1);
    } else if (first < 0x80) {
      out.push_back(text.front());
      text.remove_prefix(1);
    } else if (const size_t length = CharacterLength(text); length > 0) {
      out.append(text.substr(0, length));
      text.remove_prefix(length);
    } else {
      out.append(kReplacementCharacter);
      text.remove_prefix(1);
    }
  }
}

}  // namespace

void JsonObject::BeginMember(std::string_view key) {
  if (!members_.empty()) members_.push_back(',');
  members_.push_back('"');
  members_.append(key);
  members_.append("\":");
}

JsonObject& JsonObject::AddText(std::string_view key, std::string_view text) {
  BeginMember(key);
  members_.push_back('"');
  AppendEscaped(members_, text);
  members_.push_back('"');
  return *this;
}

JsonObject& JsonObject::AddNumber(std::string_view key, int64_t number) {
  BeginMember(key);
  members_.append(std::to_string(number));
  return *this;
}

JsonObject& JsonObject::AddThousandths(std::string_view key, int64_t thousandths) {
  BeginMember(key);
  // The sign apart: the whole part of -0.5 has none.
  const uint64_t magnitude = thousandths < 0 ? -static_cast<uint64_t>(thousandths) : static_cast<uint64_t>(thousandths);
  absl::StrAppendFormat(&members_, "%s%d.%03d", thousandths < 0 ? "-" : "", magnitude / 1000, magnitude % 1000);
  return *this;
}

void JsonObject::AddMembersOf(const JsonObject& other) {
  if (other.members_.empty()) return;
  if (!members_.empty()) members_.push_back(',');
  members_.append(other.members_);
}

}  // namespace millrace
