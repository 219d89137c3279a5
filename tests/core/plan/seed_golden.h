// Reads tests/golden/seed_system.json, the numbers of the seed system's own generator.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "core/base/digest.h"
#include "core/base/text.h"

namespace millrace {

using GoldenElement = simdjson::dom::element;

// As long as the parser.
inline GoldenElement LoadSeedGolden(simdjson::dom::parser* parser) {
  return parser->load(std::string(MILLRACE_GOLDEN_FOLDER) + "/seed_system.json");
}

// A number of 64 bits, which is text in the file.
inline uint64_t GoldenU64(const GoldenElement& text) {
  return std::strtoull(std::string(std::string_view(text)).c_str(), nullptr, 10);
}

template <typename Integer>
std::vector<Integer> GoldenIntegers(const GoldenElement& array) {
  std::vector<Integer> integers;
  for (const int64_t number : array.get_array()) integers.push_back(static_cast<Integer>(number));
  return integers;
}

// The SHA-256 in hexadecimal digits of numbers as `byte_count` little-endian bytes each.
template <typename Integer>
std::string DigestOf(absl::Span<const Integer> numbers, int byte_count) {
  std::string bytes;
  for (const uint64_t number : numbers) {
    for (int i = 0; i < byte_count; ++i) bytes.push_back(static_cast<char>(number >> (8 * i) & 0xff));
  }
  Sha256 hash;
  hash.Update(bytes.data(), bytes.size());
  return HexEncode(hash.Finish());
}

}  // namespace millrace
