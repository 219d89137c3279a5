#include "core/refresh/refresher.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/refresh/board.h"
#include "core/refresh/change_walk.h"
#include "core/refresh/relation_refresh.h"
#include "core/refresh/tag_lookup.h"

namespace millrace {
namespace {

PageWrite MakePageWrite(const SourceRecord& source, int64_t run_id, int64_t after_id, FetchedPage page) {
  PageWrite write;
  write.source_id = source.id;
  write.run_id = run_id;
  write.format = static_cast<int32_t>(PageFormatOf(source.settings.kind));
  write.failed_post_count = static_cast<int64_t>(page.rejected_ids.size()) + page.rejected_without_id_count;
  write.byte_count = page.byte_count;
  write.after_id = after_id;
  write.until_id = page.max_id;
  // A record that does not tell its id may be any post of the page.
  write.mark_missing = source.settings.mark_missing && page.rejected_without_id_count == 0;
  write.rejected_ids = std::move(page.rejected_ids);
  write.posts = std::move(page.posts);
  return write;
}

}  // namespace

bool Refresher::IsStopped() const { return options_.stopped && !options_.stopped().ok(); }

void Refresher::Report(PageReport report) {
  total_.Add(report.page);
  report.total = total_;
  report.position = position_;
  if (options_.on_page) options_.on_page(report);
}

absl::StatusOr<RunRecord> Refresher::Run(const SourceRecord& known, const RefreshOptions& options) {
  options_ = options;
  fetcher_.set_on_wait(options_.on_wait);
  total_ = {};
  has_changed_tags_ = false;
  MILLRACE_ASSIGN_OR_RETURN(const BegunRun begun, store_.BeginRun(known, options.trigger));
  const SourceRecord& source = begun.source;
  const RunRecord& run = begun.run;
  position_ = source.position;
  pages_left_ = options_.max_page_count == 0 ? INT64_MAX : options_.max_page_count;
  absl::Status status = RunAll(source, run.id);
  if (ReasonOf(status) == Reason::kCancelled && IsStopped()) status = options_.stopped();
  return store_.EndRun(run.id, status);
}

absl::Status Refresher::RunAll(const SourceRecord& source, int64_t run_id) {
  const auto write = [this](const PageWrite& page) -> absl::StatusOr<RefreshCounts> {
    MILLRACE_ASSIGN_OR_RETURN(const RefreshCounts counts, WritePage(page));
    Report({.page = counts, .by_change = true});
    return counts;
  };
  ChangeWalk changes(&store_, &fetcher_, source, run_id, write, [this] { return IsStopped(); });
  const bool follows = source.settings.follow_changes;
  // A list of changes that cannot be read keeps nobody from new posts, tags and relations: the run fails with it last.
  absl::Status followed;
  if (follows) {
    followed = FollowChanges(source, run_id, [&] { return changes.Begin(); });
    if (!followed.ok() && IsFatal(followed)) return followed;
  }
  MILLRACE_RETURN_IF_ERROR(RetryFailedPages(source, run_id));
  MILLRACE_ASSIGN_OR_RETURN(const bool is_at_end, RunPages(source, run_id));
  // Not behind a failed beginning: what changes until the next would be passed over.
  if (follows && is_at_end && followed.ok()) {
    followed = FollowChanges(source, run_id, [&] { return changes.Run(pages_left_); });
    if (!followed.ok() && IsFatal(followed)) return followed;
  }
  MILLRACE_RETURN_IF_ERROR(LookUpTags(source, run_id));
  MILLRACE_RETURN_IF_ERROR(RefreshRelations(source, run_id));
  return followed;
}

absl::Status Refresher::FollowChanges(const SourceRecord& source, int64_t run_id,
                                      const std::function<absl::Status()>& step) {
  const absl::Status status = step();
  if (status.ok() || IsFatal(status)) return status;
  const int64_t retry_at_us = absl::ToUnixMicros(deps_.clock->Now() + kRetryInterval);
  MILLRACE_RETURN_IF_ERROR(store_.NoteChangesFailed(source.id, run_id, retry_at_us));
  Report({.page = {.failed_page_count = 1}, .by_change = true, .error = status});
  return status;
}

template <typename Result>
absl::StatusOr<Result> Refresher::WaitingForImports(const std::function<absl::StatusOr<Result>()>& write) {
  while (true) {
    absl::StatusOr<Result> result = write();
    if (result.ok() || ReasonOf(result.status()) != Reason::kImportRunning) return result;
    // What is to be written is here already: waiting costs the board nothing, fetching it again would.
    if (!deps_.clock->Sleep(kImportPollInterval, [this] { return IsStopped(); })) {
      return MakeError(Reason::kCancelled, "the refresh was stopped while it waited for an import");
    }
  }
}

absl::StatusOr<RefreshCounts> Refresher::WritePage(const PageWrite& page) {
  return WaitingForImports<RefreshCounts>([&] { return store_.WritePage(page); });
}

absl::Status Refresher::LookUpTags(const SourceRecord& source, int64_t run_id) {
  TagLookups lookups(&store_, &fetcher_, [this](const TagLookup& lookup) {
    return WaitingForImports<int64_t>([&] { return store_.WriteTagLookup(lookup); });
  });
  const absl::Status status = lookups.Run(source, run_id, total_.page_count, [this] { return IsStopped(); });
  has_changed_tags_ |= lookups.changed_count() > 0;
  return status;
}

absl::Status Refresher::RefreshRelations(const SourceRecord& source, int64_t run_id) {
  if (!source.settings.with_relations) return absl::OkStatus();
  const absl::Time fetched_at = absl::FromUnixMicros(source.relations_fetched_at_us);
  const bool is_due =
      options_.trigger == RunTrigger::kAsked || fetched_at + RelationRefresh::kInterval <= deps_.clock->Now();
  // Without a post there is no dataset yet.
  const absl::Status dataset = catalog_.GetDataset(source.settings.dataset).status();
  if (!is_due || ReasonOf(dataset) == Reason::kDatasetNotFound) return absl::OkStatus();
  MILLRACE_RETURN_IF_ERROR(dataset);
  const absl::StatusOr<bool> is_changed = TakeRelations(source, run_id);
  // Whoever stopped it is not the board's fault: the next refresh takes them.
  if (ReasonOf(is_changed.status()) == Reason::kCancelled) return is_changed.status();
  has_changed_tags_ |= is_changed.ok() && *is_changed;
  // Lists that fail are whole walks of the board, so these wait, too.
  const absl::Duration ago = is_changed.ok() ? absl::ZeroDuration() : RelationRefresh::kInterval - kRetryInterval;
  const absl::Status noted = store_.NoteRelationsFetched(source.id, absl::ToInt64Microseconds(ago));
  return is_changed.ok() ? noted : is_changed.status();
}

absl::StatusOr<bool> Refresher::TakeRelations(const SourceRecord& source, int64_t run_id) {
  RelationRefresh relations(&catalog_, &fetcher_);
  MILLRACE_ASSIGN_OR_RETURN(const std::vector<TagRelation> told,
                            relations.Fetch(source.settings, [this] { return IsStopped(); }));
  return WaitingForImports<bool>([&] { return relations.Write(source, run_id, told); });
}

absl::Status Refresher::Skip(const SourceRecord& source, int64_t run_id, int64_t after_id, int64_t until_id,
                             const absl::Status& error, std::optional<int64_t> cursor) {
  const absl::Time now = deps_.clock->Now();
  FailedPage page;
  page.after_id = after_id;
  page.until_id = until_id;
  page.failed_at_us = absl::ToUnixMicros(now);
  page.retry_at_us = absl::ToUnixMicros(now + kRetryInterval);
  page.error_reason = std::string(ReasonName(ReasonOf(error)));
  page.error_message = std::string(error.message());
  MILLRACE_RETURN_IF_ERROR(store_.SkipPage(source.id, run_id, page, cursor));
  Report({.page = {.failed_page_count = 1}, .after_id = after_id, .is_retry = !cursor.has_value(), .error = error});
  return absl::OkStatus();
}

absl::Status Refresher::RetryFailedPages(const SourceRecord& source, int64_t run_id) {
  MILLRACE_ASSIGN_OR_RETURN(
      const std::vector<FailedPage> pages,
      store_.ListFailedPages(source.id, absl::ToUnixMicros(deps_.clock->Now()), kRetriesPerRunMax));
  int failed_in_row = 0;
  for (const FailedPage& failed : pages) {
    // Those behind the cursor come by themselves.
    if (failed.after_id >= source.cursor || failed_in_row == kSkippedInRowMax) continue;
    absl::StatusOr<FetchedPage> page = fetcher_.Fetch(
        source.settings, failed.after_id, failed.until_id - failed.after_id, [this] { return IsStopped(); });
    if (!page.ok()) {
      if (IsFatal(page.status())) return page.status();
      ++failed_in_row;
      MILLRACE_RETURN_IF_ERROR(Skip(source, run_id, failed.after_id, failed.until_id, page.status(), std::nullopt));
      continue;
    }
    failed_in_row = 0;
    // What is above was on the next page, and may be of a later time there.
    page->CutAt(failed.until_id);
    PageWrite write = MakePageWrite(source, run_id, failed.after_id, *std::move(page));
    write.is_retry = true;
    MILLRACE_ASSIGN_OR_RETURN(const RefreshCounts counts, WritePage(write));
    Report({.page = counts, .after_id = failed.after_id, .is_retry = true});
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> Refresher::RunPages(const SourceRecord& source, int64_t run_id) {
  // Pages right before this one that refreshes before skipped, as it is now: a retry of one may have worked.
  MILLRACE_ASSIGN_OR_RETURN(const SourceRecord current, store_.Get(source.settings.name));
  int64_t skipped_in_row = current.skipped_in_row_count;
  int64_t cursor = source.cursor;
  for (; pages_left_ > 0; --pages_left_) {
    if (IsStopped()) return MakeError(Reason::kCancelled, "the refresh was stopped between two pages");
    absl::StatusOr<FetchedPage> page =
        fetcher_.Fetch(source.settings, cursor, source.settings.page_size, [this] { return IsStopped(); });
    if (!page.ok()) {
      if (IsFatal(page.status())) return page.status();
      const int64_t until_id = cursor + source.settings.page_size;
      // At least: it begins with those of refreshes before, which were stopped or killed among them.
      const bool is_down = ++skipped_in_row >= kSkippedInRowMax;
      MILLRACE_RETURN_IF_ERROR(Skip(source, run_id, cursor, until_id, page.status(), is_down ? position_ : until_id));
      if (is_down) return page.status();
      cursor = until_id;
      continue;
    }
    if (page->max_id == 0) {
      // The board's end. New posts may come with ids that were skipped.
      const bool is_anything_skipped = cursor != position_ || source.failed_page_count > 0;
      if (is_anything_skipped) MILLRACE_RETURN_IF_ERROR(store_.EndBoard(source.id));
      return true;
    }
    skipped_in_row = 0;
    const PageWrite write = MakePageWrite(source, run_id, cursor, *std::move(page));
    MILLRACE_ASSIGN_OR_RETURN(const RefreshCounts counts, WritePage(write));
    const int64_t after_id = std::exchange(cursor, write.until_id);
    position_ = cursor;
    Report({.page = counts, .after_id = after_id});
  }
  return false;
}

}  // namespace millrace
