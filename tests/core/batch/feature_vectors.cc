#include "tests/core/batch/feature_vectors.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include "core/base/text.h"
#include "tests/support/catch.h"

namespace millrace::testing {
namespace {

using simdjson::dom::element;

template <typename Number>
std::optional<Number> Optional(const element& entry, std::string_view key) {
  int64_t value = 0;
  if (entry.at_key(key).get(value) != simdjson::SUCCESS) return std::nullopt;
  return static_cast<Number>(value);
}

Rating RatingOf(std::string_view word) {
  for (int i = 0; i < kRatingCount; ++i) {
    if (RatingName(static_cast<Rating>(i)) == word) return static_cast<Rating>(i);
  }
  FAIL("no rating: " << word);
  return Rating::kUnspecified;
}

std::string Text(const element& entry, std::string_view key) {
  std::string_view text;
  return entry.at_key(key).get(text) == simdjson::SUCCESS ? std::string(text) : "";
}

PostFlags FlagsOf(const element& entry) {
  constexpr std::pair<std::string_view, PostFlag> kFlags[] = {{"pending", PostFlag::kPending},
                                                              {"flagged", PostFlag::kFlagged},
                                                              {"deleted", PostFlag::kDeleted},
                                                              {"banned", PostFlag::kBanned}};
  PostFlags flags;
  for (const auto& [word, flag] : kFlags) {
    bool is_set = false;
    if (entry["flags"][word].get(is_set) == simdjson::SUCCESS) flags.Set(flag, is_set);
  }
  return flags;
}

Post ListedPost(const element& entry) {
  Post post;
  post.id = entry["id"];
  post.parent_id = Optional<int64_t>(entry, "parent_id");
  std::string_view rating;
  if (entry["rating"].get(rating) == simdjson::SUCCESS) post.rating = RatingOf(rating);
  post.score = Optional<int32_t>(entry, "score");
  post.width_px = Optional<int32_t>(entry, "width");
  post.height_px = Optional<int32_t>(entry, "height");
  if (const std::string md5 = Text(entry, "md5"); !md5.empty()) post.md5 = HexDecode<16>(md5).value();
  post.favorite_count = Optional<int32_t>(entry, "favorite_count");
  post.file_ext = Text(entry, "file_ext");
  post.file_size_bytes = Optional<int64_t>(entry, "file_size_bytes");
  post.duration_us = Optional<int64_t>(entry, "duration_us");
  post.created_at_us = Optional<int64_t>(entry, "created_at_us");
  post.source = Text(entry, "source");
  post.pixiv_id = Optional<int64_t>(entry, "pixiv_id");
  post.uploader_id = Optional<int64_t>(entry, "uploader_id");
  post.approver_id = Optional<int64_t>(entry, "approver_id");
  post.flags = FlagsOf(entry);
  element list;
  if (entry["pools"].get(list) == simdjson::SUCCESS) {
    for (const int64_t pool : IntegersOf(list)) post.pools.push_back({pool, ""});
  }
  if (entry["pool_kinds"].get(list) == simdjson::SUCCESS) {
    for (size_t i = 0; i < post.pools.size(); ++i) post.pools[i].kind = TextOf(list.at(i));
  }
  if (entry["tags"].get(list) == simdjson::SUCCESS) post.tag_ids = IntegersOf(list);
  return post;
}

Content ListedPosts(const element& golden) {
  Content content;
  for (const element tag : golden["tags"].get_array()) {
    content.tags.push_back({IntegerOf(tag.at(0)), TextOf(tag.at(1)), CategoryOf(TextOf(tag.at(2)))});
  }
  for (const element entry : golden["posts"].get_array()) content.posts.push_back(ListedPost(entry));
  return content;
}

uint32_t Scramble(uint32_t row) {
  uint32_t h = (row ^ 0x9e3779b9u) * 0x85ebca6bu;
  h ^= h >> 15;
  h = (h + 0x7f4a7c15u) * 0xc2b2ae35u;
  return h ^ h >> 16;
}

Post ComputedPost(uint32_t row) {
  constexpr Rating kRatings[] = {Rating::kGeneral, Rating::kSensitive, Rating::kQuestionable, Rating::kExplicit};
  const uint32_t h = Scramble(row);
  const auto part = [h](int shift, uint32_t count) { return static_cast<int32_t>((h >> shift) % count); };
  Post post;
  post.id = 3 * int64_t{row} + 1;
  if (row % 4 >= 2) post.parent_id = 3 * (int64_t{row} - 1 - h % 2) + 1;
  post.rating = kRatings[part(8, 4)];
  post.score = part(10, 200) - 50;
  post.width_px = 512 + 64 * part(18, 16);
  post.height_px = 512 + 64 * part(22, 16);
  if (h % 10 == 0) post.pools.push_back({part(12, 1000) + 1, ""});
  post.tag_ids.push_back(1 + __builtin_ctz(h | 1u << 16));
  if (h % 3 > 0) post.tag_ids.push_back(100 + part(20, 500));
  return post;
}

Content ComputedPosts(int64_t count) {
  Content content;
  std::map<int64_t, Tag> tags;
  for (int64_t row = 0; row < count; ++row) {
    content.posts.push_back(ComputedPost(static_cast<uint32_t>(row)));
    for (const int64_t id : content.posts.back().tag_ids) {
      if (tags.contains(id)) continue;
      const bool is_artist = id >= 100;
      const std::string name = is_artist ? "artist_" + std::to_string(id - 100) : "general_" + std::to_string(id - 1);
      tags[id] = {id, name, is_artist ? TagCategory::kArtist : TagCategory::kGeneral};
    }
  }
  for (const auto& [id, tag] : tags) content.tags.push_back(tag);
  return content;
}

// Sorted, as a snapshot holds them; none when the vector has no such list.
std::vector<TagRelation> RelationsOf(const element& golden, std::string_view key, TagRelationKind kind) {
  std::vector<TagRelation> relations;
  element list;
  if (golden[key].get(list) != simdjson::SUCCESS) return relations;
  for (const element pair : list.get_array()) {
    relations.push_back({kind, TextOf(pair.at(0)), TextOf(pair.at(1)), "active", ""});
  }
  std::sort(relations.begin(), relations.end(), [](const TagRelation& a, const TagRelation& b) {
    return std::tie(a.antecedent, a.consequent) < std::tie(b.antecedent, b.consequent);
  });
  return relations;
}

std::vector<std::filesystem::path> FilesOf(const char* folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

std::vector<std::filesystem::path> FeatureVectorFiles() { return FilesOf(MILLRACE_GOLDEN_FOLDER "/features"); }
std::vector<std::filesystem::path> RefusalVectorFiles() { return FilesOf(MILLRACE_GOLDEN_FOLDER "/refusals"); }

std::string PlanLine(const std::filesystem::path& path) {
  constexpr std::string_view kStart = "\"plan\":";
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(kStart) && line.ends_with(','))
      return line.substr(kStart.size(), line.size() - kStart.size() - 1);
  }
  FAIL("no plan in " << path);
  return "";
}

bool HasPosts(const element& golden) { return !golden["posts"].error() || !golden["computed_posts"].error(); }

Content PostsOf(const element& golden) {
  Content content = golden["posts"].error() ? ComputedPosts(golden["computed_posts"]) : ListedPosts(golden);
  content.facts.aliases = RelationsOf(golden, "aliases", TagRelationKind::kAlias);
  content.facts.implications = RelationsOf(golden, "implications", TagRelationKind::kImplication);
  return content;
}

TagCategory CategoryOf(std::string_view word) {
  for (int i = 0; i < kTagCategoryCount; ++i) {
    if (TagCategoryName(static_cast<TagCategory>(i)) == word) return static_cast<TagCategory>(i);
  }
  FAIL("no category: " << word);
  return TagCategory::kUnspecified;
}

int64_t IntegerOf(const element& value) { return value; }
std::string TextOf(const element& value) { return std::string(std::string_view(value)); }

std::vector<int64_t> IntegersOf(const element& array) {
  std::vector<int64_t> integers;
  for (const element number : array.get_array()) integers.push_back(IntegerOf(number));
  return integers;
}

}  // namespace millrace::testing
