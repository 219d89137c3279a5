// The posts of a dataset. Functions on one connection, to be called within a transaction of it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/catalog/import_session.h"
#include "core/catalog/sqlite.h"
#include "core/model/post.h"

namespace millrace {

// What a reader sees of a dataset: the newest row of each post among those of imports up to `import_id`.
struct PostView {
  int64_t dataset_id = 0;
  int64_t import_id = 0;
};

// Whether a post comes with what lists of pools told of it. Who writes posts back wants them as they are stored.
enum class PostPools { kMerged, kAsStored };

absl::StatusOr<std::optional<Post>> ReadPost(Database& database, PostView view, int64_t post_id,
                                             PostPools pools = PostPools::kMerged);
// The post with the smallest id among those that have the md5.
absl::StatusOr<std::optional<Post>> ReadPostByMd5(Database& database, PostView view, const Md5& md5);
// The md5 of the post as seen; absent when the post is not there or has none.
absl::StatusOr<std::optional<Md5>> ReadPostMd5(Database& database, PostView view, int64_t post_id);
// Calls `visit` for the posts with id > after_id (absent: all that there can be, from INT64_MIN + 1 on), ascending,
// until it returns false or an error.
absl::Status VisitPosts(Database& database, PostView view, std::optional<int64_t> after_id,
                        const std::function<absl::StatusOr<bool>(const Post&)>& visit,
                        PostPools pools = PostPools::kMerged);

// What staging needs to know about the row of a post that is there already.
struct ExistingPost {
  int64_t row = 0;
  int64_t import_id = 0;
  SourcePlace place;
  Rating rating = Rating::kUnspecified;
  std::string file_ext;
  std::vector<int64_t> tag_ids;
};
// The newest row of the post in the view.
absl::StatusOr<std::optional<ExistingPost>> ReadExistingPost(Database& database, PostView view, int64_t post_id);

}  // namespace millrace
