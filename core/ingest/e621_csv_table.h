// The tables of e621's CSV exports, told apart by their columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "core/base/csv.h"
#include "core/ingest/reader.h"
#include "core/ingest/record.h"

namespace millrace {

// What becomes of one table's records. Not thread-safe.
class E621CsvTable {
 public:
  virtual ~E621CsvTable() = default;

  size_t column_count() const { return columns_.size(); }
  // Hands the record to the sink, or rejects it. As many fields as columns; all of it is UTF-8 without NUL.
  virtual absl::Status OnRecord(absl::Span<const CsvField> fields, int64_t line) = 0;

 protected:
  E621CsvTable(std::vector<std::string> columns, RecordSink* sink) : columns_(std::move(columns)), sink_(sink) {}

  static constexpr size_t kNone = static_cast<size_t>(-1);
  // Where the column stands; kNone: nowhere.
  size_t FindColumn(std::string_view name) const;
  // Columns from here on are known as fields; the others are kept in extra_json, in which those in `numbers` are
  // numbers.
  void KeepOthers(const std::vector<std::string_view>& known, const std::vector<std::string_view>& numbers);
  // Sets *json to an object of the others' values, without the nulls; empty when there is none.
  void FormatExtra(absl::Span<const CsvField> fields, std::string* json) const;

  absl::Status Reject(int64_t line, std::string_view field, std::string_view reason, int64_t post_id = 0);

  const std::vector<std::string> columns_;
  RecordSink* const sink_;

 private:
  struct ExtraColumn {
    size_t index;
    bool is_number;
    std::string prefix;  // the name as a JSON string, and a colon
  };
  std::vector<ExtraColumn> extra_columns_;  // in the order of their names
};

// PostgreSQL's null, or text: what stands in a field does not tell more.
inline ScalarValue CsvValue(const CsvField& field) {
  if (field.text.empty() && !field.is_quoted) return {};
  return {ScalarValue::Kind::kString, field.text};
}

enum class E621CsvTableKind { kNone, kPosts, kTags, kRelations, kPools };
// By the columns that a table cannot do without; others may be there beside them, in whatever order.
E621CsvTableKind TellE621CsvTable(const std::vector<std::string>& columns);

// The table that has these columns, in whatever order, and others beside them. `file_name` tells tag aliases from
// implications, which have the same columns. Null, and *why not, when it is none or a column is there twice.
std::unique_ptr<E621CsvTable> MakeE621CsvTable(std::vector<std::string> columns, std::string_view file_name,
                                               RecordSink* sink, std::string* why);

// The makers of one table each; the columns that it cannot do without are there.
std::unique_ptr<E621CsvTable> MakeE621CsvPosts(std::vector<std::string> columns, RecordSink* sink);
std::unique_ptr<E621CsvTable> MakeE621CsvTags(std::vector<std::string> columns, RecordSink* sink);
std::unique_ptr<E621CsvTable> MakeE621CsvRelations(std::vector<std::string> columns, TagRelationKind kind,
                                                   RecordSink* sink);
std::unique_ptr<E621CsvTable> MakeE621CsvPools(std::vector<std::string> columns, RecordSink* sink);

}  // namespace millrace
