// How many posts a second does an import take, without gRPC: bytes of a synthetic dump through the pipeline into a
// catalog in a folder of its own.
//
//   import-rate [--posts 200000] [--runs 3] [--csv]
//
// JSON lines of Danbooru, or e621's CSV with --csv.
// Prints the posts a second of each run (up to the end of reading, and with the commit), the processor time a post, and
// the number of tag uses that came in, which must be that of the dump.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <variant>

#include "bench/synthetic.h"
#include "core/catalog/catalog.h"
#include "core/ingest/pipeline.h"

namespace millrace {
namespace {

double ProcessorSeconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

bool Import(const std::string& folder, const std::string& dump, bool is_csv, int64_t tag_use_count) {
  using Clock = std::chrono::steady_clock;
  CatalogOptions catalog_options;
  catalog_options.path = folder + "/catalog.sqlite3";
  auto catalog = Catalog::Open(catalog_options);
  if (!catalog.ok()) return std::fprintf(stderr, "%s\n", catalog.status().ToString().c_str()), false;
  auto begun = (*catalog)->BeginImport({"bench", "run", 0});
  if (!begun.ok()) return std::fprintf(stderr, "%s\n", begun.status().ToString().c_str()), false;
  const auto session = std::get<std::unique_ptr<ImportSession>>(*std::move(begun));
  auto pipeline = ImportPipeline::Create(session.get(), {});
  const Clock::time_point begin = Clock::now();
  const double processor_begin = ProcessorSeconds();
  absl::Status status = (*pipeline)->BeginFile(is_csv ? "posts.csv" : "dump.jsonl", Compression::kUnspecified);
  constexpr size_t kChunkSizeBytes = 256 << 10;  // as the command line client sends
  for (size_t i = 0; i < dump.size() && status.ok(); i += kChunkSizeBytes) {
    status = (*pipeline)->Feed(std::string_view(dump).substr(i, kChunkSizeBytes));
  }
  if (status.ok()) status = (*pipeline)->Finish();
  const double read_seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  if (status.ok()) status = session->Commit({}).status();
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  if (!status.ok()) return std::fprintf(stderr, "%s\n", status.ToString().c_str()), false;
  const auto posts = static_cast<double>((*pipeline)->progress().post_count);
  const auto stats = (*catalog)->GetStats("bench");
  if (!stats.ok() || stats->tag_use_count != tag_use_count) return std::fprintf(stderr, "tag uses differ\n"), false;
  std::printf("read %.0f posts/s, with commit %.0f posts/s, %.1f us of processor a post\n", posts / read_seconds,
              posts / seconds, (ProcessorSeconds() - processor_begin) / posts * 1e6);
  return true;
}

}  // namespace
}  // namespace millrace

int main(int argc, char** argv) {
  int64_t post_count = 200'000;
  int run_count = 3;
  bool is_csv = false;
  CLI::App app{"Posts a second through the import pipeline."};
  app.add_option("--posts", post_count, "Posts of the dump")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--runs", run_count, "Imports, each into a new catalog")->capture_default_str();
  app.add_flag("--csv", is_csv, "Rows of e621's CSV export in place of JSON lines");
  CLI11_PARSE(app, argc, argv);
  millrace::bench::SyntheticDump synthetic(1);
  std::string dump = is_csv ? millrace::bench::SyntheticDump::CsvHeader() : "";
  for (int64_t i = 0; i < post_count; ++i) {
    is_csv ? synthetic.AppendCsvRow(i, &dump) : synthetic.AppendLine(i, &dump);
  }
  std::printf("%lld posts, %.0f bytes each\n", static_cast<long long>(post_count),
              static_cast<double>(dump.size()) / static_cast<double>(post_count));
  for (int run = 0; run < run_count; ++run) {
    std::string folder = (std::filesystem::temp_directory_path() / "millrace-import-rate-XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) return std::perror("mkdtemp"), 1;
    const bool is_good = millrace::Import(folder, dump, is_csv, synthetic.tag_use_count());
    std::filesystem::remove_all(folder);
    if (!is_good) return 1;
  }
  return 0;
}
