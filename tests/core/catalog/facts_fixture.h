// Short ways to import tags by name and what boards tell apart from posts.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/core/catalog/catalog_fixture.h"

namespace millrace {

struct NamedTag {
  std::string name;
  TagCategory category = TagCategory::kUnspecified;
};

struct NamedPost {
  int64_t id = 0;
  std::vector<NamedTag> tags;
};

class FactsFixture : public CatalogFixture {
 public:
  static Staged StageNamed(ImportSession& session, const NamedPost& named) {
    std::vector<ImportedTag> tags;
    for (const NamedTag& tag : named.tags) tags.push_back({0, tag.name, tag.category});
    Post post;
    post.id = named.id;
    return Take(session.Stage(post, tags, {0, named.id}));
  }
  ImportOutcome ImportNamed(const std::vector<NamedPost>& posts, const std::string& dataset = kDataset) {
    auto session = BeginNext(dataset);
    for (const NamedPost& post : posts) StageNamed(*session, post);
    return Take(session->Commit({}));
  }
  ImportOutcome ImportTags(const std::vector<TagFact>& tags, const std::string& dataset = kDataset) {
    auto session = BeginNext(dataset);
    for (const TagFact& tag : tags) Take(session->StageTag(tag));
    return Take(session->Commit({}));
  }
  // Returns what was refused, by line (from 1).
  std::vector<RefusedRelation> ImportRelations(const std::vector<TagRelation>& relations) {
    auto session = BeginNext(kDataset);
    for (size_t i = 0; i < relations.size(); ++i) {
      Take(session->StageTagRelation(relations[i], {0, static_cast<int64_t>(i) + 1}));
    }
    std::vector<RefusedRelation> refused;
    Take(session->CheckRelations([&](const RefusedRelation& relation) {
      refused.push_back(relation);
      return absl::OkStatus();
    }));
    Take(session->Commit({}));
    return refused;
  }
  std::unique_ptr<ImportSession> BeginNext(const std::string& dataset) {
    return Begin("facts-" + std::to_string(++request_count), dataset);
  }

  // The only tag of that name.
  Tag TagNamed(const std::string& name, const std::string& dataset = kDataset) {
    const std::vector<Tag> tags = Take(catalog->FindTagsByName(dataset, name, 10));
    REQUIRE(tags.size() == 1);
    return tags[0];
  }
  std::vector<Tag> AllTags(const std::string& dataset = kDataset) {
    std::vector<Tag> all;
    Catalog::Scan scan;
    scan.tags = [&](std::vector<Tag> tags, int64_t) {
      all = std::move(tags);
      return absl::OkStatus();
    };
    scan.post = [](const Post&) { return absl::OkStatus(); };
    Take(catalog->ScanDataset(dataset, scan));
    return all;
  }
};

inline TagRelation Alias(std::string antecedent, std::string consequent, std::string status = "active") {
  return {TagRelationKind::kAlias, std::move(antecedent), std::move(consequent), std::move(status), ""};
}
inline TagRelation Implication(std::string antecedent, std::string consequent, std::string status = "active") {
  return {TagRelationKind::kImplication, std::move(antecedent), std::move(consequent), std::move(status), ""};
}

}  // namespace millrace
