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
  entries_.emplace_front(id, std::move(plan));
  index_.emplace(entries_.front().first, entries_.begin());
  if (entries_.size() > plan_count_max_) {
    index_.erase(entries_.back().first);
    entries_.pop_back();
  }
}

void PlanCache::Erase(const std::string& id) {
  MutexLock lock(mutex_);
  ++generation_;
  const auto found = index_.find(id);
  if (found == index_.end()) return;
  const auto entry = found->second;
  index_.erase(found);
  entries_.erase(entry);
}

}  // namespace millrace
