#include "core/plan/plan_spec.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/digest.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/plan/validate_spec.h"

namespace millrace {

std::vector<SplitSpec> DefaultSplits() {
  std::vector<SplitSpec> splits;
  for (const auto& [name, share] : {std::pair("train", 80), std::pair("validation", 10), std::pair("test", 10)}) {
    SplitSpec& split = splits.emplace_back();
    split.name = name;
    split.share = share;
    split.order = DefaultOrder(name);
  }
  return splits;
}

OrderKind DefaultOrder(std::string_view split_name) {
  return split_name == "validation" || split_name == "test" ? OrderKind::kFixed : OrderKind::kEpoch;
}

absl::Status ValidateText(std::string_view field, std::string_view text) {
  if (text.size() > kQuerySizeMax) {
    return FieldError(field, absl::StrCat("has ", text.size(), " bytes; at most ", kQuerySizeMax, " are allowed"));
  }
  if (!IsValidUtf8(text)) return FieldError(field, absl::StrCat("is not UTF-8: ", QuoteForMessage(text)));
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) continue;
    return FieldError(field,
                      absl::StrCat("holds a control character: ", QuoteForMessage(text), "; separate terms by spaces"));
  }
  return absl::OkStatus();
}

bool HasOrder(const PlanSpec& spec, OrderKind order) {
  for (const SplitSpec& split : spec.splits) {
    if (split.order == order) return true;
  }
  return false;
}

absl::Status ValidatePlanSpec(const PlanSpec& spec) {
  if (!IsHexDigest(spec.snapshot)) {
    return FieldError("spec.snapshot", absl::StrCat("is ", QuoteForMessage(spec.snapshot),
                                                    "; give a digest of 64 lower-case hexadecimal digits"));
  }
  MILLRACE_RETURN_IF_ERROR(ValidateText("spec.query", spec.query));
  MILLRACE_RETURN_IF_ERROR(ValidateChoice("spec.strategy", kStrategyWords, spec.strategy));
  MILLRACE_RETURN_IF_ERROR(ValidateSplits(spec));
  MILLRACE_RETURN_IF_ERROR(ValidateStrategy(spec));
  MILLRACE_RETURN_IF_ERROR(ValidateWeights(spec));
  MILLRACE_RETURN_IF_ERROR(ValidateMix(spec));
  MILLRACE_RETURN_IF_ERROR(
      ValidateNumber("spec.batch_size", spec.batch_size, 1, kBatchSizeMax, "the samples of one step over all ranks"));
  MILLRACE_RETURN_IF_ERROR(ValidateChoice("spec.last_batch", kLastBatchWords, spec.last_batch));
  return ValidateChoice("spec.tags", kTagReadingWords, spec.tags);
}

}  // namespace millrace
