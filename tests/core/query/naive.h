// The definition of docs/query-language.md, one post at a time and without the code that is tested: it reads posts as
// they were made up, and compares numbers by division and multiplication written anew.
#pragma once

#include <string>

#include "core/model/tag_reading.h"
#include "core/query/query.h"
#include "tests/core/snapshot/support.h"

namespace millrace::testing {

// Whether the post matches. `content` holds it, and all that its snapshot holds.
bool MatchesNaively(const Query& query, const Post& post, const Content& content,
                    TagReading reading = TagReading::kAsSaid);

}  // namespace millrace::testing
