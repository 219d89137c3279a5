// Random changes of inputs.
#pragma once

#include <cstddef>
#include <random>
#include <string>
#include <vector>

namespace millrace::fuzz {

// One input of the corpus, which must not be empty, with a few changes: bytes, tokens of the formats that are fuzzed,
// pieces of itself and of other inputs. At most `size_bytes_max` long.
std::string Mutate(const std::vector<std::string>& corpus, size_t size_bytes_max, std::mt19937_64* random);

}  // namespace millrace::fuzz
