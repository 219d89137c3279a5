#include "core/ingest/aliased_tags.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/error.h"
#include "core/ingest/canonical_json.h"

namespace millrace {
namespace {

// The value as it is written.
std::optional<std::string> ReadRaw(simdjson::ondemand::value value, std::string_view* raw) {
  *raw = TrimJsonToken(value.raw_json_token());
  simdjson::error_code error = simdjson::SUCCESS;
  if (raw->starts_with('{')) {
    simdjson::ondemand::object object;
    error = value.get_object().get(object);
    if (error == simdjson::SUCCESS) error = object.raw_json().get(*raw);
  } else if (raw->starts_with('[')) {
    simdjson::ondemand::array array;
    error = value.get_array().get(array);
    if (error == simdjson::SUCCESS) error = array.raw_json().get(*raw);
  }
  return error == simdjson::SUCCESS ? std::nullopt : std::make_optional(DescribeJsonError(error));
}

// Canonical JSON's elements, as they are written; of what is no list, the value itself.
std::optional<std::string> ReadElements(simdjson::ondemand::value value, std::vector<std::string>* elements) {
  std::string_view raw;
  if (!TrimJsonToken(value.raw_json_token()).starts_with('[')) {
    if (auto fault = ReadRaw(value, &raw)) return fault;
    elements->emplace_back(raw);
    return std::nullopt;
  }
  simdjson::ondemand::array array;
  if (const auto error = value.get_array().get(array)) return DescribeJsonError(error);
  for (auto element_or : array) {
    simdjson::ondemand::value element;
    if (const auto error = std::move(element_or).get(element)) return DescribeJsonError(error);
    if (auto fault = ReadRaw(element, &raw)) return fault;
    elements->emplace_back(raw);
  }
  return std::nullopt;
}

// The canonical object with the texts in its list `name`, behind what the source itself had under that name.
std::optional<std::string> AddToList(const std::string& object, std::string_view name,
                                     absl::Span<const std::string_view> texts, std::string* result) {
  JsonMembers members;
  std::vector<std::string> elements;
  simdjson::ondemand::parser parser;
  const simdjson::padded_string padded(object.empty() ? "{}" : object);
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
    if (key_text == name) {
      if (auto fault = ReadElements(field.value(), &elements)) return fault;
      continue;
    }
    // It is canonical as it is.
    std::string_view raw;
    if (auto fault = ReadRaw(field.value(), &raw)) return fault;
    members.emplace_back(key_text, std::string(raw));
  }
  for (const std::string_view text : texts) {
    std::string element;
    AppendJsonString(text, &element);
    if (std::find(elements.begin(), elements.end(), element) == elements.end()) elements.push_back(std::move(element));
  }
  members.emplace_back(std::string(name), absl::StrCat("[", absl::StrJoin(elements, ","), "]"));
  return AppendJsonObject(&members, result);
}

}  // namespace

absl::StatusOr<std::string> AddAliasedTags(const std::string& extra_json, absl::Span<const std::string_view> said) {
  std::string result;
  if (const auto fault = AddToList(extra_json, kAliasedTagsMember, said, &result); fault.has_value()) {
    return MakeError(Reason::kInternal, absl::StrCat("extra_json ", *fault));
  }
  return result;
}

}  // namespace millrace
