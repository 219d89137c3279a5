#include "server/rpc/make_vocabulary.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/vocabulary/select_tags.h"
#include "core/vocabulary/vocabulary_csv.h"
#include "server/rpc/request.h"
#include "server/rpc/scope.h"
#include "server/rpc/tag_reading.h"

namespace millrace {
namespace {

absl::StatusOr<std::shared_ptr<const Snapshot>> SourceOf(const ServiceDeps& deps,
                                                         const v1::VocabularySelection& selection) {
  if (!selection.snapshot().empty() && !selection.dataset().empty()) {
    return FieldError("selection.dataset", "goes without a snapshot: name one of the two");
  }
  if (!selection.snapshot().empty()) return OpenSnapshot(deps, "selection.snapshot", selection.snapshot());
  if (selection.dataset().empty()) {
    return FieldError("selection.snapshot", "is required: name a snapshot or a dataset");
  }
  MILLRACE_RETURN_IF_ERROR(CheckName("selection.dataset", selection.dataset()));
  MILLRACE_ASSIGN_OR_RETURN(const std::string digest, NewestSnapshotOf(deps, selection.dataset()));
  return deps.snapshots->Get(digest);
}

absl::StatusOr<TagSelection> TagSelectionOf(const v1::VocabularySelection& message) {
  if (message.top() < 0) return FieldError("selection.top", "must not be negative; 0 means all");
  if (message.min_post_count() < 0) return FieldError("selection.min_post_count", "must not be negative");
  TagSelection selection;
  selection.top = message.top();
  selection.min_post_count = message.min_post_count();
  for (int i = 0; i < message.categories_size(); ++i) {
    MILLRACE_RETURN_IF_ERROR(
        CheckEnum(absl::StrCat("selection.categories[", i, "]"), message.categories(i), v1::TagCategory_IsValid));
    selection.categories.push_back(static_cast<TagCategory>(message.categories(i)));
  }
  MILLRACE_ASSIGN_OR_RETURN(selection.tags, TagReadingOf("selection.tags", message.tags()));
  selection.include.assign(message.include().begin(), message.include().end());
  selection.exclude.assign(message.exclude().begin(), message.exclude().end());
  return selection;
}

}  // namespace

absl::StatusOr<MadeVocabulary> MakeVocabulary(const ServiceDeps& deps, const v1::CreateVocabularyRequest& request,
                                              const std::function<bool()>& cancelled) {
  if (request.has_csv()) {
    MILLRACE_ASSIGN_OR_RETURN(Vocabulary vocabulary, ParseVocabularyCsv(request.csv()));
    return MadeVocabulary{std::move(vocabulary), ""};
  }
  if (!request.has_selection()) return FieldError("origin", "is required: give a selection or a CSV file");
  MILLRACE_ASSIGN_OR_RETURN(const TagSelection selection, TagSelectionOf(request.selection()));
  MILLRACE_ASSIGN_OR_RETURN(const std::shared_ptr<const Snapshot> snapshot, SourceOf(deps, request.selection()));
  MILLRACE_ASSIGN_OR_RETURN(Vocabulary vocabulary, SelectTags(*snapshot, selection, cancelled));
  return MadeVocabulary{std::move(vocabulary), snapshot->digest()};
}

}  // namespace millrace
