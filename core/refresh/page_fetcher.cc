#include "core/refresh/page_fetcher.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/fetch/url.h"
#include "core/refresh/board_message.h"
#include "core/refresh/page_sink.h"

namespace millrace {
namespace {

absl::Status StoppedError() { return MakeError(Reason::kCancelled, "the refresh was stopped"); }

// `url` was asked for, `answered` answered: another one behind a redirect.
absl::Status AnswerError(const Url& url, const Url& answered, const HttpResponse& response,
                         const PageRequest& request) {
  std::string message = absl::StrCat(answered.Shown(), " answers with status ", response.status_code);
  if (answered.Shown() != url.Shown()) absl::StrAppend(&message, " (redirected to from ", url.Shown(), ")");
  const std::string words = BoardMessage(response.body, request);
  if (!words.empty()) absl::StrAppend(&message, ", saying ", words);
  if (response.status_code == 401 || response.status_code == 403) {
    return MakeError(Reason::kFetchRefused,
                     absl::StrCat(message, answered.HasSameOrigin(url)
                                               ? ": the board refuses; check the source's login and api_key"
                                               : ": it refuses; login and api_key are not sent to another origin, so "
                                                 "check the source's address"));
  }
  return MakeError(Reason::kFetchFailed, message, {{"status", absl::StrCat(response.status_code)}});
}

}  // namespace

void FetchedPage::CutAt(int64_t until_id) {
  std::erase_if(posts, [&](const PagePost& post) { return post.post.id > until_id; });
  std::erase_if(rejected_ids, [&](int64_t id) { return id > until_id; });
  max_id = std::min(max_id, until_id);
}

bool IsFatal(const absl::Status& error) {
  const Reason reason = ReasonOf(error);
  return reason != Reason::kFetchFailed && reason != Reason::kFileInvalid;
}

absl::StatusOr<FetchedPage> PageFetcher::Fetch(const SourceSettings& settings, int64_t after_id, int64_t limit,
                                               const std::function<bool()>& cancelled) {
  FetchedPage page;
  const auto take = [&](const std::string& body) -> absl::Status {
    MILLRACE_ASSIGN_OR_RETURN(page, Parse(settings, after_id, limit, body, cancelled));
    return absl::OkStatus();
  };
  MILLRACE_RETURN_IF_ERROR(Get(MakePageRequest(settings, after_id, limit), take, cancelled));
  return page;
}

absl::Status PageFetcher::Get(const PageRequest& request, const TakeBody& take,
                              const std::function<bool()>& cancelled) {
  for (int failure_count = 1;; ++failure_count) {
    absl::Duration wait = BackoffDelay(deps_.backoff, failure_count, next_seed_++);
    const absl::Status status = TryGet(request, take, cancelled, &wait);
    if (status.ok() || IsFatal(status) || failure_count == kAttemptCount) return status;
    if (!deps_.clock->Sleep(wait, cancelled)) return StoppedError();
  }
}

absl::Status PageFetcher::TryGet(const PageRequest& page_request, const TakeBody& take,
                                 const std::function<bool()>& cancelled, absl::Duration* wait) {
  MILLRACE_ASSIGN_OR_RETURN(const Url url, ParseUrl(page_request.url));
  // On the refresh's own clock: it may have to give up its place while it waits.
  const auto wait_for_turn = [&](std::string_view host) {
    return deps_.pacer->WaitForTurn(*deps_.clock, host, cancelled);
  };
  MILLRACE_RETURN_IF_ERROR(wait_for_turn(url.host));
  HttpRequest request{page_request.url, page_request.user, page_request.password, cancelled};
  request.before_redirect = wait_for_turn;
  MILLRACE_ASSIGN_OR_RETURN(const HttpResponse response, deps_.fetcher->Get(request));
  Url answered = url;
  if (!response.url.empty()) {
    MILLRACE_ASSIGN_OR_RETURN(answered, ParseUrl(response.url));
  }
  if (const auto asked = ParseRetryAfter(response.retry_after, deps_.clock->Now(), kRetryAfterMax);
      asked.has_value() && (response.status_code == 429 || response.status_code == 503)) {
    *wait = *asked;
    // Other sources of the host are meant, too.
    deps_.pacer->HoldBack(answered.host, *asked);
  }
  if (response.status_code != 200) return AnswerError(url, answered, response, page_request);
  return take(response.body);
}

absl::StatusOr<FetchedPage> PageFetcher::Parse(const SourceSettings& settings, int64_t after_id, int64_t limit,
                                               const std::string& body, const std::function<bool()>& cancelled) {
  const std::string name = absl::StrCat("the page of ", settings.address, " behind post ", after_id);
  // Boards may give more than they are asked for, but have a most of their own.
  PageSink sink(std::max<int64_t>(limit, PageSizesOf(settings.kind).max_size), cancelled);
  const std::unique_ptr<DumpReader> reader = deps_.make_reader(settings.kind, &sink);
  MILLRACE_RETURN_IF_ERROR(reader->BeginFile(name));
  MILLRACE_RETURN_IF_ERROR(reader->Write(body));
  MILLRACE_RETURN_IF_ERROR(reader->EndFile());
  FetchedPage page;
  page.posts = sink.TakePosts();
  page.rejected_ids = sink.rejected_ids();
  page.rejected_without_id_count = sink.rejected_without_id_count();
  if (!page.posts.empty()) page.max_id = page.posts.back().post.id;
  page.byte_count = static_cast<int64_t>(body.size());
  const int64_t rejected_count = static_cast<int64_t>(page.rejected_ids.size()) + page.rejected_without_id_count;
  if (page.posts.empty() && rejected_count > 0) {
    return MakeError(Reason::kFileInvalid, absl::StrCat(name, " holds no post, but ", rejected_count,
                                                        " records that are none; ", sink.first_rejected()));
  }
  if (!page.posts.empty() && page.posts.front().post.id <= after_id) {
    // A board that does not page by id would be walked in circles, or not at all.
    return MakeError(Reason::kFileInvalid, absl::StrCat(name, " shows post ", page.posts.front().post.id,
                                                        ", which is not behind it: is the source's kind right?"));
  }
  page.CutAt(page.max_id);
  return page;
}

}  // namespace millrace
