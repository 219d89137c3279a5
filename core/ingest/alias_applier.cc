#include "core/ingest/alias_applier.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/ingest/canonical_json.h"

namespace millrace {
namespace {

std::string JsonArrayOf(const std::vector<std::string_view>& texts) {
  std::string array = "[";
  for (const std::string_view text : texts) {
    if (array.size() > 1) array += ',';
    AppendJsonString(text, &array);
  }
  return array + "]";
}

// The object with the member put in, or put in place of one of that name.
absl::StatusOr<std::string> WithMember(const std::string& object, std::string_view name, std::string value) {
  JsonMembers members{{std::string(name), std::move(value)}};
  const auto take_all = [&]() -> std::optional<std::string> {
    if (object.empty()) return std::nullopt;
    simdjson::ondemand::parser parser;
    const simdjson::padded_string padded(object);
    simdjson::ondemand::document document;
    simdjson::ondemand::object fields;
    if (const auto error = parser.iterate(padded).get(document)) return DescribeJsonError(error);
    if (const auto error = document.get_object().get(fields)) return DescribeJsonError(error);
    for (auto field_or : fields) {
      simdjson::ondemand::field field;
      std::string_view key;
      if (const auto error = std::move(field_or).get(field)) return DescribeJsonError(error);
      if (const auto error = field.unescaped_key().get(key)) return DescribeJsonError(error);
      const std::string key_text(key);
      std::string text;
      if (auto fault = AppendCanonicalJson(field.value(), &text)) return fault;
      if (key_text != name) members.emplace_back(key_text, std::move(text));
    }
    return std::nullopt;
  };
  std::string result;
  std::optional<std::string> fault = take_all();
  if (!fault.has_value()) fault = AppendJsonObject(&members, &result);
  if (fault.has_value()) return MakeError(Reason::kInternal, absl::StrCat("extra_json ", *fault));
  return result;
}

}  // namespace

absl::StatusOr<bool> AliasApplier::Apply(const Post& post, absl::Span<const ImportedTag> tags) {
  tags_.clear();
  names_.clear();
  std::vector<std::string_view> said;
  for (const ImportedTag& tag : tags) {
    MILLRACE_ASSIGN_OR_RETURN(const std::string_view consequent, session_->FindAlias(tag.name));
    if (consequent.empty()) {
      tags_.push_back(tag);
      continue;
    }
    said.push_back(tag.name);
    // The alias's category is not that of the tag itself.
    tags_.push_back({0, names_.emplace_back(consequent), TagCategory::kUnspecified});
  }
  if (said.empty()) return false;
  std::sort(said.begin(), said.end());
  said.erase(std::unique(said.begin(), said.end()), said.end());
  post_ = post;
  post_.tag_ids.clear();
  MILLRACE_ASSIGN_OR_RETURN(post_.extra_json, WithMember(post.extra_json, kMember, JsonArrayOf(said)));
  return true;
}

}  // namespace millrace
