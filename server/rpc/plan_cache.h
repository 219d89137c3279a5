// The plans that were used last, opened. A batch of a cached plan costs no look into the catalog.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/base/mutex.h"
#include "core/plan/plan.h"

namespace millrace {

// Bounded in number and in memory; the least recently used plan goes first. The newest one stays, however large it is:
// otherwise every batch of it would open it again. Thread-safe.
class PlanCache {
 public:
  // Requires plan_count_max > 0.
  PlanCache(size_t plan_count_max, size_t size_bytes_max)
      : plan_count_max_(plan_count_max), size_bytes_max_(size_bytes_max) {}

  // The plan with this full id; null when it is not here.
  // shared_ptr: streams go on with a plan that was dropped from here or deleted.
  std::shared_ptr<const Plan> Find(std::string_view id);

  // Changes with every Erase. Read it before looking a plan up in the catalog.
  uint64_t generation() const;
  // Keeps a plan, unless one was erased since `generation` was read: it might be this one.
  void Add(const std::string& id, std::shared_ptr<const Plan> plan, uint64_t generation);
  // Forgets a plan that was deleted from the catalog.
  void Erase(const std::string& id);

 private:
  using Entry = std::pair<std::string, std::shared_ptr<const Plan>>;

  void DropLast() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t plan_count_max_;
  const size_t size_bytes_max_;
  mutable Mutex mutex_;
  std::list<Entry> entries_ ABSL_GUARDED_BY(mutex_);  // most recently used first
  // Keys are views of the entries' ids.
  std::unordered_map<std::string_view, std::list<Entry>::iterator> index_ ABSL_GUARDED_BY(mutex_);
  size_t size_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t generation_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace millrace
