// A query that knows a snapshot: its tags are looked up, and what its metatags ask for is there.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/model/tag_reading.h"
#include "core/query/cancel.h"
#include "core/query/query.h"
#include "core/snapshot/format.h"
#include "core/snapshot/snapshot.h"

namespace millrace {

class TagRelations;

// One term: how to tell whether it holds for a row.
struct BoundTerm {
  enum class Kind {
    kNothing,     // holds for no row
    kEverything,  // holds for every row
    kTags,        // the row said one of tag_indexes
    kRows,        // one of `rows`
    kRowRange,    // one of row_ranges
    kParents,     // the post is another one's parent
    kRating,      // rating_mask
    kInt32,       // intervals hold the number of `field`; kInt64 likewise
    kInt64,
    kPixels,            // intervals: width times height
    kRatio,             // intervals: hundredths
    kTagCount,          // intervals: the number of tags
    kCategoryTagCount,  // intervals: the number of tags of `category`
    kFlags,             // flag_tests
    kFileExt,           // codes
    kSource,            // pattern
    kPoolIds,           // intervals hold the id of a pool of the post
    kPoolKinds,         // codes
  };
  struct FlagTest {
    uint32_t mask = 0;
    uint32_t expected = 0;
  };

  Kind kind = Kind::kEverything;
  // With kAny or kNone the value itself does not matter.
  QueryTerm::Presence presence = QueryTerm::Presence::kValue;
  std::vector<uint32_t> tag_indexes;                    // ascending
  int64_t tag_use_count = 0;                            // kTags: posts of each of the tags, added up
  std::string alias_of;                                 // of a name that is an alias: the name that it stands for
  const TagRelations* relations = nullptr;              // what the tags are counted by; null: as the posts said
  std::vector<uint32_t> rows;                           // ascending, each once
  std::vector<std::pair<int64_t, int64_t>> row_ranges;  // first and end
  uint32_t rating_mask = 0;
  snapshot_file::Field field = snapshot_file::Field::kScore;
  int category = 0;
  std::vector<Interval> intervals;   // one of them; ascending
  std::vector<FlagTest> flag_tests;  // one of them
  std::vector<uint32_t> codes;       // one of them
  std::vector<Glob> patterns;        // kSource: one

  // Tags and rows that it lists, four bytes each.
  size_t listed_count() const { return tag_indexes.size() + rows.size(); }
};

// Of use with the snapshot it was bound to only. Immutable, so thread-safe.
class BoundQuery {
 public:
  // kQueryInvalid, naming the term and its place: a tag that the snapshot lacks, with those that are spelled alike; a
  // pattern that no tag matches; a metatag of the newer ones that asks for what no post of the snapshot has; patterns
  // and child: that together list more than kListedCountMax tags and rows.
  // kSnapshotDamaged. kCancelled when `cancelled` returns true.
  static absl::StatusOr<BoundQuery> Bind(const Query& query, const Snapshot& snapshot, TagReading reading,
                                         const Cancelled& cancelled = {});

  const QueryNode& root() const { return root_; }
  // As Query::terms.
  const std::vector<BoundTerm>& terms() const { return terms_; }
  // Tags and rows that it lists, four bytes each: a pattern may match a million tags.
  size_t listed_count() const;
  // A query that lists more is refused.
  static constexpr size_t kListedCountMax = size_t{1} << 25;

 private:
  QueryNode root_;
  std::vector<BoundTerm> terms_;
};

}  // namespace millrace
