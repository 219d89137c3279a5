// The danbooru2023 SQLite file: Post, Tag, PostTagRelation and LocalPost.
#pragma once

#include "absl/status/status.h"
#include "core/catalog/sqlite.h"
#include "core/ingest/reader.h"

namespace millrace {

// Hands every tag (with its `popularity` as the board's count) and every post to the sink, or rejects it. Posts come in
// the order of their ids, which are also their lines. Columns beyond those that a post has a field for are kept in
// extra_json under their names, and the rows of LocalPost as the list "local_posts". kFileInvalid, without the file's
// name, when it is no danbooru2023 file.
absl::Status ReadDanbooru2023(Database& database, RecordSink* sink);

}  // namespace millrace
