#include "core/ingest/json_fact_parser.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace millrace {

bool JsonFactParser::SeenKeys::Add(std::string_view key) {
  if (few_.size() < kFewMax) {
    if (std::find(few_.begin(), few_.end(), key) != few_.end()) return false;
    few_.push_back(key);
    return true;
  }
  if (many_.empty()) {
    for (const std::string_view known : few_) many_.emplace(known);
  }
  return many_.emplace(key).second;
}

template <typename Take>
bool JsonFactParser::ParseMembers(std::string_view text, JsonMembers* extra, const Take& take) {
  JsonRecord::Object object;
  if (!record_.Open(text, &object)) return false;
  seen_.Clear();
  for (auto field_or : object) {
    simdjson::ondemand::field field;
    if (const auto error = std::move(field_or).get(field)) return record_.RejectJson(error);
    std::string_view key;
    if (const auto error = field.unescaped_key().get(key)) return record_.RejectJson(error);
    if (!seen_.Add(key)) return record_.Reject(key, "is there twice; either value would be lost");
    bool is_taken = true;
    if (!take(key, field.value(), &is_taken)) return false;
    if (!is_taken && !record_.Keep(key, field.value(), extra)) return false;
  }
  return record_.CheckEnd();
}

bool JsonFactParser::Parse(std::string_view text, TagFact* tag) {
  *tag = TagFact();
  JsonMembers extra;
  const bool is_read = ParseMembers(text, &extra, [&](std::string_view key, Value value, bool* is_taken) {
    if (key == "id") return ReadTagId(key, value, &tag->id);
    if (key == "name") return ReadTagName(key, value, &tag->name);
    if (key == "is_deprecated") return ReadFlag(key, value, &tag->is_deprecated);
    ScalarValue scalar;
    if (key == "category") {
      if (!record_.ReadScalar(key, value, &scalar)) return false;
      if (scalar.kind == ScalarValue::Kind::kNull) return true;
      const std::optional<TagCategory> category = ParseDanbooruCategory(scalar.text);
      if (!category.has_value()) {
        return record_.Reject(key, absl::StrCat("is ", Show(scalar), "; expected 0 (general), 1 (artist), ",
                                                "3 (copyright), 4 (character) or 5 (meta)"));
      }
      tag->category = *category;
      // The source's word: what boards tell later may change the category, and not what this list said.
      JsonRecord::KeepScalar(key, scalar, &extra);
      return true;
    }
    if (key == "post_count") return ReadCount(key, value, &tag->source_post_count);
    *is_taken = false;
    return true;
  });
  return is_read && Require("name", !tag->name.empty()) && record_.WriteKept("", &extra, &tag->extra_json);
}

bool JsonFactParser::ParseTyped(std::string_view text, TagFact* tag, int64_t* type) {
  *tag = TagFact();
  std::optional<int64_t> told_type;
  JsonMembers extra;
  const bool is_read = ParseMembers(text, &extra, [&](std::string_view key, Value value, bool* is_taken) {
    ScalarValue scalar;
    if (key == "id" || key == "type") {
      if (!record_.ReadScalar(key, value, &scalar)) return false;
      if (scalar.kind != ScalarValue::Kind::kNull) JsonRecord::KeepScalar(key, scalar, &extra);
    }
    if (key == "id") return TakeTagId(key, scalar, &tag->id);
    if (key == "type") return TakeNumber(key, scalar, &told_type);
    if (key == "name") return ReadTagName(key, value, &tag->name);
    if (key == "count") return ReadCount(key, value, &tag->source_post_count);
    *is_taken = false;
    return true;
  });
  *type = told_type.value_or(-1);
  return is_read && Require("name", !tag->name.empty()) && record_.WriteKept("", &extra, &tag->extra_json);
}

bool JsonFactParser::Parse(std::string_view text, TagRelation* relation) {
  *relation = TagRelation();
  JsonMembers extra;
  const bool is_read = ParseMembers(text, &extra, [&](std::string_view key, Value value, bool* is_taken) {
    if (key == "antecedent_name") return ReadTagName(key, value, &relation->antecedent);
    if (key == "consequent_name") return ReadTagName(key, value, &relation->consequent);
    if (key == "status") return ReadText(key, value, &relation->status);
    *is_taken = false;
    return true;
  });
  return is_read && Require("antecedent_name", !relation->antecedent.empty()) &&
         Require("consequent_name", !relation->consequent.empty()) &&
         record_.WriteKept("", &extra, &relation->extra_json);
}

bool JsonFactParser::ParseRecordId(std::string_view text, int64_t* id) {
  *id = 0;
  JsonMembers dropped;
  const bool is_read = ParseMembers(text, &dropped, [&](std::string_view key, Value value, bool* is_taken) {
    if (key == "id") return ReadId(key, value, id);
    *is_taken = false;
    return true;
  });
  return is_read && Require("id", *id != 0);
}

bool JsonFactParser::Parse(std::string_view text, PoolFact* pool) {
  *pool = PoolFact();
  JsonMembers extra;
  const bool is_read = ParseMembers(text, &extra, [&](std::string_view key, Value value, bool* is_taken) {
    if (key == "id") return ReadId(key, value, &pool->id);
    if (key == "name") return ReadText(key, value, &pool->name);
    if (key == "category") return ReadText(key, value, &pool->kind);
    if (key == "is_deleted") return ReadFlag(key, value, &pool->is_deleted);
    if (key == "post_ids") return record_.ReadIds(key, value, &pool->post_ids);
    *is_taken = false;
    return true;
  });
  return is_read && Require("id", pool->id != 0) && record_.WriteKept("", &extra, &pool->extra_json);
}

bool JsonFactParser::Parse(std::string_view text, ArtistFact* artist) {
  *artist = ArtistFact();
  JsonMembers extra;
  const bool is_read = ParseMembers(text, &extra, [&](std::string_view key, Value value, bool* is_taken) {
    if (key == "id") return ReadId(key, value, &artist->id);
    if (key == "name") return ReadTagName(key, value, &artist->name);
    if (key == "other_names") return ReadNames(key, value, &artist->other_names);
    *is_taken = false;
    return true;
  });
  return is_read && Require("id", artist->id != 0) && Require("name", !artist->name.empty()) &&
         record_.WriteKept("", &extra, &artist->extra_json);
}

bool JsonFactParser::ReadId(std::string_view field, Value value, int64_t* id) {
  ScalarValue scalar;
  if (!record_.ReadScalar(field, value, &scalar)) return false;
  if (auto fault = ParseId(scalar, id)) return record_.Reject(field, *fault);
  return true;
}

bool JsonFactParser::ReadTagId(std::string_view field, Value value, int64_t* id) {
  ScalarValue scalar;
  return record_.ReadScalar(field, value, &scalar) && TakeTagId(field, scalar, id);
}

bool JsonFactParser::TakeTagId(std::string_view field, const ScalarValue& scalar, int64_t* id) {
  if (auto fault = ParseTagId(scalar, id)) return record_.Reject(field, *fault);
  return true;
}

bool JsonFactParser::ReadCount(std::string_view field, Value value, std::optional<int64_t>* count) {
  ScalarValue scalar;
  return record_.ReadScalar(field, value, &scalar) && TakeNumber(field, scalar, count);
}

bool JsonFactParser::TakeNumber(std::string_view field, const ScalarValue& scalar, std::optional<int64_t>* number) {
  if (scalar.kind == ScalarValue::Kind::kNull) return true;
  using Limits = std::numeric_limits<int64_t>;
  int64_t told = 0;
  // From below zero: boards' own counts slip there.
  if (ParseWhole(scalar.text, Limits::min(), Limits::max(), &told) != NumberFault::kNone) {
    return record_.Reject(field, absl::StrCat("is ", Show(scalar), "; a whole number was expected"));
  }
  *number = told;
  return true;
}

bool JsonFactParser::ReadText(std::string_view field, Value value, std::string* text) {
  ScalarValue scalar;
  if (!record_.ReadScalar(field, value, &scalar)) return false;
  if (scalar.kind == ScalarValue::Kind::kNull) return true;
  if (scalar.kind != ScalarValue::Kind::kString) {
    return record_.Reject(field, absl::StrCat("is ", Show(scalar), "; text was expected"));
  }
  if (auto fault = CheckNoNul(scalar.text)) return record_.Reject(field, *fault);
  text->assign(scalar.text);
  return true;
}

bool JsonFactParser::ReadTagName(std::string_view field, Value value, std::string* name) {
  if (!ReadText(field, value, name)) return false;
  if (auto fault = CheckTagName(*name)) return record_.Reject(field, *fault);
  return true;
}

bool JsonFactParser::ReadFlag(std::string_view field, Value value, std::optional<bool>* flag) {
  ScalarValue scalar;
  if (!record_.ReadScalar(field, value, &scalar)) return false;
  if (scalar.kind == ScalarValue::Kind::kNull) return true;
  const bool is_set = scalar.text == "true" || scalar.text == "t";
  *flag = is_set;
  if (is_set || scalar.text == "false" || scalar.text == "f") return true;
  return record_.Reject(field, absl::StrCat("is ", Show(scalar), "; true, false, \"t\" or \"f\" was expected"));
}

bool JsonFactParser::ReadNames(std::string_view field, Value value, std::vector<std::string>* names) {
  if (JsonToken(value).substr(0, 1) == "\"") {
    std::string text;
    if (!ReadText(field, value, &text)) return false;
    for (const absl::string_view name : absl::StrSplit(text, ' ', absl::SkipEmpty())) names->emplace_back(name);
    return true;
  }
  JsonRecord::Array array;
  bool is_null = false;
  if (!record_.OpenList(field, value, &array, &is_null)) return false;
  if (is_null) return true;
  for (auto element_or : array) {
    Value element;
    if (const auto error = std::move(element_or).get(element)) return record_.RejectJson(error);
    const std::string path = absl::StrCat(std::string(field), "[", names->size(), "]");
    if (!ReadText(path, element, &names->emplace_back())) return false;
  }
  return true;
}

bool JsonFactParser::Require(std::string_view field, bool is_there) {
  return is_there || record_.Reject(field, "is missing");
}

}  // namespace millrace
