#include "core/catalog/page_writer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/catalog/import_begin.h"
#include "core/catalog/import_rows.h"
#include "core/catalog/refresh_rows.h"
#include "core/catalog/source_rows.h"

namespace millrace {
namespace {

absl::Status MarkSwept(Database& database, int64_t import_id) {
  MILLRACE_ASSIGN_OR_RETURN(Statement update, database.PrepareCached("UPDATE imports SET is_swept = 1 WHERE id = ?1"));
  update.Bind(1, import_id);
  return update.Run();
}

}  // namespace

absl::Status PageWriter::OpenDataset(const SourceRecord& source) {
  MILLRACE_ASSIGN_OR_RETURN(const DatasetRow dataset, FindOrAddDataset(database_, source.settings.dataset));
  dataset_id_ = dataset.id;
  min_post_id_ = dataset.min_post_id;
  max_post_id_ = dataset.max_post_id;
  MILLRACE_ASSIGN_OR_RETURN(PageTags tags, PageTags::Create(&database_, &recent_tags_, dataset_id_));
  tags_.emplace(std::move(tags));
  MILLRACE_RETURN_IF_ERROR(CheckNoImportRuns(live_imports_, dataset));
  if (dataset.committed_import_id.has_value()) {
    generation_ = *dataset.committed_import_id;
    return absl::OkStatus();
  }
  // The page's generation is above that of any import before it, so it would show what a failed one left. (Into a
  // dataset that has something committed, pages are written below such leftovers.)
  MILLRACE_ASSIGN_OR_RETURN(const bool has_unswept, HasUnswept(database_, dataset_id_));
  if (has_unswept) {
    unswept_dataset_id_ = dataset_id_;
    return MakeError(Reason::kImportRunning,
                     absl::StrCat("what a failed import left in the dataset ", source.settings.dataset,
                                  " is being removed; the refresh goes on when that is done"));
  }
  // A dataset that nothing was committed to is not to be seen: the page is recorded as its first import.
  is_first_ = true;
  ImportSpec spec;
  spec.dataset = source.settings.dataset;
  spec.request_id = absl::StrCat("refresh-", source.settings.name, "-", page_.run_id);
  spec.format = page_.format;
  MILLRACE_ASSIGN_OR_RETURN(generation_, AddRunningImport(database_, dataset_id_, spec, now_us_));
  return absl::OkStatus();
}

absl::Status PageWriter::CommitFirst() {
  ImportOutcome outcome;
  outcome.committed_at_us = now_us_;
  outcome.new_post_count = counts_.new_post_count;
  outcome.byte_count = page_.byte_count;
  MILLRACE_RETURN_IF_ERROR(MarkCommitted(database_, generation_, outcome));
  return MarkSwept(database_, generation_);
}

void PageWriter::Count(const Post& post, int64_t sign) {
  change_.post_count += sign;
  change_.tag_use_count += sign * static_cast<int64_t>(post.tag_ids.size());
  change_.rating_post_counts[static_cast<size_t>(post.rating)] += sign;
  change_.file_type_post_counts[post.file_ext] += sign;
}

absl::Status PageWriter::Replace(const Post& post, int64_t line, const Post* before) {
  std::optional<int64_t> row;
  if (before != nullptr) {
    MILLRACE_ASSIGN_OR_RETURN(const std::optional<ExistingPost> existing,
                              ReadExistingPost(database_, {dataset_id_, generation_}, post.id));
    if (!existing.has_value()) return MakeError(Reason::kInternal, "a post is and is not in the catalog");
    row = existing->row;
    Count(*before, -1);
    if (before->md5.has_value() && before->md5 != post.md5) stale_md5s_.push_back({*before->md5, post.id});
  }
  Count(post, 1);
  change_.min_post_id = std::min(post.id, change_.min_post_id.value_or(post.id));
  change_.max_post_id = std::max(post.id, change_.max_post_id.value_or(post.id));
  batch_.Add(post, post.tag_ids, {0, line}, row);
  return batch_.is_full() ? Flush() : absl::OkStatus();
}

absl::StatusOr<std::optional<Post>> PageWriter::ReadBefore(int64_t post_id) {
  // A page of new posts lies behind all that the dataset has.
  const bool may_be_there = min_post_id_.has_value() && *min_post_id_ <= post_id && post_id <= *max_post_id_;
  if (!may_be_there) return std::nullopt;
  return ReadPost(database_, {dataset_id_, generation_}, post_id, PostPools::kAsStored);
}

absl::Status PageWriter::Put(const PagePost& page_post) {
  if (!seen_ids_.insert(page_post.post.id).second) return absl::OkStatus();
  Post post = page_post.post;
  const std::vector<ImportedTag> tags = tags_->Resolve(page_post.tags);
  post.tag_ids.clear();
  for (const ImportedTag& tag : tags) post.tag_ids.push_back(tag.id);
  MILLRACE_ASSIGN_OR_RETURN(const std::optional<Post> before, ReadBefore(post.id));
  // Also of a post that is the same: a tag may have got another category.
  tag_changes_.AddUses(tags);
  if (before.has_value()) tag_changes_.RemoveUses(before->tag_ids);
  if (before == post) {
    ++counts_.unchanged_post_count;
    return absl::OkStatus();
  }
  ++(before.has_value() ? counts_.updated_post_count : counts_.new_post_count);
  return Replace(post, page_post.line, before.has_value() ? &*before : nullptr);
}

absl::Status PageWriter::MarkMissing() {
  std::vector<Post> missing;
  seen_ids_.insert(page_.rejected_ids.begin(), page_.rejected_ids.end());
  MILLRACE_RETURN_IF_ERROR(VisitPosts(
      database_, {dataset_id_, generation_}, page_.after_id,
      [&](const Post& post) -> absl::StatusOr<bool> {
        if (post.id > page_.until_id) return false;
        const bool is_known_deleted = post.flags.Get(PostFlag::kDeleted) == true;
        if (!seen_ids_.contains(post.id) && !is_known_deleted) missing.push_back(post);
        return true;
      },
      PostPools::kAsStored));
  for (const Post& before : missing) {
    Post after = before;
    after.flags.Set(PostFlag::kDeleted, true);
    MILLRACE_RETURN_IF_ERROR(Replace(after, 0, &before));
    ++counts_.missing_post_count;
    ++counts_.updated_post_count;
  }
  return absl::OkStatus();
}

absl::Status PageWriter::Flush() {
  if (batch_.empty()) return absl::OkStatus();
  MILLRACE_RETURN_IF_ERROR(batch_.WriteTo(database_, dataset_id_, generation_, StagingBatch::Replaced::kInPlace));
  MILLRACE_RETURN_IF_ERROR(WriteMd5s());
  batch_.Clear();
  return absl::OkStatus();
}

absl::Status PageWriter::WriteMd5s() {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement insert,
      database_.PrepareCached("INSERT OR IGNORE INTO post_md5s (dataset_id, md5, post_id) VALUES (?1, ?2, ?3)"));
  insert.Bind(1, dataset_id_);
  for (const Md5Entry& entry : batch_.md5s()) {
    insert.BindBorrowed(2, absl::MakeConstSpan(entry.md5));
    insert.Bind(3, entry.post_id);
    MILLRACE_RETURN_IF_ERROR(insert.Run());
  }
  // The posts are written: what is stale now is.
  for (const Md5Entry& entry : stale_md5s_) {
    MILLRACE_RETURN_IF_ERROR(RemoveStaleMd5(database_, {dataset_id_, generation_}, entry));
  }
  stale_md5s_.clear();
  return absl::OkStatus();
}

absl::Status PageWriter::CommitPosts() {
  MILLRACE_RETURN_IF_ERROR(Flush());
  if (is_first_) MILLRACE_RETURN_IF_ERROR(CommitFirst());
  MILLRACE_RETURN_IF_ERROR(tag_changes_.Apply(database_, dataset_id_, &recent_tags_, &change_).status());
  return CommitDataset(database_, dataset_id_, generation_, now_us_, change_);
}

absl::StatusOr<RefreshCounts> PageWriter::Write() {
  MILLRACE_ASSIGN_OR_RETURN(const SourceRecord source, ReadSourceById(database_, page_.source_id));
  counts_.page_count = 1;
  counts_.failed_post_count = page_.failed_post_count;
  counts_.byte_count = page_.byte_count;
  int64_t last_id = source.position;
  if (!page_.posts.empty()) {
    MILLRACE_RETURN_IF_ERROR(OpenDataset(source));
    MILLRACE_RETURN_IF_ERROR(tags_->FindAll(page_.posts));
    for (const PagePost& post : page_.posts) {
      MILLRACE_RETURN_IF_ERROR(Put(post));
      last_id = std::max(last_id, post.post.id);
    }
    if (page_.mark_missing) MILLRACE_RETURN_IF_ERROR(MarkMissing());
    MILLRACE_RETURN_IF_ERROR(CommitPosts());
  }
  if (page_.changes.has_value()) {
    last_id = source.position;
    MILLRACE_RETURN_IF_ERROR(MoveChangesOfSource(database_, source.id, *page_.changes));
  } else {
    MILLRACE_RETURN_IF_ERROR(RemoveFailedPages(database_, source.id, page_.after_id, page_.until_id));
    last_id = page_.is_retry ? source.position : std::max(last_id, page_.until_id);
    if (!page_.is_retry) MILLRACE_RETURN_IF_ERROR(MoveSource(database_, source.id, last_id, last_id));
  }
  MILLRACE_RETURN_IF_ERROR(AddRunCounts(database_, page_.run_id, counts_, last_id));
  return counts_;
}

}  // namespace millrace
