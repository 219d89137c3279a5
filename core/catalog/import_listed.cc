#include "core/catalog/import_listed.h"

#include <cstdint>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace millrace {
namespace {

// Calls `visit` with the name of each count and the count.
template <typename Outcome, typename Visit>
void VisitCounts(Outcome& outcome, const Visit& visit) {
  const auto visit_kind = [&](const char* kind, auto& counts) {
    visit(absl::StrCat(kind, ".new"), counts.new_count);
    visit(absl::StrCat(kind, ".updated"), counts.updated_count);
    visit(absl::StrCat(kind, ".unchanged"), counts.unchanged_count);
    visit(absl::StrCat(kind, ".conflicts"), counts.conflict_count);
  };
  visit_kind("tags", outcome.facts.tags);
  visit_kind("aliases", outcome.facts.aliases);
  visit_kind("implications", outcome.facts.implications);
  visit_kind("pools", outcome.facts.pools);
  visit_kind("artists", outcome.facts.artists);
  visit("relations.superseded", outcome.facts.superseded_relation_count);
  visit("posts.aliased", outcome.aliased_post_count);
}

}  // namespace

std::map<std::string, std::string> NamedCounts(const ImportOutcome& outcome) {
  std::map<std::string, std::string> counts;
  VisitCounts(outcome, [&](const std::string& name, int64_t count) {
    if (count != 0) counts[name] = absl::StrCat(count);
  });
  return counts;
}

void SetListed(const std::map<std::string, std::string>& counts, ImportOutcome* outcome) {
  VisitCounts(*outcome, [&](const std::string& name, int64_t& count) {
    const auto found = counts.find(name);
    if (found == counts.end() || !absl::SimpleAtoi(found->second, &count)) count = 0;
  });
}

}  // namespace millrace
