#include "core/catalog/staged_facts.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/catalog/told_facts.h"

namespace millrace {
namespace {

// Lays what is told over what the import told before. Whether the two contradict each other: then it matters which of
// them is the later.
template <typename Fact>
bool Lay(const Fact& told, Fact* known) {
  if (told == *known) return false;
  Fact fact = ToldOver(*known, told);
  const bool is_conflict = fact != ToldOver(told, *known);
  *known = std::move(fact);
  return is_conflict;
}

// As Lay; what is told first is as it is.
template <typename Map, typename Fact>
bool Put(const Fact& told, typename Map::key_type key, Map* map) {
  const auto [entry, is_new] = map->try_emplace(std::move(key), told);
  return !is_new && Lay(told, &entry->second);
}

// The first bytes of a name as a number of the same order: most names differ there, so that a sort looks at few of the
// names themselves, each of which is a wait for memory.
uint64_t PrefixOf(const std::string& name) {
  uint64_t prefix = 0;
  for (size_t i = 0; i < sizeof prefix; ++i) {
    prefix = prefix << 8 | (i < name.size() ? static_cast<unsigned char>(name[i]) : 0);
  }
  return prefix;
}

// What an entry takes beside its texts: the value, its place in a map, and the map's spare room.
constexpr int64_t kEntrySizeBytes = 200;

absl::string_view AbslView(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

absl::Status StagedFacts::Charge(size_t text_size_bytes) {
  size_bytes_ += kEntrySizeBytes + static_cast<int64_t>(text_size_bytes);
  if (size_bytes_ <= kBytesMax) return absl::OkStatus();
  return MakeError(Reason::kFileInvalid,
                   absl::StrCat("the import tells more than ", kBytesMax >> 20,
                                " MiB of tags, relations, pools and artists. Import them in several parts."));
}

absl::Status StagedFacts::AddTag(const TagFact& tag) {
  MILLRACE_RETURN_IF_ERROR(Charge(tag.name.size() + tag.extra_json.size()));
  const auto known = tag_by_name_.find(AbslView(tag.name));
  TagFact* fact;
  if (known == tag_by_name_.end()) {
    fact = &tags_.emplace_back(tag);
    tag_by_name_.insert(fact);
  } else {
    fact = *known;
    conflicts_.tags.conflict_count += Lay(tag, fact);
  }
  if (tag.id == 0) return absl::OkStatus();
  const auto [first, is_new] = tag_by_id_.try_emplace(tag.id, fact);
  if (!is_new && fact->name < first->second->name) first->second = fact;
  return absl::OkStatus();
}

absl::Status StagedFacts::AddRelation(const TagRelation& relation, SourcePlace place) {
  MILLRACE_RETURN_IF_ERROR(
      Charge(2 * (relation.antecedent.size() + relation.consequent.size()) + relation.extra_json.size()));
  const auto [entry, is_new] = relations_.try_emplace({relation.kind, relation.antecedent, relation.consequent},
                                                      StagedRelation{relation, place});
  if (is_new) return absl::OkStatus();
  TagRelation& known = entry->second.relation;
  // An active one and one that is not are two requests: neither says anything of the other.
  bool is_conflict = true;
  if (IsActive(relation) == IsActive(known)) {
    is_conflict = Lay(relation, &known);
    entry->second.place = place;
  } else if (IsActive(relation)) {
    entry->second = {relation, place};
  }
  const bool is_alias = relation.kind == TagRelationKind::kAlias;
  (is_alias ? conflicts_.aliases : conflicts_.implications).conflict_count += is_conflict;
  return absl::OkStatus();
}

absl::Status StagedFacts::AddPool(const PoolFact& pool) {
  MILLRACE_RETURN_IF_ERROR(Charge(pool.name.size() + pool.post_ids.size() * sizeof(int64_t) + pool.extra_json.size()));
  conflicts_.pools.conflict_count += Put(pool, pool.id, &pools_);
  return absl::OkStatus();
}

absl::Status StagedFacts::AddArtist(const ArtistFact& artist) {
  size_t text_size_bytes = 2 * artist.name.size() + artist.extra_json.size();
  for (const std::string& name : artist.other_names) text_size_bytes += sizeof(std::string) + name.size();
  MILLRACE_RETURN_IF_ERROR(Charge(text_size_bytes));
  // One that is told with two names has been renamed.
  conflicts_.artists.conflict_count += Put(artist, {artist.id, artist.id == 0 ? artist.name : ""}, &artists_);
  return absl::OkStatus();
}

const TagFact* StagedFacts::FindTag(std::string_view name) const {
  const auto tag = tag_by_name_.find(AbslView(name));
  return tag == tag_by_name_.end() ? nullptr : *tag;
}

const TagFact* StagedFacts::FindTagById(int64_t tag_id) const {
  const auto tag = tag_by_id_.find(tag_id);
  // The name may have been told again, with another id.
  return tag != tag_by_id_.end() && tag->second->id == tag_id ? tag->second : nullptr;
}

std::vector<const TagFact*> StagedFacts::SortedTags() const {
  std::vector<std::pair<uint64_t, const TagFact*>> keyed;
  keyed.reserve(tags_.size());
  for (const TagFact& tag : tags_) keyed.emplace_back(PrefixOf(tag.name), &tag);
  std::sort(keyed.begin(), keyed.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : a.second->name < b.second->name;
  });
  std::vector<const TagFact*> sorted;
  sorted.reserve(keyed.size());
  for (const auto& [prefix, tag] : keyed) sorted.push_back(tag);
  return sorted;
}

}  // namespace millrace
