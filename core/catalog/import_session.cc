#include "core/catalog/import_session.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/catalog/commit_facts.h"
#include "core/catalog/import_rows.h"
#include "core/catalog/import_session_impl.h"
#include "core/catalog/relation_rows.h"
#include "core/catalog/source_notes.h"
#include "core/catalog/sweep.h"
#include "core/catalog/tag_facts_rows.h"
#include "core/catalog/tag_rows.h"

namespace millrace {
namespace {

bool IsWithin(int64_t value, const std::optional<int64_t>& min, const std::optional<int64_t>& max) {
  return min.has_value() && max.has_value() && *min <= value && value <= *max;
}

}  // namespace

absl::Status SessionOverError() { return MakeError(Reason::kInternal, "the import session is over"); }

absl::Status RefusedRelationError(const RefusedRelation& relation) {
  return MakeError(Reason::kRecordRejected,
                   absl::StrCat("line ", relation.place.line, ": ", relation.field, " ", relation.reason));
}

ImportSession::Impl::Impl(Connections& connections, LiveImports& live_imports, const BegunRecord& begun,
                          std::function<int64_t()> now_us, std::unique_ptr<Database> reader, Md5Collector md5s)
    : connections_(connections),
      live_imports_(live_imports),
      dataset_(begun.dataset),
      import_id_(begun.import_id),
      import_id_text_(ImportIdText(begun.import_id)),
      now_us_(std::move(now_us)),
      reader_(std::move(reader)),
      batch_writer_(&connections, dataset_.id, import_id_),
      md5s_(std::move(md5s)),
      tag_resolver_(reader_.get(), &facts_, dataset_.id, !dataset_.committed_import_id.has_value()) {}

absl::StatusOr<std::unique_ptr<ImportSession::Impl>> ImportSession::Impl::Create(Connections& connections,
                                                                                 LiveImports& live_imports,
                                                                                 const BegunRecord& begun,
                                                                                 std::function<int64_t()> now_us) {
  MILLRACE_ASSIGN_OR_RETURN(std::unique_ptr<Database> reader, connections.OpenReader());
  MILLRACE_ASSIGN_OR_RETURN(Md5Collector md5s, Md5Collector::Create(*reader));
  return std::unique_ptr<Impl>(
      new Impl(connections, live_imports, begun, std::move(now_us), std::move(reader), std::move(md5s)));
}

ImportSession::Impl::~Impl() {
  Abort(MakeError(Reason::kCancelled, "the import was given up before its end; nothing was changed"));
}

absl::StatusOr<std::optional<ExistingPost>> ImportSession::Impl::FindWritten(int64_t post_id) {
  // A dump in the order of ids, into a dataset that ends before it, needs no look-ups at all.
  if (!IsWithin(post_id, dataset_.min_post_id, dataset_.max_post_id) &&
      !IsWithin(post_id, change_.min_post_id, change_.max_post_id)) {
    return std::nullopt;
  }
  return ReadExistingPost(*reader_, {dataset_.id, import_id_}, post_id);
}

std::optional<SourcePlace> ImportSession::Impl::FindInBatches(int64_t post_id) const {
  if (!IsWithin(post_id, change_.min_post_id, change_.max_post_id)) return std::nullopt;
  const std::optional<SourcePlace> place = batch_.FindPlace(post_id);
  return place.has_value() ? place : batch_writer_.FindPlace(post_id);
}

void ImportSession::Impl::CountPost(Rating rating, const std::string& file_ext, size_t tag_count, int64_t sign) {
  change_.post_count += sign;
  change_.tag_use_count += sign * static_cast<int64_t>(tag_count);
  change_.rating_post_counts[static_cast<size_t>(rating)] += sign;
  change_.file_type_post_counts[file_ext] += sign;
}

absl::StatusOr<Staged> ImportSession::Impl::TryStage(const Post& post, absl::Span<const ImportedTag> tags,
                                                     SourcePlace place) {
  Staged staged;
  if (const std::optional<SourcePlace> first = FindInBatches(post.id); first.has_value()) {
    return Staged{Staged::Kind::kDuplicate, *first};
  }
  MILLRACE_ASSIGN_OR_RETURN(const std::optional<ExistingPost> existing, FindWritten(post.id));
  if (existing.has_value() && existing->import_id == import_id_) {
    return Staged{Staged::Kind::kDuplicate, existing->place};
  }
  if (existing.has_value()) {
    staged.kind = Staged::Kind::kReplaced;
    ++replaced_post_count_;
    tag_changes_.RemoveUses(existing->tag_ids);
    CountPost(existing->rating, existing->file_ext, existing->tag_ids.size(), -1);
  }
  has_numbered_tags_ |= !tags.empty() && tags[0].id != 0;
  absl::Span<const int64_t> tag_ids = post.tag_ids;
  if (post.tag_ids.empty() && !tags.empty()) {
    MILLRACE_RETURN_IF_ERROR(tag_resolver_.Resolve(tags, &resolved_tags_));
    tags = resolved_tags_.tags;
    tag_ids = resolved_tags_.ids;
    staged.duplicate_tag_count = resolved_tags_.duplicate_count;
  }
  tag_changes_.AddUses(tags);
  CountPost(post.rating, post.file_ext, tag_ids.size(), 1);
  change_.min_post_id = std::min(post.id, change_.min_post_id.value_or(post.id));
  change_.max_post_id = std::max(post.id, change_.max_post_id.value_or(post.id));
  batch_.Add(post, tag_ids, place, existing.has_value() ? std::optional<int64_t>(existing->row) : std::nullopt);
  if (batch_.is_full()) MILLRACE_RETURN_IF_ERROR(Flush());
  return staged;
}

absl::StatusOr<Staged> ImportSession::Impl::Stage(const Post& post, absl::Span<const ImportedTag> tags,
                                                  SourcePlace place) {
  if (is_over_) return SessionOverError();
  absl::StatusOr<Staged> staged = TryStage(post, tags, place);
  if (!staged.ok()) Abort(staged.status());
  return staged;
}

absl::Status ImportSession::Impl::StageFact(const std::function<absl::Status()>& add) {
  if (is_over_) return SessionOverError();
  absl::Status status = add();
  if (!status.ok()) Abort(status);
  return status;
}

absl::Status ImportSession::Impl::CheckRelations(const std::function<absl::Status(const RefusedRelation&)>& refused) {
  if (is_over_) return SessionOverError();
  if (!std::exchange(has_unchecked_relations_, false)) return absl::OkStatus();
  absl::StatusOr<CheckedRelations> checked = CheckStagedRelations(*reader_, dataset_.id, &facts_);
  if (!checked.ok()) {
    Abort(checked.status());
    return checked.status();
  }
  superseded_relations_ = std::move(checked->superseded);
  for (const RefusedRelation& relation : checked->refused) MILLRACE_RETURN_IF_ERROR(refused(relation));
  return absl::OkStatus();
}

absl::Status ImportSession::Impl::Flush() {
  MILLRACE_RETURN_IF_ERROR(md5s_.Add(batch_.md5s()));
  return batch_writer_.Begin(&batch_);
}

absl::Status ImportSession::Impl::FlushAndWait() {
  if (batch_.empty()) return batch_writer_.Wait();
  MILLRACE_RETURN_IF_ERROR(md5s_.Add(batch_.md5s()));
  // There is nothing to do meanwhile; most small imports never have a second thread.
  MILLRACE_RETURN_IF_ERROR(batch_writer_.Write(batch_));
  batch_.Clear();
  return absl::OkStatus();
}

absl::StatusOr<ImportOutcome> ImportSession::Impl::TryCommit(const ImportCounts& counts) {
  MILLRACE_RETURN_IF_ERROR(CheckRelations(RefusedRelationError));
  MILLRACE_RETURN_IF_ERROR(FlushAndWait());
  MILLRACE_RETURN_IF_ERROR(md5s_.WriteTo(connections_, dataset_.id, import_id_));
  ImportOutcome outcome;
  outcome.import_id = import_id_text_;
  outcome.dataset = dataset_.name;
  outcome.format = counts.format;
  outcome.new_post_count = change_.post_count;
  outcome.replaced_post_count = replaced_post_count_;
  outcome.rejected_count = counts.rejected_count;
  outcome.duplicate_tag_count = counts.duplicate_tag_count;
  outcome.aliased_post_count = aliased_post_count_;
  outcome.byte_count = counts.byte_count;
  outcome.committed_at_us = now_us_();
  // The tags of a dump may be as large as its posts.
  MILLRACE_RETURN_IF_ERROR(connections_.CheckDiskHeadroom());
  MILLRACE_RETURN_IF_ERROR(connections_.Write([&](Database& database) -> absl::Status {
    const std::vector<const TagFact*> tag_facts = facts_.SortedTags();
    MILLRACE_ASSIGN_OR_RETURN(outcome.facts,
                              WriteFacts(database, dataset_.id, facts_, tag_facts, superseded_relations_));
    // The list before the posts: what these tell stands, as when they are imported again.
    MILLRACE_ASSIGN_OR_RETURN(outcome.changed_tag_count,
                              ApplyTagFacts(database, dataset_.id, tag_facts, connections_.recent_tags(), &change_));
    MILLRACE_ASSIGN_OR_RETURN(const int64_t changed_count,
                              tag_changes_.Apply(database, dataset_.id, connections_.recent_tags(), &change_));
    outcome.changed_tag_count += changed_count;
    MILLRACE_RETURN_IF_ERROR(CommitDataset(database, dataset_.id, import_id_, outcome.committed_at_us, change_));
    if (counts.refreshed_source_id != 0) {
      MILLRACE_RETURN_IF_ERROR(
          PutSourceNote(database, counts.refreshed_source_id, SourceNote::kTagsChanged, outcome.committed_at_us));
    }
    return MarkCommitted(database, import_id_, outcome);
  }));
  return outcome;
}

absl::StatusOr<ImportOutcome> ImportSession::Impl::Commit(const ImportCounts& counts) {
  if (is_over_) return SessionOverError();
  absl::StatusOr<ImportOutcome> outcome = TryCommit(counts);
  if (!outcome.ok()) {
    Abort(outcome.status());
    return outcome;
  }
  is_over_ = true;
  // The import is committed whatever becomes of this; what stays is invisible, and swept before the next one.
  SweepImport(connections_, import_id_).IgnoreError();
  live_imports_.Remove(dataset_.id);
  return outcome;
}

void ImportSession::Impl::Abort(const absl::Status& error) {
  if (std::exchange(is_over_, true)) return;
  // A row that came behind the sweep would stay.
  batch_writer_.Wait().IgnoreError();
  // On a full or failing disk neither may succeed. Then the records call the import running, but it is not live
  // any more: the next import, or the next start, sees that and tidies up.
  const absl::Status marked =
      connections_.Write([&](Database& database) { return MarkFailed(database, import_id_, error); });
  if (marked.ok()) SweepImport(connections_, import_id_).IgnoreError();
  live_imports_.Remove(dataset_.id);
}

ImportSession::ImportSession(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ImportSession::~ImportSession() = default;

const std::string& ImportSession::import_id() const { return impl_->import_id(); }

absl::StatusOr<Staged> ImportSession::Stage(const Post& post, absl::Span<const ImportedTag> tags, SourcePlace place) {
  return impl_->Stage(post, tags, place);
}

absl::Status ImportSession::StageTag(const TagFact& tag) { return impl_->StageTag(tag); }
absl::Status ImportSession::StageTagRelation(const TagRelation& relation, SourcePlace place) {
  return impl_->StageTagRelation(relation, place);
}
absl::Status ImportSession::StagePool(const PoolFact& pool) { return impl_->StagePool(pool); }
absl::Status ImportSession::StageArtist(const ArtistFact& artist) { return impl_->StageArtist(artist); }

absl::Status ImportSession::CheckRelations(const std::function<absl::Status(const RefusedRelation&)>& refused) {
  return impl_->CheckRelations(refused);
}

absl::StatusOr<AppliedAliases> ImportSession::ApplyAliases(const AliasOptions& options) {
  return impl_->ApplyAliases(options);
}

absl::StatusOr<ImportOutcome> ImportSession::Commit(const ImportCounts& counts) { return impl_->Commit(counts); }

void ImportSession::Abort(const absl::Status& error) { impl_->Abort(error); }

}  // namespace millrace
