// Finds the ids of tags that a record knows by name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "core/catalog/import_session.h"
#include "core/catalog/sqlite.h"
#include "core/catalog/staged_facts.h"

namespace millrace {

// The tags of a record, with their ids: ascending, each once.
struct ResolvedTags {
  std::vector<ImportedTag> tags;  // the names are those of the record
  std::vector<int64_t> ids;
  int64_t duplicate_count = 0;  // that the record repeated
};

// Of one import. Remembers each name that it was asked for and looks up no others, so that a small import into a
// dataset of many tags costs little. The rule is that of named_tag_id.h. Not thread-safe.
class TagResolver {
 public:
  // `reader` and `facts` must outlive it; no transaction may be open on `reader` while Resolve runs. `is_new`: the
  // dataset has nothing committed, so there is nothing to look up.
  TagResolver(Database* reader, const StagedFacts* facts, int64_t dataset_id, bool is_new)
      : reader_(reader), facts_(facts), dataset_id_(dataset_id), is_new_(is_new) {}

  // Replaces the content of `resolved`. A tag that has an id keeps it.
  absl::Status Resolve(absl::Span<const ImportedTag> tags, ResolvedTags* resolved);

 private:
  Database* const reader_;
  const StagedFacts* const facts_;
  const int64_t dataset_id_;
  const bool is_new_;
  absl::flat_hash_map<std::string, int64_t> id_by_name_;
  absl::flat_hash_set<int64_t> given_ids_;  // the values of id_by_name_
};

}  // namespace millrace
