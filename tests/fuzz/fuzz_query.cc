// The query language: any UTF-8 is a query or kQueryInvalid, and a query's text is the same query.
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/query/query.h"
#include "tests/fuzz/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = millrace::fuzz::Text(data, size);
  if (!millrace::IsValidUtf8(text)) return 0;
  const auto query = millrace::Query::Parse(text);
  if (!query.ok()) {
    FUZZ_CHECK(millrace::ReasonOf(query.status()) == millrace::Reason::kQueryInvalid);
    return 0;
  }
  const auto again = millrace::Query::Parse(query->text());
  FUZZ_CHECK(again.ok() && again->text() == query->text());
  return 0;
}
