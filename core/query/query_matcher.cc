#include "core/query/query_matcher.h"

#include <array>

#include "core/base/error.h"
#include "core/query/evaluator.h"

namespace millrace {
namespace {

// Calls use(bound) with the query as it was kept, or bound for the call.
template <typename Use>
auto WithBound(const Query& query, const std::optional<BoundQuery>& kept, const Snapshot& snapshot,
               const Cancelled& cancelled, Use use) -> decltype(use(*kept)) {
  if (kept.has_value()) return use(*kept);
  MILLRACE_ASSIGN_OR_RETURN(const BoundQuery bound, BoundQuery::Bind(query, snapshot, cancelled));
  return use(bound);
}

}  // namespace

absl::Status QueryMatcher::Add(Query query) {
  MILLRACE_ASSIGN_OR_RETURN(BoundQuery bound, BoundQuery::Bind(query, *snapshot_, cancelled_));
  Entry& entry = entries_.emplace_back();
  entry.query = std::move(query);
  if (bound.listed_count() <= kListedCountMax) entry.bound = std::move(bound);
  return absl::OkStatus();
}

absl::Status QueryMatcher::EvaluateAll() {
  std::vector<uint16_t> by_row(static_cast<size_t>(snapshot_->post_count()), kNone);
  RowSet left = RowSet::Range(0, by_row.size());
  for (size_t q = 0; q < entries_.size() && !left.IsEmpty(); ++q) {
    MILLRACE_ASSIGN_OR_RETURN(const RowSet matches, WithBound(entries_[q].query, entries_[q].bound, *snapshot_,
                                                              cancelled_, [&](const BoundQuery& bound) {
                                                                return SelectRows(bound, *snapshot_, left, cancelled_);
                                                              }));
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
    for (size_t q = 0; q < entries_.size() && matches[0] == kNone; ++q) {
      MILLRACE_ASSIGN_OR_RETURN(
          const bool is_match, WithBound(entries_[q].query, entries_[q].bound, *snapshot_, cancelled_,
                                         [&](const BoundQuery& bound) { return Matches(bound, *snapshot_, rows[0]); }));
      if (is_match) matches[0] = static_cast<uint16_t>(q);
    }
    return absl::OkStatus();
  }
  if (by_row_.empty()) MILLRACE_RETURN_IF_ERROR(EvaluateAll());
  for (size_t i = 0; i < rows.size(); ++i) matches[i] = by_row_[rows[i]];
  return absl::OkStatus();
}

}  // namespace millrace
