// Tokens of positions: what is no token of the plan and split is kTokenInvalid; what is one says what it was made of.
#include <string>

#include "core/base/error.h"
#include "core/plan/token.h"
#include "tests/fuzz/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string plan_id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
  const std::string_view token = millrace::fuzz::Text(data, size);
  const auto position = millrace::DecodeToken(token, plan_id, "train");
  if (!position.ok()) {
    FUZZ_CHECK(millrace::ReasonOf(position.status()) == millrace::Reason::kTokenInvalid);
    return 0;
  }
  FUZZ_CHECK(millrace::EncodeToken(plan_id, "train", *position) == token);
  return 0;
}
