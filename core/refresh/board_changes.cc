#include "core/refresh/board_changes.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "core/fetch/url.h"
#include "core/ingest/json_record.h"
#include "core/ingest/record.h"

namespace millrace {
namespace {

constexpr int64_t kSecondUs = 1'000'000;
constexpr int64_t kDanbooruPagesMax = 1000;
constexpr int64_t kGelbooruPostsMax = 20'000;

// e621 leaves deleted posts out unless the search names a status.
std::string WithDeleted(const std::string& query) {
  for (absl::string_view word : absl::StrSplit(query, absl::ByAnyChar(" \t\r\n"), absl::SkipEmpty())) {
    const std::string lower = absl::AsciiStrToLower(word);
    if (absl::StartsWith(lower, "status:") || absl::StartsWith(lower, "-status:")) return query;
  }
  return absl::StrCat(query, query.empty() ? "" : " ", "status:any");
}

// A search for what the source is to hold, with words behind it.
std::string Search(const SourceSettings& settings, std::string_view words) {
  const std::string query = settings.kind == BoardKind::kE621 ? WithDeleted(settings.query) : settings.query;
  return EncodeForUrl(absl::StrCat(query, query.empty() ? "" : " ", std::string(words)));
}

// A whole number among the members that the import keeps for whoever needs them.
std::optional<int64_t> KeptNumber(const std::string& extra_json, std::string_view key) {
  if (extra_json.empty()) return std::nullopt;
  const std::string padded = absl::StrCat(extra_json, std::string(JsonRecord::kPaddingBytes, ' '));
  JsonRecord record;
  JsonRecord::Object object;
  if (!record.Open(std::string_view(padded).substr(0, extra_json.size()), &object)) return std::nullopt;
  for (auto field_or : object) {
    simdjson::ondemand::field field;
    std::string_view name;
    if (std::move(field_or).get(field) != simdjson::SUCCESS) return std::nullopt;
    if (field.unescaped_key().get(name) != simdjson::SUCCESS) return std::nullopt;
    if (name != key) continue;
    ScalarValue scalar;
    int64_t number = 0;
    if (!record.ReadScalar(key, field.value(), &scalar)) return std::nullopt;
    if (ParseWhole(scalar.text, 1, INT64_MAX / kSecondUs, &number) != NumberFault::kNone) return std::nullopt;
    return number;
  }
  return std::nullopt;
}

}  // namespace

ChangeOrder ChangeOrderOf(BoardKind kind) {
  switch (kind) {
    case BoardKind::kE621:
      return ChangeOrder::kBehindChange;
    case BoardKind::kDanbooru:
    case BoardKind::kGelbooru:
      return ChangeOrder::kNewestFirst;
    case BoardKind::kMoebooru:
    case BoardKind::kUnspecified:
      break;
  }
  return ChangeOrder::kNone;
}

int64_t ChangeOverlapOf(BoardKind kind) {
  // A change is a post's, so this many numbers are a page at most.
  constexpr int64_t kE621Changes = 300;
  constexpr int64_t kOthersUs = 300 * kSecondUs;
  return kind == BoardKind::kE621 ? kE621Changes : kOthersUs;
}

int64_t ChangePagesMax(BoardKind kind, int64_t limit) {
  return kind == BoardKind::kGelbooru ? std::max<int64_t>(1, kGelbooruPostsMax / limit) : kDanbooruPagesMax;
}

PageRequest MakeNewestChangesRequest(const SourceSettings& settings, int64_t page_number, int64_t limit) {
  PageRequest request;
  if (settings.kind == BoardKind::kGelbooru) {
    request.url = absl::StrCat(settings.address, "/index.php?page=dapi&s=post&q=index&json=1&limit=", limit,
                               "&pid=", page_number - 1, "&tags=", Search(settings, "sort:updated:desc"));
  } else {
    request.url = absl::StrCat(settings.address, "/posts.json?limit=", limit, "&page=", page_number,
                               "&tags=", Search(settings, "order:change"));
  }
  AddCredentials(settings, &request);
  return request;
}

PageRequest MakeChangesBehindRequest(const SourceSettings& settings, int64_t change, int64_t page_number,
                                     int64_t limit) {
  PageRequest request;
  request.url = absl::StrCat(settings.address, "/posts.json?limit=", limit, "&page=", page_number,
                             "&tags=", Search(settings, absl::StrCat("change:>", change, " order:change_asc")));
  AddCredentials(settings, &request);
  return request;
}

std::optional<int64_t> ChangeOf(BoardKind kind, const Post& post) {
  switch (kind) {
    case BoardKind::kDanbooru:
      return post.updated_at_us;
    case BoardKind::kE621:
      return KeptNumber(post.extra_json, "change_seq");
    case BoardKind::kGelbooru:
      if (const auto seconds = KeptNumber(post.extra_json, "change"); seconds.has_value()) return *seconds * kSecondUs;
      return std::nullopt;
    case BoardKind::kMoebooru:
    case BoardKind::kUnspecified:
      break;
  }
  return std::nullopt;
}

std::string ShowChange(BoardKind kind, int64_t change) {
  if (kind == BoardKind::kE621) return absl::StrCat("change ", change);
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", absl::FromUnixMicros(change), absl::UTCTimeZone());
}

}  // namespace millrace
