// Goal: nothing is fetched from where nothing should be, and what is fetched is bounded.
// Method: a resolver that means what the test wants, and a server on the loopback address that answers as it likes.
#include "core/fetch/curl_fetcher.h"

#include <cstdlib>
#include <map>

#include "core/base/error.h"
#include "tests/core/fetch/local_server.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

class FakeResolver final : public HostResolver {
 public:
  explicit FakeResolver(std::map<std::string, std::vector<std::string>> hosts) : hosts_(std::move(hosts)) {}
  absl::StatusOr<std::vector<IpAddress>> Resolve(const std::string& host) override {
    std::vector<IpAddress> addresses;
    if (const auto literal = ParseIpAddress(host); literal.has_value()) return std::vector{*literal};
    for (const std::string& text : hosts_[host]) addresses.push_back(*ParseIpAddress(text));
    if (addresses.empty()) return MakeError(Reason::kFetchFailed, "no such host");
    return addresses;
  }

 private:
  std::map<std::string, std::vector<std::string>> hosts_;
};

CurlFetcher MakeFetcher(std::map<std::string, std::vector<std::string>> hosts, bool allow_private,
                        TransferLimits limits = {}) {
  return CurlFetcher({.allow_private = allow_private, .redirect_count_max = 5, .limits = limits},
                     std::make_unique<FakeResolver>(std::move(hosts)));
}

std::string Answer(const std::string& head, const std::string& body) {
  return "HTTP/1.1 " + head + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" +
         body;
}

std::string At(const char* host, int port, const char* path = "/") {
  return "http://" + std::string(host) + ":" + std::to_string(port) + path;
}

TEST_CASE("a name with one address that is not public is refused, before anything is sent") {
  int request_count = 0;
  LocalServer server([&](const std::string&) {
    ++request_count;
    return Answer("200 OK", "secret");
  });
  CurlFetcher fetcher = MakeFetcher({{"inside.example", {"127.0.0.1"}}, {"mixed.example", {"1.1.1.1", "10.0.0.1"}}},
                                    /*allow_private=*/false);
  for (const char* const host : {"inside.example", "mixed.example", "127.0.0.1", "127.1", "0x7f000001", "[::1]",
                                 "[::ffff:127.0.0.1]", "169.254.169.254"}) {
    INFO(host);
    CHECK(ReasonOf(fetcher.Get({.url = At(host, server.port())}).status()) == Reason::kFetchRefused);
  }
  CHECK(request_count == 0);
}

TEST_CASE("the connection goes to the address that was resolved, by the name that was asked for") {
  std::string seen;
  LocalServer server([&](const std::string& request) {
    seen = request;
    return Answer("200 OK\r\nRetry-After: 7", "hello");
  });
  // Were a proxy asked, nothing would come.
  setenv("http_proxy", "http://127.0.0.1:1", 1);
  CurlFetcher fetcher = MakeFetcher({{"board.example", {"127.0.0.1"}}}, true);
  const absl::StatusOr<HttpResponse> response =
      fetcher.Get({.url = At("board.example", server.port(), "/x?y=z"), .user = "me", .password = "word"});
  unsetenv("http_proxy");
  INFO(response.status().ToString());
  REQUIRE(response.ok());
  CHECK(response->status_code == 200);
  CHECK(response->body == "hello");
  CHECK(response->retry_after == "7");
  CHECK(seen.find("GET /x?y=z HTTP/1.1") == 0);
  CHECK(seen.find("Host: board.example:") != std::string::npos);
  CHECK(seen.find("User-Agent: Millrace/") != std::string::npos);
  CHECK(seen.find("Authorization: Basic bWU6d29yZA==") != std::string::npos);
}

TEST_CASE("a redirect is judged like any address, and the password stays at its origin") {
  std::string seen;
  LocalServer target([&](const std::string& request) {
    seen = request;
    return Answer("200 OK", "arrived");
  });
  std::string location = At("other.example", target.port(), "/there");
  LocalServer origin([&](const std::string&) { return Answer("302 Found\r\nLocation: " + location, ""); });
  CurlFetcher fetcher = MakeFetcher({{"board.example", {"127.0.0.1"}}, {"other.example", {"127.0.0.1"}}}, true);
  HttpRequest request{.url = At("board.example", origin.port()), .user = "me", .password = "word"};
  std::vector<std::string> hosts;
  request.before_redirect = [&](std::string_view host) {
    hosts.emplace_back(host);
    return absl::OkStatus();
  };
  const absl::StatusOr<HttpResponse> response = fetcher.Get(request);
  REQUIRE(response.ok());
  CHECK(response->body == "arrived");
  CHECK(response->url == location);
  CHECK(hosts == std::vector<std::string>{"other.example"});
  CHECK(seen.find("Authorization") == std::string::npos);
  for (const char* const refused : {"file:///etc/passwd", "ftp://other.example/", "http://user@other.example/"}) {
    location = refused;
    INFO(refused);
    CHECK(ReasonOf(fetcher.Get(request).status()) == Reason::kFetchRefused);
  }
  // An address that nobody named: the error says whose it is.
  location = "http://nowhere.example/";
  const absl::Status lost = fetcher.Get(request).status();
  CHECK(ReasonOf(lost) == Reason::kFetchFailed);
  CHECK(lost.message() == "no such host (redirected to from " + At("board.example", origin.port()) + ")");
}

TEST_CASE("redirects in a circle end") {
  int request_count = 0;
  LocalServer server([&](const std::string&) {
    ++request_count;
    return Answer("301 Moved\r\nLocation: /again", "");
  });
  CurlFetcher fetcher = MakeFetcher({}, true);
  CHECK(ReasonOf(fetcher.Get({.url = At("127.0.0.1", server.port())}).status()) == Reason::kFetchFailed);
  CHECK(request_count == 6);
}

TEST_CASE("answers that are too large, cut short, or none at all are failures") {
  std::string answer;
  LocalServer server([&](const std::string&) { return answer; });
  CurlFetcher fetcher = MakeFetcher({}, true, {.body_size_bytes_max = 1000});
  const auto reason = [&](std::string text) {
    answer = std::move(text);
    return ReasonOf(fetcher.Get({.url = At("127.0.0.1", server.port())}).status());
  };
  answer = Answer("200 OK", std::string(1000, 'x'));
  CHECK(fetcher.Get({.url = At("127.0.0.1", server.port())}).ok());
  CHECK(reason(Answer("200 OK", std::string(1001, 'x'))) == Reason::kFetchFailed);
  CHECK(reason("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nshort") == Reason::kFetchFailed);
  CHECK(reason("HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n") == Reason::kFetchFailed);
  CHECK(reason("no HTTP\r\n\r\n") == Reason::kFetchFailed);
  CHECK(reason("") == Reason::kFetchFailed);
}

TEST_CASE("an answer with an error is an answer") {
  LocalServer server([](const std::string&) { return Answer("503 Busy\r\nRetry-After: 30", "later"); });
  CurlFetcher fetcher = MakeFetcher({}, true);
  const absl::StatusOr<HttpResponse> response = fetcher.Get({.url = At("127.0.0.1", server.port())});
  REQUIRE(response.ok());
  CHECK(response->status_code == 503);
  CHECK(response->retry_after == "30");
}

TEST_CASE("a request can be cancelled, and its errors show no query") {
  CurlFetcher fetcher = MakeFetcher({}, true, {.connect_timeout = absl::Seconds(1)});
  LocalServer server([](const std::string&) { return Answer("200 OK", ""); });
  const std::string url = At("127.0.0.1", server.port());
  CHECK(ReasonOf(fetcher.Get({.url = url, .cancelled = [] { return true; }}).status()) == Reason::kCancelled);
  // Port 1 of the loopback address: nobody listens.
  const absl::Status status = fetcher.Get({.url = "http://127.0.0.1:1/x?api_key=secret"}).status();
  CHECK(ReasonOf(status) == Reason::kFetchFailed);
  CHECK(status.ToString().find("secret") == std::string::npos);
}

}  // namespace
}  // namespace millrace
