// Finds the posts that a board changed since it was last asked.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/catalog/source.h"
#include "core/catalog/source_store.h"
#include "core/refresh/page_fetcher.h"

namespace millrace {

// Behind the pages by id of a refresh. The source's ChangeCursor moves with each page, in its transaction, so a walk
// goes on where one before was stopped or killed.
//
// A board that lists changes behind a change (e621) is walked up to what was its newest one at the begin. One that
// lists the newest first (Danbooru, Gelbooru) is walked down until the last walk's top is met, while its list goes on
// changing: a post that is changed meanwhile moves to the top, above where the walk began, and is the next walk's;
// those below it are shown twice. A post that leaves the list moves all below it up, so each page begins above where
// the last one ended: what it begins with must be no older than that end, or else the walk steps back. Not thread-safe;
// everything is borrowed.
class ChangeWalk {
 public:
  // Of a page's posts, the share that is asked for again with the next page: a tenth, and at least one.
  static constexpr int64_t kOverlapShare = 10;
  // Smaller pages leave no room for that.
  static constexpr int64_t kPageSizeMin = 20;
  // How often a run steps back, twice as far each time in a row: a list that goes on shrinking is no board's.
  static constexpr int kStepsBackMax = 50;
  // Short pages with nothing that was not seen may be the list's end, or show places whose posts the board hides. So
  // many in a row are looked behind.
  static constexpr int kHiddenPagesMax = 3;
  // So many pages in a row with the posts of the page before mean that the board does not turn pages.
  static constexpr int kSamePagesMax = 3;

  // Writes a page, and whatever waits that takes.
  using Write = std::function<absl::StatusOr<RefreshCounts>(const PageWrite&)>;

  // `cancelled` as of PageFetcher.
  ChangeWalk(SourceStore* store, PageFetcher* fetcher, const SourceRecord& source, int64_t run_id, Write write,
             std::function<bool()> cancelled);

  // Where following begins: asks for the newest change, unless there is a position already. Before the pages by id, so
  // that what is changed while they are walked comes behind them. Errors as of PageFetcher::Fetch.
  absl::Status Begin();
  // At most so many pages. Errors as of PageFetcher::Fetch, kFileInvalid also of a board that does not turn pages, and
  // of `write`; what was written is committed. When the board turns fewer pages than it changed, the run gets a
  // warning.
  absl::Status Run(int64_t page_count_max);

 private:
  // Page `number` of pages of `limit`, the first of which is 1.
  struct Window {
    int64_t number = 1;
    int64_t limit = 0;
    int64_t begin() const { return (number - 1) * limit; }
  };
  // The page of at most `limit` posts to ask for when `offset` were seen. Nothing: the board turns no page so far down.
  static std::optional<Window> WindowAt(BoardKind kind, int64_t offset, int64_t limit);

  absl::Status WalkBehind(int64_t page_count_max);
  absl::Status WalkDown(int64_t page_count_max);
  // Writes a page that ends `offset` posts below the top. *is_over: it was the last one.
  absl::Status TakeDown(ChangesPage page, int64_t offset, bool* is_over);
  absl::StatusOr<ChangesPage> FetchNewest(const Window& window);
  absl::StatusOr<RefreshCounts> WritePage(ChangesPage page, const ChangeCursor& to);
  // Checks that the page shows others than the one before; if not, same_page_count_ is above 0.
  absl::Status CheckTurned(const ChangesPage& page, bool is_top);
  absl::Status MoveTo(const ChangeCursor& to);
  // The walk down is over: the next one ends where this one began.
  absl::Status Finish();
  absl::Status FinishUnmet(int64_t post_count);

  SourceStore& store_;
  PageFetcher& fetcher_;
  const SourceRecord source_;
  const int64_t run_id_;
  const Write write_;
  const std::function<bool()> cancelled_;
  ChangeCursor stored_;                     // what the catalog has
  absl::flat_hash_set<int64_t> shown_ids_;  // by the page before
  int same_page_count_ = 0;                 // in a row
};

}  // namespace millrace
