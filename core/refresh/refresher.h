// A refresh of one source: page after page from its position to the board's end.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
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
  absl::Status error = {};  // not OK: it was skipped
};

struct RefreshOptions {
  RunTrigger trigger = RunTrigger::kAsked;
  int64_t max_page_count = 0;  // 0: up to the board's end
  // Asked now and then: an error stops the refresh, which then ends with it. May be empty.
  std::function<absl::Status()> stopped;
  std::function<void(const PageReport&)> on_page;  // may be empty
};

// The pages of a refresh, one behind the other. A page that fails kAttemptCount times is recorded and skipped: the next
// one begins behind as many ids as the page could have held posts. It is tried again by a refresh kRetryInterval later.
// After kSkippedInRowMax such pages in a row the board is taken to be down: the refresh fails, and the next one begins
// before them. The same holds for pages that were skipped at the board's end. Not thread-safe; everything is borrowed.
class Refresher {
 public:
  static constexpr int kSkippedInRowMax = 3;
  static constexpr absl::Duration kRetryInterval = absl::Hours(1);
  static constexpr int64_t kRetriesPerRunMax = 16;
  static constexpr absl::Duration kImportPollInterval = absl::Seconds(2);

  Refresher(SourceStore* store, const PageFetcherDeps& deps) : store_(*store), deps_(deps), fetcher_(deps) {}

  // Returns the run as it is recorded, also one that was stopped or failed. An error only when it cannot be recorded:
  // kSourceNotFound, kDiskFull, ... The caller sees to it that a source is refreshed by one at a time.
  absl::StatusOr<RunRecord> Run(const SourceRecord& source, const RefreshOptions& options);

 private:
  absl::Status RunPages(const SourceRecord& source, int64_t run_id);
  absl::Status RetryFailedPages(const SourceRecord& source, int64_t run_id);
  // Waits while an import into the dataset runs.
  absl::StatusOr<RefreshCounts> WritePage(const PageWrite& page);
  absl::Status Skip(const SourceRecord& source, int64_t run_id, int64_t after_id, int64_t until_id,
                    const absl::Status& error, bool is_retry);
  void Report(PageReport report);
  bool IsStopped() const;

  SourceStore& store_;
  const PageFetcherDeps deps_;
  PageFetcher fetcher_;
  RefreshOptions options_;
  RefreshCounts total_;
  int64_t position_ = 0;
};

}  // namespace millrace
