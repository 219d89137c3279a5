// The records of plans. Functions on one connection, to be called within a transaction of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/catalog/catalog.h"
#include "core/catalog/sqlite.h"

namespace millrace {

// See Catalog for what each does.
absl::StatusOr<bool> AddPlanRow(Database& database, const PlanRecord& record);
absl::StatusOr<PlanRecord> ReadPlan(Database& database, std::string_view id_or_prefix);
absl::StatusOr<std::vector<PlanRecord>> ReadPlans(Database& database, std::string_view snapshot,
                                                  const std::optional<TimeCursor>& after, int64_t limit);
absl::Status DeletePlanRow(Database& database, std::string_view id);

}  // namespace millrace
