// What the tests of golden vectors over posts share: reading tests/golden/features and refusals
// (docs/plan-specification.md, section 9).
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tests/core/snapshot/support.h"

namespace millrace::testing {

// Ascending.
std::vector<std::filesystem::path> FeatureVectorFiles();
std::vector<std::filesystem::path> RefusalVectorFiles();

// The line of the file that holds the plan, in canonical form.
std::string PlanLine(const std::filesystem::path& path);

// Whether the vector has posts, listed or computed.
bool HasPosts(const simdjson::dom::element& golden);
// Those posts, the tags that they use, and the aliases and implications of the vector.
Content PostsOf(const simdjson::dom::element& golden);

TagCategory CategoryOf(std::string_view word);
int64_t IntegerOf(const simdjson::dom::element& value);
std::string TextOf(const simdjson::dom::element& value);
std::vector<int64_t> IntegersOf(const simdjson::dom::element& array);

}  // namespace millrace::testing
