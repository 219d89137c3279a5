// Goal: every quirk of e621's exports is read as the board means it, in whatever order its columns stand, and what is
// wrong is named by file, line and field. Method: files written by hand after the exports (fixtures/e621-csv), in
// pieces of several sizes; bad files by hand.
#include "core/ingest/e621_csv.h"

#include <string>

#include "tests/core/ingest/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

constexpr int64_t kRecordSizeBytesMax = 1 << 20;

absl::Status ReadInto(CollectingSink* sink, std::string_view name, std::string_view text, size_t piece_bytes = 1000) {
  E621CsvReader reader(sink, kRecordSizeBytesMax);
  absl::Status status = reader.BeginFile(name);
  for (size_t i = 0; i < text.size() && status.ok(); i += piece_bytes) {
    status = reader.Write(text.substr(i, piece_bytes));
  }
  return status.ok() ? reader.EndFile() : status;
}

CollectingSink Read(std::string_view name, std::string_view text, size_t piece_bytes = 1000) {
  CollectingSink sink;
  const absl::Status status = ReadInto(&sink, name, text, piece_bytes);
  INFO(status.ToString());
  REQUIRE(status.ok());
  return sink;
}

std::string Fixture(const std::string& name) {
  return ReadWholeFile(std::string(MILLRACE_TEST_FIXTURES) + "/e621-csv/" + name);
}

std::vector<std::string> Names(const CollectingSink::Taken& taken) {
  std::vector<std::string> names;
  for (const Tag& tag : taken.tags) {
    CHECK(tag.id == 0);
    CHECK(tag.category == TagCategory::kUnspecified);
    names.push_back(tag.name);
  }
  return names;
}

constexpr int64_t kSecond = 1'000'000;

TEST_CASE("posts are read whole, however the file is cut") {
  for (const size_t piece_bytes : {1, 7, 100, 100000}) {
    const CollectingSink sink = Read("posts.csv", Fixture("posts-2026-09-01.csv"), piece_bytes);
    REQUIRE(sink.rejected.empty());
    REQUIRE(sink.posts.size() == 3);

    Post first;
    first.id = 14;
    first.uploader_id = 2;
    first.created_at_us = 1'171'117'297 * kSecond + 123'456;
    first.md5 = Md5{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
    first.source = "https://example.org/a\nhttps://example.org/b";
    first.rating = Rating::kSafe;
    first.width_px = 600;
    first.height_px = 800;
    first.favorite_count = 102;
    first.file_ext = "jpg";
    first.file_size_bytes = 123456;
    first.updated_at_us = 1'589'710'272 * kSecond;
    first.score = 40;
    first.up_score = 45;
    first.down_score = -5;
    first.flags.Set(PostFlag::kDeleted, false);
    first.flags.Set(PostFlag::kPending, false);
    first.flags.Set(PostFlag::kFlagged, false);
    first.flags.Set(PostFlag::kRatingLocked, true);
    first.flags.Set(PostFlag::kStatusLocked, false);
    first.flags.Set(PostFlag::kNoteLocked, false);
    first.extra_json =
        R"({"change_seq":38204,"comment_count":7,"description":"First line,\nsecond \"quoted\" line\n"})";
    CHECK(sink.posts[0].post == first);
    CHECK(sink.posts[0].line == 2);
    CHECK(Names(sink.posts[0]) == std::vector<std::string>{"canine", "fox", "male", "solo"});

    const Post& second = sink.posts[1].post;
    CHECK(sink.posts[1].line == 6);
    CHECK(second.rating == Rating::kQuestionable);
    CHECK(second.duration_us == 12'345'000);
    CHECK(second.favorite_count == 0);
    CHECK(second.file_size_bytes == 5'000'000'000);
    CHECK(second.parent_id == 14);
    CHECK(second.approver_id == 9);
    CHECK(second.flags.Get(PostFlag::kDeleted) == true);
    // Null is absent; empty text in quotes is empty text.
    CHECK_FALSE(second.uploader_id.has_value());
    CHECK_FALSE(second.updated_at_us.has_value());
    CHECK(second.extra_json ==
          R"({"bg_color":"00FF00","change_seq":39000,"comment_count":0,"description":"","locked_tags":"-male"})");

    const Post& third = sink.posts[2].post;
    CHECK(third.created_at_us == 1'171'242'123 * kSecond + 500'000);
    CHECK(third.source == "say \"hi\"");
    CHECK_FALSE(third.md5.has_value());
    CHECK_FALSE(third.favorite_count.has_value());
    CHECK_FALSE(third.flags.Get(PostFlag::kDeleted).has_value());
    CHECK(sink.posts[2].tags.empty());
    CHECK(third.extra_json == R"({"change_seq":1})");
  }
}

TEST_CASE("columns may stand in any order, and unknown ones are kept under their names") {
  const CollectingSink sink = Read("posts.csv",
                                   "zeta,tag_string,alpha,id,empty\n"
                                   "\"1\",\"a  b a\",\"q\"\"uote\",7,\n");
  REQUIRE(sink.posts.size() == 1);
  CHECK(sink.posts[0].post.id == 7);
  CHECK(sink.posts[0].post.extra_json == R"({"alpha":"q\"uote","zeta":"1"})");
  CHECK(Names(sink.posts[0]) == std::vector<std::string>{"a", "b", "a"});
}

TEST_CASE("tags come with the board's ids, categories and counts") {
  const CollectingSink sink = Read("x.csv", Fixture("tags-2026-09-01.csv"));
  REQUIRE(sink.rejected.empty());
  REQUIRE(sink.tags.size() == 13);
  CHECK(sink.tags[0].id == 1);
  CHECK(sink.tags[0].name == "canine");
  CHECK(sink.tags[0].category == TagCategory::kSpecies);
  CHECK(sink.tags[0].source_post_count == 1000);
  std::vector<TagCategory> categories;
  for (size_t i = 5; i < 12; ++i) categories.push_back(sink.tags[i].category);
  CHECK(categories == std::vector<TagCategory>{TagCategory::kMeta, TagCategory::kArtist, TagCategory::kContributor,
                                               TagCategory::kCopyright, TagCategory::kCharacter, TagCategory::kInvalid,
                                               TagCategory::kLore});
  // As the board says it, slips below zero included.
  CHECK(sink.tags[11].source_post_count == -1);
  CHECK(sink.tags[0].extra_json == R"({"category":5})");
  CHECK(sink.tags[12].name == "comma,tag");
}

TEST_CASE("columns of tags that nobody knows are kept under their names") {
  const CollectingSink sink = Read("tags.csv",
                                   "updated_at,id,name,category,post_count,is_locked\n"
                                   "2024-01-01 00:00:00,1,a,8,3,f\n"
                                   ",2,b,,,\n");
  REQUIRE(sink.rejected.empty());
  REQUIRE(sink.tags.size() == 2);
  CHECK(sink.tags[0].extra_json == R"({"category":8,"is_locked":"f","updated_at":"2024-01-01 00:00:00"})");
  CHECK(sink.tags[1].category == TagCategory::kUnspecified);
  CHECK_FALSE(sink.tags[1].source_post_count.has_value());
  CHECK(sink.tags[1].extra_json.empty());
}

TEST_CASE("relations of every status are handed over; the file's name tells which kind they are") {
  const CollectingSink aliases = Read("tag_aliases-2026-09-01.csv.gz", Fixture("tag_aliases-2026-09-01.csv"));
  REQUIRE(aliases.relations.size() == 3);
  CHECK(aliases.relations[0] == TagRelation{TagRelationKind::kAlias, "foxes", "fox", "active",
                                            R"({"created_at":"2008-01-01 00:00:00","id":1})"});
  CHECK(aliases.relations[1] == TagRelation{TagRelationKind::kAlias, "vixens", "female", "deleted", R"({"id":2})"});
  const CollectingSink implications = Read("Tag_Implications.csv", Fixture("tag_implications-2026-09-01.csv"));
  REQUIRE(implications.relations.size() == 1);
  CHECK(implications.relations[0] == TagRelation{TagRelationKind::kImplication, "fox", "canine", "active",
                                                 R"({"created_at":"2008-01-01 00:00:00","id":7})"});
  CollectingSink sink;
  const absl::Status status = ReadInto(&sink, "standard input", Fixture("tag_aliases-2026-09-01.csv"));
  CHECK(ReasonOf(status) == Reason::kFileInvalid);
  CHECK(std::string(status.message()).find("either `alias` or `implication`") != std::string::npos);
}

TEST_CASE("pools keep the order of their posts") {
  const CollectingSink sink = Read("pools.csv", Fixture("pools-2026-09-01.csv"));
  REQUIRE(sink.rejected.empty());
  REQUIRE(sink.pools.size() == 2);
  CHECK(sink.pools[0].id == 5);
  CHECK(sink.pools[0].name == "A_story");
  CHECK(sink.pools[0].kind == "series");
  CHECK(sink.pools[0].post_ids == std::vector<int64_t>{15, 14});
  CHECK(sink.pools[0].extra_json ==
        "{\"created_at\":\"2010-01-01 00:00:00\",\"creator_id\":2,"
        "\"description\":\"Told in\\ntwo parts\",\"is_active\":\"t\","
        "\"updated_at\":\"2011-01-01 00:00:00\"}");
  CHECK(sink.pools[1].post_ids.empty());
}

TEST_CASE("a record that cannot be taken is rejected by itself, with its line, field and reason") {
  struct Case {
    const char* record;
    const char* field;
    const char* reason;
  };
  const Case cases[] = {
      {"x,a,s,,,", "id", "is \"x\"; a whole number was expected"},
      {",a,s,,,", "id", "is missing"},
      {"1,a,g,,,", "rating", "is \"g\"; s, q or e was expected"},
      {"1,a,s,soon,,", "created_at", "is \"soon\"; a time such as"},
      {"1,a,s,,-1,", "fav_count", "is \"-1\", out of range"},
      {"1,a,s,,,1e3", "duration", "is \"1e3\"; seconds such as"},
      {"1,a,s", "", "has 3 fields, and the first line names 6 columns"},
      {"1,a\xFF,s,,,", "", "is not valid UTF-8"},
  };
  for (const Case& bad : cases) {
    const CollectingSink sink =
        Read("posts.csv", std::string("id,tag_string,rating,created_at,fav_count,duration\n9,\"a\nb\",s,,,\n") +
                              bad.record + "\n8,c,e,,,\n");
    INFO(bad.record);
    CHECK(sink.posts.size() == 2);
    REQUIRE(sink.rejected.size() == 1);
    CHECK(sink.rejected[0].line == 4);
    CHECK(sink.rejected[0].field == bad.field);
    CHECK(sink.rejected[0].reason.find(bad.reason) == 0);
    const bool has_id = std::string(bad.field) != "id" && std::string(bad.field) != "";
    CHECK(sink.rejected[0].post_id == (has_id ? std::optional<int64_t>(1) : std::nullopt));
  }
  CHECK(Read("t.csv", "id,name,category,post_count\n1,a,9,0\n").rejected.at(0).field == "category");
  CHECK(Read("t.csv", "id,name,category,post_count\n1,,0,0\n").rejected.at(0).field == "name");
  CHECK(Read("p.csv", "id,name,post_ids\n1,a,\"{1,x}\"\n").rejected.at(0).reason.find("holds a value, number 2") == 0);
  CHECK(Read("p.csv", "id,name,post_ids\n1,a,1\n").rejected.at(0).field == "post_ids");
}

TEST_CASE("what is no export ends the import and says what was found") {
  const auto message = [](std::string_view text) {
    CollectingSink sink;
    const absl::Status status = ReadInto(&sink, "f.csv", text);
    CHECK(ReasonOf(status) == Reason::kFileInvalid);
    CHECK(MetadataOf(status)["file"] == "f.csv");
    return std::string(status.message());
  };
  CHECK(message("") == "f.csv, line 1: the file is empty; an export begins with a line that names its columns.");
  CHECK(message("id,title,body\n").find("holds wiki pages") != std::string::npos);
  CHECK(message("id,title,text\n").find("which are the columns of no table that is imported") != std::string::npos);
  CHECK(message("id,tag_string,id\n").find("names the column \"id\" twice") != std::string::npos);
  CHECK(message("id,tag_string\n1,\"a\nb\"c\n").find("f.csv, line 3, field 2: text stands behind") == 0);
  CHECK(message("id,tag_string\n1,\"a\n").find("f.csv, line 2, field 2: a quoted field does not end") == 0);
}

TEST_CASE("a reader stops when the import is cancelled") {
  CollectingSink sink;
  sink.cancelled = true;
  CHECK(ReasonOf(ReadInto(&sink, "posts.csv", "id,tag_string\n1,a\n")) == Reason::kCancelled);
}

}  // namespace
}  // namespace millrace
