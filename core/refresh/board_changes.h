// How the kinds of boards list posts by their last change. Pure functions; docs/sources.md says what of it is
// documented.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/catalog/source.h"
#include "core/refresh/board.h"

namespace millrace {

enum class ChangeOrder {
  kNone,  // not at all, or not as documented
  // Those behind a change, the oldest first: e621. However many there are, a page begins where the last one ended.
  kBehindChange,
  // All, the newest change first, by page number: Danbooru and Gelbooru, which turn so many pages and no more.
  kNewestFirst,
};
ChangeOrder ChangeOrderOf(BoardKind kind);

// Changes may become visible later than ones with greater numbers: transactions end, and search indexes learn of them,
// in another order. So far below what was seen they are looked at once more; in the numbers of the kind.
int64_t ChangeOverlapOf(BoardKind kind);

// The last page that the board turns to, for pages of `limit` posts. Requires kNewestFirst.
int64_t ChangePagesMax(BoardKind kind, int64_t limit);

// A page of the list with the newest change first; pages count from 1. Requires an order.
PageRequest MakeNewestChangesRequest(const SourceSettings& settings, int64_t page_number, int64_t limit);
// A page of `limit` of the posts with changes above `change`, the oldest first; pages count from 1. Requires
// kBehindChange.
PageRequest MakeChangesBehindRequest(const SourceSettings& settings, int64_t change, int64_t page_number,
                                     int64_t limit);

// The number of the post's last change, as a page tells it. Nothing when it does not.
std::optional<int64_t> ChangeOf(BoardKind kind, const Post& post);
// For messages.
std::string ShowChange(BoardKind kind, int64_t change);

}  // namespace millrace
