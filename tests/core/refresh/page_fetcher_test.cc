// Attempts at one page: how often, how long apart, and what is taken for a failure.
#include "core/refresh/page_fetcher.h"

#include "core/refresh/board_message.h"
#include "tests/core/refresh/fake_board.h"
#include "tests/support/catch.h"
#include "tests/support/fake_clock.h"

namespace millrace {
namespace {

struct Fixture {
  absl::StatusOr<FetchedPage> Fetch(int64_t after_id = 0) {
    SourceSettings settings;
    settings.kind = kind;
    settings.address = "https://board.example";
    PageFetcher fetcher({&board, &pacer, &clock, FakeBoard::ReaderMaker(), {}, seed});
    fetcher.set_on_wait(on_wait);
    return fetcher.Fetch(settings, after_id, 10, [this] { return is_cancelled; });
  }
  Reason FailureOf(absl::StatusOr<HttpResponse> answer) {
    board.answers.assign(3, answer);
    board.requests.clear();
    return ReasonOf(Fetch().status());
  }

  FakeBoard board;
  FakeClock clock;
  HostPacer pacer{&clock, absl::Seconds(1)};
  BoardKind kind = BoardKind::kDanbooru;
  uint64_t seed = 1;
  bool is_cancelled = false;
  OnWait on_wait;
};

TEST_CASE_METHOD(Fixture, "a page comes ascending, whatever order the board shows it in") {
  board.posts = {{5, {}}, {6, {}}, {7, {}}};
  const absl::StatusOr<FetchedPage> page = Fetch(5);
  REQUIRE(page.ok());
  REQUIRE(page->posts.size() == 2);
  CHECK(page->posts[0].post.id == 6);
  CHECK(page->posts[1].post.id == 7);
  CHECK(page->max_id == 7);
}

TEST_CASE_METHOD(Fixture, "a page that fails is asked for three times, ever longer apart") {
  board.posts = {{1, {}}};
  board.answers = {StatusAnswer(500), MakeError(Reason::kFetchFailed, "cut")};
  REQUIRE(Fetch().ok());
  CHECK(board.requests.size() == 3);
  REQUIRE(clock.sleeps.size() == 2);
  CHECK(clock.sleeps[0] >= absl::Seconds(1));
  CHECK(clock.sleeps[0] <= absl::Seconds(2));
  CHECK(clock.sleeps[1] >= absl::Seconds(2));
  CHECK(clock.sleeps[1] <= absl::Seconds(4));

  CHECK(FailureOf(StatusAnswer(500)) == Reason::kFetchFailed);
  CHECK(board.requests.size() == 3);
}

TEST_CASE_METHOD(Fixture, "Retry-After takes the place of the back-off") {
  board.posts = {{1, {}}};
  board.answers = {StatusAnswer(429, "90"),
                   StatusAnswer(503, absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", clock.now + absl::Seconds(390),
                                                      absl::UTCTimeZone()))};
  const absl::Time start = clock.now;
  std::vector<absl::Duration> told;
  on_wait = [&](const absl::Status& error, absl::Duration wait) {
    CHECK(ReasonOf(error) == Reason::kFetchFailed);
    CHECK(clock.now - start == (told.empty() ? absl::ZeroDuration() : absl::Seconds(90)));  // before it waits
    told.push_back(wait);
  };
  REQUIRE(Fetch().ok());
  CHECK(clock.now - start == absl::Seconds(390));
  CHECK(told == std::vector{absl::Seconds(90), absl::Seconds(300)});
}

TEST_CASE_METHOD(Fixture, "Retry-After is obeyed for an hour at most") {
  board.posts = {{1, {}}};
  board.answers = {StatusAnswer(429, "999999")};
  const absl::Time start = clock.now;
  REQUIRE(Fetch().ok());
  CHECK(clock.now - start == absl::Hours(1));
}

TEST_CASE_METHOD(Fixture, "what no attempt mends is not tried again") {
  CHECK(FailureOf(StatusAnswer(401)) == Reason::kFetchRefused);
  CHECK(board.requests.size() == 1);
  CHECK(FailureOf(StatusAnswer(403)) == Reason::kFetchRefused);
  CHECK(FailureOf(MakeError(Reason::kFetchRefused, "private")) == Reason::kFetchRefused);
  CHECK(board.requests.size() == 1);
  CHECK(FailureOf(MakeError(Reason::kCancelled, "stop")) == Reason::kCancelled);
  CHECK(board.requests.size() == 1);
}

TEST_CASE_METHOD(Fixture, "an error names the address that answered, and says what the board says") {
  const auto message_of = [&](const HttpResponse& answer) {
    board.answers.assign(3, answer);
    return std::string(Fetch().status().message());
  };
  const std::string limit =
      R"({"success":false,"error":"TagLimit","message":"You cannot search for more than 2 tags"})";
  const std::string limited = message_of({422, limit, ""});
  INFO(limited);
  CHECK(absl::StrContains(limited, "https://board.example"));
  CHECK(absl::StrContains(limited, R"(status 422, saying "You cannot search for more than 2 tags")"));
  const std::string coloured = message_of({422, R"({"reason":"too \u001b[31mmany"})", ""});
  CHECK(absl::StrContains(coloured, "many"));
  CHECK_FALSE(absl::StrContains(coloured, "\x1b"));
  CHECK(message_of({500, R"({"reason":")" + std::string(5000, 'x') + "\"}", ""}).size() < 400);
  CHECK_FALSE(absl::StrContains(message_of({500, "<html>teapot</html>", ""}), "teapot"));

  const std::string moved = message_of({403, "", "", "https://other.example/r/posts.json?login=secret"});
  INFO(moved);
  CHECK(absl::StrContains(moved, "https://other.example"));
  CHECK(absl::StrContains(moved, "redirected to from https://board.example"));
  CHECK(absl::StrContains(moved, "check the source's address"));
  CHECK_FALSE(absl::StrContains(moved, "secret"));
  CHECK(absl::StrContains(message_of({403, "", ""}), "check the source's login"));
}

TEST_CASE("a board's message that repeats a password or key is left out") {
  const std::string body = R"({"message":"no user has the key abcdef123"})";
  CHECK(BoardMessage(body, {"https://board.example/posts.json?limit=10", "", ""}) ==
        "\"no user has the key abcdef123\"");
  CHECK(BoardMessage(body, {"https://board.example/posts.json?limit=10&api_key=abcdef123", "", ""}).empty());
  CHECK(BoardMessage(body, {"https://board.example/posts.json", "me", "abcdef123"}).empty());
}

TEST_CASE_METHOD(Fixture, "a page of other things than posts is a failure") {
  CHECK(FailureOf(HttpResponse{200, "<html>maintenance</html>\n", ""}) == Reason::kFileInvalid);
  CHECK(board.requests.size() == 3);
  CHECK(FailureOf(HttpResponse{200, "{\"success\":false}\n", ""}) == Reason::kFileInvalid);
}

TEST_CASE_METHOD(Fixture, "an answer of no bytes is a failure and not the board's end") {
  for (const char* const body : {"", "\n", " \t\r\n  "}) {
    CHECK(FailureOf(HttpResponse{200, body, ""}) == Reason::kFileInvalid);
    CHECK(board.requests.size() == 3);
  }
  board.answers = {HttpResponse{200, kEmptyPage, ""}};
  REQUIRE(Fetch().ok());
  // Boards of this kind say so when there is nothing.
  board.answers = {HttpResponse{200, "", ""}};
  kind = BoardKind::kGelbooru;
  CHECK(Fetch()->posts.empty());
}

TEST_CASE_METHOD(Fixture, "what a board says with status 200 instead of posts is told") {
  board.answers.assign(3, HttpResponse{200, "{\"success\":false,\"reason\":\"too many searches\"}\n", ""});
  const std::string message(Fetch().status().message());
  CHECK_THAT(message, Catch::Contains("1 record that is none; record 1: id is missing"));
  CHECK_THAT(message, Catch::Contains("; the board says \"too many searches\""));
  board.answers.assign(3, HttpResponse{200, "teapot\n", ""});
  CHECK_THAT(std::string(Fetch().status().message()), Catch::Contains("record 1: is \"teapot\""));
}

TEST_CASE_METHOD(Fixture,
                 "records that are no posts are told beside those that are, and do not say where the page ends") {
  board.posts = {{4, {}}};
  board.answers = {HttpResponse{
      200, board.Page(0, 10) + "{\"id\":\"3\",\"rating\":17}\n{\"id\":\"9\",\"rating\":17}\n{\"rating\":\"s\"}\n", ""}};
  const absl::StatusOr<FetchedPage> page = Fetch();
  REQUIRE(page.ok());
  CHECK(page->posts.size() == 1);
  CHECK(page->rejected_ids == std::vector<int64_t>{3});
  CHECK(page->rejected_without_id_count == 1);
  CHECK(page->max_id == 4);
}

TEST_CASE_METHOD(Fixture, "a page of more posts than the kind of board gives is a failure") {
  for (int64_t id = 1; id <= 200; ++id) board.posts[id] = {};
  board.answers = {HttpResponse{200, board.Page(0, 1000), ""}};
  CHECK(Fetch()->posts.size() == 200);
  board.posts[201] = {};
  CHECK(FailureOf(HttpResponse{200, board.Page(0, 1000), ""}) == Reason::kFileInvalid);
}

TEST_CASE_METHOD(Fixture, "a board that does not page by id is found out") {
  board.posts = {{4, {}}};
  CHECK(FailureOf(HttpResponse{200, board.Page(0, 10), ""}) == Reason::kInternal);  // behind 0 it may be right
  board.answers.assign(3, HttpResponse{200, board.Page(0, 10), ""});
  CHECK(ReasonOf(Fetch(4).status()) == Reason::kFileInvalid);
}

TEST_CASE_METHOD(Fixture, "a wait ends when the refresh is stopped") {
  board.answers.assign(3, StatusAnswer(500));
  board.on_request = [&](int64_t) { is_cancelled = true; };
  CHECK(ReasonOf(Fetch().status()) == Reason::kCancelled);
  CHECK(board.requests.size() == 1);
}

}  // namespace
}  // namespace millrace
