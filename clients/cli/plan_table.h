// A plan as people read it.
#pragma once

#include <ostream>

#include "clients/cli/display.h"
#include "millrace/v1/plan_service.pb.h"

namespace millrace::cli {

// What it is made of, as far as it differs from the defaults; its splits; notes. `full`: digests in full.
void PrintPlan(const v1::Plan& plan, bool full, const Terminal& terminal, std::ostream& out);

}  // namespace millrace::cli
