// What bounds a listing of what lists told: in the catalog, which reads it, and in the answers made of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/model/tag_relation.h"

namespace millrace {

// A listing ends behind so much, about: by its count alone a thousand pools of a million posts each would be one. Twice
// what a page of an answer holds.
inline constexpr size_t kListedBytesMax = 8 << 20;

// What each takes in memory beside its fixed part, about.
inline size_t ListedBytes(const TagFact& tag) { return tag.name.size() + tag.extra_json.size(); }
inline size_t ListedBytes(const TagRelation& relation) {
  return relation.antecedent.size() + relation.consequent.size() + relation.status.size() + relation.extra_json.size();
}
inline size_t ListedBytes(const PoolFact& pool) {
  return pool.name.size() + pool.kind.size() + pool.post_ids.size() * sizeof(int64_t) + pool.extra_json.size();
}
inline size_t ListedBytes(const ArtistFact& artist) {
  size_t size_bytes = artist.name.size() + artist.extra_json.size();
  for (const std::string& name : artist.other_names) size_bytes += sizeof(std::string) + name.size();
  return size_bytes;
}

// Whether a listing ends here for its size, so that there may be more behind it than its count lets expect.
template <typename Item>
bool IsListingFull(const std::vector<Item>& items) {
  size_t size_bytes = 0;
  for (const Item& item : items) size_bytes += ListedBytes(item);
  return size_bytes >= kListedBytesMax;
}

}  // namespace millrace
