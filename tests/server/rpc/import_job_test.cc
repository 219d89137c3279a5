// Goal: an import ends at its first fault, or when its client is silent for the timeout, whichever way; not otherwise.
// Method: the job with a client whose every message and pause is scripted, so that no real time passes.
#include "server/rpc/import_job.h"

#include <deque>
#include <filesystem>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "core/base/error.h"
#include "tests/server/rpc/import_client.h"
#include "tests/server/rpc/temp_folder.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using std::chrono::milliseconds;

// The job waits 200 ms at a time: the fifth silent wait in a row is one too many.
constexpr absl::Duration kIdleTimeout = absl::Seconds(1);
constexpr int kSilentWaitCountMax = 4;

// Gives the job what the script says: messages, and between them waits that end without one.
class ScriptedPeer : public ImportPeer {
 public:
  void Say(v1::ImportRequest request) { script_.emplace_back(std::move(request)); }
  void Pause(int wait_count) { script_.insert(script_.end(), static_cast<size_t>(wait_count), std::nullopt); }

  void File() {
    v1::ImportRequest request;
    request.mutable_file()->set_name("posts.jsonl");
    Say(request);
  }
  void Chunk(const std::string& bytes) {
    v1::ImportRequest request;
    request.set_chunk(bytes);
    Say(request);
  }
  void End() {
    v1::ImportRequest request;
    request.mutable_end();
    Say(request);
  }

  absl::StatusOr<std::optional<v1::ImportRequest>> Receive(milliseconds timeout) override {
    CHECK(timeout == milliseconds(200));
    // A job that goes on behind the script's end would wait for ever.
    if (script_.empty()) return end;
    std::optional<v1::ImportRequest> next = std::move(script_.front());
    script_.pop_front();
    return next;
  }
  bool Send(v1::ImportResponse response, milliseconds timeout) override {
    CHECK(timeout == absl::ToChronoMilliseconds(kIdleTimeout));
    if (response.has_result()) has_result = true;
    if (response.has_rejected()) ++rejected_count;
    std::this_thread::sleep_for(send_duration);
    return !is_full;
  }
  void SendProgress(const v1::ImportProgress&) override {}
  bool cancelled() override { return false; }

  absl::Status end = MakeError(Reason::kInternal, "the script is over");
  bool is_full = false;  // takes no message
  milliseconds send_duration{0};
  bool has_result = false;
  int rejected_count = 0;

 private:
  std::deque<std::optional<v1::ImportRequest>> script_;
};

class JobFixture {
 public:
  JobFixture() {
    CatalogOptions options;
    options.path = folder.path() + "/catalog.sqlite3";
    auto opened = Catalog::Open(options);
    REQUIRE(opened.ok());
    catalog = *std::move(opened);
    auto store = SnapshotStore::Open(folder.path() + "/snapshots");
    REQUIRE(store.ok());
    snapshots = *std::move(store);
    deps.catalog = catalog.get();
    deps.snapshots = snapshots.get();
    deps.drain = &drain;
    deps.spool_folder = folder.path() + "/spool";
    std::filesystem::create_directories(deps.spool_folder);
    deps.import_idle_timeout = kIdleTimeout;
  }

  absl::Status Run(int64_t max_rejected_count = -1) {
    v1::ImportStart start = JsonlStart("d", "r");
    start.set_max_rejected_count(max_rejected_count);
    return ImportJob(deps, start, &peer).Run();
  }

  // -1: there is no such dataset.
  int64_t PostCount() {
    const auto stats = catalog->GetStats("d");
    return stats.ok() ? stats->post_count : -1;
  }

  TempFolder folder;
  Drain drain;
  std::unique_ptr<Catalog> catalog;
  std::unique_ptr<SnapshotStore> snapshots;
  ServiceDeps deps;
  ScriptedPeer peer;
};

TEST_CASE_METHOD(JobFixture, "a client that pauses again and again, each time for less than the timeout, imports") {
  peer.Pause(kSilentWaitCountMax);
  peer.File();
  peer.Pause(kSilentWaitCountMax);
  for (int i = 0; i < 3; ++i) {
    peer.Chunk(DumpLine(i + 1));
    peer.Pause(kSilentWaitCountMax);
  }
  peer.End();
  CHECK(Run().ok());
  CHECK(peer.has_result);
  CHECK(PostCount() == 3);
}

TEST_CASE_METHOD(JobFixture, "a record too many is what an import failed for, also when its client then ends early") {
  peer.File();
  peer.Chunk("{\"id\":1}\n{\"id\":1}\n");
  peer.end = MakeError(Reason::kImportProtocol, "no end");
  CHECK(ReasonOf(Run(0)) == Reason::kRecordRejected);
  CHECK(peer.rejected_count == 1);
  CHECK(PostCount() == -1);
}

TEST_CASE_METHOD(JobFixture, "a client that is silent for the timeout loses its import, wherever it stopped") {
  const int said = GENERATE(0, 1, 2);
  if (said >= 1) peer.File();
  if (said >= 2) peer.Chunk(Dump(10));
  peer.Pause(kSilentWaitCountMax + 1);
  peer.End();
  const absl::Status status = Run();
  CHECK(ReasonOf(status) == Reason::kImportIdle);
  CHECK(status.code() == absl::StatusCode::kAborted);
  CHECK(PostCount() == -1);

  const auto imports = catalog->ListImports("d", std::nullopt, 10);
  REQUIRE(imports.ok());
  REQUIRE(imports->size() == 1);
  CHECK(imports->front().state == ImportState::kFailed);
  CHECK(ReasonOf(imports->front().error) == Reason::kImportIdle);
  // Neither the dataset nor the request_id is taken any more.
  peer = ScriptedPeer();
  peer.File();
  peer.Chunk(Dump(10));
  peer.End();
  CHECK(Run().ok());
  CHECK(PostCount() == 10);
}

TEST_CASE_METHOD(JobFixture, "an empty chunk is a sign of life") {
  peer.File();
  for (int i = 0; i < 5; ++i) {
    peer.Pause(kSilentWaitCountMax);
    peer.Chunk("");
  }
  peer.Chunk(Dump(10));
  peer.Chunk("");
  peer.End();
  CHECK(Run().ok());
  CHECK(PostCount() == 10);
}

TEST_CASE_METHOD(JobFixture, "what the server does for longer than the timeout is no silence of the client") {
  peer.File();
  peer.Pause(kSilentWaitCountMax);
  // Taking this chunk keeps the job busy for longer than the timeout.
  peer.send_duration = milliseconds(300);
  peer.Chunk("x\nx\nx\nx\n" + Dump(10));
  peer.Pause(kSilentWaitCountMax);
  peer.End();
  CHECK(Run().ok());
  CHECK(peer.rejected_count == 4);
  CHECK(PostCount() == 10);
}

TEST_CASE_METHOD(JobFixture,
                 "a client that takes no messages for the timeout loses its import, and is waited for once") {
  peer.is_full = true;
  peer.File();
  std::string records;
  for (int i = 0; i < 1000; ++i) records += "x\n";
  peer.Chunk(records + Dump(10));
  peer.End();
  CHECK(ReasonOf(Run()) == Reason::kImportIdle);
  CHECK(peer.rejected_count == 1);
  CHECK(PostCount() == -1);
}

TEST_CASE_METHOD(JobFixture, "an import that is committed stays so when the client does not take its result") {
  peer.is_full = true;
  peer.File();
  peer.Chunk(Dump(10));
  peer.End();
  CHECK(Run().ok());
  CHECK(peer.has_result);
  CHECK(PostCount() == 10);
}

}  // namespace
}  // namespace millrace
