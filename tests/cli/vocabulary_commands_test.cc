// Goal: what the flags of `millrace vocabulary` say reaches the server, files are read and written as they are, and
// command lines that make no sense are refused before the server is asked. Method: whole command lines against a server
// with canned answers.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "clients/cli/app.h"
#include "tests/cli/fake_server.h"
#include "tests/support/catch.h"

namespace millrace::cli {
namespace {

struct Result {
  int exit_code;
  std::string out;
  std::string err;
};

Result Run(const FakeServer& server, std::vector<std::string> flags) {
  std::vector<std::string> arguments = {"vocabulary"};
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  arguments.insert(arguments.end(), {"--address", server.address()});
  std::ostringstream out, err;
  Interrupt interrupt;
  const int exit_code = RunCli(arguments, Output{out, Terminal{}, err, Terminal{}}, interrupt);
  return {exit_code, out.str(), err.str()};
}

v1::CreateVocabularyRequest RequestOf(std::vector<std::string> flags) {
  FakeServer server;
  flags.insert(flags.begin(), {"create", "v"});
  const Result result = Run(server, std::move(flags));
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  REQUIRE(server.vocabularies.create.size() == 1);
  return server.vocabularies.create[0];
}

// A file that lives as long as the object.
struct TempFile {
  std::string path;
  explicit TempFile(const std::string& content) {
    path = (std::filesystem::temp_directory_path() / "millrace-vocabulary-XXXXXX").string();
    REQUIRE(close(mkstemp(path.data())) == 0);
    std::ofstream(path, std::ios::binary) << content;
  }
  ~TempFile() { std::filesystem::remove(path); }
  std::string Content() const {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
};

TEST_CASE("a server that passes the reading of tags over is noticed by its answer") {
  FakeServer server;  // is of before there were readings
  const Result result = Run(server, {"create", "v", "-d", "x", "--tags", "applied"});
  CHECK(result.exit_code == 1);
  CHECK(result.err.find("it made vocabulary v@3 by tags as said") != std::string::npos);
  CHECK(Run(server, {"create", "v", "-d", "x"}).exit_code == 0);
  server.vocabularies.knows_readings = true;
  CHECK(Run(server, {"create", "v", "-d", "x", "--tags", "applied"}).exit_code == 0);
}

TEST_CASE("the conditions are asked for as they are said") {
  const TempFile names("solo\r\n\nlong hair\n");
  v1::CreateVocabularyRequest expected;
  expected.set_name("v");
  v1::VocabularySelection& selection = *expected.mutable_selection();
  selection.set_snapshot("abcdef01");
  selection.set_top(10);
  selection.set_min_post_count(3);
  selection.add_categories(v1::TAG_CATEGORY_GENERAL);
  selection.add_categories(v1::TAG_CATEGORY_CHARACTER);
  for (const char* name : {"1girl", "-_-", "solo", "long hair"}) selection.add_include(name);
  for (const char* name : {"comic", "solo", "long hair"}) selection.add_exclude(name);
  CHECK(RequestOf({"--snapshot", "abcdef01", "--top", "10", "--min-count", "3", "--category", "general", "--category",
                   "character", "--include", "1girl", "--include=-_-", "--include-from", names.path, "--exclude",
                   "comic", "--exclude-from", names.path})
            .SerializeAsString() == expected.SerializeAsString());
}

TEST_CASE("what is not said stays unsaid, and a server's only dataset is meant") {
  v1::CreateVocabularyRequest expected;
  expected.set_name("v");
  expected.mutable_selection()->set_dataset("one");
  CHECK(RequestOf({}).SerializeAsString() == expected.SerializeAsString());
}

TEST_CASE("a CSV file is sent as it is") {
  const std::string content("name\r\na\0b\xFF\n", 10);
  const TempFile file(content);
  const v1::CreateVocabularyRequest request = RequestOf({"--from-csv", file.path});
  CHECK(request.csv() == content);
  CHECK_FALSE(request.has_selection());
}

TEST_CASE("command lines that make no sense are refused before the server is asked") {
  FakeServer server;
  const TempFile empty("\n\n");
  const std::vector<std::vector<std::string>> lines = {
      {"create"},
      {"create", "v", "--from-csv", "x", "--top", "3"},
      {"create", "v", "--from-csv", "x", "--dataset", "d"},
      {"create", "v", "--top", "-1"},
      {"create", "v", "--category", "wrong"},
      {"create", "v", "--include-from", empty.path},
      {"show"},
      {"show", "v", "--limit", "-1"},
      {"export"},
      {"delete"},
  };
  for (const auto& line : lines) {
    CAPTURE(line);
    CHECK(Run(server, line).exit_code == 2);
  }
  CHECK(server.vocabularies.create.empty());
}

TEST_CASE("files that cannot be read, or are too large, are told here") {
  FakeServer server;
  const Result missing = Run(server, {"create", "v", "--from-csv", "/no/such/file"});
  CHECK(missing.exit_code == 1);
  CHECK(missing.err.find("cannot read /no/such/file") != std::string::npos);
  CHECK(Run(server, {"create", "v", "--include-from", "/no/such/file"}).exit_code == 1);
  const TempFile large(std::string((16 << 20) + 1, 'x'));
  const Result refused = Run(server, {"create", "v", "--from-csv", large.path});
  CHECK(refused.exit_code == 1);
  CHECK(refused.err.find("at most 16.0 MiB") != std::string::npos);
  CHECK(server.vocabularies.create.empty());
}

TEST_CASE("the first labels are shown, or all of them, over pages") {
  FakeServer server;
  server.vocabularies.label_count = 25'000;
  const Result first = Run(server, {"show", "v"});
  CHECK(first.out.find("v@2") != std::string::npos);
  CHECK(first.out.find("tag19") != std::string::npos);
  CHECK(first.out.find("tag20") == std::string::npos);
  CHECK(first.err.find("--limit 0 shows all") != std::string::npos);
  REQUIRE(server.vocabularies.list_entries.size() == 1);
  CHECK(server.vocabularies.list_entries[0].vocabulary() == "v@2");
  const Result all = Run(server, {"show", "v", "--limit", "0"});
  CHECK(all.out.find("tag24999") != std::string::npos);
  CHECK(all.err.empty());
  CHECK(server.vocabularies.list_entries.size() == 1 + 3);
}

TEST_CASE("an export goes to standard output or into a file") {
  FakeServer server;
  const std::string csv = "tag_id,name,category,count\n0,v,0,0\n";
  CHECK(Run(server, {"export", "v"}).out == csv);
  CHECK(Run(server, {"export", "v", "--json"}).out == csv);
  const TempFile file("something longer than the file that is written over it, so that nothing of it is left");
  const Result written = Run(server, {"export", "v", "-o", file.path});
  CHECK(written.exit_code == 0);
  CHECK(written.out.empty());
  CHECK(file.Content() == csv);
  CHECK(Run(server, {"export", "v", "-o", "/no/such/folder/file"}).exit_code == 1);
}

TEST_CASE("a deletion says what was meant") {
  FakeServer server;
  CHECK(Run(server, {"delete", "v"}).out == "the version that v meant is gone\n");
  CHECK(Run(server, {"delete", "v@2", "--allow-missing"}).out == "vocabulary v@2 is gone\n");
  REQUIRE(server.vocabularies.remove.size() == 2);
  CHECK(server.vocabularies.remove[0].vocabulary() == "v");
  CHECK_FALSE(server.vocabularies.remove[0].allow_missing());
  CHECK(server.vocabularies.remove[1].allow_missing());
}

}  // namespace
}  // namespace millrace::cli
