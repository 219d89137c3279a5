// Queries made up at random, of every kind of term.
#pragma once

#include <random>
#include <string>

#include "tests/core/snapshot/support.h"

namespace millrace::testing {

// Well-formed, and about what the content has. Groups nest up to `depth` deep.
std::string RandomQuery(std::mt19937& random, const Content& content, int depth);

}  // namespace millrace::testing
