#include "core/catalog/relation_check.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "core/base/text.h"

namespace millrace {
namespace {

// Longer circles are shown by their beginning.
constexpr size_t kShownTagsMax = 12;

absl::string_view AbslView(std::string_view text) { return {text.data(), text.size()}; }

// The tags as a graph, numbered as they come.
class ImplicationGraph {
 public:
  static constexpr size_t kKnown = SIZE_MAX;

  uint32_t NodeOf(std::string_view name) {
    const auto [node, is_new] = node_by_name_.try_emplace(AbslView(name), static_cast<uint32_t>(names_.size()));
    if (is_new) {
      names_.push_back(name);
      implied_.emplace_back();
      came_from_.push_back(kNone);
    }
    return node->second;
  }
  size_t node_count() const { return names_.size(); }
  std::string_view NameOf(uint32_t node) const { return names_[node]; }
  size_t DirectCount(uint32_t from) const { return implied_[from].size(); }
  // `told`: the implication's place in what was told, or kKnown.
  void Add(uint32_t from, uint32_t to, size_t told) { implied_[from].push_back({to, told}); }

  // When the tag implies more than kImpliedCountMax others: takes away the implication on the way to them that was told
  // last, and returns its place. Nothing when all are known.
  std::optional<size_t> RemoveWhereTooWide(uint32_t node) {
    std::vector<uint32_t> seen{node};
    came_from_[node] = node;
    std::optional<size_t> last_told;
    uint32_t last_from = kNone;
    for (size_t next = 0; next < seen.size(); ++next) {
      for (const Edge& edge : implied_[seen[next]]) {
        if (came_from_[edge.to] != kNone || static_cast<int64_t>(seen.size()) > kImpliedCountMax + 1) continue;
        came_from_[edge.to] = seen[next];
        seen.push_back(edge.to);
        if (edge.told == kKnown || (last_told.has_value() && edge.told < *last_told)) continue;
        last_told = edge.told;
        last_from = seen[next];
      }
    }
    for (const uint32_t visited : seen) came_from_[visited] = kNone;
    if (static_cast<int64_t>(seen.size()) <= kImpliedCountMax + 1 || !last_told.has_value()) return std::nullopt;
    std::erase_if(implied_[last_from], [&](const Edge& edge) { return edge.told == *last_told; });
    return last_told;
  }

  // Whether `from` leads to `to`: then `path` has the tags on the way, both ends included. Otherwise `path` is empty,
  // and `is_too_wide` says whether the search was given up after kImpliedCountMax tags.
  void FindPath(uint32_t from, uint32_t to, std::vector<uint32_t>* path, bool* is_too_wide) {
    path->clear();
    *is_too_wide = false;
    std::vector<uint32_t> seen{from};
    came_from_[from] = from;
    for (size_t next = 0; next < seen.size() && came_from_[to] == kNone; ++next) {
      for (const Edge& edge : implied_[seen[next]]) {
        if (came_from_[edge.to] != kNone) continue;
        came_from_[edge.to] = seen[next];
        seen.push_back(edge.to);
      }
      if (static_cast<int64_t>(seen.size()) > kImpliedCountMax) {
        *is_too_wide = came_from_[to] == kNone;
        break;
      }
    }
    if (came_from_[to] != kNone) {
      for (uint32_t node = to; node != from; node = came_from_[node]) path->push_back(node);
      path->push_back(from);
      std::reverse(path->begin(), path->end());
    }
    for (const uint32_t node : seen) came_from_[node] = kNone;
  }

  std::string Show(const std::vector<uint32_t>& path) const {
    std::string shown;
    for (size_t i = 0; i < path.size() && i < kShownTagsMax; ++i) {
      absl::StrAppend(&shown, i == 0 ? "" : " -> ", QuoteForMessage(names_[path[i]]));
    }
    if (path.size() > kShownTagsMax) absl::StrAppend(&shown, " -> ...");
    return shown;
  }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  struct Edge {
    uint32_t to;
    size_t told;
  };
  absl::flat_hash_map<absl::string_view, uint32_t> node_by_name_;
  std::vector<std::string_view> names_;
  std::vector<std::vector<Edge>> implied_;
  std::vector<uint32_t> came_from_;  // kNone between searches
};

}  // namespace

RelationFaults CheckAliases(const std::vector<TagRelation>& known, const std::vector<TagRelation>& told) {
  RelationFaults faults;
  absl::flat_hash_map<absl::string_view, size_t> told_by_antecedent;
  std::vector<bool> is_refused(told.size(), false);
  const auto refuse = [&](size_t index, const char* field, std::string reason) {
    is_refused[index] = true;
    faults.refused.push_back({index, field, std::move(reason)});
  };
  for (size_t i = 0; i < told.size(); ++i) {
    const TagRelation& alias = told[i];
    if (alias.antecedent == alias.consequent) {
      refuse(i, "consequent_name",
             absl::StrCat("is ", QuoteForMessage(alias.consequent), ": a tag cannot be an alias of itself"));
      continue;
    }
    const auto [first, is_first] = told_by_antecedent.try_emplace(alias.antecedent, i);
    if (is_first) continue;
    refuse(i, "antecedent_name",
           absl::StrCat("is ", QuoteForMessage(alias.antecedent), ", which is an alias of ",
                        QuoteForMessage(told[first->second].consequent), " already"));
  }
  for (size_t i = 0; i < told.size(); ++i) {
    if (is_refused[i]) continue;
    const auto next = told_by_antecedent.find(told[i].consequent);
    if (next == told_by_antecedent.end()) continue;
    refuse(i, "consequent_name",
           absl::StrCat("is ", QuoteForMessage(told[i].consequent), ", which is itself an alias of ",
                        QuoteForMessage(told[next->second].consequent)));
  }
  std::sort(faults.refused.begin(), faults.refused.end(),
            [](const RelationFault& a, const RelationFault& b) { return a.index < b.index; });

  // The antecedents and consequents of what stands.
  absl::flat_hash_map<absl::string_view, bool> is_antecedent;
  for (size_t i = 0; i < told.size(); ++i) {
    if (is_refused[i]) continue;
    is_antecedent[told[i].antecedent] = true;
    is_antecedent.try_emplace(told[i].consequent, false);
  }
  for (size_t i = 0; i < known.size(); ++i) {
    const auto antecedent = is_antecedent.find(known[i].antecedent);
    const auto consequent = is_antecedent.find(known[i].consequent);
    // Its antecedent was told anew, or is now what others are an alias of; or its consequent is now an alias.
    if (antecedent != is_antecedent.end() || (consequent != is_antecedent.end() && consequent->second)) {
      faults.superseded.push_back(i);
    }
  }
  return faults;
}

RelationFaults CheckImplications(const std::vector<TagRelation>& known, const std::vector<TagRelation>& told) {
  RelationFaults faults;
  ImplicationGraph graph;
  for (const TagRelation& implication : known) {
    const uint32_t from = graph.NodeOf(implication.antecedent);
    graph.Add(from, graph.NodeOf(implication.consequent), ImplicationGraph::kKnown);
  }
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (const TagRelation& implication : known) seen.insert({implication.antecedent, implication.consequent});
  const auto refuse_as_too_wide = [&](size_t index, uint32_t node) {
    faults.refused.push_back(
        {index, "consequent_name",
         absl::StrCat("is ", QuoteForMessage(told[index].consequent), ", with which ",
                      QuoteForMessage(graph.NameOf(node)), " would imply more than ", kImpliedCountMax, " tags")});
  };
  std::vector<uint32_t> path;
  for (size_t i = 0; i < told.size(); ++i) {
    if (!seen.insert({told[i].antecedent, told[i].consequent}).second) continue;
    const uint32_t from = graph.NodeOf(told[i].antecedent);
    const uint32_t to = graph.NodeOf(told[i].consequent);
    if (from == to) {
      faults.refused.push_back(
          {i, "consequent_name",
           absl::StrCat("is ", QuoteForMessage(told[i].consequent), ": a tag cannot imply itself")});
      continue;
    }
    bool is_too_wide;
    graph.FindPath(to, from, &path, &is_too_wide);
    if (!path.empty()) {
      path.insert(path.begin(), from);
      faults.refused.push_back({i, "consequent_name",
                                absl::StrCat("is ", QuoteForMessage(told[i].consequent),
                                             ", which would close the circle ", graph.Show(path))});
    } else if (is_too_wide) {
      faults.refused.push_back({i, "consequent_name",
                                absl::StrCat("is ", QuoteForMessage(told[i].consequent), ", which implies more than ",
                                             kImpliedCountMax, " tags")});
    } else if (graph.DirectCount(from) >= static_cast<size_t>(kImpliedCountMax)) {
      refuse_as_too_wide(i, from);
    } else {
      graph.Add(from, to, i);
    }
  }
  // What a tag implies also grows behind it.
  for (uint32_t node = 0; node < graph.node_count(); ++node) {
    while (const std::optional<size_t> removed = graph.RemoveWhereTooWide(node)) refuse_as_too_wide(*removed, node);
  }
  std::sort(faults.refused.begin(), faults.refused.end(),
            [](const RelationFault& a, const RelationFault& b) { return a.index < b.index; });
  return faults;
}

}  // namespace millrace
