// Goal: an import that asks for it has aliases put in place, and loses no word of its posts.
// Method: the names are put into extra_json by themselves; then files in several orders through the whole pipeline.
#include "core/ingest/aliased_tags.h"

#include <algorithm>

#include "tests/core/ingest/import_fixture.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using Names = std::vector<std::string>;

std::string Added(const std::string& extra_json, const std::vector<std::string_view>& said = {"neko"}) {
  const absl::StatusOr<std::string> added = AddAliasedTags(extra_json, said);
  INFO(added.status().ToString());
  REQUIRE(added.ok());
  return *added;
}

TEST_CASE("what a source has in the place of the names is kept before them") {
  CHECK(Added("") == R"({"aliased_tags":["neko"]})");
  CHECK(Added(R"({"a":1,"z":"\u0001"})", {"inu", "neko"}) == R"({"a":1,"aliased_tags":["inu","neko"],"z":"\u0001"})");
  CHECK(Added(R"({"aliased_tags":["mao","neko"],"b":{"c":[1,2.50]}})") ==
        R"({"aliased_tags":["mao","neko"],"b":{"c":[1,2.50]}})");
  CHECK(Added(R"({"aliased_tags":{"x":1}})") == R"({"aliased_tags":[{"x":1},"neko"]})");
  // As deep as any reader lets it be.
  std::string deep = "1";
  for (int i = 0; i < 33; ++i) deep = "[" + deep + "]";
  CHECK(Added("{\"x\":" + deep + "}") == "{\"aliased_tags\":[\"neko\"],\"x\":" + deep + "}");
}

TEST_CASE("what is no JSON is an error, not lost") {
  CHECK(ReasonOf(AddAliasedTags("{\"a\":", {}).status()) == Reason::kInternal);
}

class AliasFixture : public ImportFixture {
 public:
  Names TagNamesOf(const std::string& dataset, int64_t post_id) {
    Names names;
    const std::optional<Post> post = *catalog().FindPost(dataset, post_id);
    const std::vector<Tag> tags = *catalog().GetTags(dataset, post->tag_ids);
    for (const Tag& tag : tags) names.push_back(tag.name);
    std::sort(names.begin(), names.end());
    return names;
  }
};

TEST_CASE_METHOD(AliasFixture, "lists of aliases apply to the posts of their import, in whatever order files come") {
  std::vector<ImportedFile> files{
      {"posts.csv",
       "id,uploader_id,created_at,md5,source,rating,image_width,image_height,tag_string,file_ext,parent_id\n"
       "1,2,2007-02-10 14:21:37,,,s,6,8,foxes solo,jpg,\n2,2,2007-02-10 14:21:37,,,s,6,8,fox foxes,jpg,\n"},
      {"tag_aliases.csv",
       "id,antecedent_name,consequent_name,created_at,status\n1,foxes,fox,,active\n2,solo,alone,,deleted\n"},
      {"tags.csv", "id,name,category,post_count\n2,fox,5,900\n"}};
  const auto by_name = [](const ImportedFile& a, const ImportedFile& b) { return a.name < b.name; };
  int order = 0;
  do {
    const std::string dataset = "order-" + std::to_string(++order);
    INFO(files[0].name << ' ' << files[1].name << ' ' << files[2].name);
    ImportLimits limits;
    limits.format = SourceFormat::kE621Csv;
    limits.apply_aliases = true;
    const Imported imported = Import(files, limits, dataset);
    INFO(imported.status.ToString());
    REQUIRE(imported.status.ok());
    CHECK(imported.outcome.aliased_post_count == 2);
    CHECK(imported.outcome.duplicate_tag_count == 1);
    CHECK(TagNamesOf(dataset, 1) == Names{"fox", "solo"});
    CHECK(TagNamesOf(dataset, 2) == Names{"fox"});
    CHECK((*catalog().FindPost(dataset, 1))->extra_json == R"({"aliased_tags":["foxes"]})");
    CHECK(catalog().FindTagsByName(dataset, "foxes", 10)->empty());
  } while (std::next_permutation(files.begin(), files.end(), by_name));
  CHECK(order == 6);

  // Nobody asked for it.
  ImportLimits limits;
  limits.format = SourceFormat::kE621Csv;
  const Imported imported = Import(files, limits);
  CHECK(imported.outcome.aliased_post_count == 0);
  CHECK(TagNamesOf("d", 2) == Names{"fox", "foxes"});
}

}  // namespace
}  // namespace millrace
