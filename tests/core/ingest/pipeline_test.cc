// Goal: what a dump holds is in the dataset after an import, whatever it was compressed with and in however many files;
// limits, reports and errors are as the caller asked.
// Method: real records through a real catalog, compared with counts of another program; one fault at a time.
#include "core/ingest/pipeline.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/catalog/sqlite.h"
#include "tests/core/ingest/import_fixture.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

void CheckOpenClipart(Catalog& catalog, const std::string& dataset) {
  const absl::StatusOr<Stats> stats = catalog.GetStats(dataset);
  REQUIRE(stats.ok());
  // Counted with Python's json module.
  CHECK(stats->post_count == 200);
  CHECK(stats->tag_count == 314);
  CHECK(stats->tag_use_count == 1567);
  CHECK(stats->min_post_id == 1);
  CHECK(stats->max_post_id == 6568);
  CHECK(stats->rating_post_counts[static_cast<size_t>(Rating::kSafe)] == 200);
  CHECK(stats->category_tag_counts[static_cast<size_t>(TagCategory::kGeneral)] == 258);
  CHECK(stats->category_tag_counts[static_cast<size_t>(TagCategory::kArtist)] == 53);
  CHECK(stats->category_tag_use_counts[static_cast<size_t>(TagCategory::kGeneral)] == 965);
  CHECK(stats->category_tag_use_counts[static_cast<size_t>(TagCategory::kMeta)] == 202);
  CHECK(stats->file_type_post_counts == std::map<std::string, int64_t>{{"png", 200}});
}

TEST_CASE("a real dump is imported whole, plain, as gzip and as zstd") {
  const std::string text = OpenClipart();
  for (const std::string& bytes : {text, Gzip(text), Zstd(text)}) {
    ImportFixture fixture;
    const Imported imported = fixture.Import({{"posts.jsonl", bytes}});
    INFO(imported.status.ToString());
    REQUIRE(imported.status.ok());
    CHECK(imported.outcome.new_post_count == 200);
    CHECK(imported.progress.post_count == 200);
    CHECK(imported.progress.byte_count == static_cast<int64_t>(bytes.size()));
    CHECK(imported.progress.file_count == 1);
    CheckOpenClipart(fixture.catalog(), "d");
    const auto post = fixture.catalog().FindPost("d", 1);
    REQUIRE((post.ok() && post->has_value()));
    CHECK((*post)->source == "openclipart-0.18/animals/2_dead_frogs_lumen_desig_01.svg");
    CHECK((*post)->tag_ids.size() == 30);
  }
}

TEST_CASE("several files are one dump, each compressed as it is") {
  const std::string text = OpenClipart();
  const size_t first = text.find('\n', text.size() / 3) + 1, second = text.find('\n', text.size() / 3 * 2) + 1;
  ImportFixture fixture;
  const Imported imported = fixture.Import({{"a.jsonl.gz", Gzip(text.substr(0, first))},
                                            {"empty.jsonl", ""},
                                            {"b.jsonl", text.substr(first, second - first - 1)},
                                            {"c.jsonl.zst", Zstd(text.substr(second))}});
  INFO(imported.status.ToString());
  REQUIRE(imported.status.ok());
  CHECK(imported.progress.file_count == 4);
  CheckOpenClipart(fixture.catalog(), "d");
}

TEST_CASE("the first bad record stops an import by default, and says where it stands") {
  ImportFixture fixture;
  const Imported imported = fixture.Import(
      {{"good.jsonl", "{\"id\":1}\n"}, {"bad.jsonl", "{\"id\":2}\n{\"id\":3,\"md5\":\"x\"}\n{\"id\":4}\n"}});
  CHECK(ReasonOf(imported.status) == Reason::kRecordRejected);
  CHECK(std::string(imported.status.message())
            .find("bad.jsonl, line 2: md5 is \"x\"; 32 hexadecimal digits were expected.") == 0);
  const ErrorMetadata metadata = MetadataOf(imported.status);
  CHECK(metadata.at("file") == "bad.jsonl");
  CHECK(metadata.at("line") == "2");
  CHECK(metadata.at("field") == "md5");
  CHECK(metadata.at("reason") == "is \"x\"; 32 hexadecimal digits were expected");
  REQUIRE(imported.rejected.size() == 1);
  CHECK(imported.rejected[0].post_id == 3);
}

TEST_CASE("rejected records are reported and counted up to the limit") {
  const std::string text = "{\"id\":1}\n{}\n{\"id\":2}\nx\n{\"id\":3}\n[]\n{\"id\":4}\n";
  for (const int64_t limit : {3, 4, -1}) {
    ImportFixture fixture;
    const Imported imported = fixture.Import({{"x.jsonl", text}}, {.max_rejected_count = limit});
    INFO(imported.status.ToString());
    REQUIRE(imported.status.ok());
    CHECK(imported.rejected.size() == 3);
    CHECK(imported.progress.rejected_count == 3);
    CHECK(imported.outcome.rejected_count == 3);
    CHECK(imported.outcome.new_post_count == 4);
  }
  ImportFixture fixture;
  const Imported imported = fixture.Import({{"x.jsonl", text}}, {.max_rejected_count = 2});
  CHECK(ReasonOf(imported.status) == Reason::kRecordRejected);
  CHECK(MetadataOf(imported.status).at("line") == "6");
  CHECK(imported.rejected.size() == 3);
  CHECK(imported.progress.post_count == 3);
}

TEST_CASE("a second record of an id is rejected, and the first named") {
  ImportFixture fixture;
  const Imported imported =
      fixture.Import({{"a.jsonl", "{\"id\":1}\n{\"id\":2,\"score\":5}\n"}, {"b.jsonl", "\n{\"id\":2,\"score\":6}\n"}},
                     {.max_rejected_count = -1});
  REQUIRE(imported.status.ok());
  REQUIRE(imported.rejected.size() == 1);
  CHECK(imported.rejected[0].file == "b.jsonl");
  CHECK(imported.rejected[0].line == 2);
  CHECK(imported.rejected[0].field == "id");
  CHECK(imported.rejected[0].reason == "is 2, which another record of this import has: a.jsonl, line 2");
  CHECK(imported.rejected[0].post_id == 2);
  const auto post = fixture.catalog().FindPost("d", 2);
  REQUIRE((post.ok() && post->has_value()));
  CHECK((*post)->score == 5);
}

TEST_CASE("a post that the dataset has is replaced whole") {
  ImportFixture fixture;
  REQUIRE(fixture.Import({{"a.jsonl", R"({"id":1,"score":5,"source":"x","tags":[{"id":1,"name":"a","category":0}]})"}})
              .status.ok());
  const Imported imported = fixture.Import({{"a.jsonl", R"({"id":1,"tags":[{"id":2,"name":"b","category":0}]})"}});
  REQUIRE(imported.status.ok());
  CHECK(imported.outcome.replaced_post_count == 1);
  const auto post = fixture.catalog().FindPost("d", 1);
  REQUIRE((post.ok() && post->has_value()));
  CHECK_FALSE((*post)->score.has_value());
  CHECK((*post)->source.empty());
  CHECK((*post)->tag_ids == std::vector<int64_t>{2});
}

TEST_CASE("repeated tags are counted over the dump") {
  ImportFixture fixture;
  const std::string tags = R"("tags":[{"id":1,"name":"a"},{"id":1,"name":"a"}])";
  const Imported imported = fixture.Import({{"a.jsonl", "{\"id\":1," + tags + "}\n{\"id\":2," + tags + "}\n"}});
  REQUIRE(imported.status.ok());
  CHECK(imported.outcome.duplicate_tag_count == 2);
}

TEST_CASE("a file of another format is refused by its first bytes, with advice") {
  const auto message = [](SourceFormat format, std::string_view bytes,
                          Compression compression = Compression::kUnspecified) {
    ImportFixture fixture;
    const Imported imported =
        fixture.Import({{"dump", std::string(bytes), compression}}, {.format = format, .max_rejected_count = -1});
    CHECK(ReasonOf(imported.status) == Reason::kFileInvalid);
    CHECK(MetadataOf(imported.status)["file"] == "dump");
    CHECK(imported.rejected.empty());
    UNSCOPED_INFO(imported.status.message());
    return std::string(imported.status.message());
  };
  const std::string sqlite = std::string("SQLite format 3\0", 16) + std::string(100, '\0');
  const SourceFormat jsonl = SourceFormat::kDanbooruJsonl, meta = SourceFormat::kDanbooruMetaSqlite;
  CHECK(message(jsonl, sqlite)
            .find("dump: looks like a SQLite file, where JSON lines (format danbooru-jsonl) was expected.") == 0);
  CHECK(
      message(jsonl, sqlite + "CREATE TABLE post_tags")
          .find("dump: looks like danbooru-meta-sqlite, where JSON lines (format danbooru-jsonl) was expected; import "
                "it by itself with format danbooru-meta-sqlite.") == 0);
  CHECK(message(jsonl, Gzip(sqlite)).find("looks like a SQLite file") != std::string::npos);
  CHECK(message(jsonl, "\x89PNG\r\n\x1A\n and more").find("looks like a PNG picture") != std::string::npos);
  CHECK(message(jsonl, Gzip(Gzip("{}"))).find("looks like a gzip file") != std::string::npos);
  CHECK(message(jsonl, Gzip("{}"), Compression::kNone).find("leave the compression unspecified") != std::string::npos);
  CHECK(message(jsonl, "{\"id\":1}", Compression::kZstd).find("declared as compressed with zstd") != std::string::npos);
  CHECK(message(jsonl, "PK\x03\x04 and so on, a ZIP").find("looks like a ZIP archive") != std::string::npos);
  std::string tar = "metadata/2018000000000000" + std::string(600, '\0') + "{\"id\":1}";
  tar.replace(257, 5, "ustar");
  CHECK(message(SourceFormat::kUnspecified, tar)
            .find("looks like a tar archive; archives are not read; unpack it first, and import the folder.") !=
        std::string::npos);
  CHECK(message(SourceFormat::kUnspecified, R"([{"id":1,"name":"a","post_count":4,"category":0}])")
            .find("lists beside posts are read as danbooru-export, an object a line;") != std::string::npos);
  CHECK(message(meta, "{\"id\":\"1\",\"pixiv_id\":\"0\"}\n").find("import it by itself with format danbooru-jsonl") !=
        std::string::npos);
  CHECK(message(meta, "{\"id\":\"1\"}\n").find("dump: begins with \"{\\\"id\\\"") == 0);
  CHECK(message(meta, "").find("dump: is empty") == 0);
  CHECK(message(meta, sqlite).find("dump: ") == 0);
}

TEST_CASE("damaged compression is refused with file and offset") {
  const std::string packed = Gzip(OpenClipart());
  ImportFixture fixture;
  const Imported imported = fixture.Import({{"posts.jsonl.gz", packed.substr(0, packed.size() / 2)}});
  CHECK(ReasonOf(imported.status) == Reason::kFileInvalid);
  CHECK(MetadataOf(imported.status)["file"] == "posts.jsonl.gz");
  CHECK(MetadataOf(imported.status)["offset"] == std::to_string(packed.size() / 2));
  CHECK_FALSE(fixture.catalog().GetDataset("d").ok());
}

TEST_CASE("a danbooru-meta file is imported, compressed or not, and a post that is there twice is rejected") {
  ImportFixture fixture;
  const std::string path = fixture.folder() + "/meta.sqlite3";
  {
    auto database = Database::Open(path, Database::Mode::kReadWrite);
    REQUIRE(database.ok());
    REQUIRE(
        (*database)
            ->Execute(
                "CREATE TABLE tags(tag_id, name, category);"
                "CREATE TABLE posts(id, post_id, md5, rating, width, height, file_ext, file_size, source, pixiv_id);"
                "CREATE TABLE post_tags(post_id, tag_id);"
                "INSERT INTO tags VALUES (1, 'a', 0), (2, 'b', 4);"
                "INSERT INTO posts(id, post_id, width) VALUES (1, 10, 100), (2, 20, 200), (3, 20, 300);"
                "INSERT INTO post_tags VALUES (10, 2), (10, 2), (20, 1), (10, 1);")
            .ok());
  }
  const Imported imported = fixture.Import({{"meta.sqlite3.zst", Zstd(ReadWholeFile(path))}},
                                           {.format = SourceFormat::kDanbooruMetaSqlite, .max_rejected_count = 1});
  INFO(imported.status.ToString());
  REQUIRE(imported.status.ok());
  CHECK(imported.outcome.new_post_count == 2);
  CHECK(imported.outcome.duplicate_tag_count == 1);
  REQUIRE(imported.rejected.size() == 1);
  CHECK(imported.rejected[0].line == 3);
  CHECK(imported.rejected[0].field == "post_id");
  CHECK(imported.rejected[0].reason == "is 20, which another record of this import has: meta.sqlite3.zst, line 2");
  const auto post = fixture.catalog().FindPost("d", 10);
  REQUIRE((post.ok() && post->has_value()));
  CHECK((*post)->tag_ids == std::vector<int64_t>{1, 2});
  CHECK((*post)->extra_json == R"({"id":1})");
  CHECK(fixture.SpoolIsEmpty());
}

TEST_CASE("bytes before a file, and a file without a name, are errors of the caller") {
  ImportFixture fixture;
  auto session = fixture.Begin();
  auto pipeline = ImportPipeline::Create(session.get(), {});
  REQUIRE(pipeline.ok());
  CHECK(ReasonOf((*pipeline)->Feed("{}")) == Reason::kImportProtocol);
  CHECK(ReasonOf((*pipeline)->BeginFile("", Compression::kNone)) == Reason::kFieldInvalid);
  CHECK((*pipeline)->Finish().ok());
  PipelineOptions unknown_format;
  unknown_format.format = static_cast<SourceFormat>(77);
  CHECK(FieldOf(ImportPipeline::Create(session.get(), unknown_format).status()) == "format");
  PipelineOptions bad_limit;
  bad_limit.max_rejected_count = -2;
  CHECK(FieldOf(ImportPipeline::Create(session.get(), bad_limit).status()) == "max_rejected_count");
}

TEST_CASE("a cancelled import stops and leaves the dataset as it was") {
  ImportFixture fixture;
  bool cancelled = false;
  PipelineOptions options;
  options.format = SourceFormat::kDanbooruJsonl;
  options.cancelled = [&] { return cancelled; };
  {
    auto session = fixture.Begin();
    auto pipeline = ImportPipeline::Create(session.get(), options);
    REQUIRE(pipeline.ok());
    REQUIRE((*pipeline)->BeginFile("a.jsonl", Compression::kNone).ok());
    REQUIRE((*pipeline)->Feed("{\"id\":1,\"source\":\"x\"}\n{\"id\":2}\n").ok());
    cancelled = true;
    CHECK(ReasonOf((*pipeline)->Feed("{\"id\":3}\n")) == Reason::kCancelled);
    CHECK((*pipeline)->progress().post_count == 2);
  }
  CHECK_FALSE(fixture.catalog().GetDataset("d").ok());
}

TEST_CASE("a format that is not named is told from the first file that holds a record, and reported") {
  ImportFixture fixture;
  const Imported imported = fixture.Import(
      {{"empty.jsonl", ""}, {"blank.json", "[ ]\n"}, {"posts.jsonl.gz", Gzip(OpenClipart())}, {"e", "\n"}},
      {.format = SourceFormat::kUnspecified});
  INFO(imported.status.ToString());
  REQUIRE(imported.status.ok());
  CHECK(imported.progress.format == SourceFormat::kDanbooruJsonl);
  CHECK(imported.progress.file_count == 4);
  CheckOpenClipart(fixture.catalog(), "d");
}

TEST_CASE("a format that cannot be told is an error that lists the formats") {
  const auto message = [](const std::vector<ImportedFile>& files) {
    ImportFixture fixture;
    const Imported imported = fixture.Import(files, {.format = SourceFormat::kUnspecified, .max_rejected_count = -1});
    CHECK(ReasonOf(imported.status) == Reason::kFileInvalid);
    CHECK(imported.progress.format == SourceFormat::kUnspecified);
    UNSCOPED_INFO(imported.status.message());
    return std::string(imported.status.message());
  };
  CHECK(message({{"a", "{\"id\":1}\n"}}).find("a: begins with \"{") == 0);
  CHECK(message({{"a", "{\"id\":1}\n"}}).find("its format cannot be told") != std::string::npos);
  CHECK(message({{"a", "{\"id\":1}\n"}}).find("danbooru-jsonl (JSON lines), ") != std::string::npos);
  CHECK(message({{"a", std::string(200000, ' ')}}).find("a: begins with ") == 0);
  CHECK(message({{"p", "\x89PNG\r\n\x1A\n and a picture"}}).find("p: looks like a PNG picture") == 0);
  CHECK(message({{"a", ""}, {"b", "[]"}}).find("no file of the import holds a record") == 0);
}

TEST_CASE("where naming a format cannot help, the message says what can") {
  const auto message = [](const std::string& bytes) {
    ImportFixture fixture;
    const Imported imported = fixture.Import({{"x", bytes}}, {.format = SourceFormat::kUnspecified});
    CHECK(ReasonOf(imported.status) == Reason::kFileInvalid);
    UNSCOPED_INFO(imported.status.message());
    CHECK(imported.status.message().find("Name the format") == std::string::npos);
    return std::string(imported.status.message());
  };
  CHECK(message("BZh91AY&SY and more of it").find("unpack it first") != std::string::npos);
  CHECK(message(std::string("\xFD\x37zXZ\0 and more of it", 21)).find("unpack it first") != std::string::npos);
  CHECK(message(Gzip(Gzip("{}"))).find("compressed twice") != std::string::npos);
  CHECK(message(std::string("\xFF\xFE{\0", 4)).find("iconv") != std::string::npos);
  CHECK(message("\n<!DOCTYPE html>\n").find("HTML") != std::string::npos);
  CHECK(message("id,name\n1,a\n").find("columns of no table") != std::string::npos);
  CHECK(message("id,title,body\n1,a,b\n").find("wiki pages") != std::string::npos);
  CHECK(message(R"({"id":2,"rating":"s","tag_string":"a","tag_count":1})")
            .find("looks like danbooru-export or danbooru-pages") != std::string::npos);
}

TEST_CASE("a named format stands against what the first bytes look like, and tags are never lost in silence") {
  const std::string banned = R"({"id":1,"is_banned":true,"rating":"s"})"
                             "\n";
  const std::string post = R"({"id":2,"rating":"s","tag_string_general":"a"})"
                           "\n";
  std::string many;  // more than what is looked at
  for (int id = 10; many.size() < 100'000; ++id)
    many += R"({"id":)" + std::to_string(id) +
            R"(,"rating":"s"})"
            "\n";
  for (const SourceFormat format : {SourceFormat::kDanbooruExport, SourceFormat::kDanbooruPages}) {
    ImportFixture fixture;
    const Imported imported = fixture.Import({{"q.json", banned + post}, {"r", many}}, {.format = format});
    INFO(imported.status.ToString());
    REQUIRE(imported.status.ok());
    CHECK((*fixture.catalog().FindPost("d", 2))->tag_ids.size() == 1);
  }
  ImportFixture fixture;
  // Told from the first file; the second tells no tags.
  const Imported told =
      fixture.Import({{"a", banned + post}, {"b", R"({"id":3,"rating":"q"})"}}, {.format = SourceFormat::kUnspecified});
  INFO(told.status.ToString());
  REQUIRE(told.status.ok());
  CHECK(told.progress.format == SourceFormat::kDanbooruExport);
  const Imported late = fixture.Import({{"late", many + post}}, {.format = SourceFormat::kUnspecified});
  CHECK(ReasonOf(late.status) == Reason::kRecordRejected);
  CHECK(MetadataOf(late.status)["field"] == "tag_string_general");
  CHECK(late.status.message().find("read as danbooru-jsonl, recognised from the bytes") != std::string::npos);
  const Imported named = fixture.Import({{"named", banned + post}}, {.format = SourceFormat::kDanbooruJsonl});
  CHECK(ReasonOf(named.status) == Reason::kFileInvalid);
  CHECK(named.status.message().find("with format danbooru-export") != std::string::npos);
}

TEST_CASE("a first record longer than what is looked at is read to its end") {
  std::string favs = "\"1\"";
  while (favs.size() < 600'000) favs += ",\"1\"";
  const std::string record = R"({"id":"1","favs":[)" + favs + R"(],"tags":[{"id":"1","name":"a","category":"0"}]})";
  ImportFixture fixture;
  const Imported imported = fixture.Import({{"x", record}}, {.format = SourceFormat::kUnspecified});
  INFO(imported.status.ToString());
  REQUIRE(imported.status.ok());
  CHECK(imported.progress.format == SourceFormat::kDanbooruJsonl);
  CHECK(imported.outcome.new_post_count == 1);
}

TEST_CASE("control characters of a file's name are shown escaped, and a plain name as it is") {
  ImportFixture fixture;
  const Imported imported = fixture.Import({{"a\n\x1B[31m", "{\"id\":1,\"md5\":\"x\"}\n"}});
  CHECK(imported.status.message().find("a\\x0a\\x1b[31m, line 1: md5") == 0);
  REQUIRE(imported.rejected.size() == 1);
  CHECK(imported.rejected[0].file == "a\\x0a\\x1b[31m");
  const std::string plain = "dir/\"b\" \xC3\xA9\\.json";
  CHECK(fixture.Import({{plain, "{\"id\":1,\"md5\":\"x\"}\n"}}).rejected.at(0).file == plain);
}

TEST_CASE("a SQLite file of more tables than can be checked is at fault itself, by name") {
  ImportFixture fixture;
  const std::string path = fixture.folder() + "/many.db";
  {
    auto database = Database::Open(path, Database::Mode::kReadWrite);
    REQUIRE(database.ok());
    std::string sql = "BEGIN; CREATE TABLE post_tags(post_id, tag_id);";
    std::string columns;
    for (int i = 0; i < 20; ++i) columns += (i == 0 ? "c" : " TEXT, c") + std::to_string(i);
    for (int i = 0; i < 1000; ++i) sql += "CREATE TABLE t" + std::to_string(i) + "(" + columns + " TEXT);";
    REQUIRE((*database)->Execute(sql + "COMMIT;").ok());
  }
  const Imported imported =
      fixture.Import({{"many.db", ReadWholeFile(path)}}, {.format = SourceFormat::kDanbooruMetaSqlite});
  INFO(imported.status.ToString());
  CHECK(ReasonOf(imported.status) == Reason::kFileInvalid);
  CHECK(MetadataOf(imported.status)["file"] == "many.db");
  CHECK(imported.status.message().find("more tables and indexes") != std::string::npos);
}

TEST_CASE("a file of another format than the first is refused") {
  ImportFixture fixture;
  const std::string sqlite = std::string("SQLite format 3\0", 16) + "CREATE TABLE post_tags(post_id, tag_id)";
  const Imported imported = fixture.Import({{"a.jsonl", OpenClipart()}, {"b", sqlite}},
                                           {.format = SourceFormat::kUnspecified, .max_rejected_count = -1});
  CHECK(ReasonOf(imported.status) == Reason::kFileInvalid);
  INFO(imported.status.ToString());
  CHECK(MetadataOf(imported.status)["file"] == "b");
  CHECK(imported.status.message().find("b: looks like danbooru-meta-sqlite, where JSON lines") == 0);
}

TEST_CASE("what became of the records is told by Settle, without another byte") {
  ImportFixture fixture;
  std::vector<RejectedRecord> rejected;
  PipelineOptions options;
  options.format = SourceFormat::kDanbooruJsonl;
  options.max_rejected_count = 1;
  options.on_rejected = [&](const RejectedRecord& record) { rejected.push_back(record); };
  auto session = fixture.Begin();
  auto pipeline = ImportPipeline::Create(session.get(), options);
  REQUIRE(pipeline.ok());
  CHECK((*pipeline)->Settle().ok());
  REQUIRE((*pipeline)->BeginFile("a.jsonl", Compression::kNone).ok());
  REQUIRE((*pipeline)->Feed("{\"id\":1,\"source\":\"x\"}\n{\"id\":1}\n").ok());
  REQUIRE((*pipeline)->Settle().ok());
  REQUIRE(rejected.size() == 1);
  CHECK(rejected[0].line == 2);
  CHECK((*pipeline)->progress().post_count == 1);
  (*pipeline)->Feed("{\"id\":2}\n{\"id\":1}\n{\"id\":3}\n").IgnoreError();
  CHECK(ReasonOf((*pipeline)->Settle()) == Reason::kRecordRejected);
  REQUIRE(rejected.size() == 2);
  CHECK(rejected[1].line == 4);
  CHECK((*pipeline)->progress().post_count == 2);
}

TEST_CASE("records of many files come in the order of the files, rejected ones too") {
  ImportFixture fixture;
  std::vector<ImportedFile> files;
  for (int file = 0; file < 50; ++file) {
    std::string text;
    for (int line = 0; line < 20; ++line) {
      // The first of each file is the last of the file before.
      text += "{\"id\":" + std::to_string(1 + file * 19 + line) + ",\"pixiv_id\":0}\n";
    }
    files.push_back({"f" + std::to_string(file), text});
  }
  const Imported imported = fixture.Import(files, {.format = SourceFormat::kUnspecified, .max_rejected_count = -1});
  REQUIRE(imported.status.ok());
  CHECK(imported.progress.post_count == 50 * 19 + 1);
  REQUIRE(imported.rejected.size() == 49);
  for (size_t i = 0; i < imported.rejected.size(); ++i) {
    CHECK(imported.rejected[i].file == "f" + std::to_string(i + 1));
    CHECK(imported.rejected[i].line == 1);
    CHECK(imported.rejected[i].reason.find("f" + std::to_string(i) + ", line 20") != std::string::npos);
  }
}

TEST_CASE("records of pages are numbered, and messages say so") {
  ImportFixture fixture;
  const Imported imported = fixture.Import({{"p.json", R"([{"id":1,"tag_string":""},{"id":1,"tag_string":""}])"}},
                                           {.format = SourceFormat::kUnspecified});
  CHECK(imported.progress.format == SourceFormat::kDanbooruPages);
  CHECK(imported.status.message().find("p.json, record 2: id is 1, which another record of this import has: p.json, "
                                       "record 1.") == 0);
}

}  // namespace
}  // namespace millrace
