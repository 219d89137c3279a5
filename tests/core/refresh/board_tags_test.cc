#include "core/refresh/board_tags.h"

#include "absl/strings/match.h"
#include "core/base/error.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

SourceSettings Settings(BoardKind kind) {
  SourceSettings settings;
  settings.kind = kind;
  settings.address = "https://board.example";
  return settings;
}

TEST_CASE("names are encoded for a URL, with the login of the source") {
  SourceSettings settings = Settings(BoardKind::kGelbooru);
  settings.login = "me";
  settings.api_key = "k&y";
  const std::vector<std::string> names = {"a+b", "c&d", "ä"};
  size_t count = 0;
  CHECK(MakeTagRequest(settings, names, &count).url ==
        "https://board.example/index.php?page=dapi&s=tag&q=index&json=1&limit=100&names=a%2Bb+c%26d+%C3%A4"
        "&user_id=me&api_key=k%26y");
  CHECK(count == 3);
  settings.kind = BoardKind::kMoebooru;
  CHECK(MakeTagRequest(settings, names, &count).url ==
        "https://board.example/tag.json?limit=0&name=a%2Bb&login=me&password_hash=k%26y");
  CHECK(count == 1);
}

TEST_CASE("a request holds no more names than a URL bears, and at least one") {
  const std::vector<std::string> names(100, std::string(100, '&'));
  size_t count = 0;
  CHECK(MakeTagRequest(Settings(BoardKind::kGelbooru), names, &count).url.size() < 4'400);
  CHECK(count == 13);
  const std::vector<std::string> huge = {std::string(4'096, '&'), "b"};
  MakeTagRequest(Settings(BoardKind::kGelbooru), huge, &count);
  CHECK(count == 1);
}

const std::vector<std::string> kNames = {"a", "b", "c", "don't", "old"};

TEST_CASE("a list of tags tells categories by the kind's own numbers, and no ids") {
  const std::string list =
      R"([{"id":5,"name":"a","count":"7","type":"5","ambiguous":false},{"id":6,"name":"b","type":6},{"name":"c"}])";
  std::vector<TagFact> tags = *ParseTags(BoardKind::kMoebooru, kNames, list);
  REQUIRE(tags.size() == 3);
  CHECK(tags[0].id == 0);
  CHECK(tags[0].source_post_count == 7);
  CHECK(tags[0].category == TagCategory::kUnspecified);
  CHECK_FALSE(tags[0].is_deprecated.has_value());
  CHECK(tags[0].extra_json == R"({"ambiguous":false,"id":5,"type":"5"})");
  CHECK(tags[2].extra_json.empty());
  CHECK(tags[2].category == TagCategory::kUnspecified);
  tags = *ParseTags(BoardKind::kGelbooru, kNames,
                    R"({"@attributes":{"limit":100,"offset":0,"count":2},"tag":[{"id":1,"name":"don&#039;t","count":1,)"
                    R"("type":5,"ambiguous":0},{"id":2,"name":"old","count":0,"type":6,"ambiguous":0}]})");
  REQUIRE(tags.size() == 2);
  CHECK(tags[0].name == "don't");
  CHECK(tags[0].category == TagCategory::kMeta);
  CHECK(tags[0].is_deprecated == false);
  CHECK(tags[1].is_deprecated == true);
  CHECK(tags[1].category == TagCategory::kUnspecified);
}

TEST_CASE("an empty list is one, and what is no list is not") {
  CHECK(ParseTags(BoardKind::kMoebooru, kNames, "[]")->empty());
  CHECK(ParseTags(BoardKind::kGelbooru, kNames, R"({"@attributes":{"limit":100,"offset":0,"count":0}})")->empty());
  for (const char* body :
       {"", " \n", "\xEF\xBB\xBF", "<html>", R"({"success":false})", R"([{"name":3}])", R"([{"name":"a"})"}) {
    INFO(body);
    CHECK(ReasonOf(ParseTags(BoardKind::kMoebooru, kNames, body).status()) == Reason::kFileInvalid);
    CHECK(ReasonOf(ParseTags(BoardKind::kGelbooru, kNames, body).status()) == Reason::kFileInvalid);
  }
  // One bad record leaves the others.
  CHECK(ParseTags(BoardKind::kMoebooru, kNames, R"([{"name":""},{"name":"a","type":1}])")->size() == 1);
}

TEST_CASE("of a list those that were asked about are kept, and one of others alone is a list all the same") {
  const std::string list = R"([{"name":"a","type":1},{"name":"aa","type":1},{"name":""}])";
  CHECK(ParseTags(BoardKind::kMoebooru, kNames, list)->size() == 1);
  CHECK(ParseTags(BoardKind::kMoebooru, {}, list)->empty());
}

}  // namespace
}  // namespace millrace
