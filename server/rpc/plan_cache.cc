#include "server/rpc/plan_cache.h"

namespace millrace {

std::shared_ptr<const Plan> PlanCache::Find(std::string_view id) {
  MutexLock lock(mutex_);
  const auto found = index_.find(id);
  if (found == index_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->second;
}

uint64_t PlanCache::generation() const {
  MutexLock lock(mutex_);
  return generation_;
}

void PlanCache::Add(const std::string& id, std::shared_ptr<const Plan> plan, uint64_t generation) {
  MutexLock lock(mutex_);
  if (generation != generation_ || index_.contains(id)) return;
  size_bytes_ += plan->memory_bytes();
  entries_.emplace_front(id, std::move(plan));
  index_.emplace(entries_.front().first, entries_.begin());
  while (entries_.size() > plan_count_max_ || (size_bytes_ > size_bytes_max_ && entries_.size() > 1)) DropLast();
}

void PlanCache::DropLast() {
  size_bytes_ -= entries_.back().second->memory_bytes();
  index_.erase(entries_.back().first);
  entries_.pop_back();
}

void PlanCache::Erase(const std::string& id) {
  MutexLock lock(mutex_);
  ++generation_;
  const auto found = index_.find(id);
  if (found == index_.end()) return;
  const auto entry = found->second;
  size_bytes_ -= entry->second->memory_bytes();
  index_.erase(found);
  entries_.erase(entry);
}

}  // namespace millrace
