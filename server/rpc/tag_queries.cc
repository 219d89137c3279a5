#include "server/rpc/tag_queries.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/text.h"
#include "server/rpc/convert.h"
#include "server/rpc/page_token.h"
#include "server/rpc/scope.h"

namespace millrace {
namespace {

constexpr size_t kNamesakeCountMax = 100;
// How many tags of one name are looked at to find those of one category. Sources have a handful.
constexpr int64_t kNamesakeScanMax = 10'000;

absl::Status TagNotFound(const std::string& which, const v1::GetTagRequest& request) {
  const std::string place = request.has_dataset() ? absl::StrCat("the dataset ", request.dataset())
                                                  : absl::StrCat("the snapshot ", request.snapshot());
  return MakeError(Reason::kTagNotFound, absl::StrCat(place, " has no tag ", which));
}

absl::StatusOr<std::vector<Tag>> TagsById(const ServiceDeps& deps, const Scope& scope, int64_t id) {
  MILLRACE_ASSIGN_OR_RETURN(std::optional<Tag> tag, scope.snapshot != nullptr
                                                        ? scope.snapshot->FindTag(id)
                                                        : deps.catalog->FindTag(scope.dataset, id));
  std::vector<Tag> tags;
  if (tag.has_value()) tags.push_back(*std::move(tag));
  return tags;
}

absl::StatusOr<std::vector<Tag>> TagsByName(const ServiceDeps& deps, const Scope& scope,
                                            const v1::GetTagRequest& request) {
  MILLRACE_ASSIGN_OR_RETURN(std::vector<Tag> tags,
                            scope.snapshot != nullptr
                                ? scope.snapshot->FindTagsByName(request.name(), kNamesakeScanMax)
                                : deps.catalog->FindTagsByName(scope.dataset, request.name(), kNamesakeScanMax));
  if (request.category() != v1::TAG_CATEGORY_UNSPECIFIED) {
    std::erase_if(tags, [&](const Tag& tag) { return static_cast<int>(tag.category) != request.category(); });
  }
  if (tags.size() > 1 + kNamesakeCountMax) tags.resize(1 + kNamesakeCountMax);
  return tags;
}

absl::StatusOr<TagQuery> TagQueryOf(const v1::ListTagsRequest& request, const std::optional<PageCursor>& cursor) {
  MILLRACE_RETURN_IF_ERROR(CheckEnum("category", request.category(), v1::TagCategory_IsValid));
  MILLRACE_RETURN_IF_ERROR(CheckEnum("order", request.order(), v1::TagOrder_IsValid));
  if (request.min_post_count() < 0) return FieldError("min_post_count", "must not be negative");
  TagQuery query;
  MILLRACE_ASSIGN_OR_RETURN(query.limit, PageLimit(request.page_size()));
  query.prefix = request.prefix();
  if (request.category() != v1::TAG_CATEGORY_UNSPECIFIED) {
    query.category = static_cast<TagCategory>(request.category());
  }
  query.min_post_count = std::max<int64_t>(request.min_post_count(), 1);
  query.order = request.order() == v1::TAG_ORDER_POST_COUNT ? TagQuery::Order::kPostCount : TagQuery::Order::kName;
  if (cursor.has_value()) query.after = TagCursor{cursor->text, cursor->number, cursor->id};
  return query;
}

}  // namespace

absl::Status GetTag(const ServiceDeps& deps, const v1::GetTagRequest& request, v1::GetTagResponse* response) {
  if (!request.has_id() && !request.has_name()) return FieldError("key", "is required: give an id or a name");
  MILLRACE_RETURN_IF_ERROR(CheckEnum("category", request.category(), v1::TagCategory_IsValid));
  if (request.has_id() && request.category() != v1::TAG_CATEGORY_UNSPECIFIED) {
    return FieldError("category", "goes with a name only; an id names one tag");
  }
  if (request.has_name() && request.name().empty()) return FieldError("name", "must not be empty");
  MILLRACE_ASSIGN_OR_RETURN(const Scope scope, ResolveScope(deps, request));
  MILLRACE_ASSIGN_OR_RETURN(const std::vector<Tag> tags,
                            request.has_id() ? TagsById(deps, scope, request.id()) : TagsByName(deps, scope, request));
  if (tags.empty()) {
    return TagNotFound(request.has_id() ? absl::StrCat(request.id()) : QuoteForMessage(request.name()), request);
  }
  SetTag(tags[0], response->mutable_tag());
  for (size_t i = 1; i < tags.size(); ++i) SetTag(tags[i], response->add_namesakes());
  return absl::OkStatus();
}

absl::Status ListTags(const ServiceDeps& deps, const v1::ListTagsRequest& request, v1::ListTagsResponse* response) {
  const std::string binding = PageBinding("ListTags", request);
  MILLRACE_ASSIGN_OR_RETURN(const std::optional<PageCursor> cursor, DecodePageToken(binding, request.page_token()));
  MILLRACE_ASSIGN_OR_RETURN(const TagQuery query, TagQueryOf(request, cursor));
  MILLRACE_ASSIGN_OR_RETURN(const Scope scope, ResolveScope(deps, request));
  MILLRACE_ASSIGN_OR_RETURN(const TagPage page, scope.snapshot != nullptr
                                                    ? scope.snapshot->ListTags(query)
                                                    : deps.catalog->ListTags(scope.dataset, query));
  for (const Tag& tag : page.tags) SetTag(tag, response->add_tags());
  if (page.next.has_value()) {
    response->set_next_page_token(EncodePageToken(binding, {page.next->name, page.next->post_count, page.next->id}));
  }
  return absl::OkStatus();
}

}  // namespace millrace
