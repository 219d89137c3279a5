// Labels of a vocabulary, in each of their encodings.
#include <algorithm>
#include <string>

#include "core/base/error.h"
#include "core/batch/column_source.h"

namespace millrace {
namespace {

// "labels.offsets" and "labels.values": a post's labels in the order of its tags, each once.
class CsrLabelSource final : public ColumnSource {
 public:
  explicit CsrLabelSource(std::shared_ptr<const LabelIndex> labels) : labels_(std::move(labels)) {}

  bool needs_tags() const override { return true; }
  absl::Status Lay(const GatheredRows& batch, ColumnLayout* layout) override {
    const absl::Span<const int32_t> label_of = labels_->labels();
    values_.clear();
    ends_.clear();
    for (const absl::Span<const uint32_t> list : batch.tags) {
      const size_t begin = values_.size();
      for (const uint32_t tag_index : list) {
        if (label_of[tag_index] >= 0) Append(begin, label_of[tag_index]);
      }
      ends_.push_back(values_.size());
    }
    MILLRACE_RETURN_IF_ERROR(CheckValueCount("labels.values", values_.size()));
    offsets_place_ = layout->Add<int32_t>("labels.offsets", {batch.row_count() + 1});
    values_place_ = layout->Add<int32_t>("labels.values", {static_cast<int64_t>(values_.size())});
    return absl::OkStatus();
  }
  absl::Status Fill(const GatheredRows& batch, const ColumnBody& body) override {
    const absl::Span<int32_t> offsets = body.Column<int32_t>(offsets_place_);
    offsets[0] = 0;
    for (size_t i = 0; i < ends_.size(); ++i) offsets[i + 1] = static_cast<int32_t>(ends_[i]);
    std::copy(values_.begin(), values_.end(), body.Column<int32_t>(values_place_).begin());
    return absl::OkStatus();
  }

 private:
  void Append(size_t begin, int32_t label) {
    // Tags of one name and several categories may share a label.
    const auto first = values_.begin() + static_cast<std::ptrdiff_t>(begin);
    if (labels_->shares_labels() && std::find(first, values_.end(), label) != values_.end()) return;
    values_.push_back(label);
  }

  const std::shared_ptr<const LabelIndex> labels_;
  std::vector<int32_t> values_;
  std::vector<size_t> ends_;
  size_t offsets_place_ = 0;
  size_t values_place_ = 0;
};

// A row of cells for each post: "labels.dense", uint8 [B, L], a cell a label; or "labels.bits", uint8
// [B, ceil(L / 8)], a cell eight labels.
class MatrixLabelSource final : public ColumnSource {
 public:
  MatrixLabelSource(std::shared_ptr<const LabelIndex> labels, bool is_dense)
      : labels_(std::move(labels)),
        is_dense_(is_dense),
        width_(is_dense ? labels_->label_count() : (labels_->label_count() + 7) / 8) {}

  bool needs_tags() const override { return true; }
  absl::Status Lay(const GatheredRows& batch, ColumnLayout* layout) override {
    place_ = layout->Add<uint8_t>(is_dense_ ? "labels.dense" : "labels.bits", {batch.row_count(), width_});
    return absl::OkStatus();
  }
  absl::Status Fill(const GatheredRows& batch, const ColumnBody& body) override {
    const absl::Span<uint8_t> cells = body.Column<uint8_t>(place_);
    std::fill(cells.begin(), cells.end(), uint8_t{0});
    if (is_dense_) {
      Mark(batch, cells.data(), [](uint8_t* post, int32_t label) { post[label] = 1; });
    } else {
      Mark(batch, cells.data(), [](uint8_t* post, int32_t label) {
        post[label / 8] = static_cast<uint8_t>(post[label / 8] | 1u << (label % 8));
      });
    }
    return absl::OkStatus();
  }

 private:
  // Calls mark(the post's row of cells, label) for each label of each post.
  template <typename MarkLabel>
  void Mark(const GatheredRows& batch, uint8_t* post, MarkLabel mark) const {
    const absl::Span<const int32_t> label_of = labels_->labels();
    for (const absl::Span<const uint32_t> list : batch.tags) {
      for (const uint32_t tag_index : list) {
        if (label_of[tag_index] >= 0) mark(post, label_of[tag_index]);
      }
      post += width_;
    }
  }

  const std::shared_ptr<const LabelIndex> labels_;
  const bool is_dense_;
  const int64_t width_;
  size_t place_ = 0;
};

}  // namespace

std::unique_ptr<ColumnSource> MakeLabelSource(std::shared_ptr<const LabelIndex> labels, LabelEncoding encoding) {
  if (encoding == LabelEncoding::kCsr) return std::make_unique<CsrLabelSource>(std::move(labels));
  return std::make_unique<MatrixLabelSource>(std::move(labels), encoding == LabelEncoding::kDense);
}

}  // namespace millrace
