// Goal: docs/snapshot-format.md is exact. Method: read_snapshot.py, written from the document and in another language,
// reads what the writer wrote; its lines are compared with the content.

#include "core/snapshot/format.h"

#include <cstdio>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/text.h"
#include "tests/core/snapshot/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using namespace testing;

// What the program prints, and its exit status.
std::string Run(const std::string& command, int* status) {
  FILE* const pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string output;
  char buffer[4096];
  while (const size_t size = fread(buffer, 1, sizeof buffer, pipe)) output.append(buffer, size);
  *status = pclose(pipe);
  return output;
}

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\\\"") : std::string(1, c);
  return quoted + "\"";
}

std::string PostLine(const Post& post) {
  std::map<std::string, std::string> fields;
  const auto add = [&](const char* name, const auto& value) {
    if (value.has_value()) fields[name] = absl::StrCat(*value);
  };
  fields["id"] = absl::StrCat(post.id);
  if (post.md5.has_value()) fields["md5"] = Quoted(HexEncode(*post.md5));
  fields["rating"] = absl::StrCat(static_cast<int>(post.rating));
  add("width_px", post.width_px);
  add("height_px", post.height_px);
  fields["file_ext"] = Quoted(post.file_ext);
  add("file_size_bytes", post.file_size_bytes);
  fields["source"] = Quoted(post.source);
  add("pixiv_id", post.pixiv_id);
  add("parent_id", post.parent_id);
  add("uploader_id", post.uploader_id);
  add("approver_id", post.approver_id);
  add("score", post.score);
  add("up_score", post.up_score);
  add("down_score", post.down_score);
  add("favorite_count", post.favorite_count);
  add("duration_us", post.duration_us);
  add("created_at_us", post.created_at_us);
  add("updated_at_us", post.updated_at_us);
  add("last_commented_at_us", post.last_commented_at_us);
  add("last_noted_at_us", post.last_noted_at_us);
  fields["flags_known"] = absl::StrCat(post.flags.known);
  fields["flags_set"] = absl::StrCat(post.flags.value);
  fields["tag_ids"] = "[" + absl::StrJoin(post.tag_ids, ", ") + "]";
  fields["favorite_user_ids"] = "[" + absl::StrJoin(post.favorite_user_ids, ", ") + "]";
  fields["extra_json"] = Quoted(post.extra_json);
  std::vector<std::string> pools;
  for (const Pool& pool : post.pools) pools.push_back(absl::StrCat("[", pool.id, ", ", Quoted(pool.kind), "]"));
  fields["pools"] = "[" + absl::StrJoin(pools, ", ") + "]";
  std::vector<std::string> members;
  for (const auto& [name, value] : fields) members.push_back(Quoted(name) + ": " + value);
  return "{" + absl::StrJoin(members, ", ") + "}\n";
}

std::string Lines(const Content& content) {
  std::string lines;
  std::vector<int64_t> ratings(snapshot_file::kRatingSlots), tags(snapshot_file::kCategorySlots), uses(tags);
  std::map<std::string, int64_t> exts = {{"", 0}};
  for (const Post& post : content.posts) {
    lines += PostLine(post);
    ++ratings[static_cast<size_t>(post.rating)];
    ++exts[post.file_ext];
  }
  for (const Tag& tag : content.tags) {
    absl::StrAppend(&lines, "[", tag.id, ", ", Quoted(tag.name), ", ", static_cast<int>(tag.category), ", ",
                    tag.post_count, "]\n");
    ++tags[static_cast<size_t>(tag.category)];
    uses[static_cast<size_t>(tag.category)] += tag.post_count;
  }
  absl::StrAppend(&lines, "{\"rating_posts\": [", absl::StrJoin(ratings, ", "), "]}\n");
  absl::StrAppend(&lines, "{\"category_tags\": [", absl::StrJoin(tags, ", "), "]}\n");
  absl::StrAppend(&lines, "{\"category_tag_uses\": [", absl::StrJoin(uses, ", "), "]}\n");
  std::vector<std::string> members;
  for (const auto& [ext, count] : exts) members.push_back(absl::StrCat(Quoted(ext), ": ", count));
  lines += "{\"file_ext_posts\": {" + absl::StrJoin(members, ", ") + "}}\n";
  const auto add_relations = [&](const char* kind, const std::vector<TagRelation>& relations) {
    for (const TagRelation& relation : relations) {
      absl::StrAppend(&lines, "{\"", kind, "\": [", Quoted(relation.antecedent), ", ", Quoted(relation.consequent),
                      "]}\n");
    }
  };
  add_relations("alias", content.facts.aliases);
  add_relations("implication", content.facts.implications);
  return lines;
}

std::string ReaderCommand(const std::string& path) {
  return "python3 " MILLRACE_SNAPSHOT_READER " '" + path + "' 2>&1";
}

TEST_CASE("a reader written from the document reads what was written") {
  TempFolder folder;
  Content content;
  SECTION("nothing") {}
  SECTION("every field, and none") {
    content.tags = {{5, "solo", TagCategory::kGeneral, 1}, {9, "\xE6\x9D\xB1", TagCategory::kCopyright, 1}};
    content.posts = {Post(), FullPost(20, {5, 9})};
  }
  SECTION("made up posts") { content = RandomContent(61, 2'000, 300); }
  std::string expected = Lines(content);
  SECTION("what lists tell of tags") {
    content = RandomContent(60, 20, 5);
    content.tags[0].name = "hug";
    content.facts.aliases = {{TagRelationKind::kAlias, "b", "a", "active", ""}};
    content.facts.implications = {{TagRelationKind::kImplication, "a", "c", "", ""},
                                  {TagRelationKind::kImplication, "a", "\xE6\x9D\xB1", "", ""}};
    content.facts.deprecated_tag_names = {"hug", "unused"};
    expected = Lines(content) + "{\"deprecated\": [\"hug\"]}\n";
  }
  const WrittenSnapshot written = *Write(folder.path(), content);
  int status;
  const std::string output = Run(ReaderCommand(written.path), &status);
  CHECK(status == 0);
  CHECK(output == expected);
}

TEST_CASE("and refuses a damaged file") {
  TempFolder folder;
  const WrittenSnapshot written = *Write(folder.path(), RandomContent(62, 100, 20));
  std::string bytes = ReadFile(written.path);
  bytes[70] ^= 1;
  WriteFile(written.path, bytes);
  int status;
  CHECK_THAT(Run(ReaderCommand(written.path), &status), Catch::Contains("SHA-256"));
  CHECK(status != 0);
}

TEST_CASE("block checksums are XXH3 of 64 bits with seed 0") {
  // From the XXH3 specification's reference implementation: the empty input.
  CHECK(snapshot_file::BlockChecksum("", 0) == 0x2D06800538D394C2u);
}

}  // namespace
}  // namespace millrace
