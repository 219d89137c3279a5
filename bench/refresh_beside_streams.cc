// Question: how long does a page of a refresh take to be written while trainers stream, and what do their streams lose
// by it? A server in this process, as server/main.cc wires it; readers on the loopback interface; pages of posts that
// the dataset does not have, and the same pages changed, written as a refresh writes them, at a steady pace.
//
//   refresh-beside-streams [--posts 100000] [--readers 4] [--pages-per-second 10] [--rounds 6] [--seconds 1]
//
// One page a second is what one board gives, at one request a second; ten are the stress. With few of them let a slice
// be some seconds long (--pages-per-second 1 --seconds 2).
//
// A round is pages without readers, then slices of readers with and without pages in turn: what the machine does to one
// it does to its neighbours. Every batch that arrives is compared with the plan's, and in the end the dataset must hold
// the posts and tag uses that were generated.
#include <grpcpp/grpcpp.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/batch_reference.h"
#include "bench/stream_crowd.h"
#include "bench/synthetic.h"
#include "core/catalog/catalog.h"
#include "core/catalog/source_store.h"
#include "core/ingest/compile.h"
#include "core/ingest/formats.h"
#include "core/ingest/pipeline.h"
#include "core/refresh/page_sink.h"
#include "millrace/v1/loader_service.grpc.pb.h"
#include "millrace/v1/plan_service.grpc.pb.h"
#include "server/lifecycle/listener.h"
#include "server/lifecycle/process.h"
#include "server/rpc/call_pool.h"
#include "server/rpc/services.h"
#include "server/rpc/stream_limits.h"

namespace millrace::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int64_t kPageSize = 200;
constexpr char kDataset[] = "bench";

struct Options {
  int64_t post_count = 100'000;
  int64_t reader_count = 4;
  double pages_per_second = 10;
  int round_count = 6;
  double seconds = 1;
};

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "refresh-beside-streams: %s\n", what.c_str());
  std::fflush(stdout);
  std::_Exit(1);
}

void Check(const absl::Status& status) {
  if (!status.ok()) Fail(status.ToString());
}

void Check(const grpc::Status& status) {
  if (!status.ok()) Fail(status.error_message());
}

template <typename T>
T Take(absl::StatusOr<T> value) {
  Check(value.status());
  return *std::move(value);
}

class NoLog final : public CallLog {
 public:
  void Write(const CallRecord&) override {}
};

// The server's parts. Members end in reverse order.
struct Server {
  explicit Server(const std::string& folder) : location(Take(LocationTemplate::Parse(LocationTemplate::kDefault))) {
    CatalogOptions options;
    options.path = folder + "/catalog.sqlite3";
    catalog = Take(Catalog::Open(options));
    snapshots = Take(SnapshotStore::Open(folder + "/snapshots"));
  }
  void Listen(const std::string& folder) {
    services = MakeServices({.catalog = catalog.get(),
                             .snapshots = snapshots.get(),
                             .call_pool = &call_pool,
                             .import_pool = &import_pool,
                             .location = &location,
                             .drain = &drain,
                             .call_log = &log,
                             .stream_limits = &stream_limits,
                             .spool_folder = folder});
    listener = Take(Listener::Start({}, services, &log));
  }

  NoLog log;
  Drain drain;
  StreamLimits stream_limits{{}};
  LocationTemplate location;
  std::unique_ptr<Catalog> catalog;
  std::unique_ptr<SnapshotStore> snapshots;
  std::vector<std::unique_ptr<grpc::Service>> services;
  CallPool call_pool{std::max<size_t>(std::thread::hardware_concurrency(), 2), 1024, &log};
  CallPool import_pool{1, 16, &log};
  std::unique_ptr<Listener> listener;
};

// Pages behind the dataset's last post, as a board gives them: it tells the names of tags, and no ids.
class Board {
 public:
  Board(SyntheticDump* dump, int64_t first_index) : dump_(*dump), next_index_(first_index) {}

  std::vector<PagePost> NextPage() {
    std::string lines;
    for (int64_t i = 0; i < kPageSize; ++i) dump_.AppendLine(next_index_++, &lines);
    PageSink sink(kPageSize, {});
    const auto reader = FindFormat(SourceFormat::kDanbooruJsonl)->make_reader(&sink, {});
    Check(reader->BeginFile("page"));
    Check(reader->Write(lines));
    Check(reader->EndFile());
    std::vector<PagePost> posts = sink.TakePosts();
    if (static_cast<int64_t>(posts.size()) != kPageSize) Fail("a page was not read whole");
    for (PagePost& post : posts) {
      post.post.tag_ids.clear();
      for (PageTag& tag : post.tags) tag.id = 0;
    }
    return posts;
  }
  int64_t end_index() const { return next_index_; }

 private:
  SyntheticDump& dump_;
  int64_t next_index_;
};

// Writes pages at a pace, new ones and the same ones changed in turn, and keeps how long each took.
class PageWriting {
 public:
  struct Times {
    std::vector<double> new_ms;
    std::vector<double> changed_ms;
  };

  PageWriting(SourceStore* store, Board* board, double pages_per_second)
      : store_(*store), board_(*board), interval_(1 / pages_per_second) {
    SourceSettings settings;
    settings.name = "source";
    settings.dataset = kDataset;
    settings.kind = BoardKind::kDanbooru;
    settings.page_size = kPageSize;
    source_ = Take(store_.Add(settings)).record;
    run_ = Take(store_.BeginRun(source_, RunTrigger::kAsked)).run;
  }

  void Run(double seconds, Times* times) {
    const Clock::time_point begin = Clock::now();
    const auto count = static_cast<int>(seconds / interval_.count());
    for (int i = 0; i < count; ++i) {
      const bool is_new = next_is_new_;
      next_is_new_ = !is_new;
      if (is_new) posts_ = board_.NextPage();
      for (PagePost& post : posts_) post.post.score = is_new ? post.post.score : post.post.score.value_or(0) + 1;
      std::this_thread::sleep_until(begin + std::chrono::duration_cast<Clock::duration>(i * interval_));
      (is_new ? times->new_ms : times->changed_ms).push_back(Write(is_new));
    }
    std::this_thread::sleep_until(begin +
                                  std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds)));
  }

 private:
  double Write(bool is_new) {
    PageWrite page;
    page.source_id = source_.id;
    page.run_id = run_.id;
    page.posts = posts_;
    page.after_id = posts_.front().post.id - 1;
    page.until_id = posts_.back().post.id;
    const Clock::time_point begin = Clock::now();
    const RefreshCounts counts = Take(store_.WritePage(page));
    const double milliseconds = std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
    if ((is_new ? counts.new_post_count : counts.updated_post_count) != kPageSize) Fail("a page was counted wrong");
    return milliseconds;
  }

  SourceStore& store_;
  Board& board_;
  const std::chrono::duration<double> interval_;
  SourceRecord source_;
  RunRecord run_;
  std::vector<PagePost> posts_;
  bool next_is_new_ = true;  // from one Run to the next: at one page a second a slice may have one
};

double At(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<size_t>(share * static_cast<double>(values.size())))];
}

void Print(const char* what, const std::vector<double>& values, const char* unit) {
  std::printf("%-44s median %8.2f%s, p99 %8.2f, least %8.2f, most %8.2f, of %zu\n", what, At(values, 0.5), unit,
              At(values, 0.99), At(values, 0), At(values, 1), values.size());
}

void ImportPosts(Server& server, SyntheticDump& dump, int64_t post_count) {
  auto begun = Take(server.catalog->BeginImport({kDataset, "bench", 0}));
  const auto session = std::get<std::unique_ptr<ImportSession>>(std::move(begun));
  const auto pipeline = Take(ImportPipeline::Create(session.get(), {}));
  Check(pipeline->BeginFile("dump.jsonl", Compression::kUnspecified));
  std::string chunk;
  for (int64_t i = 0; i < post_count; ++i) {
    dump.AppendLine(i, &chunk);
    if (chunk.size() < (256 << 10) && i + 1 < post_count) continue;
    Check(pipeline->Feed(chunk));
    chunk.clear();
  }
  Check(pipeline->Finish());
  Check(session->Commit({}).status());
}

std::string CreatePlan(const std::shared_ptr<grpc::Channel>& channel, const std::string& snapshot) {
  v1::CreatePlanRequest request;
  request.mutable_spec()->set_snapshot(snapshot);
  request.mutable_spec()->set_batch_size(256);
  grpc::ClientContext context;
  v1::CreatePlanResponse response;
  Check(v1::PlanService::NewStub(channel)->CreatePlan(&context, request, &response));
  return response.plan().id();
}

// Batches of all streams a second while `work` runs.
template <typename Work>
double RateDuring(const StreamCrowd& crowd, const Work& work) {
  const auto count_all = [&] {
    int64_t count = 0;
    for (const int64_t each : crowd.Counts()) count += each;
    return count;
  };
  const Clock::time_point begin = Clock::now();
  const int64_t before = count_all();
  work();
  const int64_t after = count_all();
  return static_cast<double>(after - before) / std::chrono::duration<double>(Clock::now() - begin).count();
}

void Measure(const Options& options, const std::string& folder) {
  Server server(folder);
  SyntheticDump dump(1);
  ImportPosts(server, dump, options.post_count);
  const std::string snapshot = Take(CompileSnapshot(*server.catalog, *server.snapshots, kDataset)).record.digest;
  server.Listen(folder);
  StreamCrowd::Channels channels;
  for (int64_t i = 0; i < options.reader_count; ++i) {
    grpc::ChannelArguments arguments;
    // Otherwise channels with the same arguments share one connection.
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    channels.push_back(grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", server.listener->port()),
                                                 grpc::InsecureChannelCredentials(), arguments));
  }
  v1::StreamBatchesRequest request;
  request.set_plan_id(CreatePlan(channels[0], snapshot));
  request.set_split("train");
  const auto stub = v1::LoaderService::NewStub(channels[0]);
  // More than a stream comes to in a round.
  const int64_t epoch_count = 2 + 60'000 * 256 / options.post_count;
  const BatchReference reference = BatchReference::Read(*stub, request, epoch_count);
  request.set_end_epoch(epoch_count);
  request.set_view(v1::BATCH_VIEW_POSTS);

  Board board(&dump, options.post_count);
  PageWriting pages(&server.catalog->sources(), &board, options.pages_per_second);
  PageWriting::Times warm, alone, beside;
  pages.Run(options.seconds, &warm);
  std::vector<double> rates, ratios, noise;
  for (int round = 0; round < options.round_count; ++round) {
    pages.Run(options.seconds, &alone);
    StreamCrowd crowd(channels, request, reference);
    if (!crowd.OpenAll(options.reader_count, -1)) Fail("streams did not open");
    const auto read = [&] { std::this_thread::sleep_for(std::chrono::duration<double>(options.seconds)); };
    RateDuring(crowd, [] { std::this_thread::sleep_for(std::chrono::milliseconds(200)); });
    const double before = RateDuring(crowd, read);
    const double with_pages = RateDuring(crowd, [&] { pages.Run(options.seconds, &beside); });
    const double after = RateDuring(crowd, read);
    const double still_after = RateDuring(crowd, read);
    const double last = RateDuring(crowd, read);
    ratios.push_back(2 * with_pages / (before + after));
    noise.push_back(2 * still_after / (after + last));
    rates.push_back(before);
  }
  const Stats stats = Take(server.catalog->GetStats(kDataset));
  if (stats.post_count != board.end_index() || stats.tag_use_count != dump.tag_use_count()) {
    Fail("the dataset does not hold what was generated");
  }
  std::printf("%lld posts, %lld readers of whole posts in batches of 256, %.0f pages of %lld posts a second\n",
              static_cast<long long>(options.post_count), static_cast<long long>(options.reader_count),
              options.pages_per_second, static_cast<long long>(kPageSize));
  Print("a page of new posts, no readers", alone.new_ms, " ms");
  Print("a page of new posts, beside readers", beside.new_ms, " ms");
  Print("a page of changed posts, no readers", alone.changed_ms, " ms");
  Print("a page of changed posts, beside readers", beside.changed_ms, " ms");
  Print("readers alone, batches a second", rates, "");
  Print("readers beside pages / without", ratios, "");
  Print("readers without pages / without (noise)", noise, "");
  std::printf("checked: every batch against the plan; %lld posts and %lld tag uses in the dataset\n",
              static_cast<long long>(stats.post_count), static_cast<long long>(stats.tag_use_count));
}

}  // namespace
}  // namespace millrace::bench

int main(int argc, char** argv) {
  millrace::bench::Options options;
  CLI::App app{"Pages of a refresh beside streams of batches."};
  app.add_option("--posts", options.post_count, "Posts of the dataset")->check(CLI::PositiveNumber);
  app.add_option("--readers", options.reader_count, "Streams, each on a connection of its own")
      ->check(CLI::PositiveNumber);
  app.add_option("--pages-per-second", options.pages_per_second, "Pace of the refresh")->check(CLI::PositiveNumber);
  app.add_option("--rounds", options.round_count, "Rounds of six slices")->check(CLI::PositiveNumber);
  app.add_option("--seconds", options.seconds, "Of a slice")->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  millrace::PrepareProcess();
  std::string folder = (std::filesystem::temp_directory_path() / "millrace-refresh-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return std::perror("mkdtemp"), 1;
  millrace::bench::Measure(options, folder);
  std::filesystem::remove_all(folder);
  return 0;
}
