// Goal: an import that asks for it has the dataset's aliases put in place, and loses no word of its posts.
// Method: a catalog with aliases; the applier by itself, and the stager with it.
#include "core/ingest/alias_applier.h"

#include <algorithm>
#include <tuple>

#include "core/ingest/stager.h"
#include "tests/core/ingest/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

class AliasFixture {
 public:
  AliasFixture() {
    CatalogOptions options;
    options.path = folder_.path() + "/catalog.sqlite3";
    catalog_ = *Catalog::Open(options);
    const auto session = Begin("aliases");
    for (const auto& [from, to, status] : {std::tuple{"neko", "cat", "active"}, std::tuple{"inu", "dog", "deleted"}}) {
      REQUIRE(session->StageTagRelation({TagRelationKind::kAlias, from, to, status, ""}, {}).ok());
    }
    Post post;
    post.id = 1;
    post.tag_ids = {9};
    const std::vector<ImportedTag> tags{{9, "cat", TagCategory::kGeneral}};
    REQUIRE(session->Stage(post, tags, {}).ok());
    REQUIRE(session->Commit({}).ok());
  }

  std::unique_ptr<ImportSession> Begin(const std::string& request_id) {
    return std::get<std::unique_ptr<ImportSession>>(*catalog_->BeginImport({"board", request_id, 1}));
  }
  std::vector<std::string> TagNamesOf(int64_t post_id) {
    std::vector<std::string> names;
    const std::optional<Post> post = *catalog_->FindPost("board", post_id);
    const std::vector<Tag> tags = *catalog_->GetTags("board", post->tag_ids);
    for (const Tag& tag : tags) names.push_back(tag.name);
    std::sort(names.begin(), names.end());
    return names;
  }

 protected:
  TemporaryFolder folder_;
  std::unique_ptr<Catalog> catalog_;
};

using Names = std::vector<std::string>;

TEST_CASE_METHOD(AliasFixture, "a post without aliases is left as it is") {
  const auto session = Begin("two");
  AliasApplier applier(session.get());
  Post post;
  post.id = 2;
  const std::vector<ImportedTag> tags{{0, "cat"}, {0, "inu"}, {0, "other"}};
  CHECK_FALSE(*applier.Apply(post, tags));
}

TEST_CASE_METHOD(AliasFixture, "aliases are put in place, by name or beside ids, and what was said is kept") {
  const bool has_ids = GENERATE(false, true);
  const bool applies = GENERATE(false, true);
  const auto session = Begin("two");
  Stager stager(session.get(), 0, applies, {});
  stager.BeginFile("file");
  Post post;
  post.id = 2;
  post.extra_json = R"({"a":1,"z":"\u0001"})";
  std::vector<ImportedTag> tags{{0, "dog", TagCategory::kMeta}, {0, "neko", TagCategory::kArtist}};
  if (has_ids) {
    tags[0].id = 3;
    tags[1].id = 4;
    post.tag_ids = {3, 4};
  }
  REQUIRE(stager.OnPost(post, tags, 1, 0).ok());
  Post both;
  both.id = 3;
  const std::vector<ImportedTag> both_tags{{0, "neko"}, {0, "cat"}};
  REQUIRE(stager.OnPost(both, both_tags, 2, 0).ok());
  CHECK(stager.counts().duplicate_tag_count == (applies ? 1 : 0));
  REQUIRE(session->Commit({}).ok());
  if (!applies) {
    CHECK(TagNamesOf(2) == Names{"dog", "neko"});
    CHECK((*catalog_->FindPost("board", 2))->extra_json == post.extra_json);
    return;
  }
  CHECK(TagNamesOf(2) == Names{"cat", "dog"});
  CHECK((*catalog_->FindPost("board", 2))->extra_json == R"({"a":1,"aliased_tags":["neko"],"z":"\u0001"})");
  CHECK(TagNamesOf(3) == Names{"cat"});
  CHECK((*catalog_->FindPost("board", 3))->extra_json == R"({"aliased_tags":["neko"]})");
  const std::vector<Tag> cats = *catalog_->FindTagsByName("board", "cat", 10);
  REQUIRE(cats.size() == 1);
  CHECK(cats[0].id == 9);
  // An alias's category says nothing of the tag itself.
  CHECK(cats[0].category == TagCategory::kGeneral);
  CHECK(cats[0].post_count == 3);
}

TEST_CASE_METHOD(AliasFixture, "what is no alias of a tag with an id stays, where the source gives ids") {
  const auto aliases = Begin("more");
  REQUIRE(aliases->StageTagRelation({TagRelationKind::kAlias, "tori", "bird", "active", ""}, {}).ok());
  REQUIRE(aliases->Commit({}).ok());
  const auto session = Begin("two");
  AliasApplier applier(session.get());
  Post post;
  post.id = 2;
  CHECK_FALSE(*applier.Apply(post, std::vector<ImportedTag>{{12, "tori"}}));
  // By name it gets the id that "bird" will have.
  CHECK(*applier.Apply(post, std::vector<ImportedTag>{{0, "tori"}}));
  CHECK(applier.tags()[0].name == "bird");
}

TEST_CASE_METHOD(AliasFixture, "what a source has in the place of the names is kept before them") {
  const auto session = Begin("two");
  AliasApplier applier(session.get());
  const auto extra = [&](const std::string& extra_json) {
    Post post;
    post.id = 2;
    post.extra_json = extra_json;
    REQUIRE(*applier.Apply(post, std::vector<ImportedTag>{{0, "neko"}}));
    return applier.post().extra_json;
  };
  CHECK(extra("") == R"({"aliased_tags":["neko"]})");
  CHECK(extra(R"({"aliased_tags":["mao","neko"],"b":{"c":[1,2.50]}})") ==
        R"({"aliased_tags":["mao","neko"],"b":{"c":[1,2.50]}})");
  CHECK(extra(R"({"aliased_tags":{"x":1}})") == R"({"aliased_tags":[{"x":1},"neko"]})");
  // As deep as any reader lets it be.
  std::string deep = "1";
  for (int i = 0; i < 33; ++i) deep = "[" + deep + "]";
  CHECK(extra("{\"x\":" + deep + "}") == "{\"aliased_tags\":[\"neko\"],\"x\":" + deep + "}");
}

}  // namespace
}  // namespace millrace
