#include "core/refresh/page_sink.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace millrace {

absl::Status PageSink::CountRecord() {
  if (++record_count_ <= record_count_max_) return absl::OkStatus();
  return MakeError(Reason::kFileInvalid, absl::StrCat("the page shows more than ", record_count_max_,
                                                      " posts, the most that a board of this kind gives"));
}

absl::Status PageSink::OnPost(const Post& post, absl::Span<const ImportedTag> tags, int64_t line, int64_t) {
  if (post.id > kBoardPostIdMax) {
    RejectedRecord rejected;
    rejected.line = line;
    rejected.field = "id";
    rejected.reason = absl::StrCat("is ", post.id, ", more than any board has posts");
    return OnRejected(std::move(rejected));
  }
  MILLRACE_RETURN_IF_ERROR(CountRecord());
  PagePost& page_post = posts_.emplace_back();
  page_post.post = post;
  page_post.line = line;
  page_post.tags.reserve(tags.size());
  for (const ImportedTag& tag : tags) page_post.tags.push_back({tag.id, std::string(tag.name), tag.category});
  return absl::OkStatus();
}

absl::Status PageSink::OnRejected(RejectedRecord rejected) {
  MILLRACE_RETURN_IF_ERROR(CountRecord());
  if (first_rejected_.empty()) {
    first_rejected_ = absl::StrCat("record ", rejected.line, ": ", rejected.field, rejected.field.empty() ? "" : " ",
                                   rejected.reason);
  }
  const int64_t id = rejected.post_id.value_or(0);
  if (id > 0 && id <= kBoardPostIdMax) {
    rejected_ids_.push_back(id);
  } else {
    ++rejected_without_id_count_;
  }
  return absl::OkStatus();
}

absl::Status PageSink::CheckCancelled() {
  if (!cancelled_ || !cancelled_()) return absl::OkStatus();
  return MakeError(Reason::kCancelled, "the refresh was stopped while it read a page");
}

}  // namespace millrace
