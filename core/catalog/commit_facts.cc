#include "core/catalog/commit_facts.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "core/base/error.h"
#include "core/catalog/pool_rows.h"
#include "core/catalog/relation_check.h"
#include "core/catalog/relation_rows.h"
#include "core/catalog/tag_facts_rows.h"

namespace millrace {
namespace {

using StagedRelation = StagedFacts::StagedRelation;

// What was told of the same two tags; null when nothing was.
const StagedRelation* FindTold(const StagedFacts& facts, const TagRelation& relation) {
  const auto told = facts.relations().find({relation.kind, relation.antecedent, relation.consequent});
  return told == facts.relations().end() ? nullptr : &told->second;
}

// The relations of a kind that are to be checked: those that apply in the dataset and those that will by the import.
struct RelationsOfKind {
  std::vector<TagRelation> known;
  std::vector<TagRelation> retold;  // of the dataset, told again by the import
  std::vector<TagRelation> told;    // in the order of the dump
  std::vector<SourcePlace> places;  // of `told`
};

absl::StatusOr<RelationsOfKind> Collect(Database& reader, int64_t dataset_id, TagRelationKind kind,
                                        const StagedFacts& facts) {
  RelationsOfKind relations;
  MILLRACE_ASSIGN_OR_RETURN(std::vector<TagRelation> known, ReadActiveRelations(reader, dataset_id, kind));
  for (TagRelation& relation : known) {
    (FindTold(facts, relation) == nullptr ? relations.known : relations.retold).push_back(std::move(relation));
  }
  std::vector<const StagedRelation*> staged;
  for (const auto& [key, relation] : facts.relations()) {
    if (std::get<0>(key) == kind && IsActive(relation.relation)) staged.push_back(&relation);
  }
  std::sort(staged.begin(), staged.end(), [](const StagedRelation* a, const StagedRelation* b) {
    return std::tie(a->place.file_index, a->place.line) < std::tie(b->place.file_index, b->place.line);
  });
  for (const StagedRelation* relation : staged) {
    relations.told.push_back(relation->relation);
    relations.places.push_back(relation->place);
  }
  return relations;
}

// Of implications the ones that the dataset has already come before new ones: they close no circle among themselves.
void PutRetoldFirst(const StagedFacts& facts, RelationsOfKind* relations) {
  for (TagRelation& relation : relations->retold) {
    if (IsActive(FindTold(facts, relation)->relation)) relations->known.push_back(std::move(relation));
  }
  relations->retold.clear();
}

absl::Status CheckKind(Database& reader, int64_t dataset_id, TagRelationKind kind, StagedFacts* facts,
                       CheckedRelations* checked) {
  MILLRACE_ASSIGN_OR_RETURN(RelationsOfKind relations, Collect(reader, dataset_id, kind, *facts));
  if (kind == TagRelationKind::kImplication) PutRetoldFirst(*facts, &relations);
  const RelationFaults faults = kind == TagRelationKind::kAlias ? CheckAliases(relations.known, relations.told)
                                                                : CheckImplications(relations.known, relations.told);
  for (const RelationFault& fault : faults.refused) {
    const TagRelation& relation = relations.told[fault.index];
    checked->refused.push_back({relation, relations.places[fault.index], fault.field, fault.reason});
    facts->relations().erase({kind, relation.antecedent, relation.consequent});
  }
  const auto supersede = [&](TagRelation relation) {
    relation.status = kSupersededStatus;
    checked->superseded.push_back(std::move(relation));
  };
  for (const size_t index : faults.superseded) supersede(relations.known[index]);
  // Told again and refused, as it contradicts what was told beside it: that stands, so this may not.
  for (const TagRelation& relation : relations.retold) {
    if (FindTold(*facts, relation) == nullptr) supersede(relation);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<CheckedRelations> CheckStagedRelations(Database& reader, int64_t dataset_id, StagedFacts* facts) {
  MILLRACE_ASSIGN_OR_RETURN(const Transaction transaction, Transaction::BeginRead(reader));
  CheckedRelations checked;
  for (const TagRelationKind kind : {TagRelationKind::kAlias, TagRelationKind::kImplication}) {
    MILLRACE_RETURN_IF_ERROR(CheckKind(reader, dataset_id, kind, facts, &checked));
  }
  std::stable_sort(checked.refused.begin(), checked.refused.end(),
                   [](const RefusedRelation& a, const RefusedRelation& b) {
                     return std::tie(a.place.file_index, a.place.line) < std::tie(b.place.file_index, b.place.line);
                   });
  return checked;
}

absl::StatusOr<FactCounts> WriteFacts(Database& database, int64_t dataset_id, const StagedFacts& facts,
                                      absl::Span<const TagFact* const> tag_facts,
                                      absl::Span<const TagRelation> superseded) {
  FactCounts counts = facts.conflicts();
  MILLRACE_RETURN_IF_ERROR(WriteTagFacts(database, dataset_id, tag_facts, &counts.tags));
  for (const TagRelation& relation : superseded) {
    MILLRACE_RETURN_IF_ERROR(WriteRelation(database, dataset_id, relation).status());
    ++counts.superseded_relation_count;
  }
  for (const auto& [key, staged] : facts.relations()) {
    MILLRACE_ASSIGN_OR_RETURN(const ListedChange change, WriteRelation(database, dataset_id, staged.relation));
    (std::get<0>(key) == TagRelationKind::kAlias ? counts.aliases : counts.implications).Add(change);
  }
  for (const auto& [pool_id, pool] : facts.pools()) {
    MILLRACE_ASSIGN_OR_RETURN(const ListedChange change, WritePool(database, dataset_id, pool));
    counts.pools.Add(change);
  }
  for (const auto& [key, artist] : facts.artists()) {
    MILLRACE_ASSIGN_OR_RETURN(const ListedChange change, WriteArtist(database, dataset_id, artist));
    counts.artists.Add(change);
  }
  return counts;
}

}  // namespace millrace
