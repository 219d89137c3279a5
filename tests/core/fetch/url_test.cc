// URLs: what is accepted, in which form, and what messages show of them.
#include "core/fetch/url.h"

#include "core/base/error.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

Url Parsed(std::string_view text) {
  const absl::StatusOr<Url> url = ParseUrl(text);
  INFO(text << ": " << url.status().ToString());
  REQUIRE(url.ok());
  return *url;
}

TEST_CASE("a URL is taken apart, and shown without its query") {
  const Url url = Parsed("https://Board.Example:8443/posts.json?limit=200&api_key=secret#part");
  CHECK(url.scheme == "https");
  CHECK(url.host == "board.example");
  CHECK(url.port == 8443);
  CHECK(url.path == "/posts.json");
  CHECK(url.Shown() == "https://board.example:8443/posts.json");
  CHECK(url.text.find('#') == std::string::npos);
  CHECK(Parsed("http://board.example/x").port == 80);
  CHECK(Parsed("https://board.example").Shown() == "https://board.example/");
}

TEST_CASE("addresses in disguise come out as what they are") {
  for (const char* const text : {"http://0x7f.1/", "http://2130706433/", "http://0177.0.0.1/", "http://127.1/"}) {
    INFO(text);
    CHECK(Parsed(text).host == "127.0.0.1");
  }
  CHECK(Parsed("http://[::1]:80/").host == "::1");
  CHECK(Parsed("http://[::1]:81/").Shown() == "http://[::1]:81/");
}

TEST_CASE("what is no plain http or https URL is refused, without showing a query") {
  for (const char* const text :
       {"", "board", "board.example/x", "ftp://board.example/", "file:///etc/passwd", "gopher://x/", "http://",
        "https://user@board.example/", "https://user:word@board.example/", "http://board.example:0/",
        "http://board.example:99999/", "http://[fe80::1%25eth0]/", "javascript:alert(1)", "http://a b/"}) {
    const absl::StatusOr<Url> url = ParseUrl(text);
    INFO(text);
    REQUIRE_FALSE(url.ok());
    CHECK(ReasonOf(url.status()) == Reason::kFieldInvalid);
  }
  CHECK(std::string(ParseUrl("ftp://x/?key=secret").status().message()).find("secret") == std::string::npos);
  for (const char* const text :
       {"ftp://me:secret@x/", "me:secret@x", "ftp://me:sec@secret@x/", "javascript:secret@x"}) {
    INFO(text);
    CHECK(std::string(ParseUrl(text).status().message()).find("secret") == std::string::npos);
  }
  CHECK_FALSE(ParseUrl("http://board.example/" + std::string(9000, 'a')).ok());
  CHECK_FALSE(ParseUrl(std::string_view("http://a\0b/", 11)).ok());
}

TEST_CASE("redirects are resolved against where they come from") {
  const Url base = Parsed("https://board.example/a/b?c");
  CHECK(ResolveUrl(base, "/x")->text == "https://board.example/x");
  CHECK(ResolveUrl(base, "x")->text == "https://board.example/a/x");
  CHECK(ResolveUrl(base, "//other.example/x")->text == "https://other.example/x");
  CHECK(ResolveUrl(base, "http://other.example/")->scheme == "http");
  CHECK_FALSE(ResolveUrl(base, "file:///etc/passwd").ok());
  CHECK_FALSE(ResolveUrl(base, "https://user@board.example/").ok());
  CHECK(base.HasSameOrigin(Parsed("https://board.example:443/z")));
  CHECK_FALSE(base.HasSameOrigin(Parsed("http://board.example/")));
  CHECK_FALSE(base.HasSameOrigin(Parsed("https://board.example:444/")));
}

TEST_CASE("text is encoded for a URL's query") {
  CHECK(EncodeForUrl("a-b_c.d~9") == "a-b_c.d~9");
  CHECK(EncodeForUrl("1girl score:>5 &\xC3\xA9") == "1girl%20score%3A%3E5%20%26%C3%A9");
}

}  // namespace
}  // namespace millrace
