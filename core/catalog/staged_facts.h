// What an import tells of tags, relations, pools and artists apart from posts, until it is committed.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/hash/hash.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/catalog/import_session.h"
#include "core/catalog/listed_counts.h"
#include "core/model/tag_relation.h"

namespace millrace {

// Not thread-safe. Held in memory, up to kBytesMax: a large board's lists take some hundred MiB. Of what is told twice
// the last stands, as far as it tells anything (told_facts.h).
class StagedFacts {
 public:
  static constexpr int64_t kBytesMax = int64_t{1} << 30;

  // kind, antecedent, consequent
  using RelationKey = std::tuple<TagRelationKind, std::string, std::string>;
  struct StagedRelation {
    TagRelation relation;
    SourcePlace place;
  };

  // Each: kFileInvalid when there is no room for more.
  absl::Status AddTag(const TagFact& tag);
  // Of the same two tags an active relation stands before one that is not: boards keep the refused requests, too.
  absl::Status AddRelation(const TagRelation& relation, SourcePlace place);
  absl::Status AddPool(const PoolFact& pool);
  absl::Status AddArtist(const ArtistFact& artist);

  // Null: not told. Valid as long as the facts are; what it says may change with the next AddTag.
  const TagFact* FindTag(std::string_view name) const;
  // Of several names with the id the first by name. Null, and valid, as above.
  const TagFact* FindTagById(int64_t tag_id) const;

  bool empty() const { return tags_.empty() && relations_.empty() && pools_.empty() && artists_.empty(); }
  // Ascending by name; valid as FindTag's.
  std::vector<const TagFact*> SortedTags() const;
  std::map<RelationKey, StagedRelation>& relations() { return relations_; }
  const std::map<RelationKey, StagedRelation>& relations() const { return relations_; }
  const std::map<int64_t, PoolFact>& pools() const { return pools_; }
  // By id; those without one by name.
  const std::map<std::pair<int64_t, std::string>, ArtistFact>& artists() const { return artists_; }
  // Nothing but how many records told otherwise than one before them.
  const FactCounts& conflicts() const { return conflicts_; }

 private:
  // Facts of tags by their names, which are in them: lists are of a million tags.
  struct NameHash {
    using is_transparent = void;
    size_t operator()(absl::string_view name) const { return absl::Hash<absl::string_view>()(name); }
    size_t operator()(const TagFact* tag) const { return (*this)(absl::string_view(tag->name)); }
  };
  struct NameEqual {
    using is_transparent = void;
    static absl::string_view NameOf(absl::string_view name) { return name; }
    static absl::string_view NameOf(const TagFact* tag) { return tag->name; }
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      return NameOf(a) == NameOf(b);
    }
  };

  absl::Status Charge(size_t text_size_bytes);

  std::deque<TagFact> tags_;  // each name once; they stay where they are
  absl::flat_hash_set<TagFact*, NameHash, NameEqual> tag_by_name_;
  absl::flat_hash_map<int64_t, const TagFact*> tag_by_id_;  // the first by name of those that were told with the id
  std::map<RelationKey, StagedRelation> relations_;
  std::map<int64_t, PoolFact> pools_;
  std::map<std::pair<int64_t, std::string>, ArtistFact> artists_;
  FactCounts conflicts_;
  int64_t size_bytes_ = 0;  // about
};

}  // namespace millrace
