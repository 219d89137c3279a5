#include "core/refresh/board_relations.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "core/base/error.h"
#include "core/ingest/json_fact_parser.h"
#include "core/refresh/json_list.h"

namespace millrace {
namespace {

const char* ListName(TagRelationKind kind) {
  return kind == TagRelationKind::kAlias ? "tag_aliases" : "tag_implications";
}

std::string ShownName(TagRelationKind kind, int64_t after_id) {
  return absl::StrCat("the board's ", ListName(kind), " behind ", after_id);
}

absl::Status RecordError(const std::string& list, int64_t number, std::string_view why) {
  return MakeError(Reason::kFileInvalid, absl::StrCat(list, ": record ", number, std::string(why)));
}

}  // namespace

PageRequest MakeRelationsRequest(const SourceSettings& settings, TagRelationKind kind, int64_t after_id) {
  // The most that each gives.
  const int64_t limit = settings.kind == BoardKind::kDanbooru ? 1000 : 320;
  PageRequest request;
  request.url = absl::StrCat(settings.address, "/", ListName(kind), ".json?limit=", limit, "&page=a", after_id,
                             "&search%5Bstatus%5D=active");
  AddCredentials(settings, &request);
  return request;
}

absl::StatusOr<RelationsPage> ParseRelations(TagRelationKind kind, int64_t after_id, const std::string& body) {
  // e621 wraps lists that are empty; a wrapper of the other kind is a record here, and no relation.
  const std::string_view wrapper = ListName(kind);
  const std::string name = ShownName(kind, after_id);
  RelationsPage page;
  JsonFactParser parser;
  const auto take = [&](std::string_view text, int64_t number) -> absl::Status {
    TagRelation relation;
    int64_t id = 0;
    if (!parser.Parse(text, &relation) || !parser.ParseRecordId(text, &id)) {
      return RecordError(name, number, absl::StrCat(": ", parser.rejected().field, " ", parser.rejected().reason));
    }
    if (id <= after_id) return RecordError(name, number, absl::StrCat(" has the id ", id, ", which is not behind it"));
    page.max_id = std::max(page.max_id, id);
    relation.kind = kind;
    if (IsActive(relation)) page.relations.push_back(std::move(relation));
    return absl::OkStatus();
  };
  MILLRACE_RETURN_IF_ERROR(
      ReadJsonList({name, absl::MakeConstSpan(&wrapper, 1)}, body,
                   {take, [&](int64_t number) { return RecordError(name, number, " is too long"); }}));
  return page;
}

}  // namespace millrace
