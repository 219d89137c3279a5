// What a strategy takes, and what it does not.
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/plan/plan_spec.h"
#include "core/plan/validate_spec.h"

namespace millrace {
namespace {

// For an option that is there though the strategy has no use for it. `takers` are the strategies that have.
absl::Status NotTaken(std::string_view field, std::string_view value, SplitStrategy strategy, std::string_view takers) {
  return FieldError(field, absl::StrCat("is ", std::string(value), ", which the strategy ",
                                        std::string(WordOf(kStrategyWords, strategy)),
                                        " does not take; leave it out, or give the strategy ", std::string(takers)));
}

absl::Status ValidateModulus(const PlanSpec& spec) {
  if (spec.strategy != SplitStrategy::kIdRange) {
    if (spec.modulus == 0) return absl::OkStatus();
    return NotTaken("spec.modulus", std::to_string(spec.modulus), spec.strategy, "ID_RANGE (3)");
  }
  MILLRACE_RETURN_IF_ERROR(ValidateNumber("spec.modulus", spec.modulus, 1, kModulusMax));
  return ValidateIdRanges(spec);
}

absl::Status ValidateUnit(const PlanSpec& spec) {
  MILLRACE_RETURN_IF_ERROR(ValidateChoice("spec.unit", kUnitWords, spec.unit));
  const bool takes_units = spec.strategy == SplitStrategy::kExact || spec.strategy == SplitStrategy::kHash ||
                           spec.strategy == SplitStrategy::kStratified;
  if (takes_units || spec.unit == SplitUnit::kPost) return absl::OkStatus();
  return NotTaken("spec.unit", WordOf(kUnitWords, spec.unit), spec.strategy, "EXACT (1), HASH (2) or STRATIFIED (4)");
}

absl::Status ValidateStratify(const PlanSpec& spec) {
  const std::optional<StratifySpec>& stratify = spec.stratify;
  if (spec.strategy != SplitStrategy::kStratified) {
    if (!stratify.has_value()) return absl::OkStatus();
    return NotTaken("spec.stratify", "given", spec.strategy, "STRATIFIED (4)");
  }
  if (!stratify.has_value()) {
    return FieldError("spec.stratify",
                      "is required with the strategy stratified; give a rating, a tag or a category to stratify by");
  }
  MILLRACE_RETURN_IF_ERROR(ValidateChoice("spec.stratify.by", kStratifyByWords, stratify->by));
  const bool is_by_tag = stratify->by == StratifyBy::kTag;
  const bool is_by_category = stratify->by == StratifyBy::kCategory;
  if (is_by_tag == stratify->tag.empty()) {
    return FieldError("spec.stratify.tag",
                      is_by_tag ? "is empty; give a tag's name" : "is given without being the choice");
  }
  if (!is_by_category && stratify->category != TagCategory::kUnspecified) {
    return FieldError("spec.stratify.category", "is given without being the choice");
  }
  MILLRACE_RETURN_IF_ERROR(ValidateText("spec.stratify.tag", stratify->tag));
  return is_by_category ? ValidateChoice("spec.stratify.category", kCategoryWords, stratify->category)
                        : absl::OkStatus();
}

// The seed system knows three splits and reads their shares as percents.
absl::Status ValidateHalfCoverage(const PlanSpec& spec) {
  if (spec.splits.size() != kHalfCoverageSplitCount) {
    return FieldError("spec.splits", absl::StrCat("has ", spec.splits.size(),
                                                  " splits; the coverage half takes exactly three: train, validation "
                                                  "and test, in this order"));
  }
  int64_t total = 0;
  for (const SplitSpec& split : spec.splits) total += split.share;
  if (total == 100) return absl::OkStatus();
  return FieldError("spec.splits", absl::StrCat("have shares that add up to ", total,
                                                "; the coverage half reads them as percents: let them add up to 100"));
}

absl::Status ValidatePartitions(const PlanSpec& spec) {
  MILLRACE_RETURN_IF_ERROR(ValidateChoice("spec.coverage", kCoverageWords, spec.coverage));
  MILLRACE_RETURN_IF_ERROR(ValidateChoice("spec.batch_rows", kBatchRowsWords, spec.batch_rows));
  if (spec.strategy == SplitStrategy::kPartitioned) {
    return spec.coverage == Coverage::kHalf ? ValidateHalfCoverage(spec) : absl::OkStatus();
  }
  if (spec.coverage != Coverage::kFull) {
    return NotTaken("spec.coverage", WordOf(kCoverageWords, spec.coverage), spec.strategy, "PARTITIONED (5)");
  }
  if (spec.batch_rows != BatchRows::kDrawn) {
    return NotTaken("spec.batch_rows", WordOf(kBatchRowsWords, spec.batch_rows), spec.strategy, "PARTITIONED (5)");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ValidateStrategy(const PlanSpec& spec) {
  MILLRACE_RETURN_IF_ERROR(ValidateModulus(spec));
  MILLRACE_RETURN_IF_ERROR(ValidateUnit(spec));
  MILLRACE_RETURN_IF_ERROR(ValidateStratify(spec));
  return ValidatePartitions(spec);
}

}  // namespace millrace
