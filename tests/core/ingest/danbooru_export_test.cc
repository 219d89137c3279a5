// Goal: every quirk of Danbooru's export of 2021 is read as the board means it, each kind of file for what it is, and
// what is wrong is named by line and field. Method: files written by hand after the export (fixtures/danbooru-export).
#include "core/ingest/danbooru_export.h"

#include "core/base/error.h"
#include "tests/core/ingest/format_reading.h"

namespace millrace {
namespace {

constexpr SourceFormat kFormat = SourceFormat::kDanbooruExport;

CollectingSink ReadFixture(const std::string& name, size_t piece_bytes = 1 << 16) {
  return Read(kFormat, name, Fixture("danbooru-export/" + name), piece_bytes);
}

TEST_CASE("posts of the export are read, with tags by name and keys missing") {
  for (const size_t piece_bytes : {100000, 1000, 7}) {
    const CollectingSink sink = ReadFixture("posts000000000000.json", piece_bytes);
    REQUIRE(sink.posts.size() == 4);
    const Post& post = sink.posts[0].post;
    CHECK(post.id == 3500674);
    CHECK(post.created_at_us == 1557576115123000);
    CHECK(post.uploader_id == 1);
    CHECK(post.score == 12);
    CHECK(post.source == "https://example.net/a");
    CHECK(post.md5.has_value());
    CHECK(post.rating == Rating::kSafe);
    CHECK(post.width_px == 1200);
    CHECK(post.height_px == 900);
    CHECK(post.favorite_count == 31);
    CHECK(post.file_ext == "jpg");
    CHECK_FALSE(post.last_noted_at_us.has_value());
    CHECK_FALSE(post.last_commented_at_us.has_value());
    CHECK_FALSE(post.parent_id.has_value());
    CHECK_FALSE(post.approver_id.has_value());
    CHECK_FALSE(post.duration_us.has_value());
    CHECK(post.file_size_bytes == 345678);
    CHECK(post.up_score == 13);
    CHECK(post.down_score == -1);
    CHECK(post.flags.Get(PostFlag::kHasChildren) == false);
    CHECK(post.flags.Get(PostFlag::kPending) == false);
    CHECK(post.flags.Get(PostFlag::kFlagged) == false);
    CHECK(post.flags.Get(PostFlag::kDeleted) == true);
    CHECK(post.flags.Get(PostFlag::kBanned) == false);
    CHECK_FALSE(post.flags.Get(PostFlag::kNoteLocked).has_value());
    CHECK(post.updated_at_us == 1638316799000000);
    CHECK(post.pixiv_id == 55);
    CHECK(TagWords(sink.posts[0]) ==
          "general:1girl general:hat_(blue) copyright:some_series artist:painter meta:official_art");
    CHECK(post.extra_json ==
          R"({"bit_flags":"2","has_active_children":false,"has_visible_children":true,"last_comment_bumped_at":null,)"
          R"("tag_count":"5","tag_count_general":"2"})");
    // A tag twice is for the sink to collapse; tag_string says the same and is not kept.
    CHECK(TagWords(sink.posts[1]) == "general:solo general:solo general:tree");
    CHECK(sink.posts[1].post.extra_json.empty());
    CHECK(TagWords(sink.posts[2]) == "unspecified:only_here unspecified:and_here");
    CHECK(sink.posts[2].line == 5);
    CHECK(TagWords(sink.posts[3]) == "general:one general:two");
    CHECK(sink.posts[3].post.extra_json == R"({"tag_string":"one two three"})");
    CheckRejected(sink, {{3, "id", "is missing; every post needs one", {}},
                         {7, "rating", "is \"g\"; s, q or e was expected", 6}});
  }
}

TEST_CASE("tags, artists, pools and aliases of the export come in files of their own") {
  const CollectingSink tags = ReadFixture("tags000000000000.json");
  REQUIRE(tags.tags.size() == 2);
  CHECK(tags.tags[0].id == 470575);
  CHECK(tags.tags[0].name == "1girl");
  CHECK(tags.tags[0].category == TagCategory::kGeneral);
  CHECK(tags.tags[0].source_post_count == 4000000);
  CHECK(tags.tags[0].is_deprecated == false);
  CHECK(tags.tags[1].id == 0);
  CHECK(tags.tags[1].category == TagCategory::kArtist);
  CHECK(tags.tags[1].is_deprecated == true);
  // Categories in the source's own words, and whatever else there is.
  CHECK(tags.tags[0].extra_json == R"({"category":"0","created_at":"2013-02-28 00:20:00 UTC",)"
                                   R"("updated_at":"2020-01-01 00:00:00 UTC","words":["1girl"]})");
  CHECK(tags.tags[1].extra_json == R"({"category":1})");
  CheckRejected(tags, {{3, "category", "is \"2\"; expected 0 (general)", {}}, {4, "name", "is missing", {}}});

  const CollectingSink uncategorized =
      Read(kFormat, "tags000000000000.json", R"({"name":"a","category":null,"post_count":-3})");
  REQUIRE(uncategorized.tags.size() == 1);
  CHECK(uncategorized.tags[0].source_post_count == -3);
  CHECK(uncategorized.tags[0].category == TagCategory::kUnspecified);
  CHECK(uncategorized.tags[0].extra_json.empty());
  const CollectingSink artists = ReadFixture("artists.json");
  REQUIRE(artists.artists.size() == 2);
  CHECK(artists.artists[0].id == 7);
  CHECK(artists.artists[0].name == "painter");
  CHECK(artists.artists[0].other_names == std::vector<std::string>{"the_painter", "\xE7\x94\xBB\xE5\xAE\xB6"});
  CHECK(artists.artists[0].extra_json ==
        R"({"created_at":"2013-02-28 00:20:00 UTC","group_name":"","is_banned":false,"is_deleted":false})");
  CHECK(artists.artists[1].other_names == std::vector<std::string>{"a", "b", "c"});
  CheckRejected(artists, {{3, "name", "is missing", {}}});

  const CollectingSink pools = ReadFixture("pools.json");
  REQUIRE(pools.pools.size() == 1);
  CHECK(pools.pools[0].id == 10);
  CHECK(pools.pools[0].name == "A_Story");
  CHECK(pools.pools[0].kind == "series");
  CHECK(pools.pools[0].is_deleted == true);
  CHECK(pools.pools[0].post_ids == std::vector<int64_t>{5, 2, 4});
  CHECK(pools.pools[0].extra_json == R"({"description":"one\ntwo","is_active":true})");
  CheckRejected(pools, {{2, "post_ids[0]", "is \"x\"; a whole number was expected", {}}});

  const CollectingSink aliases = ReadFixture("tag_aliases.json");
  REQUIRE(aliases.relations.size() == 1);
  CHECK(aliases.relations[0] == TagRelation{TagRelationKind::kAlias, "one_girl", "1girl", "active",
                                            R"({"created_at":"2013-02-28 00:20:00 UTC","id":"1"})"});
  CheckRejected(aliases, {{2, "consequent_name", "is empty", {}}});
  const CollectingSink implications =
      Read(kFormat, "Tag_Implications.json", Fixture("danbooru-export/tag_aliases.json"));
  CHECK(implications.relations.at(0).kind == TagRelationKind::kImplication);
  // The folder's name does not count where the file's own tells it, and else it does.
  for (const char* name : {"/data/alias_dump/tag_implications.json", "aliases/implications/2021.json"}) {
    INFO(name);
    CHECK(Read(kFormat, name, Fixture("danbooru-export/tag_aliases.json")).relations.at(0).kind ==
          TagRelationKind::kImplication);
  }
}

TEST_CASE("files that a dataset has no place for, or that do not tell what they hold, are refused") {
  CollectingSink sink;
  const absl::Status notes = ReadInto(&sink, kFormat, "notes.json", Fixture("danbooru-export/notes.json"));
  CHECK(ReasonOf(notes) == Reason::kFileInvalid);
  CHECK(notes.message().find("notes.json: holds notes or comments") == 0);
  const absl::Status wiki =
      ReadInto(&sink, kFormat, "wiki.json", R"({"id":1,"title":"a","body":"b","other_names":[]})");
  CHECK(wiki.message().find("wiki.json: holds wiki pages") == 0);
  const absl::Status both =
      ReadInto(&sink, kFormat, "aliases_and_implications.json", Fixture("danbooru-export/tag_aliases.json"));
  CHECK(ReasonOf(both) == Reason::kFileInvalid);
  const absl::Status relations = ReadInto(&sink, kFormat, "x.json", Fixture("danbooru-export/tag_aliases.json"));
  CHECK(ReasonOf(relations) == Reason::kFileInvalid);
  CHECK(MetadataOf(relations)["file"] == "x.json");
}

TEST_CASE("a wrong value of a list is named by field") {
  const auto reject = [](const std::string& name, const std::string& line, const std::string& field) {
    // The first line tells the kind of the file.
    const CollectingSink sink = Read(kFormat, "aliases", Fixture("danbooru-export/" + name) + line + "\n");
    INFO(line);
    REQUIRE_FALSE(sink.rejected.empty());
    CHECK(sink.rejected.back().field == field);
    CHECK_FALSE(sink.rejected.back().reason.empty());
  };
  reject("tags000000000000.json", R"({"id":0,"name":"a"})", "id");
  reject("tags000000000000.json", R"({"id":4611686018427387904,"name":"a"})", "id");
  reject("tags000000000000.json", R"({"name":5})", "name");
  reject("tags000000000000.json", R"({"name":"a\u0000b"})", "name");
  reject("tags000000000000.json", R"({"name":"a","post_count":"1.5"})", "post_count");
  reject("tags000000000000.json", R"({"name":"a","is_deprecated":"maybe"})", "is_deprecated");
  reject("tags000000000000.json", R"({"name":"a","name":"b"})", "name");
  reject("tags000000000000.json", R"({"name":"a","words":[1 2]})", "words");
  reject("tags000000000000.json", R"({"name":"a")", "");
  reject("tags000000000000.json", "[1]", "");
  reject("pools.json", R"({"name":"a"})", "id");
  reject("pools.json", R"({"id":1,"post_ids":"1 2"})", "post_ids");
  reject("pools.json", R"({"id":1,"is_deleted":3})", "is_deleted");
  // A key that is there twice, among few keys and among many.
  std::string many = R"({"name":"a")";
  for (int i = 0; i < 40; ++i) many += ",\"k" + std::to_string(i) + "\":1";
  reject("tags000000000000.json", R"({"name":"a","k1":1,"k1":1})", "k1");
  reject("tags000000000000.json", many + R"(,"k1":1})", "k1");
  reject("tags000000000000.json", many + R"(,"k39":1})", "k39");
  reject("artists.json", R"({"id":1,"name":"a","other_names":[5]})", "other_names[0]");
  reject("tag_aliases.json", R"({"antecedent_name":"a"})", "consequent_name");
  reject("tag_aliases.json", R"({"antecedent_name":"a","consequent_name":"b","status":1})", "status");
}

}  // namespace
}  // namespace millrace
