#include "core/catalog/staged_facts.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/catalog/told_facts.h"

namespace millrace {
namespace {

// Puts what is told over what the import told before; a fact told first is as it is.
template <typename Map, typename Fact>
void Put(Map& map, typename Map::key_type key, const Fact& told) {
  const auto [entry, is_new] = map.try_emplace(std::move(key), told);
  if (!is_new) entry->second = ToldOver(entry->second, told);
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
  MILLRACE_RETURN_IF_ERROR(Charge(3 * tag.name.size() + tag.extra_json.size()));
  Put(tags_, tag.name, tag);
  if (tag.id == 0) return absl::OkStatus();
  const auto [entry, is_new] = name_by_id_.try_emplace(tag.id, tag.name);
  if (!is_new && tag.name < entry->second) entry->second = tag.name;
  return absl::OkStatus();
}

absl::Status StagedFacts::AddRelation(const TagRelation& relation, SourcePlace place) {
  MILLRACE_RETURN_IF_ERROR(
      Charge(2 * (relation.antecedent.size() + relation.consequent.size()) + relation.extra_json.size()));
  const auto [entry, is_new] = relations_.try_emplace({relation.kind, relation.antecedent, relation.consequent},
                                                      StagedRelation{relation, place});
  if (is_new) return absl::OkStatus();
  const TagRelation& known = entry->second.relation;
  // An active one and one that is not are two requests: neither says anything of the other.
  if (IsActive(relation) == IsActive(known)) {
    entry->second = {ToldOver(known, relation), place};
  } else if (IsActive(relation)) {
    entry->second = {relation, place};
  }
  return absl::OkStatus();
}

absl::Status StagedFacts::AddPool(const PoolFact& pool) {
  MILLRACE_RETURN_IF_ERROR(Charge(pool.name.size() + pool.post_ids.size() * sizeof(int64_t) + pool.extra_json.size()));
  Put(pools_, pool.id, pool);
  return absl::OkStatus();
}

absl::Status StagedFacts::AddArtist(const ArtistFact& artist) {
  size_t text_size_bytes = 2 * artist.name.size() + artist.extra_json.size();
  for (const std::string& name : artist.other_names) text_size_bytes += sizeof(std::string) + name.size();
  MILLRACE_RETURN_IF_ERROR(Charge(text_size_bytes));
  Put(artists_, {artist.id, artist.name}, artist);
  return absl::OkStatus();
}

const TagFact* StagedFacts::FindTag(std::string_view name) const {
  const auto tag = tags_.find(AbslView(name));
  return tag == tags_.end() ? nullptr : &tag->second;
}

const TagFact* StagedFacts::FindTagById(int64_t tag_id) const {
  const auto name = name_by_id_.find(tag_id);
  if (name == name_by_id_.end()) return nullptr;
  const TagFact* const tag = FindTag(name->second);
  // The name may have been told again, with another id.
  return tag != nullptr && tag->id == tag_id ? tag : nullptr;
}

std::vector<const TagFact*> StagedFacts::SortedTags() const {
  std::vector<const TagFact*> sorted;
  sorted.reserve(tags_.size());
  for (const auto& entry : tags_) sorted.push_back(&entry.second);
  std::sort(sorted.begin(), sorted.end(), [](const TagFact* a, const TagFact* b) { return a->name < b->name; });
  return sorted;
}

}  // namespace millrace
