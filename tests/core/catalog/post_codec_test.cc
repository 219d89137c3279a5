// Goal: packed values give back what was packed, and damaged ones are refused instead of misread.
// Method: extremes and cut-off bytes.
#include "core/catalog/post_codec.h"

#include "tests/support/catch.h"

namespace millrace {
namespace {

absl::Span<const uint8_t> Bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

TEST_CASE("ids come back, whatever their size") {
  const std::vector<int64_t> ids = GENERATE(std::vector<int64_t>{}, std::vector<int64_t>{0},
                                            std::vector<int64_t>{INT64_MIN, -1, 0, 127, 128, INT64_MAX});
  std::string packed;
  std::vector<int64_t> unpacked = {42};
  EncodeAscendingIds(ids, &packed);
  REQUIRE(DecodeAscendingIds(Bytes(packed), &unpacked));
  CHECK(unpacked == ids);
  packed.clear();
  EncodeIds(ids, &packed);
  REQUIRE(DecodeIds(Bytes(packed), &unpacked));
  CHECK(unpacked == ids);
}

TEST_CASE("the packed form never changes") {
  std::string packed;
  EncodeAscendingIds(std::vector<int64_t>{5, 6, 300}, &packed);
  EncodeIds(std::vector<int64_t>{-1, 64}, &packed);
  EncodePools(std::vector<Pool>{{2, "ab"}}, &packed);
  CHECK(packed == std::string("\x0A\x01\xA6\x02\x01\x80\x01\x04\x02"
                              "ab"));
}

TEST_CASE("bytes that are cut off are refused") {
  std::string packed;
  EncodePools(std::vector<Pool>{{300, "series"}}, &packed);
  std::vector<Pool> pools;
  REQUIRE(DecodePools(Bytes(packed), &pools));
  for (size_t size = 1; size < packed.size(); ++size) CHECK_FALSE(DecodePools(Bytes(packed.substr(0, size)), &pools));
  std::vector<int64_t> ids;
  CHECK_FALSE(DecodeIds(Bytes("\x80"), &ids));
  CHECK_FALSE(DecodeAscendingIds(Bytes(std::string(11, '\x80')), &ids));
}

}  // namespace
}  // namespace millrace
