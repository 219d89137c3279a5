#include "server/rpc/post_queries.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/text.h"
#include "server/rpc/convert.h"
#include "server/rpc/page_token.h"
#include "server/rpc/request.h"
#include "server/rpc/scope.h"

namespace millrace {
namespace {

constexpr int kIdCountMax = 1000;

absl::StatusOr<Md5> Md5Of(const std::string& text) {
  const std::optional<Md5> md5 = HexDecode<16>(text);
  if (!md5.has_value()) return FieldError("md5", absl::StrCat(QuoteForMessage(text), " is not 32 hexadecimal digits"));
  return *md5;
}

absl::Status PostNotFound(const v1::GetPostRequest& request) {
  const std::string place = request.has_dataset() ? absl::StrCat("the dataset ", request.dataset())
                                                  : absl::StrCat("the snapshot ", request.snapshot());
  const std::string which =
      request.has_id() ? absl::StrCat("with id ", request.id()) : absl::StrCat("with md5 ", request.md5());
  return MakeError(Reason::kPostNotFound, absl::StrCat(place, " has no post ", which));
}

absl::Status GetFromSnapshot(const ServiceDeps& deps, const Snapshot& snapshot, const v1::GetPostRequest& request,
                             std::optional<Md5> md5, v1::Post* message) {
  MILLRACE_ASSIGN_OR_RETURN(const std::optional<int64_t> row,
                            md5.has_value() ? snapshot.FindRowByMd5(*md5) : snapshot.FindRow(request.id()));
  if (!row.has_value()) return PostNotFound(request);
  return SnapshotPostReader(snapshot, *deps.location).Read(*row, message);
}

absl::Status GetFromDataset(const ServiceDeps& deps, const std::string& dataset, const v1::GetPostRequest& request,
                            std::optional<Md5> md5, v1::Post* message) {
  MILLRACE_ASSIGN_OR_RETURN(const std::optional<Post> post, md5.has_value()
                                                                ? deps.catalog->FindPostByMd5(dataset, *md5)
                                                                : deps.catalog->FindPost(dataset, request.id()));
  if (!post.has_value()) return PostNotFound(request);
  return SetCatalogPosts(*deps.catalog, dataset, *deps.location, {&*post, 1}, {&message, 1});
}

absl::Status BatchGetFromSnapshot(const ServiceDeps& deps, const Snapshot& snapshot,
                                  const v1::BatchGetPostsRequest& request, v1::BatchGetPostsResponse* response) {
  SnapshotPostReader reader(snapshot, *deps.location);
  for (const int64_t id : request.ids()) {
    MILLRACE_ASSIGN_OR_RETURN(const std::optional<int64_t> row, snapshot.FindRow(id));
    if (!row.has_value()) {
      response->add_missing_ids(id);
      continue;
    }
    MILLRACE_RETURN_IF_ERROR(reader.Read(*row, response->add_posts()));
  }
  return absl::OkStatus();
}

absl::Status BatchGetFromDataset(const ServiceDeps& deps, const std::string& dataset,
                                 const v1::BatchGetPostsRequest& request, v1::BatchGetPostsResponse* response) {
  std::vector<Post> posts;
  std::vector<v1::Post*> messages;
  for (const int64_t id : request.ids()) {
    MILLRACE_ASSIGN_OR_RETURN(std::optional<Post> post, deps.catalog->FindPost(dataset, id));
    if (!post.has_value()) {
      response->add_missing_ids(id);
      continue;
    }
    posts.push_back(*std::move(post));
    messages.push_back(response->add_posts());
  }
  return SetCatalogPosts(*deps.catalog, dataset, *deps.location, posts, messages);
}

// Lists the posts with id > after_id. True when there are more behind those listed.
absl::StatusOr<bool> ListFromSnapshot(const ServiceDeps& deps, const Snapshot& snapshot, int64_t after_id,
                                      int64_t limit, v1::ListPostsResponse* response) {
  int64_t row = 0;
  if (after_id == std::numeric_limits<int64_t>::max()) return false;
  MILLRACE_ASSIGN_OR_RETURN(row, snapshot.LowerBoundRow(after_id + 1));
  SnapshotPostReader reader(snapshot, *deps.location);
  size_t size_bytes = 0;
  for (; row < snapshot.post_count() && response->posts_size() < limit && size_bytes < kPageSizeBytesMax; ++row) {
    v1::Post* message = response->add_posts();
    MILLRACE_RETURN_IF_ERROR(reader.Read(row, message));
    size_bytes += message->ByteSizeLong();
  }
  return row < snapshot.post_count();
}

absl::StatusOr<bool> ListFromDataset(const ServiceDeps& deps, const std::string& dataset, int64_t after_id,
                                     int64_t limit, v1::ListPostsResponse* response) {
  // One more than asked for tells whether the listing goes on.
  MILLRACE_ASSIGN_OR_RETURN(const std::vector<Post> posts, deps.catalog->ListPosts(dataset, after_id, limit + 1));
  bool has_more = static_cast<int64_t>(posts.size()) > limit;
  const size_t count = has_more ? static_cast<size_t>(limit) : posts.size();
  std::vector<v1::Post*> messages(count);
  for (v1::Post*& message : messages) message = response->add_posts();
  MILLRACE_RETURN_IF_ERROR(
      SetCatalogPosts(*deps.catalog, dataset, *deps.location, absl::MakeConstSpan(posts).first(count), messages));
  size_t size_bytes = 0;
  for (size_t i = 0; i < count; ++i) {
    size_bytes += messages[i]->ByteSizeLong();
    if (size_bytes < kPageSizeBytesMax || i + 1 == count) continue;
    response->mutable_posts()->DeleteSubrange(static_cast<int>(i + 1), static_cast<int>(count - i - 1));
    return true;
  }
  return has_more;
}

}  // namespace

absl::Status GetPost(const ServiceDeps& deps, const v1::GetPostRequest& request, v1::GetPostResponse* response) {
  if (!request.has_id() && !request.has_md5()) return FieldError("key", "is required: give an id or an md5");
  std::optional<Md5> md5;
  if (request.has_md5()) {
    MILLRACE_ASSIGN_OR_RETURN(md5, Md5Of(request.md5()));
  }
  MILLRACE_ASSIGN_OR_RETURN(const Scope scope, ResolveScope(deps, request));
  v1::Post* message = response->mutable_post();
  return scope.snapshot != nullptr ? GetFromSnapshot(deps, *scope.snapshot, request, md5, message)
                                   : GetFromDataset(deps, scope.dataset, request, md5, message);
}

absl::Status BatchGetPosts(const ServiceDeps& deps, const v1::BatchGetPostsRequest& request,
                           v1::BatchGetPostsResponse* response) {
  if (request.ids_size() > kIdCountMax) {
    return FieldError(
        "ids", absl::StrCat("holds ", request.ids_size(), " ids; at most ", kIdCountMax, " are allowed at once"));
  }
  MILLRACE_ASSIGN_OR_RETURN(const Scope scope, ResolveScope(deps, request));
  if (scope.snapshot != nullptr) return BatchGetFromSnapshot(deps, *scope.snapshot, request, response);
  MILLRACE_RETURN_IF_ERROR(deps.catalog->GetDataset(scope.dataset).status());
  return BatchGetFromDataset(deps, scope.dataset, request, response);
}

absl::Status ListPosts(const ServiceDeps& deps, const v1::ListPostsRequest& request, v1::ListPostsResponse* response) {
  const std::string binding = PageBinding("ListPosts", request);
  MILLRACE_ASSIGN_OR_RETURN(const std::optional<PageCursor> cursor, DecodePageToken(binding, request.page_token()));
  MILLRACE_ASSIGN_OR_RETURN(const int64_t limit, PageLimit(request.page_size()));
  MILLRACE_ASSIGN_OR_RETURN(const Scope scope, ResolveScope(deps, request));
  const int64_t after_id = cursor.has_value() ? cursor->id : 0;
  MILLRACE_ASSIGN_OR_RETURN(const bool has_more,
                            scope.snapshot != nullptr
                                ? ListFromSnapshot(deps, *scope.snapshot, after_id, limit, response)
                                : ListFromDataset(deps, scope.dataset, after_id, limit, response));
  if (has_more) {
    response->set_next_page_token(EncodePageToken(binding, {"", 0, response->posts().rbegin()->id()}));
  }
  return absl::OkStatus();
}

}  // namespace millrace
