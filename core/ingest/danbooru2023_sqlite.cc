#include "core/ingest/danbooru2023_sqlite.h"

#include "core/base/error.h"
#include "core/ingest/danbooru2023_posts.h"
#include "core/ingest/danbooru2023_schema.h"

namespace millrace {

absl::Status ReadDanbooru2023(Database& database, RecordSink* sink) {
  MILLRACE_ASSIGN_OR_RETURN(const Danbooru2023Schema schema, ReadDanbooru2023Schema(database));
  Danbooru2023Posts posts(&database, &schema, sink);
  return posts.ReadAll();
}

}  // namespace millrace
