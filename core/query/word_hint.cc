#include "core/query/word_hint.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/text.h"
#include "core/query/metatag.h"

namespace millrace {
namespace {

// As boards take them before a tag where posts are tagged.
constexpr std::string_view kCategoryWords[] = {
    "general", "gen",     "artist", "art",  "copyright", "copy", "co",          "character", "char",
    "ch",      "species", "spec",   "meta", "lore",      "lor",  "contributor", "cont",      "invalid",
};

std::string Lowered(std::string_view text) {
  return absl::AsciiStrToLower(absl::string_view(text.data(), text.size()));
}

// For what stands in front of a colon.
std::string NameHint(std::string_view name, std::string_view value) {
  const std::string lowered = Lowered(name);
  const bool is_category =
      std::find(std::begin(kCategoryWords), std::end(kCategoryWords), lowered) != std::end(kCategoryWords);
  if (!is_category || value.empty()) return MetatagHint(name);
  return absl::StrCat(" Tags are written without their category: ", QuoteForMessage(value), ".");
}

// For "score>5", "rating=g" and "score", which other languages would take.
std::string ComparisonHint(std::string_view word) {
  const size_t name_size = std::min(word.find_first_of("<>="), word.size());
  const std::string name = Lowered(word.substr(0, name_size));
  if (FindMetatag(name) == nullptr) return "";
  std::string_view value = word.substr(name_size);
  for (int i = 0; i < 2 && value.starts_with('='); ++i) value.remove_prefix(1);
  if (value.find_first_not_of("<>=") == value.npos) {
    return absl::StrCat(" Did you mean the metatag ", name, ":? Its value stands right behind the colon.");
  }
  return absl::StrCat(" Did you mean ", QuoteForMessage(absl::StrCat(name, ":", std::string(value))), "?");
}

}  // namespace

std::string WordHint(std::string_view word, const std::vector<std::string>& near) {
  if (word == "OR" || word == "AND") return " \"or\" and \"and\" are written small.";
  if (word.find_first_not_of(')') == word.npos) return " No group is open that it could close.";
  const size_t colon = word.find(':');
  std::string hint =
      colon == word.npos ? ComparisonHint(word) : NameHint(word.substr(0, colon), word.substr(colon + 1));
  // ":)" in a group, whose end its parenthesis is taken for.
  const std::string closed = absl::StrCat(std::string(word), ")");
  if (std::find(near.begin(), near.end(), closed) != near.end()) {
    absl::StrAppend(&hint,
                    " In a group, a name with a \")\" that its own \"(\" did not open stands in quotation marks.");
  }
  return hint;
}

}  // namespace millrace
