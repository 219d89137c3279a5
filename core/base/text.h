// Small helpers for text and bytes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/types/span.h"

namespace millrace {

// Lower-case hexadecimal digits, two a byte.
std::string HexEncode(absl::Span<const uint8_t> bytes);

// The bytes that exactly 2 * N hexadecimal digits of either case stand for; otherwise nothing.
template <size_t N>
std::optional<std::array<uint8_t, N>> HexDecode(std::string_view text) {
  const auto digit = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  if (text.size() != 2 * N) return std::nullopt;
  std::array<uint8_t, N> bytes;
  for (size_t i = 0; i < N; ++i) {
    const int high = digit(text[2 * i]);
    const int low = digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return bytes;
}

// Whether the bytes are well-formed UTF-8 (Unicode 15, table 3-7: no surrogates, no overlong forms).
bool IsValidUtf8(std::string_view bytes);

// The text between double quotes, control characters and quotes escaped, cut after max_bytes at a
// character's boundary: for showing untrusted input in messages.
std::string QuoteForMessage(std::string_view text, size_t max_bytes = 80);

// Whether a name for datasets and splits is well-formed: 1 to 64 of a-z, 0-9, '-', '_' and '.', starting
// with a letter or digit.
bool IsValidName(std::string_view name);

}  // namespace millrace
