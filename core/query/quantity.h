// Numbers with the units in which queries write them, read as whole numbers: no result depends on a machine's floating
// point.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/query/interval.h"
#include "core/query/metatag.h"

namespace millrace {

// What a written value stands for. A date is a span of time, most others are one number.
struct Quantity {
  Interval span;
  // When the value stands alone, without a sign or dots: 2 megapixels are then about two, not 2,000,000 pixels exactly.
  Interval alone;
};

// The value in the unit of the metatag: bytes, pixels, microseconds (kDecimal: of `scale` decimals), microseconds since
// 1970 (kDate), hundredths (kRatio). Nothing when it is not written so, or no number of 64 bits.
std::optional<Quantity> ParseQuantity(ValueSyntax syntax, std::string_view text);

// Hundredths of width / height, rounded half up; requires positive sides.
int64_t RatioOf(int64_t width_px, int64_t height_px);

}  // namespace millrace
