#include "core/ingest/json_record.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/text.h"

namespace millrace {
namespace {

std::optional<size_t> FindInvalidUtf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    size_t length = 1;
    while (length <= 4 && !IsValidUtf8(text.substr(i, length))) ++length;
    if (length > 4) return i;
    i += length;
  }
  return std::nullopt;
}

}  // namespace

bool JsonRecord::Open(std::string_view text, Object* object) {
  text_ = text;
  prefix_.clear();
  if (const void* nul = std::memchr(text.data(), '\0', text.size())) {
    return Reject("", absl::StrCat("holds a NUL byte at column ", static_cast<const char*>(nul) - text.data() + 1));
  }
  has_escapes_ = std::memchr(text.data(), '\\', text.size()) != nullptr;
  if (text.size() > parser_.capacity()) {
    // Doubled, so that records that grow slowly do not allocate each time.
    if (const auto error = parser_.allocate(std::max(text.size(), 2 * parser_.capacity()))) return RejectJson(error);
  }
  if (const auto error = parser_.iterate(text.data(), text.size(), text.size() + kPaddingBytes).get(document_)) {
    return RejectJson(error);
  }
  if (const auto error = document_.get_object().get(*object)) {
    if (error != simdjson::INCORRECT_TYPE) return RejectJson(error);
    return Reject("", absl::StrCat("is ", QuoteForMessage(text, 40), "; a JSON object was expected"));
  }
  return true;
}

bool JsonRecord::CheckEnd() {
  const char* rest = nullptr;
  if (document_.current_location().get(rest) != simdjson::SUCCESS) return true;
  return Reject("", absl::StrCat("goes on after the object's end with ",
                                 QuoteForMessage(text_.substr(static_cast<size_t>(rest - text_.data())), 40)));
}

bool JsonRecord::ReadScalar(std::string_view field, Value value, ScalarValue* scalar) {
  const std::string_view token = JsonToken(value);
  const char first = token.empty() ? '\0' : token[0];
  if (first == '"') {
    scalar->kind = ScalarValue::Kind::kString;
    // Most strings have no escapes and can be used where they stand. They must be taken all the same: the parser skips
    // what was not, and takes a string with a colon behind it, where none may be, for a key.
    const bool is_plain = !has_escapes_ || std::memchr(token.data(), '\\', token.size()) == nullptr;
    if (is_plain && token.size() >= 2) {
      simdjson::ondemand::raw_json_string taken;
      if (const auto error = value.get_raw_json_string().get(taken)) return Reject(field, DescribeJsonError(error));
      scalar->text = token.substr(1, token.size() - 2);
      return true;
    }
    if (const auto error = value.get_string().get(scalar->text)) return Reject(field, DescribeJsonError(error));
    return true;
  }
  scalar->text = token;
  if (first == '{' || first == '[') {
    return Reject(
        field, first == '{' ? "is an object; a single value was expected" : "is a list; a single value was expected");
  }
  if (token == "true" || token == "false") {
    scalar->kind = ScalarValue::Kind::kBool;
  } else if (token == "null") {
    scalar->kind = ScalarValue::Kind::kNull;
  } else if (IsJsonNumber(token)) {
    scalar->kind = ScalarValue::Kind::kNumber;
  } else {
    return Reject(field, absl::StrCat("is not valid JSON: ", QuoteForMessage(token, 40), " is no value"));
  }
  return true;
}

bool JsonRecord::OpenList(std::string_view field, Value value, Array* array, bool* is_null) {
  *is_null = JsonToken(value) == "null";
  if (*is_null) return true;
  if (const auto error = value.get_array().get(*array)) {
    if (error != simdjson::INCORRECT_TYPE) return RejectJson(error);
    return Reject(field, absl::StrCat("is ", QuoteForMessage(JsonToken(value), 40), "; a list was expected"));
  }
  return true;
}

bool JsonRecord::OpenObject(std::string_view field, Value value, Object* object, bool* is_null) {
  *is_null = JsonToken(value) == "null";
  if (*is_null) return true;
  if (const auto error = value.get_object().get(*object)) {
    if (error != simdjson::INCORRECT_TYPE) return RejectJson(error);
    return Reject(field, absl::StrCat("is ", QuoteForMessage(JsonToken(value), 40), "; an object was expected"));
  }
  return true;
}

bool JsonRecord::ReadIds(std::string_view field, Value value, std::vector<int64_t>* ids) {
  Array array;
  bool is_null = false;
  if (!OpenList(field, value, &array, &is_null)) return false;
  if (is_null) return true;
  for (auto element_or : array) {
    Value element;
    if (const auto error = std::move(element_or).get(element)) return RejectJson(error);
    ScalarValue scalar;
    if (!ReadScalar(field, element, &scalar)) return false;
    int64_t id = 0;
    if (auto fault = ParseId(scalar, &id))
      return Reject(absl::StrCat(std::string(field), "[", ids->size(), "]"), *fault);
    ids->push_back(id);
  }
  return true;
}

bool JsonRecord::Keep(std::string_view key, Value value, JsonMembers* members) {
  members->emplace_back(std::string(key), std::string());
  if (auto fault = AppendCanonicalJson(value, &members->back().second)) return Reject(key, *fault);
  return true;
}

void JsonRecord::KeepScalar(std::string_view key, const ScalarValue& scalar, JsonMembers* members) {
  members->emplace_back(std::string(key), std::string());
  if (scalar.kind == ScalarValue::Kind::kString) {
    AppendJsonString(scalar.text, &members->back().second);
  } else {
    members->back().second = scalar.text;
  }
}

bool JsonRecord::WriteKept(std::string_view field, JsonMembers* members, std::string* out) {
  if (members->empty()) return true;
  if (auto fault = AppendJsonObject(members, out)) return Reject(field, *fault);
  return true;
}

bool JsonRecord::Reject(std::string_view field, std::string_view reason) {
  rejected_ = RejectedRecord();
  if (!field.empty()) rejected_.field = prefix_;
  rejected_.field += field;
  rejected_.reason = reason;
  return false;
}

bool JsonRecord::RejectJson(simdjson::error_code error) {
  std::string reason = DescribeJsonError(error);
  if (error == simdjson::UTF8_ERROR) {
    if (const auto offset = FindInvalidUtf8(text_)) {
      absl::StrAppend(&reason, ": byte ", *offset + 1, " is ", QuoteForMessage(text_.substr(*offset, 1)));
    }
  }
  return Reject("", reason);
}

void JsonRecord::FindPostId() {
  Value value;
  if (parser_.iterate(text_.data(), text_.size(), text_.size() + kPaddingBytes).get(document_) != simdjson::SUCCESS ||
      document_.find_field_unordered("id").get(value) != simdjson::SUCCESS) {
    return;
  }
  RejectedRecord rejected = std::move(rejected_);
  ScalarValue scalar;
  int64_t id = 0;
  if (ReadScalar("id", value, &scalar) && !ParseId(scalar, &id).has_value()) rejected.post_id = id;
  rejected_ = std::move(rejected);
}

}  // namespace millrace
