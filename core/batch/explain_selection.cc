#include "core/batch/explain_selection.h"

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/batch/explain_text.h"
#include "core/query/bound_query.h"
#include "core/query/evaluator.h"
#include "core/query/query.h"

namespace millrace {
namespace {

// Room for the longest query, for nothing of it may be missing here.
constexpr size_t kQuotedSizeBytesMax = 4 * kQuerySizeBytesMax;

}  // namespace

absl::StatusOr<std::string> ExplainSelection(std::string_view query_text, const Snapshot& snapshot, TagReading reading,
                                             int64_t row, std::optional<int64_t> element, int64_t selection_size,
                                             const Cancelled& cancelled) {
  const std::string quoted = QuoteForMessage(query_text, kQuotedSizeBytesMax);
  if (element.has_value()) {
    return absl::StrCat("selected by ", query_text.empty() ? "no query, as every post is," : quoted, " as element ",
                        *element, " of ", CountText(selection_size));
  }
  MILLRACE_ASSIGN_OR_RETURN(const Query query, Query::Parse(query_text));
  MILLRACE_ASSIGN_OR_RETURN(const BoundQuery bound, BoundQuery::Bind(query, snapshot, reading, cancelled));
  // Of what has to hold, the first that does not.
  const QueryNode& root = query.root();
  const bool has_parts = root.kind == QueryNode::Kind::kAnd;
  for (const QueryNode& node : has_parts ? absl::MakeConstSpan(root.children) : absl::MakeConstSpan(&root, 1)) {
    MILLRACE_ASSIGN_OR_RETURN(const bool matches, Matches(bound, node, snapshot, row));
    if (!matches) {
      const bool is_term = node.kind == QueryNode::Kind::kTerm ||
                           (node.kind == QueryNode::Kind::kNot && node.children[0].kind == QueryNode::Kind::kTerm);
      return absl::StrCat("not selected by ", quoted, is_term ? ": the term " : ": the group ",
                          QuoteForMessage(query.TextOf(node), kQuotedSizeBytesMax), " does not hold");
    }
  }
  return MakeError(Reason::kInternal, absl::StrCat("row ", row, " matches ", quoted, " but is not selected"));
}

}  // namespace millrace
