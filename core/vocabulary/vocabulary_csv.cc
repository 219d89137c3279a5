#include "core/vocabulary/vocabulary_csv.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/vocabulary/csv_reader.h"

namespace millrace {
namespace {

struct DanbooruCategory {
  std::string_view number;
  TagCategory category;
};
constexpr DanbooruCategory kDanbooruCategories[] = {
    {"0", TagCategory::kGeneral},   {"1", TagCategory::kArtist}, {"3", TagCategory::kCopyright},
    {"4", TagCategory::kCharacter}, {"5", TagCategory::kMeta},
};

std::string_view WrittenCategory(TagCategory category) {
  for (const DanbooruCategory& known : kDanbooruCategories) {
    if (known.category == category) return known.number;
  }
  return TagCategoryName(category);
}

std::optional<TagCategory> CategoryOf(std::string_view text) {
  if (text.empty()) return TagCategory::kUnspecified;
  for (const DanbooruCategory& known : kDanbooruCategories) {
    if (known.number == text) return known.category;
  }
  for (int i = 0; i < kTagCategoryCount; ++i) {
    if (TagCategoryName(static_cast<TagCategory>(i)) == text) return static_cast<TagCategory>(i);
  }
  return std::nullopt;
}

void AppendField(std::string_view field, std::string* csv) {
  if (field.find_first_of(",\"\r\n") == std::string_view::npos) {
    csv->append(field);
    return;
  }
  csv->push_back('"');
  for (const char c : field) csv->append(c == '"' ? 2 : 1, c);
  csv->push_back('"');
}

// Where the header has each column; kNone: nowhere.
struct Columns {
  static constexpr size_t kNone = static_cast<size_t>(-1);
  size_t name = kNone;
  size_t tag_id = kNone;
  size_t category = kNone;
  size_t count = kNone;
};

absl::StatusOr<Columns> ColumnsOf(const CsvRecord& header) {
  Columns columns;
  const auto place_of = [&](std::string_view title) -> size_t* {
    if (title == "name") return &columns.name;
    if (title == "tag_id" || title == "id") return &columns.tag_id;
    if (title == "category") return &columns.category;
    if (title == "count" || title == "post_count") return &columns.count;
    return nullptr;
  };
  for (size_t i = 0; i < header.fields.size(); ++i) {
    size_t* const place = place_of(header.fields[i]);
    if (place == nullptr) continue;
    if (*place != Columns::kNone) {
      return CsvError(header.line, i + 1, header.fields[i],
                      absl::StrCat("column ", *place + 1, " says the same already. Remove one of them."));
    }
    *place = i;
  }
  if (columns.name == Columns::kNone) {
    const std::string text = absl::StrJoin(header.fields, ",");
    if (!IsValidUtf8(text)) {
      return CsvError(header.line, 1, "",
                      absl::StrCat("the first line is ", QuoteForMessage(text),
                                   ", which is not UTF-8. Save the file "
                                   "as UTF-8."));
    }
    return CsvError(header.line, 1, "",
                    absl::StrCat("the first line is ", QuoteForMessage(text),
                                 ", which names no column `name`. Begin the file with a line such as "
                                 "`tag_id,name,category,count`."));
  }
  return columns;
}

absl::Status CategoryError(const CsvRecord& record, size_t column, const std::string& text) {
  const std::string_view hint =
      text == "9" ? "Taggers mark ratings like this; in Millrace a rating is no tag: remove the line."
                  : "Write 0 (general), 1 (artist), 3 (copyright), 4 (character) or 5 (meta), or a word: general, "
                    "artist, copyright, character, meta, species, invalid, lore, contributor.";
  return CsvError(record.line, column + 1, "category",
                  absl::StrCat(QuoteForMessage(text), " is no category. ", std::string(hint)));
}

// Reads records into entries, each checked.
class EntryParser {
 public:
  explicit EntryParser(CsvRecord header, Columns columns) : header_(std::move(header)), columns_(columns) {}

  absl::Status Add(CsvRecord& record) {
    if (record.fields.size() != header_.fields.size()) {
      return CsvError(record.line, std::min(record.fields.size(), header_.fields.size() + 1), "",
                      absl::StrCat("the line has ", record.fields.size(), " fields and the first line ",
                                   header_.fields.size(), ". Give each line as many; a name with a comma in quotes."));
    }
    VocabularyEntry entry;
    entry.name = std::move(record.fields[columns_.name]);
    if (columns_.category != Columns::kNone) {
      const std::string& text = record.fields[columns_.category];
      const std::optional<TagCategory> category = CategoryOf(text);
      if (!category.has_value()) return CategoryError(record, columns_.category, text);
      entry.category = *category;
    }
    MILLRACE_RETURN_IF_ERROR(ReadNumber(record, columns_.tag_id, &entry.tag_id));
    MILLRACE_RETURN_IF_ERROR(ReadNumber(record, columns_.count, &entry.post_count));
    if (const auto fault = FaultOf(entry)) {
      return CsvError(record.line, columns_.name + 1, "name", absl::StrCat("the label ", *fault, "."));
    }
    MILLRACE_RETURN_IF_ERROR(CheckIsNew(record, entry));
    entries_.push_back(std::move(entry));
    return absl::OkStatus();
  }

  absl::StatusOr<Vocabulary> Finish() && {
    if (entries_.empty()) {
      return CsvError(header_.line, 1, "", "no label follows the first line. Add a line a label.");
    }
    return Vocabulary::Create(std::move(entries_));
  }

 private:
  absl::Status ReadNumber(const CsvRecord& record, size_t column, int64_t* number) const {
    if (column == Columns::kNone || record.fields[column].empty()) return absl::OkStatus();
    const std::string& text = record.fields[column];
    const bool is_plain = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (is_plain && absl::SimpleAtoi(text, number)) return absl::OkStatus();
    return CsvError(record.line, column + 1, header_.fields[column],
                    absl::StrCat(QuoteForMessage(text),
                                 " is no whole number from 0 to 2^63 - 1. Correct it, or leave "
                                 "the field empty."));
  }

  absl::Status CheckIsNew(const CsvRecord& record, const VocabularyEntry& entry) {
    const auto [known, is_new] = line_by_key_.try_emplace({entry.name, entry.category}, record.line);
    if (is_new) return absl::OkStatus();
    return CsvError(
        record.line, columns_.name + 1, "name",
        absl::StrCat(QuoteForMessage(entry.name), " of category ", std::string(TagCategoryName(entry.category)),
                     " stands on line ", known->second, " already. Remove one of them."));
  }

  const CsvRecord header_;
  const Columns columns_;
  std::vector<VocabularyEntry> entries_;
  absl::flat_hash_map<std::pair<std::string, TagCategory>, int64_t> line_by_key_;
};

}  // namespace

std::string VocabularyCsvOf(const std::vector<VocabularyEntry>& entries) {
  std::string csv = "tag_id,name,category,count\n";
  for (const VocabularyEntry& entry : entries) {
    absl::StrAppend(&csv, entry.tag_id, ",");
    AppendField(entry.name, &csv);
    absl::StrAppend(&csv, ",", std::string(WrittenCategory(entry.category)), ",", entry.post_count, "\n");
  }
  return csv;
}

absl::StatusOr<Vocabulary> ParseVocabularyCsv(std::string_view text) {
  if (text.size() > kVocabularyCsvSizeBytesMax) {
    return MakeError(Reason::kVocabularyInvalid,
                     absl::StrCat("the file has ", text.size(), " bytes; at most ", kVocabularyCsvSizeBytesMax,
                                  " are allowed. Take fewer labels."));
  }
  CsvReader reader(text);
  CsvRecord record;
  MILLRACE_ASSIGN_OR_RETURN(const bool has_header, reader.Next(&record));
  if (!has_header) {
    return CsvError(1, 1, "", "the file is empty. Begin it with the line `tag_id,name,category,count`.");
  }
  MILLRACE_ASSIGN_OR_RETURN(const Columns columns, ColumnsOf(record));
  EntryParser parser(record, columns);
  while (true) {
    MILLRACE_ASSIGN_OR_RETURN(const bool has_record, reader.Next(&record));
    if (!has_record) return std::move(parser).Finish();
    MILLRACE_RETURN_IF_ERROR(parser.Add(record));
  }
}

}  // namespace millrace
