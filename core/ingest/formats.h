// The table of source formats: all that the pipeline has to know of each.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "core/ingest/pipeline.h"
#include "core/ingest/reader.h"

namespace millrace {

// What a reader may be told; each takes what it needs.
struct ReaderOptions {
  int64_t record_size_bytes_max = 16 << 20;  // a longer record is rejected
  std::string spool_folder;
  int64_t spool_size_bytes_max = 0;
  std::function<bool()> cancelled;  // may be empty
};

// What the bytes of a file must be by their signature (file_signature.h).
enum class FileContent {
  kText,  // anything that is no known binary file: each record is judged by itself
  kSqlite,
  kAny,  // the reader judges
};

struct Format {
  SourceFormat format = SourceFormat::kUnspecified;
  std::string_view name;          // as commands and messages call it: "danbooru-jsonl"
  std::string_view content_name;  // "JSON lines"
  FileContent content = FileContent::kText;
  std::string_view id_field;  // the source's name of a post's id
  std::string_view place;     // what a record's number (RejectedRecord::line) counts: "line", "record"
  bool (*recognise)(std::string_view start) = nullptr;
  bool (*could_be)(std::string_view start) = nullptr;  // recognise.h; null: never
  // `sink` is borrowed.
  std::unique_ptr<DumpReader> (*make_reader)(RecordSink* sink, const ReaderOptions& options) = nullptr;
};

// Every format, in the order in which messages list them.
absl::Span<const Format> Formats();
// Null: not known.
const Format* FindFormat(SourceFormat format);
// Those that recognise the file; see recognise.h.
std::vector<const Format*> RecogniseFormats(std::string_view start);
// "danbooru-jsonl (JSON lines), ...", for messages.
std::string FormatList();

}  // namespace millrace
