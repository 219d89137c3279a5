#include "core/refresh/board_tags.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/fetch/url.h"
#include "core/ingest/html_text.h"
#include "core/ingest/json_fact_parser.h"
#include "core/ingest/record.h"
#include "core/refresh/json_list.h"

namespace millrace {
namespace {

// Gelbooru's most.
constexpr size_t kNamesPerRequestMax = 100;
// Servers take URLs of 8 KiB; names of Japanese letters grow threefold when they are encoded, thrice.
constexpr size_t kNamesSizeBytesMax = 4096;
constexpr int64_t kNoType = -1;
constexpr int64_t kGelbooruDeprecatedType = 6;

// Both number them as Danbooru does; but 5, meta on Gelbooru, is on Moebooru what a board makes of it (circles,
// styles), which none of our categories is.
TagCategory CategoryOf(BoardKind kind, int64_t type) {
  constexpr int64_t kMeta = 5;
  if (kind == BoardKind::kMoebooru && type == kMeta) return TagCategory::kUnspecified;
  return ParseDanbooruCategory(absl::StrCat(type)).value_or(TagCategory::kUnspecified);
}

}  // namespace

bool HasTagLookup(BoardKind kind) { return kind == BoardKind::kMoebooru || kind == BoardKind::kGelbooru; }

bool HasWholeTagList(BoardKind kind) { return kind == BoardKind::kMoebooru; }

PageRequest MakeTagRequest(const SourceSettings& settings, absl::Span<const std::string> names, size_t* count) {
  PageRequest request;
  if (settings.kind == BoardKind::kMoebooru) {
    *count = 1;
    // All that match: some of these boards look for the name within others, so the one that is meant may come late.
    request.url = absl::StrCat(settings.address, "/tag.json?limit=0&name=", EncodeForUrl(names.front()));
    AddCredentials(settings, &request);
    return request;
  }
  request.url = absl::StrCat(settings.address, "/index.php?page=dapi&s=tag&q=index&json=1&limit=", kNamesPerRequestMax,
                             "&names=");
  const size_t start = request.url.size();
  request.url += EncodeForUrl(names.front());
  for (*count = 1; *count < names.size() && *count < kNamesPerRequestMax; ++*count) {
    const std::string name = EncodeForUrl(names[*count]);
    if (request.url.size() - start + name.size() > kNamesSizeBytesMax) break;
    absl::StrAppend(&request.url, "+", name);
  }
  AddCredentials(settings, &request);
  return request;
}

PageRequest MakeTagListRequest(const SourceSettings& settings) {
  PageRequest request;
  request.url = absl::StrCat(settings.address, "/tag.json?limit=0&order=date");
  AddCredentials(settings, &request);
  return request;
}

absl::StatusOr<std::vector<TagFact>> ParseTags(BoardKind kind, absl::Span<const std::string> names,
                                               const std::string& body) {
  constexpr std::string_view kWrappers[] = {"tag"};
  const bool is_gelbooru = kind == BoardKind::kGelbooru;
  JsonListShape shape;
  shape.name = "the board's list of tags";
  if (is_gelbooru) {
    shape.wrappers = kWrappers;
    shape.page_mark = "@attributes";
  }
  std::vector<TagFact> tags;
  int64_t tag_count = 0;  // of all that are listed
  std::string first_rejected;
  JsonFactParser parser;
  const auto reject = [&](int64_t number, std::string_view why) {
    if (first_rejected.empty()) first_rejected = absl::StrCat("record ", number, ": ", std::string(why));
    return absl::OkStatus();
  };
  const auto take = [&](std::string_view text, int64_t number) -> absl::Status {
    TagFact tag;
    int64_t type = kNoType;
    if (!parser.ParseTyped(text, &tag, &type)) {
      return reject(number, absl::StrCat(parser.rejected().field, " ", parser.rejected().reason));
    }
    ++tag_count;
    if (is_gelbooru) tag.name = UnescapeHtml(tag.name);
    if (!std::binary_search(names.begin(), names.end(), tag.name)) return absl::OkStatus();
    tag.id = 0;
    tag.category = CategoryOf(kind, type);
    // Moebooru has no word for it, and what another list said stands.
    if (is_gelbooru && type != kNoType) tag.is_deprecated = type == kGelbooruDeprecatedType;
    tags.push_back(std::move(tag));
    return absl::OkStatus();
  };
  MILLRACE_RETURN_IF_ERROR(
      ReadJsonList(shape, body, {take, [&](int64_t number) { return reject(number, "is too long"); }}));
  if (tag_count == 0 && !first_rejected.empty()) {
    return MakeError(
        Reason::kFileInvalid,
        absl::StrCat("the board's list of tags holds none, but records that are no tags; ", first_rejected));
  }
  return tags;
}

}  // namespace millrace
