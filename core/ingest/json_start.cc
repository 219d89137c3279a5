#include "core/ingest/json_start.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <utility>

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

// Collects what records tell. A hostile file's many keys cost no more than these.
constexpr size_t kMemberCountMax = 512;

class Reading {
 public:
  explicit Reading(std::string_view bytes) : scanner_(bytes) {}

  JsonStart Read() {
    switch (scanner_.Peek()) {
      case '\0':
        start_.holds_no_record = true;
        break;
      case '[':
        start_.outer = JsonStart::Outer::kArray;
        ReadList();
        break;
      case '{':
        start_.outer = JsonStart::Outer::kRecord;
        for (bool may_wrap = true; scanner_.Peek() == '{' && ReadObject(may_wrap); may_wrap = false) {
        }
        break;
      default:
        break;
    }
    return std::move(start_);
  }

 private:
  void ReadList() {
    scanner_.Take('[');
    start_.holds_no_record = scanner_.Peek() == ']';
    while (scanner_.Peek() == '{' && ReadObject(/*may_wrap=*/false) && scanner_.Take(',')) {
    }
  }

  // The members of the object that begins here. One that turns out to wrap the records leads to these. False when there
  // is nothing to read behind it.
  bool ReadObject(bool may_wrap) {
    scanner_.Take('{');
    ++start_.record_count;
    while (true) {
      JsonStart::Member member;
      if (!scanner_.TakeString(&member.key) || !scanner_.Take(':')) break;
      member.value_start = scanner_.ValueStart();
      if (may_wrap && member.key == "@attributes") start_.has_attributes = true;
      if (may_wrap && IsWrapper(member.key, member.value_start)) {
        ReadWrapped(member.key);
        return false;
      }
      Add(member);
      if (member.key == "rating" && member.value_start == "\"") {
        std::string_view rating;
        if (!scanner_.TakeString(&rating)) break;
        const char letter = rating.empty() ? '\0' : rating[0];
        if (letter != '\0' && start_.rating_letters.find(letter) == std::string::npos) {
          start_.rating_letters.push_back(letter);
        }
      } else if (!scanner_.SkipValue()) {
        break;
      }
      if (!scanner_.Take(',')) break;
    }
    const bool is_whole = scanner_.Take('}');
    if (start_.record_count == 1) start_.is_first_whole = is_whole;
    return is_whole;
  }

  void ReadWrapped(std::string_view wrapper) {
    start_.outer = JsonStart::Outer::kWrapped;
    start_.wrapper = wrapper;
    start_.members.clear();
    seen_.clear();
    start_.rating_letters.clear();
    start_.record_count = 0;
    if (scanner_.Peek() == '[') {
      ReadList();
    } else {
      ReadObject(/*may_wrap=*/false);
    }
  }

  void Add(const JsonStart::Member& member) {
    if (start_.members.size() >= kMemberCountMax) return;
    if (seen_.emplace(member.key, member.value_start).second) start_.members.push_back(member);
  }

  Scanner scanner_;
  JsonStart start_;
  std::set<std::pair<std::string_view, std::string_view>> seen_;
};

}  // namespace

bool JsonStart::Has(std::string_view key) const { return Begins(key, ""); }

bool JsonStart::Begins(std::string_view key, std::string_view prefix) const {
  return std::any_of(members.begin(), members.end(), [&](const Member& member) {
    return member.key == key && member.value_start.substr(0, prefix.size()) == prefix;
  });
}

JsonStart ReadJsonStart(std::string_view bytes) { return Reading(bytes).Read(); }

}  // namespace millrace
