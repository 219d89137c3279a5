// The parts of JsonPostParser that read lists: tags in their several shapes, pools, users, sources.
#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "core/base/text.h"
#include "core/ingest/html_text.h"
#include "core/ingest/json_post_parser.h"

namespace millrace {
namespace {

namespace ondemand = simdjson::ondemand;

// "pools[3]"
std::string Element(std::string_view list, size_t index) { return absl::StrCat(std::string(list), "[", index, "]"); }

}  // namespace

bool JsonPostParser::ParseTagObjects(Value value) {
  Array array;
  bool is_null = false;
  if (!record_.OpenList("tags", value, &array, &is_null)) return false;
  if (is_null) return true;
  size_t index = 0;
  for (auto element_or : array) {
    Value element;
    if (const auto error = std::move(element_or).get(element)) return record_.RejectJson(error);
    Object object;
    if (const auto error = element.get_object().get(object)) {
      if (error != simdjson::INCORRECT_TYPE) return record_.RejectJson(error);
      return record_.Reject(Element("tags", index), absl::StrCat("is ", QuoteForMessage(JsonToken(element), 40),
                                                                 "; an object {id, name, category} was expected"));
    }
    if (!ParseTagObject(object, index)) return false;
    ++index;
  }
  return true;
}

bool JsonPostParser::ParseTagObject(Object object, size_t index) {
  const auto path = [index](std::string_view key) {
    return absl::StrCat("tags[", index, "].", absl::string_view(key.data(), key.size()));
  };
  ImportedTag tag;
  ScalarValue id, name, category;
  bool has_name = false;
  for (auto field_or : object) {
    ondemand::field field;
    if (const auto error = std::move(field_or).get(field)) return record_.RejectJson(error);
    const auto raw_key = field.key();
    std::string_view key;
    ScalarValue* target = nullptr;
    if (raw_key == "id") {
      key = "id", target = &id;
    } else if (raw_key == "name") {
      key = "name", target = &name;
    } else if (raw_key == "category") {
      key = "category", target = &category;
    } else {
      tags_have_extra_ = true;
      // Checked though nothing is taken of it: the parser by itself only looks for its end.
      std::string checked;
      if (auto fault = AppendCanonicalJson(field.value(), &checked)) return record_.Reject("tags", *fault);
      continue;
    }
    if (target->text.data() != nullptr) return record_.Reject(path(key), "is there twice; either value would be lost");
    if (!record_.ReadScalar(key, field.value(), target)) {
      if (!record_.rejected().field.empty()) record_.rejected().field = path(key);
      return false;
    }
    has_name = has_name || target == &name;
  }
  if (auto fault = ParseTagId(id, &tag.id)) return record_.Reject(path("id"), *fault);
  if (!has_name) return record_.Reject(path("name"), "is missing; a tag needs a name");
  if (name.kind != ScalarValue::Kind::kString) {
    return record_.Reject(path("name"), absl::StrCat("is ", Show(name), "; text was expected"));
  }
  if (auto fault = CheckTagName(name.text)) return record_.Reject(path("name"), *fault);
  tag.name = name.text;
  if (category.kind != ScalarValue::Kind::kNull && !category.text.empty()) {
    const auto known = ParseDanbooruCategory(category.text);
    if (!known.has_value()) {
      return record_.Reject(path("category"),
                            absl::StrCat("is ", Show(category), "; expected 0 (general), 1 (artist), ",
                                         "3 (copyright), 4 (character) or 5 (meta)"));
    }
    tag.category = *known;
  }
  tags_.Add(tag);
  return true;
}

bool JsonPostParser::AddNamedTag(std::string_view name, TagCategory category, std::string* reason) {
  if (schema_.has_html_tags && name.find('&') != std::string_view::npos) {
    name = unescaped_names_.emplace_back(UnescapeHtml(name));
  }
  if (auto fault = CheckTagName(name)) return *reason = *fault, false;
  named_tags_.push_back({0, name, category});
  return true;
}

bool JsonPostParser::AddTagString(std::string_view field, const ScalarValue& words, TagCategory category) {
  if (words.kind == ScalarValue::Kind::kNull) return true;
  if (words.kind != ScalarValue::Kind::kString) {
    return record_.Reject(field, absl::StrCat("is ", Show(words), "; text, names with spaces between, was expected"));
  }
  std::string_view rest = words.text;
  std::string reason;
  for (size_t index = 0; !rest.empty();) {
    const size_t size = std::min(rest.find(' '), rest.size());
    if (size > 0 && !AddNamedTag(rest.substr(0, size), category, &reason)) {
      return record_.Reject(Element(field, index), reason);
    }
    if (size > 0) ++index;
    rest.remove_prefix(std::min(size + 1, rest.size()));
  }
  return true;
}

bool JsonPostParser::ParseTagLists(const JsonField& field, Value value, JsonMembers* extra) {
  Object object;
  bool is_null = false;
  if (!record_.OpenObject(field.key, value, &object, &is_null)) return false;
  if (is_null) return true;
  JsonMembers unknown;
  absl::flat_hash_set<std::string> seen;
  for (auto member_or : object) {
    ondemand::field member;
    if (const auto error = std::move(member_or).get(member)) return record_.RejectJson(error);
    std::string_view key;
    if (const auto error = member.unescaped_key().get(key)) return record_.RejectJson(error);
    const std::string list = absl::StrCat(std::string(field.key), ".", std::string(key));
    if (!seen.insert(list).second) return record_.Reject(list, "is there twice; either value would be lost");
    TagCategory category = TagCategory::kUnspecified;
    std::string* kept = nullptr;
    for (const JsonField& known : field.members) {
      if (known.key == key) category = known.category;
    }
    // The tags count, of no category; the source's word for it would be lost.
    if (category == TagCategory::kUnspecified) kept = &unknown.emplace_back(std::string(key), std::string()).second;
    if (!ParseTagList(list, member.value(), category, kept)) return false;
  }
  if (unknown.empty()) return true;
  extra->emplace_back(std::string(field.key), std::string());
  return record_.WriteKept(field.key, &unknown, &extra->back().second);
}

bool JsonPostParser::ParseTagList(std::string_view list, Value value, TagCategory category, std::string* kept) {
  Array array;
  bool is_null = false;
  if (!record_.OpenList(list, value, &array, &is_null)) return false;
  if (kept != nullptr) kept->append(is_null ? "null" : "[");
  if (is_null) return true;
  size_t index = 0;
  std::string reason;
  for (auto element_or : array) {
    Value element;
    if (const auto error = std::move(element_or).get(element)) return record_.RejectJson(error);
    ScalarValue name;
    if (!record_.ReadScalar(list, element, &name)) return false;
    if (name.kind != ScalarValue::Kind::kString) {
      return record_.Reject(Element(list, index), absl::StrCat("is ", Show(name), "; a tag's name was expected"));
    }
    if (!AddNamedTag(name.text, category, &reason)) return record_.Reject(Element(list, index), reason);
    if (kept != nullptr) {
      if (index > 0) kept->push_back(',');
      AppendJsonString(name.text, kept);
    }
    ++index;
  }
  if (kept != nullptr) kept->push_back(']');
  return true;
}

bool JsonPostParser::ParsePoolsThenKinds(std::string_view field, Value value) {
  Array array;
  bool is_null = false;
  if (!record_.OpenList(field, value, &array, &is_null)) return false;
  if (is_null) return true;
  constexpr char kExpected[] = "n ids followed by their n kinds were expected, such as [\"10152\",\"series\"]";
  size_t count = 0;
  for (auto element_or : array) {
    Value element;
    if (const auto error = std::move(element_or).get(element)) return record_.RejectJson(error);
    ScalarValue scalar;
    if (!record_.ReadScalar(field, element, &scalar)) return false;
    if (count == pool_words_.size()) pool_words_.emplace_back();
    pool_words_[count++].assign(scalar.text);
  }
  if (count % 2 != 0) return record_.Reject(field, absl::StrCat("has ", count, " entries; ", kExpected));
  for (size_t i = 0; i < count / 2; ++i) {
    const std::string& kind = pool_words_[count / 2 + i];
    Pool pool;
    int64_t number = 0;
    if (ParseId({ScalarValue::Kind::kString, pool_words_[i]}, &pool.id).has_value()) {
      return record_.Reject(Element(field, i),
                            absl::StrCat("is ", QuoteForMessage(pool_words_[i]), ", no positive id; ", kExpected));
    }
    if (kind.empty() || CheckNoNul(kind).has_value() ||
        ParseWhole(kind, INT64_MIN, INT64_MAX, &number) != NumberFault::kNotWhole) {
      return record_.Reject(Element(field, count / 2 + i),
                            absl::StrCat("is ", QuoteForMessage(kind), ", no kind of pool; ", kExpected));
    }
    pool.kind = kind;
    post_.pools.push_back(std::move(pool));
  }
  return true;
}

bool JsonPostParser::ParsePoolIds(std::string_view field, Value value) {
  std::vector<int64_t> ids;
  if (!record_.ReadIds(field, value, &ids)) return false;
  for (const int64_t id : ids) post_.pools.push_back({id, ""});
  return true;
}

bool JsonPostParser::ParseUserIds(std::string_view field, Value value) {
  return record_.ReadIds(field, value, &post_.favorite_user_ids);
}

bool JsonPostParser::ParseTexts(std::string_view field, Value value, JsonMembers* extra) {
  Array array;
  bool is_null = false;
  if (!record_.OpenList(field, value, &array, &is_null)) return false;
  if (is_null) return true;
  // The list as it came, for when its texts cannot be told apart once they are joined.
  std::string list = "[";
  bool is_lost = false;
  size_t index = 0;
  for (auto element_or : array) {
    Value element;
    if (const auto error = std::move(element_or).get(element)) return record_.RejectJson(error);
    ScalarValue text;
    if (!record_.ReadScalar(field, element, &text)) return false;
    if (text.kind != ScalarValue::Kind::kString) {
      return record_.Reject(Element(field, index), absl::StrCat("is ", Show(text), "; text was expected"));
    }
    if (auto fault = CheckNoNul(text.text)) return record_.Reject(Element(field, index), *fault);
    is_lost = is_lost || text.text.empty() || text.text.find('\n') != std::string_view::npos;
    if (index > 0) list.push_back(','), post_.source.push_back('\n');
    AppendJsonString(text.text, &list);
    post_.source.append(text.text);
    ++index;
  }
  list.push_back(']');
  if (is_lost) extra->emplace_back(std::string(field), std::move(list));
  return true;
}

}  // namespace millrace
