// Columns with a value a post.
#include <cstring>
#include <string>

#include "core/base/error.h"
#include "core/batch/column_source.h"

namespace millrace {
namespace {

// "id" and "row", which the batch has already.
class IdentitySource final : public ColumnSource {
 public:
  explicit IdentitySource(PostField field) : field_(field) {}

  absl::Status Lay(const GatheredRows& batch, ColumnLayout* layout) override {
    place_ = layout->Add<int64_t>(PostFieldName(field_), {batch.row_count()});
    return absl::OkStatus();
  }
  absl::Status Fill(const GatheredRows& batch, const ColumnBody& body) override {
    const absl::Span<const int64_t> values = field_ == PostField::kId ? batch.post_ids : batch.rows;
    std::copy(values.begin(), values.end(), body.Column<int64_t>(place_).begin());
    return absl::OkStatus();
  }

 private:
  const PostField field_;
  size_t place_ = 0;
};

// A number that a post may lack, or its md5, and the presence bits beside it unless all posts of the batch have it.
template <typename T>
class OptionalSource final : public ColumnSource {
 public:
  OptionalSource(PostField name, OptionalField field)
      : name_(PostFieldName(name)), presence_name_(name_ + ".presence"), field_(field) {}

  absl::Status Lay(const GatheredRows& batch, ColumnLayout* layout) override {
    const int64_t row_count = batch.row_count();
    if constexpr (std::is_same_v<T, Md5>) {
      place_ = layout->Add<uint8_t>(name_, {row_count, static_cast<int64_t>(sizeof(Md5))});
    } else {
      place_ = layout->Add<T>(name_, {row_count});
    }
    presence_place_.reset();
    if (!batch.gather->HasAll(field_)) presence_place_ = layout->Add<uint8_t>(presence_name_, {(row_count + 7) / 8});
    return absl::OkStatus();
  }
  absl::Status Fill(const GatheredRows& batch, const ColumnBody& body) override {
    if (presence_place_.has_value()) batch.gather->Presence(field_, body.Column<uint8_t>(*presence_place_));
    if constexpr (std::is_same_v<T, Md5>) {
      return batch.gather->Md5s(body.Column<Md5>(place_));
    } else {
      return batch.gather->Numbers(field_, body.Column<T>(place_));
    }
  }

 private:
  const std::string name_;
  const std::string presence_name_;
  const OptionalField field_;
  size_t place_ = 0;
  std::optional<size_t> presence_place_;
};

class RatingSource final : public ColumnSource {
 public:
  absl::Status Lay(const GatheredRows& batch, ColumnLayout* layout) override {
    place_ = layout->Add<uint8_t>(PostFieldName(PostField::kRating), {batch.row_count()});
    return absl::OkStatus();
  }
  absl::Status Fill(const GatheredRows& batch, const ColumnBody& body) override {
    return batch.gather->Ratings(body.Column<uint8_t>(place_));
  }

 private:
  size_t place_ = 0;
};

// A column for each rating but kUnspecified.
class RatingOneHotSource final : public ColumnSource {
 public:
  absl::Status Lay(const GatheredRows& batch, ColumnLayout* layout) override {
    place_ = layout->Add<uint8_t>("rating_one_hot", {batch.row_count(), kWidth});
    return absl::OkStatus();
  }
  absl::Status Fill(const GatheredRows& batch, const ColumnBody& body) override {
    ratings_.resize(batch.rows.size());
    MILLRACE_RETURN_IF_ERROR(batch.gather->Ratings(absl::MakeSpan(ratings_)));
    const absl::Span<uint8_t> cells = body.Column<uint8_t>(place_);
    std::fill(cells.begin(), cells.end(), uint8_t{0});
    for (size_t i = 0; i < ratings_.size(); ++i) {
      if (ratings_[i] != 0) cells[i * kWidth + ratings_[i] - 1] = 1;
    }
    return absl::OkStatus();
  }

 private:
  static constexpr int64_t kWidth = kRatingCount - 1;
  size_t place_ = 0;
  std::vector<uint8_t> ratings_;
};

class FlagsSource final : public ColumnSource {
 public:
  absl::Status Lay(const GatheredRows& batch, ColumnLayout* layout) override {
    place_ = layout->Add<int32_t>(PostFieldName(PostField::kFlags), {batch.row_count()});
    return absl::OkStatus();
  }
  absl::Status Fill(const GatheredRows& batch, const ColumnBody& body) override {
    return batch.gather->Flags(body.Column<int32_t>(place_));
  }

 private:
  size_t place_ = 0;
};

std::unique_ptr<ColumnSource> Int32(PostField name, OptionalField field) {
  return std::make_unique<OptionalSource<int32_t>>(name, field);
}

std::unique_ptr<ColumnSource> Int64(PostField name, OptionalField field) {
  return std::make_unique<OptionalSource<int64_t>>(name, field);
}

}  // namespace

std::unique_ptr<ColumnSource> MakeRatingOneHotSource() { return std::make_unique<RatingOneHotSource>(); }

std::unique_ptr<ColumnSource> MakeNumberSource(PostField field) {
  switch (field) {
    case PostField::kId:
    case PostField::kRow:
      return std::make_unique<IdentitySource>(field);
    case PostField::kMd5:
      return std::make_unique<OptionalSource<Md5>>(field, OptionalField::kMd5);
    case PostField::kRating:
      return std::make_unique<RatingSource>();
    case PostField::kFlags:
      return std::make_unique<FlagsSource>();
    case PostField::kWidthPx:
      return Int32(field, OptionalField::kWidthPx);
    case PostField::kHeightPx:
      return Int32(field, OptionalField::kHeightPx);
    case PostField::kScore:
      return Int32(field, OptionalField::kScore);
    case PostField::kUpScore:
      return Int32(field, OptionalField::kUpScore);
    case PostField::kDownScore:
      return Int32(field, OptionalField::kDownScore);
    case PostField::kFavoriteCount:
      return Int32(field, OptionalField::kFavoriteCount);
    case PostField::kDurationUs:
      return Int64(field, OptionalField::kDurationUs);
    case PostField::kFileSizeBytes:
      return Int64(field, OptionalField::kFileSizeBytes);
    case PostField::kPixivId:
      return Int64(field, OptionalField::kPixivId);
    case PostField::kParentId:
      return Int64(field, OptionalField::kParentId);
    case PostField::kUploaderId:
      return Int64(field, OptionalField::kUploaderId);
    case PostField::kApproverId:
      return Int64(field, OptionalField::kApproverId);
    case PostField::kCreatedAt:
      return Int64(field, OptionalField::kCreatedAtUs);
    case PostField::kUpdatedAt:
      return Int64(field, OptionalField::kUpdatedAtUs);
    case PostField::kLastCommentedAt:
      return Int64(field, OptionalField::kLastCommentedAtUs);
    case PostField::kLastNotedAt:
      return Int64(field, OptionalField::kLastNotedAtUs);
    default:
      return nullptr;
  }
}

}  // namespace millrace
