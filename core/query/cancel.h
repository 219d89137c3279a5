// Queries that nobody waits for any more.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "core/base/error.h"

namespace millrace {

// Asked now and then from one thread; empty: never.
using Cancelled = std::function<bool()>;

inline absl::Status CheckCancelled(const Cancelled& cancelled) {
  if (!cancelled || !cancelled()) return absl::OkStatus();
  return MakeError(Reason::kCancelled, "the query was cancelled; nothing was made of it");
}

}  // namespace millrace
