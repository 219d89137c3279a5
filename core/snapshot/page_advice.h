// Asking the kernel for pages of a mapped file before they are touched, so that it reads many at once from the disk. A
// page that is touched first is read alone, and the thread waits for each.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace {

// Collects addresses and asks for their pages. Not thread-safe; its memory is used again.
class PageAdvice {
 public:
  // The pages of `size_bytes` bytes of a mapping. Only the first and the last when they are more than two: neighbours
  // come with them soon enough.
  void Add(const void* begin, size_t size_bytes);
  // Asks for every page that was added, and forgets them. Whether it works or not, nothing but time depends on it.
  void Ask();

 private:
  void AddPage(uintptr_t address);

  std::vector<uintptr_t> pages_;
  std::vector<iovec> ranges_;
};

// Tells from the calling thread's page faults whether batches have to wait for the disk. Asking for pages costs a
// system call a column and some 100 ns a page that is there already, so it is done only when it helps: for a while
// after a batch that met faults, and then anew if one still does. Not thread-safe.
class ColdWatch {
 public:
  // Around the reading of one batch, on one thread.
  void Begin();
  void End();
  // Whether to ask for pages.
  bool is_cold() const { return cold_batch_count_ > 0; }

 private:
  int64_t fault_count_ = 0;
  int cold_batch_count_ = 0;  // for how many more batches
};

}  // namespace millrace
