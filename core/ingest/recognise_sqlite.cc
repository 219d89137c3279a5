// The formats that are SQLite files. A file's schema stands as text on its first page, mostly, so a look for the names
// of tables tells them apart; whether the tables are as they should be is for the reader to find.
#include "core/ingest/file_signature.h"
#include "core/ingest/recognise.h"

namespace millrace {
namespace {

bool HasTable(std::string_view start, std::string_view name) {
  return TellFile(start).kind == FileKind::kSqlite && start.find(name) != std::string_view::npos;
}

}  // namespace

bool RecogniseDanbooruMetaSqlite(std::string_view start, std::string_view) { return HasTable(start, "post_tags"); }

}  // namespace millrace
