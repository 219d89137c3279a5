// What becomes of an import's staged facts: relations are checked before the commit, everything is written with it.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/catalog/import_session.h"
#include "core/catalog/listed_counts.h"
#include "core/catalog/sqlite.h"
#include "core/catalog/staged_facts.h"
#include "core/model/tag_relation.h"

namespace millrace {

struct CheckedRelations {
  std::vector<RefusedRelation> refused;  // in the order of the dump
  std::vector<TagRelation> superseded;   // relations of the dataset, with their new status
};

// Checks the staged relations against each other and the dataset's, and takes the refused ones out of `facts`. No
// transaction may be open on `reader`.
absl::StatusOr<CheckedRelations> CheckStagedRelations(Database& reader, int64_t dataset_id, StagedFacts* facts);

// Writes it all, within a write transaction, as far as the dataset has it otherwise. `tag_facts` are those of `facts`,
// ascending by name.
absl::StatusOr<FactCounts> WriteFacts(Database& database, int64_t dataset_id, const StagedFacts& facts,
                                      absl::Span<const TagFact* const> tag_facts,
                                      absl::Span<const TagRelation> superseded);

}  // namespace millrace
