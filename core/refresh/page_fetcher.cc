#include "core/refresh/page_fetcher.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/fetch/url.h"
#include "core/refresh/board_changes.h"
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

absl::Status NoPostsError(const std::string& page, int64_t rejected_count, const std::string& first_rejected) {
  return MakeError(
      Reason::kFileInvalid,
      absl::StrCat(page, " holds no post, but ", rejected_count,
                   rejected_count == 1 ? " record that is none; " : " records that are none; ", first_rejected));
}

// With what the board says itself in an answer that was not what was asked for: some say with status 200 what is wrong.
absl::Status WithWords(const absl::Status& error, const std::string& body, const PageRequest& request) {
  if (ReasonOf(error) != Reason::kFileInvalid) return error;
  const std::string words = BoardMessage(body, request);
  if (words.empty()) return error;
  return MakeError(Reason::kFileInvalid, absl::StrCat(error.message(), "; the board says ", words), MetadataOf(error));
}

// Whether the changes are in another order. A page by id is out of place at every second post.
bool IsOutOfOrder(ChangeOrder order, const std::vector<int64_t>& changes) {
  size_t misplaced_count = 0;
  for (size_t i = 1; i < changes.size(); ++i) {
    const bool is_placed =
        order == ChangeOrder::kBehindChange ? changes[i - 1] < changes[i] : changes[i - 1] >= changes[i];
    if (!is_placed) ++misplaced_count;
  }
  return misplaced_count > std::max<size_t>(1, changes.size() / 4);
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
    if (on_wait_) on_wait_(status, wait);
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
  return WithWords(take(response.body), response.body, page_request);
}

absl::StatusOr<ChangesPage> PageFetcher::FetchChanges(const SourceSettings& settings, const PageRequest& request,
                                                      const std::string& name, int64_t limit,
                                                      const std::function<bool()>& cancelled) {
  ChangesPage page;
  const auto take = [&](const std::string& body) -> absl::Status {
    MILLRACE_ASSIGN_OR_RETURN(page, ParseChanges(settings, name, limit, body, cancelled));
    return absl::OkStatus();
  };
  MILLRACE_RETURN_IF_ERROR(Get(request, take, cancelled));
  return page;
}

absl::Status PageFetcher::ReadPage(BoardKind kind, const std::string& name, const std::string& body, PageSink* sink) {
  // No JSON is no page without posts, and would be taken for the board's end. Boards of Gelbooru's kind do end so.
  if (kind != BoardKind::kGelbooru && absl::StripAsciiWhitespace(body).empty()) {
    return MakeError(Reason::kFileInvalid, absl::StrCat(name, " is empty; JSON was expected"));
  }
  const std::unique_ptr<DumpReader> reader = deps_.make_reader(kind, sink);
  MILLRACE_RETURN_IF_ERROR(reader->BeginFile(name));
  MILLRACE_RETURN_IF_ERROR(reader->Write(body));
  return reader->EndFile();
}

absl::StatusOr<ChangesPage> PageFetcher::ParseChanges(const SourceSettings& settings, const std::string& name,
                                                      int64_t limit, const std::string& body,
                                                      const std::function<bool()>& cancelled) {
  PageSink sink(std::max<int64_t>(limit, PageSizesOf(settings.kind).max_size), cancelled);
  MILLRACE_RETURN_IF_ERROR(ReadPage(settings.kind, name, body, &sink));
  ChangesPage page;
  page.posts = sink.TakePosts();
  page.failed_post_count = static_cast<int64_t>(sink.rejected_ids().size()) + sink.rejected_without_id_count();
  page.byte_count = static_cast<int64_t>(body.size());
  if (page.posts.empty() && page.failed_post_count > 0) {
    return NoPostsError(name, page.failed_post_count, sink.first_rejected());
  }
  for (const PagePost& post : page.posts) {
    const std::optional<int64_t> change = ChangeOf(settings.kind, post.post);
    if (!change.has_value()) {
      return MakeError(Reason::kFileInvalid, absl::StrCat(name, " does not tell when post ", post.post.id,
                                                          " was changed: is the source's kind right?"));
    }
    page.changes.push_back(*change);
  }
  if (IsOutOfOrder(ChangeOrderOf(settings.kind), page.changes)) {
    return MakeError(Reason::kFileInvalid, absl::StrCat(name, " is not in the order of changes: is the source's kind ",
                                                        "right? Update it to follow no changes if it is"));
  }
  return page;
}

absl::StatusOr<FetchedPage> PageFetcher::Parse(const SourceSettings& settings, int64_t after_id, int64_t limit,
                                               const std::string& body, const std::function<bool()>& cancelled) {
  const std::string name = absl::StrCat("the page of ", settings.address, " behind post ", after_id);
  // Boards may give more than they are asked for, but have a most of their own.
  PageSink sink(std::max<int64_t>(limit, PageSizesOf(settings.kind).max_size), cancelled);
  MILLRACE_RETURN_IF_ERROR(ReadPage(settings.kind, name, body, &sink));
  FetchedPage page;
  page.posts = sink.TakePosts();
  // Danbooru and e621 show the newest first, also on a page behind an id.
  std::stable_sort(page.posts.begin(), page.posts.end(),
                   [](const PagePost& a, const PagePost& b) { return a.post.id < b.post.id; });
  page.rejected_ids = sink.rejected_ids();
  page.rejected_without_id_count = sink.rejected_without_id_count();
  if (!page.posts.empty()) page.max_id = page.posts.back().post.id;
  page.byte_count = static_cast<int64_t>(body.size());
  const int64_t rejected_count = static_cast<int64_t>(page.rejected_ids.size()) + page.rejected_without_id_count;
  if (page.posts.empty() && rejected_count > 0) return NoPostsError(name, rejected_count, sink.first_rejected());
  if (!page.posts.empty() && page.posts.front().post.id <= after_id) {
    // A board that does not page by id would be walked in circles, or not at all.
    return MakeError(Reason::kFileInvalid, absl::StrCat(name, " shows post ", page.posts.front().post.id,
                                                        ", which is not behind it: is the source's kind right?"));
  }
  page.CutAt(page.max_id);
  return page;
}

}  // namespace millrace
