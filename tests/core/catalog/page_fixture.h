// A source with a run, pages of it, and a recount of all that they count.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/catalog/source_store.h"
#include "tests/core/catalog/facts_fixture.h"

namespace millrace {

class PageFixture : public FactsFixture {
 public:
  PageFixture() {
    SourceSettings settings;
    settings.name = "source";
    settings.dataset = kDataset;
    settings.kind = BoardKind::kDanbooru;
    source = Take(catalog->sources().Add(settings)).record;
    run = Take(catalog->sources().BeginRun(source, RunTrigger::kAsked)).run;
  }

  PageWrite PageOf(std::vector<PagePost> posts) const {
    PageWrite page;
    page.source_id = source.id;
    page.run_id = run.id;
    page.posts = std::move(posts);
    page.until_id = page.posts.empty() ? 0 : page.posts.back().post.id;
    return page;
  }

  // Every count that the catalog keeps, against the posts and tags as they are read.
  void CheckCounts() {
    std::map<int64_t, int64_t> uses;
    Stats expected;
    for (const Post& post : AllPosts()) {
      ++expected.post_count;
      ++expected.rating_post_counts[static_cast<size_t>(post.rating)];
      ++expected.file_type_post_counts[post.file_ext];
      for (const int64_t tag_id : post.tag_ids) ++uses[tag_id], ++expected.tag_use_count;
    }
    std::map<int64_t, int64_t> kept;
    std::set<std::string> names;
    for (const Tag& tag : AllTags()) {
      kept[tag.id] = tag.post_count;
      names.insert(tag.name);
      ++expected.category_tag_counts[static_cast<size_t>(tag.category)];
      expected.category_tag_use_counts[static_cast<size_t>(tag.category)] += tag.post_count;
    }
    CHECK(kept == uses);
    CHECK(names.size() == kept.size());
    Stats stats = Take(catalog->GetStats(kDataset));
    CHECK(stats.tag_count == static_cast<int64_t>(uses.size()));
    expected.tag_count = stats.tag_count;
    expected.min_post_id = stats.min_post_id;  // these stay as wide as they ever were
    expected.max_post_id = stats.max_post_id;
    CHECK(stats == expected);
  }

  void WritePage(std::vector<PagePost> posts) { Take(catalog->sources().WritePage(PageOf(std::move(posts)))); }

  SourceRecord source;
  RunRecord run;
};

inline PagePost NamedPagePost(int64_t id, const std::vector<NamedTag>& tags) {
  PagePost post;
  post.post.id = id;
  for (const NamedTag& tag : tags) post.tags.push_back({0, tag.name, tag.category});
  return post;
}

}  // namespace millrace
