// Question: does the spine reach its figures? Import, compile, open, plan, batch and stream over a synthetic dump,
// against a real server in a process of its own, with a checksum of what was delivered.
//
//   spine-figures --server build/release/server/millrace-server --posts 3700000
#include <fcntl.h>
#include <google/protobuf/arena.h>
#include <grpcpp/grpcpp.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "bench/server_process.h"
#include "bench/synthetic.h"
#include "core/base/digest.h"
#include "core/base/text.h"
#include "core/snapshot/snapshot.h"
#include "millrace/v1/import_service.grpc.pb.h"
#include "millrace/v1/loader_service.grpc.pb.h"
#include "millrace/v1/plan_service.grpc.pb.h"
#include "millrace/v1/snapshot_service.grpc.pb.h"

namespace millrace::bench {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

double Median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<long>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "spine-figures: %s\n", what.c_str());
  std::exit(1);
}

void Check(const grpc::Status& status, const char* what) {
  if (!status.ok()) Fail(absl::StrCat(what, ": ", status.error_message()));
}

// One line of the report.
void Report(const std::string& name, const std::string& measured, const std::string& goal, bool reached) {
  std::printf("%-52s %22s   %-22s %s\n", name.c_str(), measured.c_str(), goal.c_str(), reached ? "reached" : "MISSED");
  std::fflush(stdout);
}

std::string Mib(int64_t bytes) { return absl::StrFormat("%.0f MiB", static_cast<double>(bytes) / 1048576.0); }

struct Stubs {
  explicit Stubs(const std::string& address) {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(256 << 20);
    channel = grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
    imports = v1::ImportService::NewStub(channel);
    snapshots = v1::SnapshotService::NewStub(channel);
    plans = v1::PlanService::NewStub(channel);
    loader = v1::LoaderService::NewStub(channel);
  }
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<v1::ImportService::Stub> imports;
  std::unique_ptr<v1::SnapshotService::Stub> snapshots;
  std::unique_ptr<v1::PlanService::Stub> plans;
  std::unique_ptr<v1::LoaderService::Stub> loader;
};

struct ImportMeasure {
  double seconds = 0;
  int64_t byte_count = 0;
  int64_t tag_use_count = 0;
};

// Streams the dump as it is generated: generating runs on this process's core and is several times faster.
ImportMeasure MeasureImport(Stubs& stubs, int64_t post_count, uint64_t seed) {
  SyntheticDump dump(seed);
  grpc::ClientContext context;
  const auto start = Clock::now();
  auto stream = stubs.imports->Import(&context);
  v1::ImportResponse response;
  bool is_done = false;
  std::thread reader([&] {
    while (stream->Read(&response)) is_done = response.has_result();
  });
  v1::ImportRequest request;
  request.mutable_start()->set_dataset("synthetic");
  request.mutable_start()->set_format(v1::SOURCE_FORMAT_DANBOORU_JSONL);
  request.mutable_start()->set_request_id(absl::StrCat("figures-", seed, "-", post_count));
  request.mutable_start()->set_skip_snapshot(true);
  bool ok = stream->Write(request);
  request.mutable_file()->set_name("synthetic.jsonl");
  ok = ok && stream->Write(request);
  ImportMeasure measure;
  std::string chunk;
  for (int64_t i = 0; ok && i < post_count; ++i) {
    dump.AppendLine(i, &chunk);
    if (chunk.size() < (256 << 10) && i + 1 < post_count) continue;
    measure.byte_count += static_cast<int64_t>(chunk.size());
    request.set_chunk(chunk);
    ok = stream->Write(request);
    chunk.clear();
  }
  request.mutable_end()->set_file_count(1);
  request.mutable_end()->set_byte_count(measure.byte_count);
  if (ok) stream->Write(request);
  stream->WritesDone();
  reader.join();
  Check(stream->Finish(), "import");
  if (!is_done) Fail("import: the server sent no result");
  measure.seconds = SecondsSince(start);
  measure.tag_use_count = dump.tag_use_count();
  return measure;
}

// A message for one batch after another. On an arena: a message of its own would free and allocate two thousand tags a
// batch, because clearing a response deletes the batch in it.
template <typename Response>
class ReusedResponse {
 public:
  // An empty one; the one before is gone.
  Response* Next() {
    arena_.Reset();
    return google::protobuf::Arena::CreateMessage<Response>(&arena_);
  }

 private:
  std::vector<char> block_ = std::vector<char>(size_t{1} << 20);
  google::protobuf::Arena arena_{block_.data(), block_.size()};
};

// The digest of the ids of `count` batches, in order.
class IdChecksum {
 public:
  void Add(const v1::Batch& batch) {
    hash_.Update(batch.post_ids().data(), static_cast<size_t>(batch.post_ids_size()) * sizeof(int64_t));
    post_count_ += batch.post_ids_size();
  }
  std::string Finish() { return HexEncode(hash_.Finish()); }
  int64_t post_count() const { return post_count_; }

 private:
  Sha256 hash_;
  int64_t post_count_ = 0;
};

void MeasureGetBatch(Stubs& stubs, const std::string& plan_id, int64_t batch_count) {
  std::vector<double> medians;
  std::string checksum;
  double p99 = 0;
  for (int run = 0; run < 5; ++run) {
    IdChecksum ids;
    std::vector<double> latencies;
    ReusedResponse<v1::GetBatchResponse> responses;
    for (int64_t i = 0; i < 2000; ++i) {
      v1::GetBatchRequest request;
      request.set_plan_id(plan_id);
      request.set_split("train");
      request.set_step(i * 7919 % batch_count);
      grpc::ClientContext context;
      const auto start = Clock::now();
      v1::GetBatchResponse* const response = responses.Next();
      Check(stubs.loader->GetBatch(&context, request, response), "GetBatch");
      latencies.push_back(SecondsSince(start) * 1e3);
      if (response->batch().posts_size() != response->batch().post_ids_size()) Fail("GetBatch: posts are missing");
      ids.Add(response->batch());
    }
    medians.push_back(Median(latencies));
    std::sort(latencies.begin(), latencies.end());
    p99 = latencies[latencies.size() * 99 / 100];
    const std::string digest = ids.Finish();
    if (run > 0 && digest != checksum) Fail("GetBatch: the same steps gave other posts");
    checksum = digest;
  }
  const double median = Median(medians);
  Report("GetBatch of 64 posts, median", absl::StrFormat("%.3f ms (p99 %.2f)", median, p99), "< 1 ms", median < 1);
  std::printf("  ids of 2,000 batches, sha256 %s\n", checksum.substr(0, 16).c_str());
}

// Streams `batch_count` batches on each of `stream_count` streams at once. Returns the first stream's checksum.
std::string RunStreams(Stubs& stubs, const std::string& plan_id, int stream_count, int64_t batch_count,
                       double* posts_per_second) {
  std::vector<std::string> digests(static_cast<size_t>(stream_count));
  std::vector<std::thread> threads;
  const auto start = Clock::now();
  std::atomic<int64_t> post_count{0};
  for (int i = 0; i < stream_count; ++i) {
    threads.emplace_back([&, i] {
      v1::StreamBatchesRequest request;
      request.set_plan_id(plan_id);
      request.set_split("train");
      request.set_max_batch_count(batch_count);
      grpc::ClientContext context;
      auto stream = stubs.loader->StreamBatches(&context, request);
      ReusedResponse<v1::StreamBatchesResponse> responses;
      IdChecksum ids;
      v1::StreamBatchesResponse* response = responses.Next();
      for (; stream->Read(response); response = responses.Next()) ids.Add(response->batch());
      Check(stream->Finish(), "StreamBatches");
      post_count += ids.post_count();
      digests[static_cast<size_t>(i)] = ids.Finish();
    });
  }
  for (std::thread& thread : threads) thread.join();
  *posts_per_second = static_cast<double>(post_count) / SecondsSince(start);
  for (const std::string& digest : digests) {
    if (digest != digests[0]) Fail("StreamBatches: two streams of one plan differ");
  }
  return digests[0];
}

void MeasureStreams(ServerProcess& server, Stubs& stubs, const std::string& plan_id) {
  // The first stream warms the caches, so that what the second adds is the streams' own.
  double rate_one = 0;
  double rate_ten = 0;
  RunStreams(stubs, plan_id, 1, 2000, &rate_one);
  server.ResetPeak();
  const std::string one = RunStreams(stubs, plan_id, 1, 2000, &rate_one);
  const int64_t anonymous_one = server.MemoryBytes("RssAnon");
  const std::string ten = RunStreams(stubs, plan_id, 10, 2000, &rate_ten);
  const int64_t anonymous_ten = server.MemoryBytes("RssAnon");
  if (one != ten) Fail("StreamBatches: one stream and ten differ");
  const int64_t added = anonymous_ten - anonymous_one;
  // Each stream's window: one batch being written and one ahead, about 130 KiB each as rows, and gRPC's own buffers.
  Report("ten streams' private memory above one's", Mib(added), "< 40 MiB (windows)", added < (int64_t{40} << 20));
  std::printf("  one stream %.0f posts/s, ten together %.0f posts/s, ids sha256 %s\n", rate_one, rate_ten,
              one.substr(0, 16).c_str());
}

v1::Plan CreatePlan(Stubs& stubs, const std::string& snapshot, v1::SplitStrategy strategy, uint64_t seed,
                    double* milliseconds) {
  v1::CreatePlanRequest request;
  request.mutable_spec()->set_snapshot(snapshot);
  request.mutable_spec()->set_seed(seed);
  request.mutable_spec()->set_batch_size(64);
  request.mutable_spec()->set_strategy(strategy);
  grpc::ClientContext context;
  v1::CreatePlanResponse response;
  const auto start = Clock::now();
  Check(stubs.plans->CreatePlan(&context, request, &response), "CreatePlan");
  *milliseconds = SecondsSince(start) * 1e3;
  return response.plan();
}

std::string MeasurePlans(Stubs& stubs, const std::string& snapshot, int64_t* train_batch_count) {
  std::vector<double> milliseconds(15);
  v1::Plan plan;
  for (uint64_t seed = 0; seed < milliseconds.size(); ++seed) {
    plan = CreatePlan(stubs, snapshot, v1::SPLIT_STRATEGY_EXACT, seed, &milliseconds[seed]);
  }
  *train_batch_count = plan.splits(0).batch_count();
  const double median = Median(milliseconds);
  Report("create a plan over all posts, median", absl::StrFormat("%.2f ms", median), "< 20 ms", median < 20);
  const size_t size_bytes = plan.canonical_form().size();
  Report("a plan's size", absl::StrFormat("%d bytes", size_bytes), "does not grow", size_bytes < 4096);
  return plan.id();
}

// Plans that must look at every post. Each stays open in the server's cache.
void MeasureHashPlans(ServerProcess& server, Stubs& stubs, const std::string& snapshot, int64_t post_count) {
  std::vector<double> milliseconds(9);
  // The first one reads the ids from the disk's cache into memory, and the allocator's pages come with it.
  double first_milliseconds = 0;
  CreatePlan(stubs, snapshot, v1::SPLIT_STRATEGY_HASH, 100, &first_milliseconds);
  const int64_t before = server.MemoryBytes("RssAnon");
  for (size_t i = 0; i < milliseconds.size(); ++i) {
    const v1::Plan plan = CreatePlan(stubs, snapshot, v1::SPLIT_STRATEGY_HASH, i, &milliseconds[i]);
    int64_t member_count = 0;
    for (const v1::SplitInfo& split : plan.splits()) member_count += split.member_count();
    if (member_count != post_count) Fail("CreatePlan: the hash splits do not hold every post");
  }
  const double added = static_cast<double>(server.MemoryBytes("RssAnon") - before);
  const double bytes_per_post = added / static_cast<double>(milliseconds.size()) / static_cast<double>(post_count);
  const double median = Median(milliseconds);
  Report("create a plan with hash splits, median", absl::StrFormat("%.1f ms", median), "< 100 ms", median < 100);
  Report("an open plan with hash splits", absl::StrFormat("%.2f bytes a post", bytes_per_post), "< 4 bytes a post",
         bytes_per_post < 4);
  std::printf("  the first one, on a cold snapshot, %.1f ms\n", first_milliseconds);
}

void MeasureOpen(const std::string& path, const std::string& digest) {
  std::vector<double> milliseconds;
  for (int i = 0; i < 21; ++i) {
    const auto start = Clock::now();
    const auto snapshot = Snapshot::Open(path, digest);
    if (!snapshot.ok()) Fail(std::string(snapshot.status().message()));
    milliseconds.push_back(SecondsSince(start) * 1e3);
  }
  const double median = Median(milliseconds);
  Report("open the snapshot, median", absl::StrFormat("%.2f ms", median), "< 50 ms", median < 50);
}

// Imports into a new catalog and compiles it. Returns the snapshot's digest.
std::string MeasureImportAndCompile(const std::string& server_binary, const std::string& data_dir, int64_t post_count,
                                    uint64_t seed) {
  // One core for the server alone: the figure is "on one core".
  auto server = ServerProcess::Start({server_binary, data_dir, 0});
  if (!server.ok()) Fail(std::string(server.status().message()));
  cpu_set_t others;
  CPU_ZERO(&others);
  for (unsigned cpu = 1; cpu < std::max(2u, std::thread::hardware_concurrency()); ++cpu) CPU_SET(cpu, &others);
  sched_setaffinity(0, sizeof others, &others);
  Stubs stubs((*server)->address());
  const ImportMeasure import = MeasureImport(stubs, post_count, seed);
  const double rate = static_cast<double>(post_count) / import.seconds;
  Report("import JSON lines over gRPC, server on one core", absl::StrFormat("%.0f posts/s", rate), ">= 25,000 posts/s",
         rate >= 25'000);
  const int64_t peak = (*server)->MemoryBytes("VmHWM");
  Report("peak memory of the import", Mib(peak), "< 1,536 MiB", peak < (int64_t{1536} << 20));
  std::printf("  %.1f s, %.0f MB, %d tag uses, server CPU %.1f s\n", import.seconds,
              static_cast<double>(import.byte_count) / 1e6, static_cast<int>(import.tag_use_count),
              (*server)->CpuSeconds());

  (*server)->ResetPeak();
  v1::CreateSnapshotRequest request;
  request.set_dataset("synthetic");
  grpc::ClientContext context;
  v1::CreateSnapshotResponse response;
  const auto start = Clock::now();
  Check(stubs.snapshots->CreateSnapshot(&context, request, &response), "CreateSnapshot");
  const double seconds = SecondsSince(start);
  const std::string digest = response.snapshot().digest();
  if (response.snapshot().post_count() != post_count || response.snapshot().tag_use_count() != import.tag_use_count) {
    Fail("CreateSnapshot: posts or tag uses were lost");
  }
  Report("compile the snapshot", absl::StrFormat("%.1f s", seconds), "< 40 s", seconds < 40);
  // The resident set counts the mapped file's pages as well; the anonymous part is what the process needs.
  const int64_t compile_peak = (*server)->MemoryBytes("VmHWM");
  Report("peak memory of compiling", Mib(compile_peak), "< 2,048 MiB", compile_peak < (int64_t{2048} << 20));
  std::printf("  snapshot %s, %.0f MB\n", digest.substr(0, 16).c_str(),
              static_cast<double>(response.snapshot().file_size_bytes()) / 1e6);
  return digest;
}

void MeasureServing(const std::string& server_binary, const std::string& data_dir, const std::string& digest,
                    int64_t post_count) {
  MeasureOpen(absl::StrCat(data_dir, "/snapshots/", digest, ".snapshot"), digest);
  cpu_set_t all;
  CPU_ZERO(&all);
  for (unsigned cpu = 0; cpu < std::thread::hardware_concurrency(); ++cpu) CPU_SET(cpu, &all);
  sched_setaffinity(0, sizeof all, &all);
  auto server = ServerProcess::Start({server_binary, data_dir, -1});
  if (!server.ok()) Fail(std::string(server.status().message()));
  Stubs stubs((*server)->address());
  int64_t train_batch_count = 0;
  const std::string plan_id = MeasurePlans(stubs, digest, &train_batch_count);
  MeasureHashPlans(**server, stubs, digest, post_count);
  MeasureGetBatch(stubs, plan_id, train_batch_count);
  MeasureStreams(**server, stubs, plan_id);
}

// `digest` names a snapshot that an earlier run left in the work folder; empty: import and compile first.
void Run(const std::string& server_binary, const std::string& work_folder, int64_t post_count, uint64_t seed,
         std::string digest) {
  const std::string data_dir = absl::StrCat(work_folder, "/data");
  std::filesystem::create_directories(data_dir);
  std::printf("%-52s %22s   %-22s\n", absl::StrFormat("%d posts, seed %d", post_count, seed).c_str(), "measured",
              "goal");
  if (digest.empty()) digest = MeasureImportAndCompile(server_binary, data_dir, post_count, seed);
  MeasureServing(server_binary, data_dir, digest, post_count);
}

}  // namespace
}  // namespace millrace::bench

int main(int argc, char** argv) {
  std::string server = "build/release/server/millrace-server";
  std::string work_folder;
  int64_t post_count = 3'700'000;
  uint64_t seed = 1;
  CLI::App app{"Measures the spine's figures on a synthetic dump. Needs about 6 GB of disk for 3.7 million posts."};
  app.add_option("--server", server, "The server's program")->check(CLI::ExistingFile)->capture_default_str();
  app.add_option("--work-folder", work_folder, "An empty folder for the data; kept. Default: a temporary one, removed");
  app.add_option("--posts", post_count, "How many posts")->check(CLI::PositiveNumber)->capture_default_str();
  std::string digest;
  app.add_option("--snapshot", digest, "Measure only what is served from this snapshot of --work-folder");
  app.add_option("--seed", seed, "Another seed, another dump")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  const bool is_temporary = work_folder.empty();
  if (is_temporary) {
    std::string pattern = (std::filesystem::temp_directory_path() / "millrace-figures-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) {
      std::perror("spine-figures: mkdtemp");
      return 1;
    }
    work_folder = pattern;
  }
  millrace::bench::Run(server, work_folder, post_count, seed, digest);
  if (is_temporary) std::filesystem::remove_all(work_folder);
  return 0;
}
