// Goal: a page token works for the listing it came from and for nothing else. Method: round trips, then every single
// bit of tokens flipped, every prefix, and look-alike spellings.
#include "server/rpc/page_token.h"

#include <limits>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "millrace/v1/catalog_service.pb.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

const std::vector<PageCursor> kCursors = {
    {"", 0, 0},
    {"1girl", 12, 34},
    {std::string("\0\xff binary", 9), std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()},
    {std::string(300, 'x'), -1, 1},
};

Reason RefusalOf(std::string_view binding, std::string_view token) {
  const auto decoded = DecodePageToken(binding, token);
  INFO("token " << token);
  REQUIRE_FALSE(decoded.ok());
  return ReasonOf(decoded.status());
}

TEST_CASE("a token gives back its cursor") {
  for (const PageCursor& cursor : kCursors) {
    const auto decoded = DecodePageToken("binding", EncodePageToken("binding", cursor));
    REQUIRE(decoded.ok());
    REQUIRE(decoded->has_value());
    CHECK(**decoded == cursor);
  }
}

TEST_CASE("no token means the first page") {
  const auto decoded = DecodePageToken("binding", "");
  REQUIRE(decoded.ok());
  CHECK_FALSE(decoded->has_value());
}

TEST_CASE("a token with any one bit flipped is refused") {
  for (const PageCursor& cursor : kCursors) {
    const std::string token = EncodePageToken("binding", cursor);
    for (size_t i = 0; i < token.size(); ++i) {
      for (int bit = 0; bit < 8; ++bit) {
        std::string mutated = token;
        mutated[i] = static_cast<char>(mutated[i] ^ (1 << bit));
        REQUIRE(RefusalOf("binding", mutated) == Reason::kPageTokenInvalid);
      }
    }
  }
}

TEST_CASE("a token that is cut, extended or respelled is refused") {
  const std::string token = EncodePageToken("binding", {"name", 1, 2});
  for (size_t size = 1; size < token.size(); ++size) {
    CHECK(RefusalOf("binding", token.substr(0, size)) == Reason::kPageTokenInvalid);
  }
  for (const char* suffix : {"A", "AA", "AAAA", "=", "==", " ", "\n"}) {
    CHECK(RefusalOf("binding", token + suffix) == Reason::kPageTokenInvalid);
  }
  CHECK(RefusalOf("binding", " " + token) == Reason::kPageTokenInvalid);
}

TEST_CASE("a token of another method, scope or filter is refused; the page size may change") {
  v1::ListTagsRequest request;
  request.set_dataset("openclipart");
  request.set_prefix("ani");
  const std::string token = EncodePageToken(PageBinding("ListTags", request), {"animal", 0, 7});

  request.set_page_size(7);
  request.set_page_token(token);
  CHECK(DecodePageToken(PageBinding("ListTags", request), token).ok());
  CHECK(RefusalOf(PageBinding("ListPosts", request), token) == Reason::kPageTokenInvalid);

  v1::ListTagsRequest other = request;
  other.set_prefix("an");
  CHECK(RefusalOf(PageBinding("ListTags", other), token) == Reason::kPageTokenInvalid);
  other = request;
  other.set_snapshot("openclipart");
  CHECK(RefusalOf(PageBinding("ListTags", other), token) == Reason::kPageTokenInvalid);
  other = request;
  other.set_min_post_count(1);
  CHECK(RefusalOf(PageBinding("ListTags", other), token) == Reason::kPageTokenInvalid);
}

}  // namespace
}  // namespace millrace
