// How each kind of board is asked for pages, and which settings are refused.
#include "core/refresh/board.h"

#include "core/base/error.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

SourceSettings Settings(BoardKind kind) {
  SourceSettings settings;
  settings.name = "board";
  settings.dataset = "board";
  settings.kind = kind;
  settings.address = "https://board.example";
  return settings;
}

std::string FieldRefused(SourceSettings settings) {
  const absl::Status status = CompleteSettings(&settings);
  CHECK(ReasonOf(status) == (status.ok() ? Reason::kInternal : Reason::kFieldInvalid));
  return FieldOf(status);
}

TEST_CASE("each kind is asked for the posts behind an id, ascending") {
  SourceSettings settings = Settings(BoardKind::kDanbooru);
  CHECK(MakePageRequest(settings, 0, 200).url == "https://board.example/posts.json?limit=200&page=a0");
  settings.query = "1girl score:>5";
  CHECK(MakePageRequest(settings, 17, 200).url ==
        "https://board.example/posts.json?limit=200&page=a17&tags=1girl%20score%3A%3E5");
  settings.kind = BoardKind::kE621;
  CHECK(MakePageRequest(settings, 17, 320).url ==
        "https://board.example/posts.json?limit=320&page=a17&tags=1girl%20score%3A%3E5");
  settings.kind = BoardKind::kMoebooru;
  CHECK(MakePageRequest(settings, 17, 100).url ==
        "https://board.example/post.json?limit=100&page=1&tags=1girl%20score%3A%3E5%20id%3A%3E17%20order%3Aid");
  settings.kind = BoardKind::kGelbooru;
  settings.query = "";
  CHECK(MakePageRequest(settings, 17, 100).url ==
        "https://board.example/"
        "index.php?page=dapi&s=post&q=index&json=1&limit=100&pid=0&tags=id%3A%3E17%20sort%3Aid%3Aasc");
}

TEST_CASE("keys go into a header where the board takes one there") {
  SourceSettings settings = Settings(BoardKind::kDanbooru);
  settings.login = "me";
  settings.api_key = "k&y";
  for (const BoardKind kind : {BoardKind::kDanbooru, BoardKind::kE621}) {
    settings.kind = kind;
    const PageRequest request = MakePageRequest(settings, 0, 1);
    CHECK(request.user == "me");
    CHECK(request.password == "k&y");
    CHECK(request.url.find("me&") == std::string::npos);
  }
  settings.kind = BoardKind::kMoebooru;
  CHECK(MakePageRequest(settings, 0, 1).url.find("&login=me&password_hash=k%26y") != std::string::npos);
  settings.kind = BoardKind::kGelbooru;
  CHECK(MakePageRequest(settings, 0, 1).url.find("&user_id=me&api_key=k%26y") != std::string::npos);
  CHECK(MakePageRequest(settings, 0, 1).user.empty());
}

TEST_CASE("settings are completed") {
  SourceSettings settings = Settings(BoardKind::kE621);
  settings.address = "https://board.example/sub//";
  REQUIRE(CompleteSettings(&settings).ok());
  CHECK(settings.address == "https://board.example/sub");
  CHECK(settings.page_size == 320);
}

TEST_CASE("settings that cannot work are refused, by field") {
  const SourceSettings good = Settings(BoardKind::kDanbooru);
  CHECK(FieldRefused(good).empty());
  const auto refused = [&](auto change) {
    SourceSettings settings = good;
    change(settings);
    return FieldRefused(settings);
  };
  CHECK(refused([](auto& s) { s.name = "a b"; }) == "name");
  CHECK(refused([](auto& s) { s.dataset = ""; }) == "dataset");
  CHECK(refused([](auto& s) { s.kind = BoardKind::kUnspecified; }) == "kind");
  CHECK(refused([](auto& s) { s.address = "board.example"; }) == "address");
  CHECK(refused([](auto& s) { s.address = "https://me:word@board.example"; }) == "address");
  CHECK(refused([](auto& s) { s.address = "https://board.example/?x=y"; }) == "address");
  CHECK(refused([](auto& s) { s.page_size = 201; }) == "page_size");
  CHECK(refused([](auto& s) { s.page_size = -1; }) == "page_size");
  CHECK(refused([](auto& s) { s.query = "1girl ORDER:score"; }) == "query");
  CHECK(refused([](auto& s) { s.query = std::string(3000, 'x'); }) == "query");
  for (const char* const query : {"-order:score", "( 1girl ~Sort:id )", "(order:score)", "ordfav:me", "ordfavgroup:5",
                                  "ordpool:7", "1girl limit:0", "-limit:5"}) {
    INFO(query);
    CHECK(refused([&](auto& s) { s.query = query; }) == "query");
  }
  CHECK(refused([](auto& s) { s.query = "ordered limited -id:5 order"; }).empty());
  CHECK(refused([](auto& s) { s.query = "id:>5"; }).empty());
  CHECK(refused([](auto& s) {
          s.kind = BoardKind::kGelbooru;
          s.query = "id:>5";
        }) == "query");
  CHECK(refused([](auto& s) { s.interval_us = 1; }) == "interval");
  CHECK(refused([](auto& s) { s.mark_missing = true; }).empty());
  CHECK(refused([](auto& s) {
          s.mark_missing = true;
          s.query = "x";
        }) == "mark_missing");
  CHECK(refused([](auto& s) { s.with_relations = true; }).empty());
  CHECK(refused([](auto& s) {
          s.with_relations = true;
          s.kind = BoardKind::kMoebooru;
        }) == "with_relations");
  CHECK(refused([](auto& s) { s.follow_changes = true; }).empty());
  CHECK(refused([](auto& s) {
          s.follow_changes = true;
          s.kind = BoardKind::kMoebooru;
        }) == "follow_changes");
  CHECK(refused([](auto& s) {
          s.follow_changes = true;
          s.kind = BoardKind::kE621;
          s.query = "a change:>7";
        }) == "query");
  CHECK(refused([](auto& s) { s.login = "me"; }) == "api_key");
  CHECK(refused([](auto& s) { s.api_key = "key"; }) == "login");
}

}  // namespace
}  // namespace millrace
