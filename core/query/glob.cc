#include "core/query/glob.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace millrace {

Glob::Glob(std::string_view pattern) : parts_(1) {
  for (size_t i = 0; i < pattern.size(); ++i) {
    const bool is_escape = pattern[i] == '\\' && i + 1 < pattern.size() &&
                           std::string_view("*\"\\").find(pattern[i + 1]) != std::string_view::npos;
    if (is_escape) {
      parts_.back() += pattern[++i];
    } else if (pattern[i] == '*') {
      parts_.emplace_back();
    } else {
      parts_.back() += pattern[i];
    }
  }
}

bool Glob::Matches(std::string_view text) const {
  if (parts_.size() == 1) return text == parts_.front();
  if (!text.starts_with(parts_.front())) return false;
  text.remove_prefix(parts_.front().size());
  // Each part at the first place that it fits: a later one would leave less to those behind it.
  for (size_t i = 1; i + 1 < parts_.size(); ++i) {
    const size_t place = text.find(parts_[i]);
    if (place == text.npos) return false;
    text.remove_prefix(place + parts_[i].size());
  }
  return text.ends_with(parts_.back());
}

bool Glob::IsEverything() const {
  return parts_.size() > 1 && std::all_of(parts_.begin(), parts_.end(), [](const auto& part) { return part.empty(); });
}

const std::string& Glob::longest_part() const {
  return *std::max_element(parts_.begin(), parts_.end(),
                           [](const std::string& a, const std::string& b) { return a.size() < b.size(); });
}

void Glob::LowerAscii() {
  for (std::string& part : parts_) absl::AsciiStrToLower(&part);
}

}  // namespace millrace
