// Goal: each tag of a snapshot has the label that its name and category say. Method: a snapshot with namesakes of
// several categories by hand; made up snapshots and vocabularies compared with the rule applied tag by tag.
#include "core/vocabulary/label_index.h"

#include <algorithm>
#include <optional>
#include <random>

#include "tests/core/snapshot/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using testing::Content;
using testing::RandomContent;
using testing::TempFolder;
using testing::WriteAndOpen;

constexpr TagCategory kAny = TagCategory::kUnspecified;

// Tags 1 to 5; the indexes are 0 to 4.
std::unique_ptr<Snapshot> NamesakesSnapshot(const std::string& folder) {
  Content content;
  content.tags = {{1, "hat", TagCategory::kGeneral, 1},
                  {2, "hat", TagCategory::kArtist, 1},
                  {3, "hat", TagCategory::kCharacter, 1},
                  {4, "hat", TagCategory::kUnspecified, 1},
                  {5, "cat", TagCategory::kGeneral, 1}};
  content.posts = {testing::FullPost(7, {1, 2, 3, 4, 5})};
  return WriteAndOpen(folder, content);
}

std::vector<int32_t> LabelsOf(const Snapshot& snapshot, std::vector<VocabularyEntry> entries,
                              TagReading reading = TagReading::kAsSaid) {
  const absl::StatusOr<Vocabulary> vocabulary = Vocabulary::Create(std::move(entries));
  REQUIRE(vocabulary.ok());
  const absl::StatusOr<LabelIndex> index = LabelIndex::Create(snapshot, *vocabulary, reading);
  REQUIRE(index.ok());
  CHECK(index->reading() == reading);
  CHECK(index->label_count() == vocabulary->label_count());
  CHECK(index->vocabulary_digest() == vocabulary->digest());
  return {index->labels().begin(), index->labels().end()};
}

TEST_CASE("a label belongs to the tag of its name and category, whatever the ids") {
  TempFolder folder;
  const auto snapshot = NamesakesSnapshot(folder.path());
  CHECK(LabelsOf(*snapshot, {{5, "hat", TagCategory::kCharacter, 0}, {1, "cat", TagCategory::kGeneral, 0}}) ==
        std::vector<int32_t>{-1, -1, 0, -1, 1});
}

TEST_CASE("a label without a category belongs to the tags of its name in every category") {
  TempFolder folder;
  const auto snapshot = NamesakesSnapshot(folder.path());
  CHECK(LabelsOf(*snapshot, {{0, "hat", kAny, 0}}) == std::vector<int32_t>{0, 0, 0, 0, -1});
}

TEST_CASE("a label with a category comes before one without, wherever they stand") {
  TempFolder folder;
  const auto snapshot = NamesakesSnapshot(folder.path());
  CHECK(LabelsOf(*snapshot, {{0, "hat", kAny, 0}, {0, "hat", TagCategory::kArtist, 0}}) ==
        std::vector<int32_t>{0, 1, 0, 0, -1});
  CHECK(LabelsOf(*snapshot, {{0, "hat", TagCategory::kArtist, 0}, {0, "hat", kAny, 0}}) ==
        std::vector<int32_t>{1, 0, 1, 1, -1});
}

TEST_CASE("with relations applied, a label named by an alias is that of the tag it stands for") {
  TempFolder folder;
  Content content;
  content.tags = {{1, "cat", TagCategory::kGeneral, 1},
                  {2, "cat", TagCategory::kArtist, 1},
                  {3, "neko", TagCategory::kGeneral, 1},
                  {4, "puppy", TagCategory::kGeneral, 1},
                  {5, "bird", TagCategory::kGeneral, 1}};
  content.posts = {testing::FullPost(7, {1, 2, 3, 4, 5})};
  const auto alias = [](const char* from, const char* to) {
    return TagRelation{TagRelationKind::kAlias, from, to, "active", ""};
  };
  // No post said "dog".
  content.facts.aliases = {alias("kitty", "cat"), alias("neko", "cat"), alias("puppy", "dog")};
  const auto snapshot = WriteAndOpen(folder.path(), content);
  const auto said = [&](std::vector<VocabularyEntry> entries) { return LabelsOf(*snapshot, std::move(entries)); };
  const auto applied = [&](std::vector<VocabularyEntry> entries) {
    return LabelsOf(*snapshot, std::move(entries), TagReading::kApplied);
  };
  using Labels = std::vector<int32_t>;
  constexpr TagCategory kGeneral = TagCategory::kGeneral;
  CHECK(said({{0, "kitty", kAny, 0}, {0, "dog", kAny, 0}}) == Labels{-1, -1, -1, -1, -1});
  CHECK(applied({{0, "kitty", kAny, 0}, {0, "dog", kAny, 0}}) == Labels{0, 0, 0, 1, -1});
  CHECK(said({{0, "neko", kGeneral, 0}}) == Labels{-1, -1, 0, -1, -1});
  CHECK(applied({{0, "neko", kGeneral, 0}}) == Labels{0, -1, 0, -1, -1});
  // Of a category that no tag of the class has; and of one that some have.
  CHECK(applied({{0, "kitty", TagCategory::kCharacter, 0}}) == Labels{0, 0, 0, -1, -1});
  CHECK(applied({{0, "kitty", TagCategory::kArtist, 0}}) == Labels{-1, 0, -1, -1, -1});
  // Who has a label keeps it; among others the first counts.
  CHECK(applied({{0, "kitty", kGeneral, 0}, {0, "cat", kGeneral, 0}}) == Labels{1, -1, 0, -1, -1});
  CHECK(applied({{0, "kitty", kGeneral, 0}, {0, "neko", kGeneral, 0}}) == Labels{0, -1, 1, -1, -1});
  // A name of another category is no other name.
  CHECK(applied({{0, "cat", TagCategory::kCharacter, 0}, {0, "bird", kGeneral, 0}}) == Labels{-1, -1, 0, -1, 1});
}

TEST_CASE("labels whose tags the snapshot lacks are nobody's") {
  TempFolder folder;
  const auto snapshot = NamesakesSnapshot(folder.path());
  CHECK(LabelsOf(*snapshot, {{1, "ha", TagCategory::kGeneral, 0},
                             {2, "hats", kAny, 0},
                             {5, "cat", TagCategory::kMeta, 0},
                             {5, "cat", TagCategory::kGeneral, 0}}) == std::vector<int32_t>{-1, -1, -1, -1, 3});
}

TEST_CASE("made up vocabularies give what the rule gives tag by tag") {
  std::mt19937 random(5);
  for (uint32_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    TempFolder folder;
    const Content content = RandomContent(seed, 40, 60);
    const auto snapshot = WriteAndOpen(folder.path(), content);
    std::vector<VocabularyEntry> entries;
    for (const Tag& tag : content.tags) {
      if (random() % 3 == 0) continue;
      const TagCategory category = random() % 3 == 0 ? kAny : tag.category;
      const bool is_known = std::any_of(entries.begin(), entries.end(), [&](const VocabularyEntry& entry) {
        return entry.name == tag.name && entry.category == category;
      });
      if (!is_known) entries.push_back({static_cast<int64_t>(random() % 100), tag.name, category, 0});
    }
    std::shuffle(entries.begin(), entries.end(), random);
    std::vector<int32_t> expected;
    for (const Tag& tag : content.tags) {
      std::optional<int32_t> exact, by_name;
      for (size_t label = 0; label < entries.size(); ++label) {
        if (entries[label].name != tag.name) continue;
        if (entries[label].category == tag.category) exact = static_cast<int32_t>(label);
        if (entries[label].category == kAny) by_name = static_cast<int32_t>(label);
      }
      expected.push_back(exact.value_or(by_name.value_or(-1)));
    }
    CHECK(LabelsOf(*snapshot, entries) == expected);
  }
}

}  // namespace
}  // namespace millrace
