#include "server/rpc/explain_query.h"

#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/error.h"
#include "core/query/bound_query.h"
#include "core/query/evaluator.h"
#include "core/query/query.h"
#include "core/query/row_order.h"
#include "server/rpc/query_scope.h"
#include "server/rpc/tag_reading.h"

namespace millrace {
namespace {

v1::QueryNodeKind KindOf(QueryNode::Kind kind) {
  switch (kind) {
    case QueryNode::Kind::kTerm:
      return v1::QUERY_NODE_KIND_TERM;
    case QueryNode::Kind::kAnd:
      return v1::QUERY_NODE_KIND_AND;
    case QueryNode::Kind::kOr:
      return v1::QUERY_NODE_KIND_OR;
    case QueryNode::Kind::kNot:
      return v1::QUERY_NODE_KIND_NOT;
  }
  return v1::QUERY_NODE_KIND_UNSPECIFIED;
}

// The node and all below it, in the order in which they are met; gives the node's place. As deep as the parser allows.
class TreeWriter {
 public:
  TreeWriter(const Query& query, const BoundQuery& bound, const Snapshot& snapshot,
             const std::function<bool()>& cancelled, v1::ExplainQueryResponse* response)
      : query_(query), bound_(bound), snapshot_(snapshot), cancelled_(cancelled), response_(*response) {}

  absl::Status Write(const QueryNode& node) {
    const int place = response_.nodes_size();
    v1::QueryNode* const message = response_.add_nodes();
    message->set_kind(KindOf(node.kind));
    const bool is_everything = node.kind == QueryNode::Kind::kAnd && node.children.empty();
    if (!is_everything) message->set_text(query_.TextOf(node));
    if (node.kind == QueryNode::Kind::kTerm) {
      message->set_char_offset(static_cast<int32_t>(query_.terms()[node.term].char_offset));
      MILLRACE_ASSIGN_OR_RETURN(const RowSet rows, SelectRows(bound_, node, snapshot_, cancelled_));
      message->set_post_count(static_cast<int64_t>(rows.Count()));
      message->set_alias_of(bound_.terms()[node.term].alias_of);
    }
    for (const QueryNode& child : node.children) {
      response_.mutable_nodes(place)->add_children(response_.nodes_size());
      MILLRACE_RETURN_IF_ERROR(Write(child));
    }
    return absl::OkStatus();
  }

 private:
  const Query& query_;
  const BoundQuery& bound_;
  const Snapshot& snapshot_;
  const std::function<bool()>& cancelled_;
  v1::ExplainQueryResponse& response_;
};

}  // namespace

absl::Status ExplainQuery(const ServiceDeps& deps, const v1::ExplainQueryRequest& request,
                          const std::function<bool()>& cancelled, v1::ExplainQueryResponse* response) {
  MILLRACE_ASSIGN_OR_RETURN(const std::shared_ptr<const Snapshot> snapshot, OpenQueryScope(deps, request));
  MILLRACE_ASSIGN_OR_RETURN(const TagReading reading, TagReadingOf("tags", request.tags()));
  SearchTerms search;
  MILLRACE_ASSIGN_OR_RETURN(const Query query, Query::ParseSearch(request.query(), &search));
  MILLRACE_RETURN_IF_ERROR(RowOrder::Of(search).status());
  MILLRACE_ASSIGN_OR_RETURN(const BoundQuery bound, BoundQuery::Bind(query, *snapshot, reading, cancelled));
  response->set_snapshot(snapshot->digest());
  response->set_canonical_query(query.text());
  const absl::Time start = absl::Now();
  MILLRACE_ASSIGN_OR_RETURN(const RowSet rows, SelectRows(bound, *snapshot, cancelled));
  response->set_evaluation_us(absl::ToInt64Microseconds(absl::Now() - start));
  response->set_post_count(static_cast<int64_t>(rows.Count()));
  response->set_snapshot_post_count(snapshot->post_count());
  response->set_tags(ToldReading(reading));
  MILLRACE_RETURN_IF_ERROR(TreeWriter(query, bound, *snapshot, cancelled, response).Write(query.root()));
  response->mutable_nodes(0)->set_post_count(response->post_count());
  return absl::OkStatus();
}

}  // namespace millrace
