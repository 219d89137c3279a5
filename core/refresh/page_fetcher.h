// From a board to the posts of one page: asked for politely, again when that fails, parsed by the import's readers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/catalog/source.h"
#include "core/fetch/backoff.h"
#include "core/fetch/clock.h"
#include "core/fetch/host_pacer.h"
#include "core/fetch/http_fetcher.h"
#include "core/ingest/reader.h"
#include "core/refresh/board.h"

namespace millrace {

class PageSink;

// Makes the reader of a kind's pages.
using MakePageReader = std::function<std::unique_ptr<DumpReader>(BoardKind kind, RecordSink* sink)>;

struct FetchedPage {
  std::vector<PagePost> posts;  // ascending by id, all above what was asked for
  // Of records that are no posts, up to max_id: those behind it are shown again by the next page.
  std::vector<int64_t> rejected_ids;
  int64_t rejected_without_id_count = 0;
  // Of posts only: what is no post is not believed where the board's next page begins. 0: the page is empty.
  int64_t max_id = 0;
  int64_t byte_count = 0;

  // Drops what lies above.
  void CutAt(int64_t until_id);
};

// Posts in the order of their changes, as the board shows them.
struct ChangesPage {
  std::vector<PagePost> posts;
  std::vector<int64_t> changes;   // of the posts
  int64_t failed_post_count = 0;  // records that are no posts
  int64_t byte_count = 0;

  int64_t shown_count() const { return static_cast<int64_t>(posts.size()) + failed_post_count; }
};

struct PageFetcherDeps {
  HttpFetcher* fetcher = nullptr;
  HostPacer* pacer = nullptr;
  Clock* clock = nullptr;
  MakePageReader make_reader;
  BackoffOptions backoff;
  uint64_t seed = 0;  // of the waits' jitter
};

// What no further attempt would mend: the refresh ends with it. All else is about the page.
bool IsFatal(const absl::Status& error);

// Takes the body of an answer, or says why it cannot be what was asked for.
using TakeBody = std::function<absl::Status(const std::string& body)>;

// Hears of each pause before a request is made again: what failed, and how long it waits.
using OnWait = std::function<void(const absl::Status& error, absl::Duration wait)>;

// Not thread-safe; the deps are borrowed.
class PageFetcher {
 public:
  static constexpr int kAttemptCount = 3;
  static constexpr absl::Duration kRetryAfterMax = absl::Hours(1);

  explicit PageFetcher(const PageFetcherDeps& deps) : deps_(deps), next_seed_(deps.seed) {}
  // May be empty.
  void set_on_wait(OnWait on_wait) { on_wait_ = std::move(on_wait); }

  // The `limit` posts behind `after_id`. Waits for the host's turn, and between attempts by back-off or for as long as
  // the board asks (Retry-After, at most kRetryAfterMax). After kAttemptCount failures the last one's error:
  // kFetchFailed, kFileInvalid (not the format, not the page asked for, more posts than it can have). Fatal ones at
  // once: kCancelled, kFetchRefused (also what the board answers with 401 or 403).
  absl::StatusOr<FetchedPage> Fetch(const SourceSettings& settings, int64_t after_id, int64_t limit,
                                    const std::function<bool()>& cancelled);
  // The same for a page of changes (board_changes.h) with `limit` posts, called `name` in messages. kFileInvalid also
  // when a post does not tell its change, or the page is plainly not in the order of changes; that some are out of
  // place is not: an index that the board orders by may be older than what it shows.
  absl::StatusOr<ChangesPage> FetchChanges(const SourceSettings& settings, const PageRequest& request,
                                           const std::string& name, int64_t limit,
                                           const std::function<bool()>& cancelled);
  // The same for any request: its answer goes to `take`, an error of which counts as one of the board.
  absl::Status Get(const PageRequest& request, const TakeBody& take, const std::function<bool()>& cancelled);

 private:
  // Sets `wait` when the board says how long.
  absl::Status TryGet(const PageRequest& request, const TakeBody& take, const std::function<bool()>& cancelled,
                      absl::Duration* wait);
  // Fills the sink with what the page holds.
  absl::Status ReadPage(BoardKind kind, const std::string& name, const std::string& body, PageSink* sink);
  absl::StatusOr<ChangesPage> ParseChanges(const SourceSettings& settings, const std::string& name, int64_t limit,
                                           const std::string& body, const std::function<bool()>& cancelled);
  absl::StatusOr<FetchedPage> Parse(const SourceSettings& settings, int64_t after_id, int64_t limit,
                                    const std::string& body, const std::function<bool()>& cancelled);

  const PageFetcherDeps deps_;
  uint64_t next_seed_;
  OnWait on_wait_;
};

}  // namespace millrace
