#include "core/refresh/page_fetcher.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/fetch/url.h"
#include "core/refresh/board.h"
#include "core/refresh/page_sink.h"

namespace millrace {
namespace {

absl::Status StoppedError() { return MakeError(Reason::kCancelled, "the refresh was stopped"); }

absl::Status AnswerError(const Url& url, int status_code) {
  if (status_code == 401 || status_code == 403) {
    return MakeError(Reason::kFetchRefused, absl::StrCat(url.Shown(), " answers with status ", status_code,
                                                         ": the board refuses; check the source's login and api_key"));
  }
  return MakeError(Reason::kFetchFailed, absl::StrCat(url.Shown(), " answers with status ", status_code),
                   {{"status", absl::StrCat(status_code)}});
}

}  // namespace

bool IsFatal(const absl::Status& error) {
  const Reason reason = ReasonOf(error);
  return reason != Reason::kFetchFailed && reason != Reason::kFileInvalid;
}

absl::StatusOr<FetchedPage> PageFetcher::Fetch(const SourceSettings& settings, int64_t after_id, int64_t limit,
                                               const std::function<bool()>& cancelled) {
  for (int failure_count = 1;; ++failure_count) {
    absl::Duration wait = BackoffDelay(deps_.backoff, failure_count, next_seed_++);
    absl::StatusOr<FetchedPage> page = TryFetch(settings, after_id, limit, cancelled, &wait);
    if (page.ok() || IsFatal(page.status()) || failure_count == kAttemptCount) return page;
    if (!deps_.clock->Sleep(wait, cancelled)) return StoppedError();
  }
}

absl::StatusOr<FetchedPage> PageFetcher::TryFetch(const SourceSettings& settings, int64_t after_id, int64_t limit,
                                                  const std::function<bool()>& cancelled, absl::Duration* wait) {
  const PageRequest page_request = MakePageRequest(settings, after_id, limit);
  MILLRACE_ASSIGN_OR_RETURN(const Url url, ParseUrl(page_request.url));
  MILLRACE_RETURN_IF_ERROR(deps_.pacer->WaitForTurn(url.host, cancelled));
  MILLRACE_ASSIGN_OR_RETURN(const HttpResponse response, deps_.fetcher->Get({page_request.url, page_request.user,
                                                                             page_request.password, cancelled}));
  if (const auto asked = ParseRetryAfter(response.retry_after, deps_.clock->Now(), kRetryAfterMax);
      asked.has_value() && (response.status_code == 429 || response.status_code == 503)) {
    *wait = *asked;
    // Other sources of the host are meant, too.
    deps_.pacer->HoldBack(url.host, *asked);
  }
  if (response.status_code != 200) return AnswerError(url, response.status_code);
  return Parse(settings, after_id, response.body, cancelled);
}

absl::StatusOr<FetchedPage> PageFetcher::Parse(const SourceSettings& settings, int64_t after_id,
                                               const std::string& body, const std::function<bool()>& cancelled) {
  const std::string name = absl::StrCat("the page of ", settings.address, " behind post ", after_id);
  PageSink sink(cancelled);
  const std::unique_ptr<DumpReader> reader = deps_.make_reader(settings.kind, &sink);
  MILLRACE_RETURN_IF_ERROR(reader->BeginFile(name));
  MILLRACE_RETURN_IF_ERROR(reader->Write(body));
  MILLRACE_RETURN_IF_ERROR(reader->EndFile());
  FetchedPage page;
  page.posts = sink.TakePosts();
  page.failed_post_count = sink.rejected_count();
  page.max_id = sink.max_id();
  page.byte_count = static_cast<int64_t>(body.size());
  if (page.posts.empty() && page.failed_post_count > 0) {
    return MakeError(Reason::kFileInvalid, absl::StrCat(name, " holds no post, but ", page.failed_post_count,
                                                        " records that are none; ", sink.first_rejected()));
  }
  if (!page.posts.empty() && page.posts.front().post.id <= after_id) {
    // A board that does not page by id would be walked in circles, or not at all.
    return MakeError(Reason::kFileInvalid, absl::StrCat(name, " shows post ", page.posts.front().post.id,
                                                        ", which is not behind it: is the source's kind right?"));
  }
  return page;
}

}  // namespace millrace
