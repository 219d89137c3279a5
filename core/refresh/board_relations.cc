#include "core/refresh/board_relations.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "core/base/error.h"
#include "core/ingest/json_fact_parser.h"
#include "core/ingest/json_record.h"
#include "core/ingest/json_splitter.h"

namespace millrace {
namespace {

constexpr int64_t kRecordSizeBytesMax = 1 << 20;

const char* ListName(TagRelationKind kind) {
  return kind == TagRelationKind::kAlias ? "tag_aliases" : "tag_implications";
}

absl::Status PageError(TagRelationKind kind, int64_t after_id, std::string_view why) {
  return MakeError(Reason::kFileInvalid,
                   absl::StrCat("the board's ", ListName(kind), " behind ", after_id, ": ", std::string(why)));
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
  if (IsBlankAnswer(body)) return PageError(kind, after_id, "it is blank");
  RelationsPage page;
  JsonFactParser parser;
  JsonSplitter::Options options;
  options.record_size_bytes_max = kRecordSizeBytesMax;
  options.padding_bytes = JsonRecord::kPaddingBytes;
  options.wrappers = absl::MakeConstSpan(&wrapper, 1);
  const auto take = [&](std::string_view text, int64_t number) -> absl::Status {
    TagRelation relation;
    int64_t id = 0;
    if (!parser.Parse(text, &relation) || !parser.ParseRecordId(text, &id)) {
      return PageError(kind, after_id,
                       absl::StrCat("record ", number, ": ", parser.rejected().field, " ", parser.rejected().reason));
    }
    if (id <= after_id) {
      return PageError(kind, after_id, absl::StrCat("record ", number, " has the id ", id, ", which is not behind it"));
    }
    page.max_id = std::max(page.max_id, id);
    relation.kind = kind;
    if (IsActive(relation)) page.relations.push_back(std::move(relation));
    return absl::OkStatus();
  };
  JsonSplitter splitter(options, {take, [&](int64_t number) {
                                    return PageError(kind, after_id, absl::StrCat("record ", number, " is too long"));
                                  }});
  splitter.Restart(ListName(kind));
  MILLRACE_RETURN_IF_ERROR(splitter.Write(body));
  MILLRACE_RETURN_IF_ERROR(splitter.End());
  return page;
}

}  // namespace millrace
