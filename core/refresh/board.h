// What is particular to each kind of board: how a page of posts is asked for. Pure functions. docs/sources.md says
// which of it was checked against a board and which is as the boards document it.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "core/catalog/source.h"
#include "core/ingest/pipeline.h"

namespace millrace {

struct PageSizes {
  int32_t default_size = 0;
  int32_t max_size = 0;  // what the boards give at most
};
PageSizes PageSizesOf(BoardKind kind);

// Whether boards of the kind list aliases and implications of tags.
bool HasRelations(BoardKind kind);

// The format of the kind's pages.
SourceFormat PageFormatOf(BoardKind kind);

// Checks settings from outside and completes them: a page size of 0 becomes the kind's, the address loses slashes at
// its end. kFieldInvalid, naming the field. A query must not order posts, nor name ids where the paging itself does.
absl::Status CompleteSettings(SourceSettings* settings);

struct PageRequest {
  std::string url;
  std::string user;  // for HTTP basic authentication; empty: none
  std::string password;
};

// Adds the source's login and key, if it has some, where the kind takes them; the URL has a query.
void AddCredentials(const SourceSettings& settings, PageRequest* request);

// The page with the `limit` posts of the smallest ids above `after_id` that match the query.
PageRequest MakePageRequest(const SourceSettings& settings, int64_t after_id, int64_t limit);

}  // namespace millrace
