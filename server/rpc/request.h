// Checks that requests of every service share. Each error names the field as the request spells it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace millrace {

inline constexpr int64_t kPageSizeDefault = 100;
inline constexpr int64_t kPageSizeMax = 1000;
// A page of large items ends early rather than grow past the 4 MiB that gRPC clients take by default.
inline constexpr size_t kPageSizeBytesMax = 3 << 20;

// How many items a page holds: 0 stands for the default, and what is too large for the largest.
absl::StatusOr<int64_t> PageLimit(int32_t page_size);

// A digest or plan id, whole or as a prefix of at least 8 hexadecimal digits, in lower case.
absl::StatusOr<std::string> DigestReference(std::string_view field, std::string_view text);

// A dataset's or split's name.
absl::Status CheckName(std::string_view field, std::string_view name);

// An enum's number that this server knows; `known` is the generated X_IsValid.
absl::Status CheckEnum(std::string_view field, int value, bool (*known)(int));

}  // namespace millrace
