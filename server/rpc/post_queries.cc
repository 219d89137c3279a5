#include "server/rpc/post_queries.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "core/base/text.h"
#include "server/rpc/answer_size.h"
#include "server/rpc/catalog_post_adder.h"
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

constexpr char kFewerIds[] = "ask for fewer ids at a time";

// Where posts that were asked for stand in the answer: one that is asked for again is not read again.
using Places = absl::flat_hash_map<int64_t, int>;

absl::Status AddAgain(int place, const AnswerSize& limit, size_t* size_bytes, v1::BatchGetPostsResponse* response) {
  *size_bytes += SizeInAnswer(response->posts(place));
  MILLRACE_RETURN_IF_ERROR(limit.Check(*size_bytes));
  *response->add_posts() = response->posts(place);
  return absl::OkStatus();
}

absl::Status BatchGetFromSnapshot(const ServiceDeps& deps, const Snapshot& snapshot,
                                  const v1::BatchGetPostsRequest& request, v1::BatchGetPostsResponse* response) {
  const AnswerSize limit(deps, "ids", kFewerIds);
  SnapshotPostReader reader(snapshot, *deps.location);
  Places places;
  size_t size_bytes = 0;
  for (const int64_t id : request.ids()) {
    if (const auto place = places.find(id); place != places.end()) {
      MILLRACE_RETURN_IF_ERROR(AddAgain(place->second, limit, &size_bytes, response));
      continue;
    }
    MILLRACE_ASSIGN_OR_RETURN(const std::optional<int64_t> row, snapshot.FindRow(id));
    if (!row.has_value()) {
      response->add_missing_ids(id);
      continue;
    }
    places.emplace(id, response->posts_size());
    v1::Post* const message = response->add_posts();
    MILLRACE_RETURN_IF_ERROR(reader.Read(*row, message));
    size_bytes += SizeInAnswer(*message);
    MILLRACE_RETURN_IF_ERROR(limit.Check(size_bytes));
  }
  return absl::OkStatus();
}

absl::Status BatchGetFromDataset(const ServiceDeps& deps, const std::string& dataset,
                                 const v1::BatchGetPostsRequest& request, v1::BatchGetPostsResponse* response) {
  const AnswerSize limit(deps, "ids", kFewerIds);
  CatalogPostAdder adder(deps, dataset, response->mutable_posts());
  Places places;
  size_t repeated_size_bytes = 0;
  for (const int64_t id : request.ids()) {
    if (const auto place = places.find(id); place != places.end()) {
      MILLRACE_RETURN_IF_ERROR(adder.Flush());
      size_t size_bytes = adder.size_bytes() + repeated_size_bytes;
      MILLRACE_RETURN_IF_ERROR(AddAgain(place->second, limit, &size_bytes, response));
      repeated_size_bytes = size_bytes - adder.size_bytes();
      continue;
    }
    MILLRACE_ASSIGN_OR_RETURN(std::optional<Post> post, deps.catalog->FindPost(dataset, id));
    if (!post.has_value()) {
      response->add_missing_ids(id);
      continue;
    }
    places.emplace(id, response->posts_size() + adder.waiting_count());
    MILLRACE_RETURN_IF_ERROR(adder.Add(*std::move(post)));
    MILLRACE_RETURN_IF_ERROR(limit.Check(adder.size_bytes() + repeated_size_bytes));
  }
  return adder.Flush();
}

// Lists the posts with id > after_id. True when there are more behind those listed.
absl::StatusOr<bool> ListFromSnapshot(const ServiceDeps& deps, const Snapshot& snapshot, int64_t after_id,
                                      int64_t limit, v1::ListPostsResponse* response) {
  int64_t row = 0;
  if (after_id == std::numeric_limits<int64_t>::max()) return false;
  MILLRACE_ASSIGN_OR_RETURN(row, snapshot.LowerBoundRow(after_id + 1));
  SnapshotPostReader reader(snapshot, *deps.location);
  PageBytes size(deps);
  for (; row < snapshot.post_count() && response->posts_size() < limit && !size.is_full(); ++row) {
    v1::Post* message = response->add_posts();
    MILLRACE_RETURN_IF_ERROR(reader.Read(row, message));
    if (size.Take(*message)) continue;
    response->mutable_posts()->RemoveLast();
    break;
  }
  return row < snapshot.post_count();
}

// Ends the page where it is full; false when all fit.
bool CutPage(const ServiceDeps& deps, v1::ListPostsResponse* response) {
  PageBytes size(deps);
  int count = 0;
  while (count < response->posts_size() && !size.is_full() && size.Take(response->posts(count))) ++count;
  if (count == response->posts_size()) return false;
  response->mutable_posts()->DeleteSubrange(count, response->posts_size() - count);
  return true;
}

absl::StatusOr<bool> ListFromDataset(const ServiceDeps& deps, const std::string& dataset, int64_t after_id,
                                     int64_t limit, v1::ListPostsResponse* response) {
  CatalogPostAdder adder(deps, dataset, response->mutable_posts());
  while (true) {
    // One more than asked for tells whether the listing goes on. The catalog gives fewer at a time when they are large.
    const int64_t wanted_count = limit - response->posts_size();
    MILLRACE_ASSIGN_OR_RETURN(std::vector<Post> posts, deps.catalog->ListPosts(dataset, after_id, wanted_count + 1));
    if (posts.empty()) return false;
    for (int64_t i = 0; i < static_cast<int64_t>(posts.size()); ++i) {
      if (i == wanted_count || adder.size_bytes() >= kPageSizeBytesMax) {
        MILLRACE_RETURN_IF_ERROR(adder.Flush());
        CutPage(deps, response);
        return true;
      }
      after_id = posts[i].id;
      MILLRACE_RETURN_IF_ERROR(adder.Add(std::move(posts[i])));
    }
    MILLRACE_RETURN_IF_ERROR(adder.Flush());
    if (CutPage(deps, response)) return true;
  }
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
  MILLRACE_RETURN_IF_ERROR(scope.snapshot != nullptr ? GetFromSnapshot(deps, *scope.snapshot, request, md5, message)
                                                     : GetFromDataset(deps, scope.dataset, request, md5, message));
  return AnswerSize(deps, "key", "start the server with a larger one").Check(response->ByteSizeLong());
}

absl::Status BatchGetPosts(const ServiceDeps& deps, const v1::BatchGetPostsRequest& request,
                           v1::BatchGetPostsResponse* response) {
  if (request.ids_size() > kIdCountMax) {
    return FieldError(
        "ids", absl::StrCat("holds ", request.ids_size(), " ids; at most ", kIdCountMax, " are allowed at once"));
  }
  MILLRACE_ASSIGN_OR_RETURN(const Scope scope, ResolveScope(deps, request));
  if (scope.snapshot != nullptr) {
    MILLRACE_RETURN_IF_ERROR(BatchGetFromSnapshot(deps, *scope.snapshot, request, response));
  } else {
    MILLRACE_RETURN_IF_ERROR(deps.catalog->GetDataset(scope.dataset).status());
    MILLRACE_RETURN_IF_ERROR(BatchGetFromDataset(deps, scope.dataset, request, response));
  }
  return AnswerSize(deps, "ids", kFewerIds).Check(response->ByteSizeLong());
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
  return CheckPage(deps, response->ByteSizeLong());
}

}  // namespace millrace
