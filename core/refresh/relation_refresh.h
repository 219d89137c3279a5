// Brings the aliases and implications of a dataset to what its board lists.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/catalog/catalog.h"
#include "core/catalog/source.h"
#include "core/model/tag_relation.h"
#include "core/refresh/page_fetcher.h"

namespace millrace {

// What a list may be at most: more is no board's, and would be asked for without end, or held in memory.
struct RelationLimits {
  int64_t pages_per_kind_max = 10'000;
  size_t relation_count_max = 1'000'000;
  size_t text_bytes_max = 256 << 20;  // of all relations
};

// All lists are fetched before anything is written, and what differs is written by one import, so that a dataset has
// the board's relations of one walk, checked as those of a dump are, or what it had. Not thread-safe; everything is
// borrowed.
class RelationRefresh {
 public:
  // A refresh by interval does it so seldom: the lists take a hundred requests, and change little in a day.
  static constexpr absl::Duration kInterval = absl::Hours(24);

  RelationRefresh(Catalog* catalog, PageFetcher* fetcher, const RelationLimits& limits = {})
      : catalog_(*catalog), fetcher_(*fetcher), limits_(limits) {}

  // The board's active relations. A list ends with a page that is empty twice: one such answer may be a mistake, and
  // what is left out is taken to be gone. Errors as of PageFetcher::Fetch; kFileInvalid also above the limits.
  absl::StatusOr<std::vector<TagRelation>> Fetch(const SourceSettings& settings,
                                                 const std::function<bool()>& cancelled);
  // Writes them when they are others than the dataset's: those that the board does not list any more get the status
  // "deleted". True when something was written. Otherwise nothing is: kFileInvalid when they have none of a kind that
  // the dataset has active ones of; kRecordRejected when they may not stand together; kImportRunning while an import
  // into the dataset runs; kDatasetNotFound.
  // That the source's tags changed is noted with it, for the snapshot behind the refresh.
  absl::StatusOr<bool> Write(const SourceRecord& source, int64_t run_id, const std::vector<TagRelation>& told);

 private:
  absl::Status FetchKind(const SourceSettings& settings, TagRelationKind kind, const std::function<bool()>& cancelled,
                         std::vector<TagRelation>* relations);
  absl::Status Take(std::vector<TagRelation> page, std::vector<TagRelation>* relations);
  absl::StatusOr<std::vector<TagRelation>> ReadActive(const std::string& dataset);

  Catalog& catalog_;
  PageFetcher& fetcher_;
  const RelationLimits limits_;
  size_t text_bytes_ = 0;  // of what was fetched
};

}  // namespace millrace
