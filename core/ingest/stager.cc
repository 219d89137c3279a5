#include "core/ingest/stager.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/ingest/aliased_tags.h"

namespace millrace {

Stager::Stager(ImportSession* session, int64_t max_rejected_count, std::function<bool()> cancelled)
    : session_(session), max_rejected_count_(max_rejected_count), cancelled_(std::move(cancelled)) {}

void Stager::BeginFile(std::string_view name) { file_names_.emplace_back(name); }

PipelineProgress Stager::counts() const {
  MutexLock lock(mutex_);
  return counts_;
}

std::vector<RejectedRecord> Stager::TakeReports() {
  MutexLock lock(mutex_);
  return std::exchange(reports_, {});
}

absl::Status Stager::OnPost(const Post& post, absl::Span<const ImportedTag> tags, int64_t line,
                            int64_t duplicate_tag_count) {
  MILLRACE_ASSIGN_OR_RETURN(const Staged staged, session_->Stage(post, tags, PlaceOf(line)));
  if (staged.kind == Staged::Kind::kDuplicate) return RejectDuplicate(post, line, staged.first_place);
  MutexLock lock(mutex_);
  ++counts_.post_count;
  counts_.duplicate_tag_count += duplicate_tag_count + staged.duplicate_tag_count;
  return absl::OkStatus();
}

absl::Status Stager::OnTag(const TagFact& tag, int64_t) { return CountFact(session_->StageTag(tag)); }
absl::Status Stager::OnTagRelation(const TagRelation& relation, int64_t line) {
  return CountFact(session_->StageTagRelation(relation, PlaceOf(line)));
}
absl::Status Stager::OnPool(const PoolFact& pool, int64_t) { return CountFact(session_->StagePool(pool)); }
absl::Status Stager::OnArtist(const ArtistFact& artist, int64_t) { return CountFact(session_->StageArtist(artist)); }

absl::Status Stager::CountFact(absl::Status staged) {
  MutexLock lock(mutex_);
  if (staged.ok()) ++counts_.fact_count;
  return staged;
}

absl::Status Stager::CheckRelations() {
  return session_->CheckRelations([this](const RefusedRelation& refused) {
    RejectedRecord rejected;
    rejected.file = file_names_[static_cast<size_t>(refused.place.file_index)];
    rejected.line = refused.place.line;
    rejected.field = refused.field;
    rejected.reason = refused.reason;
    return Reject(std::move(rejected));
  });
}

absl::Status Stager::ApplyAliases() {
  MILLRACE_ASSIGN_OR_RETURN(const AppliedAliases applied,
                            session_->ApplyAliases({AddAliasedTags, [this] { return CheckCancelled(); }}));
  MutexLock lock(mutex_);
  counts_.duplicate_tag_count += applied.duplicate_tag_count;
  return absl::OkStatus();
}

absl::Status Stager::OnRejected(RejectedRecord rejected) {
  rejected.file = file_names_.back();
  return Reject(std::move(rejected));
}

absl::Status Stager::CheckCancelled() {
  if (!cancelled_ || !cancelled_()) return absl::OkStatus();
  return MakeError(Reason::kCancelled, "the import was cancelled; nothing was changed");
}

SourcePlace Stager::PlaceOf(int64_t line) const { return {static_cast<int32_t>(file_names_.size()) - 1, line}; }

absl::Status Stager::RejectDuplicate(const Post& post, int64_t line, const SourcePlace& first) {
  RejectedRecord rejected;
  rejected.line = line;
  rejected.field = format_->id_field;
  rejected.reason = absl::StrCat("is ", post.id, ", which another record of this import has: ",
                                 file_names_[static_cast<size_t>(first.file_index)], ", ", Place(first.line));
  rejected.post_id = post.id;
  return OnRejected(std::move(rejected));
}

absl::Status Stager::Reject(RejectedRecord rejected) {
  MutexLock lock(mutex_);
  ++counts_.rejected_count;
  const bool is_too_many = max_rejected_count_ >= 0 && counts_.rejected_count > max_rejected_count_;
  const absl::Status status = is_too_many ? TooManyRejectedError(rejected) : absl::OkStatus();
  reports_.push_back(std::move(rejected));
  return status;
}

std::string Stager::Place(int64_t number) const { return absl::StrCat(std::string(format_->place), " ", number); }

absl::Status Stager::TooManyRejectedError(const RejectedRecord& rejected) const {
  const std::string subject = rejected.field.empty() ? "the record" : rejected.field;
  std::string message =
      absl::StrCat(rejected.file, ", ", Place(rejected.line), ": ", subject, " ", rejected.reason, ". ");
  if (max_rejected_count_ == 0) {
    absl::StrAppend(&message, "Mend it, or allow for rejected records (max_rejected_count).");
  } else {
    absl::StrAppend(&message, "More than the ", max_rejected_count_,
                    " rejected records that max_rejected_count allows.");
  }
  // The first record may be of another format than the file was taken for, and be refused for that alone.
  if (is_guessed_) {
    absl::StrAppend(&message, " The files were read as ", std::string(format_->name),
                    ", recognised from the bytes; name the format if they are another.");
  }
  ErrorMetadata metadata{{"file", rejected.file},
                         {"line", absl::StrCat(rejected.line)},
                         {"field", rejected.field},
                         {"reason", rejected.reason}};
  return MakeError(Reason::kRecordRejected, message, metadata);
}

}  // namespace millrace
