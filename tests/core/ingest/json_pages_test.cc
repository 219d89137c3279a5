// Goal: pages of each board are read as the board means them, every quirk of its fields included, and what is wrong is
// named by record and field. Method: pages written by hand after the boards' (fixtures/*-pages), in pieces of several
// sizes.
#include "core/ingest/json_pages.h"

#include "core/base/error.h"
#include "tests/core/ingest/format_reading.h"

namespace millrace {
namespace {

TEST_CASE("Danbooru's pages: four ratings, negative scores, durations, and hidden pictures") {
  for (const size_t piece_bytes : {100000, 1000, 7, 1}) {
    const CollectingSink sink =
        Read(SourceFormat::kDanbooruPages, "p", Fixture("danbooru-pages/page1.json"), piece_bytes);
    REQUIRE(sink.posts.size() == 2);
    const Post& post = sink.posts[0].post;
    CHECK(sink.posts[0].line == 1);
    CHECK(post.id == 7000001);
    CHECK(post.created_at_us == 1704085198123000);
    CHECK(post.uploader_id == 42);
    CHECK(post.score == -2);
    CHECK(post.up_score == 1);
    CHECK(post.down_score == -3);
    CHECK(post.source == "https://example.net/\xC3\xA4");
    CHECK(post.rating == Rating::kGeneral);
    CHECK(post.favorite_count == 0);
    CHECK(post.duration_us == 12345678);
    CHECK(post.file_ext == "mp4");
    CHECK(post.parent_id == 6999999);
    CHECK(post.last_noted_at_us == 1704164645000000);
    CHECK(post.updated_at_us == 1704240000000000);
    CHECK(post.flags.Get(PostFlag::kHasChildren) == true);
    CHECK(TagWords(sink.posts[0]) == "general:1girl artist:painter");
    CHECK(post.extra_json ==
          R"({"bit_flags":0,"file_url":"https://example.net/x.mp4","has_active_children":true,"has_large":true,)"
          R"("has_visible_children":true,"last_comment_bumped_at":null,"media_asset":{"id":9,)"
          R"("md5":"ffeeddccbbaa99887766554433221100","status":"active","variants":[{"type":"180x180","width":180}]},)"
          R"("tag_count":2,"tag_count_general":1})");
    const Post& hidden = sink.posts[1].post;
    CHECK(hidden.rating == Rating::kSensitive);
    CHECK_FALSE(hidden.md5.has_value());
    CHECK_FALSE(hidden.duration_us.has_value());
    CHECK(hidden.extra_json.empty());
    CHECK(sink.posts[1].tags.empty());
    CheckRejected(sink, {{3, "image_width", "is \"wide\"; a whole number was expected", 7000003},
                         {4, "id", "is missing", {}},
                         {5, "", "is \"17\"; a JSON object was expected", {}}});
  }
}

TEST_CASE("e621's pages: nested groups, nine lists of tags, sources, and what is left of each is kept") {
  for (const size_t piece_bytes : {100000, 1000, 7, 1}) {
    const CollectingSink sink = Read(SourceFormat::kE621Pages, "p", Fixture("e621-pages/page1.json"), piece_bytes);
    REQUIRE(sink.posts.size() == 2);
    const Post& post = sink.posts[0].post;
    CHECK(post.id == 4000001);
    CHECK(post.created_at_us == 1704182645678000);
    CHECK(post.updated_at_us == 1706850000000000);
    CHECK(post.width_px == 1000);
    CHECK(post.height_px == 2000);
    CHECK(post.file_ext == "webm");
    CHECK(post.file_size_bytes == 987654);
    CHECK(post.md5 == kFixtureMd5);
    CHECK(post.up_score == 10);
    CHECK(post.down_score == -3);
    CHECK(post.score == 7);
    CHECK(post.rating == Rating::kSafe);
    CHECK(post.favorite_count == 12);
    CHECK(post.source == "https://example.net/1\nhttps://example.net/2");
    CHECK(post.pools == std::vector<Pool>{{5, ""}, {6, ""}});
    CHECK(post.parent_id == 3999999);
    CHECK(post.uploader_id == 77);
    CHECK(post.duration_us == 8500000);
    CHECK(post.flags.Get(PostFlag::kHasChildren) == true);
    CHECK(post.flags.Get(PostFlag::kDeleted) == true);
    CHECK(post.flags.Get(PostFlag::kNoteLocked) == true);
    CHECK(post.flags.Get(PostFlag::kRatingLocked) == false);
    CHECK(TagWords(sink.posts[0]) ==
          "general:outside general:tree artist:painter contributor:helper copyright:some_series character:hero "
          "species:fox invalid:typo meta:animated lore:young_(lore) unspecified:somebody");
    CHECK(
        post.extra_json ==
        R"({"change_seq":55,"comment_count":3,"description":"line\nline","file":{"url":"https://example.net/f.webm"},)"
        R"("has_notes":false,"is_favorited":false,"locked_tags":["outside"],"preview":{"height":150,)"
        R"("url":"https://example.net/p.jpg","width":75},"relationships":{"children":[4000002],)"
        R"("has_active_children":false},"sample":{"alternates":{},"has":true},"tags":{"director":["somebody"]}})");
    const Post& second = sink.posts[1].post;
    CHECK(second.source == "a\nb\n");
    CHECK(second.extra_json == R"({"file":{"url":null},"sources":["a\nb",""]})");
    CheckRejected(sink, {{3, "file.width", "is \"x\"; a whole number was expected", 4000003},
                         {4, "tags.general[1]", "is \"5\"; a tag's name was expected", 4000004},
                         {5, "score.up", "is there twice", 4000005},
                         {6, "flags.deleted", "is \"1\"; true, false", 4000006},
                         {7, "tags", "an object was expected", 4000007}});
  }
}

TEST_CASE("e621's posts may stand in a bare list, alone, or nowhere") {
  for (const std::string name : {"bare", "one"}) {
    const CollectingSink sink = Read(SourceFormat::kE621Pages, name, Fixture("e621-pages/" + name + ".json"), 5);
    CHECK(sink.rejected.empty());
    REQUIRE(sink.posts.size() == 1);
    CHECK(TagWords(sink.posts[0]) == "general:a");
  }
  CHECK(Read(SourceFormat::kE621Pages, "e", Fixture("e621-pages/empty.json")).posts.empty());
}

TEST_CASE("Moebooru's pages: epoch seconds, tags without categories, a status, deleted posts without URLs") {
  for (const size_t piece_bytes : {100000, 1000, 7, 1}) {
    const CollectingSink sink =
        Read(SourceFormat::kMoebooruPages, "p", Fixture("moebooru-pages/page1.json"), piece_bytes);
    REQUIRE(sink.posts.size() == 4);
    const Post& post = sink.posts[0].post;
    CHECK(post.id == 300001);
    CHECK(post.created_at_us == 1480158414000000);
    CHECK(post.updated_at_us == 1480158415000000);
    CHECK(post.uploader_id == 88);
    CHECK_FALSE(post.approver_id.has_value());
    CHECK(post.score == 4);
    CHECK(post.md5 == kFixtureMd5);
    CHECK(post.file_size_bytes == 5000);
    CHECK(post.file_ext == "png");
    CHECK(post.rating == Rating::kSafe);
    CHECK(post.width_px == 800);
    CHECK(post.height_px == 600);
    CHECK_FALSE(post.last_noted_at_us.has_value());
    CHECK(post.last_commented_at_us == 1480158500000000);
    CHECK(post.flags.Get(PostFlag::kHasChildren) == true);
    CHECK(post.flags.Get(PostFlag::kNoteLocked) == true);
    CHECK(post.flags.Get(PostFlag::kDeleted) == false);
    CHECK(TagWords(sink.posts[0]) == "unspecified:blue_sky unspecified:landscape unspecified:blue_sky");
    CHECK(post.extra_json ==
          R"({"author":"someone","change":1234,"file_url":"https://example.net/i.png","frames":[],"is_held":false,)"
          R"("is_shown_in_index":true})");
    const Post& deleted = sink.posts[1].post;
    CHECK(deleted.flags.Get(PostFlag::kDeleted) == true);
    CHECK(deleted.flags.Get(PostFlag::kPending) == false);
    CHECK(deleted.file_ext.empty());
    CHECK(deleted.parent_id == 300001);
    CHECK(deleted.rating == Rating::kQuestionable);
    CHECK(deleted.extra_json == R"({"author":"x"})");
    CHECK(sink.posts[2].post.file_ext == "JPG");
    CHECK(sink.posts[2].post.flags.Get(PostFlag::kPending) == true);
    // An unknown word of status is kept; an address without an extension gives none.
    CHECK(sink.posts[3].post.file_ext.empty());
    CHECK(sink.posts[3].post.flags.known == 0);
    CHECK(sink.posts[3].post.extra_json == R"({"author":"x","file_url":"https://example.net/a.b/c","status":"held"})");
    CheckRejected(sink, {{5, "created_at", "is \"yesterday\"; a time in seconds since 1970", 300005},
                         {6, "tags", "is a list; a single value was expected", 300006},
                         {7, "rating", "is \"g\"; s, q or e was expected", 300007}});
  }
}

TEST_CASE("Gelbooru's pages: words for ratings and flags, escaped tags, 0 for no parent, times of their own") {
  for (const size_t piece_bytes : {100000, 1000, 7, 1}) {
    const CollectingSink sink =
        Read(SourceFormat::kGelbooruPages, "p", Fixture("gelbooru-pages/page1.json"), piece_bytes);
    REQUIRE(sink.posts.size() == 4);
    const Post& post = sink.posts[0].post;
    CHECK(post.id == 9000001);
    CHECK(post.created_at_us == 1790412669000000);
    CHECK(post.score == 3);
    CHECK(post.width_px == 1024);
    CHECK(post.height_px == 768);
    CHECK(post.md5 == kFixtureMd5);
    CHECK(post.file_ext == "jpeg");
    CHECK(post.rating == Rating::kGeneral);
    // Only the names of tags are unescaped.
    CHECK(post.source == "https://example.net/?a=1&amp;b=2");
    CHECK(post.uploader_id == 6498);
    CHECK_FALSE(post.parent_id.has_value());
    CHECK(post.flags.Get(PostFlag::kHasChildren) == true);
    CHECK(post.flags.Get(PostFlag::kDeleted) == false);
    CHECK(TagWords(sink.posts[0]) ==
          "unspecified:1girl unspecified:rock_&_roll unspecified:<3 unspecified:d'artagnan unspecified:\"x\" "
          "unspecified:&hearts; unspecified:a&#32;b");
    CHECK(post.extra_json ==
          R"({"change":1790412669,"directory":"00/11","file_url":"https://example.net/i.jpeg","has_comments":"true",)"
          R"("has_notes":"false","image":"00112233445566778899aabbccddeeff.jpeg","owner":"danbooru","post_locked":0,)"
          R"("preview_height":187,"preview_url":"","preview_width":250,"sample":1,"sample_height":0,"sample_url":"",)"
          R"("sample_width":0,"title":""})");
    CHECK(sink.posts[1].post.id == 9000002);
    CHECK(sink.posts[1].post.rating == Rating::kSensitive);
    CHECK(sink.posts[1].post.parent_id == 9000001);
    CHECK(sink.posts[1].post.created_at_us == 1790467200000000);
    CHECK(sink.posts[1].post.flags.Get(PostFlag::kDeleted) == true);
    CHECK(sink.posts[1].post.flags.Get(PostFlag::kHasChildren) == false);
    CHECK(sink.posts[2].post.rating == Rating::kQuestionable);
    CHECK(sink.posts[3].post.rating == Rating::kExplicit);
    CheckRejected(sink, {{5, "rating", "is \"fine\"; g, s, q or e was expected", 9000005},
                         {6, "created_at", "a time such as \"Sat Sep 26 03:51:09 -0500 2026\" was expected", 9000006},
                         {7, "has_children", "is \"perhaps\"", 9000007}});
  }
}

TEST_CASE("Gelbooru's page may hold one post, none, or be a bare list with older names") {
  const CollectingSink single = Read(SourceFormat::kGelbooruPages, "s", Fixture("gelbooru-pages/single.json"), 3);
  REQUIRE(single.posts.size() == 1);
  CHECK(single.posts[0].post.id == 5);
  CHECK(single.posts[0].post.rating == Rating::kSafe);
  const CollectingSink empty = Read(SourceFormat::kGelbooruPages, "e", Fixture("gelbooru-pages/empty.json"), 3);
  CHECK(empty.posts.empty());
  CHECK(empty.rejected.empty());
  const CollectingSink older = Read(SourceFormat::kGelbooruPages, "o", Fixture("gelbooru-pages/older.json"), 3);
  REQUIRE(older.posts.size() == 1);
  CHECK(older.posts[0].post.md5 == kFixtureMd5);
  CHECK(older.posts[0].post.file_ext == "png");
  CHECK_FALSE(older.posts[0].post.score.has_value());
  CHECK(TagWords(older.posts[0]) == "unspecified:tree unspecified:hill");
}

TEST_CASE("a record that is too long is rejected by itself, and a cut page is refused") {
  CollectingSink sink;
  const std::string page =
      R"([{"id":1,"tag_string":"a"},{"id":2,"source":")" + std::string(5000, 'x') + R"("},{"id":3,"tag_string":"b"}])";
  REQUIRE(ReadInto(&sink, SourceFormat::kDanbooruPages, "p", page, 700, 1000).ok());
  CHECK(sink.posts.size() == 2);
  CheckRejected(sink, {{2, "", "is longer than 1000 bytes", {}}});
  CollectingSink cut;
  const absl::Status status = ReadInto(&cut, SourceFormat::kDanbooruPages, "p", page.substr(0, 40));
  CHECK(ReasonOf(status) == Reason::kFileInvalid);
  CHECK(status.message().find("p: ends within record 2") == 0);
  CHECK(MetadataOf(status)["offset"] == "40");
}

TEST_CASE("the reader of pages stops when the import is cancelled") {
  CollectingSink sink;
  sink.cancelled = true;
  CHECK(ReasonOf(ReadInto(&sink, SourceFormat::kE621Pages, "p", "[]")) == Reason::kCancelled);
}

TEST_CASE("Gelbooru's hash is the md5 when there is no other, and kept when it says something else") {
  const CollectingSink sink = Read(SourceFormat::kGelbooruPages, "p",
                                   R"([{"id":1,"hash":"00112233445566778899aabbccddeeff"},)"
                                   R"({"id":2,"hash":"x","md5":"00112233445566778899aabbccddeeff"},)"
                                   R"({"id":3,"md5":"00112233445566778899aabbccddeeff",)"
                                   R"("hash":"00112233445566778899aabbccddeeff"},{"id":4,"hash":"x"}])");
  REQUIRE(sink.posts.size() == 3);
  for (const auto& read : sink.posts) CHECK(read.post.md5 == kFixtureMd5);
  CHECK(sink.posts[0].post.extra_json.empty());
  CHECK(sink.posts[1].post.extra_json == R"({"hash":"x"})");
  CHECK(sink.posts[2].post.extra_json.empty());
  CheckRejected(sink, {{4, "hash", "is \"x\"; 32 hexadecimal digits were expected", 4}});
}

TEST_CASE("lists of tags that are null leave the whole one to tell the tags") {
  const CollectingSink sink =
      Read(SourceFormat::kDanbooruPages, "p", R"([{"id":1,"tag_string":"a b","tag_string_general":null}])");
  REQUIRE(sink.posts.size() == 1);
  CHECK(TagWords(sink.posts[0]) == "unspecified:a unspecified:b");
}

TEST_CASE("a duration is not negative") {
  const CollectingSink sink = Read(SourceFormat::kE621Pages, "p", R"([{"id":1,"duration":-0.5}])");
  CheckRejected(sink, {{1, "duration", "is \"-0.5\"; seconds such as", 1}});
}

}  // namespace
}  // namespace millrace
