#include "core/refresh/change_walk.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/refresh/board.h"
#include "core/refresh/board_changes.h"

namespace millrace {
namespace {

// How far a page of changes behind `behind` was come, up to `newest`: none behind it was left out. The board orders by
// an index that may be older than the posts it shows: such a post has a change above what stands behind it, or one that
// came after the walk began, and says nothing of the place where it stands.
int64_t ReachOf(const std::vector<int64_t>& changes, int64_t behind, int64_t newest) {
  int64_t least_behind = newest;
  int64_t reach = behind;
  for (auto change = changes.rbegin(); change != changes.rend(); ++change) {
    if (*change > least_behind) continue;
    least_behind = *change;
    reach = std::max(reach, *change);
  }
  return reach > behind ? reach : newest;
}

absl::Status StoppedError() {
  return MakeError(Reason::kCancelled, "the refresh was stopped between two pages of changes");
}

}  // namespace

ChangeWalk::ChangeWalk(SourceStore* store, PageFetcher* fetcher, const SourceRecord& source, int64_t run_id,
                       Write write, std::function<bool()> cancelled)
    : store_(*store),
      fetcher_(*fetcher),
      source_(source),
      run_id_(run_id),
      write_(std::move(write)),
      cancelled_(std::move(cancelled)),
      stored_(source.changes) {}

absl::StatusOr<ChangesPage> ChangeWalk::FetchNewest(const Window& window) {
  return fetcher_.FetchChanges(
      source_.settings, MakeNewestChangesRequest(source_.settings, window.number, window.limit),
      absl::StrCat("page ", window.number, " of the changes of ", source_.settings.address), window.limit, cancelled_);
}

absl::Status ChangeWalk::MoveTo(const ChangeCursor& to) {
  MILLRACE_RETURN_IF_ERROR(store_.MoveChanges(source_.id, {stored_, to}));
  stored_ = to;
  return absl::OkStatus();
}

absl::StatusOr<RefreshCounts> ChangeWalk::WritePage(ChangesPage page, const ChangeCursor& to) {
  PageWrite write;
  write.source_id = source_.id;
  write.run_id = run_id_;
  write.format = static_cast<int32_t>(PageFormatOf(source_.settings.kind));
  write.failed_post_count = page.failed_post_count;
  write.byte_count = page.byte_count;
  write.posts = std::move(page.posts);
  write.changes = ChangeMove{stored_, to};
  MILLRACE_ASSIGN_OR_RETURN(const RefreshCounts counts, write_(write));
  stored_ = to;
  return counts;
}

absl::Status ChangeWalk::Begin() {
  if (stored_.position != 0) return absl::OkStatus();
  MILLRACE_ASSIGN_OR_RETURN(const ChangesPage page, FetchNewest({1, 1}));
  // A board without a post has none that could change; the next refresh asks again, and no retry before it.
  if (page.changes.empty()) return MoveTo(stored_);
  return MoveTo({.position = page.changes.front()});
}

absl::Status ChangeWalk::Run(int64_t page_count_max) {
  if (stored_.position == 0) return Begin();
  return ChangeOrderOf(source_.settings.kind) == ChangeOrder::kBehindChange ? WalkBehind(page_count_max)
                                                                            : WalkDown(page_count_max);
}

absl::Status ChangeWalk::WalkBehind(int64_t page_count_max) {
  const SourceSettings& settings = source_.settings;
  const int64_t limit = std::max<int64_t>(settings.page_size, kPageSizeMin);
  MILLRACE_ASSIGN_OR_RETURN(const ChangesPage top, FetchNewest({1, 1}));
  // Without a top a walk would have no end on a board that is changed once a second.
  const int64_t newest = std::max(stored_.target, top.changes.empty() ? 0 : top.changes.front());
  if (newest <= stored_.position) return Finish();
  const bool is_begun = stored_.target != 0;
  int64_t behind = is_begun ? stored_.last : std::max<int64_t>(0, stored_.position - ChangeOverlapOf(settings.kind));
  int64_t page_number = 1;
  for (int64_t page_count = 0; behind < newest && page_count < page_count_max; ++page_count) {
    if (cancelled_ && cancelled_()) return StoppedError();
    const std::string name = absl::StrCat("page ", page_number, " of ", settings.address, " behind change ", behind);
    MILLRACE_ASSIGN_OR_RETURN(
        ChangesPage page,
        fetcher_.FetchChanges(settings, MakeChangesBehindRequest(settings, behind, page_number, limit), name, limit,
                              cancelled_));
    if (page.changes.empty()) {
      if (page_number > kHiddenPagesMax) return MoveTo({.position = newest});
      ++page_number;
      continue;
    }
    page_number = 1;
    if (const int64_t least = *std::min_element(page.changes.begin(), page.changes.end()); least <= behind) {
      return MakeError(Reason::kFileInvalid, absl::StrCat(name, " shows change ", least,
                                                          ", which is not behind it: is the source's kind right?"));
    }
    behind = ReachOf(page.changes, behind, newest);
    const ChangeCursor under_way = {.position = stored_.position, .target = newest, .last = behind};
    const ChangeCursor next = behind < newest ? under_way : ChangeCursor{.position = newest};
    MILLRACE_RETURN_IF_ERROR(WritePage(std::move(page), next).status());
  }
  return absl::OkStatus();
}

std::optional<ChangeWalk::Window> ChangeWalk::WindowAt(BoardKind kind, int64_t offset, int64_t limit) {
  const int64_t overlap = limit > 1 ? std::max<int64_t>(1, limit / kOverlapShare) : 0;
  const int64_t begin = std::max<int64_t>(0, offset - overlap);
  // Boards turn whole pages only: the page that shows what stands at `begin` begins at the multiple of its size below.
  // So it is of the size with which it reaches furthest, below what was seen.
  std::optional<Window> best;
  int64_t reach_max = offset - begin;
  for (int64_t size = limit; size > 0; --size) {
    const Window window = {begin / size + 1, size};
    const int64_t reach = size - begin % size;
    if (reach <= reach_max || window.number > ChangePagesMax(kind, size)) continue;
    reach_max = reach;
    best = window;
  }
  return best;
}

absl::Status ChangeWalk::CheckTurned(const ChangesPage& page, bool is_top) {
  const bool is_same = !is_top && std::all_of(page.posts.begin(), page.posts.end(), [this](const PagePost& post) {
    return shown_ids_.contains(post.post.id);
  });
  same_page_count_ = is_same ? same_page_count_ + 1 : 0;
  shown_ids_.clear();
  for (const PagePost& post : page.posts) shown_ids_.insert(post.post.id);
  if (same_page_count_ < kSamePagesMax) return absl::OkStatus();
  return MakeError(Reason::kFileInvalid,
                   absl::StrCat(source_.settings.address, " shows the same posts on ", kSamePagesMax + 1,
                                " pages of changes in a row: it does not turn ",
                                "pages in that order. Update the source to follow no changes"));
}

absl::Status ChangeWalk::Finish() { return MoveTo({.position = std::max(stored_.position, stored_.target)}); }

absl::Status ChangeWalk::FinishUnmet(int64_t post_count) {
  const BoardKind kind = source_.settings.kind;
  MILLRACE_RETURN_IF_ERROR(store_.WarnRun(
      run_id_, absl::StrCat("more was changed since ", ShowChange(kind, stored_.position), " than ",
                            source_.settings.address, " shows, which is the ", post_count, " posts changed last. ",
                            "What was changed before ", ShowChange(kind, stored_.last), " and not since is not seen: ",
                            "set the position to 0 and refresh to find it, and refresh more often")));
  return Finish();
}

absl::Status ChangeWalk::TakeDown(ChangesPage page, int64_t offset, bool* is_over) {
  const BoardKind kind = source_.settings.kind;
  ChangeCursor next = stored_;
  const auto [oldest, newest] = std::minmax_element(page.changes.begin(), page.changes.end());
  next.last = next.target == 0 ? *oldest : std::min(next.last, *oldest);
  if (next.target == 0) next.target = *newest;
  next.offset = offset;
  *is_over = next.last < next.position - ChangeOverlapOf(kind);
  if (*is_over) next = {.position = std::max(next.position, next.target)};
  const bool is_below = next.last <= next.position;
  MILLRACE_ASSIGN_OR_RETURN(const RefreshCounts counts, WritePage(std::move(page), next));
  // Below the position all was seen, but for what became visible late; a page with nothing new is below that, too.
  if (*is_over || !is_below || counts.new_post_count + counts.updated_post_count > 0) return absl::OkStatus();
  *is_over = true;
  return Finish();
}

absl::Status ChangeWalk::WalkDown(int64_t page_count_max) {
  int64_t limit = std::max<int64_t>(source_.settings.page_size, kPageSizeMin);
  int64_t offset = stored_.offset;
  int64_t step_back = limit;
  int steps_back_count = 0;
  int hidden_page_count = 0;      // in a row
  bool is_behind_hidden = false;  // what the next page shows twice may be hidden: it may begin with older ones
  bool is_limit_known = false;
  for (int64_t page_count = 0; page_count < page_count_max; ++page_count) {
    if (cancelled_ && cancelled_()) return StoppedError();
    // From the top first, also when the walk goes on elsewhere: a board that gives fewer posts than it is asked for
    // begins its pages elsewhere than one that does not.
    const std::optional<Window> window =
        is_limit_known ? WindowAt(source_.settings.kind, offset, limit) : Window{1, limit};
    if (!window.has_value()) return FinishUnmet(offset);
    MILLRACE_ASSIGN_OR_RETURN(ChangesPage page, FetchNewest(*window));
    const bool is_top = window->number == 1;
    const int64_t window_end = window->begin() + window->limit;
    if (page.changes.empty() && (is_top || limit == 1 || is_behind_hidden)) {
      is_limit_known = true;
      if (window_end <= offset) continue;
      if (++hidden_page_count > kHiddenPagesMax) return Finish();
      is_behind_hidden = true;
      offset = window_end;
      continue;
    }
    const bool is_list_end = is_limit_known && page.shown_count() < window->limit;
    const int64_t end = window->begin() + page.shown_count();
    if (!is_limit_known) {
      is_limit_known = true;
      limit = std::min(limit, page.shown_count());
      if (offset > end) {
        MILLRACE_RETURN_IF_ERROR(WritePage(std::move(page), stored_).status());
        continue;
      }
    }
    const bool is_gap = page.changes.empty() || page.changes.front() < stored_.last;
    if (!is_top && is_gap && !is_behind_hidden) {
      if (++steps_back_count > kStepsBackMax) {
        return MakeError(Reason::kFetchFailed, absl::StrCat("the list of changes of ", source_.settings.address,
                                                            " goes on shrinking; the next refresh goes on with it"));
      }
      offset = std::max<int64_t>(0, window->begin() - std::exchange(step_back, 2 * step_back));
      continue;
    }
    step_back = limit;
    MILLRACE_RETURN_IF_ERROR(CheckTurned(page, is_top));
    bool is_over = false;
    MILLRACE_RETURN_IF_ERROR(TakeDown(std::move(page), end, &is_over));
    if (is_over) return absl::OkStatus();
    const bool shows_none = is_list_end && same_page_count_ > 0;
    hidden_page_count = shows_none ? hidden_page_count + 1 : 0;
    if (hidden_page_count > kHiddenPagesMax) return Finish();
    is_behind_hidden = is_list_end && (shows_none || is_behind_hidden);
    offset = is_behind_hidden ? std::max(offset, window_end) : end;
  }
  return absl::OkStatus();
}

}  // namespace millrace
