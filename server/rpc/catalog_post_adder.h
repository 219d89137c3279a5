// A dataset's posts into an answer, some at a time: their tags are looked up together, and the answer's size is known
// before it has grown by more than some posts.
#pragma once

#include <google/protobuf/repeated_ptr_field.h>

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/model/post.h"
#include "millrace/v1/post.pb.h"
#include "server/rpc/services.h"

namespace millrace {

// Not thread-safe; borrows all of them.
class CatalogPostAdder {
 public:
  CatalogPostAdder(const ServiceDeps& deps, const std::string& dataset,
                   google::protobuf::RepeatedPtrField<v1::Post>* answer)
      : deps_(deps), dataset_(dataset), answer_(*answer) {}

  // Behind those that were added before. It may wait for Flush. kDatasetNotFound, kIoError.
  absl::Status Add(Post post);
  // Adds those that wait.
  absl::Status Flush();

  int waiting_count() const { return static_cast<int>(waiting_.size()); }
  // In the answer, of those that do not wait.
  size_t size_bytes() const { return size_bytes_; }

 private:
  const ServiceDeps& deps_;
  const std::string& dataset_;
  google::protobuf::RepeatedPtrField<v1::Post>& answer_;
  std::vector<Post> waiting_;
  size_t waiting_size_bytes_ = 0;
  size_t size_bytes_ = 0;
};

}  // namespace millrace
