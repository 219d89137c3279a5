// What a reader of a plan's specification would not expect, in sentences.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/plan/plan.h"
#include "core/plan/split_order.h"

namespace millrace {

// Members that the split's order never draws.
void AppendDrawNotes(std::string_view split, int64_t member_count, const MemberValues& values,
                     std::vector<std::string>* notes);

// Posts in no split, and splits without posts.
void AppendSplitNotes(const Plan& plan, std::vector<std::string>* notes);

}  // namespace millrace
