// The server program: wires what the configuration asks for, serves until a signal, drains and ends.
#include <cstdio>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/catalog/catalog.h"
#include "core/fetch/curl_fetcher.h"
#include "core/ingest/formats.h"
#include "core/model/location.h"
#include "core/refresh/board.h"
#include "core/refresh/refresh_runner.h"
#include "core/snapshot/store.h"
#include "server/config/config.h"
#include "server/lifecycle/drain.h"
#include "server/lifecycle/listener.h"
#include "server/lifecycle/port_file.h"
#include "server/lifecycle/process.h"
#include "server/lifecycle/server_log.h"
#include "server/lifecycle/stop_signals.h"
#include "server/rpc/call_pool.h"
#include "server/rpc/services.h"
#include "server/rpc/stream_limits.h"

extern char** environ;

namespace millrace {
namespace {

constexpr int kExitFailed = 1;
constexpr int kExitConfigInvalid = 2;

// New calls that wait for a thread; more are refused as kServerBusy. At a millisecond each and two threads the last one
// waits for half a second: longer and its client would rather try elsewhere.
constexpr size_t kCallQueueSizeMax = 1024;
// Imports and compilations take minutes each: who waits behind more than these should try again later.
constexpr size_t kImportQueueSizeMax = 16;
// After the drain's timeout for what calls left behind in the pools. With the default timeout of 8 s the process is
// gone within 10 s of its signal, whatever happens.
constexpr absl::Duration kCleanUpTimeout = absl::Milliseconds(1500);

// What the services work on. Members end in reverse order: the lock goes last, when nothing is open any more.
struct Data {
  std::unique_ptr<FolderLock> lock;
  std::unique_ptr<Catalog> catalog;
  std::unique_ptr<SnapshotStore> snapshots;
  std::string spool_folder;
};

// A server that was killed leaves the dumps that it was reading. Under the folder's lock nobody else reads them.
absl::Status ClearSpool(const std::string& folder) {
  std::error_code error;
  std::filesystem::remove_all(folder, error);
  if (error) return ErrnoError(error.value(), "clear " + folder);
  return CreateFolders(folder);
}

absl::StatusOr<Data> OpenData(const ServerConfig& config) {
  const std::string& folder = config.data_dir;
  Data data;
  MILLRACE_RETURN_IF_ERROR(CreateFolders(folder));
  MILLRACE_ASSIGN_OR_RETURN(data.lock, FolderLock::Acquire(folder));
  CatalogOptions options;
  options.path = folder + "/catalog.sqlite3";
  options.disk_headroom_bytes = config.disk_headroom_bytes;
  MILLRACE_ASSIGN_OR_RETURN(data.catalog, Catalog::Open(options));
  MILLRACE_ASSIGN_OR_RETURN(data.snapshots,
                            SnapshotStore::Open(folder + "/snapshots", config.resident_snapshots_size_bytes_max));
  data.spool_folder = folder + "/spool";
  MILLRACE_RETURN_IF_ERROR(ClearSpool(data.spool_folder));
  return data;
}

// Says on standard output, for people and scripts, and in the log that calls are taken from now on.
absl::Status Announce(const ListenAddress& address, ServerLog& log, PortFile& port_file) {
  const std::string shown = address.ToString();
  log.Info("listening", JsonObject().AddText("address", shown));
  MILLRACE_RETURN_IF_ERROR(port_file.Publish(address.port));
  std::printf("millrace-server listening on %s\n", shown.c_str());
  std::fflush(stdout);
  return absl::OkStatus();
}

// What it does not come to is invisible, and left for the next import or the next start.
void Sweep(Catalog& catalog, const Drain& drain, ServerLog& log) {
  const absl::Status swept = catalog.Sweep([&drain] { return drain.draining(); });
  if (swept.ok() || ReasonOf(swept) == Reason::kCancelled) return;
  log.Error("sweep_failed", JsonObject().AddText("why", std::string(swept.message())));
}

// What a server that may fetch has for it; nothing is fetched before the runner is told to.
struct Fetching {
  Fetching(const ServerConfig& config, const Data& data, const Drain& drain, ServerLog& log)
      : fetcher({.allow_private = config.fetch_allow_private}, std::make_unique<SystemResolver>()),
        pacer(&clock, config.fetch_interval),
        runner({.catalog = data.catalog.get(),
                .snapshots = data.snapshots.get(),
                .fetching = {.fetcher = &fetcher,
                             .pacer = &pacer,
                             .clock = &clock,
                             .make_reader = MakeReader,
                             .backoff = {},
                             .seed = std::random_device()()},
                .thread_count = static_cast<size_t>(config.refresh_thread_count),
                .shutting_down = [&drain] { return drain.draining(); },
                .on_ended = [&log](const absl::StatusOr<RefreshOutcome>& outcome) { LogRefresh(outcome, log); }}) {}

  static std::unique_ptr<DumpReader> MakeReader(BoardKind kind, RecordSink* sink) {
    return FindFormat(PageFormatOf(kind))->make_reader(sink, {});
  }
  static void LogRefresh(const absl::StatusOr<RefreshOutcome>& outcome, ServerLog& log);

  SystemClock clock;
  CurlFetcher fetcher;
  HostPacer pacer;
  RefreshRunner runner;
};

void Fetching::LogRefresh(const absl::StatusOr<RefreshOutcome>& outcome, ServerLog& log) {
  if (!outcome.ok()) {
    log.Error("refresh_failed", JsonObject().AddText("why", std::string(outcome.status().message())));
    return;
  }
  const RunRecord& run = outcome->run;
  JsonObject line;
  line.AddText("source", run.source)
      .AddNumber("page_count", run.counts.page_count)
      .AddNumber("new_post_count", run.counts.new_post_count)
      .AddNumber("updated_post_count", run.counts.updated_post_count)
      .AddNumber("failed_page_count", run.counts.failed_page_count)
      .AddNumber("position", run.last_position);
  if (!run.error_message.empty()) line.AddText("why", run.error_message);
  if (!run.warning.empty()) line.AddText("warning", run.warning);
  if (!outcome->snapshot_error.ok()) line.AddText("no_snapshot", std::string(outcome->snapshot_error.message()));
  run.state == RunState::kFailed ? log.Error("refresh_failed", line) : log.Info("refreshed", line);
}

// Serves until a signal comes, and then until the last call is over.
absl::Status ServeUntilSignal(const ServerConfig& config, ServerLog& log, StopSignals& signals) {
  MILLRACE_ASSIGN_OR_RETURN(const Data data, OpenData(config));
  log.Info("data_opened", JsonObject().AddText("folder", config.data_dir));
  // Behind the folder's lock: a second server by mistake does not take the first one's file away.
  MILLRACE_ASSIGN_OR_RETURN(const std::unique_ptr<PortFile> port_file, PortFile::Prepare(config.port_file));
  MILLRACE_ASSIGN_OR_RETURN(const LocationTemplate location, LocationTemplate::Parse(config.location_template));

  Drain drain;
  StreamLimits stream_limits({.stream_count_max = config.stream_count_max,
                              .window_size_bytes = static_cast<size_t>(config.stream_window_size_bytes),
                              .held_size_bytes_max = static_cast<size_t>(config.streams_size_bytes_max)});
  std::vector<std::unique_ptr<grpc::Service>> services;
  // Declared behind the services, and so gone before them: the pools' last tasks may still use them.
  CallPool call_pool(static_cast<size_t>(config.call_thread_count), kCallQueueSizeMax, &log);
  CallPool import_pool(static_cast<size_t>(config.import_thread_count), kImportQueueSizeMax, &log);
  // Behind the pools: gone before them, when its last refresh has answered its call.
  const std::unique_ptr<Fetching> fetching =
      config.allow_fetch ? std::make_unique<Fetching>(config, data, drain, log) : nullptr;
  services = MakeServices({.catalog = data.catalog.get(),
                           .snapshots = data.snapshots.get(),
                           .call_pool = &call_pool,
                           .import_pool = &import_pool,
                           .location = &location,
                           .drain = &drain,
                           .call_log = &log,
                           .stream_limits = &stream_limits,
                           .refreshes = fetching != nullptr ? &fetching->runner : nullptr,
                           .spool_folder = data.spool_folder,
                           .import_idle_timeout = config.import_idle_timeout,
                           .sent_message_size_bytes_max = static_cast<size_t>(config.message_size_bytes_max),
                           .part_size_bytes_max = static_cast<size_t>(config.part_size_bytes)});

  ListenAddress address = config.listen;
  MILLRACE_ASSIGN_OR_RETURN(
      const std::unique_ptr<Listener> listener,
      Listener::Start(
          {.host = address.host, .port = address.port, .sent_message_size_bytes_max = config.message_size_bytes_max},
          services, &log));
  address.port = listener->port();
  MILLRACE_RETURN_IF_ERROR(Announce(address, log, *port_file));
  // After a crash in a large import this takes seconds, and nobody needs to wait for it.
  import_pool.Schedule([&] { Sweep(*data.catalog, drain, log); });

  if (fetching != nullptr) fetching->runner.StartSchedule();

  const int signal = signals.Wait();
  log.Info("draining", JsonObject()
                           .AddNumber("signal", signal)
                           .AddNumber("open_stream_count", stream_limits.stream_count())
                           .AddNumber("stream_bytes", static_cast<int64_t>(stream_limits.held_size_bytes())));
  signals.EndProcessAfter(config.drain_timeout + kCleanUpTimeout,
                          [&log](const char* why) { log.Error("stopped_early", JsonObject().AddText("why", why)); });
  listener->Stop(drain, config.drain_timeout, [&] { return stream_limits.stream_count(); });
  return absl::OkStatus();
}

absl::Status Serve(const ServerConfig& config) {
  PrepareProcess();
  MILLRACE_ASSIGN_OR_RETURN(const std::unique_ptr<ServerLog> log,
                            ServerLog::Open({.level = config.log_level, .path = config.log_file, .now = {}}));
  StopSignals signals;
  MILLRACE_RETURN_IF_ERROR(ServeUntilSignal(config, *log, signals));
  log->Info("stopped");
  return absl::OkStatus();
}

int Fail(const absl::Status& status, int exit_code) {
  std::fprintf(stderr, "millrace-server: %s\n", std::string(status.message()).c_str());
  return exit_code;
}

int Main(int argc, char** argv) {
  const absl::StatusOr<Invocation> invocation = LoadConfig(argc, argv, environ);
  if (!invocation.ok()) return Fail(invocation.status(), kExitConfigInvalid);
  if (!invocation->text_to_print.empty()) {
    std::fputs(invocation->text_to_print.c_str(), stdout);
    return 0;
  }
  const absl::Status status = Serve(invocation->config);
  return status.ok() ? 0 : Fail(status, kExitFailed);
}

}  // namespace
}  // namespace millrace

int main(int argc, char** argv) { return millrace::Main(argc, argv); }
