#include "core/ingest/e621_csv_values.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace millrace {
namespace {

using Fault = std::optional<std::string>;

}  // namespace

Fault SetE621Ids(const ScalarValue& value, std::vector<int64_t>* ids) {
  ids->clear();
  std::string_view text = value.text;
  if (text.empty() || text == "{}") return std::nullopt;
  if (text.front() != '{' || text.back() != '}' || text.size() < 2) {
    return absl::StrCat("is ", Show(value), "; a list of ids such as \"{1,2}\" was expected");
  }
  text = text.substr(1, text.size() - 2);
  while (true) {
    const size_t size = std::min(text.find(','), text.size());
    int64_t id = 0;
    if (const Fault fault = ParseId({ScalarValue::Kind::kString, text.substr(0, size)}, &id)) {
      return absl::StrCat("holds a value, number ", ids->size() + 1, ", that ", *fault);
    }
    ids->push_back(id);
    if (size == text.size()) return std::nullopt;
    text.remove_prefix(size + 1);
  }
}

std::optional<TagCategory> ParseE621Category(std::string_view text) {
  constexpr TagCategory kCategories[] = {
      TagCategory::kGeneral,   TagCategory::kArtist,    TagCategory::kContributor,
      TagCategory::kCopyright, TagCategory::kCharacter, TagCategory::kSpecies,
      TagCategory::kInvalid,   TagCategory::kMeta,      TagCategory::kLore,
  };
  if (text.size() != 1 || text[0] < '0' || text[0] > '8') return std::nullopt;
  return kCategories[text[0] - '0'];
}

}  // namespace millrace
