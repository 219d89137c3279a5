// Goal: a disk that fills up at any moment of a compilation gives DISK_FULL and leaves nothing behind.
// Method: this program's write(2) and fsync(2) fail with ENOSPC once a budget of bytes is spent, for budgets from
// nothing to everything.

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "tests/core/snapshot/support.h"
#include "tests/support/catch.h"

namespace {
// Bytes that may still be written to files; negative: no limit.
std::atomic<int64_t> budget_bytes = -1;
}  // namespace

// Stands before the C library's. Catch2 writes its report to descriptors 1 and 2.
extern "C" ssize_t write(int fd, const void* data, size_t size_bytes) {
  if (fd > 2 && budget_bytes >= 0) {
    if (budget_bytes < static_cast<int64_t>(size_bytes)) {
      errno = ENOSPC;
      return -1;
    }
    budget_bytes -= static_cast<int64_t>(size_bytes);
  }
  return syscall(SYS_write, fd, data, size_bytes);
}

namespace millrace {
namespace {

using namespace testing;

TEST_CASE("a full disk is an error that says so, and nothing is left of the attempt") {
  TempFolder folder;
  const Content content = RandomContent(51, 3'000, 200);
  const int64_t size_bytes = Write(folder.path(), content)->file_size_bytes;
  const std::string intact = Write(folder.path(), content)->digest;
  std::filesystem::remove_all(folder.path() + "/" + intact + ".snapshot");
  int failed_count = 0;
  // Spools and file together take less than three times the file's size.
  for (int64_t budget = 0; budget < 3 * size_bytes; budget += size_bytes / 20) {
    CAPTURE(budget, size_bytes);
    budget_bytes = budget;
    const absl::StatusOr<WrittenSnapshot> written = Write(folder.path(), content);
    budget_bytes = -1;
    if (written.ok()) {
      CHECK(written->digest == intact);
      CHECK(folder.entry_count() == 1);
      std::filesystem::remove(written->path);
      continue;
    }
    ++failed_count;
    CHECK(ReasonOf(written.status()) == Reason::kDiskFull);
    CHECK(written.status().code() == absl::StatusCode::kResourceExhausted);
    CHECK(folder.entry_count() == 0);
  }
  CHECK(failed_count > 10);
  CHECK(Write(folder.path(), content)->digest == intact);
}

}  // namespace
}  // namespace millrace
