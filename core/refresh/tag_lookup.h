// Asks a board for the categories of tags that its pages only name.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "core/catalog/source.h"
#include "core/catalog/source_store.h"
#include "core/refresh/page_fetcher.h"

namespace millrace {

// Behind the pages of a refresh. What a board told is written answer by answer, so a stop loses one request; tags that
// were not come to are asked about by the next refresh. Not thread-safe; everything is borrowed.
class TagLookups {
 public:
  // Requests of a refresh, or as many as it had pages: a walk over a whole board finds new tags on each.
  static constexpr int64_t kRequestsPerRunMax = 32;
  // From so many names on, the list of all tags costs a board less than the names one by one.
  static constexpr size_t kOneByOneMax = 20;
  // A board that does not know a tag, or no category of ours for it, is asked again so much later.
  static constexpr absl::Duration kAskAgainAfter = absl::Hours(24 * 30);
  // One that failed to answer about a tag is asked again so much later, as for a page that failed, and others are asked
  // about meanwhile. With each failure in a row it is twice as long, up to a day: some have firewalls that take
  // exception at a name.
  static constexpr absl::Duration kAskFailedAgainAfter = absl::Hours(1);
  static constexpr absl::Duration kAskFailedAgainAfterMax = absl::Hours(24);
  // After so many failures in a row the board is taken to be down.
  static constexpr int kFailedInRowMax = 3;
  // How long names that the whole list left out, or did not come with, are asked about one by one.
  static constexpr absl::Duration kWholeListInterval = absl::Hours(24);
  // So many names are held in memory.
  static constexpr int64_t kNamesPerRunMax = 100'000;

  // Writes what came: SourceStore::WriteTagLookup, and whatever waits that takes.
  using Write = std::function<absl::StatusOr<int64_t>(const TagLookup&)>;

  TagLookups(SourceStore* store, PageFetcher* fetcher, Write write)
      : store_(*store), fetcher_(*fetcher), write_(std::move(write)) {}

  // Errors as of PageFetcher::Fetch, after kFailedInRowMax of them or behind all requests, and of `write` at once; what
  // was answered is written, and the names that were not are put off.
  absl::Status Run(const SourceRecord& source, int64_t run_id, int64_t page_count,
                   const std::function<bool()>& cancelled);
  // Of tags that got a category.
  int64_t changed_count() const { return changed_count_; }

 private:
  // Those of `names` that the answer tells; ascending, each name once.
  absl::StatusOr<std::vector<TagFact>> Ask(const SourceRecord& source, const PageRequest& request,
                                           absl::Span<const std::string> names, const std::function<bool()>& cancelled);
  // Takes the names that the whole list told off `names`. A list that fails leaves them all.
  absl::Status TakeWholeList(const SourceRecord& source, std::vector<std::string>* names,
                             const std::function<bool()>& cancelled);
  absl::Status AskByName(const SourceRecord& source, absl::Span<const std::string> names, int64_t request_count_max,
                         const std::function<bool()>& cancelled);
  // `request_count`: of requests that this answers.
  absl::Status Put(const SourceRecord& source, absl::Span<const std::string> asked, std::vector<TagFact> facts,
                   int64_t request_count);
  // Notes a request that failed, and puts its names off.
  absl::Status PutOff(const SourceRecord& source, absl::Span<const std::string> asked);

  SourceStore& store_;
  PageFetcher& fetcher_;
  const Write write_;
  int64_t run_id_ = 0;
  int64_t changed_count_ = 0;
};

}  // namespace millrace
