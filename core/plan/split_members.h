// Which elements of the selection a split holds, and in which sequence (docs/plan-specification.md, section 5).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "absl/types/span.h"
#include "core/plan/permutation.h"
#include "core/plan/row_list.h"

namespace millrace {

// Immutable, so thread-safe.
class SplitMembers {
 public:
  // Member x is dealt[start + x]: nothing is stored a member.
  static SplitMembers Dealt(Permutation dealt, int64_t start, int64_t count);
  static SplitMembers Ascending(RowList elements);
  // In any sequence: 4 bytes a member.
  static SplitMembers Listed(std::vector<uint32_t> elements);

  int64_t size() const;
  // values[i] = the element that is member values[i], in place.
  void Elements(absl::Span<int64_t> values) const;
  // Which member an element is; nothing when the split does not hold it. Listed looks through all members.
  std::optional<int64_t> Find(int64_t element) const;
  size_t memory_bytes() const;

 private:
  struct DealtRange {
    Permutation dealt;
    int64_t start;
    int64_t count;
  };
  using Form = std::variant<DealtRange, RowList, std::vector<uint32_t>>;

  explicit SplitMembers(Form form) : form_(std::move(form)) {}

  Form form_;
};

}  // namespace millrace
