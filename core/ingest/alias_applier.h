// Puts what a tag is an alias of in its place, for imports that ask for it.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/catalog/import_session.h"
#include "core/model/post.h"

namespace millrace {

// One post at a time. Not thread-safe; borrows the session.
class AliasApplier {
 public:
  // The member of a post's extra_json that keeps the names that the post itself said.
  static constexpr char kMember[] = "aliased_tags";

  explicit AliasApplier(ImportSession* session) : session_(session) {}

  // Whether any of the tags is an alias. Then post() and tags() are what to stage in place of the two, until the next
  // call: replaced tags have no id, so that one is found by the name.
  absl::StatusOr<bool> Apply(const Post& post, absl::Span<const ImportedTag> tags);
  const Post& post() const { return post_; }
  absl::Span<const ImportedTag> tags() const { return tags_; }

 private:
  ImportSession* const session_;
  Post post_;
  std::vector<ImportedTag> tags_;
  std::deque<std::string> names_;  // of replaced tags; a deque's elements stay where they are
};

}  // namespace millrace
