// Question: what does memory for batches cost, made by two threads and freed by a third as the server does it, under
// which settings of glibc's allocator? docs/decisions/0024-allocator.md has the answers.
//
//   allocator-reuse --size 1048576 --arenas 4 --mmap 33554432 --trim 134217728 --top-pad 1048576
#include <malloc.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <mutex>
#include <thread>

namespace {

constexpr int kBuffersPerThread = 3000;
constexpr size_t kWindow = 8;

// Buffers on their way from those who fill to the one who frees.
class Window {
 public:
  void Push(char* buffer) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return buffers_.size() < kWindow; });
    buffers_.push_back(buffer);
    changed_.notify_all();
  }
  char* Pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !buffers_.empty(); });
    char* const buffer = buffers_.front();
    buffers_.pop_front();
    changed_.notify_all();
    return buffer;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<char*> buffers_;
};

double CpuMicroseconds(const rusage& usage) {
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

}  // namespace

int main(int argc, char** argv) {
  size_t size_bytes = 1 << 20;
  int arena_count = 0, mmap = -1, trim = -1, top_pad = -1;
  CLI::App app{"Fills and frees 6,000 buffers; settings that are not given stay glibc's."};
  app.add_option("--size", size_bytes, "Bytes of a buffer");
  app.add_option("--arenas", arena_count, "M_ARENA_MAX");
  app.add_option("--mmap", mmap, "M_MMAP_THRESHOLD");
  app.add_option("--trim", trim, "M_TRIM_THRESHOLD");
  app.add_option("--top-pad", top_pad, "M_TOP_PAD");
  CLI11_PARSE(app, argc, argv);
  if (arena_count > 0) mallopt(M_ARENA_MAX, arena_count);
  if (mmap >= 0) mallopt(M_MMAP_THRESHOLD, mmap);
  if (trim >= 0) mallopt(M_TRIM_THRESHOLD, trim);
  if (top_pad >= 0) mallopt(M_TOP_PAD, top_pad);

  Window window;
  const auto fill = [&] {
    for (int i = 0; i < kBuffersPerThread; ++i) {
      auto* const buffer = static_cast<char*>(std::malloc(size_bytes));
      std::memset(buffer, i, size_bytes);
      window.Push(buffer);
    }
  };
  int64_t sum = 0;  // so that the compiler keeps the buffers
  std::thread freeing([&] {
    for (int i = 0; i < 2 * kBuffersPerThread; ++i) {
      char* const buffer = window.Pop();
      sum += buffer[size_bytes / 2];
      std::free(buffer);
    }
  });
  std::thread one(fill), two(fill);
  one.join();
  two.join();
  freeing.join();
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  std::printf("%zu bytes: %.1f us and %.2f page faults a buffer, %ld KiB at most (%lld)\n", size_bytes,
              CpuMicroseconds(usage) / (2 * kBuffersPerThread),
              static_cast<double>(usage.ru_minflt) / (2 * kBuffersPerThread), usage.ru_maxrss,
              static_cast<long long>(sum));
  return 0;
}
