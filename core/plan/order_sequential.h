// The order `sequential`: members as they stand, in every epoch.
#pragma once

#include <memory>

#include "core/plan/split_order.h"

namespace millrace {

std::unique_ptr<const SplitOrder> MakeSequentialOrder(int64_t member_count);

}  // namespace millrace
