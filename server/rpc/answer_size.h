// How large an answer with posts may become, or with what lists say. A post may hold 16 MB, so answers are bounded by
// bytes while they are made: gRPC would look at them only when they lie in memory, and its error carries no ErrorInfo
// and reaches no log.
#pragma once

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/message_lite.h"
#include "server/rpc/services.h"

namespace millrace {

// What a post or another item takes in an answer: itself, its key and its size.
size_t SizeInAnswer(const google::protobuf::MessageLite& item);

// The bound of an answer that is whole or refused.
class AnswerSize {
 public:
  // `field` of the request makes the answer as large as it is; `advice` says what else to ask for. Both are literals.
  AnswerSize(const ServiceDeps& deps, std::string_view field, std::string_view advice)
      : size_bytes_max_(deps.sent_message_size_bytes_max), field_(field), advice_(advice) {}

  // kFieldInvalid when that is more than the server sends, as for batches.
  absl::Status Check(size_t size_bytes) const;

 private:
  const size_t size_bytes_max_;
  const std::string_view field_;
  const std::string_view advice_;
};

// How far a page has grown. It ends early rather than be refused. Not thread-safe.
class PageBytes {
 public:
  explicit PageBytes(const ServiceDeps& deps);

  // Counts the item when there is room for it; there always is for the first.
  bool Take(const google::protobuf::MessageLite& item);
  bool is_full() const { return size_bytes_ >= full_size_bytes_; }

 private:
  const size_t full_size_bytes_;
  const size_t size_bytes_max_;
  size_t size_bytes_ = 0;
};

// Of a page as it is sent. Its only item may be too large: kFieldInvalid, naming page_size.
absl::Status CheckPage(const ServiceDeps& deps, size_t size_bytes);

}  // namespace millrace
