#include "server/rpc/post_encoder.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <cstring>
#include <optional>
#include <string>

#include "core/base/error.h"
#include "server/rpc/convert.h"

namespace millrace {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedOutputStream;

constexpr uint32_t KeyOf(int field_number, WireFormatLite::WireType type) {
  return static_cast<uint32_t>(field_number) << 3 | type;
}

constexpr uint32_t kTagsKey = KeyOf(v1::Post::kTagsFieldNumber, WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
constexpr uint32_t kIdKey = KeyOf(v1::Tag::kIdFieldNumber, WireFormatLite::WIRETYPE_VARINT);
constexpr uint32_t kNameKey = KeyOf(v1::Tag::kNameFieldNumber, WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
constexpr uint32_t kCategoryKey = KeyOf(v1::Tag::kCategoryFieldNumber, WireFormatLite::WIRETYPE_VARINT);
static_assert(kTagsKey < 128 && kIdKey < 128 && kNameKey < 128 && kCategoryKey < 128, "a key takes one byte");

uint32_t SizeOf(const TagView& tag) {
  const auto name_size_bytes = static_cast<uint32_t>(tag.name.size());
  uint32_t size_bytes = 0;
  if (tag.id != 0) size_bytes += 1 + CodedOutputStream::VarintSize64(static_cast<uint64_t>(tag.id));
  if (name_size_bytes != 0) size_bytes += 1 + CodedOutputStream::VarintSize32(name_size_bytes) + name_size_bytes;
  if (tag.category != TagCategory::kUnspecified) size_bytes += 2;
  return size_bytes;
}

uint8_t* Write(const TagView& tag, uint32_t size_bytes, uint8_t* out) {
  *out++ = kTagsKey;
  out = CodedOutputStream::WriteVarint32ToArray(size_bytes, out);
  if (tag.id != 0) {
    *out++ = kIdKey;
    out = CodedOutputStream::WriteVarint64ToArray(static_cast<uint64_t>(tag.id), out);
  }
  if (!tag.name.empty()) {
    *out++ = kNameKey;
    out = CodedOutputStream::WriteVarint32ToArray(static_cast<uint32_t>(tag.name.size()), out);
    std::memcpy(out, tag.name.data(), tag.name.size());
    out += tag.name.size();
  }
  if (tag.category != TagCategory::kUnspecified) {
    *out++ = kCategoryKey;
    *out++ = static_cast<uint8_t>(tag.category);
  }
  return out;
}

// By the contract's names, so that a field that is added to it needs no line here.
std::vector<const google::protobuf::FieldDescriptor*> UnwantedFields(PostFieldSet fields) {
  std::vector<const google::protobuf::FieldDescriptor*> unwanted;
  const google::protobuf::Descriptor& descriptor = *v1::Post::descriptor();
  for (int i = 0; i < kPostFieldCount; ++i) {
    const auto field = static_cast<PostField>(i);
    if (fields.Has(field)) continue;
    const auto* const known = descriptor.FindFieldByName(std::string(PostFieldName(field)));
    if (known != nullptr) unwanted.push_back(known);
  }
  return unwanted;
}

// The optional number that is sent as a field; nothing for fields of another kind.
std::optional<snapshot_file::Field> NumberOf(PostField field) {
  using snapshot_file::Field;
  switch (field) {
    case PostField::kMd5:
      return Field::kMd5;
    case PostField::kWidthPx:
      return Field::kWidthPx;
    case PostField::kHeightPx:
      return Field::kHeightPx;
    case PostField::kFileSizeBytes:
      return Field::kFileSizeBytes;
    case PostField::kPixivId:
      return Field::kPixivId;
    case PostField::kParentId:
      return Field::kParentId;
    case PostField::kUploaderId:
      return Field::kUploaderId;
    case PostField::kApproverId:
      return Field::kApproverId;
    case PostField::kScore:
      return Field::kScore;
    case PostField::kUpScore:
      return Field::kUpScore;
    case PostField::kDownScore:
      return Field::kDownScore;
    case PostField::kCreatedAt:
      return Field::kCreatedAtUs;
    case PostField::kUpdatedAt:
      return Field::kUpdatedAtUs;
    case PostField::kLastCommentedAt:
      return Field::kLastCommentedAtUs;
    case PostField::kLastNotedAt:
      return Field::kLastNotedAtUs;
    case PostField::kFavoriteCount:
      return Field::kFavoriteCount;
    case PostField::kDurationUs:
      return Field::kDurationUs;
    default:
      return std::nullopt;
  }
}

snapshot_file::PostParts PartsOf(PostFieldSet fields) {
  const bool has_location = fields.Has(PostField::kLocation);  // made of id, md5 and file_ext
  snapshot_file::PostParts parts;
  parts.numbers = has_location ? FieldBit(snapshot_file::Field::kMd5) : 0;
  for (int i = 0; i < kPostFieldCount; ++i) {
    const auto field = static_cast<PostField>(i);
    const std::optional<snapshot_file::Field> number = NumberOf(field);
    if (fields.Has(field) && number.has_value()) parts.numbers |= FieldBit(*number);
  }
  parts.rating = fields.Has(PostField::kRating);
  parts.flags = fields.Has(PostField::kFlags);
  parts.file_ext = has_location || fields.Has(PostField::kFileExt);
  parts.source = fields.Has(PostField::kSource);
  parts.extra_json = fields.Has(PostField::kExtraJson);
  parts.pools = fields.Has(PostField::kPools);
  parts.favorites = fields.Has(PostField::kFavoriteUserIds);
  parts.tags = fields.Has(PostField::kTags);
  return parts;
}

}  // namespace

PostEncoder::PostEncoder(const Snapshot& snapshot, const LocationTemplate& location, PostFieldSet fields,
                         const TagRelations* relations)
    : snapshot_(snapshot),
      columns_(snapshot.columns()),
      location_(location),
      fields_(fields),
      parts_(PartsOf(fields)),
      unwanted_(UnwantedFields(fields)),
      applied_tags_(relations) {}

absl::Status PostEncoder::Append(int field_number, int64_t row, SliceWriter* writer) {
  MILLRACE_RETURN_IF_ERROR(columns_.ReadFields(static_cast<uint64_t>(row), &post_, parts_));
  absl::Span<const uint32_t> tag_indexes;
  if (fields_.Has(PostField::kTags)) {
    MILLRACE_ASSIGN_OR_RETURN(tag_indexes, snapshot_.TagIndexes(row));
    tag_indexes = applied_tags_.Of(tag_indexes);
  }
  message_.Clear();
  SetPostFields(post_, location_, &message_);
  message_.set_row(row);
  for (const auto* const field : unwanted_) message_.GetReflection()->ClearField(&message_, field);

  size_t size_bytes = message_.ByteSizeLong();
  tags_.resize(tag_indexes.size());
  tag_sizes_bytes_.resize(tag_indexes.size());
  MILLRACE_RETURN_IF_ERROR(snapshot_.ReadTagIdentities(tag_indexes, absl::MakeSpan(tags_)));
  for (size_t i = 0; i < tags_.size(); ++i) {
    const uint32_t tag_size_bytes = SizeOf(tags_[i]);
    tag_sizes_bytes_[i] = tag_size_bytes;
    size_bytes += 1 + CodedOutputStream::VarintSize32(tag_size_bytes) + tag_size_bytes;
  }

  // Fields may come in any order: the tags follow all others.
  const uint32_t key = KeyOf(field_number, WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
  uint8_t* out =
      writer->Append(CodedOutputStream::VarintSize32(key) + CodedOutputStream::VarintSize64(size_bytes) + size_bytes);
  out = CodedOutputStream::WriteVarint32ToArray(key, out);
  out = CodedOutputStream::WriteVarint64ToArray(size_bytes, out);
  out = message_.SerializeWithCachedSizesToArray(out);
  for (size_t i = 0; i < tags_.size(); ++i) out = Write(tags_[i], tag_sizes_bytes_[i], out);
  return absl::OkStatus();
}

}  // namespace millrace
