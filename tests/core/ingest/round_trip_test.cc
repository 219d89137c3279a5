// Goal: what a source says of a post is what the catalog gives back, field by field, and its tags by their names; so
// are lists of tags, pools, artists and relations. Method: each fixture is read twice: by its reader alone, and through
// the whole pipeline, with the format told from the bytes; the two are compared.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tests/core/ingest/format_reading.h"
#include "tests/core/ingest/import_fixture.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using TagText = std::pair<std::string, TagCategory>;

std::vector<TagText> Sorted(std::vector<TagText> tags) {
  std::sort(tags.begin(), tags.end());
  tags.erase(std::unique(tags.begin(), tags.end()), tags.end());
  return tags;
}

void CheckPost(Catalog& catalog, const CollectingSink::Taken& taken) {
  const auto found = catalog.FindPost("d", taken.post.id);
  REQUIRE((found.ok() && found->has_value()));
  Post post = **found;
  std::vector<TagText> told, kept;
  for (const Tag& tag : taken.tags) told.emplace_back(tag.name, tag.category);
  for (const int64_t tag_id : post.tag_ids) {
    const auto tag = catalog.FindTag("d", tag_id);
    REQUIRE((tag.ok() && tag->has_value()));
    kept.emplace_back((*tag)->name, (*tag)->category);
  }
  CHECK(Sorted(kept) == Sorted(told));
  post.tag_ids.clear();
  CHECK(post == taken.post);
}

TEST_CASE("what pages and exports say of posts is what the catalog gives back") {
  const std::pair<SourceFormat, std::string> files[] = {
      {SourceFormat::kDanbooruExport, "danbooru-export/posts000000000000.json"},
      {SourceFormat::kDanbooruPages, "danbooru-pages/page1.json"},
      {SourceFormat::kE621Pages, "e621-pages/page1.json"},
      {SourceFormat::kMoebooruPages, "moebooru-pages/page1.json"},
      {SourceFormat::kGelbooruPages, "gelbooru-pages/page1.json"},
      {SourceFormat::kGelbooruPages, "gelbooru-pages/older.json"},
  };
  for (const auto& [format, file] : files) {
    INFO(file);
    const CollectingSink told = Read(format, file, Fixture(file));
    ImportFixture fixture;
    const Imported imported =
        fixture.Import({{file, Zstd(Fixture(file))}}, {.format = SourceFormat::kUnspecified, .max_rejected_count = -1});
    INFO(imported.status.ToString());
    REQUIRE(imported.status.ok());
    CHECK(imported.progress.format == format);
    CHECK(imported.progress.post_count == static_cast<int64_t>(told.posts.size()));
    REQUIRE(imported.rejected.size() == told.rejected.size());
    for (size_t i = 0; i < told.rejected.size(); ++i) {
      CHECK(imported.rejected[i].file == file);
      CHECK(imported.rejected[i].line == told.rejected[i].line);
      CHECK(imported.rejected[i].field == told.rejected[i].field);
      CHECK(imported.rejected[i].reason == told.rejected[i].reason);
    }
    int64_t tag_count = 0, use_count = 0;
    for (const CollectingSink::Taken& taken : told.posts) {
      CheckPost(fixture.catalog(), taken);
      std::vector<TagText> tags;
      for (const Tag& tag : taken.tags) tags.emplace_back(tag.name, tag.category);
      tag_count += static_cast<int64_t>(tags.size());
      use_count += static_cast<int64_t>(Sorted(tags).size());
    }
    CHECK(imported.progress.duplicate_tag_count == tag_count - use_count);
  }
}

TEST_CASE("the export's lists are given back beside the posts, and ids of tags serve posts that name them") {
  ImportFixture fixture;
  std::vector<ImportedFile> files;
  for (const std::string name :
       {"tags000000000000.json", "posts000000000000.json", "artists.json", "pools.json", "tag_aliases.json"}) {
    files.push_back({name, Fixture("danbooru-export/" + name)});
  }
  const Imported imported = fixture.Import(files, {.format = SourceFormat::kUnspecified, .max_rejected_count = -1});
  INFO(imported.status.ToString());
  REQUIRE(imported.status.ok());
  CHECK(imported.progress.format == SourceFormat::kDanbooruExport);
  CHECK(imported.progress.post_count == 4);
  CHECK(imported.progress.fact_count == 2 + 2 + 1 + 1);
  const auto post = fixture.catalog().FindPost("d", 3500674);
  REQUIRE((post.ok() && post->has_value()));
  CHECK(std::find((*post)->tag_ids.begin(), (*post)->tag_ids.end(), 470575) != (*post)->tag_ids.end());
  const auto tag = fixture.catalog().FindTagFact("d", "painter");
  REQUIRE((tag.ok() && tag->has_value()));
  CHECK((*tag)->is_deprecated == true);
  CHECK((*tag)->source_post_count == 12);
  CHECK((*tag)->extra_json == R"({"category":1})");
  const auto listed = fixture.catalog().ListTagFacts("d", "1", "", 10);
  REQUIRE((listed.ok() && listed->size() == 1));
  CHECK((*listed)[0].extra_json == R"({"category":"0","created_at":"2013-02-28 00:20:00 UTC",)"
                                   R"("updated_at":"2020-01-01 00:00:00 UTC","words":["1girl"]})");
  const auto pools = fixture.catalog().ListPools("d", 0, 10);
  REQUIRE((pools.ok() && pools->size() == 1));
  CHECK((*pools)[0].name == "A_Story");
  CHECK((*pools)[0].post_ids == std::vector<int64_t>{5, 2, 4});
  const auto artists = fixture.catalog().ListArtists("d", std::nullopt, 10);
  REQUIRE((artists.ok() && artists->size() == 2));
  const auto relations = fixture.catalog().ListTagRelations("d", std::nullopt, 10);
  REQUIRE((relations.ok() && relations->size() == 1));
  CHECK((*relations)[0].antecedent == "one_girl");
}

TEST_CASE("a name in two categories is one tag, of the category that was told last, and what is repeated is counted") {
  ImportFixture fixture;
  const std::string list = R"({"id":"5","name":"x","category":"0","post_count":"1"}
{"id":"6","name":"x","category":"4","post_count":"2"}
)";
  const auto post = [](int id, const std::string& general, const std::string& character) {
    return R"({"id":)" + std::to_string(id) + R"(,"rating":"s","tag_string_general":")" + general +
           R"(","tag_string_character":")" + character + "\"}\n";
  };
  const auto import = [&](const std::string& posts) {
    Imported imported = fixture.Import({{"tags.json", list}, {"posts.json", posts}},
                                       {.format = SourceFormat::kDanbooruExport, .max_rejected_count = 0});
    INFO(imported.status.ToString());
    REQUIRE(imported.status.ok());
    return imported;
  };
  const auto category = [&] {
    const auto tags = fixture.catalog().FindTagsByName("d", "x", 10);
    REQUIRE((tags.ok() && tags->size() == 1));
    CHECK((*tags)[0].id == 6);
    return (*tags)[0].category;
  };
  CHECK(import(post(1, "x y", "") + post(2, "", "x") + post(3, "x", "x")).progress.duplicate_tag_count == 1);
  CHECK(fixture.catalog().FindPost("d", 3)->value().tag_ids == std::vector<int64_t>{6});
  CHECK(category() == TagCategory::kGeneral);
  import(post(2, "", "x"));
  CHECK(category() == TagCategory::kCharacter);
}

}  // namespace
}  // namespace millrace
