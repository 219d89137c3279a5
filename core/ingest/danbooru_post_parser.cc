#include "core/ingest/danbooru_post_parser.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/text.h"

namespace millrace {
namespace {

namespace ondemand = simdjson::ondemand;

enum class Shape : uint8_t { kScalar, kTags, kPools, kFavorites };

struct KnownField {
  std::string_view key;
  Shape shape;
  PostField field;  // kScalar
};

constexpr KnownField kKnownFields[] = {
    {"id", Shape::kScalar, PostField::kId},
    {"created_at", Shape::kScalar, PostField::kCreatedAt},
    {"uploader_id", Shape::kScalar, PostField::kUploaderId},
    {"score", Shape::kScalar, PostField::kScore},
    {"source", Shape::kScalar, PostField::kSource},
    {"md5", Shape::kScalar, PostField::kMd5},
    {"last_commented_at", Shape::kScalar, PostField::kLastCommentedAt},
    {"rating", Shape::kScalar, PostField::kRating},
    {"image_width", Shape::kScalar, PostField::kWidth},
    {"image_height", Shape::kScalar, PostField::kHeight},
    {"is_note_locked", Shape::kScalar, PostField::kIsNoteLocked},
    {"file_ext", Shape::kScalar, PostField::kFileExt},
    {"last_noted_at", Shape::kScalar, PostField::kLastNotedAt},
    {"is_rating_locked", Shape::kScalar, PostField::kIsRatingLocked},
    {"parent_id", Shape::kScalar, PostField::kParentId},
    {"has_children", Shape::kScalar, PostField::kHasChildren},
    {"approver_id", Shape::kScalar, PostField::kApproverId},
    {"file_size", Shape::kScalar, PostField::kFileSize},
    {"is_status_locked", Shape::kScalar, PostField::kIsStatusLocked},
    {"up_score", Shape::kScalar, PostField::kUpScore},
    {"down_score", Shape::kScalar, PostField::kDownScore},
    {"is_pending", Shape::kScalar, PostField::kIsPending},
    {"is_flagged", Shape::kScalar, PostField::kIsFlagged},
    {"is_deleted", Shape::kScalar, PostField::kIsDeleted},
    {"updated_at", Shape::kScalar, PostField::kUpdatedAt},
    {"is_banned", Shape::kScalar, PostField::kIsBanned},
    {"pixiv_id", Shape::kScalar, PostField::kPixivId},
    {"tags", Shape::kTags, PostField::kId},
    {"pools", Shape::kPools, PostField::kId},
    {"favs", Shape::kFavorites, PostField::kId},
};
constexpr size_t kKnownFieldCount = std::size(kKnownFields);
static_assert(kKnownFieldCount <= 64, "seen_fields_ has a bit for each");

// Whether the key, as written and without its opening quote, is `key`. Reads at most key.size() + 1 bytes, which the
// padding covers. Keys with escapes are none that is known.
inline bool IsKey(const char* raw, std::string_view key) {
  return std::memcmp(raw, key.data(), key.size()) == 0 && raw[key.size()] == '"';
}

// The index of the known field of that key, looked for at `guess` first; kKnownFieldCount when there is none.
size_t FindKnownField(const char* raw_key, size_t guess) {
  if (guess < kKnownFieldCount && IsKey(raw_key, kKnownFields[guess].key)) return guess;
  for (size_t i = 0; i < kKnownFieldCount; ++i) {
    if (IsKey(raw_key, kKnownFields[i].key)) return i;
  }
  return kKnownFieldCount;
}

std::string_view Token(ondemand::value value) { return TrimJsonToken(value.raw_json_token()); }

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

DanbooruPostParser::DanbooruPostParser() : field_order_(kKnownFieldCount, kKnownFieldCount) {}

bool DanbooruPostParser::Parse(std::string_view line) {
  line_ = line;
  post_.Clear();
  tags_.Clear();
  extra_.clear();
  tags_have_extra_ = false;
  seen_fields_ = 0;
  field_position_ = 0;
  if (ParseDocument(line)) return true;
  if (post_.id > 0) {
    rejected_.post_id = post_.id;
  } else {
    FindPostId(line);
  }
  return false;
}

bool DanbooruPostParser::ParseDocument(std::string_view line) {
  if (const void* nul = std::memchr(line.data(), '\0', line.size())) {
    return Reject("", absl::StrCat("holds a NUL byte at column ", static_cast<const char*>(nul) - line.data() + 1));
  }
  line_has_escapes_ = std::memchr(line.data(), '\\', line.size()) != nullptr;
  if (line.size() > parser_.capacity()) {
    // Doubled, so that lines that grow slowly do not allocate each time.
    if (const auto error = parser_.allocate(std::max(line.size(), 2 * parser_.capacity()))) return RejectJson(error);
  }
  ondemand::document document;
  if (const auto error = parser_.iterate(line.data(), line.size(), line.size() + kPaddingBytes).get(document)) {
    return RejectJson(error);
  }
  ondemand::object object;
  if (const auto error = document.get_object().get(object)) {
    if (error != simdjson::INCORRECT_TYPE) return RejectJson(error);
    return Reject("", absl::StrCat("is ", QuoteForMessage(line, 40), "; a JSON object was expected on each line"));
  }
  for (auto field_or : object) {
    ondemand::field field;
    if (const auto error = std::move(field_or).get(field)) return RejectJson(error);
    if (!ParseField(field)) return false;
    ++field_position_;
  }
  const char* rest = nullptr;
  if (document.current_location().get(rest) == simdjson::SUCCESS) {
    return Reject("", absl::StrCat("goes on after the object's end with ",
                                   QuoteForMessage(line.substr(static_cast<size_t>(rest - line.data())), 40)));
  }
  if (post_.id == 0) return Reject("id", "is missing; every post needs one");
  tags_.Finish(&post_);
  return KeepExtra(line);
}

bool DanbooruPostParser::ParseField(ondemand::field field) {
  const bool can_guess = field_position_ < field_order_.size();
  const size_t index = FindKnownField(field.key().raw(), can_guess ? field_order_[field_position_] : kKnownFieldCount);
  if (index == kKnownFieldCount) {
    std::string_view unescaped;
    if (const auto error = field.unescaped_key().get(unescaped)) return RejectJson(error);
    return ParseExtra(unescaped, field.value());
  }
  if (can_guess) field_order_[field_position_] = static_cast<uint8_t>(index);
  const std::string_view key = kKnownFields[index].key;
  const uint64_t bit = uint64_t{1} << index;
  if ((seen_fields_ & bit) != 0) return Reject(key, "is there twice; either value would be lost");
  seen_fields_ |= bit;
  switch (kKnownFields[index].shape) {
    case Shape::kTags:
      return ParseTags(field.value());
    case Shape::kPools:
      return ParsePools(field.value());
    case Shape::kFavorites:
      return ParseFavorites(field.value());
    case Shape::kScalar:
      break;
  }
  ScalarValue scalar;
  if (!ReadScalar(key, field.value(), &scalar)) return false;
  if (auto fault = SetPostField(kKnownFields[index].field, scalar, RatingScheme::kThreeStep, &post_)) {
    return Reject(key, *fault);
  }
  return true;
}

bool DanbooruPostParser::ParseExtra(std::string_view key, Value value) {
  // An escaped spelling of a known key reaches here; as an extra it would hide a value that belongs to the post.
  for (const KnownField& known : kKnownFields) {
    if (known.key != key) continue;
    return Reject(key, "is written with escapes in its name; write the name plainly");
  }
  extra_.emplace_back(std::string(key), std::string());
  if (auto fault = AppendCanonicalJson(value, &extra_.back().second)) return Reject(key, *fault);
  return true;
}

bool DanbooruPostParser::OpenList(std::string_view field, Value value, Array* array, bool* is_null) {
  *is_null = Token(value) == "null";
  if (*is_null) return true;
  if (const auto error = value.get_array().get(*array)) {
    if (error != simdjson::INCORRECT_TYPE) return RejectJson(error);
    return Reject(field, absl::StrCat("is ", QuoteForMessage(Token(value), 40), "; a list was expected"));
  }
  return true;
}

bool DanbooruPostParser::ParseTags(Value value) {
  Array array;
  bool is_null = false;
  if (!OpenList("tags", value, &array, &is_null)) return false;
  if (is_null) return true;
  size_t index = 0;
  for (auto element_or : array) {
    Value element;
    if (const auto error = std::move(element_or).get(element)) return RejectJson(error);
    ondemand::object object;
    if (const auto error = element.get_object().get(object)) {
      if (error != simdjson::INCORRECT_TYPE) return RejectJson(error);
      return Reject(absl::StrCat("tags[", index, "]"), absl::StrCat("is ", QuoteForMessage(Token(element), 40),
                                                                    "; an object {id, name, category} was expected"));
    }
    if (!ParseTag(object, index)) return false;
    ++index;
  }
  return true;
}

bool DanbooruPostParser::ParseTag(ondemand::object object, size_t index) {
  const auto path = [index](std::string_view key) {
    return absl::StrCat("tags[", index, "].", absl::string_view(key.data(), key.size()));
  };
  ImportedTag tag;
  ScalarValue id, name, category;
  bool has_name = false;
  for (auto field_or : object) {
    ondemand::field field;
    if (const auto error = std::move(field_or).get(field)) return RejectJson(error);
    const char* const raw_key = field.key().raw();
    std::string_view key;
    ScalarValue* target = nullptr;
    if (IsKey(raw_key, "id")) {
      key = "id", target = &id;
    } else if (IsKey(raw_key, "name")) {
      key = "name", target = &name;
    } else if (IsKey(raw_key, "category")) {
      key = "category", target = &category;
    } else {
      tags_have_extra_ = true;
      continue;
    }
    if (target->text.data() != nullptr) return Reject(path(key), "is there twice; either value would be lost");
    if (!ReadScalar(key, field.value(), target)) {
      if (!rejected_.field.empty()) rejected_.field = path(key);
      return false;
    }
    has_name = has_name || target == &name;
  }
  if (auto fault = ParseId(id, &tag.id)) return Reject(path("id"), *fault);
  if (!has_name) return Reject(path("name"), "is missing; a tag needs a name");
  if (name.kind != ScalarValue::Kind::kString) {
    return Reject(path("name"), absl::StrCat("is ", Show(name), "; text was expected"));
  }
  if (auto fault = CheckTagName(name.text)) return Reject(path("name"), *fault);
  tag.name = name.text;
  if (category.kind != ScalarValue::Kind::kNull && !category.text.empty()) {
    const auto known = ParseDanbooruCategory(category.text);
    if (!known.has_value()) {
      return Reject(path("category"), absl::StrCat("is ", Show(category), "; expected 0 (general), 1 (artist), ",
                                                   "3 (copyright), 4 (character) or 5 (meta)"));
    }
    tag.category = *known;
  }
  tags_.Add(tag);
  return true;
}

bool DanbooruPostParser::ParsePools(Value value) {
  Array array;
  bool is_null = false;
  if (!OpenList("pools", value, &array, &is_null)) return false;
  if (is_null) return true;
  constexpr char kExpected[] = "n ids followed by their n kinds were expected, such as [\"10152\",\"series\"]";
  size_t count = 0;
  for (auto element_or : array) {
    Value element;
    if (const auto error = std::move(element_or).get(element)) return RejectJson(error);
    ScalarValue scalar;
    if (!ReadScalar("pools", element, &scalar)) return false;
    if (count == pool_words_.size()) pool_words_.emplace_back();
    pool_words_[count++].assign(scalar.text);
  }
  if (count % 2 != 0) return Reject("pools", absl::StrCat("has ", count, " entries; ", kExpected));
  for (size_t i = 0; i < count / 2; ++i) {
    const std::string& kind = pool_words_[count / 2 + i];
    Pool pool;
    int64_t number = 0;
    if (ParseId({ScalarValue::Kind::kString, pool_words_[i]}, &pool.id).has_value()) {
      return Reject(absl::StrCat("pools[", i, "]"),
                    absl::StrCat("is ", QuoteForMessage(pool_words_[i]), ", no positive id; ", kExpected));
    }
    if (kind.empty() || CheckNoNul(kind).has_value() ||
        ParseWhole(kind, INT64_MIN, INT64_MAX, &number) != NumberFault::kNotWhole) {
      return Reject(absl::StrCat("pools[", count / 2 + i, "]"),
                    absl::StrCat("is ", QuoteForMessage(kind), ", no kind of pool; ", kExpected));
    }
    pool.kind = kind;
    post_.pools.push_back(std::move(pool));
  }
  return true;
}

bool DanbooruPostParser::ParseFavorites(Value value) {
  Array array;
  bool is_null = false;
  if (!OpenList("favs", value, &array, &is_null)) return false;
  if (is_null) return true;
  for (auto element_or : array) {
    Value element;
    if (const auto error = std::move(element_or).get(element)) return RejectJson(error);
    ScalarValue scalar;
    if (!ReadScalar("favs", element, &scalar)) return false;
    int64_t user_id = 0;
    if (auto fault = ParseId(scalar, &user_id)) {
      return Reject(absl::StrCat("favs[", post_.favorite_user_ids.size(), "]"), *fault);
    }
    post_.favorite_user_ids.push_back(user_id);
  }
  return true;
}

bool DanbooruPostParser::ReadScalar(std::string_view field, Value value, ScalarValue* scalar) {
  const std::string_view token = Token(value);
  const char first = token.empty() ? '\0' : token[0];
  if (first == '"') {
    scalar->kind = ScalarValue::Kind::kString;
    // Most strings have no escapes and can be used where they stand.
    const bool is_plain = !line_has_escapes_ || std::memchr(token.data(), '\\', token.size()) == nullptr;
    if (is_plain && token.size() >= 2) {
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

bool DanbooruPostParser::KeepExtra(std::string_view line) {
  if (tags_have_extra_ && !KeepTagsAsExtra(line)) return false;
  if (extra_.empty()) return true;
  if (auto fault = AppendJsonObject(&extra_, &post_.extra_json)) return Reject("", *fault);
  return true;
}

// Reads the line again: rare, and simpler than collecting on the way what is mostly not there. The tags' names that
// were unescaped into the parser's memory would be overwritten, so another parser does it.
bool DanbooruPostParser::KeepTagsAsExtra(std::string_view line) {
  ondemand::parser parser;
  ondemand::document document;
  if (const auto error = parser.iterate(line.data(), line.size(), line.size() + kPaddingBytes).get(document)) {
    return RejectJson(error);
  }
  Value value;
  if (const auto error = document.find_field_unordered("tags").get(value)) return RejectJson(error);
  extra_.emplace_back("tags", std::string());
  if (auto fault = AppendCanonicalJson(value, &extra_.back().second)) return Reject("tags", *fault);
  return true;
}

bool DanbooruPostParser::Reject(std::string_view field, std::string_view reason) {
  rejected_ = RejectedRecord();
  rejected_.field = field;
  rejected_.reason = reason;
  return false;
}

bool DanbooruPostParser::RejectJson(simdjson::error_code error) {
  std::string reason = DescribeJsonError(error);
  if (error == simdjson::UTF8_ERROR) {
    if (const auto offset = FindInvalidUtf8(line_)) {
      absl::StrAppend(&reason, ": byte ", *offset + 1, " is ", QuoteForMessage(line_.substr(*offset, 1)));
    }
  }
  return Reject("", reason);
}

void DanbooruPostParser::FindPostId(std::string_view line) {
  ondemand::document document;
  Value value;
  if (parser_.iterate(line.data(), line.size(), line.size() + kPaddingBytes).get(document) != simdjson::SUCCESS ||
      document.find_field_unordered("id").get(value) != simdjson::SUCCESS) {
    return;
  }
  RejectedRecord rejected = std::move(rejected_);
  ScalarValue scalar;
  int64_t id = 0;
  if (ReadScalar("id", value, &scalar) && !ParseId(scalar, &id).has_value()) rejected.post_id = id;
  rejected_ = std::move(rejected);
}

}  // namespace millrace
