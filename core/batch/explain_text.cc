#include "core/batch/explain_text.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/base/text.h"

namespace millrace {

std::string CountText(int64_t count) {
  std::string digits = absl::StrCat(count);
  for (size_t end = digits.size(); end > 3 && digits[end - 4] != '-'; end -= 3) digits.insert(end - 3, ",");
  return digits;
}

std::string CountOf(int64_t count, std::string_view singular, std::string_view plural) {
  return absl::StrCat(CountText(count), " ", std::string(count == 1 ? singular : plural));
}

std::string HashText(uint64_t hash) { return absl::StrFormat("0x%016x", hash); }

std::string RangeText(std::string_view what, int64_t start, int64_t count) {
  if (count == 0) return absl::StrCat("no ", std::string(what));
  return absl::StrCat(std::string(what), " ", start, " to ", start + count - 1);
}

std::string PermutationText(int64_t size, std::string_view key_name, const PermutationKey& key) {
  return absl::StrCat("P(", size, ", ", std::string(key_name), "), key ", HexEncode(key), ",");
}

std::string KeyName(std::string_view label, uint64_t seed, std::string_view name, uint64_t number) {
  return absl::StrCat("key(\"", std::string(label), "\", ", seed, ", \"", std::string(name), "\", ", number, ")");
}

std::string SharesText(const PlanSpec& spec) {
  std::vector<int64_t> shares;
  for (const SplitSpec& split : spec.splits) shares.push_back(split.share);
  return absl::StrJoin(shares, ", ");
}

}  // namespace millrace
