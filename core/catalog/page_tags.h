// The ids of tags that a page knows by name.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/catalog/import_session.h"
#include "core/catalog/recent_tags.h"
#include "core/catalog/source.h"
#include "core/catalog/sqlite.h"

namespace millrace {

// Of one page, as TagResolver is of an import: the same rule (named_tag_id.h), but within the write transaction that
// the page is written in, and without a list of tags of its own. Not thread-safe.
class PageTags {
 public:
  // Both borrowed.
  static absl::StatusOr<PageTags> Create(Database* database, RecentTags* recent, int64_t dataset_id);

  // Looks up the names of all tags of a page that have no id: in `recent`, then the others in their order, as
  // neighbours in the index of names are neighbours in memory. (The ids do not depend on the order.) Borrows the names.
  absl::Status FindAll(const std::vector<PagePost>& posts);

  // Of a post that FindAll was given: the tags with their ids: ascending, each once; names are borrowed from `tags`.
  // Tags that have an id keep it.
  std::vector<ImportedTag> Resolve(const std::vector<PageTag>& tags) const;

 private:
  PageTags(Database* database, RecentTags* recent, int64_t dataset_id, bool has_earlier_lists)
      : database_(*database), recent_(*recent), dataset_id_(dataset_id), has_earlier_lists_(has_earlier_lists) {}

  Database& database_;
  RecentTags& recent_;
  const int64_t dataset_id_;
  const bool has_earlier_lists_;
  absl::flat_hash_map<absl::string_view, int64_t> id_by_name_;
  absl::flat_hash_set<int64_t> given_ids_;  // the values of id_by_name_
};

}  // namespace millrace
