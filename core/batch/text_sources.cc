// Columns with a text a post: "NAME.offsets" and "NAME.bytes". Empty text stands for absent text.
#include <cstring>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/batch/column_source.h"

namespace millrace {
namespace {

// Common to all texts: laying and copying. What they are is up to the derived class.
class TextSource : public ColumnSource {
 public:
  explicit TextSource(PostField field)
      : offsets_name_(std::string(PostFieldName(field)) + ".offsets"),
        bytes_name_(std::string(PostFieldName(field)) + ".bytes") {}

  absl::Status Lay(const GatheredRows& batch, ColumnLayout* layout) final {
    texts_.resize(batch.rows.size());
    MILLRACE_RETURN_IF_ERROR(Read(batch, absl::MakeSpan(texts_)));
    size_t size_bytes = 0;
    for (const std::string_view text : texts_) size_bytes += text.size();
    MILLRACE_RETURN_IF_ERROR(CheckValueCount(bytes_name_, size_bytes));
    offsets_place_ = layout->Add<int32_t>(offsets_name_, {batch.row_count() + 1});
    bytes_place_ = layout->Add<uint8_t>(bytes_name_, {static_cast<int64_t>(size_bytes)});
    return absl::OkStatus();
  }

  absl::Status Fill(const GatheredRows& batch, const ColumnBody& body) final {
    const absl::Span<int32_t> offsets = body.Column<int32_t>(offsets_place_);
    const absl::Span<uint8_t> bytes = body.Column<uint8_t>(bytes_place_);
    size_t end = 0;
    for (size_t i = 0; i < texts_.size(); ++i) {
      offsets[i] = static_cast<int32_t>(end);
      if (!texts_[i].empty()) std::memcpy(bytes.data() + end, texts_[i].data(), texts_[i].size());
      end += texts_[i].size();
    }
    offsets[texts_.size()] = static_cast<int32_t>(end);
    return absl::OkStatus();
  }

 protected:
  // Gives views that stay valid until Fill is done.
  virtual absl::Status Read(const GatheredRows& batch, absl::Span<std::string_view> texts) = 0;

 private:
  const std::string offsets_name_;
  const std::string bytes_name_;
  size_t offsets_place_ = 0;
  size_t bytes_place_ = 0;
  std::vector<std::string_view> texts_;
};

// A text that the snapshot holds.
class StoredTextSource final : public TextSource {
 public:
  StoredTextSource(PostField field, PostText text) : TextSource(field), text_(text) {}

 private:
  absl::Status Read(const GatheredRows& batch, absl::Span<std::string_view> texts) override {
    return batch.gather->Texts(text_, texts);
  }

  const PostText text_;
};

// Where the picture lies: made of the id, the md5 and the extension.
class LocationSource final : public TextSource {
 public:
  explicit LocationSource(const LocationTemplate& location) : TextSource(PostField::kLocation), location_(location) {}

 private:
  absl::Status Read(const GatheredRows& batch, absl::Span<std::string_view> texts) override {
    md5s_.resize(texts.size());
    presence_.resize((texts.size() + 7) / 8);
    MILLRACE_RETURN_IF_ERROR(batch.gather->Md5s(absl::MakeSpan(md5s_)));
    batch.gather->Presence(OptionalField::kMd5, absl::MakeSpan(presence_));
    MILLRACE_RETURN_IF_ERROR(batch.gather->Texts(PostText::kFileExt, texts));
    locations_.resize(texts.size());
    for (size_t i = 0; i < texts.size(); ++i) {
      post_.id = batch.post_ids[i];
      post_.file_ext.assign(texts[i]);
      post_.md5.reset();
      if ((presence_[i / 8] >> (i % 8) & 1) != 0) post_.md5 = md5s_[i];
      locations_[i] = location_.Expand(post_);
      texts[i] = locations_[i];
    }
    return absl::OkStatus();
  }

  const LocationTemplate& location_;
  Post post_;
  std::vector<Md5> md5s_;
  std::vector<uint8_t> presence_;
  std::vector<std::string> locations_;
};

}  // namespace

std::unique_ptr<ColumnSource> MakeTextSource(PostField field, const LocationTemplate& location) {
  switch (field) {
    case PostField::kFileExt:
      return std::make_unique<StoredTextSource>(field, PostText::kFileExt);
    case PostField::kSource:
      return std::make_unique<StoredTextSource>(field, PostText::kSource);
    case PostField::kExtraJson:
      return std::make_unique<StoredTextSource>(field, PostText::kExtraJson);
    case PostField::kLocation:
      return std::make_unique<LocationSource>(location);
    default:
      return nullptr;
  }
}

}  // namespace millrace
