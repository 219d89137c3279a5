#include "core/snapshot/relation_sections.h"

#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "core/snapshot/post_columns.h"
#include "core/snapshot/spool.h"

namespace millrace::snapshot_file {
namespace {

constexpr char kAliasName[] = "relation.alias";
constexpr char kImplicationName[] = "relation.implication";

absl::Status WritePairs(const std::vector<TagRelation>& relations, const std::string& name, const std::string& folder,
                        SectionFile* file) {
  std::vector<std::pair<std::string_view, std::string_view>> pairs;
  for (const TagRelation& relation : relations) {
    if (IsActive(relation)) pairs.emplace_back(relation.antecedent, relation.consequent);
  }
  std::sort(pairs.begin(), pairs.end());
  pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
  TextSpool antecedents(folder, name);
  TextSpool consequents(folder, name + ".to");
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (pairs[i].first.empty() || pairs[i].second.empty()) {
      return MakeError(Reason::kInternal, "a relation of a tag without a name");
    }
    MILLRACE_RETURN_IF_ERROR(antecedents.Add(i, pairs[i].first));
    MILLRACE_RETURN_IF_ERROR(consequents.Add(i, pairs[i].second));
  }
  MILLRACE_RETURN_IF_ERROR(antecedents.CopyTo(file));
  return consequents.CopyTo(file);
}

}  // namespace

absl::Status WriteRelationSections(const DatasetFacts& facts, const std::string& folder, SectionFile* file) {
  MILLRACE_RETURN_IF_ERROR(WritePairs(facts.aliases, kAliasName, folder, file));
  return WritePairs(facts.implications, kImplicationName, folder, file);
}

absl::StatusOr<RelationColumns> RelationColumns::Open(CheckedFile& file) {
  RelationColumns columns;
  MILLRACE_RETURN_IF_ERROR(Bind(file, kAliasName, &columns.aliases_));
  MILLRACE_RETURN_IF_ERROR(Bind(file, kImplicationName, &columns.implications_));
  return columns;
}

absl::Status RelationColumns::Bind(CheckedFile& file, std::string_view name, Pairs* pairs) {
  // Of as many texts as there are relations, like a dictionary.
  pairs->size = DictionarySize(file, name);
  ColumnBinder binder(file);
  const std::string consequent_name = std::string(name) + ".to";
  if (DictionarySize(file, consequent_name) != pairs->size) {
    return file.Damaged("its sections of relations do not fit together");
  }
  if (pairs->size == 0) return absl::OkStatus();
  MILLRACE_RETURN_IF_ERROR(binder.BindText(name, pairs->size, &pairs->antecedents));
  return binder.BindText(consequent_name, pairs->size, &pairs->consequents);
}

absl::Status RelationColumns::Read(TagRelationKind kind, uint64_t number, std::string_view* antecedent,
                                   std::string_view* consequent) const {
  const Pairs& pairs = Of(kind);
  MILLRACE_RETURN_IF_ERROR(pairs.antecedents.Get(number, antecedent));
  return pairs.consequents.Get(number, consequent);
}

}  // namespace millrace::snapshot_file
