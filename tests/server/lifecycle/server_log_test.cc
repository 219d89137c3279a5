// Goal: each call and each event is one line of JSON, complete on the disk as soon as it is written.
// Method: log to a file in a temporary folder and read it with a JSON library.
#include "server/lifecycle/server_log.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "core/base/error.h"
#include "tests/server/lifecycle/fixture.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using Json = nlohmann::json;

std::vector<Json> ReadLines(const std::string& path) {
  std::vector<Json> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(Json::parse(line));
  return lines;
}

std::unique_ptr<ServerLog> OpenLog(const std::string& path, const std::string& level = "info") {
  auto log = ServerLog::Open({.level = level, .path = path, .now = [] {
                                return absl::FromUnixMillis(1767323045678);  // 2026-01-02 03:04:05.678 UTC
                              }});
  REQUIRE(log.ok());
  return *std::move(log);
}

CallRecord RecordWithCode(const std::string& code) {
  CallRecord record;
  record.code = code;
  return record;
}

TEST_CASE("A call's line holds all that is known of it") {
  const TempFolder folder;
  const auto log = OpenLog(folder / "log");
  CallRecord record;
  record.method = "millrace.v1.LoaderService/GetBatch";
  record.peer = "ipv4:127.0.0.1:51234";
  record.request_id = "\"}\n{\xff{}%v";  // what a hostile client may name its call
  record.code = "INVALID_ARGUMENT";
  record.reason = "FIELD_INVALID";
  record.message = "rank 3\tis outside of its world";
  record.received_count = 1;
  record.sent_count = 5000000000;
  record.duration = std::chrono::microseconds(1234567);
  log->Write(record);

  // Not closed and not flushed by the test: written is written.
  const std::vector<Json> lines = ReadLines(folder / "log");
  REQUIRE(lines.size() == 1);
  CHECK(lines[0] == Json({{"time", "2026-01-02T03:04:05.678Z"},
                          {"level", "warning"},
                          {"event", "call"},
                          {"method", "millrace.v1.LoaderService/GetBatch"},
                          {"peer", "ipv4:127.0.0.1:51234"},
                          {"request_id", "\"}\n{\uFFFD{}%v"},
                          {"code", "INVALID_ARGUMENT"},
                          {"reason", "FIELD_INVALID"},
                          {"message", "rank 3\tis outside of its world"},
                          {"received_count", 1},
                          {"sent_count", 5000000000},
                          {"duration_ms", 1234.567}}));
}

TEST_CASE("A line that stands for many calls says for how many") {
  const TempFolder folder;
  const auto log = OpenLog(folder / "log");
  CallRecord record = RecordWithCode("RESOURCE_EXHAUSTED");
  record.call_count = 1234;
  log->Write(record);
  const std::vector<Json> lines = ReadLines(folder / "log");
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].at("call_count") == 1234);
}

TEST_CASE("The level follows whose fault it was, and lines below the log's level are left out") {
  const TempFolder folder;
  const std::vector<std::string> codes = {"OK",      "CANCELLED", "NOT_FOUND", "RESOURCE_EXHAUSTED",
                                          "UNKNOWN", "INTERNAL",  "DATA_LOSS"};
  const std::vector<std::string> levels = {"info", "info", "warning", "warning", "error", "error", "error"};
  const std::pair<std::string, size_t> first_logged[] = {
      {"debug", 0}, {"info", 0}, {"warning", 2}, {"error", 4}, {"off", codes.size()}};
  for (const auto& [level, first] : first_logged) {
    INFO(level);
    const auto log = OpenLog(folder / level, level);
    for (const std::string& code : codes) log->Write(RecordWithCode(code));
    const std::vector<Json> lines = ReadLines(folder / level);
    REQUIRE(lines.size() == codes.size() - first);
    for (size_t i = 0; i < lines.size(); ++i) {
      CHECK(lines[i].at("code") == codes[first + i]);
      CHECK(lines[i].at("level") == levels[first + i]);
    }
  }
}

TEST_CASE("An event's line holds its details, and a log is appended to") {
  const TempFolder folder;
  OpenLog(folder / "log")->Info("listening", JsonObject().AddText("address", "127.0.0.1:1"));
  OpenLog(folder / "log")->Error("stopped_early");
  const std::vector<Json> lines = ReadLines(folder / "log");
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].at("event") == "listening");
  CHECK(lines[0].at("address") == "127.0.0.1:1");
  CHECK(lines[1].at("event") == "stopped_early");
  CHECK(lines[1].at("level") == "error");
}

TEST_CASE("Lines of many threads do not mix") {
  const TempFolder folder;
  const auto log = OpenLog(folder / "log");
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) log->Write(RecordWithCode("OK"));
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(ReadLines(folder / "log").size() == 1600);
}

TEST_CASE("An unknown level and a file that cannot be opened are errors") {
  const TempFolder folder;
  CHECK(ReasonOf(ServerLog::Open({.level = "loud", .path = "", .now = {}}).status()) == Reason::kConfigInvalid);
  const std::string path = folder / "log";
  std::ofstream(path) << "";
  const auto log = ServerLog::Open({.level = "info", .path = path + "/below/a/file", .now = {}});
  REQUIRE(!log.ok());
  CHECK(ReasonOf(log.status()) == Reason::kIoError);
  CHECK_THAT(std::string(log.status().message()), Catch::Matchers::Contains("/below/a/file"));
}

}  // namespace
}  // namespace millrace
