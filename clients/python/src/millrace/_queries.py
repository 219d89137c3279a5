"""From the messages of QueryService to Python values."""

from __future__ import annotations

from millrace import explanation
from millrace.v1 import query_service_pb2 as queries

_KINDS = {
    queries.QUERY_NODE_KIND_TERM: "term",
    queries.QUERY_NODE_KIND_AND: "and",
    queries.QUERY_NODE_KIND_OR: "or",
    queries.QUERY_NODE_KIND_NOT: "not",
}


def query_explanation(response: queries.ExplainQueryResponse) -> explanation.QueryExplanation:
    def node(place: int) -> explanation.QueryNode:
        message = response.nodes[place]
        return explanation.QueryNode(
            kind=_KINDS.get(message.kind, "unspecified"),
            text=message.text,
            char_offset=message.char_offset if message.HasField("char_offset") else None,
            post_count=message.post_count if message.HasField("post_count") else None,
            children=tuple(map(node, message.children)),
            alias_of=message.alias_of or None,
        )

    return explanation.QueryExplanation(
        snapshot=response.snapshot,
        canonical_query=response.canonical_query,
        root=node(0),
        post_count=response.post_count,
        snapshot_post_count=response.snapshot_post_count,
        evaluation_us=response.evaluation_us,
    )
