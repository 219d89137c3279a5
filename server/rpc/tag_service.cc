#include "server/rpc/tag_service.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/catalog/listed_bytes.h"
#include "server/rpc/answer_size.h"
#include "server/rpc/call.h"
#include "server/rpc/page_token.h"
#include "server/rpc/request.h"
#include "server/rpc/scope.h"

namespace millrace {
namespace {

void SetRelation(const TagRelation& relation, v1::TagRelation* message) {
  message->set_kind(static_cast<v1::TagRelationKind>(relation.kind));
  message->set_antecedent_name(relation.antecedent);
  message->set_consequent_name(relation.consequent);
  message->set_status(relation.status);
  message->set_extra_json(relation.extra_json);
}

// The next one behind the page's last, by place: "number" counts aliases first, then implications.
absl::Status ListOfSnapshot(const Snapshot& snapshot, v1::TagRelationKind kind, int64_t first, int64_t limit,
                            const std::string& binding, v1::ListTagRelationsResponse* response) {
  const int64_t alias_count = snapshot.relation_count(TagRelationKind::kAlias);
  const int64_t total = alias_count + snapshot.relation_count(TagRelationKind::kImplication);
  const int64_t begin = std::max(first, kind == v1::TAG_RELATION_KIND_IMPLICATION ? alias_count : 0);
  const int64_t end = kind == v1::TAG_RELATION_KIND_ALIAS ? alias_count : total;
  for (int64_t place = begin; place < end; ++place) {
    if (place - begin == limit) {
      response->set_next_page_token(EncodePageToken(binding, {"", place, 0}));
      return absl::OkStatus();
    }
    const bool is_alias = place < alias_count;
    const TagRelationKind place_kind = is_alias ? TagRelationKind::kAlias : TagRelationKind::kImplication;
    MILLRACE_ASSIGN_OR_RETURN(const TagRelationView relation,
                              snapshot.RelationAt(place_kind, is_alias ? place : place - alias_count));
    v1::TagRelation* const message = response->add_relations();
    message->set_kind(static_cast<v1::TagRelationKind>(place_kind));
    message->set_antecedent_name(relation.antecedent.data(), relation.antecedent.size());
    message->set_consequent_name(relation.consequent.data(), relation.consequent.size());
  }
  return absl::OkStatus();
}

// A name holds no NUL, so the two can stand in one text.
PageCursor CursorBehind(const TagRelation& relation) {
  return {relation.antecedent + '\0' + relation.consequent, static_cast<int64_t>(relation.kind), 0};
}

std::optional<TagRelationCursor> RelationCursorOf(const std::optional<PageCursor>& cursor, v1::TagRelationKind kind) {
  if (!cursor.has_value()) {
    if (kind != v1::TAG_RELATION_KIND_IMPLICATION) return std::nullopt;
    return TagRelationCursor{static_cast<int64_t>(TagRelationKind::kImplication), "", ""};
  }
  const size_t middle = std::min(cursor->text.find('\0'), cursor->text.size());
  return TagRelationCursor{cursor->number, cursor->text.substr(0, middle),
                           cursor->text.substr(std::min(middle + 1, cursor->text.size()))};
}

// Adds items as messages until the page is full, by count or by size; `cursor` tells where to go on behind an item.
// There may be more behind items that fill it, or the catalog's listing, by size. An item that the server does not send
// by itself is an error.
template <typename Item, typename Message, typename Response>
absl::Status FillPage(const ServiceDeps& deps, const std::vector<Item>& items, int64_t limit,
                      const std::string& binding,
                      google::protobuf::RepeatedPtrField<Message>* (Response::*messages_of)(),
                      void (*set)(const Item&, Message*), PageCursor (*cursor)(const Item&), Response* response) {
  google::protobuf::RepeatedPtrField<Message>& messages = *(response->*messages_of)();
  PageBytes page_bytes(deps);
  for (const Item& item : items) {
    if (messages.size() == limit || page_bytes.is_full()) break;
    set(item, messages.Add());
    if (page_bytes.Take(*messages.rbegin())) continue;
    messages.RemoveLast();
    break;
  }
  const size_t shown_count = static_cast<size_t>(messages.size());
  if (shown_count < items.size() || page_bytes.is_full() || IsListingFull(items)) {
    response->set_next_page_token(EncodePageToken(binding, cursor(items[shown_count - 1])));
  }
  return CheckPage(deps, response->ByteSizeLong());
}

absl::Status ListTagRelations(const ServiceDeps& deps, const v1::ListTagRelationsRequest& request,
                              v1::ListTagRelationsResponse* response) {
  const std::string binding = PageBinding("ListTagRelations", request);
  MILLRACE_ASSIGN_OR_RETURN(const std::optional<PageCursor> cursor, DecodePageToken(binding, request.page_token()));
  MILLRACE_RETURN_IF_ERROR(CheckEnum("kind", request.kind(), v1::TagRelationKind_IsValid));
  MILLRACE_ASSIGN_OR_RETURN(const int64_t limit, PageLimit(request.page_size()));
  MILLRACE_ASSIGN_OR_RETURN(const Scope scope, ResolveScope(deps, request));
  if (scope.snapshot != nullptr) {
    return ListOfSnapshot(*scope.snapshot, request.kind(), cursor.has_value() ? cursor->number : 0, limit, binding,
                          response);
  }
  // One more than asked for tells whether the listing goes on. Aliases come first: those alone end where others begin.
  MILLRACE_ASSIGN_OR_RETURN(
      std::vector<TagRelation> relations,
      deps.catalog->ListTagRelations(scope.dataset, RelationCursorOf(cursor, request.kind()), limit + 1));
  if (request.kind() == v1::TAG_RELATION_KIND_ALIAS) {
    std::erase_if(relations, [](const TagRelation& relation) { return relation.kind != TagRelationKind::kAlias; });
  }
  return FillPage<TagRelation, v1::TagRelation, v1::ListTagRelationsResponse>(
      deps, relations, limit, binding, &v1::ListTagRelationsResponse::mutable_relations, SetRelation, CursorBehind,
      response);
}

absl::Status ListListedTags(const ServiceDeps& deps, const v1::ListListedTagsRequest& request,
                            v1::ListListedTagsResponse* response) {
  const std::string binding = PageBinding("ListListedTags", request);
  MILLRACE_ASSIGN_OR_RETURN(const std::optional<PageCursor> cursor, DecodePageToken(binding, request.page_token()));
  MILLRACE_ASSIGN_OR_RETURN(const int64_t limit, PageLimit(request.page_size()));
  MILLRACE_RETURN_IF_ERROR(CheckName("dataset", request.dataset()));
  MILLRACE_ASSIGN_OR_RETURN(const std::vector<TagFact> tags,
                            deps.catalog->ListTagFacts(request.dataset(), request.prefix(),
                                                       cursor.has_value() ? cursor->text : "", limit + 1));
  const auto set = [](const TagFact& tag, v1::ListedTag* message) {
    message->set_id(tag.id);
    message->set_name(tag.name);
    message->set_category(static_cast<v1::TagCategory>(tag.category));
    message->set_is_deprecated(tag.is_deprecated.value_or(false));
    if (tag.source_post_count.has_value()) message->set_source_post_count(*tag.source_post_count);
    message->set_extra_json(tag.extra_json);
  };
  return FillPage<TagFact, v1::ListedTag, v1::ListListedTagsResponse>(
      deps, tags, limit, binding, &v1::ListListedTagsResponse::mutable_tags, set,
      [](const TagFact& tag) {
        return PageCursor{tag.name, 0, 0};
      },
      response);
}

void SetPool(const PoolFact& pool, v1::ListedPool* message) {
  message->set_id(pool.id);
  message->set_name(pool.name);
  message->set_kind(pool.kind);
  message->set_is_deleted(pool.is_deleted.value_or(false));
  message->set_post_count(static_cast<int64_t>(pool.post_ids.size()));
  message->set_extra_json(pool.extra_json);
}

void SetPoolWithPosts(const PoolFact& pool, v1::ListedPool* message) {
  SetPool(pool, message);
  message->mutable_post_ids()->Add(pool.post_ids.begin(), pool.post_ids.end());
}

absl::Status ListPools(const ServiceDeps& deps, const v1::ListPoolsRequest& request, v1::ListPoolsResponse* response) {
  const std::string binding = PageBinding("ListPools", request);
  MILLRACE_ASSIGN_OR_RETURN(const std::optional<PageCursor> cursor, DecodePageToken(binding, request.page_token()));
  MILLRACE_ASSIGN_OR_RETURN(const int64_t limit, PageLimit(request.page_size()));
  MILLRACE_RETURN_IF_ERROR(CheckName("dataset", request.dataset()));
  if (request.pool_id() < 0) {
    return FieldError("pool_id", absl::StrCat("pool_id is ", request.pool_id(), "; give a pool's id, or 0 for all"));
  }
  const bool is_one = request.pool_id() != 0;
  const int64_t after_id = is_one ? request.pool_id() - 1 : cursor.has_value() ? cursor->id : INT64_MIN;
  MILLRACE_ASSIGN_OR_RETURN(std::vector<PoolFact> pools,
                            deps.catalog->ListPools(request.dataset(), after_id, is_one ? 1 : limit + 1));
  if (is_one) std::erase_if(pools, [&](const PoolFact& pool) { return pool.id != request.pool_id(); });
  const absl::Status filled = FillPage<PoolFact, v1::ListedPool, v1::ListPoolsResponse>(
      deps, pools, limit, binding, &v1::ListPoolsResponse::mutable_pools,
      request.with_post_ids() ? SetPoolWithPosts : SetPool,
      [](const PoolFact& pool) {
        return PageCursor{"", 0, pool.id};
      },
      response);
  if (is_one) response->clear_next_page_token();
  return filled;
}

absl::Status ListArtists(const ServiceDeps& deps, const v1::ListArtistsRequest& request,
                         v1::ListArtistsResponse* response) {
  const std::string binding = PageBinding("ListArtists", request);
  MILLRACE_ASSIGN_OR_RETURN(const std::optional<PageCursor> cursor, DecodePageToken(binding, request.page_token()));
  MILLRACE_ASSIGN_OR_RETURN(const int64_t limit, PageLimit(request.page_size()));
  MILLRACE_RETURN_IF_ERROR(CheckName("dataset", request.dataset()));
  std::optional<ArtistCursor> after;
  if (cursor.has_value()) after = ArtistCursor{cursor->text, cursor->id};
  MILLRACE_ASSIGN_OR_RETURN(const std::vector<ArtistFact> artists,
                            deps.catalog->ListArtists(request.dataset(), after, limit + 1));
  const auto set = [](const ArtistFact& artist, v1::ListedArtist* message) {
    message->set_id(artist.id);
    message->set_name(artist.name);
    for (const std::string& name : artist.other_names) message->add_other_names(name);
    message->set_extra_json(artist.extra_json);
  };
  return FillPage<ArtistFact, v1::ListedArtist, v1::ListArtistsResponse>(
      deps, artists, limit, binding, &v1::ListArtistsResponse::mutable_artists, set,
      [](const ArtistFact& artist) {
        return PageCursor{artist.name, 0, artist.id};
      },
      response);
}

}  // namespace

grpc::ServerUnaryReactor* TagService::ListTagRelations(grpc::CallbackServerContext* context,
                                                       const v1::ListTagRelationsRequest* request,
                                                       v1::ListTagRelationsResponse* response) {
  return StartUnary(
      deps_, deps_.call_pool, "millrace.v1.TagService/ListTagRelations", context,
      [this, request, response](const auto&) { return millrace::ListTagRelations(deps_, *request, response); });
}

grpc::ServerUnaryReactor* TagService::ListListedTags(grpc::CallbackServerContext* context,
                                                     const v1::ListListedTagsRequest* request,
                                                     v1::ListListedTagsResponse* response) {
  return StartUnary(
      deps_, deps_.call_pool, "millrace.v1.TagService/ListListedTags", context,
      [this, request, response](const auto&) { return millrace::ListListedTags(deps_, *request, response); });
}

grpc::ServerUnaryReactor* TagService::ListPools(grpc::CallbackServerContext* context,
                                                const v1::ListPoolsRequest* request, v1::ListPoolsResponse* response) {
  return StartUnary(deps_, deps_.call_pool, "millrace.v1.TagService/ListPools", context,
                    [this, request, response](const auto&) { return millrace::ListPools(deps_, *request, response); });
}

grpc::ServerUnaryReactor* TagService::ListArtists(grpc::CallbackServerContext* context,
                                                  const v1::ListArtistsRequest* request,
                                                  v1::ListArtistsResponse* response) {
  return StartUnary(
      deps_, deps_.call_pool, "millrace.v1.TagService/ListArtists", context,
      [this, request, response](const auto&) { return millrace::ListArtists(deps_, *request, response); });
}

}  // namespace millrace
