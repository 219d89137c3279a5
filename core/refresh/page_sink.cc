#include "core/refresh/page_sink.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace millrace {

absl::Status PageSink::OnPost(const Post& post, absl::Span<const ImportedTag> tags, int64_t line, int64_t) {
  PagePost& page_post = posts_.emplace_back();
  page_post.post = post;
  page_post.line = line;
  page_post.tags.reserve(tags.size());
  for (const ImportedTag& tag : tags) page_post.tags.push_back({tag.id, std::string(tag.name), tag.category});
  max_id_ = std::max(max_id_, post.id);
  return absl::OkStatus();
}

absl::Status PageSink::OnRejected(RejectedRecord rejected) {
  if (++rejected_count_ == 1) {
    first_rejected_ = absl::StrCat("record ", rejected.line, ": ", rejected.field, " ", rejected.reason);
  }
  max_id_ = std::max(max_id_, rejected.post_id.value_or(0));
  return absl::OkStatus();
}

absl::Status PageSink::CheckCancelled() {
  if (!cancelled_ || !cancelled_()) return absl::OkStatus();
  return MakeError(Reason::kCancelled, "the refresh was stopped while it read a page");
}

std::vector<PagePost> PageSink::TakePosts() {
  // Danbooru and e621 show the newest first, also on a page behind an id.
  std::stable_sort(posts_.begin(), posts_.end(),
                   [](const PagePost& a, const PagePost& b) { return a.post.id < b.post.id; });
  return std::exchange(posts_, {});
}

}  // namespace millrace
