#include "core/snapshot/page_advice.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

namespace millrace {
namespace {

// The kernel's own bound on ranges a call (UIO_MAXIOV).
constexpr size_t kRangeCountMax = 1024;
// A batch that waited for the disk so often is worth asking for the next ones' pages.
constexpr int64_t kColdFaultCount = 4;
constexpr int kColdBatchCount = 64;

uintptr_t PageSize() {
  static const auto size = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  return size;
}

// Of this process, for process_madvise; -1 where the kernel has none. Open as long as the process lives.
int OwnPidfd() {
  static const int fd = static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0));
  return fd;
}

int64_t MajorFaultCount() {
  rusage usage;
  return getrusage(RUSAGE_THREAD, &usage) == 0 ? usage.ru_majflt : 0;
}

}  // namespace

void PageAdvice::AddPage(uintptr_t address) {
  const uintptr_t page = address / PageSize() * PageSize();
  if (pages_.empty() || pages_.back() != page) pages_.push_back(page);
}

void PageAdvice::Add(const void* begin, size_t size_bytes) {
  if (size_bytes == 0) return;
  const auto address = reinterpret_cast<uintptr_t>(begin);
  AddPage(address);
  AddPage(address + size_bytes - 1);
}

void PageAdvice::Ask() {
  std::sort(pages_.begin(), pages_.end());
  pages_.erase(std::unique(pages_.begin(), pages_.end()), pages_.end());
  ranges_.clear();
  for (const uintptr_t page : pages_) {
    if (!ranges_.empty() && reinterpret_cast<uintptr_t>(ranges_.back().iov_base) + ranges_.back().iov_len == page) {
      ranges_.back().iov_len += PageSize();
    } else {
      ranges_.push_back({reinterpret_cast<void*>(page), PageSize()});
    }
  }
  pages_.clear();
  for (size_t first = 0; first < ranges_.size(); first += kRangeCountMax) {
    const size_t count = std::min(kRangeCountMax, ranges_.size() - first);
    if (syscall(SYS_process_madvise, OwnPidfd(), &ranges_[first], count, MADV_WILLNEED, 0) >= 0) continue;
    for (size_t i = first; i < first + count; ++i) madvise(ranges_[i].iov_base, ranges_[i].iov_len, MADV_WILLNEED);
  }
}

void ColdWatch::Begin() { fault_count_ = MajorFaultCount(); }

void ColdWatch::End() {
  if (cold_batch_count_ > 0) --cold_batch_count_;
  if (MajorFaultCount() - fault_count_ >= kColdFaultCount) cold_batch_count_ = kColdBatchCount;
}

}  // namespace millrace
