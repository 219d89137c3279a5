// Runs the fuzz entry without libFuzzer: every file of the corpus, then seeded changes of them for two seconds.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

void Run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

// A part of `other` put somewhere, something taken away, or a byte changed.
void Change(std::mt19937_64& random, const std::string& other, std::string& input) {
  const size_t place = random() % (input.size() + 1);
  switch (random() % 3) {
    case 0: {
      const size_t begin = random() % (other.size() + 1);
      input.insert(place, other.substr(begin, random() % 12));
      break;
    }
    case 1:
      input.erase(place, random() % 6);
      break;
    default:
      constexpr char kBytes[] = "()~-\"*\\:<>=.,0149 kmgadnorbit\t\xC3\xA9";
      if (place < input.size()) input[place] = kBytes[random() % (sizeof kBytes - 1)];
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> corpus;
  for (const auto& entry : std::filesystem::directory_iterator(argc > 1 ? argv[1] : ".")) {
    std::ifstream file(entry.path(), std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    Run(corpus.back());
  }
  if (corpus.empty()) {
    std::fprintf(stderr, "usage: %s CORPUS\n", argv[0]);
    return 2;
  }
  std::mt19937_64 random(1);
  int64_t run_count = 0;
  for (const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(2); std::chrono::steady_clock::now() < end;
       ++run_count) {
    std::string input = corpus[random() % corpus.size()];
    for (uint64_t changes = 1 + random() % 5; changes > 0; --changes) Change(random, corpus[random() % corpus.size()], input);
    Run(input);
  }
  std::printf("%zu inputs of the corpus, %lld changed ones\n", corpus.size(), static_cast<long long>(run_count));
  return 0;
}
