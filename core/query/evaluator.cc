#include "core/query/evaluator.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "core/base/error.h"
#include "core/query/column_filter.h"
#include "core/query/column_test.h"
#include "core/snapshot/postings.h"
#include "core/snapshot/row_bits.h"

namespace millrace {
namespace {

using NodeKind = QueryNode::Kind;
using TermKind = BoundTerm::Kind;
using Presence = QueryTerm::Presence;

// Looking into the tags of a row at a random place takes as long as reading so many bytes of postings.
constexpr uint64_t kRowCostBytes = 1024;
// The same of many rows in their order, and of finding the postings of a tag.
constexpr uint64_t kMissingRowCostBytes = 300;
constexpr uint64_t kTagCostBytes = 64;
// Of a pattern: tags between two looks at whether somebody still waits.
constexpr uint64_t kTagsPerAsk = 1024;
constexpr uint64_t kRowsPerAsk = 65536;

class Evaluator {
 public:
  Evaluator(const BoundQuery& query, const Snapshot& snapshot, const Cancelled& cancelled)
      : query_(query),
        snapshot_(snapshot),
        cancelled_(cancelled),
        post_count_(static_cast<uint64_t>(snapshot.post_count())) {}

  // The rows of `within` (null: of the snapshot) for which the node holds. Calls itself once a node, so as deep as the
  // parser allowed.
  absl::StatusOr<RowSet> Run(const QueryNode& node, const RowSet* within) {
    if (within != nullptr && within->IsEmpty()) return RowSet();
    switch (node.kind) {
      case NodeKind::kTerm:
        return RunTerm(query_.terms()[node.term], within);
      case NodeKind::kNot: {
        MILLRACE_ASSIGN_OR_RETURN(const RowSet rows, Run(node.children.front(), within));
        RowSet others = All(within);
        others.AndNot(rows);
        return others;
      }
      case NodeKind::kAnd:
        return RunAnd(node, within);
      case NodeKind::kOr:
        return RunOr(node, within);
    }
    return RowSet();
  }

 private:
  // About what it takes to find the rows of the node among few rows: its children are taken in this order. Tags are
  // intersected in the order of their sizes, then what is told from narrow columns, then what is told from lists and
  // texts.
  uint64_t CostOf(const QueryNode& node) const {
    if (node.kind == NodeKind::kTerm) return CostOf(query_.terms()[node.term]);
    uint64_t cost = 1;
    for (const QueryNode& child : node.children) cost += CostOf(child);
    return cost;
  }

  uint64_t CostOf(const BoundTerm& term) const {
    switch (term.kind) {
      case TermKind::kNothing:
      case TermKind::kEverything:
      case TermKind::kRows:
      case TermKind::kRowRange:
        return 0;
      case TermKind::kTags:
        return static_cast<uint64_t>(term.tag_use_count);
      case TermKind::kParents:
        return post_count_;
      case TermKind::kRating:
        return 2 * post_count_;
      case TermKind::kInt32:
      case TermKind::kInt64:
      case TermKind::kFlags:
      case TermKind::kFileExt:
        return 4 * post_count_;
      case TermKind::kTagCount:
        return (term.relations == nullptr ? 4 : 64) * post_count_;
      case TermKind::kPixels:
      case TermKind::kRatio:
      case TermKind::kPoolIds:
      case TermKind::kPoolKinds:
        return 8 * post_count_;
      case TermKind::kCategoryTagCount:
        return 64 * post_count_;
      case TermKind::kSource:
        return 256 * post_count_;
    }
    return 0;
  }

  // What a pass over columns can tell together with others; nothing for what is found in another way.
  std::optional<ColumnCondition> ConditionOf(const QueryNode& node) const {
    const bool is_negated = node.kind == NodeKind::kNot;
    const QueryNode& told = is_negated ? node.children.front() : node;
    if (told.kind != NodeKind::kTerm) return std::nullopt;
    const BoundTerm& term = query_.terms()[told.term];
    if (term.kind == TermKind::kTags || !ColumnTest::Knows(term.kind)) return std::nullopt;
    return ColumnCondition{&term, is_negated};
  }

  absl::StatusOr<RowSet> RunAnd(const QueryNode& node, const RowSet* within) {
    std::vector<std::pair<uint64_t, const QueryNode*>> children;
    for (const QueryNode& child : node.children) {
      // What is taken away waits until there is something to take it from.
      const bool is_subtracted = child.kind == NodeKind::kNot;
      children.emplace_back(CostOf(child) + (is_subtracted ? post_count_ : 0), &child);
    }
    std::stable_sort(children.begin(), children.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::optional<RowSet> rows;
    for (size_t i = 0; i < children.size();) {
      const RowSet* const left = rows.has_value() ? &*rows : within;
      if (left != nullptr && left->IsEmpty()) return RowSet();
      const QueryNode& child = *children[i].second;
      std::vector<ColumnCondition> conditions;
      for (; i < children.size(); ++i) {
        const std::optional<ColumnCondition> condition = ConditionOf(*children[i].second);
        if (!condition.has_value()) break;
        conditions.push_back(*condition);
      }
      if (!conditions.empty()) {
        MILLRACE_ASSIGN_OR_RETURN(rows, FilterColumns(conditions, snapshot_, left, cancelled_));
        continue;
      }
      ++i;
      if (child.kind == NodeKind::kNot && rows.has_value()) {
        MILLRACE_ASSIGN_OR_RETURN(const RowSet excluded, Run(child.children.front(), left));
        rows->AndNot(excluded);
      } else {
        MILLRACE_ASSIGN_OR_RETURN(rows, Run(child, left));
      }
    }
    return rows.has_value() ? *std::move(rows) : All(within);
  }

  absl::StatusOr<RowSet> RunOr(const QueryNode& node, const RowSet* within) {
    RowSet rows;
    for (const QueryNode& child : node.children) {
      MILLRACE_ASSIGN_OR_RETURN(const RowSet more, Run(child, within));
      rows.Or(more);
    }
    return rows;
  }

  RowSet All(const RowSet* within) const { return within == nullptr ? RowSet::Range(0, post_count_) : within->Clone(); }
  static RowSet Within(RowSet rows, const RowSet* within) {
    if (within != nullptr) rows.And(*within);
    return rows;
  }

  absl::StatusOr<RowSet> RunTerm(const BoundTerm& term, const RowSet* within) {
    MILLRACE_RETURN_IF_ERROR(CheckCancelled(cancelled_));
    switch (term.kind) {
      case TermKind::kNothing:
        return RowSet();
      case TermKind::kEverything:
        return All(within);
      case TermKind::kRows:
        return Within(RowSet::FromAscending(term.rows), within);
      case TermKind::kRowRange: {
        RowSet rows;
        for (const auto& [first, end] : term.row_ranges) {
          rows.Or(RowSet::Range(static_cast<uint64_t>(first), static_cast<uint64_t>(end)));
        }
        return Within(std::move(rows), within);
      }
      case TermKind::kTags:
        return RunTags(term, within);
      case TermKind::kParents:
        return RunParents(term, within);
      default:
        return FilterColumn(term, snapshot_, within, cancelled_);
    }
  }

  absl::StatusOr<RowSet> RunTags(const BoundTerm& term, const RowSet* within) {
    const uint64_t posting_bytes =
        std::min(2 * static_cast<uint64_t>(term.tag_use_count), term.tag_indexes.size() * (post_count_ / 8));
    if (within != nullptr && (within->Count() <= 1 || within->Count() < posting_bytes / kRowCostBytes)) {
      return FilterColumn(term, snapshot_, within, cancelled_);
    }
    // Made to its end, also when this call is given up: all later ones use the file.
    const absl::StatusOr<std::shared_ptr<const Postings>> postings = snapshot_.GetPostings();
    if (!postings.ok()) return FilterColumn(term, snapshot_, within, cancelled_);
    absl::StatusOr<RowSet> rows = UnionOf(term, **postings);
    if (ReasonOf(rows.status()) == Reason::kCancelled) return rows;
    // Damage in what can be made anew: the lists hold the same.
    if (!rows.ok()) return FilterColumn(term, snapshot_, within, cancelled_);
    return Within(*std::move(rows), within);
  }

  absl::StatusOr<RowSet> UnionOf(const BoundTerm& term, const Postings& postings) const {
    if (term.tag_indexes.size() == 1) return postings.RowsOf(term.tag_indexes.front());
    // A pattern may find a hundred thousand. What the largest set need not be set again.
    MILLRACE_ASSIGN_OR_RETURN(const absl::Span<const int64_t> post_counts, snapshot_.TagPostCounts());
    std::vector<uint32_t> ordered = term.tag_indexes;
    const auto small = std::partition(ordered.begin(), ordered.end(), [&](uint32_t tag_index) {
      return post_counts[tag_index] > Postings::kListRowsMax;
    });
    std::sort(ordered.begin(), small, [&](uint32_t a, uint32_t b) { return post_counts[a] > post_counts[b]; });
    RowBits rows(post_count_);
    uint64_t left_use_count = static_cast<uint64_t>(term.tag_use_count);
    uint64_t bytes_since_count = 0;
    for (size_t i = 0; i < ordered.size() && !rows.IsFull(); ++i) {
      if (i % kTagsPerAsk == 0) MILLRACE_RETURN_IF_ERROR(CheckCancelled(cancelled_));
      if (bytes_since_count >= post_count_ / 8) {
        bytes_since_count = 0;
        const uint64_t missing_cost = rows.CountMissing() * kMissingRowCostBytes;
        // Less than what is left of the postings, and so few that another tag's no longer find their worth of them.
        if (missing_cost < 2 * left_use_count + kTagCostBytes * (ordered.size() - i) &&
            missing_cost < 2 * post_count_) {
          MILLRACE_RETURN_IF_ERROR(AddFromLists(term, &rows));
          break;
        }
      }
      MILLRACE_RETURN_IF_ERROR(postings.AddRowsOf(ordered[i], &rows));
      const uint64_t use_count = static_cast<uint64_t>(post_counts[ordered[i]]);
      left_use_count -= std::min(left_use_count, use_count);
      bytes_since_count += 2 * use_count + kTagCostBytes;
    }
    return std::move(rows).Finish();
  }

  // Adds the rows of the tags that are missing, as told by the lists of tags of these few.
  absl::Status AddFromLists(const BoundTerm& term, RowBits* rows) const {
    const RowSet missing = RowSet::FromAscending(rows->Missing());
    MILLRACE_ASSIGN_OR_RETURN(const RowSet found, FilterColumn(term, snapshot_, &missing, cancelled_));
    rows->Add(found.ToVector());
    return absl::OkStatus();
  }

  absl::StatusOr<RowSet> RunParents(const BoundTerm& term, const RowSet* within) {
    MILLRACE_ASSIGN_OR_RETURN(RowSet rows, Parents(within));
    if (term.presence != Presence::kNone) return Within(std::move(rows), within);
    RowSet others = All(within);
    others.AndNot(rows);
    return others;
  }

  absl::StatusOr<RowSet> Parents(const RowSet* within) const {
    // For one post the file is not made: it takes longer than any other way of telling.
    const bool is_of_one = within != nullptr && within->Count() <= 1;
    std::shared_ptr<const Postings> postings = snapshot_.FindPostings();
    if (postings == nullptr && !is_of_one) {
      absl::StatusOr<std::shared_ptr<const Postings>> made = snapshot_.GetPostings();
      if (made.ok()) postings = *std::move(made);
    }
    if (postings != nullptr) {
      absl::StatusOr<RowSet> rows = postings->Parents();
      if (rows.ok()) return rows;
    }
    MILLRACE_ASSIGN_OR_RETURN(const auto parent_ids, snapshot_.ParentIds(0, snapshot_.post_count()));
    if (is_of_one) return ParentsOfOne(parent_ids, *within);
    std::vector<uint32_t> parents;
    for (size_t i = 0; i < parent_ids.values.size(); ++i) {
      if (i % kRowsPerAsk == 0) MILLRACE_RETURN_IF_ERROR(CheckCancelled(cancelled_));
      if (!parent_ids.has(i)) continue;
      MILLRACE_ASSIGN_OR_RETURN(const std::optional<int64_t> row, snapshot_.FindRow(parent_ids.values[i]));
      if (row.has_value()) parents.push_back(static_cast<uint32_t>(*row));
    }
    std::sort(parents.begin(), parents.end());
    parents.erase(std::unique(parents.begin(), parents.end()), parents.end());
    return RowSet::FromAscending(parents);
  }

  // `row` holds one row, or none.
  absl::StatusOr<RowSet> ParentsOfOne(const OptionalSlice<int64_t>& parent_ids, const RowSet& row) const {
    if (row.IsEmpty()) return RowSet();
    const int64_t rows[] = {row.Last()};
    int64_t post_id;
    MILLRACE_RETURN_IF_ERROR(snapshot_.ReadPostIds(rows, absl::MakeSpan(&post_id, 1)));
    for (size_t i = 0; i < parent_ids.values.size(); ++i) {
      if (i % kRowsPerAsk == 0) MILLRACE_RETURN_IF_ERROR(CheckCancelled(cancelled_));
      if (parent_ids.values[i] == post_id && parent_ids.has(i)) return row.Clone();
    }
    return RowSet();
  }

  const BoundQuery& query_;
  const Snapshot& snapshot_;
  const Cancelled& cancelled_;
  const uint64_t post_count_;
};

}  // namespace

absl::StatusOr<RowSet> SelectRows(const BoundQuery& query, const Snapshot& snapshot, const Cancelled& cancelled) {
  return Evaluator(query, snapshot, cancelled).Run(query.root(), nullptr);
}

absl::StatusOr<RowSet> SelectRows(const BoundQuery& query, const Snapshot& snapshot, const RowSet& within,
                                  const Cancelled& cancelled) {
  return Evaluator(query, snapshot, cancelled).Run(query.root(), &within);
}

absl::StatusOr<RowSet> SelectRows(const BoundQuery& query, const QueryNode& node, const Snapshot& snapshot,
                                  const Cancelled& cancelled) {
  return Evaluator(query, snapshot, cancelled).Run(node, nullptr);
}

absl::StatusOr<bool> Matches(const BoundQuery& query, const QueryNode& node, const Snapshot& snapshot, int64_t row) {
  const uint32_t rows[] = {static_cast<uint32_t>(row)};
  const RowSet within = RowSet::FromAscending(rows);
  MILLRACE_ASSIGN_OR_RETURN(const RowSet matches, Evaluator(query, snapshot, {}).Run(node, &within));
  return !matches.IsEmpty();
}

absl::StatusOr<bool> Matches(const BoundQuery& query, const Snapshot& snapshot, int64_t row) {
  return Matches(query, query.root(), snapshot, row);
}

}  // namespace millrace
