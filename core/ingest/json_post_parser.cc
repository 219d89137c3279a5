#include "core/ingest/json_post_parser.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/text.h"

namespace millrace {
namespace {

namespace ondemand = simdjson::ondemand;

// Whether the key, as written and without its opening quote, is `key`. Reads at most key.size() + 1 bytes, which the
// padding covers. Keys with escapes are none that is known.
inline bool IsKey(const char* raw, std::string_view key) {
  return std::memcmp(raw, key.data(), key.size()) == 0 && raw[key.size()] == '"';
}

// The index of the field of that key, looked for at `guess` first; fields.size() when there is none.
size_t FindField(absl::Span<const JsonField> fields, const char* raw_key, size_t guess) {
  if (guess < fields.size() && IsKey(raw_key, fields[guess].key)) return guess;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (IsKey(raw_key, fields[i].key)) return i;
  }
  return fields.size();
}

// "png" of "https://host/a.b/c.png?1"; empty when there is none that could be a file's.
std::string_view ExtensionOf(std::string_view name) {
  constexpr size_t kSizeBytesMax = 16;
  name = name.substr(0, name.find_first_of("?#"));
  const size_t slash = name.rfind('/');
  if (slash != std::string_view::npos) name.remove_prefix(slash + 1);
  const size_t point = name.rfind('.');
  if (point == std::string_view::npos) return {};
  name.remove_prefix(point + 1);
  const bool is_good = name.size() <= kSizeBytesMax && std::all_of(name.begin(), name.end(), [](char c) {
                         return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
                       });
  return is_good ? name : std::string_view();
}

// Whether only posts have the field, of all that boards list: of comments, wiki pages, pools, aliases they tell these.
bool IsOfPostsOnly(const JsonField& field) {
  if (field.shape == JsonShape::kStatus) return false;
  if (field.shape != JsonShape::kScalar) return true;
  constexpr PostField kOfOthers[] = {PostField::kId,         PostField::kCreatedAt,  PostField::kUpdatedAt,
                                     PostField::kUploaderId, PostField::kApproverId, PostField::kScore,
                                     PostField::kIsDeleted,  PostField::kIsBanned,   PostField::kIsPending};
  return std::find(std::begin(kOfOthers), std::end(kOfOthers), field.field) == std::end(kOfOthers);
}

uint64_t PostFields(absl::Span<const JsonField> fields) {
  uint64_t bits = 0;
  for (size_t i = 0; i < fields.size(); ++i) bits |= uint64_t{IsOfPostsOnly(fields[i])} << i;
  return bits;
}

size_t WordCount(std::string_view words) {
  size_t count = 0;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] != ' ' && (i == 0 || words[i - 1] == ' ')) ++count;
  }
  return count;
}

}  // namespace

JsonPostParser::JsonPostParser(const JsonPostSchema& schema)
    : schema_(schema), post_fields_(PostFields(schema.fields)), order_(64, 255) {}

bool JsonPostParser::Parse(std::string_view text) {
  post_.Clear();
  tags_.Clear();
  named_tags_.clear();
  unescaped_names_.clear();
  extra_.clear();
  tags_have_extra_ = false;
  has_tag_strings_ = false;
  whole_tag_string_ = {};
  other_tag_string_ = {};
  other_md5_ = {};
  file_name_ = {};
  if (ParseDocument(text)) return true;
  if (post_.id > 0) {
    record_.rejected().post_id = post_.id;
  } else {
    record_.FindPostId();
  }
  return false;
}

bool JsonPostParser::ParseDocument(std::string_view text) {
  Object object;
  return record_.Open(text, &object) && ParseMembers(object, schema_.fields, &extra_, &order_) && record_.CheckEnd() &&
         Conclude();
}

bool JsonPostParser::ParseMembers(Object object, absl::Span<const JsonField> fields, JsonMembers* extra,
                                  std::vector<uint8_t>* order) {
  uint64_t seen = 0;  // bit i: fields[i]
  size_t position = 0;
  for (auto field_or : object) {
    ondemand::field member;
    if (const auto error = std::move(field_or).get(member)) return record_.RejectJson(error);
    const bool can_guess = order != nullptr && position < order->size();
    const size_t index = FindField(fields, member.key().raw(), can_guess ? (*order)[position] : fields.size());
    ++position;
    if (index == fields.size()) {
      std::string_view key;
      if (const auto error = member.unescaped_key().get(key)) return record_.RejectJson(error);
      if (!ParseUnknown(key, member.value(), fields, extra)) return false;
      continue;
    }
    if (can_guess) (*order)[position - 1] = static_cast<uint8_t>(index);
    const uint64_t bit = uint64_t{1} << index;
    if ((seen & bit) != 0) return record_.Reject(fields[index].key, "is there twice; either value would be lost");
    seen |= bit;
    if (!ParseKnown(fields[index], member.value(), extra)) return false;
  }
  if (order != nullptr) seen_ = seen;
  return true;
}

bool JsonPostParser::ParseKnown(const JsonField& field, Value value, JsonMembers* extra) {
  switch (field.shape) {
    case JsonShape::kTagObjects:
      return ParseTagObjects(value);
    case JsonShape::kTagLists:
      return ParseTagLists(field, value, extra);
    case JsonShape::kTexts:
      return ParseTexts(field.key, value, extra);
    case JsonShape::kPoolsThenKinds:
      return ParsePoolsThenKinds(field.key, value);
    case JsonShape::kPoolIds:
      return ParsePoolIds(field.key, value);
    case JsonShape::kUserIds:
      return ParseUserIds(field.key, value);
    case JsonShape::kGroup:
      return ParseGroup(field, value, extra);
    default:
      break;
  }
  ScalarValue scalar;
  if (!record_.ReadScalar(field.key, value, &scalar)) return false;
  switch (field.shape) {
    case JsonShape::kTagString:
      // A null is no list of tags: the whole one may still tell them.
      if (scalar.kind != ScalarValue::Kind::kNull) has_tag_strings_ = true;
      return AddTagString(field.key, scalar, field.category);
    case JsonShape::kWholeTagString:
      whole_tag_string_ = scalar;
      return true;
    case JsonShape::kOtherTagString:
      if (scalar.kind == ScalarValue::Kind::kString && WordCount(scalar.text) > 0) other_tag_string_ = field.key;
      JsonRecord::KeepScalar(field.key, scalar, extra);
      return true;
    case JsonShape::kOtherMd5:
      other_md5_ = {field.key, scalar};
      return true;
    case JsonShape::kStatus:
      return ParseStatus(field, scalar, extra);
    case JsonShape::kFileName:
      if (scalar.kind == ScalarValue::Kind::kString && file_name_.empty()) file_name_ = scalar.text;
      JsonRecord::KeepScalar(field.key, scalar, extra);
      return true;
    default:
      break;
  }
  if (auto fault = SetPostField(field.field, scalar, schema_.forms, &post_)) return record_.Reject(field.key, *fault);
  return true;
}

bool JsonPostParser::ParseUnknown(std::string_view key, Value value, absl::Span<const JsonField> fields,
                                  JsonMembers* extra) {
  // An escaped spelling of a known key reaches here; as an extra it would hide a value that belongs to the post.
  for (const JsonField& known : fields) {
    if (known.key != key) continue;
    return record_.Reject(key, "is written with escapes in its name; write the name plainly");
  }
  return record_.Keep(key, value, extra);
}

bool JsonPostParser::ParseGroup(const JsonField& field, Value value, JsonMembers* extra) {
  Object object;
  bool is_null = false;
  if (!record_.OpenObject(field.key, value, &object, &is_null)) return false;
  if (is_null) return true;
  record_.set_prefix(absl::StrCat(std::string(field.key), "."));
  JsonMembers left;
  if (!ParseMembers(object, field.members, &left, nullptr)) return false;
  record_.set_prefix("");
  if (left.empty()) return true;
  extra->emplace_back(std::string(field.key), std::string());
  return record_.WriteKept(field.key, &left, &extra->back().second);
}

bool JsonPostParser::ParseStatus(const JsonField& field, const ScalarValue& word, JsonMembers* extra) {
  constexpr std::pair<std::string_view, PostFlag> kFlags[] = {
      {"pending", PostFlag::kPending}, {"flagged", PostFlag::kFlagged}, {"deleted", PostFlag::kDeleted}};
  const auto is_word = [&](const auto& entry) { return entry.first == word.text; };
  if (word.kind != ScalarValue::Kind::kString ||
      (word.text != "active" && std::none_of(std::begin(kFlags), std::end(kFlags), is_word))) {
    JsonRecord::KeepScalar(field.key, word, extra);
    return true;
  }
  for (const auto& [text, flag] : kFlags) post_.flags.Set(flag, text == word.text);
  return true;
}

bool JsonPostParser::Conclude() {
  if (post_.id == 0) return record_.Reject("id", "is missing; every post needs one");
  if ((seen_ & post_fields_) == 0 && !CheckIsPost()) return false;
  if (post_.file_ext.empty()) post_.file_ext = ExtensionOf(file_name_);
  if (whole_tag_string_.kind != ScalarValue::Kind::kNull) {
    if (!has_tag_strings_) {
      if (!AddTagString("tag_string", whole_tag_string_, TagCategory::kUnspecified)) return false;
    } else if (WordCount(whole_tag_string_.text) != named_tags_.size()) {
      JsonRecord::KeepScalar("tag_string", whole_tag_string_, &extra_);
    }
  }
  if (!ConcludeMd5()) return false;
  tags_.Finish(&post_);
  if (!other_tag_string_.empty() && post_.tag_ids.empty()) {
    return record_.Reject(other_tag_string_,
                          "holds tags as Danbooru's posts have them since 2021; import the file with format "
                          "danbooru-export, or danbooru-pages if they are of posts.json");
  }
  if (tags_have_extra_ && !KeepTagObjects()) return false;
  return record_.WriteKept("", &extra_, &post_.extra_json);
}

bool JsonPostParser::CheckIsPost() {
  constexpr std::string_view kOfOthers[] = {"name", "post_id", "title", "body", "antecedent_name"};
  for (const std::string_view key : kOfOthers) {
    if (std::none_of(extra_.begin(), extra_.end(), [&](const auto& member) { return member.first == key; })) continue;
    return record_.Reject("", absl::StrCat("has \"", std::string(key),
                                           "\" and nothing that only posts have (tags, a rating, an md5, a size): it "
                                           "seems to be of another list, whose file is to be left out"));
  }
  return true;
}

bool JsonPostParser::ConcludeMd5() {
  if (other_md5_.value.kind == ScalarValue::Kind::kNull) return true;
  const std::optional<Md5> md5 = post_.md5;
  if (!md5.has_value()) {
    if (auto fault = SetPostField(PostField::kMd5, other_md5_.value, schema_.forms, &post_)) {
      return record_.Reject(other_md5_.key, *fault);
    }
    return true;
  }
  if (HexDecode<16>(other_md5_.value.text) != md5) JsonRecord::KeepScalar(other_md5_.key, other_md5_.value, &extra_);
  return true;
}

// Reads the record again: rare, and simpler than collecting on the way what is mostly not there. The tags' names that
// were unescaped into the parser's memory would be overwritten, so another parser does it.
bool JsonPostParser::KeepTagObjects() {
  const std::string_view text = record_.text();
  ondemand::parser parser;
  ondemand::document document;
  if (const auto error = parser.iterate(text.data(), text.size(), text.size() + kPaddingBytes).get(document)) {
    return record_.RejectJson(error);
  }
  Value value;
  if (const auto error = document.find_field_unordered("tags").get(value)) return record_.RejectJson(error);
  return record_.Keep("tags", value, &extra_);
}

}  // namespace millrace
