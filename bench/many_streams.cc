// Question: how does the server bear many clients? Idle and active streams, a frozen one among others, more calls than
// it can serve, cancels at random moments, and its own end with all streams open; against a real server in a process of
// its own, with every batch compared with the plan's.
//
//   many-streams --server build/release/server/millrace-server
//   many-streams --quick     # some hundred streams; what is timed is printed, and only what must always hold can fail
#include <fcntl.h>
#include <grpcpp/grpcpp.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <future>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "bench/batch_reference.h"
#include "bench/overload.h"
#include "bench/server_process.h"
#include "bench/stream_crowd.h"
#include "bench/synthetic.h"
#include "bench/unary_load.h"
#include "core/base/tuning.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "millrace/v1/import_service.grpc.pb.h"
#include "millrace/v1/loader_service.grpc.pb.h"
#include "millrace/v1/plan_service.grpc.pb.h"

namespace millrace::bench {
namespace {

struct Options {
  std::string server = "build/release/server/millrace-server";
  std::vector<std::string> server_flags;
  std::vector<std::string> only;  // sections; all when empty
  bool quick = false;
  int64_t post_count = 200'000;
  int64_t idle_count = 10'000;
  int64_t active_count = 1'000;
  int64_t cancel_count = 5'000;
  int channel_count = 16;
  int round_count = 5;
  double seconds = 5;
  bool shares_cores = false;
};

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "many-streams: %s\n", what.c_str());
  // Without destructors: threads of gRPC may be in the middle of anything. The server ends with this process.
  std::fflush(stdout);
  std::_Exit(1);
}

void Check(const grpc::Status& status, const char* what) {
  if (!status.ok()) Fail(absl::StrCat(what, ": ", status.error_message()));
}

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::nth_element(values.begin(), values.begin() + static_cast<long>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

void Sleep(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// The median, and where it lies with 95 % confidence, whatever the distribution: ranks half the number +- its root.
std::string SpreadOfMedian(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const double half = static_cast<double>(values.size()) / 2;
  const double reach = 0.98 * std::sqrt(static_cast<double>(values.size()));
  const auto at = [&](double rank) {
    return values[static_cast<size_t>(std::clamp(rank, 0.0, static_cast<double>(values.size() - 1)))];
  };
  return absl::StrFormat("%.3f (95 %%: %.3f to %.3f)", Median(values), at(half - reach), at(half + reach));
}

std::string Spread(std::vector<double> values, const char* unit) {
  const auto [min, max] = std::minmax_element(values.begin(), values.end());
  return absl::StrFormat("%.3f%s (%.3f to %.3f)", Median(values), unit, *min, *max);
}

// The server's anonymous memory once it and the server stand still.
int64_t SettledBytes(const ServerProcess& server) {
  int64_t bytes = -1;
  double cpu = -1;
  for (int quiet_count = 0, i = 0; quiet_count < 5 && i < 600; ++i) {
    Sleep(0.1);
    const int64_t bytes_now = server.MemoryBytes("RssAnon");
    const double cpu_now = server.CpuSeconds();
    const bool is_quiet = std::abs(bytes_now - bytes) < (64 << 10) && cpu_now - cpu < 0.015;
    quiet_count = is_quiet ? quiet_count + 1 : 0;
    bytes = bytes_now;
    cpu = cpu_now;
  }
  return bytes;
}

class ManyStreams {
 public:
  ManyStreams(const Options& options, std::string data_dir) : options_(options), data_dir_(std::move(data_dir)) {}

  // False when a goal is missed.
  bool Run();

 private:
  void Prepare();
  // With channels to it, in place of one that has ended.
  void StartServer();
  // `is_idle`: for streams that are not read.
  std::vector<std::shared_ptr<grpc::Channel>> OpenChannels(const std::string& address, bool is_idle) const;
  std::string ImportPosts(grpc::Channel& channel);
  std::string CreatePlan(const std::string& snapshot, int64_t batch_size);

  void MeasureIdle();
  void MeasureTrivial();
  void MeasureActive();
  void MeasureLarge();
  void MeasureFrozen();
  void MeasureOverloads(Clients clients);
  void MeasureOverloadOf(const std::string& name, const std::string& plan_id, Clients clients);
  void MeasureCancels();
  void MeasureStop();
  void MeasureStopFrozen();

  bool Wants(const std::string& section) const {
    return options_.only.empty() ||
           std::find(options_.only.begin(), options_.only.end(), section) != options_.only.end();
  }
  void Report(const std::string& name, const std::string& measured, const std::string& goal, bool is_reached);
  // What must hold wherever and however fast the machine is.
  void Require(const std::string& name, const std::string& measured, const std::string& goal, bool holds);
  StreamCrowd MakeCrowd(v1::BatchView view = v1::BATCH_VIEW_IDENTITIES);
  // Batches of all streams a second, over `seconds`.
  double Rate(const StreamCrowd& crowd, double seconds) const;

  const Options options_;
  const std::string data_dir_;
  std::unique_ptr<ServerProcess> server_;
  std::vector<std::shared_ptr<grpc::Channel>> channels_;
  StreamCrowd::Channels idle_channels_;
  std::vector<std::unique_ptr<v1::LoaderService::Stub>> stubs_;
  std::string plan_id_, large_plan_id_;
  v1::StreamBatchesRequest request_;
  BatchReference reference_;
  bool is_reached_ = true;
};

void ManyStreams::Report(const std::string& name, const std::string& measured, const std::string& goal,
                         bool is_reached) {
  const char* verdict = goal.empty() ? "" : is_reached ? "reached" : options_.quick ? "(not asked)" : "MISSED";
  std::printf("%-58s %34s   %-28s %s\n", name.c_str(), measured.c_str(), goal.c_str(), verdict);
  std::fflush(stdout);
  if (!is_reached && !options_.quick) is_reached_ = false;
}

void ManyStreams::Require(const std::string& name, const std::string& measured, const std::string& goal, bool holds) {
  std::printf("%-58s %34s   %-28s %s\n", name.c_str(), measured.c_str(), goal.c_str(), holds ? "holds" : "FAILED");
  std::fflush(stdout);
  if (!holds) Fail(name);
}

std::vector<std::shared_ptr<grpc::Channel>> ManyStreams::OpenChannels(const std::string& address, bool is_idle) const {
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  for (int i = 0; i < options_.channel_count; ++i) {
    grpc::ChannelArguments arguments;
    // Otherwise channels with the same arguments share one connection.
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetMaxReceiveMessageSize(256 << 20);
    // gRPC's client takes more and more of a stream that is not read, up to some MiB. Until then no stream is idle.
    if (is_idle) arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    if (is_idle) arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 16 << 10);
    channels.push_back(grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
    if (!channels.back()->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(30))) {
      Fail("no connection");
    }
  }
  return channels;
}

std::string ManyStreams::ImportPosts(grpc::Channel& channel) {
  const auto stub = v1::ImportService::NewStub(std::shared_ptr<grpc::Channel>(&channel, [](auto*) {}));
  SyntheticDump dump(1);
  grpc::ClientContext context;
  auto stream = stub->Import(&context);
  std::string snapshot;
  std::thread reader([&] {
    v1::ImportResponse response;
    while (stream->Read(&response)) {
      if (response.has_result()) snapshot = response.result().snapshot();
    }
  });
  v1::ImportRequest request;
  request.mutable_start()->set_dataset("synthetic");
  request.mutable_start()->set_format(v1::SOURCE_FORMAT_DANBOORU_JSONL);
  request.mutable_start()->set_request_id("many-streams");
  bool ok = stream->Write(request);
  request.mutable_file()->set_name("synthetic.jsonl");
  ok = ok && stream->Write(request);
  int64_t byte_count = 0;
  std::string chunk;
  for (int64_t i = 0; ok && i < options_.post_count; ++i) {
    dump.AppendLine(i, &chunk);
    if (chunk.size() < (256 << 10) && i + 1 < options_.post_count) continue;
    byte_count += static_cast<int64_t>(chunk.size());
    request.set_chunk(chunk);
    ok = stream->Write(request);
    chunk.clear();
  }
  request.mutable_end()->set_file_count(1);
  request.mutable_end()->set_byte_count(byte_count);
  if (ok) stream->Write(request);
  stream->WritesDone();
  reader.join();
  Check(stream->Finish(), "import");
  if (snapshot.empty()) Fail("the import made no snapshot");
  return snapshot;
}

std::string ManyStreams::CreatePlan(const std::string& snapshot, int64_t batch_size) {
  v1::CreatePlanRequest request;
  request.mutable_spec()->set_snapshot(snapshot);
  request.mutable_spec()->set_batch_size(batch_size);
  grpc::ClientContext context;
  v1::CreatePlanResponse response;
  Check(v1::PlanService::NewStub(channels_[0])->CreatePlan(&context, request, &response), "CreatePlan");
  return response.plan().id();
}

void ManyStreams::StartServer() {
  auto server = ServerProcess::Start({options_.server, data_dir_, -1, options_.server_flags});
  if (!server.ok()) Fail(std::string(server.status().message()));
  server_ = *std::move(server);
  channels_ = OpenChannels(server_->address(), false);
  idle_channels_ = OpenChannels(server_->address(), true);
  stubs_.clear();
  for (const auto& channel : channels_) stubs_.push_back(v1::LoaderService::NewStub(channel));
}

void ManyStreams::Prepare() {
  StartServer();
  const std::string snapshot = ImportPosts(*channels_[0]);
  plan_id_ = CreatePlan(snapshot, 64);
  large_plan_id_ = CreatePlan(snapshot, 1024);
  request_.set_plan_id(plan_id_);
  request_.set_split("train");
  v1::StreamBatchesRequest one_epoch = request_;
  const int64_t step_count = BatchReference::Read(*stubs_[0], one_epoch, 1).batch_count();
  reference_ = BatchReference::Read(*stubs_[0], request_, 2 + 60'000 / step_count);
  request_.set_end_epoch(reference_.epoch_count());
  request_.set_view(v1::BATCH_VIEW_IDENTITIES);
}

StreamCrowd ManyStreams::MakeCrowd(v1::BatchView view) {
  v1::StreamBatchesRequest request = request_;
  request.set_view(view);
  return StreamCrowd(channels_, request, reference_);
}

double ManyStreams::Rate(const StreamCrowd& crowd, double seconds) const {
  const auto start = std::chrono::steady_clock::now();
  int64_t count = 0;
  for (const int64_t before : crowd.Counts()) count -= before;
  Sleep(seconds);
  for (const int64_t after : crowd.Counts()) count += after;
  return static_cast<double>(count) / std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// The server's memory beyond an idle stream's window: two batches, one written and one ready.
void ManyStreams::MeasureIdle() {
  {
    // What the first of anything costs, and what the allocator keeps of it, is not a stream's.
    StreamCrowd warm(idle_channels_, request_, reference_);
    if (!warm.OpenAll(std::min<int64_t>(options_.idle_count, 100), 1)) Fail("idle streams did not open");
    SettledBytes(*server_);
  }
  const int64_t before = SettledBytes(*server_);
  const int64_t descriptors = server_->DescriptorCount();
  {
    StreamCrowd idle(idle_channels_, request_, reference_);
    if (!idle.OpenAll(options_.idle_count, 1)) Fail("idle streams did not open");
    const int64_t after = SettledBytes(*server_);
    v1::GetBatchRequest one;
    one.set_plan_id(plan_id_);
    one.set_split("train");
    one.set_view(v1::BATCH_VIEW_IDENTITIES);
    grpc::ClientContext context;
    v1::GetBatchResponse batch;
    Check(stubs_[0]->GetBatch(&context, one, &batch), "GetBatch");
    const double window = 2.0 * static_cast<double>(batch.ByteSizeLong());
    const double each = static_cast<double>(after - before) / static_cast<double>(options_.idle_count);
    Report(absl::StrFormat("%d idle streams, server's memory above their windows", options_.idle_count),
           absl::StrFormat("%.1f KiB each", (each - window) / 1024), "<= 20 KiB each", each - window <= 20 * 1024);
    std::printf("  with the windows of two batches (%.1f KiB) %.1f KiB; in all %.0f MiB; descriptors +%d\n",
                window / 1024, each / 1024, static_cast<double>(after) / 1048576,
                static_cast<int>(server_->DescriptorCount() - descriptors));
    if (Wants("active")) MeasureActive();
  }
  MeasureTrivial();
}

// What gRPC itself takes for a stream that has sent a message of two bytes and waits: health's Watch, at a server of
// its own, whose allocator has nothing left over.
void ManyStreams::MeasureTrivial() {
  const auto server = ServerProcess::Start({options_.server, data_dir_ + "-trivial", -1, options_.server_flags});
  if (!server.ok()) Fail(std::string(server.status().message()));
  const auto channels = OpenChannels((*server)->address(), true);
  const int64_t before = SettledBytes(**server);
  struct Watch final : grpc::ClientReadReactor<grpc::health::v1::HealthCheckResponse> {
    explicit Watch(std::atomic<int64_t>* read_count, std::atomic<int64_t>* done_count)
        : read_count_(read_count), done_count_(done_count) {}
    void OnReadDone(bool ok) override { *read_count_ += ok; }
    void OnDone(const grpc::Status&) override { ++*done_count_; }
    std::atomic<int64_t>*read_count_, *done_count_;
    grpc::ClientContext context_;
    grpc::health::v1::HealthCheckRequest request_;
    grpc::health::v1::HealthCheckResponse response_;
  };
  std::atomic<int64_t> read_count{0}, done_count{0};
  std::vector<std::unique_ptr<grpc::health::v1::Health::Stub>> stubs;
  for (const auto& channel : channels) stubs.push_back(grpc::health::v1::Health::NewStub(channel));
  std::vector<std::unique_ptr<Watch>> watches;
  for (int64_t i = 0; i < options_.idle_count; ++i) {
    watches.push_back(std::make_unique<Watch>(&read_count, &done_count));
    Watch& watch = *watches.back();
    stubs[static_cast<size_t>(i) % stubs.size()]->async()->Watch(&watch.context_, &watch.request_, &watch);
    watch.StartRead(&watch.response_);
    watch.StartCall();
  }
  for (int i = 0; i < 600 && read_count < options_.idle_count; ++i) Sleep(0.1);
  if (read_count < options_.idle_count) Fail("health's watches did not open");
  const double each = static_cast<double>(SettledBytes(**server) - before) / static_cast<double>(options_.idle_count);
  Report("  of it gRPC's own: a stream that holds nothing", absl::StrFormat("%.1f KiB each", each / 1024), "", true);
  for (const auto& watch : watches) watch->context_.TryCancel();
  for (int i = 0; i < 600 && done_count < options_.idle_count; ++i) Sleep(0.1);
  if (done_count < options_.idle_count) Fail("health's watches did not end");
}

void ManyStreams::MeasureActive() {
  StreamCrowd active = MakeCrowd();
  if (!active.OpenAll(options_.active_count, -1)) Fail("active streams did not open");
  Sleep(options_.seconds / 4);
  const std::vector<int64_t> before = active.Counts();
  const double cpu = server_->CpuSeconds();
  const double rate = Rate(active, options_.seconds);
  const double cpu_used = server_->CpuSeconds() - cpu;
  std::vector<int64_t> counts = active.Counts();
  double sum = 0, squares = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    counts[i] -= before[i];
    sum += static_cast<double>(counts[i]);
    squares += static_cast<double>(counts[i]) * static_cast<double>(counts[i]);
  }
  std::sort(counts.begin(), counts.end());
  const double jain = sum * sum / (static_cast<double>(counts.size()) * squares);
  const bool has_idle = Wants("idle");
  Report(absl::StrFormat("%d active streams%s", options_.active_count,
                         has_idle ? absl::StrFormat(" beside %d idle ones", options_.idle_count) : ""),
         absl::StrFormat("%.0f messages/s, %.2f M posts/s", rate, rate * 64 / 1e6), "all go on", counts.front() > 0);
  Report("  batches of a stream: fewest, median, most",
         absl::StrFormat("%d, %d, %d", counts.front(), counts[counts.size() / 2], counts.back()), "", true);
  Report("  Jain's index of fairness", absl::StrFormat("%.4f", jain), ">= 0.95", jain >= 0.95);
  std::printf("  the server took %.0f %% of a core, %.1f us a message\n", cpu_used / options_.seconds * 100,
              cpu_used * 1e6 / (rate * options_.seconds));
}

// Batches of a MiB: what the allocator does with their memory.
void ManyStreams::MeasureLarge() {
  v1::StreamBatchesRequest request = request_;
  request.set_plan_id(large_plan_id_);
  request.set_view(v1::BATCH_VIEW_POSTS);
  const int64_t epoch_count = options_.quick ? 200 : 2'000'000 / options_.post_count;
  const BatchReference reference = BatchReference::Read(*stubs_[0], request, epoch_count);
  request.set_end_epoch(epoch_count);
  StreamCrowd crowd(channels_, request, reference);
  if (!crowd.OpenAll(4, -1)) Fail("streams did not open");
  Sleep(options_.seconds / 5);
  const double cpu = server_->CpuSeconds();
  const int64_t faults = server_->FaultCount();
  const double rate = Rate(crowd, options_.seconds);
  const double count = rate * options_.seconds;
  Report("4 streams of 1,024 whole posts, about 1 MB each", absl::StrFormat("%.0f batches/s", rate), "", true);
  std::printf("  the server took %.0f us and %.1f page faults a batch; in all %.0f MiB\n",
              (server_->CpuSeconds() - cpu) * 1e6 / count, static_cast<double>(server_->FaultCount() - faults) / count,
              static_cast<double>(server_->MemoryBytes("RssAnon")) / 1048576);
}

// In many short slices that take turns, over the same streams: the machine changes more from second to second than a
// frozen stream could make it. Each slice beside a frozen stream is compared with the two around it, and so is, for the
// noise, each second one without.
void ManyStreams::MeasureFrozen() {
  const int64_t count = options_.quick ? 20 : 100;
  StreamCrowd others = MakeCrowd(v1::BATCH_VIEW_POSTS);
  if (!others.OpenAll(count - 1, -1)) Fail("streams did not open");
  Sleep(options_.seconds / 10);
  const auto rate = [&](bool is_frozen) {
    StreamCrowd frozen = MakeCrowd(v1::BATCH_VIEW_POSTS);
    if (is_frozen && !frozen.OpenAll(1, 1)) Fail("the frozen stream did not open");
    Sleep(options_.seconds / 50);
    return Rate(others, options_.seconds / 25);
  };
  std::vector<double> ratios, noise;
  double before = rate(false);
  for (int round = 0; round < 12 * options_.round_count; ++round) {
    for (std::vector<double>* to : {&ratios, &noise}) {
      const double between = rate(to == &ratios);
      const double after = rate(false);
      to->push_back(2 * between / (before + after));
      before = after;
    }
  }
  Report(absl::StrFormat("%d streams beside a frozen one / without it", count - 1), SpreadOfMedian(ratios), ">= 0.95",
         Median(ratios) >= 0.95);
  Report("  without it / without it", SpreadOfMedian(noise), "", true);
}

// Server and clients have a core each: what is asked is what the server does, and its clients would take its time.
void ManyStreams::MeasureOverloads(Clients clients) {
  if (!options_.shares_cores) {
    server_->RunOn(1);
    ServerProcess::RunSelfOn(0);
  }
  MeasureOverloadOf("1,024 posts", large_plan_id_, clients);
  MeasureOverloadOf("64 posts", plan_id_, clients);
  server_->RunOn(-1);
  ServerProcess::RunSelfOn(-1);
}

void ManyStreams::MeasureOverloadOf(const std::string& name, const std::string& plan_id, Clients clients) {
  v1::GetBatchRequest request;
  request.set_plan_id(plan_id);
  request.set_split("train");
  UnaryLoad load(channels_, "/millrace.v1.LoaderService/GetBatch", request.SerializeAsString());
  Check(load.Learn(), "GetBatch");
  v1::GetBatchResponse answer;
  if (!answer.ParseFromString(load.expected()) || answer.batch().posts_size() != answer.batch().post_ids_size()) {
    Fail("GetBatch: posts are missing");
  }
  const OverloadFigures figures = MeasureOverload(*server_, load, clients, options_.round_count, options_.seconds);
  if (!figures.fault.empty()) Fail(absl::StrCat(name, ": ", figures.fault));
  const bool is_polite = clients == Clients::kPolite;
  Report(absl::StrFormat("GetBatch of %s, 10x load, %s clients: served / peak", name, is_polite ? "polite" : "rude"),
         Spread(figures.ratios, ""), is_polite ? ">= 0.9" : "", !is_polite || Median(figures.ratios) >= 0.9);
  std::printf(
      "  peak %.0f calls/s; answered %.1fx of it, %.0f not sent; %d refused, median %.2f ms, with RetryInfo each\n",
      Median(figures.peaks), Median(figures.offered), Median(figures.unsent), static_cast<int>(figures.refused_count),
      Median(figures.refused_ms));
  std::printf("  the server's time: a call served %.0f us", Median(figures.served_us));
  if (is_polite) {
    std::printf("; the first second, not counted: %.3f of the peak, %d refused", Median(figures.lead_ratios),
                static_cast<int>(figures.lead_refused_count));
  } else {
    std::printf(", a call refused %.0f us", Median(figures.refusal_us));
  }
  std::printf("\n");
}

// Every stream is cancelled somewhere between being opened and its fifth batch.
void ManyStreams::MeasureCancels() {
  std::mt19937 random(1);
  const int64_t memory = SettledBytes(*server_);
  const int64_t descriptors = server_->DescriptorCount();
  constexpr int64_t kTogether = 100;
  for (int64_t done = 0; done < options_.cancel_count; done += kTogether) {
    StreamCrowd crowd = MakeCrowd(done % (2 * kTogether) == 0 ? v1::BATCH_VIEW_IDENTITIES : v1::BATCH_VIEW_POSTS);
    for (int64_t i = 0; i < kTogether; ++i) crowd.Open(static_cast<int64_t>(random() % 6) - 1);
    for (size_t i = 0; i < kTogether; ++i) {
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 400));
      crowd.Cancel(i);
    }
    if (!crowd.WaitUntilDone(60)) Fail("cancelled streams did not end");
    for (const grpc::Status& status : crowd.Statuses()) {
      if (status.error_code() != grpc::StatusCode::CANCELLED) Fail("a cancelled stream ended otherwise");
    }
  }
  const int64_t memory_after = SettledBytes(*server_);
  Require(absl::StrFormat("%d streams cancelled at random: descriptors left", options_.cancel_count),
          absl::StrCat(server_->DescriptorCount() - descriptors), "0", server_->DescriptorCount() == descriptors);
  Report("  memory left", absl::StrFormat("%.1f MiB", static_cast<double>(memory_after - memory) / 1048576),
         "< 16 MiB (allocator's)", memory_after - memory < (16 << 20));
}

// The log's last words before the end say what was open: the streams opened here, and so none of those before.
void ManyStreams::MeasureStop() {
  StreamCrowd crowd = MakeCrowd(v1::BATCH_VIEW_POSTS);
  if (!crowd.OpenAll(options_.active_count, -1)) Fail("streams did not open");
  Sleep(0.2);
  const auto start = std::chrono::steady_clock::now();
  server_->BeginStop();
  // Beside the streams: they may take longer than the process.
  auto ended = std::async(std::launch::async, [&] {
    const int code = server_->WaitForEnd(20);
    return std::make_pair(code, SecondsSince(start));
  });
  const bool all_ended = crowd.WaitUntilDone(20);
  const double ended_s = SecondsSince(start);
  const auto [code, exit_s] = ended.get();
  int64_t unavailable_count = 0, told_count = 0;
  if (all_ended) {
    for (const grpc::Status& status : crowd.Statuses()) {
      if (status.error_code() != grpc::StatusCode::UNAVAILABLE) continue;
      ++unavailable_count;
      told_count += absl::StrContains(absl::string_view(status.error_details()), "SHUTTING_DOWN");
    }
  }
  Require(absl::StrFormat("SIGTERM with %d streams: ended with UNAVAILABLE", options_.active_count),
          absl::StrCat(unavailable_count), absl::StrCat(options_.active_count),
          unavailable_count == options_.active_count);
  // A connection that breaks while its client still reads takes the reason with it.
  Report("  and with the reason SHUTTING_DOWN", absl::StrCat(told_count), absl::StrCat(options_.active_count),
         told_count == options_.active_count);
  Require("  the process's exit code", absl::StrCat(code), "0", code == 0);
  Report("  streams ended, process ended after", absl::StrFormat("%.2f s, %.2f s", ended_s, exit_s), "< 10 s",
         exit_s < 10);
  const std::string counted = absl::StrFormat("\"open_stream_count\":%d,", options_.active_count);
  Require("  streams that the server says were open", absl::StrContains(server_->Log(), counted) ? "these" : "others",
          "these", absl::StrContains(server_->Log(), counted));
}

// Nobody reads: the server cannot tell its streams, and may not wait for them longer than it says.
void ManyStreams::MeasureStopFrozen() {
  StartServer();
  StreamCrowd crowd = MakeCrowd(v1::BATCH_VIEW_POSTS);
  if (!crowd.OpenAll(options_.active_count, 1)) Fail("streams did not open");
  // Until then the streams send what the clients' windows still take.
  SettledBytes(*server_);
  const auto start = std::chrono::steady_clock::now();
  server_->BeginStop();
  const int code = server_->WaitForEnd(20);
  const double exit_s = SecondsSince(start);
  Report(absl::StrFormat("SIGTERM with %d streams that nobody reads: ended after", options_.active_count),
         absl::StrFormat("%.2f s", exit_s), "< 10 s", exit_s < 10);
  Require("  the process's exit code", absl::StrCat(code), "0", code == 0);
}

bool ManyStreams::Run() {
  Prepare();
  std::printf("%d posts in batches of 64, %d channels; %d batches known\n", static_cast<int>(options_.post_count),
              options_.channel_count, static_cast<int>(reference_.batch_count()));
  if (Wants("idle")) MeasureIdle();
  if (Wants("active") && !Wants("idle")) MeasureActive();
  if (Wants("large")) MeasureLarge();
  if (Wants("frozen")) MeasureFrozen();
  if (Wants("overload") || Wants("polite")) MeasureOverloads(Clients::kPolite);
  if (Wants("overload") || Wants("rude")) MeasureOverloads(Clients::kRude);
  if (Wants("cancels")) MeasureCancels();
  if (Wants("stop")) MeasureStop();
  if (Wants("stop")) MeasureStopFrozen();
  return is_reached_;
}

}  // namespace
}  // namespace millrace::bench

int main(int argc, char** argv) {
  millrace::bench::Options options;
  CLI::App app{"Measures how the server bears many clients. The client takes about 2 GB of memory."};
  app.add_option("--server", options.server, "The server's program")->check(CLI::ExistingFile)->capture_default_str();
  app.add_option("--server-flag", options.server_flags, "A further flag for the server, as --name=value");
  app.add_option("--only", options.only,
                 "Sections: idle, active, large, frozen, overload (polite, rude), cancels, stop");
  app.add_flag("--quick", options.quick, "Some hundred streams; fails only where no machine may");
  app.add_option("--posts", options.post_count, "How many posts")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--idle", options.idle_count, "Idle streams")->capture_default_str();
  app.add_option("--active", options.active_count, "Active streams")->capture_default_str();
  app.add_option("--channels", options.channel_count, "Connections")->capture_default_str();
  app.add_option("--rounds", options.round_count, "Rounds of what is a ratio")->capture_default_str();
  app.add_flag("--share-cores", options.shares_cores, "Overload: server and clients run on any core");
  app.add_option("--seconds", options.seconds, "Of a measurement")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  // The client should not be what is measured.
  millrace::TuneAllocator();
  millrace::StopLookingForDeadlocks();
  if (options.quick) {
    options.post_count = 5'000;
    options.idle_count = 300;
    options.active_count = 100;
    options.cancel_count = 500;
    options.channel_count = 4;
    options.round_count = 1;
    options.seconds = 1;
  }
  std::string folder = (std::filesystem::temp_directory_path() / "millrace-streams-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) {
    std::perror("many-streams: mkdtemp");
    return 1;
  }
  bool is_reached = false;
  {
    millrace::bench::ManyStreams bench(options, folder + "/data");
    is_reached = bench.Run();
  }
  std::filesystem::remove_all(folder);
  return is_reached ? 0 : 1;
}
