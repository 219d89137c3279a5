#include "server/rpc/answer_size.h"

#include <google/protobuf/io/coded_stream.h>

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "server/rpc/request.h"

namespace millrace {

size_t SizeInAnswer(const google::protobuf::MessageLite& item) {
  const size_t size_bytes = item.ByteSizeLong();
  return 1 + google::protobuf::io::CodedOutputStream::VarintSize64(size_bytes) + size_bytes;
}

absl::Status AnswerSize::Check(size_t size_bytes) const {
  if (size_bytes <= size_bytes_max_) return absl::OkStatus();
  return FieldError(field_, absl::StrCat("the answer takes more than the server sends, ", size_bytes_max_,
                                         " bytes (its --max-message-bytes); ", std::string(advice_)));
}

// What is left beside the items is for a page's other fields.
PageBytes::PageBytes(const ServiceDeps& deps)
    : full_size_bytes_(std::min(kPageSizeBytesMax, deps.sent_message_size_bytes_max / 2)),
      size_bytes_max_(deps.sent_message_size_bytes_max - deps.sent_message_size_bytes_max / 4) {}

bool PageBytes::Take(const google::protobuf::MessageLite& item) {
  // A page of a search also tells the id by itself.
  constexpr size_t kIdSizeBytesMax = 10;
  const size_t size_bytes = size_bytes_ + SizeInAnswer(item) + kIdSizeBytesMax;
  if (size_bytes_ > 0 && size_bytes > size_bytes_max_) return false;
  size_bytes_ = size_bytes;
  return true;
}

absl::Status CheckPage(const ServiceDeps& deps, size_t size_bytes) {
  return AnswerSize(deps, "page_size", "ask for smaller pages, or start the server with a larger one")
      .Check(size_bytes);
}

}  // namespace millrace
