// Prints a synthetic dump (see bench/synthetic.h) to standard output.
//
//   generate-dump --posts 3700000 --seed 1 > dump.jsonl
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "bench/synthetic.h"

int main(int argc, char** argv) {
  int64_t post_count = 1000;
  uint64_t seed = 1;
  int32_t tag_count = millrace::bench::SyntheticDump::kDefaultTagCount;
  CLI::App app{"Prints a synthetic dump in the layout of the Danbooru 2017-2020 dumps."};
  app.add_option("--posts", post_count, "How many posts")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--seed", seed, "Another seed, another dump")->capture_default_str();
  app.add_option("--tags", tag_count, "How many tags to draw from")
      ->check(CLI::Range(100, 100'000'000))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  millrace::bench::SyntheticDump dump(seed, tag_count);
  std::string buffer;
  for (int64_t i = 0; i < post_count; ++i) {
    dump.AppendLine(i, &buffer);
    if (buffer.size() < (1 << 20) && i + 1 < post_count) continue;
    if (std::fwrite(buffer.data(), 1, buffer.size(), stdout) != buffer.size()) {
      std::perror("generate-dump: write");
      return 1;
    }
    buffer.clear();
  }
  if (std::fflush(stdout) != 0) {
    std::perror("generate-dump: write");
    return 1;
  }
  std::fprintf(stderr, "%lld posts, %lld tag uses\n", static_cast<long long>(post_count),
               static_cast<long long>(dump.tag_use_count()));
  return 0;
}
