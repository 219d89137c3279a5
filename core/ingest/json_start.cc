#include "core/ingest/json_start.h"

#include <cstddef>

#include "core/base/byte_order_mark.h"

namespace millrace {
namespace {

// Walks over JSON that may be cut off anywhere. Looks at no more than it needs, and checks nothing.
class Scanner {
 public:
  explicit Scanner(std::string_view bytes) : rest_(WithoutByteOrderMark(bytes)) {}

  // The next character that is no white space; 0 at the end.
  char Peek() {
    const size_t at = rest_.find_first_not_of(" \t\r\n");
    rest_.remove_prefix(at == std::string_view::npos ? rest_.size() : at);
    return rest_.empty() ? '\0' : rest_[0];
  }
  bool Take(char c) {
    if (Peek() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // A string's content as written; false when it is cut off or there is none.
  bool TakeString(std::string_view* text) {
    if (Peek() != '"') return false;
    for (size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == '\\') {
        ++i;
      } else if (rest_[i] == '"') {
        *text = rest_.substr(1, i - 1);
        rest_.remove_prefix(i + 1);
        return true;
      }
    }
    rest_ = {};
    return false;
  }
  // How the value that stands here begins.
  std::string_view ValueStart() {
    const char c = Peek();
    if (c != '[' && c != '{') return rest_.substr(0, 1);
    const size_t inner = rest_.find_first_not_of(" \t\r\n", 1);
    // The two characters stand side by side in one of these, whatever is between them in the file.
    constexpr std::string_view kPairs = "[{ [[ [\" [] {{ {\" {}";
    if (inner != std::string_view::npos) {
      for (size_t i = 0; i < kPairs.size(); i += 3) {
        if (kPairs[i] == c && kPairs[i + 1] == rest_[inner]) return kPairs.substr(i, 2);
      }
    }
    return rest_.substr(0, 1);
  }
  // False when the value is cut off.
  bool SkipValue() {
    const char first = Peek();
    std::string_view text;
    if (first == '"') return TakeString(&text);
    if (first != '[' && first != '{') {
      const size_t end = rest_.find_first_of(",]} \t\r\n");
      rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end);
      return !rest_.empty();
    }
    int64_t depth = 0;
    while (!rest_.empty()) {
      if (rest_[0] == '"') {
        if (!TakeString(&text)) return false;
        continue;
      }
      if (rest_[0] == '[' || rest_[0] == '{') ++depth;
      if (rest_[0] == ']' || rest_[0] == '}') --depth;
      rest_.remove_prefix(1);
      if (depth == 0) return true;
    }
    return false;
  }

 private:
  std::string_view rest_;
};

bool IsWrapper(std::string_view key, std::string_view value_start) {
  const char c = value_start.empty() ? '\0' : value_start[0];
  return (key == "posts" || key == "post") && (c == '[' || c == '{');
}

// The members of the object that begins here. With `start`, an object that turns out to wrap the records leads to the
// first of them.
void ReadObject(Scanner* scanner, JsonStart* start, bool may_wrap) {
  scanner->Take('{');
  start->is_first_whole = false;
  while (true) {
    JsonStart::Member member;
    if (!scanner->TakeString(&member.key) || !scanner->Take(':')) break;
    member.value_start = scanner->ValueStart();
    if (may_wrap && member.key == "@attributes") start->has_attributes = true;
    if (may_wrap && IsWrapper(member.key, member.value_start)) {
      start->outer = JsonStart::Outer::kWrapped;
      start->wrapper = member.key;
      start->first.clear();
      const bool is_one_record = !scanner->Take('[');
      start->holds_no_record = !is_one_record && scanner->Peek() == ']';
      if (scanner->Peek() == '{') ReadObject(scanner, start, false);
      return;
    }
    start->first.push_back(member);
    if (!scanner->SkipValue() || !scanner->Take(',')) break;
  }
  start->is_first_whole = scanner->Take('}');
}

}  // namespace

const std::string_view* JsonStart::Find(std::string_view key) const {
  for (const Member& member : first) {
    if (member.key == key) return &member.value_start;
  }
  return nullptr;
}

JsonStart ReadJsonStart(std::string_view bytes) {
  JsonStart start;
  Scanner scanner(bytes);
  switch (scanner.Peek()) {
    case '\0':
      start.holds_no_record = true;
      break;
    case '[':
      start.outer = JsonStart::Outer::kArray;
      scanner.Take('[');
      start.holds_no_record = scanner.Peek() == ']';
      if (scanner.Peek() == '{') ReadObject(&scanner, &start, false);
      break;
    case '{':
      start.outer = JsonStart::Outer::kRecord;
      ReadObject(&scanner, &start, true);
      break;
    default:
      break;
  }
  return start;
}

}  // namespace millrace
