#include "core/refresh/board.h"

#include <algorithm>
#include <string_view>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/fetch/url.h"
#include "core/refresh/board_changes.h"

namespace millrace {
namespace {

constexpr size_t kQuerySizeBytesMax = 2048;
constexpr size_t kCredentialSizeBytesMax = 512;
constexpr int64_t kMinuteUs = 60'000'000;
constexpr int64_t kYearUs = 366 * 24 * 60 * kMinuteUs;

// Also of lists that have an order of their own.
constexpr absl::string_view kOrderWords[] = {"order:", "sort:", "ordfav:", "ordfavgroup:", "ordpool:"};

bool PagesByQuery(BoardKind kind) { return kind == BoardKind::kMoebooru || kind == BoardKind::kGelbooru; }

absl::Status CheckQuery(const SourceSettings& settings) {
  if (settings.query.size() > kQuerySizeBytesMax || !IsValidUtf8(settings.query)) {
    return FieldError("query", absl::StrCat("is longer than ", kQuerySizeBytesMax, " bytes or no UTF-8"));
  }
  for (absl::string_view word : absl::StrSplit(settings.query, absl::ByAnyChar(" \t\r\n"), absl::SkipEmpty())) {
    const std::string lower = absl::AsciiStrToLower(word);
    // e621 turns the order round for "-order:", and takes words behind a parenthesis.
    const absl::string_view name =
        absl::string_view(lower).substr(std::min(lower.find_first_not_of("-~("), lower.size()));
    const auto begins = [&](absl::string_view prefix) { return absl::StartsWith(name, prefix); };
    if (absl::c_any_of(kOrderWords, begins)) {
      return FieldError("query", absl::StrCat(std::string(word), " orders posts; a refresh goes by ascending id"));
    }
    // With "limit:0" every page would be empty, and so the board's end.
    if (begins("limit:")) {
      return FieldError("query", absl::StrCat(std::string(word), " is how many posts a page shows: set page_size"));
    }
    if (PagesByQuery(settings.kind) && absl::StartsWith(lower, "id:")) {
      return FieldError("query", absl::StrCat(std::string(word), " is what this kind of board is paged by"));
    }
    if (settings.follow_changes && absl::StartsWith(lower, "change:")) {
      return FieldError("query", absl::StrCat(std::string(word), " is what changes are followed by"));
    }
  }
  return absl::OkStatus();
}

absl::Status CompleteAddress(std::string* address) {
  while (!address->empty() && address->back() == '/') address->pop_back();
  MILLRACE_ASSIGN_OR_RETURN(const Url url, ParseUrl(*address));
  if (address->find_first_of("?#") != std::string::npos) {
    return FieldError("address", "holds a query or fragment; it is the board's root, such as https://board.example");
  }
  return absl::OkStatus();
}

absl::Status CompletePageSize(SourceSettings* settings) {
  const PageSizes sizes = PageSizesOf(settings->kind);
  if (settings->page_size == 0) settings->page_size = sizes.default_size;
  if (settings->page_size < 1 || settings->page_size > sizes.max_size) {
    return FieldError("page_size", absl::StrCat(settings->page_size, " is not in 1 to ", sizes.max_size));
  }
  return absl::OkStatus();
}

absl::Status CheckCredentials(const SourceSettings& settings) {
  for (const auto* text : {&settings.login, &settings.api_key}) {
    const std::string field = text == &settings.login ? "login" : "api_key";
    if (text->size() > kCredentialSizeBytesMax || !IsValidUtf8(*text)) {
      return FieldError(field, absl::StrCat("is longer than ", kCredentialSizeBytesMax, " bytes or no UTF-8"));
    }
  }
  if (settings.login.empty() != settings.api_key.empty()) {
    return FieldError(settings.login.empty() ? "login" : "api_key", "is missing; login and api_key go together");
  }
  return absl::OkStatus();
}

}  // namespace

PageSizes PageSizesOf(BoardKind kind) {
  switch (kind) {
    case BoardKind::kDanbooru:
      return {200, 200};
    case BoardKind::kE621:
      return {320, 320};
    case BoardKind::kMoebooru:
    case BoardKind::kGelbooru:
      return {100, 1000};
    case BoardKind::kUnspecified:
      break;
  }
  return {};
}

bool HasRelations(BoardKind kind) { return kind == BoardKind::kDanbooru || kind == BoardKind::kE621; }

SourceFormat PageFormatOf(BoardKind kind) {
  switch (kind) {
    case BoardKind::kDanbooru:
      return SourceFormat::kDanbooruPages;
    case BoardKind::kE621:
      return SourceFormat::kE621Pages;
    case BoardKind::kMoebooru:
      return SourceFormat::kMoebooruPages;
    case BoardKind::kGelbooru:
      return SourceFormat::kGelbooruPages;
    case BoardKind::kUnspecified:
      break;
  }
  return SourceFormat::kUnspecified;
}

absl::Status CompleteSettings(SourceSettings* settings) {
  const std::string name_rule =
      " is not a name: 1 to 64 of a-z, 0-9, '-', '_' and '.', starting with a letter or digit";
  if (!IsValidName(settings->name)) return FieldError("name", QuoteForMessage(settings->name) + name_rule);
  if (!IsValidName(settings->dataset)) return FieldError("dataset", QuoteForMessage(settings->dataset) + name_rule);
  if (PageSizesOf(settings->kind).max_size == 0) {
    return FieldError("kind", "is required: danbooru, e621, moebooru or gelbooru");
  }
  MILLRACE_RETURN_IF_ERROR(CompleteAddress(&settings->address));
  MILLRACE_RETURN_IF_ERROR(CompletePageSize(settings));
  MILLRACE_RETURN_IF_ERROR(CheckQuery(*settings));
  if (settings->interval_us != 0 && (settings->interval_us < kMinuteUs || settings->interval_us > kYearUs)) {
    return FieldError("interval", "is not in one minute to 366 days; 0 refreshes only when asked for");
  }
  if (settings->with_relations && !HasRelations(settings->kind)) {
    return FieldError("with_relations", "goes with danbooru and e621 only: boards of the other kinds list none");
  }
  if (settings->follow_changes && ChangeOrderOf(settings->kind) == ChangeOrder::kNone) {
    return FieldError(
        "follow_changes",
        "goes with danbooru, e621 and gelbooru only: boards of the other kind document no order by change. "
        "Walk again instead: set the position to 0, and refresh");
  }
  if (settings->mark_missing && !settings->query.empty()) {
    return FieldError("mark_missing", "goes without a query only: a post that matches no more is not gone");
  }
  return CheckCredentials(*settings);
}

void AddCredentials(const SourceSettings& settings, PageRequest* request) {
  if (settings.login.empty()) return;
  const auto add = [&](std::string_view login_key, std::string_view key_key) {
    absl::StrAppend(&request->url, "&", std::string(login_key), "=", EncodeForUrl(settings.login), "&",
                    std::string(key_key), "=", EncodeForUrl(settings.api_key));
  };
  switch (settings.kind) {
    case BoardKind::kDanbooru:
    case BoardKind::kE621:
      // Both take these as HTTP basic authentication, which keeps them out of URLs.
      request->user = settings.login;
      request->password = settings.api_key;
      break;
    case BoardKind::kMoebooru:
      add("login", "password_hash");
      break;
    case BoardKind::kGelbooru:
      add("user_id", "api_key");
      break;
    case BoardKind::kUnspecified:
      break;
  }
}

PageRequest MakePageRequest(const SourceSettings& settings, int64_t after_id, int64_t limit) {
  PageRequest request;
  const std::string& address = settings.address;
  const std::string query = EncodeForUrl(settings.query);
  const std::string space = query.empty() ? "" : "%20";
  switch (settings.kind) {
    case BoardKind::kDanbooru:
    case BoardKind::kE621:
      request.url = absl::StrCat(address, "/posts.json?limit=", limit, "&page=a", after_id);
      if (!query.empty()) absl::StrAppend(&request.url, "&tags=", query);
      break;
    case BoardKind::kMoebooru:
      request.url = absl::StrCat(address, "/post.json?limit=", limit, "&page=1&tags=", query, space, "id%3A%3E",
                                 after_id, "%20order%3Aid");
      break;
    case BoardKind::kGelbooru:
      request.url = absl::StrCat(address, "/index.php?page=dapi&s=post&q=index&json=1&limit=", limit,
                                 "&pid=0&tags=", query, space, "id%3A%3E", after_id, "%20sort%3Aid%3Aasc");
      break;
    case BoardKind::kUnspecified:
      break;
  }
  AddCredentials(settings, &request);
  return request;
}

}  // namespace millrace
