// A refresh of one source: page after page from its position to the board's end.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/catalog/catalog.h"
#include "core/catalog/source.h"
#include "core/catalog/source_store.h"
#include "core/refresh/page_fetcher.h"

namespace millrace {

// What became of one page.
struct PageReport {
  RefreshCounts page = {};
  RefreshCounts total = {};
  int64_t after_id = 0;
  int64_t position = 0;  // of the source, behind the page
  bool is_retry = false;
  bool by_change = false;   // of changes: it says nothing of ids
  absl::Status error = {};  // not OK: it was skipped
};

struct RefreshOptions {
  RunTrigger trigger = RunTrigger::kAsked;
  int64_t max_page_count = 0;  // 0: up to the board's end
  // Asked now and then: an error stops the refresh, which then ends with it. May be empty.
  std::function<absl::Status()> stopped;
  std::function<void(const PageReport&)> on_page;  // may be empty
  OnWait on_wait;                                  // may be empty
};

// The pages of a refresh, one behind the other. A page that fails kAttemptCount times is recorded and skipped: the next
// one begins behind as many ids as the page could have held posts. It is tried again by a refresh kRetryInterval later.
// After kSkippedInRowMax such pages in a row the board is taken to be down: the refresh fails, and the next one begins
// before them. The same holds for pages that were skipped at the board's end. Behind the pages, and when the source
// asks for it, posts that were changed are fetched (change_walk.h; a page that fails fails the refresh, and the next
// one goes on with it), tags that came without a category looked up (tag_lookup.h), and relations of tags refreshed
// (relation_refresh.h). Not thread-safe; everything is borrowed.
class Refresher {
 public:
  static constexpr int kSkippedInRowMax = 3;
  static constexpr absl::Duration kRetryInterval = absl::Hours(1);
  static constexpr int64_t kRetriesPerRunMax = 16;
  static constexpr absl::Duration kImportPollInterval = absl::Seconds(2);

  Refresher(Catalog* catalog, const PageFetcherDeps& deps)
      : catalog_(*catalog), store_(catalog->sources()), deps_(deps), fetcher_(deps) {}

  // `known` names the source; the run begins with it as it is then. Returns the run as it is recorded, also one that
  // was stopped or failed. An error only when it cannot be recorded:
  // kSourceNotFound, kDiskFull, ... The caller sees to it that a source is refreshed by one at a time.
  absl::StatusOr<RunRecord> Run(const SourceRecord& known, const RefreshOptions& options);
  // Of the last run: whether something of tags or their relations was changed behind its pages. A snapshot holds these,
  // too.
  bool has_changed_tags() const { return has_changed_tags_; }

 private:
  // Whether it came to the board's end.
  absl::StatusOr<bool> RunPages(const SourceRecord& source, int64_t run_id);
  absl::Status RunAll(const SourceRecord& source, int64_t run_id);
  // Runs a step of a walk by change: what fails is noted, to be tried again like a page.
  absl::Status FollowChanges(const SourceRecord& source, int64_t run_id, const std::function<absl::Status()>& step);
  absl::Status RetryFailedPages(const SourceRecord& source, int64_t run_id);
  absl::StatusOr<RefreshCounts> WritePage(const PageWrite& page);
  absl::Status LookUpTags(const SourceRecord& source, int64_t run_id);
  absl::Status RefreshRelations(const SourceRecord& source, int64_t run_id);
  absl::StatusOr<bool> TakeRelations(const SourceRecord& source, int64_t run_id);
  // Tries again while an import into the dataset runs.
  template <typename Result>
  absl::StatusOr<Result> WaitingForImports(const std::function<absl::StatusOr<Result>()>& write);
  // `cursor`: where the next page begins; absent: it is tried again, and moves nothing.
  absl::Status Skip(const SourceRecord& source, int64_t run_id, int64_t after_id, int64_t until_id,
                    const absl::Status& error, std::optional<int64_t> cursor);
  void Report(PageReport report);
  bool IsStopped() const;

  Catalog& catalog_;
  SourceStore& store_;
  const PageFetcherDeps deps_;
  PageFetcher fetcher_;
  RefreshOptions options_;
  RefreshCounts total_;
  int64_t position_ = 0;
  int64_t pages_left_ = 0;  // of those asked for
  bool has_changed_tags_ = false;
};

}  // namespace millrace
