#include "server/rpc/search_posts.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/query/bound_query.h"
#include "core/query/evaluator.h"
#include "core/query/query.h"
#include "core/query/row_order.h"
#include "server/rpc/answer_size.h"
#include "server/rpc/convert.h"
#include "server/rpc/page_token.h"
#include "server/rpc/query_scope.h"
#include "server/rpc/request.h"
#include "server/rpc/tag_reading.h"

namespace millrace {
namespace {

constexpr int64_t kIdsPageSizeMax = 10'000;

absl::StatusOr<int64_t> PageSize(const v1::SearchPostsRequest& request) {
  MILLRACE_ASSIGN_OR_RETURN(const int64_t page_size, PageLimit(request.page_size()));
  return request.ids_only() ? std::min<int64_t>(std::max<int64_t>(page_size, request.page_size()), kIdsPageSizeMax)
                            : page_size;
}

absl::Status AddIds(const std::vector<uint32_t>& rows, const Snapshot& snapshot, v1::SearchPostsResponse* response) {
  const std::vector<int64_t> wide_rows(rows.begin(), rows.end());
  response->mutable_post_ids()->Resize(static_cast<int>(rows.size()), 0);
  return snapshot.ReadPostIds(wide_rows, absl::MakeSpan(response->mutable_post_ids()->mutable_data(), rows.size()));
}

// As many of the posts as a page takes.
absl::Status AddPosts(const std::vector<uint32_t>& rows, const Snapshot& snapshot, const ServiceDeps& deps,
                      v1::SearchPostsResponse* response) {
  SnapshotPostReader reader(snapshot, *deps.location);
  PageBytes size(deps);
  for (const uint32_t row : rows) {
    v1::Post* const message = response->add_posts();
    MILLRACE_RETURN_IF_ERROR(reader.Read(row, message));
    if (!size.Take(*message)) {
      response->mutable_posts()->RemoveLast();
      break;
    }
    response->add_post_ids(message->id());
    if (size.is_full()) break;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status SearchPosts(const ServiceDeps& deps, const v1::SearchPostsRequest& request, const Cancelled& cancelled,
                         v1::SearchPostsResponse* response) {
  const std::string binding = PageBinding("SearchPosts", request);
  MILLRACE_ASSIGN_OR_RETURN(const std::optional<PageCursor> cursor, DecodePageToken(binding, request.page_token()));
  MILLRACE_ASSIGN_OR_RETURN(const int64_t page_size, PageSize(request));
  std::shared_ptr<const Snapshot> snapshot;
  if (cursor.has_value()) {
    // Of the first page: a newer snapshot must not continue it.
    MILLRACE_ASSIGN_OR_RETURN(snapshot, OpenSnapshot(deps, "snapshot", cursor->text));
  } else {
    MILLRACE_ASSIGN_OR_RETURN(snapshot, OpenQueryScope(deps, request));
  }
  MILLRACE_ASSIGN_OR_RETURN(const TagReading reading, TagReadingOf("tags", request.tags()));
  SearchTerms search;
  MILLRACE_ASSIGN_OR_RETURN(const Query query, Query::ParseSearch(request.query(), &search));
  MILLRACE_ASSIGN_OR_RETURN(RowOrder order, RowOrder::Of(search));
  order.tags = reading;
  MILLRACE_ASSIGN_OR_RETURN(const BoundQuery bound, BoundQuery::Bind(query, *snapshot, reading, cancelled));
  MILLRACE_ASSIGN_OR_RETURN(const RowSet matches, SelectRows(bound, *snapshot, cancelled));
  const int64_t match_count = static_cast<int64_t>(matches.Count());
  const int64_t shown_count = std::min(match_count, search.limit.value_or(std::numeric_limits<int64_t>::max()));
  const int64_t offset = std::clamp<int64_t>(cursor.has_value() ? cursor->number : 0, 0, shown_count);
  const int64_t count = std::min(page_size, shown_count - offset);
  MILLRACE_ASSIGN_OR_RETURN(
      const std::vector<uint32_t> rows,
      RowsInOrder(matches, order, static_cast<uint64_t>(offset), static_cast<uint64_t>(count), *snapshot, cancelled));
  response->set_snapshot(snapshot->digest());
  response->set_post_count(match_count);
  response->set_tags(ToldReading(reading));
  MILLRACE_RETURN_IF_ERROR(request.ids_only() ? AddIds(rows, *snapshot, response)
                                              : AddPosts(rows, *snapshot, deps, response));
  const int64_t end = offset + response->post_ids_size();
  if (end < shown_count) response->set_next_page_token(EncodePageToken(binding, {snapshot->digest(), end, 0}));
  return CheckPage(deps, response->ByteSizeLong());
}

}  // namespace millrace
