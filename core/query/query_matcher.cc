#include "core/query/query_matcher.h"

#include <array>

#include "core/base/error.h"
#include "core/query/evaluator.h"

namespace millrace {

absl::Status QueryMatcher::EvaluateAll() {
  std::vector<uint16_t> by_row(static_cast<size_t>(snapshot_->post_count()), kNone);
  RowSet left = RowSet::Range(0, by_row.size());
  for (size_t q = 0; q < queries_.size() && !left.IsEmpty(); ++q) {
    MILLRACE_ASSIGN_OR_RETURN(const RowSet matches, SelectRows(queries_[q], *snapshot_, left));
    left.AndNot(matches);
    std::array<uint32_t, 4096> rows;
    RowSet::Reader reader(matches);
    while (const size_t count = reader.Read(absl::MakeSpan(rows))) {
      for (size_t i = 0; i < count; ++i) by_row[rows[i]] = static_cast<uint16_t>(q);
    }
  }
  by_row_ = std::move(by_row);
  return absl::OkStatus();
}

absl::Status QueryMatcher::FirstMatches(absl::Span<const uint32_t> rows, absl::Span<uint16_t> matches) {
  if (rows.size() == 1 && by_row_.empty()) {
    matches[0] = kNone;
    for (size_t q = 0; q < queries_.size() && matches[0] == kNone; ++q) {
      MILLRACE_ASSIGN_OR_RETURN(const bool is_match, Matches(queries_[q], *snapshot_, rows[0]));
      if (is_match) matches[0] = static_cast<uint16_t>(q);
    }
    return absl::OkStatus();
  }
  if (by_row_.empty()) MILLRACE_RETURN_IF_ERROR(EvaluateAll());
  for (size_t i = 0; i < rows.size(); ++i) matches[i] = by_row_[rows[i]];
  return absl::OkStatus();
}

}  // namespace millrace
