// A board's list of records that are not posts.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "core/ingest/json_splitter.h"

namespace millrace {

struct JsonListShape {
  std::string_view name;                             // for messages
  absl::Span<const std::string_view> wrappers = {};  // as of JsonSplitter::Options
  std::string_view page_mark = {};
};

// Hands each record of `body` to the handler, with padding for simdjson, those above 1 MiB as too long. kFileInvalid
// when it is no such list or blank, which no list is, not even an empty one; also what the handler returns.
absl::Status ReadJsonList(const JsonListShape& shape, std::string_view body, JsonSplitter::Handler handler);

}  // namespace millrace
