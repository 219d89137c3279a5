#include "server/rpc/label_cache.h"

#include "core/base/digest.h"
#include "core/base/error.h"
#include "core/vocabulary/vocabulary.h"
#include "core/vocabulary/vocabulary_codec.h"

namespace millrace {

std::shared_ptr<const LabelIndex> LabelCache::Find(std::string_view snapshot_digest, std::string_view vocabulary_digest,
                                                   TagReading reading) {
  const Key key(vocabulary_digest, snapshot_digest, reading);
  MutexLock lock(mutex_);
  const auto found = entry_by_key_.find(key);
  if (found == entry_by_key_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->second;
}

uint64_t LabelCache::generation() const {
  MutexLock lock(mutex_);
  return generation_;
}

void LabelCache::Add(std::string_view snapshot_digest, std::shared_ptr<const LabelIndex> index, uint64_t generation) {
  Key key(index->vocabulary_digest(), snapshot_digest, index->reading());
  MutexLock lock(mutex_);
  if (generation != generation_ || entry_by_key_.contains(key)) return;
  size_bytes_ += index->memory_bytes();
  entries_.emplace_front(key, std::move(index));
  entry_by_key_.emplace(std::move(key), entries_.begin());
  while (entries_.size() > index_count_max_ || (size_bytes_ > size_bytes_max_ && entries_.size() > 1)) {
    Drop(entry_by_key_.find(entries_.back().first));
  }
}

void LabelCache::Erase(std::string_view vocabulary_digest) {
  MutexLock lock(mutex_);
  ++generation_;
  while (true) {
    const auto found = entry_by_key_.lower_bound(Key(vocabulary_digest, "", TagReading{}));
    if (found == entry_by_key_.end() || std::get<0>(found->first) != vocabulary_digest) return;
    Drop(found);
  }
}

void LabelCache::Drop(EntryByKey::iterator place) {
  const auto entry = place->second;
  size_bytes_ -= entry->second->memory_bytes();
  entry_by_key_.erase(place);
  entries_.erase(entry);
}

absl::StatusOr<std::shared_ptr<const LabelIndex>> FindLabels(const ServiceDeps& deps, LabelCache* cache,
                                                             std::string_view vocabulary_reference,
                                                             const std::shared_ptr<const Snapshot>& snapshot,
                                                             TagReading reading) {
  if (IsHexDigest(vocabulary_reference)) {
    if (auto index = cache->Find(snapshot->digest(), vocabulary_reference, reading); index != nullptr) return index;
  }
  const uint64_t generation = cache->generation();
  MILLRACE_ASSIGN_OR_RETURN(const VocabularyRecord record, deps.catalog->GetVocabulary(vocabulary_reference));
  if (auto index = cache->Find(snapshot->digest(), record.digest, reading); index != nullptr) return index;
  // By the digest: whatever version has it, the labels are the same.
  MILLRACE_ASSIGN_OR_RETURN(const StoredVocabulary stored, deps.catalog->GetVocabularyEntries(record.digest));
  MILLRACE_ASSIGN_OR_RETURN(const Vocabulary vocabulary, DecodeVocabulary(stored.entries, record.digest));
  MILLRACE_ASSIGN_OR_RETURN(LabelIndex made, LabelIndex::Create(*snapshot, vocabulary, reading));
  auto index = std::make_shared<const LabelIndex>(std::move(made));
  cache->Add(snapshot->digest(), index, generation);
  return index;
}

}  // namespace millrace
