// What lists of tags told of a dataset's tags, whether posts use them or not. Functions on one connection, to be called
// within a transaction of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/catalog/listed_counts.h"
#include "core/catalog/recent_tags.h"
#include "core/catalog/sqlite.h"
#include "core/model/stats.h"
#include "core/model/tag_relation.h"

namespace millrace {

// Whether a list of tags told anything.
absl::StatusOr<bool> HasTagFacts(Database& database, int64_t dataset_id);
absl::StatusOr<std::optional<TagFact>> ReadTagFact(Database& database, int64_t dataset_id, std::string_view name);
// Those whose names begin with `prefix` and come behind `after`, ascending by name; fewer than `limit`, too, when
// IsListingFull (listed_bytes.h).
absl::StatusOr<std::vector<TagFact>> ReadTagFacts(Database& database, int64_t dataset_id, std::string_view prefix,
                                                  std::string_view after, int64_t limit);
// The names of the tags that are deprecated, ascending.
absl::StatusOr<std::vector<std::string>> ReadDeprecatedTagNames(Database& database, int64_t dataset_id);

// Adds the facts, ascending by name, to those there are. What one does not tell stays as it was told before
// (told_facts.h); a tag is not deprecated as long as no list tells it. What became of each is added to `counts`.
absl::Status WriteTagFacts(Database& database, int64_t dataset_id, absl::Span<const TagFact* const> facts,
                           ListedCounts* counts);

// Brings the tags that posts use in line with the facts: their category, and the name where a fact gives a new one to a
// tag's id. Ids stay. Adds the changed counts by category to `change`; returns how many tags changed. `recent` stays
// true.
absl::StatusOr<int64_t> ApplyTagFacts(Database& database, int64_t dataset_id, absl::Span<const TagFact* const> facts,
                                      RecentTags* recent, Stats* change);

}  // namespace millrace
