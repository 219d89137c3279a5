// Runs a fuzzer without libFuzzer, which gcc does not have: every file of the corpus, then seeded random changes of
// them.
//
//   FUZZER FOLDER... [--seconds N] [--runs N] [--seed S]   (by default 2 seconds, no limit of runs, seed 1)
//   FUZZER FILE                                             one input, for a crash that was found
//
// The same seed makes the same inputs. Whatever kills the process (a signal, a sanitizer, an input that takes longer
// than 60 s) leaves the input in the file that is printed at the start.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/mutate.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());

namespace {

constexpr unsigned kInputSecondsMax = 60;
constexpr size_t kInputSizeBytesMax = 1 << 18;

struct Options {
  std::vector<std::string> paths;
  double seconds = 2;
  int64_t run_count_max = INT64_MAX;
  uint64_t seed = 1;
};

// For the handlers, which may do little more than write it.
const std::string* current_input = nullptr;
std::string crash_path;

void SaveInput() {
  if (current_input == nullptr) return;
  const int file = ::open(crash_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file < 0) return;
  size_t written = 0;
  while (written < current_input->size()) {
    const ssize_t count = ::write(file, current_input->data() + written, current_input->size() - written);
    if (count <= 0) break;
    written += static_cast<size_t>(count);
  }
  ::close(file);
  current_input = nullptr;
}

void OnSignal(int number) {
  SaveInput();
  std::signal(number, SIG_DFL);
  std::raise(number);
}

void CatchDeath() {
  std::signal(SIGALRM, OnSignal);
  std::signal(SIGABRT, OnSignal);
  if (__sanitizer_set_death_callback != nullptr) {
    // The other signals are the sanitizer's, which tells more of them.
    __sanitizer_set_death_callback(SaveInput);
    return;
  }
  for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) std::signal(number, OnSignal);
}

void Run(const std::string& input) {
  current_input = &input;
  ::alarm(kInputSecondsMax);
  // A copy of just the input, so that a sanitizer sees whoever reads beyond it.
  const std::vector<uint8_t> bytes(input.begin(), input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  current_input = nullptr;
}

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "cannot read %s\n", path.c_str());
    std::exit(2);
  }
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::vector<std::string> ReadCorpus(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    if (std::filesystem::is_regular_file(path)) {
      files.push_back(path);
    } else {
      for (const auto& entry : std::filesystem::directory_iterator(path)) {
        if (entry.is_regular_file()) files.push_back(entry.path());
      }
    }
  }
  std::sort(files.begin(), files.end());
  std::vector<std::string> corpus;
  for (const std::string& file : files) corpus.push_back(ReadFile(file));
  return corpus;
}

Options ReadOptions(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word.substr(0, 2) != "--") {
      options.paths.emplace_back(word);
    } else if (i + 1 < argc && word == "--seconds") {
      options.seconds = std::atof(argv[++i]);
    } else if (i + 1 < argc && word == "--runs") {
      options.run_count_max = std::atoll(argv[++i]);
    } else if (i + 1 < argc && word == "--seed") {
      options.seed = std::strtoull(argv[++i], nullptr, 10);
    } else {
      std::fprintf(stderr, "usage: %s FOLDER|FILE... [--seconds N] [--runs N] [--seed S]\n", argv[0]);
      std::exit(2);
    }
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = ReadOptions(argc, argv);
  const std::vector<std::string> corpus = ReadCorpus(options.paths);
  if (corpus.empty()) {
    std::fprintf(stderr, "%s: no corpus; name a folder or a file\n", argv[0]);
    return 2;
  }
  crash_path = "crash-" + std::filesystem::path(argv[0]).filename().string() + "-" + std::to_string(options.seed);
  std::printf("a crash leaves its input in %s\n", std::filesystem::absolute(crash_path).c_str());
  std::fflush(stdout);
  CatchDeath();
  for (const std::string& input : corpus) Run(input);
  const bool is_one_input = options.paths.size() == 1 && std::filesystem::is_regular_file(options.paths[0]);
  int64_t run_count = 0;
  if (!is_one_input) {
    std::mt19937_64 random(options.seed);
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(options.seconds);
    for (; run_count < options.run_count_max && std::chrono::steady_clock::now() < end; ++run_count) {
      Run(millrace::fuzz::Mutate(corpus, kInputSizeBytesMax, &random));
    }
  }
  std::printf("%zu inputs of the corpus, %lld changed ones, seed %llu: no crash\n", corpus.size(),
              static_cast<long long>(run_count), static_cast<unsigned long long>(options.seed));
  return 0;
}
