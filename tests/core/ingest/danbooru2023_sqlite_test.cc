// Goal: danbooru2023's file is read with its own numbers for ratings and tag types, whichever way its columns are
// called, and what is wrong with it is named. Method: small files made here by SQL after the published schema; every
// table and column left out in turn; damaged at every page.
#include "core/ingest/danbooru2023_sqlite.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/catalog/sqlite.h"
#include "core/ingest/sqlite_dump.h"
#include "tests/core/ingest/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

constexpr char kTables[] = R"(
  CREATE TABLE "tag"("id" INTEGER NOT NULL PRIMARY KEY, "name" VARCHAR(255) NOT NULL, "type" INTEGER NOT NULL,
                     "popularity" INTEGER NOT NULL);
  CREATE TABLE "post"("id" INTEGER NOT NULL PRIMARY KEY, "created_at" VARCHAR(255), "uploader_id" INTEGER,
                      "source" VARCHAR(255), "md5" VARCHAR(255), "parent_id" INTEGER, "has_children" INTEGER,
                      "is_deleted" INTEGER, "is_banned" INTEGER, "pixiv_id" INTEGER, "has_active_children" INTEGER,
                      "bit_flags" INTEGER, "has_large" INTEGER, "has_visible_children" INTEGER, "image_width" INTEGER,
                      "image_height" INTEGER, "file_size" INTEGER, "file_ext" VARCHAR(255), "rating" INTEGER,
                      "score" INTEGER, "up_score" INTEGER, "down_score" INTEGER, "fav_count" INTEGER,
                      "file_url" VARCHAR(255), "large_file_url" VARCHAR(255), "preview_file_url" VARCHAR(255),
                      "_tag_list" TEXT);
  CREATE TABLE "posttagrelation"("id" INTEGER NOT NULL PRIMARY KEY, "post_id" INTEGER, "tag_id" INTEGER);
  CREATE TABLE "localpost"("id" INTEGER NOT NULL PRIMARY KEY, "filepath" VARCHAR(255), "latentpath" VARCHAR(255),
                           "post_id" INTEGER);
)";
constexpr char kRows[] = R"(
  INSERT INTO tag VALUES (1, '1girl', 0, 5000), (2, 'a_painter', 1, 12), (3, 'a_hero', 2, 7), (4, 'a_film', 3, 9),
                         (5, 'highres', 4, -1);
  INSERT INTO post VALUES
    (20, '2005-05-24T02:35:31.000-04:00', 3, 'http://x', '00112233445566778899aabbccddeeff', NULL, 1, 0, 0, 77, 0, 2,
     1, 1, 600, 800, 3000000000, 'jpg', 0, 10, 12, -2, 4, 'https://a/b.jpg', '', NULL, '1 2'),
    (10, '2005-05-24 06:35:31', NULL, '', NULL, 20, 0, 1, NULL, 0, NULL, NULL, NULL, NULL, 0, 0, 0, 'png', 3, 0, 0, 0,
     0, NULL, NULL, NULL, NULL);
  INSERT INTO posttagrelation(post_id, tag_id) VALUES (20, 5), (10, 3), (20, 1), (20, 2), (10, 4), (20, 1);
  INSERT INTO localpost(filepath, latentpath, post_id) VALUES ('/data/20.webp', NULL, 20), ('/data/x', '/l/x', 99);
)";

struct ReadResult {
  absl::Status status;
  CollectingSink sink;
};

std::string MakeFile(const std::string& sql) {
  TemporaryFolder folder;
  const std::string path = folder.path() + "/made.sqlite3";
  {
    auto database = Database::Open(path, Database::Mode::kReadWrite);
    REQUIRE(database.ok());
    const absl::Status status = (*database)->Execute(sql);
    INFO(status.ToString());
    REQUIRE(status.ok());
  }
  return ReadWholeFile(path);
}

ReadResult Read(std::string_view bytes) {
  ReadResult result;
  TemporaryFolder spool;
  {
    SqliteDumpReader reader(&result.sink, &ReadDanbooru2023, {spool.path(), 1 << 30, {}});
    result.status = reader.BeginFile("d.sqlite3");
    if (result.status.ok()) result.status = reader.Write(bytes);
    if (result.status.ok()) result.status = reader.EndFile();
  }
  CHECK(spool.EntryCount() == 0);
  return result;
}

ReadResult ReadSql(const std::string& sql) { return Read(MakeFile(sql)); }

void CheckWhole(const ReadResult& result) {
  INFO(result.status.ToString());
  REQUIRE(result.status.ok());
  CHECK(result.sink.rejected.empty());
  REQUIRE(result.sink.posts.size() == 2);
  Post first;
  first.id = 10;
  first.created_at_us = int64_t{1'116'916'531} * 1'000'000;
  first.parent_id = 20;
  first.rating = Rating::kExplicit;
  first.file_ext = "png";
  first.score = first.up_score = first.down_score = first.favorite_count = 0;
  first.flags.Set(PostFlag::kHasChildren, false);
  first.flags.Set(PostFlag::kDeleted, true);
  first.tag_ids = {3, 4};
  CHECK(result.sink.posts[0].post == first);
  CHECK(result.sink.posts[0].tags[0].category == TagCategory::kCharacter);
  CHECK(result.sink.posts[0].tags[1].category == TagCategory::kCopyright);

  const Post& second = result.sink.posts[1].post;
  CHECK(result.sink.posts[1].line == 20);
  CHECK(result.sink.posts[1].duplicate_tag_count == 1);
  CHECK(second.created_at_us == first.created_at_us);
  CHECK(second.rating == Rating::kGeneral);
  CHECK(second.pixiv_id == 77);
  CHECK(second.file_size_bytes == 3'000'000'000);
  CHECK(second.favorite_count == 4);
  CHECK(second.down_score == -2);
  CHECK(second.flags.Get(PostFlag::kHasChildren) == true);
  CHECK(second.tag_ids == std::vector<int64_t>{1, 2, 5});
  CHECK(result.sink.posts[1].tags[2].category == TagCategory::kMeta);
  CHECK(second.extra_json == R"({"_tag_list":"1 2","bit_flags":2,"file_url":"https://a/b.jpg","has_active_children":0,)"
                             R"("has_large":1,"has_visible_children":1,"large_file_url":"",)"
                             R"("local_posts":[{"filepath":"/data/20.webp"}]})");

  REQUIRE(result.sink.tags.size() == 5);
  CHECK(result.sink.tags[0].source_post_count == 5000);
  CHECK(result.sink.tags[1].category == TagCategory::kArtist);
  CHECK(result.sink.tags[2].extra_json == R"({"type":2})");
  CHECK(result.sink.tags[4].source_post_count == -1);
}

TEST_CASE("of the table of tags everything is kept, in the file's own words") {
  const ReadResult result = ReadSql(R"(
      CREATE TABLE Tag(id, name, type, popularity, wiki, "Words");
      CREATE TABLE Post(id, md5, rating);
      CREATE TABLE PostTagRelation(post, tag);
      INSERT INTO Tag VALUES (1, 'a', 'character', 'many', 7, '["a"]'), (2, 'b', 4.0, '12', NULL, NULL),
                             (3, 'c', 0, NULL, X'FF', NULL);
      INSERT INTO Post VALUES (5, NULL, 0);
      INSERT INTO PostTagRelation VALUES (5, 3);)");
  INFO(result.status.ToString());
  REQUIRE(result.status.ok());
  REQUIRE(result.sink.tags.size() == 2);
  CHECK(result.sink.tags[0].category == TagCategory::kCharacter);
  CHECK_FALSE(result.sink.tags[0].source_post_count.has_value());
  CHECK(result.sink.tags[0].extra_json == R"({"Words":"[\"a\"]","popularity":"many","type":"character","wiki":7})");
  CHECK(result.sink.tags[1].source_post_count == 12);
  CHECK(result.sink.tags[1].extra_json == R"({"type":4})");
  // What else a row holds may be wrong: that is told, and posts have the tag.
  REQUIRE(result.sink.rejected.size() == 1);
  CHECK(result.sink.rejected[0].field == "Tag.wiki");
  CHECK(result.sink.rejected[0].reason.find("not valid UTF-8 (tag 3)") != std::string::npos);
  REQUIRE(result.sink.posts.size() == 1);
  CHECK(result.sink.posts[0].post.tag_ids == std::vector<int64_t>{3});
}

TEST_CASE("posts, tags with their own numbers of types, and local files are read") {
  CheckWhole(ReadSql(absl::StrCat(kTables, kRows)));
}

TEST_CASE("columns may be called post and tag, and tables be written in capitals") {
  const std::string sql = absl::StrReplaceAll(
      absl::StrCat(kTables, kRows),
      {{"post_id", "post"}, {"tag_id", "tag"}, {"\"posttagrelation\"", "\"PostTagRelation\""}, {"\"id\"", "\"ID\""}});
  CheckWhole(ReadSql(sql));
}

TEST_CASE("LocalPost and popularity may be missing") {
  const ReadResult result = ReadSql(R"(
      CREATE TABLE Tag(id, name, type);
      CREATE TABLE Post(id, md5, rating);
      CREATE TABLE PostTagRelation(post, tag);
      INSERT INTO Tag VALUES ('2', 'two', 'character');
      INSERT INTO Post VALUES ('5', NULL, 'sensitive'), (12, NULL, NULL);
      INSERT INTO PostTagRelation VALUES ('5', '2'), ('12', 2);)");
  INFO(result.status.ToString());
  REQUIRE(result.status.ok());
  REQUIRE(result.sink.posts.size() == 2);
  CHECK(result.sink.posts[0].post.rating == Rating::kSensitive);
  CHECK(result.sink.posts[0].post.tag_ids == std::vector<int64_t>{2});
  CHECK(result.sink.posts[0].tags[0].category == TagCategory::kCharacter);
  CHECK(result.sink.posts[1].post.id == 12);
  CHECK(result.sink.posts[1].post.tag_ids == std::vector<int64_t>{2});
}

TEST_CASE("what cannot be taken is rejected by itself, and the rest is read") {
  const ReadResult result = ReadSql(absl::StrCat(kTables, kRows, R"(
      INSERT INTO tag VALUES (6, 'x', 5, 0), (7, '', 0, 0);
      INSERT INTO post(id, rating) VALUES (30, 4), (31, 0), (32, 1);
      INSERT INTO post(id, rating, is_deleted) VALUES (33, 0, 2);
      INSERT INTO posttagrelation(post_id, tag_id) VALUES (31, 6), (30, 1), (7, 1), (99, 1), (99, 2), (NULL, 1);)"));
  INFO(result.status.ToString());
  REQUIRE(result.status.ok());
  CHECK(result.sink.posts.size() == 3);
  const auto has = [&](const char* field, const char* reason, int64_t line) {
    for (const RejectedRecord& r : result.sink.rejected) {
      if (r.field == field && r.line == line && r.reason.find(reason) != std::string::npos) return true;
    }
    return false;
  };
  CHECK(result.sink.rejected.size() == 7);
  CHECK(has("Tag.type", "is \"5\"; expected 0 (general)", 0));
  CHECK(has("Tag.name", "is empty", 0));
  CHECK(has("rating", "is \"4\"; 0 (general) to 3 (explicit) was expected", 30));
  CHECK(has("PostTagRelation.tag_id", "is 6, which the table Tag does not have", 31));
  CHECK(has("is_deleted", "is \"2\"", 33));
  CHECK(has("PostTagRelation.post_id", "is null", 0));
  CHECK(has("PostTagRelation.post_id", "names, in 3 rows, posts that the table Post does not have", 0));
}

TEST_CASE("a missing table or column is named") {
  const auto message = [](const std::string& sql) {
    const absl::Status status = ReadSql(sql).status;
    CHECK(ReasonOf(status) == Reason::kFileInvalid);
    return std::string(status.message());
  };
  CHECK(
      message("CREATE TABLE Tag(id, name, type); CREATE TABLE Post(id, md5);") ==
      "d.sqlite3: has no column post.rating, no table posttagrelation. Is this a danbooru2023 file? Views and virtual "
      "tables do not count.");
  CHECK(message("CREATE TABLE Tag(id, name, type); CREATE TABLE Post(id, md5, rating);"
                "CREATE TABLE PostTagRelation(post, x);")
            .find("has no column PostTagRelation.tag") != std::string::npos);
}

TEST_CASE("a damaged file is refused or read, never more") {
  const std::string good = MakeFile(absl::StrCat(kTables, kRows));
  for (size_t offset = 0; offset < good.size(); offset += 509) {
    std::string bad = good;
    for (size_t i = offset; i < std::min(bad.size(), offset + 16); ++i) bad[i] = static_cast<char>(bad[i] ^ 0xA5);
    const ReadResult result = Read(bad);
    CHECK((result.status.ok() || ReasonOf(result.status) == Reason::kFileInvalid));
  }
  for (size_t size = 0; size < good.size(); size += 4096) {
    CHECK(ReasonOf(Read(good.substr(0, size)).status) == Reason::kFileInvalid);
  }
}

}  // namespace
}  // namespace millrace
