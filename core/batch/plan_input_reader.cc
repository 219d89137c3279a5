#include "core/batch/plan_input_reader.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/batch/row_values.h"
#include "core/query/evaluator.h"

namespace millrace {
namespace {

constexpr char kQueryField[] = "spec.query";
// Rows that are read at a time: what is read of them stays in the cache, and of a sparse selection a run touches no
// more of the columns than this many rows.
constexpr int64_t kRunRows = 8192;

// The rows of the selection: listed, or all of the snapshot.
struct Selection {
  int64_t row_count = 0;  // of the snapshot
  std::optional<std::vector<uint32_t>> rows;

  size_t size() const { return rows.has_value() ? rows->size() : static_cast<size_t>(row_count); }
};

absl::StatusOr<Selection> Select(const PlanSpec& spec, const Snapshot& snapshot, const Cancelled& cancelled) {
  Selection selection{snapshot.post_count(), std::nullopt};
  if (selection.row_count == 0) {
    return MakeError(Reason::kSnapshotEmpty,
                     absl::StrCat("the snapshot ", snapshot.digest(), " holds no posts to plan over"),
                     {{"snapshot", snapshot.digest()}});
  }
  if (spec.query.empty()) return selection;
  MILLRACE_ASSIGN_OR_RETURN(const BoundQuery query, BindQueryField(kQueryField, spec.query, snapshot, cancelled));
  MILLRACE_ASSIGN_OR_RETURN(const RowSet rows, SelectRows(query, snapshot, cancelled));
  selection.rows = rows.ToVector();
  if (selection.rows->empty()) {
    return MakeError(Reason::kSelectionEmpty,
                     absl::StrCat("none of the ", selection.row_count, " posts of snapshot ", snapshot.digest(),
                                  " matches the query ", QuoteForMessage(spec.query), "; leave a term out"),
                     {{"snapshot", snapshot.digest()}, {"field", kQueryField}});
  }
  // A list of every row says nothing.
  if (selection.size() == static_cast<size_t>(selection.row_count)) selection.rows.reset();
  return selection;
}

// Calls visit(first, rows) for runs of the selection's rows; `first` is the place of the run's first one.
template <typename Visit>
absl::Status ForEachRun(const Selection& selection, Visit visit) {
  if (selection.rows.has_value()) {
    const absl::Span<const uint32_t> rows = *selection.rows;
    for (size_t first = 0; first < rows.size();) {
      const auto end =
          std::lower_bound(rows.begin() + static_cast<ptrdiff_t>(first), rows.end(), int64_t{rows[first]} + kRunRows,
                           [](uint32_t row, int64_t limit) { return row < limit; });
      const size_t count = static_cast<size_t>(end - rows.begin()) - first;
      MILLRACE_RETURN_IF_ERROR(visit(first, rows.subspan(first, count)));
      first += count;
    }
    return absl::OkStatus();
  }
  std::vector<uint32_t> rows(kRunRows);
  for (int64_t first = 0; first < selection.row_count; first += kRunRows) {
    rows.resize(static_cast<size_t>(std::min(kRunRows, selection.row_count - first)));
    std::iota(rows.begin(), rows.end(), static_cast<uint32_t>(first));
    MILLRACE_RETURN_IF_ERROR(visit(static_cast<size_t>(first), rows));
  }
  return absl::OkStatus();
}

absl::Status ReadPostIds(const Snapshot& snapshot, const Selection& selection, std::vector<int64_t>* post_ids) {
  if (!selection.rows.has_value()) {
    MILLRACE_ASSIGN_OR_RETURN(const auto all, snapshot.PostIds(0, selection.row_count));
    post_ids->assign(all.begin(), all.end());
    return absl::OkStatus();
  }
  post_ids->reserve(selection.size());
  return ForEachRun(selection, [&](size_t /*first*/, absl::Span<const uint32_t> rows) -> absl::Status {
    MILLRACE_ASSIGN_OR_RETURN(const auto run, snapshot.PostIds(rows.front(), int64_t{rows.back()} - rows.front() + 1));
    for (const uint32_t row : rows) post_ids->push_back(run[row - rows.front()]);
    return absl::OkStatus();
  });
}

template <typename Reader>
absl::Status ReadValues(const PlanSpec& spec, const Snapshot& snapshot, const Selection& selection,
                        const Cancelled& cancelled, std::vector<typename Reader::Value>* values) {
  MILLRACE_ASSIGN_OR_RETURN(Reader reader, Reader::Open(spec, snapshot, cancelled));
  values->resize(selection.size());
  return ForEachRun(selection, [&](size_t first, absl::Span<const uint32_t> rows) {
    return reader.Read(rows, absl::MakeSpan(*values).subspan(first, rows.size()));
  });
}

template <typename Reader>
absl::StatusOr<typename Reader::Value> ReadValue(const PlanSpec& spec, const Snapshot& snapshot, int64_t row) {
  MILLRACE_ASSIGN_OR_RETURN(Reader reader, Reader::Open(spec, snapshot, {}));
  const uint32_t rows[] = {static_cast<uint32_t>(row)};
  typename Reader::Value value;
  MILLRACE_RETURN_IF_ERROR(reader.Read(rows, absl::MakeSpan(&value, 1)));
  return value;
}

absl::Status Canonicalise(const std::string& field, std::string* text) {
  MILLRACE_ASSIGN_OR_RETURN(const Query query, ParseQueryField(field, *text));
  *text = query.text();
  return absl::OkStatus();
}

}  // namespace

absl::Status CanonicalisePlanQueries(PlanSpec* spec) {
  MILLRACE_RETURN_IF_ERROR(Canonicalise(kQueryField, &spec->query));
  if (spec->weights.has_value()) {
    std::vector<QueryWeight>& queries = spec->weights->queries;
    for (size_t i = 0; i < queries.size(); ++i) {
      MILLRACE_RETURN_IF_ERROR(Canonicalise(WeightQueryField(i), &queries[i].query));
    }
  }
  if (spec->mix.has_value()) {
    std::vector<MixPart>& parts = spec->mix->parts;
    for (size_t i = 0; i < parts.size(); ++i) {
      MILLRACE_RETURN_IF_ERROR(Canonicalise(MixPartField(i), &parts[i].query));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<PlanInput> ReadPlanInput(const PlanSpec& spec, const Snapshot& snapshot, const Cancelled& cancelled) {
  const PlanNeeds needs = NeedsOf(spec);
  MILLRACE_ASSIGN_OR_RETURN(const Selection selection, Select(spec, snapshot, cancelled));
  PlanInput input;
  input.row_count = selection.row_count;
  if (selection.rows.has_value()) input.selection = RowList::FromAscending(*selection.rows, selection.row_count);
  if (needs.post_ids) MILLRACE_RETURN_IF_ERROR(ReadPostIds(snapshot, selection, &input.post_ids));
  if (needs.unit_keys) {
    MILLRACE_RETURN_IF_ERROR(ReadValues<UnitKeyReader>(spec, snapshot, selection, cancelled, &input.unit_keys));
  }
  if (needs.strata) {
    MILLRACE_RETURN_IF_ERROR(ReadValues<StratumReader>(spec, snapshot, selection, cancelled, &input.strata));
  }
  if (needs.weights) {
    MILLRACE_RETURN_IF_ERROR(ReadValues<WeightReader>(spec, snapshot, selection, cancelled, &input.weights));
  }
  if (needs.mix_parts) {
    MILLRACE_RETURN_IF_ERROR(ReadValues<MixPartReader>(spec, snapshot, selection, cancelled, &input.mix_parts));
  }
  return input;
}

absl::StatusOr<Plan> OpenPlan(PlanSpec spec, const Snapshot& snapshot, const Cancelled& cancelled) {
  MILLRACE_ASSIGN_OR_RETURN(PlanInput input, ReadPlanInput(spec, snapshot, cancelled));
  return Plan::Open(std::move(spec), std::move(input));
}

absl::StatusOr<UnitKey> UnitKeyOf(const PlanSpec& spec, const Snapshot& snapshot, int64_t row) {
  return ReadValue<UnitKeyReader>(spec, snapshot, row);
}

absl::StatusOr<int64_t> StratumOf(const PlanSpec& spec, const Snapshot& snapshot, int64_t row) {
  return ReadValue<StratumReader>(spec, snapshot, row);
}

absl::StatusOr<int64_t> WeightOf(const PlanSpec& spec, const Snapshot& snapshot, int64_t row) {
  return ReadValue<WeightReader>(spec, snapshot, row);
}

absl::StatusOr<uint8_t> MixPartOf(const PlanSpec& spec, const Snapshot& snapshot, int64_t row) {
  return ReadValue<MixPartReader>(spec, snapshot, row);
}

}  // namespace millrace
