// Goal: the seed system's SQLite file is read whatever the types of its columns and whichever column its references
// mean, and no file, damaged or made to harm, does more than be refused. Method: small files made here by SQL, in the
// variants that the format leaves open; damaged at every page.
#include "core/ingest/danbooru_meta_sqlite.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/catalog/sqlite.h"
#include "core/ingest/sqlite_dump.h"
#include "tests/core/ingest/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

constexpr char kTables[] = R"(
  CREATE TABLE stats(id INTEGER PRIMARY KEY, num_posts INTEGER, num_tags INTEGER, num_ratings INTEGER);
  CREATE TABLE ratings(name TEXT, description TEXT, is_sfw INTEGER);
  CREATE TABLE tags(tag_id INTEGER PRIMARY KEY, name TEXT, category INTEGER);
  CREATE TABLE posts(id INTEGER PRIMARY KEY, post_id INTEGER, md5 TEXT, rating TEXT, width INTEGER, height INTEGER,
                     file_ext TEXT, file_size INTEGER, source TEXT, pixiv_id INTEGER);
  CREATE TABLE post_tags(post_id INTEGER, tag_id INTEGER);
)";

// As kTables, every value kept as it is inserted: text where the rows have text.
constexpr char kUntypedTables[] = R"(
  CREATE TABLE tags(tag_id, name, category);
  CREATE TABLE posts(id, post_id, md5, rating, width, height, file_ext, file_size, source, pixiv_id);
  CREATE TABLE post_tags(post_id, tag_id);
)";

constexpr char kTags[] =
    "INSERT INTO tags VALUES (1, 'one', 0), (2, 'two', 1), (3, 'three', 'copyright'), (4, 'four', 4);";
constexpr char kPosts[] = R"(
  INSERT INTO posts VALUES (1, 100, '00112233445566778899aabbccddeeff', 's', 10, 20, 'jpg', 3000000000, 'http://x', 77);
  INSERT INTO posts VALUES (2, 200, '', 'questionable', 0, 0, '', 0, '', 0);
  INSERT INTO posts VALUES (3, 50, NULL, 'e', NULL, NULL, NULL, NULL, NULL, NULL);
)";

class MetaFile {
 public:
  // Makes the file by SQL.
  explicit MetaFile(const std::string& sql, const std::string& folder) : path_(folder + "/made.sqlite3") {
    std::filesystem::remove(path_);
    auto database = Database::Open(path_, Database::Mode::kReadWrite);
    REQUIRE(database.ok());
    const absl::Status status = (*database)->Execute(sql);
    INFO(status.ToString());
    REQUIRE(status.ok());
  }
  std::string bytes() const { return ReadWholeFile(path_); }

 private:
  const std::string path_;
};

struct ReadResult {
  absl::Status status;
  CollectingSink sink;
};

class Reading {
 public:
  ReadResult Read(std::string_view bytes, int64_t spool_size_bytes_max = 1 << 30) {
    ReadResult result;
    {
      SqliteDumpReader reader(&result.sink, &ReadDanbooruMeta,
                              {spool_.path(), spool_size_bytes_max, [this] { return cancelled; }});
      result.status = reader.BeginFile("meta.sqlite3");
      for (size_t i = 0; i < bytes.size() && result.status.ok(); i += 5000)
        result.status = reader.Write(bytes.substr(i, 5000));
      if (result.status.ok()) result.status = reader.EndFile();
    }
    CHECK(spool_.EntryCount() == 0);
    return result;
  }
  ReadResult ReadSql(const std::string& sql) { return Read(MetaFile(sql, made_.path()).bytes()); }

  bool cancelled = false;

 private:
  TemporaryFolder made_, spool_;
};

void CheckPosts(const ReadResult& result) {
  INFO(result.status.ToString());
  REQUIRE(result.status.ok());
  CHECK(result.sink.rejected.empty());
  REQUIRE(result.sink.posts.size() == 3);
  const auto find = [&](int64_t id) {
    return *std::find_if(result.sink.posts.begin(), result.sink.posts.end(),
                         [&](const auto& p) { return p.post.id == id; });
  };
  const CollectingSink::Taken first = find(100);
  CHECK(first.line == 1);
  CHECK(first.post.md5 ==
        Md5{0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF});
  CHECK(first.post.rating == Rating::kSafe);
  CHECK(first.post.width_px == 10);
  CHECK(first.post.height_px == 20);
  CHECK(first.post.file_ext == "jpg");
  CHECK(first.post.file_size_bytes == 3000000000);
  CHECK(first.post.source == "http://x");
  CHECK(first.post.pixiv_id == 77);
  CHECK(first.post.tag_ids == std::vector<int64_t>{1, 2});
  CHECK(first.duplicate_tag_count == 2);
  CHECK(first.tags[1].name == "two");
  CHECK(first.tags[1].category == TagCategory::kArtist);
  Post second;
  second.id = 200;
  second.rating = Rating::kQuestionable;
  second.extra_json = find(200).post.extra_json;
  CHECK(find(200).post == second);
  CHECK(find(50).post.rating == Rating::kExplicit);
  CHECK(find(50).post.tag_ids == std::vector<int64_t>{3, 4});
  CHECK(find(50).tags[0].category == TagCategory::kCopyright);
}

TEST_CASE("posts, tags and references by post_id are read; repeated references collapse") {
  Reading reading;
  const ReadResult result = reading.ReadSql(
      absl::StrCat(kTables, kTags, kPosts, "INSERT INTO stats VALUES (1, 3, 4, 3);",
                   "INSERT INTO post_tags VALUES (100, 2), (50, 4), (100, 1), (100, 2), (50, 3), (100, 2);"));
  CheckPosts(result);
  CHECK(result.sink.posts[1].post.extra_json == R"({"id":1})");
}

TEST_CASE("references by the dense id are told from those by post_id") {
  Reading reading;
  CheckPosts(reading.ReadSql(absl::StrCat(
      kTables, kTags, kPosts, "INSERT INTO post_tags VALUES (1, 2), (3, 4), (1, 1), (1, 2), (3, 3), (1, 2);")));
}

TEST_CASE("where both columns cover the references, post_id is meant") {
  Reading reading;
  const ReadResult result = reading.ReadSql(absl::StrCat(
      kTables, kTags, "INSERT INTO posts(id, post_id) VALUES (1, 2), (2, 1); INSERT INTO post_tags VALUES (1, 3);"));
  REQUIRE(result.status.ok());
  REQUIRE(result.sink.posts.size() == 2);
  CHECK(result.sink.posts[0].post.id == 1);
  CHECK(result.sink.posts[0].post.tag_ids == std::vector<int64_t>{3});
  CHECK(result.sink.posts[1].post.tag_ids.empty());
}

TEST_CASE("numbers stored as text are numbers, and are ordered as such") {
  Reading reading;
  const std::string posts = R"(
    INSERT INTO posts VALUES ('1', '100', '00112233445566778899aabbccddeeff', 'safe', '10', '20', 'jpg',
                              '3000000000', 'http://x', '77');
    INSERT INTO posts VALUES ('2', '200', '', 'q', '0', '0', '', '0', '', '0');
    INSERT INTO posts VALUES ('3', '50', NULL, 'explicit', NULL, NULL, NULL, NULL, NULL, NULL);)";
  const std::string tags =
      "INSERT INTO tags VALUES ('1', 'one', '0'), ('2', 'two', 'artist'), ('3', 'three', '3'), ('4', 'four', '4');";
  CheckPosts(reading.ReadSql(absl::StrCat(
      kUntypedTables, tags, posts,
      "INSERT INTO post_tags VALUES ('100', '2'), (50, 4), ('100', 1), (100, '2'), ('50', '3'), ('100', 2);")));
  CheckPosts(reading.ReadSql(
      absl::StrCat(kUntypedTables, tags, posts,
                   "INSERT INTO post_tags VALUES ('1', '2'), ('3', 4), ('1', 1), (1, '2'), ('3', '3'), ('1', 2);")));
}

TEST_CASE("the table of tags is a list of tags when it has columns beyond those of the format") {
  Reading reading;
  CHECK(reading.ReadSql(absl::StrCat(kTables, kTags, kPosts)).sink.tags.empty());
  const ReadResult result = reading.ReadSql(absl::StrCat(
      kTables, kTags, kPosts, "ALTER TABLE tags ADD COLUMN wiki TEXT; UPDATE tags SET wiki = 'w' WHERE tag_id = 3;"));
  INFO(result.status.ToString());
  REQUIRE(result.status.ok());
  REQUIRE(result.sink.tags.size() == 4);
  CHECK(result.sink.tags[2].id == 3);
  CHECK(result.sink.tags[2].category == TagCategory::kCopyright);
  CHECK_FALSE(result.sink.tags[2].source_post_count.has_value());
  CHECK(result.sink.tags[2].extra_json == R"({"category":"copyright","wiki":"w"})");
  CHECK(result.sink.tags[3].extra_json == R"({"category":4})");
}

TEST_CASE("an md5 may be stored as its bytes, and whole reals are numbers") {
  Reading reading;
  const ReadResult result =
      reading.ReadSql(absl::StrCat(kUntypedTables, "INSERT INTO posts(id, post_id, md5, width) VALUES (1.0, 5.0, ",
                                   "x'00112233445566778899aabbccddeeff', 640.0);"));
  REQUIRE(result.status.ok());
  REQUIRE(result.sink.posts.size() == 1);
  CHECK(result.sink.posts[0].post.id == 5);
  CHECK(result.sink.posts[0].post.width_px == 640);
  CHECK((*result.sink.posts[0].post.md5)[15] == 0xFF);
}

TEST_CASE("columns beyond the format's are kept") {
  Reading reading;
  const ReadResult result = reading.ReadSql(
      absl::StrCat(kTables, "ALTER TABLE posts ADD COLUMN \"odd \"\"name\"; ALTER TABLE posts ADD COLUMN score;",
                   "INSERT INTO posts VALUES (9, 5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'a\"b', 12), ",
                   "(10, 6, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1.5, NULL);"));
  REQUIRE(result.status.ok());
  REQUIRE(result.sink.posts.size() == 2);
  CHECK(result.sink.posts[0].post.extra_json == R"({"id":9,"odd \"name":"a\"b","score":12})");
  CHECK(result.sink.posts[1].post.extra_json == R"({"id":10,"odd \"name":1.5})");
}

TEST_CASE("s is sensitive in a file that knows the rating general") {
  Reading reading;
  const std::string post = "INSERT INTO posts(id, post_id, rating) VALUES (1, 5, 's');";
  CHECK(reading.ReadSql(kTables + post).sink.posts.at(0).post.rating == Rating::kSafe);
  CHECK(
      reading.ReadSql(kTables + post + "INSERT INTO ratings VALUES ('general', '', 1);").sink.posts.at(0).post.rating ==
      Rating::kSensitive);
  const ReadResult by_posts =
      reading.ReadSql(kTables + post + "INSERT INTO posts(id, post_id, rating) VALUES (2, 6, 'g');");
  CHECK(by_posts.sink.posts.at(0).post.rating == Rating::kSensitive);
  CHECK(by_posts.sink.posts.at(1).post.rating == Rating::kGeneral);
}

TEST_CASE("bad rows are rejected by themselves, named, and the rest is read") {
  Reading reading;
  const ReadResult result = reading.ReadSql(absl::StrCat(kUntypedTables, R"(
    INSERT INTO tags VALUES (1, 'one', 0), (2, '', 0), (3, 'three', 2), (0, 'zero', 0), (1, 'again', 0);
    INSERT INTO posts(id, post_id, md5) VALUES (1, 10, 'short'), (2, NULL, NULL), (3, -5, NULL), (4, 40, NULL),
                                               (5, 50, NULL),
                                               (6, 60, NULL), (7, 'x70', NULL), (8, 80, NULL);
    UPDATE posts SET source = CAST(x'61ff' AS TEXT) WHERE id = 6;
    INSERT INTO post_tags VALUES (40, 99), (50, 1), (80, 'no number'), (NULL, 1);)"));
  INFO(result.status.ToString());
  REQUIRE(result.status.ok());
  REQUIRE(result.sink.posts.size() == 1);
  CHECK(result.sink.posts[0].post.id == 50);
  const auto has = [&](std::string_view field, std::string_view reason, int64_t line) {
    return std::any_of(result.sink.rejected.begin(), result.sink.rejected.end(), [&](const RejectedRecord& rejected) {
      return rejected.field == field && rejected.line == line && rejected.reason.find(reason) != std::string::npos;
    });
  };
  CHECK(has("tags.name", "is empty; a tag needs a name (tag 2)", 0));
  CHECK(has("tags.category", "is \"2\"", 0));
  CHECK(has("tags.tag_id", "is \"0\", out of range", 0));
  CHECK(has("tags.tag_id", "is 1, which another row has too", 0));
  CHECK(has("md5", "is \"short\"", 1));
  CHECK(has("post_id", "is missing", 2));
  CHECK(has("post_id", "is \"-5\", out of range", 3));
  CHECK(has("post_tags.tag_id", "is 99, which the table tags does not have", 4));
  CHECK(has("source", "is \"a\\xff\", which is not valid UTF-8", 6));
  CHECK(has("post_id", "is \"x70\"; a whole number was expected", 7));
  CHECK(has("post_tags.tag_id", "is \"no number\"", 8));
  CHECK(has("post_tags.post_id", "is null", 0));
  CHECK(result.sink.rejected.size() == 12);
}

TEST_CASE("two rows of one post are both handed on, with the same tags") {
  // The catalog tells that the id is there twice; see pipeline_test.cc.
  Reading reading;
  const ReadResult result = reading.ReadSql(absl::StrCat(kTables, kTags,
                                                         "INSERT INTO posts(id, post_id) VALUES (1, 10), (2, 10), (3, "
                                                         "30); INSERT INTO post_tags VALUES (10, 1), (30, 2);"));
  REQUIRE(result.status.ok());
  REQUIRE(result.sink.posts.size() == 3);
  CHECK(result.sink.posts[0].post.tag_ids == std::vector<int64_t>{1});
  CHECK(result.sink.posts[1].post.tag_ids == std::vector<int64_t>{1});
  CHECK(result.sink.posts[2].post.tag_ids == std::vector<int64_t>{2});
}

TEST_CASE("references to posts that are not there make the file invalid") {
  Reading reading;
  const ReadResult result =
      reading.ReadSql(absl::StrCat(kTables, kTags, kPosts, "INSERT INTO post_tags VALUES (100, 2), (7777, 1);"));
  CHECK(ReasonOf(result.status) == Reason::kFileInvalid);
  CHECK(std::string(result.status.message())
            .find("meta.sqlite3: post_tags.post_id refers to neither posts.post_id (which lacks 7777) nor posts.id") ==
        0);
  CHECK(MetadataOf(result.status).at("file") == "meta.sqlite3");
}

TEST_CASE("a count that differs from the file's own is reported") {
  Reading reading;
  const ReadResult result = reading.ReadSql(absl::StrCat(kTables, kPosts, "INSERT INTO stats VALUES (1, 4, 0, 0);"));
  REQUIRE(result.status.ok());
  CHECK(result.sink.posts.size() == 3);
  REQUIRE(result.sink.rejected.size() == 1);
  CHECK(result.sink.rejected[0].field == "stats.num_posts");
  CHECK(result.sink.rejected[0].reason == "is 4, but the table posts has 3 rows; the file may be incomplete");
}

TEST_CASE("a file of another schema is refused, and what it lacks is listed") {
  Reading reading;
  const ReadResult other = reading.ReadSql("CREATE TABLE Post(id, rating); CREATE TABLE tags(tag_id, name);");
  CHECK(ReasonOf(other.status) == Reason::kFileInvalid);
  CHECK(std::string(other.status.message())
            .find("meta.sqlite3: has no table posts, no column tags.category, no table post_tags. Is this a "
                  "danbooru-meta file?") == 0);
  CHECK(ReasonOf(reading.ReadSql("CREATE TABLE x(a)").status) == Reason::kFileInvalid);
}

TEST_CASE("views, generated columns and triggers are not taken for tables and never run") {
  Reading reading;
  // The view would run for ever, were it asked for a row.
  const std::string bomb = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT ";
  const ReadResult view = reading.ReadSql(absl::StrCat(kUntypedTables, "DROP TABLE posts; CREATE VIEW posts AS ", bomb,
                                                       "i AS id, i AS post_id, 1 AS md5, 1 AS rating, 1 AS width, 1 AS "
                                                       "height, 1 AS file_ext, 1 AS file_size, 1 AS source, ",
                                                       "1 AS pixiv_id FROM n;"));
  CHECK(ReasonOf(view.status) == Reason::kFileInvalid);
  CHECK(std::string(view.status.message()).find("no table posts") != std::string::npos);
  const ReadResult generated = reading.ReadSql(absl::StrCat(
      kUntypedTables, "DROP TABLE tags; CREATE TABLE tags(tag_id, category, name AS (hex(zeroblob(100000000))));",
      "INSERT INTO tags VALUES (1, 0);"));
  CHECK(ReasonOf(generated.status) == Reason::kFileInvalid);
  CHECK(std::string(generated.status.message()).find("no column tags.name") != std::string::npos);
}

TEST_CASE("a file in write-ahead mode is read as it is") {
  Reading reading;
  CheckPosts(reading.ReadSql(
      absl::StrCat("PRAGMA journal_mode=WAL;", kTables, kTags, kPosts,
                   "INSERT INTO post_tags VALUES (100, 2), (50, 4), (100, 1), (100, 2), (50, 3), (100, 2);")));
}

TEST_CASE("a damaged file is refused or read, never worse") {
  TemporaryFolder folder;
  std::string sql = absl::StrCat(kTables, kTags);
  for (int i = 1; i <= 300; ++i) {
    absl::StrAppend(&sql, "INSERT INTO posts(id, post_id, source) VALUES (", i, ",", 10 * i, ",'", std::string(50, 'x'),
                    "'); INSERT INTO post_tags VALUES (", 10 * i, ",", 1 + i % 4, ");");
  }
  const std::string bytes = MetaFile(sql, folder.path()).bytes();
  Reading reading;
  CHECK(reading.Read(bytes).sink.posts.size() == 300);
  // Cut at every page, and in the middle of one.
  for (size_t size = 512; size < bytes.size(); size += 4096) {
    CHECK(ReasonOf(reading.Read(bytes.substr(0, size)).status) == Reason::kFileInvalid);
  }
  int refused_count = 0;
  for (size_t page = 0; page < bytes.size(); page += 4096) {
    std::string damaged = bytes;
    // The b-tree header of the page; on the first page behind the file's own header.
    for (size_t i = 0; i < 8; ++i) damaged[page + (page == 0 ? 100 : 0) + i] = '\x5A';
    const ReadResult result = reading.Read(damaged);
    if (!result.status.ok()) {
      CHECK(ReasonOf(result.status) == Reason::kFileInvalid);
      ++refused_count;
    }
  }
  CHECK(refused_count == static_cast<int>(bytes.size() / 4096));
  CHECK(ReasonOf(reading.Read(std::string(100000, 'x')).status) == Reason::kFileInvalid);
}

TEST_CASE("a file over the limit is refused while it comes") {
  TemporaryFolder folder;
  const std::string bytes = MetaFile(absl::StrCat(kTables, kPosts), folder.path()).bytes();
  Reading reading;
  const ReadResult result = reading.Read(bytes, static_cast<int64_t>(bytes.size()) - 1);
  CHECK(ReasonOf(result.status) == Reason::kFileInvalid);
  CHECK(std::string(result.status.message()).find("is larger than") != std::string::npos);
  CHECK(reading.Read(bytes, static_cast<int64_t>(bytes.size())).status.ok());
}

TEST_CASE("a cancelled import stops within a long statement") {
  TemporaryFolder folder;
  // Enough rows that the check of the file alone takes longer than the time between two looks at the flag.
  const std::string bytes =
      MetaFile(absl::StrCat(kTables, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) ",
                            "INSERT INTO posts(id, post_id) SELECT i, i FROM n;"),
               folder.path())
          .bytes();
  Reading reading;
  reading.cancelled = true;
  const ReadResult result = reading.Read(bytes);
  CHECK(ReasonOf(result.status) == Reason::kCancelled);
  CHECK(result.sink.posts.empty());
}

}  // namespace
}  // namespace millrace
