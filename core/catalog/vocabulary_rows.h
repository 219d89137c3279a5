// The versions of vocabularies. Functions on one connection, to be called within a transaction of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/catalog/catalog.h"
#include "core/catalog/sqlite.h"

namespace millrace {

// See Catalog for what each does.
absl::StatusOr<AddedVocabulary> AddVocabularyRow(Database& database, VocabularyRecord record, std::string_view entries);
absl::StatusOr<VocabularyRecord> ReadVocabulary(Database& database, std::string_view reference);
absl::StatusOr<StoredVocabulary> ReadVocabularyEntries(Database& database, std::string_view reference);
absl::StatusOr<std::vector<VocabularyRecord>> ReadVocabularies(Database& database, std::string_view name,
                                                               const std::optional<VocabularyCursor>& after,
                                                               int64_t limit);
absl::StatusOr<VocabularyRecord> DeleteVocabularyRow(Database& database, std::string_view reference);

}  // namespace millrace
