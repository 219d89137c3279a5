// Goal: a sidecar makes the post that its author means, of text and of JSON as downloaders, taggers and trainers write
// it; nothing that it tells is lost. Method: sidecars by hand.
#include "core/ingest/picture_folder.h"

#include <random>

#include "tests/core/ingest/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

PictureFacts Picture(const std::string& name) { return {name, 1234, 640, 480, std::nullopt}; }

void ReadInto(PictureFolderReader* reader, const std::string& name, std::string_view content,
              const std::optional<PictureFacts>& picture) {
  if (picture.has_value()) reader->SetPicture(*picture);
  REQUIRE(reader->BeginFile(name).ok());
  for (size_t i = 0; i < content.size(); i += 7) REQUIRE(reader->Write(content.substr(i, 7)).ok());
  REQUIRE(reader->EndFile().ok());
}

CollectingSink Read(const std::string& name, std::string_view content, const std::optional<PictureFacts>& picture) {
  CollectingSink sink;
  PictureFolderReader reader(&sink, 100'000);
  ReadInto(&reader, name, content, picture);
  return sink;
}

// The one post of a JSON sidecar beside 7.png.
CollectingSink::Taken ReadJson(std::string_view json) {
  const CollectingSink sink = Read("7.json", json, Picture("7.png"));
  if (!sink.rejected.empty()) FAIL(sink.rejected[0].field + " " + sink.rejected[0].reason);
  REQUIRE(sink.posts.size() == 1);
  return sink.posts[0];
}

using Tags = std::vector<std::pair<std::string, TagCategory>>;
Tags TagsOf(const CollectingSink::Taken& taken) {
  Tags tags;
  for (const Tag& tag : taken.tags) tags.emplace_back(tag.name, tag.category);
  return tags;
}

constexpr TagCategory kNone = TagCategory::kUnspecified;

TEST_CASE("a sidecar named .caption is one of text") {
  const CollectingSink sink = Read("7.caption", "long hair", Picture("7.png"));
  REQUIRE(sink.posts.size() == 1);
  CHECK(TagsOf(sink.posts[0]) == Tags{{"long_hair", kNone}});
  CHECK(sink.posts[0].post.extra_json == R"({"caption":"long hair"})");
}

TEST_CASE("a text sidecar gives tags, and its own text is kept") {
  const CollectingSink sink = Read("set/0012.txt",
                                   "\xEF\xBB\xBF"
                                   "1girl, long hair, miku \\(vocaloid\\)\n",
                                   Picture("set/0012.PNG"));
  REQUIRE(sink.posts.size() == 1);
  Post expected;
  expected.id = 12;
  expected.file_ext = "png";
  expected.file_size_bytes = 1234;
  expected.width_px = 640;
  expected.height_px = 480;
  expected.extra_json = R"x({"caption":"1girl, long hair, miku \\(vocaloid\\)"})x";
  CHECK(sink.posts[0].post == expected);
  CHECK(TagsOf(sink.posts[0]) == Tags{{"1girl", kNone}, {"long_hair", kNone}, {"miku_(vocaloid)", kNone}});
}

TEST_CASE("an empty sidecar is a post without tags") {
  const CollectingSink sink = Read("5.txt", "", PictureFacts{"5.webp", {}, {}, {}, {}});
  REQUIRE(sink.posts.size() == 1);
  CHECK(sink.posts[0].tags.empty());
  CHECK(sink.posts[0].post.extra_json.empty());
  CHECK_FALSE(sink.posts[0].post.width_px.has_value());
}

TEST_CASE("ids of names that hold none are of 53 bits and never change") {
  // Reckoned by another program, from the algorithm's specification.
  CHECK(PictureId("set/a picture.png") == 3065005246111829);
  CHECK(Read("a.txt", "x", Picture("a.png")).posts.at(0).post.id == PictureId("a.png"));
  CHECK(Read("0.txt", "x", Picture("0.png")).posts.at(0).post.id == PictureId("0.png"));
  CHECK(Read("99999999999999999999.txt", "x", Picture("99999999999999999999.png")).posts.at(0).post.id ==
        PictureId("99999999999999999999.png"));
  for (int i = 0; i < 1000; ++i) {
    const int64_t id = PictureId(std::to_string(i) + ".jpg");
    CHECK(id > 0);
    CHECK(id < (int64_t{1} << 53));
  }
}

TEST_CASE("a downloader's JSON of a Danbooru post") {
  const CollectingSink::Taken taken = ReadJson(R"({
      "id": 4242, "md5": "00112233445566778899aabbccddeeff", "rating": "s", "score": 5, "fav_count": 9,
      "created_at": "2020-01-01T00:00:00.000-05:00", "source": "https://x", "image_width": 640, "image_height": 480,
      "file_size": 1234, "file_ext": "png", "parent_id": null, "is_deleted": false,
      "tag_string": "1girl solo a_hero a_painter", "tag_string_general": "1girl solo", "tag_string_character": "a_hero",
      "tag_string_artist": "a_painter", "tag_string_meta": "", "tag_count": 4, "pixiv_id": 77, "large_file_url": "u"})");
  Post expected;
  expected.id = 4242;
  expected.md5 = Md5{0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
  expected.rating = Rating::kSensitive;
  expected.score = 5;
  expected.favorite_count = 9;
  expected.created_at_us = int64_t{1'577'854'800} * 1'000'000;
  expected.source = "https://x";
  expected.width_px = 640;
  expected.height_px = 480;
  expected.file_size_bytes = 1234;
  expected.file_ext = "png";
  expected.pixiv_id = 77;
  expected.flags.Set(PostFlag::kDeleted, false);
  // The whole list of tags stands for those by category.
  expected.extra_json = R"({"large_file_url":"u","tag_count":4,"tag_string":"1girl solo a_hero a_painter"})";
  CHECK(taken.post == expected);
  CHECK(TagsOf(taken) == Tags{{"1girl", TagCategory::kGeneral},
                              {"solo", TagCategory::kGeneral},
                              {"a_hero", TagCategory::kCharacter},
                              {"a_painter", TagCategory::kArtist}});
  CHECK(taken.duplicate_tag_count == 0);
}

TEST_CASE("a byte order mark before JSON belongs to no sidecar") {
  CHECK(TagsOf(ReadJson("\xEF\xBB\xBF{\"tags\":\"a, b\"}")) == Tags{{"a", kNone}, {"b", kNone}});
}

TEST_CASE("tags may be text, a list, lists by category, or scores") {
  CHECK(TagsOf(ReadJson(R"({"tags":"a b_c"})")) == Tags{{"a", kNone}, {"b_c", kNone}});
  CHECK(TagsOf(ReadJson(R"x({"tags":"a b, c \\(d\\)"})x")) == Tags{{"a_b", kNone}, {"c_(d)", kNone}});
  CHECK(TagsOf(ReadJson(R"({"tags":["long hair","x","x"]})")) == Tags{{"long_hair", kNone}, {"x", kNone}});
  CHECK(TagsOf(ReadJson(R"({"tags":{"species":["fox"],"lore":["y"],"new":["z"]},"rating":"s"})")) ==
        Tags{{"fox", TagCategory::kSpecies}, {"y", TagCategory::kLore}, {"z", kNone}});
  CHECK(TagsOf(ReadJson(R"({"tags_artist":["p"],"tags_general":"q r"})")) ==
        Tags{{"p", TagCategory::kArtist}, {"q", TagCategory::kGeneral}, {"r", TagCategory::kGeneral}});
  const CollectingSink::Taken scored = ReadJson(R"({"tags":{"solo":0.98,"1girl":1}})");
  CHECK(TagsOf(scored) == Tags{{"solo", kNone}, {"1girl", kNone}});
  CHECK(scored.post.extra_json == R"({"tags":{"1girl":1,"solo":0.98}})");
  CHECK(ReadJson(R"({"tags":null})").tags.empty());
}

TEST_CASE("what a sidecar says of tags is kept in its order and its words") {
  const auto extra = [](const std::string& json) { return ReadJson(json).post.extra_json; };
  CHECK(extra(R"({"tags":"Solo, long hair, 1girl"})") == R"({"tags":"Solo, long hair, 1girl"})");
  CHECK(extra(R"({ "tags" : [ "z \"q\"", "a", "a" ] })") == R"({"tags":["z \"q\"","a","a"]})");
  CHECK(extra(R"({"tags":{"species":["fox","ape"],"artist":[]},"rating":"s"})") ==
        R"({"tags":{"artist":[],"species":["fox","ape"]}})");
  CHECK(extra(R"({"tags":{"x":0.5,"general":["b","a"]}})") == R"({"tags":{"general":["b","a"],"x":0.5}})");
  CHECK(extra(R"({"tags_general":"r q","tags_artist":["p"]})") == R"({"tags_artist":["p"],"tags_general":"r q"})");
  CHECK(extra(R"({"tags_general":"r q","tags":["r","q"]})") == R"({"tags":["r","q"]})");
  CHECK(extra(R"({"tags":"","tag_string":[],"tags_artist":null})").empty());
  CHECK(extra(R"({"tags":{}})").empty());
}

TEST_CASE("what fits no field, or differs from the picture, is kept under its key") {
  const CollectingSink::Taken taken = ReadJson(R"({
      "id": "a-uuid", "rating": 4.5, "score": {"up": 1}, "source": ["a", "b"], "width": 2000, "image_height": 480,
      "file_ext": "jpg", "created_at": 1234567890, "caption": "A girl, standing.", "md5": "none", "fav_count": "many"})");
  CHECK(taken.post.id == 7);
  CHECK(taken.post.width_px == 640);
  CHECK(taken.post.rating == Rating::kUnspecified);
  CHECK(taken.post.extra_json ==
        R"({"caption":"A girl, standing.","created_at":1234567890,"fav_count":"many","file_ext":"jpg","id":"a-uuid",)"
        R"("md5":"none","rating":4.5,"score":{"up":1},"source":["a","b"],"width":2000})");
}

TEST_CASE("s is safe, but beside Danbooru's own keys; words say what they mean") {
  CHECK(ReadJson(R"({"rating":"s"})").post.rating == Rating::kSafe);
  CHECK(ReadJson(R"({"rating":"s","tag_string_general":"a"})").post.rating == Rating::kSensitive);
  CHECK(ReadJson(R"({"tag_string_general":"a","rating":"s"})").post.rating == Rating::kSensitive);
  CHECK(ReadJson(R"({"rating":"sensitive"})").post.rating == Rating::kSensitive);
  CHECK(ReadJson(R"({"rating":"g"})").post.rating == Rating::kGeneral);
  CHECK(ReadJson(R"({"rating":"explicit"})").post.rating == Rating::kExplicit);
}

TEST_CASE("what cannot be taken is rejected by itself, and the next sidecar is read") {
  struct Case {
    const char* name;
    const char* content;
    const char* field;
    const char* reason;
  };
  const Case cases[] = {
      {"1.txt", "a\xFF", "", "is not valid UTF-8"},
      {"1.json", "{\"tags\":5}", "tags", "is \"5\"; text, a list or an object was expected"},
      {"1.json", "{\"tags\":[5]}", "tags", "holds a value that is no text"},
      {"1.json", "{\"tags\":{\"a\":\"b\"}}", "tags", "has \"a\", which is neither"},
      {"1.json", "{\"tags\":\"a\"", "", "is not valid JSON"},
      {"1.json", "[]", "", "is no JSON object"},
      {"1.json", "", "", "is not valid JSON"},
      {"1.json", "{} x", "", "is not valid JSON"},
      {"1.json", "{} {}", "", "goes on after the object's end"},
      {"1.json", "{\"a\":1,\"a\":2}", "", "has the key \"a\" twice"},
  };
  CollectingSink sink;
  PictureFolderReader reader(&sink, 100'000);
  for (const Case& bad : cases) {
    sink.rejected.clear();
    ReadInto(&reader, bad.name, bad.content, Picture("1.png"));
    INFO(bad.content);
    REQUIRE(sink.rejected.size() == 1);
    CHECK(sink.rejected[0].field == bad.field);
    CHECK(sink.rejected[0].reason.find(bad.reason) == 0);
  }
  sink.rejected.clear();
  ReadInto(&reader, "2.txt", std::string(100'001, 'a'), Picture("2.png"));
  ReadInto(&reader, "3.txt", "a", std::nullopt);
  ReadInto(&reader, "4.png", "", Picture("4.png"));
  REQUIRE(sink.rejected.size() == 3);
  CHECK(sink.rejected[0].reason == "is 100001 bytes long; a sidecar may have 100000");
  CHECK(sink.rejected[1].reason == "has no picture beside it");
  CHECK(sink.rejected[2].reason.find("has no sidecar") == 0);
  CHECK(sink.posts.empty());
  ReadInto(&reader, "5.txt", "a", Picture("5.png"));
  CHECK(sink.posts.size() == 1);
}

TEST_CASE("no bytes whatever do more than reject a sidecar") {
  std::mt19937 random(3);
  const std::string good =
      R"({"id":5,"tags":{"general":["a b"],"x":0.5},"rating":"s","tag_string":"a \"b\" \u00e9","n":[1,{"k":null}]})";
  for (int round = 0; round < 20'000; ++round) {
    std::string bad = good;
    for (size_t count = 1 + random() % 4; count > 0; --count) bad[random() % bad.size()] = static_cast<char>(random());
    if (random() % 4 == 0) bad.resize(random() % bad.size());
    const CollectingSink sink = Read("7.json", bad, Picture("7.png"));
    CHECK(sink.posts.size() + sink.rejected.size() == 1);
  }
}

}  // namespace
}  // namespace millrace
