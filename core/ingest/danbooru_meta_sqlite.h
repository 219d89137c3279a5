// The danbooru-meta SQLite file, as the seed system keeps it: stats, ratings, tags, posts and post_tags.
#pragma once

#include "absl/status/status.h"
#include "core/catalog/sqlite.h"
#include "core/ingest/reader.h"

namespace millrace {

// Hands every post to the sink, or rejects it; they come in the order of the column that post_tags refers to. posts.id,
// the dense row number, differs from the post's id and is kept as "id" in extra_json, as are columns beyond the
// format's. kFileInvalid, without the file's name, when it is no danbooru-meta file.
absl::Status ReadDanbooruMeta(Database& database, RecordSink* sink);

}  // namespace millrace
