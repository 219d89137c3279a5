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

TEST_CASE("a folder stands for its files in the order of the bytes of their names") {
  const TempFolder folder;
  for (const char* name : {"b.jsonl", "a10.jsonl", "a2.jsonl", "B.jsonl", ".hidden.jsonl", "sub/c.jsonl"})
    folder.Add(name);
  InputFiles found;
  REQUIRE(FindInputFiles({folder.path()}, found).ok());
  std::vector<std::string> names;
  for (const InputFile& file : found.files) names.push_back(fs::path(file.path).filename().string());
  CHECK(names == std::vector<std::string>{"B.jsonl", "a10.jsonl", "a2.jsonl", "b.jsonl"});
  CHECK(found.skipped_folders == std::vector<std::string>{folder.path() + "/sub"});
}

TEST_CASE("files keep the order given, and their sizes add up") {
  const TempFolder folder;
  const std::string z = folder.Add("z.jsonl", "12345");
  const std::string a = folder.Add("a.jsonl", "123");
  InputFiles found;
  REQUIRE(FindInputFiles({z, a}, found).ok());
  REQUIRE(found.files.size() == 2);
  CHECK(found.files[0].path == z);
  CHECK(TotalSize(found.files) == 8);
}

TEST_CASE("standard input has no size, and can be read once") {
  InputFiles found;
  REQUIRE(FindInputFiles({"-"}, found).ok());
  CHECK_FALSE(TotalSize(found.files).has_value());
  CHECK(FindInputFiles({"-", "-"}, found).exit_code == ExitCode::kUsage);
}

TEST_CASE("what is not there, or empty, is refused by name") {
  const TempFolder folder;
  InputFiles found;
  const Outcome missing = FindInputFiles({folder.path() + "/nothing.jsonl"}, found);
  CHECK(missing.exit_code == ExitCode::kRefused);
  CHECK(missing.message.find("nothing.jsonl: No such file") != std::string::npos);
  const Outcome empty = FindInputFiles({folder.path()}, found);
  CHECK(empty.exit_code == ExitCode::kUsage);
  CHECK(empty.message.find(folder.path()) != std::string::npos);
}

TEST_CASE("a name tells the format, before and behind compression") {
  for (const char* name : {"a.jsonl", "a.json", "a.jsonl.gz", "a.json.zst"}) {
    CHECK(FormatOfName(name) == v1::SOURCE_FORMAT_DANBOORU_JSONL);
  }
  for (const char* name : {"a.sqlite", "a.sqlite3", "a.db", "a.db.zst", "a.sqlite.gz"}) {
    CHECK(FormatOfName(name) == v1::SOURCE_FORMAT_DANBOORU_META_SQLITE);
  }
  for (const char* name : {"-", "a", "a.gz", "a.csv", "jsonl", "a.jsonl.bz2"}) {
    CHECK(FormatOfName(name) == v1::SOURCE_FORMAT_UNSPECIFIED);
  }
}

TEST_CASE("files of one import have one format") {
  v1::SourceFormat format;
  CHECK(InferFormat({{"a.jsonl", "a.jsonl", 1}, {"b.json.gz", "b.json.gz", 1}}, format).ok());
  CHECK(format == v1::SOURCE_FORMAT_DANBOORU_JSONL);
  const Outcome mixed = InferFormat({{"a.jsonl", "a.jsonl", 1}, {"b.db", "b.db", 1}}, format);
  CHECK(mixed.exit_code == ExitCode::kUsage);
  CHECK(mixed.message.find("b.db") != std::string::npos);
  CHECK(InferFormat({{"-", "standard input", std::nullopt}}, format).exit_code == ExitCode::kUsage);
}

TEST_CASE("a SQLite file whose changes lie in a write-ahead log is not sent without them") {
  const TempFolder folder;
  const std::string path = folder.Add("meta.db");
  CHECK(CheckNoWriteAheadLog({{path, path, 1}}).ok());
  folder.Add("meta.db-wal", "");
  CHECK(CheckNoWriteAheadLog({{path, path, 1}}).ok());
  folder.Add("meta.db-wal", "changes");
  CHECK(CheckNoWriteAheadLog({{path, path, 1}}).exit_code == ExitCode::kUsage);
}

}  // namespace
}  // namespace millrace::cli
