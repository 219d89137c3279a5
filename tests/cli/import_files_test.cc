// Which files an import would send: order, what is skipped, what is refused, before a byte goes out. Works on a
// temporary folder of its own.
#include "clients/cli/import_files.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/support/catch.h"

namespace millrace::cli {
namespace {

namespace fs = std::filesystem;

class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (fs::temp_directory_path() / "millrace-cli-test-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~TempFolder() { fs::remove_all(path_); }

  std::string Add(const std::string& name, const std::string& content = "x") const {
    const fs::path path = path_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << content;
    return path.string();
  }
  std::string path() const { return path_.string(); }

 private:
  fs::path path_;
};

constexpr v1::SourceFormat kUnnamed = v1::SOURCE_FORMAT_UNSPECIFIED;

std::vector<std::string> RelativePaths(const InputFiles& found, const TempFolder& folder) {
  std::vector<std::string> paths;
  for (const InputFile& file : found.files) paths.push_back(fs::path(file.path).lexically_relative(folder.path()));
  return paths;
}

TEST_CASE("a folder stands for the data in it and its folders, in the order of the bytes of their paths") {
  const TempFolder folder;
  for (const char* name : {"b.jsonl", "a10.jsonl.gz", "a2.csv", "B.json.zst", ".hidden.jsonl", "sub/c.jsonl",
                           ".git/config.json", "notes.md", "sub/d.png"}) {
    folder.Add(name);
  }
  InputFiles found;
  REQUIRE(FindInputFiles({folder.path()}, kUnnamed, found).ok());
  CHECK(RelativePaths(found, folder) ==
        std::vector<std::string>{"B.json.zst", "a10.jsonl.gz", "a2.csv", "b.jsonl", "sub/c.jsonl"});
  CHECK(found.skipped == std::vector<std::string>{folder.path() + "/notes.md", folder.path() + "/sub/d.png"});
  CHECK(found.format == kUnnamed);
  InputFiles tables;
  REQUIRE(FindInputFiles({folder.path()}, v1::SOURCE_FORMAT_E621_CSV, tables).ok());
  CHECK(RelativePaths(tables, folder) == std::vector<std::string>{"a2.csv"});
}

TEST_CASE("files of a folder whose names have no ending are taken by their bytes") {
  const TempFolder folder;
  const std::string jsonl = "{\"id\":\"1\",\"md5\":\"x\"}\n";
  folder.Add("metadata/2018000000000000", jsonl);
  folder.Add("metadata/2018000000000001", "[{\"id\":1}]");
  folder.Add("A.JSONL", jsonl);
  folder.Add("b.json.GZ", "x");
  folder.Add("LICENSE", "Do as you like.\n");
  folder.Add("config", "[section]\nid,=1\n");
  folder.Add("posts.jsonl.bak", jsonl);
  folder.Add("table", "id,tag_string\n1,a\n");
  folder.Add("dump", std::string("SQLite format 3\0and more", 24));
  InputFiles found;
  REQUIRE(FindInputFiles({folder.path()}, v1::SOURCE_FORMAT_DANBOORU_JSONL, found).ok());
  CHECK(RelativePaths(found, folder) ==
        std::vector<std::string>{"A.JSONL", "b.json.GZ", "metadata/2018000000000000", "metadata/2018000000000001"});
  REQUIRE(found.skipped_data.size() == 1);
  CHECK(found.skipped_data[0].path == folder.path() + "/posts.jsonl.bak");
  CHECK(found.skipped.size() == 4);
  InputFiles any;
  REQUIRE(FindInputFiles({folder.path()}, kUnnamed, any).ok());
  CHECK(any.files.size() == 6);
  CHECK(any.skipped == std::vector<std::string>{folder.path() + "/LICENSE", folder.path() + "/config"});
}

TEST_CASE("lists that a dataset has no place for are skipped in folders, and said, and are sent when named") {
  const TempFolder folder;
  const std::string notes = folder.Add("notes0.json", "{\"id\":1,\"x\":1,\"y\":2,\"body\":\"b\",\"post_id\":5}\n");
  folder.Add("wiki_pages-2026.csv", "id,created_at,title,body\n1,,a,b\n");
  folder.Add("wiki_pages0.json", "{\"id\":1,\"title\":\"a\",\"body\":\"b\"}\n");
  folder.Add("comments0.json", "{\"id\":1,\"post_id\":5,\"body\":\"b\",\"score\":0}\n");
  InputFiles none;
  const Outcome outcome = FindInputFiles({folder.path()}, kUnnamed, none);
  CHECK(outcome.exit_code == ExitCode::kUsage);
  CHECK(outcome.message.find("holds notes or comments, which a dataset has no place for") != std::string::npos);
  folder.Add("posts0.json", "{\"id\":5,\"md5\":\"x\",\"tag_string\":\"body\"}\n");
  InputFiles found;
  REQUIRE(FindInputFiles({folder.path()}, kUnnamed, found).ok());
  CHECK(RelativePaths(found, folder) == std::vector<std::string>{"posts0.json"});
  REQUIRE(found.skipped_data.size() == 4);
  CHECK(found.skipped_data[3].reason.find("wiki pages") != std::string::npos);
  CHECK(found.skipped_data[2].reason.find("wiki pages") != std::string::npos);
  InputFiles named;
  REQUIRE(FindInputFiles({notes}, kUnnamed, named).ok());
  CHECK(named.files.size() == 1);
}

TEST_CASE("of a folder, lists of tags go first") {
  const TempFolder folder;
  for (const char* name : {"posts-2026.csv.gz", "tag_aliases-2026.csv.gz", "tags-2026.csv.gz", "old/tags-2025.csv"}) {
    folder.Add(name);
  }
  InputFiles found;
  REQUIRE(FindInputFiles({folder.path()}, kUnnamed, found).ok());
  CHECK(RelativePaths(found, folder) == std::vector<std::string>{"old/tags-2025.csv", "tags-2026.csv.gz",
                                                                 "posts-2026.csv.gz", "tag_aliases-2026.csv.gz"});
}

TEST_CASE("a folder with pictures and sidecars is one of pictures") {
  const TempFolder folder;
  for (const char* name :
       {"1.png", "1.txt", "2.PNG", "2.PNG.json", "2.txt", "set/3.jpg", "set/3.json", "set/3.webp", "4.gif", "5.txt",
        "6.png", "6.caption", "7.png", "7.png.caption", "7.txt", "8.caption", "film.mp4"}) {
    folder.Add(name);
  }
  InputFiles found;
  REQUIRE(FindInputFiles({folder.path()}, kUnnamed, found).ok());
  CHECK(found.format == v1::SOURCE_FORMAT_PICTURE_FOLDER);
  std::vector<std::pair<std::string, std::string>> files;  // sidecar, picture
  for (const InputFile& file : found.files) {
    files.emplace_back(file.name, file.picture.has_value() ? file.picture->name : "");
    CHECK(file.path == (file.name == "4.gif" ? "" : folder.path() + "/" + file.name));
  }
  CHECK(files == std::vector<std::pair<std::string, std::string>>{{"1.txt", "1.png"},
                                                                  {"2.PNG.json", "2.PNG"},
                                                                  {"4.gif", "4.gif"},
                                                                  {"6.caption", "6.png"},
                                                                  {"7.txt", "7.png"},
                                                                  {"set/3.json", "set/3.jpg"},
                                                                  {"set/3.json", "set/3.webp"},
                                                                  {"5.txt", ""},
                                                                  {"8.caption", ""}});
  CHECK(found.skipped == std::vector<std::string>{folder.path() + "/2.txt", folder.path() + "/7.png.caption",
                                                  folder.path() + "/film.mp4"});
}

TEST_CASE("pictures and other data are not imported together") {
  const TempFolder folder;
  folder.Add("p/1.png");
  folder.Add("p/1.txt");
  const std::string dump = folder.Add("dump.jsonl");
  InputFiles found;
  const Outcome outcome = FindInputFiles({folder.path() + "/p", dump}, kUnnamed, found);
  CHECK(outcome.exit_code == ExitCode::kUsage);
  CHECK(outcome.message.find("dump.jsonl") != std::string::npos);
}

TEST_CASE("files keep the order given, and their sizes add up") {
  const TempFolder folder;
  const std::string z = folder.Add("z.jsonl", "12345");
  const std::string a = folder.Add("a.jsonl", "123");
  InputFiles found;
  REQUIRE(FindInputFiles({z, a}, kUnnamed, found).ok());
  REQUIRE(found.files.size() == 2);
  CHECK(found.files[0].path == z);
  CHECK(TotalSize(found.files) == 8);
}

TEST_CASE("standard input has no size, and can be read once") {
  InputFiles found;
  REQUIRE(FindInputFiles({"-"}, kUnnamed, found).ok());
  CHECK_FALSE(TotalSize(found.files).has_value());
  CHECK(FindInputFiles({"-", "-"}, kUnnamed, found).exit_code == ExitCode::kUsage);
}

TEST_CASE("what is not there, or empty, is refused by name") {
  const TempFolder folder;
  InputFiles found;
  const Outcome missing = FindInputFiles({folder.path() + "/nothing.jsonl"}, kUnnamed, found);
  CHECK(missing.exit_code == ExitCode::kRefused);
  CHECK(missing.message.find("nothing.jsonl: No such file") != std::string::npos);
  const Outcome empty = FindInputFiles({folder.path()}, kUnnamed, found);
  CHECK(empty.exit_code == ExitCode::kUsage);
  CHECK(empty.message.find(folder.path()) != std::string::npos);
  folder.Add("x.bin");
  const Outcome none = FindInputFiles({folder.path()}, kUnnamed, found);
  CHECK(none.message.find("none of the 1 files in the folder " + folder.path() + " looks like data") == 0);
}

TEST_CASE("names of data, before and behind compression") {
  for (const char* name : {"a.jsonl", "a.json", "a.jsonl.gz", "a.json.zst", "A.JSON.GZ"}) {
    CHECK(LooksLikeData(name, v1::SOURCE_FORMAT_DANBOORU_JSONL));
    CHECK(LooksLikeData(name, v1::SOURCE_FORMAT_GELBOORU_PAGES));
    CHECK_FALSE(LooksLikeData(name, v1::SOURCE_FORMAT_E621_CSV));
    CHECK(LooksLikeData(name, kUnnamed));
  }
  for (const char* name : {"a.sqlite", "a.sqlite3", "a.db", "a.db.zst", "a.sqlite.gz"}) {
    CHECK(LooksLikeData(name, v1::SOURCE_FORMAT_DANBOORU2023_SQLITE));
    CHECK_FALSE(LooksLikeData(name, v1::SOURCE_FORMAT_DANBOORU_PAGES));
    CHECK(LooksLikeData(name, kUnnamed));
  }
  CHECK(LooksLikeData("posts-2026-01-01.csv.gz", kUnnamed));
  for (const char* name : {"-", "a", "a.gz", "jsonl", "a.jsonl.bz2", "a.png", "a.txt"}) {
    CHECK_FALSE(LooksLikeData(name, kUnnamed));
  }
}

TEST_CASE("a SQLite file whose changes lie in a write-ahead log is not sent without them") {
  const TempFolder folder;
  const std::string path = folder.Add("meta.db");
  CHECK(CheckNoWriteAheadLog({{path, path, 1, std::nullopt}}).ok());
  folder.Add("meta.db-wal", "");
  CHECK(CheckNoWriteAheadLog({{path, path, 1, std::nullopt}}).ok());
  folder.Add("meta.db-wal", "changes");
  CHECK(CheckNoWriteAheadLog({{path, path, 1, std::nullopt}}).exit_code == ExitCode::kUsage);
}

}  // namespace
}  // namespace millrace::cli
