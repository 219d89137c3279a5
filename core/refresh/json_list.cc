#include "core/refresh/json_list.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/byte_order_mark.h"
#include "core/base/error.h"
#include "core/ingest/json_record.h"

namespace millrace {
namespace {

constexpr int64_t kRecordSizeBytesMax = 1 << 20;

bool IsBlank(std::string_view body) {
  return WithoutByteOrderMark(body).find_first_not_of(" \t\r\n") == std::string_view::npos;
}

}  // namespace

absl::Status ReadJsonList(const JsonListShape& shape, std::string_view body, JsonSplitter::Handler handler) {
  if (IsBlank(body)) {
    return MakeError(Reason::kFileInvalid,
                     absl::StrCat(std::string(shape.name), " is blank, which no list is, not even an empty one"));
  }
  JsonSplitter::Options options;
  options.record_size_bytes_max = kRecordSizeBytesMax;
  options.padding_bytes = JsonRecord::kPaddingBytes;
  options.wrappers = shape.wrappers;
  options.page_mark = shape.page_mark;
  JsonSplitter splitter(options, std::move(handler));
  splitter.Restart(shape.name);
  MILLRACE_RETURN_IF_ERROR(splitter.Write(body));
  return splitter.End();
}

}  // namespace millrace
