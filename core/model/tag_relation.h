// What a board says of its tags, pools and artists apart from its posts: facts of tags, aliases and implications,
// pools, artists.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/model/post.h"

namespace millrace {

// A tag as a board's list of tags tells it. Posts need not use it.
struct TagFact {
  int64_t id = 0;  // 0: the source gave none
  std::string name;
  TagCategory category = TagCategory::kUnspecified;
  std::optional<bool> is_deprecated = std::nullopt;         // absent: the list does not say
  std::optional<int64_t> source_post_count = std::nullopt;  // what the board counted: its posts are not all ours
  // A JSON object of what we have no field for, and of the source's own word for the category; empty: absent.
  std::string extra_json = std::string();
  friend bool operator==(const TagFact&, const TagFact&) = default;
};

// Values are stored in files: they never change. Same numbers as in the proto.
enum class TagRelationKind : uint8_t { kAlias = 1, kImplication = 2 };

// An alias: `antecedent` is another spelling of `consequent`. An implication: who has `antecedent` has `consequent`,
// too.
struct TagRelation {
  TagRelationKind kind = TagRelationKind::kAlias;
  std::string antecedent;
  std::string consequent;
  std::string status;      // the source's word; only "active" (and no word at all) applies
  std::string extra_json;  // a JSON object of what we have no field for; empty: absent
  friend bool operator==(const TagRelation&, const TagRelation&) = default;
};
inline bool IsActive(const TagRelation& relation) { return relation.status.empty() || relation.status == "active"; }

// What lists told of a dataset's tags, as far as it applies.
struct DatasetFacts {
  std::vector<TagRelation> aliases;               // active, ascending by antecedent, then consequent
  std::vector<TagRelation> implications;          // likewise
  std::vector<std::string> deprecated_tag_names;  // ascending
};

// A pool as a board's list of pools tells it.
struct PoolFact {
  int64_t id = 0;
  std::string name;
  std::string kind;  // the source's word ("series", "collection"); empty: the source gave none
  std::optional<bool> is_deleted = std::nullopt;  // absent: the list does not say
  std::vector<int64_t> post_ids;                  // in the pool's order
  std::string extra_json;                         // a JSON object; empty: absent
  friend bool operator==(const PoolFact&, const PoolFact&) = default;
};

// An artist as a board's list of artists tells it; `name` is that of the artist's tag.
struct ArtistFact {
  int64_t id = 0;
  std::string name;
  std::vector<std::string> other_names;
  std::string extra_json;  // a JSON object; empty: absent
  friend bool operator==(const ArtistFact&, const ArtistFact&) = default;
};

}  // namespace millrace
