#include "core/snapshot/tag_relations.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/snapshot/applied_tags.h"
#include "core/snapshot/relation_sections.h"
#include "core/snapshot/snapshot.h"

namespace millrace {
namespace {

// Posts whose tags are counted at a time, between two looks at whether somebody still waits.
constexpr int64_t kRowsPerRead = 65536;
// How often a call that waits for another one's counts looks whether somebody still waits for it.
constexpr std::chrono::milliseconds kWaitPerAsk(20);

absl::Status CheckCancelled(const std::function<bool()>& cancelled) {
  if (!cancelled || !cancelled()) return absl::OkStatus();
  return MakeError(Reason::kCancelled, "counting the posts of each tag was cancelled");
}

void SortUnique(std::vector<uint32_t>* values) {
  std::sort(values->begin(), values->end());
  values->erase(std::unique(values->begin(), values->end()), values->end());
}

// Visits the starts and all that `next_of(node)` leads to from there, each once; ends in circles too.
class Walk {
 public:
  explicit Walk(size_t node_count) : is_seen_(node_count, false) {}

  template <typename Nexts>
  const std::vector<uint32_t>& From(absl::Span<const uint32_t> starts, Nexts next_of) {
    for (const uint32_t node : nodes_) is_seen_[node] = false;
    nodes_.clear();
    const auto visit = [this](uint32_t node) { Visit(node); };
    for (const uint32_t start : starts) Visit(start);
    for (size_t i = 0; i < nodes_.size(); ++i) next_of(nodes_[i], visit);
    return nodes_;
  }

 private:
  void Visit(uint32_t node) {
    if (is_seen_[node]) return;
    is_seen_[node] = true;
    nodes_.push_back(node);
  }

  std::vector<bool> is_seen_;
  std::vector<uint32_t> nodes_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<TagRelations>> TagRelations::Create(const Snapshot& snapshot,
                                                                   const snapshot_file::RelationColumns& columns) {
  std::unique_ptr<TagRelations> relations(new TagRelations(snapshot));
  MILLRACE_RETURN_IF_ERROR(relations->ReadPairs(columns));
  if (relations->empty()) return relations;
  MILLRACE_RETURN_IF_ERROR(relations->FindTags());
  relations->applied_status_ = relations->ComputeApplied();
  if (!relations->applied_status_.ok()) relations->applied_ = {};
  return relations;
}

uint32_t TagRelations::NodeOf(std::string_view name) {
  const auto [node, is_new] =
      node_by_name_.try_emplace(absl::string_view(name.data(), name.size()), static_cast<uint32_t>(nodes_.size()));
  if (is_new) nodes_.push_back({name, kNone, {}, {}, {}, {}});
  return node->second;
}

uint32_t TagRelations::FindNode(std::string_view name) const {
  const auto node = node_by_name_.find(absl::string_view(name.data(), name.size()));
  return node == node_by_name_.end() ? kNone : node->second;
}

absl::Status TagRelations::ReadPairs(const snapshot_file::RelationColumns& columns) {
  std::string_view antecedent;
  std::string_view consequent;
  for (uint64_t i = 0; i < columns.size(TagRelationKind::kAlias); ++i) {
    MILLRACE_RETURN_IF_ERROR(columns.Read(TagRelationKind::kAlias, i, &antecedent, &consequent));
    const uint32_t from = NodeOf(antecedent);
    const uint32_t to = NodeOf(consequent);
    nodes_[from].alias_of = to;
    nodes_[to].aliases.push_back(from);
  }
  for (uint64_t i = 0; i < columns.size(TagRelationKind::kImplication); ++i) {
    MILLRACE_RETURN_IF_ERROR(columns.Read(TagRelationKind::kImplication, i, &antecedent, &consequent));
    // Boards move the implications of an alias to what it is an alias of; older ones are read as if they had.
    const uint32_t from_node = NodeOf(antecedent);
    const uint32_t to_node = NodeOf(consequent);
    const uint32_t from = RootOf(from_node);
    const uint32_t to = RootOf(to_node);
    if (from == to) continue;
    nodes_[from].implies.push_back(to);
    nodes_[to].implied_by.push_back(from);
  }
  return absl::OkStatus();
}

absl::Status TagRelations::FindTags() {
  for (Node& node : nodes_) {
    MILLRACE_ASSIGN_OR_RETURN(node.tags, snapshot_.FindTagIndexesByName(node.name));
  }
  return absl::OkStatus();
}

absl::Status TagRelations::ComputeApplied() {
  const uint32_t tag_count = static_cast<uint32_t>(snapshot_.tag_count());
  // The node of each tag that relations speak of.
  std::vector<std::pair<uint32_t, uint32_t>> tag_nodes;
  for (uint32_t node = 0; node < nodes_.size(); ++node) {
    for (const uint32_t tag : nodes_[node].tags) tag_nodes.emplace_back(tag, node);
  }
  std::sort(tag_nodes.begin(), tag_nodes.end());

  Walk walk(nodes_.size());
  applied_begins_.reserve(size_t{tag_count} + 1);
  applied_.reserve(tag_count);
  stands_for_others_.resize(size_t{tag_count} / 64 + 1);
  std::vector<uint32_t> tags;
  auto next = tag_nodes.begin();
  for (uint32_t tag = 0; tag < tag_count; ++tag) {
    applied_begins_.push_back(static_cast<uint32_t>(applied_.size()));
    if (next == tag_nodes.end() || next->first != tag) {
      applied_.push_back(tag);
      continue;
    }
    const uint32_t node = next++->second;
    const uint32_t root = RootOf(node);
    tags.clear();
    // Namesakes of other categories are other tags.
    if (root == node || nodes_[root].tags.empty()) tags.push_back(tag);
    for (const uint32_t reached : walk.From({&root, 1}, [&](uint32_t from, auto visit) {
           for (const uint32_t implied : nodes_[from].implies) visit(implied);
         })) {
      if (reached == root && root == node) continue;
      tags.insert(tags.end(), nodes_[reached].tags.begin(), nodes_[reached].tags.end());
    }
    SortUnique(&tags);
    applied_.insert(applied_.end(), tags.begin(), tags.end());
    if (tags.size() != 1 || tags.front() != tag) stands_for_others_[tag / 64] |= uint64_t{1} << (tag % 64);
    if (tags.size() > kImpliedMax) return TooManyError(nodes_[node].name, kImpliedMax);
    if (applied_.size() > kImpliedTotalMax + tag_count) return TooManyError("all tags together", kImpliedTotalMax);
  }
  applied_begins_.push_back(static_cast<uint32_t>(applied_.size()));
  return absl::OkStatus();
}

absl::Status TagRelations::TooManyError(std::string_view what, uint64_t limit) const {
  return MakeError(Reason::kSnapshotDamaged,
                   absl::StrCat("snapshot ", snapshot_.digest(), ": with aliases and implications applied ",
                                QuoteForMessage(what), " would stand for more than ", limit,
                                " tags. Read its tags as said, or import smaller lists of relations and compile anew"));
}

void TagRelations::ForEachName(absl::FunctionRef<void(std::string_view)> visit) const {
  for (const Node& node : nodes_) visit(node.name);
}

std::string_view TagRelations::ResolveAlias(std::string_view name) const {
  const uint32_t node = FindNode(name);
  return node == kNone || nodes_[node].alias_of == kNone ? name : nodes_[nodes_[node].alias_of].name;
}

absl::Span<const uint32_t> TagRelations::AppliedTo(uint32_t tag_index) const {
  const uint32_t begin = applied_begins_[tag_index];
  return absl::MakeConstSpan(applied_).subspan(begin, applied_begins_[tag_index + 1] - begin);
}

void TagRelations::Apply(absl::Span<const uint32_t> tag_indexes, std::vector<uint32_t>* applied) const {
  applied->clear();
  if (empty()) {
    applied->assign(tag_indexes.begin(), tag_indexes.end());
    return;
  }
  // Most tags stay what they are and in their order: only the others are sorted.
  absl::InlinedVector<uint32_t, 64> others;
  for (const uint32_t tag : tag_indexes) {
    if (StandsForItself(tag)) {
      applied->push_back(tag);
      continue;
    }
    for (const uint32_t stands_for : AppliedTo(tag)) {
      if (stands_for == tag) {
        applied->push_back(tag);
      } else {
        others.push_back(stands_for);
      }
    }
  }
  if (others.empty()) return;
  std::sort(others.begin(), others.end());
  const auto said_count = static_cast<std::ptrdiff_t>(applied->size());
  applied->insert(applied->end(), others.begin(), others.end());
  std::inplace_merge(applied->begin(), applied->begin() + said_count, applied->end());
  applied->erase(std::unique(applied->begin(), applied->end()), applied->end());
}

absl::StatusOr<absl::Span<const int64_t>> TagRelations::PostCounts(const std::function<bool()>& cancelled) const {
  if (empty()) return snapshot_.TagPostCounts();
  {
    // Who comes while they are counted waits for them: counting twice would take no less.
    MutexLock lock(post_counts_mutex_);
    while (post_counts_.empty() && is_counting_) {
      MILLRACE_RETURN_IF_ERROR(CheckCancelled(cancelled));
      counted_.WaitFor(post_counts_mutex_, kWaitPerAsk);
    }
    if (!post_counts_.empty()) return absl::MakeConstSpan(post_counts_);
    is_counting_ = true;
  }
  absl::StatusOr<std::vector<int64_t>> post_counts = CountPosts(cancelled);
  MutexLock lock(post_counts_mutex_);
  is_counting_ = false;
  counted_.SignalAll();
  MILLRACE_RETURN_IF_ERROR(post_counts.status());
  post_counts_ = *std::move(post_counts);
  return absl::MakeConstSpan(post_counts_);
}

absl::StatusOr<std::vector<int64_t>> TagRelations::CountPosts(const std::function<bool()>& cancelled) const {
  std::vector<int64_t> post_counts(static_cast<size_t>(snapshot_.tag_count()));
  AppliedTags tags(this);
  for (int64_t first = 0; first < snapshot_.post_count(); first += kRowsPerRead) {
    MILLRACE_RETURN_IF_ERROR(CheckCancelled(cancelled));
    const int64_t count = std::min(kRowsPerRead, snapshot_.post_count() - first);
    MILLRACE_ASSIGN_OR_RETURN(const ListSlice<uint32_t> lists, snapshot_.TagLists(first, count));
    for (int64_t i = 0; i < count; ++i) {
      for (const uint32_t tag : tags.Of(lists[static_cast<size_t>(i)])) ++post_counts[tag];
    }
  }
  return post_counts;
}

void TagRelations::AppendTagsOf(absl::Span<const uint32_t> nodes, TagReading reading,
                                std::vector<uint32_t>* tags) const {
  std::vector<uint32_t> roots;
  for (const uint32_t node : nodes) roots.push_back(RootOf(node));
  Walk walk(nodes_.size());
  for (const uint32_t reached : walk.From(roots, [&](uint32_t to, auto visit) {
         for (const uint32_t alias : nodes_[to].aliases) visit(alias);
         if (reading == TagReading::kAsSaid) return;
         for (const uint32_t from : nodes_[to].implied_by) visit(from);
       })) {
    tags->insert(tags->end(), nodes_[reached].tags.begin(), nodes_[reached].tags.end());
  }
}

std::vector<uint32_t> TagRelations::TagsMeaning(std::string_view name, absl::Span<const uint32_t> own,
                                                TagReading reading) const {
  const uint32_t node = FindNode(name);
  if (node == kNone) return {own.begin(), own.end()};
  std::vector<uint32_t> tags;
  AppendTagsOf({&node, 1}, reading, &tags);
  SortUnique(&tags);
  return tags;
}

std::vector<uint32_t> TagRelations::TagsMeaningAny(absl::FunctionRef<bool(std::string_view)> matches,
                                                   absl::Span<const uint32_t> own, TagReading reading) const {
  std::vector<uint32_t> nodes;
  for (uint32_t node = 0; node < nodes_.size(); ++node) {
    if (matches(nodes_[node].name)) nodes.push_back(node);
  }
  std::vector<uint32_t> tags(own.begin(), own.end());
  if (nodes.empty()) return tags;
  AppendTagsOf(nodes, reading, &tags);
  SortUnique(&tags);
  return tags;
}

}  // namespace millrace
