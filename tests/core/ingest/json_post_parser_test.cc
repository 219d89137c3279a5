// Goal: a line of a Danbooru dump becomes exactly the post that it tells, and a bad one is rejected with its field, a
// reason that shows the value, and the post's id when it can be read.
// Method: records that differ from a good one in one thing; the padding behind a line is filled with what would
// mislead.
#include "core/ingest/json_post_parser.h"

#include <string>
#include <vector>

#include "tests/support/catch.h"

namespace millrace {
namespace {

// Keeps the bytes that the parser's post and tags refer to.
class Parsed {
 public:
  explicit Parsed(std::string_view line) : bytes_(line) {
    const size_t size = bytes_.size();
    bytes_ += "\n" + std::string(JsonPostParser::kPaddingBytes, '}');
    is_good_ = parser_.Parse(std::string_view(bytes_).substr(0, size));
  }
  bool is_good() const { return is_good_; }
  const Post& post() const { return parser_.post(); }
  const JsonPostParser& parser() const { return parser_; }
  const RejectedRecord& rejected() const { return parser_.rejected(); }

 private:
  std::string bytes_;
  JsonPostParser parser_{DanbooruJsonlSchema()};
  bool is_good_ = false;
};

void CheckRejected(const std::string& line, const std::string& field, const std::string& part_of_reason) {
  INFO(line);
  const Parsed parsed(line);
  REQUIRE_FALSE(parsed.is_good());
  CHECK(parsed.rejected().field == field);
  INFO(parsed.rejected().reason);
  CHECK(parsed.rejected().reason.find(part_of_reason) != std::string::npos);
}

// {"id":"7", plus one field.
std::string With(const std::string& field) { return R"({"id":"7",)" + field + "}"; }

TEST_CASE("every field of the dump has its place") {
  const Parsed parsed(
      R"({"id":"263167","created_at":"2016-06-05 06:06:06.12345 UTC","uploader_id":"11","score":"-3",)"
      R"("source":"http://x/\u00e4\"b","md5":"00112233445566778899aAbBcCdDeEfF",)"
      R"("last_commented_at":"2016-06-05 06:06:07 UTC",)"
      R"("rating":"q","image_width":"744","image_height":"1052","is_note_locked":true,"file_ext":"jpg",)"
      R"("last_noted_at":"2016-06-05 06:06:08 UTC","is_rating_locked":"true","parent_id":"12","has_children":"t",)"
      R"("approver_id":"13","file_size":"51720","is_status_locked":"f","up_score":"2","down_score":"-5",)"
      R"("is_pending":false,"is_flagged":"false","is_deleted":true,"updated_at":"2016-06-05 06:06:09 UTC",)"
      R"("is_banned":false,"pixiv_id":"9876543210","tags":[{"id":"20","name":"b","category":"4"},)"
      R"({"id":"3","name":"a\u00e4","category":"0"}],"pools":["10152","4162","series","collection"],)"
      R"("favs":["5","4","5"]})");
  REQUIRE(parsed.is_good());
  const Post& post = parsed.post();
  CHECK(post.id == 263167);
  CHECK(post.created_at_us == 1465106766123450);
  CHECK(post.uploader_id == 11);
  CHECK(post.score == -3);
  CHECK(post.source == "http://x/\xC3\xA4\"b");
  CHECK(post.md5 ==
        Md5{0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF});
  CHECK(post.last_commented_at_us == 1465106767000000);
  CHECK(post.rating == Rating::kQuestionable);
  CHECK(post.width_px == 744);
  CHECK(post.height_px == 1052);
  CHECK(post.file_ext == "jpg");
  CHECK(post.last_noted_at_us == 1465106768000000);
  CHECK(post.parent_id == 12);
  CHECK(post.approver_id == 13);
  CHECK(post.file_size_bytes == 51720);
  CHECK(post.up_score == 2);
  CHECK(post.down_score == -5);
  CHECK(post.updated_at_us == 1465106769000000);
  CHECK(post.pixiv_id == 9876543210);
  CHECK(post.flags.known == 0xFF);
  CHECK(post.flags.Get(PostFlag::kNoteLocked) == true);
  CHECK(post.flags.Get(PostFlag::kRatingLocked) == true);
  CHECK(post.flags.Get(PostFlag::kHasChildren) == true);
  CHECK(post.flags.Get(PostFlag::kDeleted) == true);
  CHECK(post.flags.Get(PostFlag::kStatusLocked) == false);
  CHECK(post.flags.Get(PostFlag::kPending) == false);
  CHECK(post.flags.Get(PostFlag::kFlagged) == false);
  CHECK(post.flags.Get(PostFlag::kBanned) == false);
  CHECK(post.tag_ids == std::vector<int64_t>{3, 20});
  CHECK(parsed.parser().tags()[0].name == "a\xC3\xA4");
  CHECK(parsed.parser().tags()[0].category == TagCategory::kGeneral);
  CHECK(parsed.parser().tags()[1].category == TagCategory::kCharacter);
  CHECK(post.pools == std::vector<Pool>{{10152, "series"}, {4162, "collection"}});
  CHECK(post.favorite_user_ids == std::vector<int64_t>{5, 4, 5});
  CHECK(post.extra_json.empty());
}

TEST_CASE("numbers may be JSON numbers and the order of fields does not matter") {
  const Parsed parsed(
      R"( { "tags" : [ {"category":1, "name":"x", "id":9} ] , "score" : -7 , "file_size":3000000000, "id" : 5 } )");
  REQUIRE(parsed.is_good());
  CHECK(parsed.post().id == 5);
  CHECK(parsed.post().score == -7);
  CHECK(parsed.post().file_size_bytes == 3000000000);
  CHECK(parsed.parser().tags()[0].category == TagCategory::kArtist);
}

TEST_CASE("words for none are absent, and a score of 0 is a score") {
  Post nothing;
  nothing.id = 7;
  for (const char* none : {"\"0\"", "0", "\"\"", "null"}) {
    for (const char* field :
         {"image_width", "image_height", "file_size", "parent_id", "pixiv_id", "uploader_id", "approver_id"}) {
      const Parsed parsed(With(std::string("\"") + field + "\":" + none));
      REQUIRE(parsed.is_good());
      CHECK(parsed.post() == nothing);
    }
  }
  for (const char* field : {R"("created_at":"1970-01-01 00:00:00 UTC")",
                            R"("updated_at":"0")",
                            R"("last_noted_at":"")",
                            R"("last_commented_at":null)",
                            R"("md5":"")",
                            R"("md5":null)",
                            R"("md5":"0")",
                            R"("source":"")",
                            R"("source":null)",
                            R"("rating":"")",
                            R"("rating":null)",
                            R"("file_ext":null)",
                            R"("score":"")",
                            R"("score":null)",
                            R"("is_deleted":null)",
                            R"("is_deleted":"")",
                            R"("tags":[])",
                            R"("tags":null)",
                            R"("pools":null)",
                            R"("favs":null)",
                            R"("pools":[],"favs":[])"}) {
    INFO(field);
    const Parsed parsed(With(field));
    REQUIRE(parsed.is_good());
    CHECK(parsed.post() == nothing);
  }
  CHECK(Parsed(With(R"("score":"0","up_score":0,"down_score":"-0")")).post().score == 0);
  CHECK(Parsed(With(R"("score":"0","up_score":0,"down_score":"-0")")).post().up_score == 0);
  CHECK(Parsed(With(R"("score":"0","up_score":0,"down_score":"-0")")).post().down_score == 0);
}

TEST_CASE("ratings are of the three-step scheme") {
  CHECK(Parsed(With(R"("rating":"s")")).post().rating == Rating::kSafe);
  CHECK(Parsed(With(R"("rating":"q")")).post().rating == Rating::kQuestionable);
  CHECK(Parsed(With(R"("rating":"e")")).post().rating == Rating::kExplicit);
  CheckRejected(With(R"("rating":"g")"), "rating", "is \"g\"; s, q or e was expected");
  CheckRejected(With(R"("rating":"S")"), "rating", "\"S\"");
  CheckRejected(With(R"("rating":1)"), "rating", "\"1\"");
}

TEST_CASE("tags collapse when repeated and are counted; the last one told stands") {
  const Parsed parsed(With(R"("tags":[{"id":"5","name":"old","category":"0"},{"id":"2","name":"x","category":"0"},)"
                           R"({"id":"5","name":"mid","category":"0"},{"id":"5","name":"new","category":"5"}])"));
  REQUIRE(parsed.is_good());
  CHECK(parsed.post().tag_ids == std::vector<int64_t>{2, 5});
  CHECK(parsed.parser().duplicate_tag_count() == 2);
  CHECK(parsed.parser().tags()[1].name == "new");
  CHECK(parsed.parser().tags()[1].category == TagCategory::kMeta);
}

TEST_CASE("unknown fields are kept in one form whatever the order") {
  const char* const expected = R"({"a":[1,{"x":1.50,"y":null}],"b\"":"ä/","z":true})";
  CHECK(Parsed(R"({"z": true, "id":"7", "b\"":"\u00e4\/","a":[ 1, {"y":null,"x":1.50} ]})").post().extra_json ==
        expected);
  CHECK(Parsed(R"({"a":[1,{"x":1.50,"y":null}],"b\u0022":"ä/","id":"7","z":true})").post().extra_json == expected);
}

TEST_CASE("unknown fields of tags are kept with the list") {
  const Parsed parsed(With(R"("tags":[{"id":"1","name":"\u0061","category":"0","count":"12"}],"z":1)"));
  REQUIRE(parsed.is_good());
  CHECK(parsed.post().extra_json == R"({"tags":[{"category":"0","count":"12","id":"1","name":"a"}],"z":1})");
  CHECK(parsed.parser().tags()[0].name == "a");
}

TEST_CASE("unknown fields are checked although nothing else reads them") {
  CheckRejected(With(R"("x":[1 2])"), "x", "not valid JSON");
  CheckRejected(With(R"("x":tru)"), "x", "\"tru\"");
  CheckRejected(With(R"("x":01)"), "x", "\"01\"");
  CheckRejected(With(R"("x":"\ud800")"), "x", "broken escape");
  CheckRejected(With(R"("x":{"a":1,"a":2})"), "x", "has the key \"a\" twice");
  CheckRejected(With(R"("x":1,"x":1)"), "", "has the key \"x\" twice");
  CheckRejected(With("\"x\":" + std::string(40, '[') + std::string(40, ']')), "x", "nested deeper than 32");
  CheckRejected(With("\"x\":" + std::string(5000, '[') + std::string(5000, ']')), "x", "nested deeper than 32");
  CheckRejected(With(R"("tags":[{"id":1,"name":"a","more":[1 2]}])"), "tags", "not valid JSON");
}

TEST_CASE("a record needs an id") {
  CheckRejected("{}", "id", "is missing");
  CheckRejected(R"({"score":"1"})", "id", "is missing");
  CheckRejected(R"({"id":null})", "id", "is missing");
  CheckRejected(R"({"id":""})", "id", "is missing");
  CheckRejected(R"({"id":"0"})", "id", "is \"0\", out of range; expected 1 to 9223372036854775807");
  CheckRejected(R"({"id":-4})", "id", "is \"-4\", out of range");
  CheckRejected(R"({"id":"9223372036854775808"})", "id", "out of range");
  CheckRejected(R"({"id":92233720368547758080})", "id", "out of range");
  CheckRejected(R"({"id":"12a"})", "id", "is \"12a\"; a whole number was expected");
  CheckRejected(R"({"id":1.5})", "id", "is \"1.5\"; a whole number was expected");
  CheckRejected(R"({"id":1e3})", "id", "a whole number was expected");
  CheckRejected(R"({"id":true})", "id", "is true; a whole number was expected");
  CheckRejected(R"({"id":["1"]})", "id", "is a list; a single value was expected");
  CheckRejected(R"({"id":{"x":1}})", "id", "is an object; a single value was expected");
  CheckRejected(R"({"id":01})", "id", "not valid JSON");
  CheckRejected(R"({"id":"1","id":"2"})", "id", "is there twice");
  CheckRejected(R"({"i\u0064":"1"})", "id", "is written with escapes");
}

TEST_CASE("numbers are checked against their range") {
  CheckRejected(With(R"("image_width":"2147483648")"), "image_width",
                "is \"2147483648\", out of range; expected 0 to 2147483647");
  CheckRejected(With(R"("image_width":"-1")"), "image_width", "out of range");
  CheckRejected(With(R"("image_height":-5)"), "image_height", "out of range");
  CheckRejected(With(R"("file_size":"-1")"), "file_size", "out of range");
  CheckRejected(With(R"("file_size":"99999999999999999999")"), "file_size", "out of range");
  CheckRejected(With(R"("score":"2147483648")"), "score", "out of range; expected -2147483648 to 2147483647");
  CheckRejected(With(R"("score":" 1")"), "score", "a whole number was expected");
  CheckRejected(With(R"("score":"+1")"), "score", "a whole number was expected");
  CheckRejected(With(R"("score":"many")"), "score", "is \"many\"");
  CheckRejected(With(R"("parent_id":"-2")"), "parent_id", "out of range");
  CheckRejected(With(R"("pixiv_id":false)"), "pixiv_id", "is false");
}

TEST_CASE("texts, times and flags are checked") {
  CheckRejected(With(R"("md5":"00112233")"), "md5", "is \"00112233\"; 32 hexadecimal digits were expected");
  CheckRejected(With(R"("md5":"g0112233445566778899aabbccddeeff")"), "md5", "32 hexadecimal digits");
  CheckRejected(With(R"("created_at":"yesterday")"), "created_at", "is \"yesterday\"; a time such as");
  CheckRejected(With(R"("created_at":1465106766)"), "created_at", "a time such as");
  CheckRejected(With(R"("source":5)"), "source", "text was expected");
  CheckRejected(With(R"("source":"a\u0000b")"), "source", "a NUL character");
  CheckRejected(With(R"("source":"\ud800")"), "source", "broken escape");
  CheckRejected(With(R"("source":"\x")"), "source", "broken escape");
  CheckRejected(With(R"("file_ext":"../../etc/passwd")"), "file_ext", "letters and digits were expected");
  CheckRejected(With(R"("is_deleted":"maybe")"), "is_deleted", "is \"maybe\"; true, false");
  CheckRejected(With(R"("is_deleted":1)"), "is_deleted", "is \"1\"");
}

TEST_CASE("tags are checked, and the reason tells which") {
  const std::string good = R"({"id":"1","name":"a","category":"0"},)";
  const auto tags = [&](const std::string& tag) { return With("\"tags\":[" + good + tag + "]"); };
  CheckRejected(With(R"("tags":"a b c")"), "tags", "is \"\\\"a b c\\\"\"; a list was expected");
  CheckRejected(With(R"("tags":{"id":1})"), "tags", "a list was expected");
  CheckRejected(tags("5"), "tags[1]", "an object {id, name, category} was expected");
  CheckRejected(tags(R"({"name":"b"})"), "tags[1].id", "is missing");
  CheckRejected(tags(R"({"id":"0","name":"b"})"), "tags[1].id", "out of range");
  CheckRejected(tags(R"({"id":"2"})"), "tags[1].name", "is missing");
  CheckRejected(tags(R"({"id":"2","name":""})"), "tags[1].name", "is empty");
  CheckRejected(tags(R"({"id":"2","name":null})"), "tags[1].name", "is null; text was expected");
  CheckRejected(tags(R"({"id":"2","name":3})"), "tags[1].name", "text was expected");
  CheckRejected(tags(R"({"id":"2","name":["b"]})"), "tags[1].name", "is a list");
  CheckRejected(tags(R"({"id":"2","name":"a\u0000"})"), "tags[1].name", "a NUL character");
  CheckRejected(tags(R"({"id":"2","name":")" + std::string(1025, 'x') + "\"}"), "tags[1].name", "is 1025 bytes long");
  CheckRejected(tags(R"({"id":"2","name":"b","category":"2"})"), "tags[1].category",
                "is \"2\"; expected 0 (general), 1 (artist)");
  CheckRejected(tags(R"({"id":"2","name":"b","category":-1})"), "tags[1].category", "is \"-1\"");
  CheckRejected(tags(R"({"id":"2","name":"b","name":"c"})"), "tags[1].name", "is there twice");
  const Parsed without_category(tags(R"({"id":"2","name":"b"})"));
  REQUIRE(without_category.is_good());
  CHECK(without_category.parser().tags()[1].category == TagCategory::kUnspecified);
}

TEST_CASE("pools are ids followed by as many kinds, and favs are ids") {
  CheckRejected(With(R"("pools":["1"])"), "pools", "has 1 entries");
  CheckRejected(With(R"("pools":["1","2"])"), "pools[1]", "is \"2\", no kind of pool");
  CheckRejected(With(R"("pools":["1","series","2","series"])"), "pools[2]", "is \"2\", no kind of pool");
  CheckRejected(With(R"("pools":["0","series"])"), "pools[0]", "no positive id");
  CheckRejected(With(R"("pools":["series","1"])"), "pools[0]", "is \"series\", no positive id");
  CheckRejected(With(R"("pools":["1",""])"), "pools[1]", "no kind of pool");
  CheckRejected(With(R"("pools":"1 series")"), "pools", "a list was expected");
  CheckRejected(With(R"("pools":[["1"],"series"])"), "pools", "is a list");
  CheckRejected(With(R"("favs":["5","x"])"), "favs[1]", "is \"x\"; a whole number was expected");
  CheckRejected(With(R"("favs":["0"])"), "favs[0]", "out of range");
  CheckRejected(With(R"("favs":7)"), "favs", "a list was expected");
  CHECK(Parsed(With(R"("pools":[12,"series"])")).post().pools == std::vector<Pool>{{12, "series"}});
}

TEST_CASE("a record of another list is no post, though it has an id") {
  const auto reject = [](const JsonPostSchema& schema, std::string record, const std::string& key) {
    INFO(record);
    JsonPostParser parser(schema);
    const size_t size = record.size();
    record += std::string(JsonPostParser::kPaddingBytes, ' ');
    REQUIRE_FALSE(parser.Parse(std::string_view(record).substr(0, size)));
    CHECK(parser.rejected().field.empty());
    CHECK(parser.rejected().reason.find("has \"" + key + "\" and nothing that only posts have") == 0);
    CHECK(parser.rejected().post_id.has_value());
  };
  const std::string tag = R"({"id":1,"name":"a","post_count":4,"category":0,"is_deprecated":false})";
  reject(DanbooruPagesSchema(), tag, "name");
  reject(E621PagesSchema(), tag, "name");
  reject(MoebooruPagesSchema(), R"({"id":77,"name":"a","count":3,"type":0,"ambiguous":false})", "name");
  reject(GelbooruPagesSchema(), R"({"id":77,"name":"a","count":3,"type":0})", "name");
  reject(DanbooruExportSchema(), R"({"id":1,"post_id":1,"original_title":"a","created_at":"2020-01-01T00:00:00Z"})",
         "post_id");
  reject(DanbooruPagesSchema(),
         R"({"id":7,"post_id":4,"creator_id":1,"body":"x","score":1,"updated_at":null,"is_deleted":false})", "post_id");
  reject(DanbooruPagesSchema(), R"({"id":7,"title":"a","body":"b","other_names":[],"is_deleted":false})", "title");
  reject(DanbooruPagesSchema(), R"({"id":7,"antecedent_name":"a","consequent_name":"b","status":"active"})",
         "antecedent_name");
  reject(DanbooruJsonlSchema(), R"({"id":"7","name":"somebody","level":20})", "name");
  // Posts that say little are posts, and those that say anything of a picture may have such fields, too.
  CHECK(Parsed(With(R"("score":"1","is_deleted":true,"more":1)")).is_good());
  CHECK(Parsed(With(R"("name":"a","tags":[])")).is_good());
  CHECK(Parsed(With(R"("title":"a","rating":null)")).is_good());
}

TEST_CASE("what is no JSON object is rejected") {
  CheckRejected("[1,2]", "", "is \"[1,2]\"; a JSON object was expected");
  CheckRejected("\"id\"", "", "a JSON object was expected");
  CheckRejected("5", "", "a JSON object was expected");
  CheckRejected("id,created_at", "", "");
  CheckRejected(R"({"id":"7"} {"id":"8"})", "", "");
  CheckRejected(R"({"id":"7"}{"id":"8"})", "", "");
  CheckRejected(R"({"id":"7"},)", "", "");
  CheckRejected(R"({"id":"7" "score":"1"})", "", "not valid JSON");
  CheckRejected(R"({"id" "7"})", "", "not valid JSON");
  CheckRejected(R"({"id":})", "id", "not valid JSON");
  CheckRejected(R"({"id":"7",})", "", "not valid JSON");
  CheckRejected(R"({id:"7"})", "", "not valid JSON");
  CheckRejected(With("\"source\":\"a\tb\""), "", "a control character");
}

TEST_CASE("a string with a colon behind it, where none may be, is no JSON") {
  CheckRejected(With(R"("favs":["5":"4"])"), "", "not valid JSON");
  CheckRejected(With(R"("source":"a":"b")"), "", "not valid JSON");
  CheckRejected(With(R"("tags":[{"id":"1":"2","name":"a"}])"), "", "not valid JSON");
  CheckRejected(With(R"("tags":[{"id":"1","name":"a","more":"x":"y"}])"), "", "not valid JSON");
  CheckRejected(With(R"("pools":["1":"series"])"), "", "not valid JSON");
}

TEST_CASE("a line cut anywhere is rejected") {
  const std::string line =
      R"({"id":"7","source":"a\"b","x":{"y":[1,{"z":2}]},"score":-5,"tags":[{"id":"1","name":"\u00e4"}],"pools":[]})";
  REQUIRE(Parsed(line).is_good());
  for (size_t size = 1; size < line.size(); ++size) {
    INFO(line.substr(0, size));
    const Parsed parsed(line.substr(0, size));
    REQUIRE_FALSE(parsed.is_good());
    CHECK_FALSE(parsed.rejected().reason.empty());
  }
}

TEST_CASE("bytes that are no text are rejected, with their place") {
  CheckRejected("{\"id\":\"7\",\"source\":\"a\xFF\"}", "", "not valid UTF-8: byte 22 is \"\\xff\"");
  CheckRejected("{\"id\":\"7\",\"source\":\"\xED\xA0\x80\"}", "", "not valid UTF-8");
  CheckRejected(std::string("{\"id\":\"7\",\"source\":\"a\0b\"}", 25), "", "a NUL byte at column 22");
  CheckRejected(std::string("{\"id\":\"7\"\0}", 11), "", "a NUL byte at column 10");
}

TEST_CASE("a rejected record names its post when the id can be read") {
  CHECK(Parsed(With(R"("md5":"x")")).rejected().post_id == 7);
  CHECK(Parsed(R"({"md5":"x","id":"7"})").rejected().post_id == 7);
  CHECK(Parsed(R"({"md5":"x","tags":[{"id":"3"}],"id":7})").rejected().post_id == 7);
  CHECK_FALSE(Parsed(R"({"md5":"x","id":"y"})").rejected().post_id.has_value());
  CHECK_FALSE(Parsed(R"({"md5":"x"})").rejected().post_id.has_value());
}

TEST_CASE("a parser carries nothing from one line to the next") {
  JsonPostParser parser(DanbooruJsonlSchema());
  const auto parse = [&](std::string line) {
    const size_t size = line.size();
    line += std::string(JsonPostParser::kPaddingBytes, ' ');
    return parser.Parse(std::string_view(line).substr(0, size));
  };
  REQUIRE(parse(
      With(R"("rating":"e","x":1,"is_deleted":true,"tags":[{"id":1,"name":"a"},{"id":1,"name":"a"}],"favs":[1])")));
  REQUIRE_FALSE(parse(With(R"("source":"kept?","md5":"x")")));
  REQUIRE(parse(R"({"id":"8"})"));
  Post expected;
  expected.id = 8;
  CHECK(parser.post() == expected);
  CHECK(parser.tags().empty());
  CHECK(parser.duplicate_tag_count() == 0);
}

TEST_CASE("a tag's id lies below those of tags that are known by name") {
  const auto tagged = [](const std::string& id) {
    return With(R"("tags":[{"id":")" + id + R"(","name":"a","category":"0"}])");
  };
  CHECK(Parsed(tagged("4611686018427387903")).is_good());
  CheckRejected(tagged("4611686018427387904"), "tags[0].id", "out of range; expected 1 to 4611686018427387903");
}

}  // namespace
}  // namespace millrace
