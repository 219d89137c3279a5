#include "core/ingest/sidecar_json.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/text.h"
#include "core/ingest/source_values.h"

namespace millrace {
namespace {

namespace ondemand = simdjson::ondemand;
using Fault = std::optional<std::string>;

struct KnownKey {
  std::string_view key;
  PostField field;
};
constexpr KnownKey kKnownKeys[] = {
    {"id", PostField::kId},
    {"md5", PostField::kMd5},
    {"source", PostField::kSource},
    {"width", PostField::kWidth},
    {"image_width", PostField::kWidth},
    {"height", PostField::kHeight},
    {"image_height", PostField::kHeight},
    {"file_ext", PostField::kFileExt},
    {"file_size", PostField::kFileSize},
    {"score", PostField::kScore},
    {"up_score", PostField::kUpScore},
    {"down_score", PostField::kDownScore},
    {"parent_id", PostField::kParentId},
    {"pixiv_id", PostField::kPixivId},
    {"uploader_id", PostField::kUploaderId},
    {"approver_id", PostField::kApproverId},
    {"created_at", PostField::kCreatedAt},
    {"updated_at", PostField::kUpdatedAt},
    {"is_deleted", PostField::kIsDeleted},
    {"is_pending", PostField::kIsPending},
    {"is_flagged", PostField::kIsFlagged},
    {"is_banned", PostField::kIsBanned},
    {"has_children", PostField::kHasChildren},
    {"fav_count", PostField::kFavoriteCount},
    {"duration", PostField::kDurationSeconds},
};

std::optional<TagCategory> CategoryOf(std::string_view word) {
  for (int i = 1; i < kTagCategoryCount; ++i) {
    if (TagCategoryName(static_cast<TagCategory>(i)) == word) return static_cast<TagCategory>(i);
  }
  return std::nullopt;
}

// The category of a key that holds tags; unspecified for those of all. Nothing when the key holds none.
std::optional<TagCategory> TagsOf(std::string_view key) {
  if (key == "tags" || key == "tag_string") return TagCategory::kUnspecified;
  for (const std::string_view prefix : {"tag_string_", "tags_"}) {
    if (key.substr(0, prefix.size()) == prefix) return CategoryOf(key.substr(prefix.size()));
  }
  return std::nullopt;
}

// A value that is no list and no object. Nothing when it is one; broken values are left to be found as extras.
std::optional<ScalarValue> AsScalar(ondemand::value value, std::string* storage) {
  const std::string_view token = TrimJsonToken(value.raw_json_token());
  if (token.empty() || token[0] == '{' || token[0] == '[') return std::nullopt;
  if (token[0] == '"') {
    std::string_view text;
    if (value.get_string().get(text) != simdjson::SUCCESS) return std::nullopt;
    storage->assign(text);
    return ScalarValue{ScalarValue::Kind::kString, *storage};
  }
  if (token == "null") return ScalarValue{};
  if (token == "true" || token == "false") return ScalarValue{ScalarValue::Kind::kBool, token};
  if (IsJsonNumber(token)) return ScalarValue{ScalarValue::Kind::kNumber, token};
  return std::nullopt;
}

// Whether the value fits and, where the picture itself tells the field, is the same.
bool Take(PostField field, const ScalarValue& value, const PictureFacts& picture, Post* post) {
  if (value.kind == ScalarValue::Kind::kNull || value.text.empty()) return true;
  Post told;
  switch (field) {
    case PostField::kCreatedAt:
      return value.kind != ScalarValue::Kind::kNumber && !SetUtcTime(value, &post->created_at_us).has_value();
    case PostField::kUpdatedAt:
      return value.kind != ScalarValue::Kind::kNumber && !SetUtcTime(value, &post->updated_at_us).has_value();
    case PostField::kId:
      if (SetPostField(field, value, RatingScheme::kThreeStep, &told).has_value()) return false;
      post->id = told.id;
      return true;
    case PostField::kWidth:
    case PostField::kHeight:
    case PostField::kFileSize:
    case PostField::kFileExt:
    case PostField::kMd5:
      if (SetPostField(field, value, RatingScheme::kThreeStep, &told).has_value()) return false;
      if (field == PostField::kWidth && picture.width_px.has_value()) return told.width_px == picture.width_px;
      if (field == PostField::kHeight && picture.height_px.has_value()) return told.height_px == picture.height_px;
      if (field == PostField::kFileSize && picture.size_bytes.has_value()) {
        return told.file_size_bytes == picture.size_bytes;
      }
      if (field == PostField::kFileExt && !post->file_ext.empty()) return told.file_ext == post->file_ext;
      if (field == PostField::kMd5 && picture.md5.has_value()) return told.md5 == picture.md5;
      break;
    default:
      break;
  }
  return !SetPostField(field, value, RatingScheme::kThreeStep, post).has_value();
}

}  // namespace

Fault SidecarJson::Read(std::string* content, const PictureFacts& picture, Post* post, std::string* field) {
  is_read_ = true;
  const size_t size = content->size();
  if (content->find('\0') != std::string::npos) return "holds a NUL byte";
  content->append(simdjson::SIMDJSON_PADDING, ' ');
  // Unescaping makes a name no longer; a name may be told by several keys.
  tags_.Clear(size);
  extra_.clear();
  tags_by_category_.clear();
  has_all_tags_ = false;
  rating_ = {};
  std::string rating_text;
  is_danbooru_ = false;
  ondemand::document document;
  if (const auto error = parser_.iterate(content->data(), size, content->size()).get(document)) {
    return DescribeJsonError(error);
  }
  ondemand::object object;
  if (const auto error = document.get_object().get(object)) {
    return error == simdjson::INCORRECT_TYPE ? "is no JSON object" : DescribeJsonError(error);
  }
  for (auto member_or : object) {
    field->clear();
    ondemand::field member;
    if (const auto error = std::move(member_or).get(member)) return DescribeJsonError(error);
    std::string_view unescaped;
    if (const auto error = member.unescaped_key().get(unescaped)) return DescribeJsonError(error);
    const std::string key(unescaped);
    *field = key;
    if (key == "tag_string_general") is_danbooru_ = true;
    if (key == "rating") {
      const std::optional<ScalarValue> rating = AsScalar(member.value(), &rating_text);
      if (rating.has_value()) {
        rating_ = *rating;
        continue;
      }
    }
    if (Fault fault = ReadMember(key, member.value(), picture, post)) return fault;
  }
  field->clear();
  const char* rest = nullptr;
  if (document.current_location().get(rest) == simdjson::SUCCESS &&
      std::string_view(rest, static_cast<size_t>(content->data() + size - rest)).find_first_not_of(" \t\r\n") !=
          std::string_view::npos) {
    return "goes on after the object's end";
  }
  if (rating_.kind != ScalarValue::Kind::kNull && !rating_.text.empty()) {
    const bool is_safe = rating_.text == "s" && !is_danbooru_;
    const std::optional<Rating> rating = is_safe ? Rating::kSafe : ParseRating(rating_.text, RatingScheme::kFourStep);
    if (rating.has_value()) post->rating = *rating;
    if (!rating.has_value()) KeepExtra("rating", rating_);
  }
  if (!has_all_tags_) {
    for (auto& member : tags_by_category_) extra_.push_back(std::move(member));
  }
  return extra_.empty() ? std::nullopt : AppendJsonObject(&extra_, &post->extra_json);
}

Fault SidecarJson::ReadMember(const std::string& key, Value value, const PictureFacts& picture, Post* post) {
  if (const std::optional<TagCategory> category = TagsOf(key)) return ReadTags(key, value, *category);
  const auto known = std::find_if(std::begin(kKnownKeys), std::end(kKnownKeys),
                                  [&](const KnownKey& candidate) { return candidate.key == key; });
  if (known != std::end(kKnownKeys)) {
    std::string storage;
    if (const std::optional<ScalarValue> scalar = AsScalar(value, &storage)) {
      if (!Take(known->field, *scalar, picture, post)) KeepExtra(key, *scalar);
      return std::nullopt;
    }
  }
  extra_.emplace_back(key, std::string());
  return AppendCanonicalJson(value, &extra_.back().second);
}

// Posts have their tags as a set; who writes sidecars cares for their order and spelling, so the value is kept, too.
Fault SidecarJson::ReadTags(const std::string& key, Value value, TagCategory category) {
  std::string kept;
  if (Fault fault = AddTags(key, value, category, &kept)) return fault;
  if (kept.empty()) return std::nullopt;
  const bool is_of_all = category == TagCategory::kUnspecified;
  has_all_tags_ = has_all_tags_ || is_of_all;
  (is_of_all ? extra_ : tags_by_category_).emplace_back(key, std::move(kept));
  return std::nullopt;
}

Fault SidecarJson::AddTags(const std::string& key, Value value, TagCategory category, std::string* kept) {
  const std::string_view token = TrimJsonToken(value.raw_json_token());
  switch (token.empty() ? '\0' : token[0]) {
    case '"': {
      std::string_view text;
      if (const auto error = value.get_string().get(text)) return DescribeJsonError(error);
      if (!text.empty()) AppendJsonString(text, kept);
      const bool is_caption = key == "tags" && text.find(',') != std::string_view::npos;
      return is_caption ? tags_.AddCaption(text) : tags_.AddWords(text, category);
    }
    case '[': {
      ondemand::array list;
      if (const auto error = value.get_array().get(list)) return DescribeJsonError(error);
      if (Fault fault = ReadTagList(list, category, kept)) return fault;
      if (*kept == "[]") kept->clear();
      return std::nullopt;
    }
    case '{':
      return ReadTagObject(value, kept);
    default:
      if (token == "null") return std::nullopt;
      return absl::StrCat("is ", QuoteForMessage(token, 40), "; text, a list or an object was expected");
  }
}

Fault SidecarJson::ReadTagList(ondemand::array list, TagCategory category, std::string* kept) {
  kept->push_back('[');
  for (auto element : list) {
    std::string_view name;
    if (const auto error = element.get_string().get(name)) {
      return error == simdjson::INCORRECT_TYPE ? "holds a value that is no text; names of tags were expected"
                                               : DescribeJsonError(error);
    }
    if (kept->back() != '[') kept->push_back(',');
    AppendJsonString(name, kept);
    if (Fault fault = tags_.Add(name, category)) return fault;
  }
  kept->push_back(']');
  return std::nullopt;
}

// Lists of tags by category, as e621 has them, or a tagger's scores by tag.
Fault SidecarJson::ReadTagObject(Value value, std::string* kept) {
  ondemand::object object;
  if (const auto error = value.get_object().get(object)) return DescribeJsonError(error);
  JsonMembers members;
  for (auto member_or : object) {
    ondemand::field member;
    if (const auto error = std::move(member_or).get(member)) return DescribeJsonError(error);
    std::string_view unescaped;
    if (const auto error = member.unescaped_key().get(unescaped)) return DescribeJsonError(error);
    const std::string key(unescaped);
    Value element = member.value();
    const std::string_view token = TrimJsonToken(element.raw_json_token());
    if (IsJsonNumber(token)) {
      members.emplace_back(key, std::string(token));
      if (Fault fault = tags_.Add(key)) return fault;
      continue;
    }
    ondemand::array list;
    if (element.get_array().get(list) != simdjson::SUCCESS) {
      return absl::StrCat("has ", QuoteForMessage(key, 40), ", which is neither a list of tags nor a score");
    }
    const TagCategory category = CategoryOf(key).value_or(TagCategory::kUnspecified);
    if (Fault fault = ReadTagList(list, category, &members.emplace_back(key, std::string()).second)) return fault;
  }
  return members.empty() ? std::nullopt : AppendJsonObject(&members, kept);
}

void SidecarJson::KeepExtra(const std::string& key, const ScalarValue& value) {
  extra_.emplace_back(key, std::string());
  if (value.kind == ScalarValue::Kind::kString) {
    AppendJsonString(value.text, &extra_.back().second);
  } else {
    extra_.back().second.assign(value.kind == ScalarValue::Kind::kNull ? "null" : value.text);
  }
}

}  // namespace millrace
