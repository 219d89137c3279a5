// Splits and their ranges of ids.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/plan/plan_spec.h"
#include "core/plan/validate_spec.h"

namespace millrace {
namespace {

absl::Status ValidateBlocks(const SplitSpec& split, const std::string& path) {
  const auto check = [&](const char* key, int64_t value) -> absl::Status {
    const std::string field = absl::StrCat(path, ".", key);
    if (split.order == OrderKind::kBlock) return ValidateNumber(field, value, 1, kWindowRowsMax);
    if (value == 0) return absl::OkStatus();
    return FieldError(field,
                      absl::StrCat("is ", value, ", but the order is ", std::string(WordOf(kOrderWords, split.order)),
                                   "; leave it out, or give the order BLOCK (4)"));
  };
  MILLRACE_RETURN_IF_ERROR(check("block_rows", split.block_rows));
  MILLRACE_RETURN_IF_ERROR(check("window_blocks", split.window_blocks));
  // Both are below 2^31, so the product cannot overflow.
  if (split.block_rows * split.window_blocks <= kWindowRowsMax) return absl::OkStatus();
  return FieldError(
      path + ".window_blocks",
      absl::StrCat("is ", split.window_blocks, ": with blocks of ", split.block_rows, " rows a window has ",
                   split.block_rows * split.window_blocks, "; at most ", kWindowRowsMax, " are allowed"));
}

absl::Status ValidateOrder(const PlanSpec& spec, const SplitSpec& split, const std::string& path) {
  MILLRACE_RETURN_IF_ERROR(ValidateChoice(path + ".order", kOrderWords, split.order));
  const bool is_by_batches =
      split.order == OrderKind::kEpoch || split.order == OrderKind::kFixed || split.order == OrderKind::kSequential;
  if (spec.strategy == SplitStrategy::kPartitioned && !is_by_batches) {
    return FieldError(path + ".order",
                      absl::StrCat("is ", std::string(WordOf(kOrderWords, split.order)),
                                   ", but the strategy partitioned orders whole batches; give EPOCH (1), FIXED (2) or "
                                   "SEQUENTIAL (3), or another strategy"));
  }
  return ValidateBlocks(split, path);
}

absl::Status ValidateShare(const PlanSpec& spec, const SplitSpec& split, const std::string& path) {
  if (spec.strategy == SplitStrategy::kIdRange) {
    if (split.share == 0) return absl::OkStatus();
    return FieldError(path + ".share", absl::StrCat("is ", split.share,
                                                    ", but the strategy id_range takes ranges; leave the share out"));
  }
  if (!split.ranges.empty()) {
    return FieldError(path + ".ranges",
                      absl::StrCat("is given, but the strategy is ", std::string(WordOf(kStrategyWords, spec.strategy)),
                                   "; leave ranges out, or give the strategy ID_RANGE (3)"));
  }
  if (split.share >= 0 && split.share <= kShareMax) return absl::OkStatus();
  return FieldError(path + ".share", absl::StrCat("is ", split.share, "; give 0 to ", kShareMax,
                                                  " (shares are parts of their total, any total will do)"));
}

absl::Status ValidateSplit(const PlanSpec& spec, const SplitSpec& split, const std::string& path) {
  if (!IsValidName(split.name)) {
    return FieldError(path + ".name", absl::StrCat("is ", QuoteForMessage(split.name),
                                                   "; give 1 to 64 of a-z, 0-9, '-', '_' and '.', starting with a "
                                                   "letter or digit"));
  }
  MILLRACE_RETURN_IF_ERROR(ValidateShare(spec, split, path));
  return ValidateOrder(spec, split, path);
}

std::string RangeText(const IdRange& range) { return absl::StrCat(range.first, "-", range.last); }

// A range with where it stands.
struct PlacedRange {
  IdRange range;
  size_t split = 0;
  size_t index = 0;

  std::string Path() const { return absl::StrCat("spec.splits[", split, "].ranges[", index, "]"); }
};

absl::Status ValidateRange(const PlacedRange& placed, int64_t modulus) {
  const auto& [first, last] = placed.range;
  const std::string text = RangeText(placed.range);
  if (first > last) {
    return FieldError(placed.Path(), absl::StrCat("is ", text,
                                                  ", which is empty; both ends are included, so give a "
                                                  "first that is not above the last"));
  }
  if (first >= 0 && last < modulus) return absl::OkStatus();
  return FieldError(placed.Path(), absl::StrCat("is ", text, "; ids modulo ", modulus, " are 0 to ", modulus - 1,
                                                ": give a range within, or another spec.modulus"));
}

absl::Status ValidateNoOverlap(std::vector<PlacedRange> ranges) {
  std::stable_sort(ranges.begin(), ranges.end(),
                   [](const PlacedRange& a, const PlacedRange& b) { return a.range < b.range; });
  // Sorted by their beginnings, any two that overlap make two neighbours that do.
  for (size_t i = 1; i < ranges.size(); ++i) {
    const PlacedRange& before = ranges[i - 1];
    if (ranges[i].range.first > before.range.last) continue;
    return FieldError(
        ranges[i].Path(),
        absl::StrCat("is ", RangeText(ranges[i].range), ", which overlaps ", RangeText(before.range), " of ",
                     before.Path(), "; both ends are included, so let one begin behind the other's last"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ValidateIdRanges(const PlanSpec& spec) {
  std::vector<PlacedRange> ranges;
  for (size_t i = 0; i < spec.splits.size(); ++i) {
    const std::vector<IdRange>& own = spec.splits[i].ranges;
    if (own.empty() || own.size() > kIdRangeCountMax) {
      return FieldError(absl::StrCat("spec.splits[", i, "].ranges"),
                        absl::StrCat("has ", own.size(), " ranges; give 1 to ", kIdRangeCountMax,
                                     ", such as 0-899 (of ids modulo spec.modulus)"));
    }
    for (size_t j = 0; j < own.size(); ++j) {
      ranges.push_back({own[j], i, j});
      MILLRACE_RETURN_IF_ERROR(ValidateRange(ranges.back(), spec.modulus));
    }
  }
  MILLRACE_RETURN_IF_ERROR(ValidateNoOverlap(ranges));
  for (size_t i = 1; i < ranges.size(); ++i) {
    if (ranges[i].index == 0 || ranges[i - 1].range < ranges[i].range) continue;
    return FieldError(ranges[i].Path(),
                      absl::StrCat("is ", RangeText(ranges[i].range), ", and the range before it ",
                                   RangeText(ranges[i - 1].range), "; put a split's ranges in ascending order"));
  }
  return absl::OkStatus();
}

absl::Status ValidateSplits(const PlanSpec& spec) {
  const std::vector<SplitSpec>& splits = spec.splits;
  if (splits.empty() || splits.size() > kSplitCountMax) {
    return FieldError("spec.splits", absl::StrCat("has ", splits.size(), " splits; give 1 to ", kSplitCountMax));
  }
  for (size_t i = 0; i < splits.size(); ++i) {
    const std::string path = absl::StrCat("spec.splits[", i, "]");
    MILLRACE_RETURN_IF_ERROR(ValidateSplit(spec, splits[i], path));
    for (size_t j = 0; j < i; ++j) {
      if (splits[j].name != splits[i].name) continue;
      return FieldError(path + ".name", absl::StrCat("is \"", splits[i].name, "\", as is that of spec.splits[", j,
                                                     "]; give every split a name of its own"));
    }
  }
  const auto has_no_share = [](const SplitSpec& split) { return split.share == 0; };
  if (spec.strategy != SplitStrategy::kIdRange && std::all_of(splits.begin(), splits.end(), has_no_share)) {
    return FieldError("spec.splits", "have shares that are all 0; give at least one split a share");
  }
  return absl::OkStatus();
}

}  // namespace millrace
