#include "core/snapshot/resident_memory.h"

#include <sys/mman.h>

#include <utility>

namespace millrace {
namespace {

constexpr size_t kLargePageBytes = size_t{2} << 20;

size_t MappingSizeBytes(int64_t size_bytes) { return static_cast<size_t>(size_bytes) + kLargePageBytes; }

}  // namespace

bool ResidentBudget::TryTake(int64_t size_bytes) {
  int64_t left_bytes = left_bytes_.load(std::memory_order_relaxed);
  while (left_bytes >= size_bytes) {
    if (left_bytes_.compare_exchange_weak(left_bytes, left_bytes - size_bytes, std::memory_order_relaxed)) return true;
  }
  return false;
}

std::unique_ptr<ResidentMemory> ResidentMemory::Allocate(std::shared_ptr<ResidentBudget> budget, int64_t size_bytes) {
  if (!budget->TryTake(size_bytes)) return nullptr;
  // MAP_NORESERVE: the budget is the bound, and the system should not refuse what will be touched a block at a time.
  void* const mapping = mmap(nullptr, MappingSizeBytes(size_bytes), PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) {
    budget->Return(size_bytes);
    return nullptr;
  }
  const auto address = reinterpret_cast<uintptr_t>(mapping);
  auto* const data = static_cast<uint8_t*>(mapping) + (kLargePageBytes - address % kLargePageBytes) % kLargePageBytes;
  // Where the system has no large pages the copy has small ones, and is as fast as the file.
  madvise(data, static_cast<size_t>(size_bytes), MADV_HUGEPAGE);
  return std::unique_ptr<ResidentMemory>(new ResidentMemory(std::move(budget), size_bytes, mapping, data));
}

ResidentMemory::~ResidentMemory() {
  munmap(mapping_, MappingSizeBytes(size_bytes_));
  budget_->Return(size_bytes_);
}

}  // namespace millrace
