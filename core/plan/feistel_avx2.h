// The Feistel network's pass with AVX2. Everywhere declared; on machines without AVX2 it must not be called.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/plan/feistel.h"

namespace millrace {

// Four vectors of eight lanes: fewer do not hide the latency of the multiplications (measured 1 : 0.7 for one
// vector against four), more do not fit the registers.
inline constexpr size_t kFeistelBlock = 32;

bool CpuHasAvx2();

// One pass over kFeistelBlock values of the domain, in place. True when all results are within the size.
bool FeistelPassAvx2(const Feistel& feistel, int64_t* values);

}  // namespace millrace
