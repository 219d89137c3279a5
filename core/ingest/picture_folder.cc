#include "core/ingest/picture_folder.h"

#include <xxhash.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/byte_order_mark.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/ingest/canonical_json.h"

namespace millrace {
namespace {

// "set/0012.PNG" -> "0012", "PNG"
std::pair<std::string_view, std::string_view> StemAndExtension(std::string_view name) {
  const size_t slash = name.rfind('/');
  if (slash != std::string_view::npos) name.remove_prefix(slash + 1);
  const size_t point = name.rfind('.');
  if (point == std::string_view::npos || point == 0) return {name, {}};
  return {name.substr(0, point), name.substr(point + 1)};
}

}  // namespace

PictureFolderReader::PictureFolderReader(RecordSink* sink, int64_t sidecar_size_bytes_max)
    : sink_(sink), sidecar_size_bytes_max_(sidecar_size_bytes_max) {}

absl::Status PictureFolderReader::BeginFile(std::string_view name) {
  name_ = name;
  content_.clear();
  size_bytes_ = 0;
  return absl::OkStatus();
}

absl::Status PictureFolderReader::Write(std::string_view bytes) {
  size_bytes_ += static_cast<int64_t>(bytes.size());
  if (size_bytes_ <= sidecar_size_bytes_max_) content_.append(bytes);
  return absl::OkStatus();
}

absl::Status PictureFolderReader::EndFile() {
  MILLRACE_RETURN_IF_ERROR(sink_->CheckCancelled());
  std::string field;
  const std::optional<std::string> fault = Read(&field);
  picture_.reset();
  if (!fault.has_value()) {
    const bool is_json = json_.is_read();
    const NamedTags& tags = is_json ? json_.tags() : tags_;
    return sink_->OnPost(post_, tags.tags(), /*line=*/1, tags.duplicate_count());
  }
  RejectedRecord rejected;
  rejected.line = 1;
  rejected.field = std::move(field);
  rejected.reason = *fault;
  return sink_->OnRejected(std::move(rejected));
}

std::optional<std::string> PictureFolderReader::Read(std::string* field) {
  post_.Clear();
  json_.Clear();
  if (!picture_.has_value()) return "has no picture beside it";
  if (picture_->name == name_) return "has no sidecar; a .txt, .caption or .json of the same name was expected";
  if (size_bytes_ > sidecar_size_bytes_max_) {
    return absl::StrCat("is ", size_bytes_, " bytes long; a sidecar may have ", sidecar_size_bytes_max_);
  }
  SetFacts();
  if (WithoutByteOrderMark(content_).size() < content_.size()) content_.erase(0, kByteOrderMark.size());
  const bool is_json = absl::EndsWithIgnoreCase(name_, ".json");
  return is_json ? json_.Read(&content_, *picture_, &post_, field) : ReadText(field);
}

void PictureFolderReader::SetFacts() {
  const auto [stem, extension] = StemAndExtension(picture_->name);
  if (ParseWhole(stem, 1, std::numeric_limits<int64_t>::max(), &post_.id) != NumberFault::kNone) {
    post_.id = PictureId(picture_->name);
  }
  const std::string lower = absl::AsciiStrToLower(absl::string_view(extension.data(), extension.size()));
  // What cannot be an extension of a post (record.h) is none.
  SetPostField(PostField::kFileExt, {ScalarValue::Kind::kString, lower}, RatingScheme::kThreeStep, &post_);
  post_.file_size_bytes = picture_->size_bytes;
  post_.width_px = picture_->width_px;
  post_.height_px = picture_->height_px;
  post_.md5 = picture_->md5;
}

std::optional<std::string> PictureFolderReader::ReadText(std::string* field) {
  std::string_view text = content_;
  if (!IsValidUtf8(text)) return "is not valid UTF-8";
  if (auto fault = CheckNoNul(text)) return fault;
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  tags_.Clear(text.size());
  *field = "tags";
  if (auto fault = tags_.AddCaption(text)) return fault;
  if (text.empty()) return std::nullopt;
  JsonMembers extra{{"caption", ""}};
  AppendJsonString(text, &extra[0].second);
  return AppendJsonObject(&extra, &post_.extra_json);
}

int64_t PictureId(std::string_view name) {
  const auto id = static_cast<int64_t>(XXH64(name.data(), name.size(), /*seed=*/0) >> 11);
  return std::max<int64_t>(id, 1);
}

}  // namespace millrace
