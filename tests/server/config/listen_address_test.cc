// Goal: an address is read as written, and only what other machines cannot reach counts as loopback.
// Method: tables of texts.
#include "server/config/listen_address.h"

#include <string>

#include "tests/support/catch.h"

namespace millrace {
namespace {

TEST_CASE("An address is read and written back") {
  struct Case {
    std::string text;
    std::string host;
    int port;
    bool is_loopback;
  };
  const Case cases[] = {
      {"127.0.0.1:50051", "127.0.0.1", 50051, true},
      {"127.255.0.9:0", "127.255.0.9", 0, true},
      {"localhost:65535", "localhost", 65535, true},
      {"[::1]:1", "::1", 1, true},
      {"[::ffff:127.0.0.1]:1", "::ffff:127.0.0.1", 1, true},
      {"0.0.0.0:50051", "0.0.0.0", 50051, false},
      {"[::]:50051", "::", 50051, false},
      {"[::ffff:10.0.0.1]:1", "::ffff:10.0.0.1", 1, false},
      {"128.0.0.1:1", "128.0.0.1", 1, false},
      {"127.1:1", "127.1", 1, false},  // resolvers read it as 127.0.0.1, we do not guess
      {"localhost.example.org:1", "localhost.example.org", 1, false},
  };
  for (const Case& c : cases) {
    INFO(c.text);
    const auto address = ParseListenAddress(c.text);
    REQUIRE(address.has_value());
    CHECK(address->host == c.host);
    CHECK(address->port == c.port);
    CHECK(address->is_loopback == c.is_loopback);
    CHECK(address->ToString() == c.text);
  }
}

TEST_CASE("What is no address is refused") {
  for (const char* text : {"", ":", "127.0.0.1", ":50051", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
                           "127.0.0.1:+1", "127.0.0.1:1x", "127.0.0.1: 1", "::1:50051", "[::1]", "[::1]:", "[::1:5",
                           "[127.0.0.1]:1", "unix:/tmp/x", "a b:1", "127.0.0.1:99999999999999999999"}) {
    INFO(text);
    CHECK(!ParseListenAddress(text).has_value());
  }
}

}  // namespace
}  // namespace millrace
