#include "core/catalog/extra_members.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

namespace millrace {
namespace {

struct Member {
  std::string key;        // as it is meant: keys are in the order of their bytes, not of their escapes
  std::string_view text;  // "key":value, as it stands
};

// The place behind a string that begins at `begin`; npos when it does not end.
size_t EndOfString(std::string_view text, size_t begin) {
  for (size_t i = begin + 1; i < text.size(); ++i) {
    if (text[i] == '"') return i + 1;
    if (text[i] == '\\') ++i;
  }
  return std::string_view::npos;
}

// The place behind a member's value: that of the ',' or '}' that ends the member.
size_t EndOfValue(std::string_view text, size_t begin) {
  int depth = 0;
  for (size_t i = begin; i < text.size();) {
    const char c = text[i];
    if (c == '"') {
      i = EndOfString(text, i);
      continue;
    }
    if (depth == 0 && (c == ',' || c == '}')) return i;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    ++i;
  }
  return std::string_view::npos;
}

char FromHex(char digit) { return static_cast<char>(digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10); }

// The content of a string as canonical JSON writes it: \" \\ \n \r \t, and \u00XX of other control characters.
std::string Unescaped(std::string_view string) {
  const std::string_view content = string.substr(1, string.size() - 2);
  std::string text;
  for (size_t i = 0; i < content.size(); ++i) {
    if (content[i] != '\\' || i + 1 == content.size()) {
      text.push_back(content[i]);
      continue;
    }
    const char kind = content[++i];
    if (kind == 'u' && i + 4 < content.size()) {
      text.push_back(static_cast<char>(FromHex(content[i + 3]) * 16 + FromHex(content[i + 4])));
      i += 4;
    } else {
      text.push_back(kind == 'n' ? '\n' : kind == 'r' ? '\r' : kind == 't' ? '\t' : kind);
    }
  }
  return text;
}

std::optional<std::vector<Member>> MembersOf(std::string_view object) {
  std::vector<Member> members;
  if (object.empty() || object == "{}") return members;
  if (object.front() != '{' || object.back() != '}') return std::nullopt;
  for (size_t begin = 1;; ++begin) {
    if (object[begin] != '"') return std::nullopt;
    const size_t key_end = EndOfString(object, begin);
    if (key_end >= object.size() || object[key_end] != ':') return std::nullopt;
    const size_t end = EndOfValue(object, key_end + 1);
    if (end >= object.size()) return std::nullopt;
    members.push_back({Unescaped(object.substr(begin, key_end - begin)), object.substr(begin, end - begin)});
    begin = end;
    if (object[end] == '}') break;
  }
  return members;
}

}  // namespace

std::string MembersOver(std::string_view before, std::string_view told) {
  if (told.empty() || before == told) return std::string(before);
  if (before.empty()) return std::string(told);
  const std::optional<std::vector<Member>> old_members = MembersOf(before);
  const std::optional<std::vector<Member>> new_members = MembersOf(told);
  if (!old_members.has_value() || !new_members.has_value()) return std::string(told);
  std::string merged = "{";
  const auto add = [&](const Member& member) {
    if (merged.size() > 1) merged.push_back(',');
    merged.append(member.text);
  };
  auto old_member = old_members->begin();
  for (const Member& member : *new_members) {
    for (; old_member != old_members->end() && old_member->key < member.key; ++old_member) add(*old_member);
    if (old_member != old_members->end() && old_member->key == member.key) ++old_member;
    add(member);
  }
  for (; old_member != old_members->end(); ++old_member) add(*old_member);
  merged.push_back('}');
  return merged;
}

}  // namespace millrace
