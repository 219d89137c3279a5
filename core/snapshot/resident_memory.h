// Copies of snapshot files in memory of large pages.
//
// A batch reads some ten columns at rows that lie anywhere, and nearly each read is of another page. In a mapped file
// pages have 4 KiB, and the processor spends more time on finding pages than on fetching bytes; in pages of 2 MiB the
// same reads take less than half as long (docs/decisions/0029-resident-snapshots.md).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace millrace {

// What all copies together may take. Thread-safe. shared_ptr: a snapshot that is still read may outlive its store.
class ResidentBudget {
 public:
  explicit ResidentBudget(int64_t size_bytes_max) : left_bytes_(size_bytes_max) {}

  // False, and nothing is taken, when less is left.
  bool TryTake(int64_t size_bytes);
  void Return(int64_t size_bytes) { left_bytes_.fetch_add(size_bytes, std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> left_bytes_;
};

// Memory for one copy: all zero, and taken from the system where it is first written to.
class ResidentMemory {
 public:
  // Null when the budget, or the system, has not that much left.
  static std::unique_ptr<ResidentMemory> Allocate(std::shared_ptr<ResidentBudget> budget, int64_t size_bytes);
  ~ResidentMemory();
  ResidentMemory(const ResidentMemory&) = delete;
  ResidentMemory& operator=(const ResidentMemory&) = delete;

  uint8_t* data() const { return data_; }

 private:
  ResidentMemory(std::shared_ptr<ResidentBudget> budget, int64_t size_bytes, void* mapping, uint8_t* data)
      : budget_(std::move(budget)), size_bytes_(size_bytes), mapping_(mapping), data_(data) {}

  const std::shared_ptr<ResidentBudget> budget_;
  const int64_t size_bytes_;
  void* const mapping_;
  uint8_t* const data_;  // at a large page's beginning
};

}  // namespace millrace
