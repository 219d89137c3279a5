#include "core/ingest/danbooru_meta_sqlite.h"

#include "core/base/error.h"
#include "core/ingest/danbooru_meta_posts.h"
#include "core/ingest/danbooru_meta_schema.h"

namespace millrace {

absl::Status ReadDanbooruMeta(Database& database, RecordSink* sink) {
  MILLRACE_ASSIGN_OR_RETURN(const DanbooruMetaSchema schema, ReadDanbooruMetaSchema(database));
  DanbooruMetaPosts posts(&database, &schema, sink);
  return posts.ReadAll();
}

}  // namespace millrace
