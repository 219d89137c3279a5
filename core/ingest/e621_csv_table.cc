#include "core/ingest/e621_csv_table.h"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/text.h"
#include "core/ingest/canonical_json.h"
#include "core/ingest/relation_kind.h"

namespace millrace {
namespace {

bool Has(const std::vector<std::string>& columns, std::initializer_list<std::string_view> names) {
  return std::all_of(names.begin(), names.end(), [&](std::string_view name) {
    return std::find(columns.begin(), columns.end(), name) != columns.end();
  });
}

// A name that is there twice: either value would be lost. Empty when there is none.
std::string FindTwice(std::vector<std::string> columns) {
  std::sort(columns.begin(), columns.end());
  const auto twice = std::adjacent_find(columns.begin(), columns.end());
  return twice == columns.end() ? "" : *twice;
}

}  // namespace

size_t E621CsvTable::FindColumn(std::string_view name) const {
  const auto found = std::find(columns_.begin(), columns_.end(), name);
  return found == columns_.end() ? kNone : static_cast<size_t>(found - columns_.begin());
}

void E621CsvTable::KeepOthers(const std::vector<std::string_view>& known,
                              const std::vector<std::string_view>& numbers) {
  std::vector<std::string> others;
  for (const std::string& column : columns_) {
    if (std::find(known.begin(), known.end(), column) == known.end()) others.push_back(column);
  }
  std::sort(others.begin(), others.end());
  for (const std::string& other : others) {
    ExtraColumn extra{FindColumn(other), std::find(numbers.begin(), numbers.end(), other) != numbers.end(), ""};
    AppendJsonString(other, &extra.prefix);
    extra.prefix.push_back(':');
    extra_columns_.push_back(std::move(extra));
  }
}

void E621CsvTable::FormatExtra(absl::Span<const CsvField> fields, std::string* json) const {
  json->clear();
  for (const ExtraColumn& extra : extra_columns_) {
    const CsvField& field = fields[extra.index];
    if (field.text.empty() && !field.is_quoted) continue;
    json->push_back(json->empty() ? '{' : ',');
    json->append(extra.prefix);
    if (extra.is_number && IsJsonNumber(field.text)) {
      json->append(field.text);
    } else {
      AppendJsonString(field.text, json);
    }
  }
  if (!json->empty()) json->push_back('}');
}

absl::Status E621CsvTable::Reject(int64_t line, std::string_view field, std::string_view reason, int64_t post_id) {
  RejectedRecord rejected;
  rejected.line = line;
  rejected.field = field;
  rejected.reason = reason;
  if (post_id > 0) rejected.post_id = post_id;
  return sink_->OnRejected(std::move(rejected));
}

E621CsvTableKind TellE621CsvTable(const std::vector<std::string>& columns) {
  if (Has(columns, {"id", "tag_string"})) return E621CsvTableKind::kPosts;
  if (Has(columns, {"id", "name", "post_ids"})) return E621CsvTableKind::kPools;
  if (Has(columns, {"id", "name", "category", "post_count"})) return E621CsvTableKind::kTags;
  if (Has(columns, {"antecedent_name", "consequent_name", "status"})) return E621CsvTableKind::kRelations;
  return E621CsvTableKind::kNone;
}

std::unique_ptr<E621CsvTable> MakeE621CsvTable(std::vector<std::string> columns, std::string_view file_name,
                                               RecordSink* sink, std::string* why) {
  const std::string shown = QuoteForMessage(absl::StrJoin(columns, ","), 200);
  if (const std::string twice = FindTwice(columns); !twice.empty()) {
    *why = absl::StrCat("the first line names the column ", QuoteForMessage(twice), " twice.");
    return nullptr;
  }
  switch (TellE621CsvTable(columns)) {
    case E621CsvTableKind::kPosts:
      return MakeE621CsvPosts(std::move(columns), sink);
    case E621CsvTableKind::kTags:
      return MakeE621CsvTags(std::move(columns), sink);
    case E621CsvTableKind::kPools:
      return MakeE621CsvPools(std::move(columns), sink);
    case E621CsvTableKind::kRelations: {
      const std::optional<TagRelationKind> kind = TellRelationKind(file_name);
      if (kind.has_value()) return MakeE621CsvRelations(std::move(columns), *kind, sink);
      *why =
          "the first line names the columns of tag aliases and of tag implications alike. Send the file under a name "
          "that holds either `alias` or `implication`, such as tag_aliases.csv.";
      return nullptr;
    }
    case E621CsvTableKind::kNone:
      break;
  }
  if (Has(columns, {"id", "title", "body"})) {
    *why = "holds wiki pages, which a dataset has no place for. Leave the file out.";
    return nullptr;
  }
  *why = absl::StrCat("the first line is ", shown,
                      ", which are the columns of no table that is imported: posts (id, tag_string), tags (id, name, "
                      "category, post_count), tag aliases and implications (antecedent_name, consequent_name, status), "
                      "pools (id, name, post_ids). Leave the file out.");
  return nullptr;
}

}  // namespace millrace
