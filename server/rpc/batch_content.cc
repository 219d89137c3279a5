#include "server/rpc/batch_content.h"

#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/catalog/vocabulary_reference.h"
#include "server/rpc/request.h"

namespace millrace {
namespace {

constexpr char kOnlyColumns[] = "only columns have it; ask for BATCH_ENCODING_COLUMNS";

absl::Status CheckRows(const v1::Projection& projection, PostFieldSet fields) {
  if (projection.has_labels()) return FieldError("projection.labels", kOnlyColumns);
  if (projection.rating_one_hot()) return FieldError("projection.rating_one_hot", kOnlyColumns);
  if (fields.Has(PostField::kTagIndexes)) return FieldError("projection.fields", "tag_indexes: only columns have it");
  return absl::OkStatus();
}

absl::Status ParseLabels(const v1::LabelProjection& labels, BatchContent* content) {
  MILLRACE_RETURN_IF_ERROR(CheckEnum("projection.labels.encoding", labels.encoding(), v1::LabelEncoding_IsValid));
  if (labels.vocabulary().empty()) return FieldError("projection.labels.vocabulary", "is required");
  MILLRACE_RETURN_IF_ERROR(ParseVocabularyReference("projection.labels.vocabulary", labels.vocabulary()).status());
  content->vocabulary = labels.vocabulary();
  if (labels.encoding() != v1::LABEL_ENCODING_UNSPECIFIED) {
    content->label_encoding = static_cast<LabelEncoding>(labels.encoding());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<BatchContent> ParseBatchContent(v1::BatchView view, const v1::Projection* projection) {
  MILLRACE_RETURN_IF_ERROR(CheckEnum("view", view, v1::BatchView_IsValid));
  BatchContent content;
  if (projection == nullptr) {
    if (view == v1::BATCH_VIEW_IDENTITIES) content.form = BatchContent::Form::kIdentities;
    return content;
  }
  if (view != v1::BATCH_VIEW_UNSPECIFIED) return FieldError("view", "comes together with projection; give one of them");
  MILLRACE_RETURN_IF_ERROR(CheckEnum("projection.encoding", projection->encoding(), v1::BatchEncoding_IsValid));
  const std::vector<std::string_view> names(projection->fields().begin(), projection->fields().end());
  MILLRACE_ASSIGN_OR_RETURN(content.fields, PostFieldSet::Parse(names));
  if (projection->encoding() != v1::BATCH_ENCODING_COLUMNS) {
    MILLRACE_RETURN_IF_ERROR(CheckRows(*projection, content.fields));
    return content;
  }
  content.form = BatchContent::Form::kColumns;
  content.has_rating_one_hot = projection->rating_one_hot();
  if (projection->has_labels()) MILLRACE_RETURN_IF_ERROR(ParseLabels(projection->labels(), &content));
  return content;
}

}  // namespace millrace
