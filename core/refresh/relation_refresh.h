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

// All lists are fetched before anything is written, and what differs is written by one import, so that a dataset has
// the board's relations of one walk, checked as those of a dump are, or what it had. Not thread-safe; everything is
// borrowed.
class RelationRefresh {
 public:
  // A refresh by interval does it so seldom: the lists take a hundred requests, and change little in a day.
  static constexpr absl::Duration kInterval = absl::Hours(24);
  // More is no board's list, and would be held in memory.
  static constexpr size_t kRelationCountMax = 1'000'000;

  RelationRefresh(Catalog* catalog, PageFetcher* fetcher) : catalog_(*catalog), fetcher_(*fetcher) {}

  // The board's active relations. Errors as of PageFetcher::Fetch.
  absl::StatusOr<std::vector<TagRelation>> Fetch(const SourceSettings& settings,
                                                 const std::function<bool()>& cancelled);
  // Writes them when they are others than the dataset's: those that the board does not list any more get the status
  // "deleted". True when something was written. kRecordRejected, and nothing is written, when they may not stand
  // together; kImportRunning while an import into the dataset runs; kDatasetNotFound.
  absl::StatusOr<bool> Write(const SourceSettings& settings, int64_t run_id, const std::vector<TagRelation>& told);

 private:
  absl::StatusOr<std::vector<TagRelation>> ReadActive(const std::string& dataset);

  Catalog& catalog_;
  PageFetcher& fetcher_;
};

}  // namespace millrace
