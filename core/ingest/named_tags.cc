#include "core/ingest/named_tags.h"

#include <algorithm>

#include "core/ingest/record.h"

namespace millrace {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'; }

bool CanBeEscaped(char c) { return std::string_view("()[]{},:\\").find(c) != std::string_view::npos; }

// Whether a bracket that follows `before` groups what is in it.
bool CanOpenBehind(char before) { return IsSpace(before) || before == ',' || before == '_' || before == '('; }

}  // namespace

void NamedTags::Clear(size_t size_bytes_max) {
  names_.clear();
  names_.reserve(size_bytes_max);
  tags_.clear();
  index_by_name_.clear();
  duplicate_count_ = 0;
}

std::optional<std::string> NamedTags::Add(std::string_view name, TagCategory category) {
  while (!name.empty() && IsSpace(name.front())) name.remove_prefix(1);
  while (!name.empty() && IsSpace(name.back())) name.remove_suffix(1);
  const size_t begin = names_.size();
  for (size_t i = 0; i < name.size(); ++i) {
    if (IsSpace(name[i])) {
      if (!IsSpace(name[i - 1])) names_.push_back('_');
      continue;
    }
    if (name[i] == '\\' && i + 1 < name.size() && CanBeEscaped(name[i + 1])) ++i;
    names_.push_back(name[i]);
  }
  const std::string_view normal = std::string_view(names_).substr(begin);
  if (normal.empty()) return std::nullopt;
  if (auto fault = CheckTagName(normal)) return fault;
  const auto [known, is_new] = index_by_name_.try_emplace(normal, tags_.size());
  if (is_new) {
    tags_.push_back({0, normal, category});
    return std::nullopt;
  }
  TagCategory& told = tags_[known->second].category;
  if (told == category) ++duplicate_count_;
  if (told == TagCategory::kUnspecified) told = category;
  // Two categories are two tags.
  if (category != TagCategory::kUnspecified && told != category) tags_.push_back({0, normal, category});
  return std::nullopt;
}

std::optional<std::string> NamedTags::AddWords(std::string_view text, TagCategory category) {
  size_t begin = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && !IsSpace(text[i])) continue;
    if (auto fault = Add(text.substr(begin, i - begin), category)) return fault;
    begin = i + 1;
  }
  return std::nullopt;
}

std::optional<std::string> NamedTags::AddCaption(std::string_view text) {
  MatchBrackets(text);
  size_t begin = 0;
  int depth = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? text[i] : '\n';
    if (c == '\\' && i + 1 < text.size() && CanBeEscaped(text[i + 1])) {
      ++i;
      continue;
    }
    if (i < text.size() && is_bracket_[i] != 0) depth += c == '(' ? 1 : -1;
    if (c != '\n' && (c != ',' || depth > 0)) continue;
    if (auto fault = Add(text.substr(begin, i - begin))) return fault;
    begin = i + 1;
  }
  return std::nullopt;
}

// Brackets close on the line on which they open.
void NamedTags::MatchBrackets(std::string_view text) {
  is_bracket_.assign(text.size(), 0);
  open_brackets_.clear();
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') open_brackets_.clear();
    if (c == '\\' && i + 1 < text.size() && CanBeEscaped(text[i + 1])) {
      ++i;
    } else if (c == '(' && (i == 0 || CanOpenBehind(text[i - 1]))) {
      open_brackets_.push_back(i);
    } else if (c == ')' && !open_brackets_.empty()) {
      is_bracket_[open_brackets_.back()] = is_bracket_[i] = 1;
      open_brackets_.pop_back();
    }
  }
}

}  // namespace millrace
