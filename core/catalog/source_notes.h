// When something about a source came to be that its record does not tell. Functions on one connection, to be called
// within a transaction of it.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/catalog/sqlite.h"

namespace millrace {

enum class SourceNote {
  kTagListAsked,  // its board was asked for all its tags
  kTagsChanged,   // tags or relations were changed, and no snapshot holds that yet
};

absl::StatusOr<std::optional<int64_t>> ReadSourceNote(Database& database, int64_t source_id, SourceNote note);
absl::Status PutSourceNote(Database& database, int64_t source_id, SourceNote note, int64_t now_us);
absl::Status RemoveSourceNote(Database& database, int64_t source_id, SourceNote note);

}  // namespace millrace
