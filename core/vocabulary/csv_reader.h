// Comma-separated values (core/base/csv.h) with the errors of vocabularies, from memory. A byte order mark at the start
// and empty lines are skipped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/csv.h"

namespace millrace {

struct CsvRecord {
  std::vector<std::string> fields;
  int64_t line = 0;  // where it begins, from 1; a quoted field may hold line ends
};

// Borrows the text. Not thread-safe.
class CsvReader {
 public:
  // Whatever stands in a field but its grammar is the caller's to check.
  explicit CsvReader(std::string_view text);

  // Fills the next record: false at the end of the text. kVocabularyInvalid, with line and column, where the text is
  // not CSV; reading on is not possible then.
  absl::StatusOr<bool> Next(CsvRecord* record);

 private:
  std::string_view text_;  // what is left of it
  int64_t line_ = 1;
  CsvRecordParser parser_;
};

// kVocabularyInvalid: "line 3, column 2 (category): " and why. `column` from 1; `title` may be empty.
absl::Status CsvError(int64_t line, size_t column, std::string_view title, std::string_view why);

}  // namespace millrace
