#include "core/catalog/recent_tags.h"

#include <utility>

namespace millrace {

const RecentTag* RecentTags::Find(int64_t dataset_id, std::string_view name) {
  const KeyView key(dataset_id, name);
  const auto young = young_.find(key);
  if (young != young_.end()) return &young->second;
  const auto old = old_.find(key);
  if (old == old_.end()) return nullptr;
  const RecentTag tag = old->second;
  Remember(dataset_id, name, tag);
  return &young_.find(key)->second;
}

void RecentTags::Remember(int64_t dataset_id, std::string_view name, RecentTag tag) {
  old_.erase(KeyView(dataset_id, name));
  if (young_.size() >= generation_size_max_) {
    old_ = std::move(young_);
    young_.clear();
    old_.erase(KeyView(dataset_id, name));
  }
  young_.insert_or_assign(Key{dataset_id, std::string(name)}, tag);
}

void RecentTags::Forget(int64_t dataset_id, std::string_view name) {
  const KeyView key(dataset_id, name);
  young_.erase(key);
  old_.erase(key);
}

void RecentTags::Clear() {
  young_.clear();
  old_.clear();
}

void RecentTags::Note(int64_t data_version) {
  if (std::exchange(data_version_, data_version) != data_version) Clear();
}

}  // namespace millrace
