// Sources: boards that datasets are refreshed from, and what came of it. Values only; source_store.h keeps them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/model/post.h"
#include "core/model/tag_relation.h"

namespace millrace {

// Values are stored in files: they never change. Same numbers as in the proto.
enum class BoardKind { kUnspecified = 0, kDanbooru = 1, kE621 = 2, kMoebooru = 3, kGelbooru = 4 };

struct SourceSettings {
  std::string name;
  std::string dataset;  // made by the first page with posts when it is not there
  BoardKind kind = BoardKind::kUnspecified;
  std::string address;  // "https://host" or "https://host/path", without a slash at the end
  std::string query;    // in the board's own language; empty: everything
  int32_t page_size = 0;
  int64_t interval_us = 0;  // between the end of a refresh and the next; 0: only when asked for
  bool snapshot_after_refresh = false;
  // Posts of the dataset that a page should show and does not are marked as deleted. Only without a query, and for a
  // dataset that is fed by this board alone.
  bool mark_missing = false;
  bool with_relations = false;  // aliases and implications of tags are fetched behind the posts; Danbooru and e621
  bool follow_changes = false;  // behind the posts of new ids, those that were changed; Danbooru, e621 and Gelbooru
  std::string login;            // never given back by the server
  std::string api_key;
  friend bool operator==(const SourceSettings&, const SourceSettings&) = default;
};

// How far a source came in its board's order of changes. A change is a number of the board's: e621's change_seq, of the
// others the time in microseconds since 1970.
struct ChangeCursor {
  int64_t position = 0;  // changes up to it were seen; 0: following has not begun
  // Of a walk over the changes since:
  int64_t target = 0;  // the newest change when it began, the position when it is over; 0: none is under way
  int64_t last = 0;    // the change that it has come to, up from the position or down from the target
  int64_t offset = 0;  // down: how many posts from the list's top on it has seen
  friend bool operator==(const ChangeCursor&, const ChangeCursor&) = default;
};

// Only where the source stands at `from`: an update may have set it back meanwhile.
struct ChangeMove {
  ChangeCursor from;
  ChangeCursor to;
};

struct SourceRecord {
  int64_t id = 0;
  SourceSettings settings;
  int64_t position = 0;  // the greatest id of a post that was committed: what is above is still to come
  int64_t cursor = 0;    // where the next page begins: the position, or behind pages that were skipped since
  int64_t created_at_us = 0;
  int64_t updated_at_us = 0;
  int64_t failed_page_count = 0;     // that wait to be tried again
  int64_t skipped_in_row_count = 0;  // of them, those between the position and the cursor
  // When the first of them is to be tried again, or a page of changes, or a lookup of tags that failed.
  std::optional<int64_t> next_retry_at_us;
  std::optional<int64_t> last_run_ended_at_us;
  // 0: never. An attempt that failed counts as one that worked so long ago that the next comes when it should.
  int64_t relations_fetched_at_us = 0;
  ChangeCursor changes;
};

// Values are stored in files: they never change. Same numbers as in the proto.
enum class RunState { kRunning = 1, kDone = 2, kStopped = 3, kFailed = 4 };
enum class RunTrigger { kAsked = 1, kInterval = 2 };

struct RefreshCounts {
  int64_t page_count = 0;
  int64_t new_post_count = 0;
  int64_t updated_post_count = 0;  // those marked as deleted among them
  int64_t unchanged_post_count = 0;
  int64_t failed_post_count = 0;   // records of a page that are no posts
  int64_t missing_post_count = 0;  // marked as deleted because a page did not show them
  int64_t failed_page_count = 0;
  int64_t byte_count = 0;            // of pages, decompressed
  int64_t lookup_request_count = 0;  // requests about tags that came without a category
  int64_t told_tag_count = 0;        // tags that these told something of

  void Add(const RefreshCounts& other);
};

struct RunRecord {
  int64_t id = 0;
  std::string source;
  RunTrigger trigger = RunTrigger::kAsked;
  RunState state = RunState::kRunning;
  int64_t started_at_us = 0;
  std::optional<int64_t> ended_at_us;
  int64_t first_position = 0;
  int64_t last_position = 0;
  RefreshCounts counts;
  std::string snapshot;      // compiled behind the run; empty: none
  std::string error_reason;  // kStopped, kFailed: as in Reason's table
  std::string error_message;
  std::string warning;  // what it could not do, and what to do about it; empty: all is well
};

// A run that began, and the source as it was in that moment: what it begins with.
struct BegunRun {
  RunRecord run;
  SourceRecord source;
};

// A page that failed as often as it may, was skipped and is tried again later.
struct FailedPage {
  int64_t after_id = 0;
  int64_t until_id = 0;  // the page holds no posts above that are not on the next one
  int64_t failed_at_us = 0;
  int64_t retry_at_us = 0;
  int64_t attempt_count = 0;  // rounds of attempts
  std::string error_reason;
  std::string error_message;
};

// Boards count posts from 1 on, and the largest have tens of millions. An id above is a mistake, or meant to move a
// position to where no post will ever be.
inline constexpr int64_t kBoardPostIdMax = int64_t{1} << 40;

// A tag as a page names it; it has no id when the board tells names only.
struct PageTag {
  int64_t id = 0;
  std::string name;
  TagCategory category = TagCategory::kUnspecified;
};

struct PagePost {
  Post post;  // tag_ids: as in RecordSink::OnPost
  std::vector<PageTag> tags;
  int64_t line = 0;
};

// What a page brings, and where the source stands behind it.
struct PageWrite {
  int64_t source_id = 0;
  int64_t run_id = 0;
  int32_t format = 0;  // of the import that shows a dataset that this page makes
  std::vector<PagePost> posts;
  int64_t failed_post_count = 0;
  int64_t byte_count = 0;
  // The page shows all posts of the board in (after_id, until_id]; used with mark_missing. Records of it that are no
  // posts are there, too: the board has the post.
  int64_t after_id = 0;
  int64_t until_id = 0;
  std::vector<int64_t> rejected_ids;
  bool mark_missing = false;
  // A failed page that was tried again: its record goes, and the position stays.
  bool is_retry = false;
  // Of a page of changes, which moves this and not the position; the page's range of ids means nothing then.
  std::optional<ChangeMove> changes;
};

// What a board answered about tags.
struct TagLookup {
  int64_t source_id = 0;
  int64_t run_id = 0;              // counts it
  std::vector<std::string> asked;  // names
  std::vector<TagFact> facts;      // ascending by name, each once; of names in `asked`
  int64_t request_count = 1;       // that this answers
  // Those that got no category are asked about again so much later.
  int64_t ask_again_after_us = 0;
};

// A request about tags that the board failed to answer.
struct FailedTagLookup {
  int64_t source_id = 0;
  int64_t run_id = 0;
  std::vector<std::string> asked;
  // The names are asked about again so much later; twice as much with each failure in a row, up to the most.
  int64_t ask_again_after_us = 0;
  int64_t ask_again_after_us_max = 0;
};

}  // namespace millrace
