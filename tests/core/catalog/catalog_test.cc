// Goal: what goes into the catalog comes out of it, field by field, and its figures always equal a recount.
// Method: posts with every field and with none; a property test that imports random posts, now and then gives an
// import up, and compares everything the catalog says with a plain map of posts.
#include "core/catalog/catalog.h"

#include <algorithm>
#include <random>
#include <set>

#include "tests/core/catalog/catalog_fixture.h"

namespace millrace {
namespace {

Post FullPost() {
  Post post = PostOf(4'000'000'000, {-7, 0, 1, 300, 5'000'000'000, INT64_MAX});
  post.md5 = Md5Of(0xAB);
  post.rating = Rating::kSafe;
  post.width_px = 65'535;
  post.height_px = 1;
  post.file_ext = "png";
  post.file_size_bytes = 3'000'000'000;
  post.source = "https://example.org/\n\xE3\x81\x82";
  post.pixiv_id = 1;
  post.parent_id = 2;
  post.uploader_id = 3;
  post.approver_id = 4;
  post.score = -5;
  post.up_score = 6;
  post.down_score = INT32_MIN;
  post.created_at_us = -1;
  post.updated_at_us = 0;
  post.last_commented_at_us = 1'700'000'000'123'456;
  post.last_noted_at_us = INT64_MAX;
  post.flags.Set(PostFlag::kDeleted, true);
  post.flags.Set(PostFlag::kHasChildren, false);
  post.pools = {{10, "series"}, {-3, ""}, {10, std::string("a\0b", 3)}};
  post.favorite_user_ids = {9, 3, 3, INT64_MIN};
  post.extra_json = R"({"a":[1,null]})";
  return post;
}

TEST_CASE_METHOD(CatalogFixture, "a post comes back as it went in, absent fields absent") {
  const Post full = FullPost();
  const Post empty = PostOf(1, {});
  Import({full, empty});
  CHECK(Take(catalog->FindPost(kDataset, full.id)) == full);
  CHECK(Take(catalog->FindPost(kDataset, 1)) == empty);
  CHECK(Take(catalog->FindPostByMd5(kDataset, *full.md5)) == full);
  CHECK_FALSE(Take(catalog->FindPost(kDataset, 2)).has_value());
  // Reading the empty one behind the full one must not keep anything of it.
  CHECK(AllPosts() == std::vector<Post>{empty, full});
}

TEST_CASE_METHOD(CatalogFixture, "posts are listed by id behind a given one") {
  Import({PostOf(8, {1}), PostOf(2, {1}), PostOf(5, {1})});
  Import({PostOf(5, {2}), PostOf(-4, {})});
  const auto ids = [&](int64_t after_id, int64_t limit) {
    std::vector<int64_t> ids;
    for (const Post& post : Take(catalog->ListPosts(kDataset, after_id, limit))) ids.push_back(post.id);
    return ids;
  };
  CHECK(ids(INT64_MIN, 10) == std::vector<int64_t>{-4, 2, 5, 8});
  CHECK(ids(0, 2) == std::vector<int64_t>{2, 5});
  CHECK(ids(5, 10) == std::vector<int64_t>{8});
  CHECK(ids(8, 10).empty());
}

TEST_CASE_METHOD(CatalogFixture, "a listing of large posts ends early, and goes on behind its last one") {
  std::vector<Post> large;
  for (int64_t id = 1; id <= 7; ++id) {
    large.push_back(PostOf(id, {1}));
    large.back().extra_json = R"({"a":")" + std::string(3 << 20, 'x') + R"("})";
  }
  Import(large);
  std::vector<size_t> counts;
  int64_t after_id = 0;
  while (true) {
    const std::vector<Post> posts = Take(catalog->ListPosts(kDataset, after_id, 1000));
    if (posts.empty()) break;
    counts.push_back(posts.size());
    after_id = posts.back().id;
  }
  CHECK(after_id == 7);
  CHECK(counts == std::vector<size_t>{2, 2, 2, 1});
}

TEST_CASE_METHOD(CatalogFixture, "an md5 leads to the post that has it now, the smallest id first") {
  const auto post = [](int64_t id, uint8_t md5) {
    Post post = PostOf(id, {1});
    post.md5 = Md5Of(md5);
    return post;
  };
  Import({post(1, 1), post(2, 1), post(3, 2)});
  CHECK(Take(catalog->FindPostByMd5(kDataset, Md5Of(1)))->id == 1);
  Import({post(1, 2)});
  CHECK(Take(catalog->FindPostByMd5(kDataset, Md5Of(1)))->id == 2);
  CHECK(Take(catalog->FindPostByMd5(kDataset, Md5Of(2)))->id == 1);
  {
    auto session = Begin("given up");
    Take(Stage(*session, post(2, 7)));
  }
  CHECK(Take(catalog->FindPostByMd5(kDataset, Md5Of(1)))->id == 2);
  CHECK_FALSE(Take(catalog->FindPostByMd5(kDataset, Md5Of(7))).has_value());
  // Back to what it was once.
  Import({post(1, 1)});
  CHECK(Take(catalog->FindPostByMd5(kDataset, Md5Of(1)))->id == 1);
  CHECK(Take(catalog->FindPostByMd5(kDataset, Md5Of(2)))->id == 3);
  Import({post(9, 1)}, {}, "elsewhere");
  CHECK(Take(catalog->FindPostByMd5("elsewhere", Md5Of(1)))->id == 9);
}

TEST_CASE_METHOD(CatalogFixture, "datasets do not see each other") {
  Import({PostOf(1, {1})}, {}, "a");
  Import({PostOf(2, {2, 3})}, {}, "b");
  CHECK(Take(catalog->GetStats("a")).tag_use_count == 1);
  CHECK(Take(catalog->GetStats("b")).tag_use_count == 2);
  CHECK_FALSE(Take(catalog->FindPost("a", 2)).has_value());
  CHECK_FALSE(Take(catalog->FindTag("a", 2)).has_value());
  const std::vector<DatasetInfo> infos = Take(catalog->ListDatasets("", 1));
  REQUIRE(infos.size() == 1);
  CHECK(infos[0].name == "a");
  CHECK(Take(catalog->ListDatasets("a", 5)).at(0).name == "b");
  CHECK(ReasonOf(catalog->GetStats("c").status()) == Reason::kDatasetNotFound);
}

TEST_CASE_METHOD(CatalogFixture, "tags come in the order asked for; a lost one with its id alone") {
  Import({PostOf(1, {1, 2})});
  const std::vector<int64_t> ids = {2, 9, 1};
  const std::vector<Tag> tags = Take(catalog->GetTags(kDataset, ids));
  REQUIRE(tags.size() == 3);
  CHECK(tags[0].name == "tag2");
  CHECK(tags[1].id == 9);
  CHECK(tags[1].name.empty());
  CHECK(tags[2].name == "tag1");
}

TEST_CASE_METHOD(CatalogFixture, "a scan stops at the visitor's error") {
  Import({PostOf(1, {}), PostOf(2, {}), PostOf(3, {})});
  int visited = 0;
  Catalog::Scan scan;
  scan.tags = [](std::vector<Tag>, int64_t) { return absl::OkStatus(); };
  scan.post = [&](const Post&) { return ++visited == 2 ? MakeError(Reason::kCancelled, "enough") : absl::OkStatus(); };
  CHECK(ReasonOf(catalog->ScanDataset(kDataset, scan)) == Reason::kCancelled);
  CHECK(visited == 2);
}

// A second, simple catalog: what the dataset must be.
struct Model {
  std::map<int64_t, Post> posts;
  std::map<int64_t, Tag> tags;  // as last told; post_count not kept

  std::map<int64_t, int64_t> TagPostCounts() const {
    std::map<int64_t, int64_t> counts;
    for (const auto& [id, post] : posts) {
      for (const int64_t tag_id : post.tag_ids) ++counts[tag_id];
    }
    return counts;
  }

  // A tag without a category keeps the one that is known, as long as posts carry it.
  void Tell(const Tag& told) {
    Tag& tag = tags[told.id];
    tag.name = told.name;
    if (told.category != TagCategory::kUnspecified) tag.category = told.category;
  }
  void ForgetUnused() {
    const std::map<int64_t, int64_t> counts = TagPostCounts();
    std::erase_if(tags, [&](const auto& entry) { return counts.count(entry.first) == 0; });
  }

  Stats Recount() const {
    Stats stats;
    for (const auto& [id, post] : posts) {
      ++stats.post_count;
      stats.tag_use_count += static_cast<int64_t>(post.tag_ids.size());
      ++stats.rating_post_counts[static_cast<size_t>(post.rating)];
      ++stats.file_type_post_counts[post.file_ext];
    }
    if (!posts.empty()) {
      stats.min_post_id = posts.begin()->first;
      stats.max_post_id = posts.rbegin()->first;
    }
    for (const auto& [tag_id, count] : TagPostCounts()) {
      const size_t category = static_cast<size_t>(tags.at(tag_id).category);
      ++stats.tag_count;
      ++stats.category_tag_counts[category];
      stats.category_tag_use_counts[category] += count;
    }
    return stats;
  }
};

TEST_CASE_METHOD(CatalogFixture, "the catalog equals a recount after any sequence of imports") {
  const unsigned seed = GENERATE(range(0u, 8u));
  std::mt19937 random(seed);
  const auto below = [&](int64_t n) { return static_cast<int64_t>(random() % static_cast<uint64_t>(n)); };
  const char* const kExts[] = {"", "jpg", "png"};
  Model model;
  for (int import = 0; import < 12; ++import) {
    Model next = model;
    auto session = Begin("random-" + std::to_string(import));
    std::set<int64_t> staged_ids;
    for (int64_t i = below(40); i > 0; --i) {
      std::set<int64_t> tag_ids;
      for (int64_t t = below(6); t > 0; --t) tag_ids.insert(below(15));
      Post post = PostOf(below(30), {tag_ids.begin(), tag_ids.end()});
      post.rating = static_cast<Rating>(below(kRatingCount));
      post.file_ext = kExts[below(3)];
      if (below(3) != 0) post.md5 = Md5Of(static_cast<uint8_t>(below(5)));
      std::map<int64_t, Tag> named;
      for (const int64_t tag_id : tag_ids) {
        const auto category = static_cast<TagCategory>(below(20) == 0 ? below(kTagCategoryCount) : tag_id % 3);
        named[tag_id] = {tag_id, "name" + std::to_string(below(20) == 0 ? 99 : tag_id), category, 0};
      }
      const Staged staged = Take(Stage(*session, post, named));
      const bool is_first = staged_ids.insert(post.id).second;
      REQUIRE((staged.kind == Staged::Kind::kDuplicate) == !is_first);
      if (!is_first) continue;
      REQUIRE((staged.kind == Staged::Kind::kReplaced) == (model.posts.count(post.id) == 1));
      next.posts[post.id] = post;
      for (const auto& [tag_id, tag] : named) next.Tell(tag);
    }
    if (below(4) == 0) {
      session->Abort(MakeError(Reason::kCancelled, "given up"));
    } else {
      const ImportOutcome outcome = Take(session->Commit({}));
      CHECK(outcome.new_post_count == static_cast<int64_t>(next.posts.size() - model.posts.size()));
      model = next;
      model.ForgetUnused();
    }
    session.reset();
    if (below(5) == 0) Reopen();
    if (model.posts.empty()) continue;

    REQUIRE(Take(catalog->GetStats(kDataset)) == model.Recount());
    std::vector<Post> expected_posts;
    for (const auto& [id, post] : model.posts) expected_posts.push_back(post);
    REQUIRE(AllPosts() == expected_posts);
    const std::map<int64_t, int64_t> counts = model.TagPostCounts();
    const TagPage page = Take(catalog->ListTags(kDataset, {}));
    REQUIRE(page.tags.size() == counts.size());
    for (const Tag& tag : page.tags) {
      CHECK(tag.post_count == counts.at(tag.id));
      CHECK(tag.name == model.tags.at(tag.id).name);
      CHECK(tag.category == model.tags.at(tag.id).category);
    }
    for (uint8_t md5 = 0; md5 < 5; ++md5) {
      const auto holder = std::find_if(model.posts.begin(), model.posts.end(),
                                       [&](const auto& entry) { return entry.second.md5 == Md5Of(md5); });
      const std::optional<Post> found = Take(catalog->FindPostByMd5(kDataset, Md5Of(md5)));
      REQUIRE(found.has_value() == (holder != model.posts.end()));
      if (found.has_value()) CHECK(*found == holder->second);
    }
  }
}

}  // namespace
}  // namespace millrace
