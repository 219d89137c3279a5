// The label indexes that were used last: which label each tag of a snapshot has by a vocabulary.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "absl/status/statusor.h"
#include "core/base/mutex.h"
#include "core/snapshot/snapshot.h"
#include "core/vocabulary/label_index.h"
#include "server/rpc/services.h"

namespace millrace {

// Bounded in number and in memory; the least recently used index goes first. The newest one stays, however large it is.
// Thread-safe.
class LabelCache {
 public:
  // Requires index_count_max > 0.
  LabelCache(size_t index_count_max, size_t size_bytes_max)
      : index_count_max_(index_count_max), size_bytes_max_(size_bytes_max) {}

  // The index of this snapshot and this vocabulary, by their full digests, and of the reading; null when it is not
  // here. shared_ptr: streams go on with an index that was dropped from here, or whose vocabulary was deleted.
  std::shared_ptr<const LabelIndex> Find(std::string_view snapshot_digest, std::string_view vocabulary_digest,
                                         TagReading reading = TagReading::kAsSaid);

  // Changes with every Erase. Read it before looking a vocabulary up in the catalog.
  uint64_t generation() const;
  // Keeps an index, unless a vocabulary was erased since `generation` was read: it might be this one's.
  void Add(std::string_view snapshot_digest, std::shared_ptr<const LabelIndex> index, uint64_t generation);
  // Forgets the indexes of a vocabulary that was deleted from the catalog.
  void Erase(std::string_view vocabulary_digest);

 private:
  using Key = std::tuple<std::string, std::string, TagReading>;  // vocabulary, snapshot
  using Entry = std::pair<Key, std::shared_ptr<const LabelIndex>>;
  using EntryByKey = std::map<Key, std::list<Entry>::iterator>;

  void Drop(EntryByKey::iterator place) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t index_count_max_;
  const size_t size_bytes_max_;
  mutable Mutex mutex_;
  std::list<Entry> entries_ ABSL_GUARDED_BY(mutex_);  // most recently used first
  EntryByKey entry_by_key_ ABSL_GUARDED_BY(mutex_);
  size_t size_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t generation_ ABSL_GUARDED_BY(mutex_) = 0;
};

// The labels of a snapshot's tags, as a plan reads them, by the vocabulary that a request names: from the cache, or
// made, which takes milliseconds. Waits for the disk: a name means its newest version at each call, and only a full
// digest that is in the cache is found without the catalog. kVocabularyNotFound, kPrefixAmbiguous, kFieldInvalid (field
// "vocabulary"), kSnapshotDamaged, kCatalogDamaged.
absl::StatusOr<std::shared_ptr<const LabelIndex>> FindLabels(const ServiceDeps& deps, LabelCache* cache,
                                                             std::string_view vocabulary_reference,
                                                             const std::shared_ptr<const Snapshot>& snapshot,
                                                             TagReading reading = TagReading::kAsSaid);

}  // namespace millrace
