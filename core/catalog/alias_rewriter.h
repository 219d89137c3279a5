// Puts what tags are aliases of in their place, in the posts that an import has staged. It is done once all files are
// read: lists of aliases may come behind posts, and which aliases stand is known only then.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/catalog/connections.h"
#include "core/catalog/import_session.h"
#include "core/catalog/sqlite.h"
#include "core/catalog/staged_facts.h"
#include "core/model/tag_relation.h"

namespace millrace {

// What each name will be an active alias of once `facts`, which are checked, and `superseded` are written.
absl::StatusOr<absl::flat_hash_map<std::string, std::string>> ReadAliasesToBe(Database& reader, int64_t dataset_id,
                                                                              const StagedFacts& facts,
                                                                              absl::Span<const TagRelation> superseded);

// The tag that takes another one's place.
struct TagReplacement {
  std::string said;  // the name of the one that gives way
  int64_t id = 0;
  std::string name;
};
// By the id of the tag that gives way. No tag takes the place of another and gives way, too.
using TagReplacements = absl::flat_hash_map<int64_t, TagReplacement>;

// A post's tags before and after, both ascending.
using OnTagsReplaced = std::function<void(absl::Span<const int64_t> before, absl::Span<const int64_t> after)>;

// Rewrites those rows of a running import that have a tag which gives way, and calls `on_replaced` for each. All its
// rows are written and nobody sees them yet. They are gone through in the order in which they lie, reading no more of
// each than its tags; memory stays the same however many they are. No transaction may be open on `reader`. kDiskFull,
// kIoError; what `options` return.
absl::Status ReplaceStagedTags(Connections& connections, Database& reader, int64_t import_id,
                               const TagReplacements& replacements, const AliasOptions& options,
                               const OnTagsReplaced& on_replaced);

}  // namespace millrace
