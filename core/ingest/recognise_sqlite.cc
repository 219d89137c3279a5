// The formats that are SQLite files. A file's schema stands as text on its first page, mostly, so a look for the names
// of tables tells them apart; whether the tables are as they should be is for the reader to find.
#include <algorithm>

#include "absl/strings/ascii.h"
#include "core/ingest/file_signature.h"
#include "core/ingest/recognise.h"

namespace millrace {
namespace {

// `name` in lower case.
bool HasTable(std::string_view start, std::string_view name) {
  if (TellFile(start).kind != FileKind::kSqlite) return false;
  const auto equals = [](char c, char wanted) { return absl::ascii_tolower(static_cast<unsigned char>(c)) == wanted; };
  return std::search(start.begin(), start.end(), name.begin(), name.end(), equals) != start.end();
}

}  // namespace

bool RecogniseDanbooruMetaSqlite(std::string_view start) { return HasTable(start, "post_tags"); }

bool RecogniseDanbooru2023Sqlite(std::string_view start) { return HasTable(start, "posttagrelation"); }

}  // namespace millrace
