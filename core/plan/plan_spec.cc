#include "core/plan/plan_spec.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/digest.h"
#include "core/base/error.h"
#include "core/base/text.h"

namespace millrace {
namespace {

absl::Status ValidateSplit(const SplitSpec& split, const std::string& path) {
  if (!IsValidName(split.name)) {
    return FieldError(path + ".name", absl::StrCat("is ", QuoteForMessage(split.name),
                                                   "; give 1 to 64 of a-z, 0-9, '-', '_' and '.', starting with a "
                                                   "letter or digit"));
  }
  if (split.share < 0 || split.share > kShareMax) {
    return FieldError(path + ".share", absl::StrCat("is ", split.share, "; give 0 to ", kShareMax,
                                                    " (shares are parts of their total, any total will do)"));
  }
  if (split.order != OrderKind::kEpoch && split.order != OrderKind::kFixed) {
    return FieldError(path + ".order", absl::StrCat("is the unknown value ", static_cast<int>(split.order),
                                                    "; give EPOCH (1) or FIXED (2)"));
  }
  return absl::OkStatus();
}

absl::Status ValidateSplits(const std::vector<SplitSpec>& splits) {
  if (splits.empty() || splits.size() > kSplitCountMax) {
    return FieldError("spec.splits", absl::StrCat("has ", splits.size(), " splits; give 1 to ", kSplitCountMax));
  }
  for (size_t i = 0; i < splits.size(); ++i) {
    const std::string path = absl::StrCat("spec.splits[", i, "]");
    MILLRACE_RETURN_IF_ERROR(ValidateSplit(splits[i], path));
    for (size_t j = 0; j < i; ++j) {
      if (splits[j].name != splits[i].name) continue;
      return FieldError(path + ".name", absl::StrCat("is \"", splits[i].name, "\", as is that of spec.splits[", j,
                                                     "]; give every split a name of its own"));
    }
  }
  if (std::all_of(splits.begin(), splits.end(), [](const SplitSpec& split) { return split.share == 0; })) {
    return FieldError("spec.splits", "have shares that are all 0; give at least one split a share");
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<SplitSpec> DefaultSplits() {
  std::vector<SplitSpec> splits = {
      {.name = "train", .share = 80}, {.name = "validation", .share = 10}, {.name = "test", .share = 10}};
  for (SplitSpec& split : splits) split.order = DefaultOrder(split.name);
  return splits;
}

OrderKind DefaultOrder(std::string_view split_name) {
  return split_name == "validation" || split_name == "test" ? OrderKind::kFixed : OrderKind::kEpoch;
}

absl::Status ValidatePlanSpec(const PlanSpec& spec) {
  if (!IsHexDigest(spec.snapshot)) {
    return FieldError("spec.snapshot", absl::StrCat("is ", QuoteForMessage(spec.snapshot),
                                                    "; give a digest of 64 lower-case hexadecimal digits"));
  }
  if (spec.strategy != SplitStrategy::kExact) {
    return FieldError("spec.strategy",
                      absl::StrCat("is the unknown value ", static_cast<int>(spec.strategy), "; give EXACT (1)"));
  }
  MILLRACE_RETURN_IF_ERROR(ValidateSplits(spec.splits));
  if (spec.batch_size < 1 || spec.batch_size > kBatchSizeMax) {
    return FieldError("spec.batch_size", absl::StrCat("is ", spec.batch_size, "; give 1 to ", kBatchSizeMax,
                                                      ", the samples of one step over all ranks"));
  }
  if (spec.last_batch < LastBatch::kKeep || spec.last_batch > LastBatch::kPad) {
    return FieldError("spec.last_batch", absl::StrCat("is the unknown value ", static_cast<int>(spec.last_batch),
                                                      "; give KEEP (1), DROP (2) or PAD (3)"));
  }
  return absl::OkStatus();
}

}  // namespace millrace
