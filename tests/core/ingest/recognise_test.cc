// Goal: each format is told by the first bytes of its files and by no other format's; where the bytes do not tell,
// nobody says yes. Method: small files as each source writes them, whole and cut off anywhere.
#include "core/ingest/recognise.h"

#include <string>
#include <vector>

#include "core/ingest/json_start.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

std::vector<std::string> Recognised(std::string_view start) {
  std::vector<std::string> names;
  if (RecogniseDanbooruJsonl(start)) names.emplace_back("danbooru-jsonl");
  if (RecogniseDanbooruMetaSqlite(start)) names.emplace_back("danbooru-meta-sqlite");
  if (RecogniseDanbooruExport(start)) names.emplace_back("danbooru-export");
  if (RecogniseDanbooruPages(start)) names.emplace_back("danbooru-pages");
  if (RecogniseDanbooru2023Sqlite(start)) names.emplace_back("danbooru2023-sqlite");
  if (RecogniseE621Csv(start)) names.emplace_back("e621-csv");
  if (RecogniseE621Pages(start)) names.emplace_back("e621-pages");
  if (RecogniseMoebooruPages(start)) names.emplace_back("moebooru-pages");
  if (RecogniseGelbooruPages(start)) names.emplace_back("gelbooru-pages");
  return names;
}

struct Sample {
  std::string_view format;
  std::string_view bytes;
};

constexpr Sample kSamples[] = {
    {"danbooru-jsonl",
     R"({"id":"1","created_at":"2016-06-05 06:06:06 UTC","tags":[{"id":"1","name":"a","category":"0"}]})"},
    {"danbooru-jsonl", R"({"id":"1","image_width":"5"})"},
    {"danbooru-export", R"({"id":"1","md5":"x","image_width":"5","tag_string":"a b","tag_string_general":"a b"})"},
    {"danbooru-export", R"({"id":"1","name":"a","post_count":"5","category":"0"})"},
    {"danbooru-export", R"({"id":"1","name":"a","group_name":"","other_names":["b"]})"},
    {"danbooru-export", R"({"id":"1","name":"a","category":"series","post_ids":["5"]})"},
    {"danbooru-export", R"({"id":"1","post_id":"2","x":"1","y":"1","body":"hello"})"},
    {"danbooru-pages", R"([{"id":1,"image_width":5,"tag_string_general":"a","media_asset":{"id":1}}])"},
    {"danbooru-pages", R"([{"id":1,"image_width":5,"tag_string":"a"}])"},
    {"danbooru-pages", R"({"id":1,"image_width":5,"tag_string":"a","media_asset":{"id":1}})"},
    {"e621-pages", R"({"posts":[{"id":1,"file":{"width":5},"tags":{"general":["a"]}}]})"},
    {"e621-pages", R"([{"id":1,"file":{"width":5},"tags":{"general":["a"]}}])"},
    {"e621-pages", R"({"post":{"id":1,"file":{"width":5},"tags":{"general":["a"]}}})"},
    {"e621-pages", R"({"posts":[ ]})"},
    {"moebooru-pages", R"([{"id":1,"tags":"a b","created_at":1234567890,"creator_id":1,"author":"x"}])"},
    {"gelbooru-pages", R"({"@attributes":{"limit":100,"offset":0,"count":1},"post":[{"id":1,"tags":"a"}]})"},
    {"gelbooru-pages", R"({"@attributes":{"limit":100,"offset":0,"count":1},"post":{"id":1,"tags":"a"}})"},
    {"gelbooru-pages", R"({"@attributes":{"limit":100,"offset":0,"count":0}})"},
    {"gelbooru-pages", R"({"post":[{"id":1,"tags":"a"}],"@attributes":{"limit":100,"offset":0,"count":1}})"},
    {"danbooru-export", R"({"id":"1","title":"a","body":"hello","other_names":["b"]})"},
    {"gelbooru-pages", R"([{"id":1,"directory":5,"hash":"x","image":"x.jpg","change":1,"owner":"o","tags":"a"}])"},
};

TEST_CASE("each format is told by its files, and by no other's") {
  for (const Sample& sample : kSamples) {
    INFO(sample.bytes);
    CHECK(Recognised(sample.bytes) == std::vector<std::string>{std::string(sample.format)});
    const std::string spaced = "\xEF\xBB\xBF\n  " + std::string(sample.bytes) + "\n";
    CHECK(Recognised(spaced) == std::vector<std::string>{std::string(sample.format)});
  }
}

TEST_CASE("a record that tells little leaves it to the others") {
  const std::string banned = R"({"id":1,"is_banned":true,"rating":"s"})"
                             "\n";
  const std::string export_post = R"({"id":2,"rating":"s","tag_string_general":"a"})"
                                  "\n";
  const std::string old_post = R"({"id":"2","rating":"s","tags":[{"id":"1","name":"a","category":"0"}]})"
                               "\n";
  const std::string page_post = R"({"id":2,"rating":"g","tag_string_general":"a"})"
                                "\n";
  using Names = std::vector<std::string>;
  CHECK(Recognised(banned) == Names{"danbooru-jsonl"});
  CHECK(Recognised(banned + export_post) == Names{"danbooru-export"});
  CHECK(Recognised(R"({"is_banned":true})"
                   "\n" +
                   export_post) == Names{"danbooru-export"});
  CHECK(Recognised(R"({"id":"1","tags":[]})"
                   "\n" +
                   old_post) == Names{"danbooru-jsonl"});
  CHECK(Recognised("[" + banned + "," + export_post + "]") == Names{"danbooru-pages"});
  // Only today's Danbooru rates posts as general.
  CHECK(Recognised(export_post + page_post) == Names{"danbooru-pages"});
  CHECK(Recognised(page_post) == Names{"danbooru-pages"});
  CHECK(Recognised(export_post + R"({"id":"6","rating":"g"})") == Names{"danbooru-export"});
  // What the `s` of a single post means is not told.
  CHECK(Recognised(export_post) == Names{"danbooru-export"});
  CHECK(Recognised(R"({"id":2,"rating":"s","tag_string_general":"a","bit_flags":0})") ==
        Names{"danbooru-export", "danbooru-pages"});
  CHECK(Recognised(export_post + export_post) == Names{"danbooru-export"});
  CHECK(Recognised(R"({"id":2,"rating":"s","is_note_locked":false,"tag_string":"a"})") == Names{"danbooru-export"});
}

TEST_CASE("a named format may stand where nothing would be lost") {
  const std::string bare = R"({"id":1,"rating":"s"})", strings = R"({"id":2,"tag_string":"a"})";
  const std::string objects = R"({"id":2,"tags":[{"id":"1","name":"a"}]})", list = R"({"name":"a","other_names":[]})";
  CHECK(CouldBeDanbooruExport(bare));
  CHECK(CouldBeDanbooruExport(list));
  CHECK_FALSE(CouldBeDanbooruExport(objects));
  CHECK_FALSE(CouldBeDanbooruExport("[" + strings + "]"));
  CHECK(CouldBeDanbooruJsonl(bare));
  CHECK_FALSE(CouldBeDanbooruJsonl(strings));
  CHECK(CouldBeDanbooruPages(strings));
  CHECK(CouldBeDanbooruPages("[" + strings + "]"));
  CHECK_FALSE(CouldBeDanbooruPages(list));
  CHECK_FALSE(CouldBeDanbooruPages(objects));
  CHECK(CouldBeE621Pages(bare));
  CHECK_FALSE(CouldBeE621Pages(strings));
  CHECK_FALSE(CouldBeMoebooruPages(R"([{"id":1,"tags":"a","created_at":"Sat Sep 26 03:51:09 -0500 2026"}])"));
  CHECK(CouldBeMoebooruPages(R"([{"id":1,"tags":"a","directory":1}])"));
  CHECK_FALSE(CouldBeGelbooruPages(R"([{"id":1,"tags":"a","created_at":12345}])"));
  CHECK(TellsNoTags(bare));
  CHECK_FALSE(TellsNoTags(strings));
  CHECK_FALSE(TellsNoTags(list));
  CHECK(EndsWithinFirstRecord(R"({"id":1,"favs":["1)"));
  CHECK_FALSE(EndsWithinFirstRecord(bare));
}

TEST_CASE("exports are told by the columns of their tables, in any order") {
  for (const char* text :
       {"id,uploader_id,tag_string\n", "\xEF\xBB\xBFtag_string,id\r\n1,2\n", "id,name,category,post_count\n",
        "id,name,post_ids\n1,a,{}\n", "\"id\",antecedent_name,consequent_name,created_at,status\n"}) {
    INFO(text);
    CHECK(Recognised(text) == std::vector<std::string>{"e621-csv"});
    CHECK(Recognised(std::string_view(text).substr(0, 12)).empty());
  }
  CHECK(Recognised("id,title,body\n").empty());
}

TEST_CASE("a file that is cut off is never taken for another format") {
  for (const Sample& sample : kSamples) {
    for (size_t size = 0; size < sample.bytes.size(); ++size) {
      INFO(sample.bytes.substr(0, size));
      for (const std::string& name : Recognised(sample.bytes.substr(0, size))) CHECK(name == sample.format);
    }
  }
}

TEST_CASE("bytes that tell nothing are recognised by nobody") {
  for (const std::string_view bytes :
       {"", " \n", "{}", "[]", "[1,2]", "{\"id\":1}", "[{\"id\":1}]", "id,name\n1,a\n", "\x89PNG\r\n\x1A\n", "{\"a",
        "[[[[", "{\"tags\":[{", "SQLite format 3", "\"posts\"", "null", "{\"posts\":5}", "{\"id\":1,\"tags\":\"a\"}"}) {
    INFO(bytes);
    CHECK(Recognised(bytes).empty());
  }
}

TEST_CASE("SQLite files are told by the names of their tables") {
  const std::string sqlite = std::string("SQLite format 3\0", 16) + std::string(84, '\0');
  CHECK(Recognised(sqlite).empty());
  CHECK(Recognised(sqlite + "CREATE TABLE post_tags(post_id, tag_id)") ==
        std::vector<std::string>{"danbooru-meta-sqlite"});
  CHECK(Recognised("CREATE TABLE post_tags(post_id, tag_id)").empty());
  CHECK(Recognised(sqlite + "CREATE TABLE PostTagRelation(post, tag)") ==
        std::vector<std::string>{"danbooru2023-sqlite"});
}

TEST_CASE("the start of JSON tells the first record's keys and how its values begin") {
  const JsonStart start =
      ReadJsonStart(R"( {"success" : true, "posts" : [ { "a\"b" : [ { "x":1 } ], "c":-5 , "d" : "e)");
  CHECK(start.outer == JsonStart::Outer::kWrapped);
  CHECK(start.wrapper == "posts");
  CHECK_FALSE(start.is_first_whole);
  CHECK_FALSE(start.holds_no_record);
  REQUIRE(start.members.size() == 3);
  CHECK(start.members[0].key == "a\\\"b");
  CHECK(start.members[0].value_start == "[{");
  CHECK(start.members[1].value_start == "-");
  CHECK(start.members[2].value_start == "\"");
  CHECK(ReadJsonStart("[{\"a\":1}]").is_first_whole);
  CHECK(ReadJsonStart("[{\"a\":1}").is_first_whole);
  CHECK_FALSE(ReadJsonStart("[{\"a\":1").is_first_whole);
  for (const std::string_view nothing : {"", "\n\n", "[]", " [ ] ", "{\"posts\":[]}"}) {
    CHECK(ReadJsonStart(nothing).holds_no_record);
  }
  for (const std::string_view something : {"[{}]", "[1]", "{}", "x", "[", "{\"posts\":["}) {
    INFO(something);
    CHECK_FALSE(ReadJsonStart(something).holds_no_record);
  }
}

}  // namespace
}  // namespace millrace
