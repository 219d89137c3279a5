// The aliases and implications of a dataset. Functions on one connection, to be called within a transaction of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/catalog/catalog.h"
#include "core/catalog/listed_counts.h"
#include "core/catalog/sqlite.h"
#include "core/model/tag_relation.h"

namespace millrace {

// The status of an alias that gave way to one told later.
inline constexpr char kSupersededStatus[] = "superseded";

// Those that apply, by antecedent and consequent.
absl::StatusOr<std::vector<TagRelation>> ReadActiveRelations(Database& database, int64_t dataset_id,
                                                             TagRelationKind kind);
// All, by kind, antecedent and consequent; fewer than `limit`, too, when IsListingFull (listed_bytes.h).
absl::StatusOr<std::vector<TagRelation>> ReadRelations(Database& database, int64_t dataset_id,
                                                       const std::optional<TagRelationCursor>& after, int64_t limit);
// Adds the relation, or puts it over what was told of the same two tags (told_facts.h).
absl::StatusOr<ListedChange> WriteRelation(Database& database, int64_t dataset_id, const TagRelation& told);

}  // namespace millrace
