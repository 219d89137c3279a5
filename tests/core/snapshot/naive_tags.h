// The definition of docs/tags.md, "The two readings": which tags a post has, one post at a time and by names alone.
#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "core/model/tag_reading.h"
#include "tests/core/snapshot/support.h"

namespace millrace::testing {

class NaiveTags {
 public:
  explicit NaiveTags(const Content& content) : content_(content) {}

  std::string Resolve(const std::string& name) const {
    for (const TagRelation& alias : content_.facts.aliases) {
      if (alias.antecedent == name) return alias.consequent;
    }
    return name;
  }

  // The names that a post has by having this one, aliases resolved.
  std::set<std::string> Reach(const std::string& name) const {
    std::vector<std::string> open{Resolve(name)};
    std::set<std::string> reached(open.begin(), open.end());
    while (!open.empty()) {
      const std::string from = open.back();
      open.pop_back();
      for (const TagRelation& implication : content_.facts.implications) {
        if (Resolve(implication.antecedent) != from) continue;
        const std::string to = Resolve(implication.consequent);
        if (reached.insert(to).second) open.push_back(to);
      }
    }
    return reached;
  }

  const Tag& TagOf(int64_t id) const {
    return *std::find_if(content_.tags.begin(), content_.tags.end(), [&](const Tag& tag) { return tag.id == id; });
  }

  // Whether a post has the name by having the tag.
  bool Means(const std::string& said, const std::string& name, TagReading reading) const {
    if (reading == TagReading::kAsSaid) return Resolve(said) == Resolve(name);
    return Reach(said).count(Resolve(name)) > 0;
  }

  // The ids of the tags that the post has.
  std::set<int64_t> IdsOf(const Post& post, TagReading reading) const {
    std::set<int64_t> ids(post.tag_ids.begin(), post.tag_ids.end());
    if (reading == TagReading::kAsSaid) return ids;
    ids.clear();
    for (const int64_t id : post.tag_ids) {
      const std::string& said = TagOf(id).name;
      const bool stays = Resolve(said) == said || !IsCarried(Resolve(said));
      if (stays) ids.insert(id);
      for (const std::string& name : Reach(said)) {
        if (name == said) continue;
        for (const Tag& tag : content_.tags) {
          if (tag.name == name) ids.insert(tag.id);
        }
      }
    }
    return ids;
  }

 private:
  bool IsCarried(const std::string& name) const {
    return std::any_of(content_.tags.begin(), content_.tags.end(), [&](const Tag& tag) { return tag.name == name; });
  }

  const Content& content_;
};

}  // namespace millrace::testing
