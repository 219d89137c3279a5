// Vocabularies as CSV files, in the form that taggers use: a header line `tag_id,name,category,count`, then a line a
// label (docs/vocabularies.md).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/vocabulary/vocabulary.h"

namespace millrace {

// UTF-8, lines end in LF. Categories as Danbooru's numbers, those that it does not have as Millrace's words. Requires
// entries without a fault.
std::string VocabularyCsvOf(const std::vector<VocabularyEntry>& entries);

// Reads what VocabularyCsvOf writes, and other files with a header line that names at least `name`, and perhaps
// `tag_id` or `id`, `category`, and `count` or `post_count`; other columns are skipped. kVocabularyInvalid, with line
// and column, for everything else.
absl::StatusOr<Vocabulary> ParseVocabularyCsv(std::string_view text);

}  // namespace millrace
