#include "server/rpc/catalog_post_adder.h"

#include <utility>

#include "core/base/error.h"
#include "server/rpc/answer_size.h"
#include "server/rpc/convert.h"

namespace millrace {
namespace {

// A tag takes eight bytes here and its name, up to 1 KiB, in the answer: this becomes 8 MiB at worst, and holds a
// hundred ordinary posts.
constexpr size_t kWaitingSizeBytesMax = 64 << 10;

}  // namespace

absl::Status CatalogPostAdder::Add(Post post) {
  waiting_size_bytes_ += sizeof(Post) + post.extra_json.size() + post.source.size() +
                         sizeof(int64_t) * (post.tag_ids.size() + post.favorite_user_ids.size()) +
                         sizeof(Pool) * post.pools.size();
  waiting_.push_back(std::move(post));
  return waiting_size_bytes_ < kWaitingSizeBytesMax ? absl::OkStatus() : Flush();
}

absl::Status CatalogPostAdder::Flush() {
  std::vector<v1::Post*> messages(waiting_.size());
  for (v1::Post*& message : messages) message = answer_.Add();
  MILLRACE_RETURN_IF_ERROR(SetCatalogPosts(*deps_.catalog, dataset_, *deps_.location, waiting_, messages));
  for (const v1::Post* message : messages) size_bytes_ += SizeInAnswer(*message);
  waiting_.clear();
  waiting_size_bytes_ = 0;
  return absl::OkStatus();
}

}  // namespace millrace
