#include "core/plan/split_members.h"

#include <algorithm>

namespace millrace {

SplitMembers SplitMembers::Dealt(Permutation dealt, int64_t start, int64_t count) {
  return SplitMembers(DealtRange{std::move(dealt), start, count});
}

SplitMembers SplitMembers::Ascending(RowList elements) { return SplitMembers(Form(std::move(elements))); }

SplitMembers SplitMembers::Listed(std::vector<uint32_t> elements) { return SplitMembers(Form(std::move(elements))); }

int64_t SplitMembers::size() const {
  if (const auto* range = std::get_if<DealtRange>(&form_)) return range->count;
  if (const auto* list = std::get_if<RowList>(&form_)) return list->size();
  return static_cast<int64_t>(std::get<std::vector<uint32_t>>(form_).size());
}

void SplitMembers::Elements(absl::Span<int64_t> values) const {
  if (const auto* range = std::get_if<DealtRange>(&form_)) {
    for (int64_t& value : values) value += range->start;
    range->dealt.Apply(values);
  } else if (const auto* list = std::get_if<RowList>(&form_)) {
    list->Apply(values);
  } else {
    const auto& elements = std::get<std::vector<uint32_t>>(form_);
    for (int64_t& value : values) value = elements[static_cast<size_t>(value)];
  }
}

std::optional<int64_t> SplitMembers::Find(int64_t element) const {
  if (const auto* range = std::get_if<DealtRange>(&form_)) {
    if (element < 0 || element >= range->dealt.size()) return std::nullopt;
    const int64_t member = range->dealt.IndexOf(element) - range->start;
    if (member < 0 || member >= range->count) return std::nullopt;
    return member;
  }
  if (const auto* list = std::get_if<RowList>(&form_)) return list->Find(element);
  const auto& elements = std::get<std::vector<uint32_t>>(form_);
  const auto found = std::find(elements.begin(), elements.end(), element);
  if (found == elements.end()) return std::nullopt;
  return found - elements.begin();
}

size_t SplitMembers::memory_bytes() const {
  if (const auto* list = std::get_if<RowList>(&form_)) return list->memory_bytes();
  if (const auto* elements = std::get_if<std::vector<uint32_t>>(&form_)) return sizeof(uint32_t) * elements->capacity();
  const int64_t dealt_size = std::get<DealtRange>(form_).dealt.size();
  return dealt_size <= Permutation::kTableSizeMax ? sizeof(uint16_t) * static_cast<size_t>(dealt_size) : 0;
}

}  // namespace millrace
