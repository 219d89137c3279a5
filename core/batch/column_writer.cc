#include "core/batch/column_writer.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace millrace {
namespace {

// Of the posts of a batch together, where relations give them other tags than they said: 256 MB are copied for them
// before anybody knows how large a message they make.
constexpr size_t kAppliedTagCountMax = size_t{1} << 26;

absl::Status TooManyTagsError(size_t post_count) {
  return FieldError("projection", absl::StrCat("with aliases and implications applied, a batch of ", post_count,
                                               " posts has more than ", kAppliedTagCountMax,
                                               " tags; ask for no tags, more ranks, or a smaller batch size"));
}

}  // namespace

static_assert(std::endian::native == std::endian::little, "columns are sent as they lie in memory");

absl::StatusOr<std::unique_ptr<ColumnSource>> MakeFieldSource(PostField field, const Snapshot& snapshot,
                                                              const LocationTemplate& location) {
  if (auto source = MakeNumberSource(field); source != nullptr) return source;
  if (auto source = MakeTextSource(field, location); source != nullptr) return source;
  return MakeListSource(field, snapshot);
}

absl::StatusOr<ColumnWriter> ColumnWriter::Create(const Snapshot& snapshot, const LocationTemplate& location,
                                                  const ColumnSelection& selection) {
  MILLRACE_ASSIGN_OR_RETURN(const TagRelations* const relations, RelationsFor(snapshot, selection.tags));
  ColumnWriter writer(snapshot, relations);
  for (int i = 0; i < kPostFieldCount; ++i) {
    const auto field = static_cast<PostField>(i);
    if (!selection.fields.Has(field)) continue;
    MILLRACE_ASSIGN_OR_RETURN(std::unique_ptr<ColumnSource> source, MakeFieldSource(field, snapshot, location));
    writer.Add(std::move(source));
  }
  if (selection.has_rating_one_hot) writer.Add(MakeRatingOneHotSource());
  if (selection.labels != nullptr) writer.Add(MakeLabelSource(selection.labels, selection.label_encoding));
  return writer;
}

void ColumnWriter::Add(std::unique_ptr<ColumnSource> source) {
  needs_tags_ = needs_tags_ || source->needs_tags();
  sources_.push_back(std::move(source));
}

absl::Status ColumnWriter::Lay(absl::Span<const int64_t> rows, absl::Span<const int64_t> post_ids) {
  MILLRACE_RETURN_IF_ERROR(gather_->Begin(rows));
  batch_ = {.gather = gather_.get(), .rows = rows, .post_ids = post_ids, .tags = {}};
  if (needs_tags_) {
    tags_.resize(rows.size());
    MILLRACE_RETURN_IF_ERROR(gather_->Tags(absl::MakeSpan(tags_)));
    if (!applied_tags_.Replace(absl::MakeSpan(tags_), kAppliedTagCountMax)) return TooManyTagsError(rows.size());
    batch_.tags = tags_;
  }
  layout_.Clear();
  for (const auto& source : sources_) MILLRACE_RETURN_IF_ERROR(source->Lay(batch_, &layout_));
  return absl::OkStatus();
}

absl::Status ColumnWriter::Fill(uint8_t* body) {
  const ColumnBody columns(layout_, body);
  size_t end_bytes = 0;
  for (const ColumnInfo& column : layout_.columns()) {
    // What lies between columns is sent too, and must not be what the memory held before.
    std::fill(body + end_bytes, body + column.offset_bytes, uint8_t{0});
    end_bytes = column.offset_bytes + column.size_bytes;
  }
  for (const auto& source : sources_) MILLRACE_RETURN_IF_ERROR(source->Fill(batch_, columns));
  gather_->End();
  return absl::OkStatus();
}

}  // namespace millrace
