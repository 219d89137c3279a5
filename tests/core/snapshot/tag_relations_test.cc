// Goal: a snapshot keeps the relations it was given, and says of each tag what a post has by having it.
// Method: a small family of tags by hand; random relations against a search by names.
#include "core/snapshot/tag_relations.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "core/base/error.h"
#include "core/snapshot/applied_tags.h"
#include "core/snapshot/snapshot.h"
#include "tests/core/snapshot/naive_tags.h"
#include "tests/core/snapshot/random_relations.h"
#include "tests/core/snapshot/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using namespace testing;

TagRelation AliasOf(std::string antecedent, std::string consequent) {
  return {TagRelationKind::kAlias, std::move(antecedent), std::move(consequent), "active", ""};
}
TagRelation ImplicationOf(std::string antecedent, std::string consequent) {
  return {TagRelationKind::kImplication, std::move(antecedent), std::move(consequent), "active", ""};
}

// Tags of these names with the indexes 0, 1, ..., all on one post.
Content ContentOf(const std::vector<std::string>& names, DatasetFacts facts) {
  Content content;
  Post& post = content.posts.emplace_back();
  post.id = 1;
  for (size_t i = 0; i < names.size(); ++i) {
    const int64_t id = static_cast<int64_t>(i) * 10 + 5;
    content.tags.push_back({id, names[i], TagCategory::kGeneral, 1});
    post.tag_ids.push_back(id);
  }
  content.facts = std::move(facts);
  return content;
}

std::vector<uint32_t> AppliedTo(const TagRelations& relations, uint32_t tag) {
  const absl::Span<const uint32_t> applied = relations.AppliedTo(tag);
  return {applied.begin(), applied.end()};
}

std::vector<uint32_t> Meaning(const Snapshot& snapshot, const std::string& name,
                              TagReading reading = TagReading::kApplied) {
  return (*snapshot.relations())->TagsMeaning(name, *snapshot.FindTagIndexesByName(name), reading);
}

using Indexes = std::vector<uint32_t>;

TEST_CASE("aliases and implications, through names that no post carries") {
  TempFolder folder;
  DatasetFacts facts;
  facts.aliases = {AliasOf("kitten", "kitty"), AliasOf("neko", "cat")};
  facts.implications = {ImplicationOf("cat", "feline"), ImplicationOf("feline", "animal"),
                        ImplicationOf("tabby", "neko")};
  //                                             0       1       2         3        4        5
  const auto snapshot =
      WriteAndOpen(folder.path(), ContentOf({"cat", "neko", "animal", "tabby", "kitten", "solo"}, facts));
  REQUIRE(snapshot->relation_count(TagRelationKind::kAlias) == 2);
  REQUIRE(snapshot->relation_count(TagRelationKind::kImplication) == 3);
  CHECK(snapshot->RelationAt(TagRelationKind::kAlias, 1)->antecedent == "neko");
  CHECK(snapshot->RelationAt(TagRelationKind::kImplication, 2)->consequent == "neko");
  CHECK_FALSE(snapshot->RelationAt(TagRelationKind::kAlias, 2).ok());

  const TagRelations& relations = **snapshot->relations();
  CHECK(relations.ResolveAlias("neko") == "cat");
  CHECK(relations.ResolveAlias("cat") == "cat");
  CHECK(relations.ResolveAlias("elsewhere") == "elsewhere");
  CHECK(AppliedTo(relations, 0) == Indexes{0, 2});  // cat -> (feline ->) animal
  CHECK(AppliedTo(relations, 1) == Indexes{0, 2});  // neko is cat
  CHECK(AppliedTo(relations, 2) == Indexes{2});
  CHECK(AppliedTo(relations, 3) == Indexes{0, 2, 3});  // tabby -> neko, which is cat
  CHECK(AppliedTo(relations, 4) == Indexes{4});        // no post carries "kitty": the tag stays
  CHECK(AppliedTo(relations, 5) == Indexes{5});
  std::vector<uint32_t> applied;
  relations.Apply(Indexes{1, 3, 5}, &applied);
  CHECK(applied == Indexes{0, 2, 3, 5});

  CHECK(Meaning(*snapshot, "animal") == Indexes{0, 1, 2, 3});
  CHECK(Meaning(*snapshot, "feline") == Indexes{0, 1, 3});
  CHECK(Meaning(*snapshot, "neko") == Indexes{0, 1, 3});
  CHECK(Meaning(*snapshot, "cat") == Indexes{0, 1, 3});
  CHECK(Meaning(*snapshot, "tabby") == Indexes{3});
  CHECK(Meaning(*snapshot, "kitty") == Indexes{4});
  CHECK(Meaning(*snapshot, "solo") == Indexes{5});
  CHECK(Meaning(*snapshot, "nothing").empty());

  CHECK(Meaning(*snapshot, "animal", TagReading::kAsSaid) == Indexes{2});
  CHECK(Meaning(*snapshot, "neko", TagReading::kAsSaid) == Indexes{0, 1});
  CHECK(Meaning(*snapshot, "cat", TagReading::kAsSaid) == Indexes{0, 1});
  CHECK(Meaning(*snapshot, "kitty", TagReading::kAsSaid) == Indexes{4});
  CHECK(Meaning(*snapshot, "feline", TagReading::kAsSaid).empty());

  CHECK_FALSE(relations.StandsForItself(0));
  CHECK_FALSE(relations.StandsForItself(1));
  CHECK(relations.StandsForItself(2));
  CHECK(relations.StandsForItself(5));
  const absl::Span<const int64_t> post_counts = *relations.PostCounts();
  CHECK(std::vector<int64_t>(post_counts.begin(), post_counts.end()) == std::vector<int64_t>{1, 0, 1, 1, 1, 1});
}

TEST_CASE("without relations a tag stands for itself, and the digest is that of before there were any") {
  TempFolder folder;
  const Content content = RandomContent(6, 50, 10);
  const WrittenSnapshot written = *Write(folder.path(), content);
  Content empty = content;
  empty.facts.deprecated_tag_names = {"not a tag of any post"};
  empty.facts.aliases = {{TagRelationKind::kAlias, "a", "b", "deleted", ""}};
  CHECK(Write(folder.path(), empty)->digest == written.digest);
  const auto snapshot = *Snapshot::Open(written.path, written.digest);
  const TagRelations& relations = **snapshot->relations();
  CHECK(relations.empty());
  CHECK(relations.StandsForItself(3));
  CHECK(*RelationsFor(*snapshot, TagReading::kApplied) == nullptr);
  CHECK(relations.PostCounts()->data() == snapshot->TagPostCounts()->data());
  std::vector<uint32_t> applied;
  relations.Apply(Indexes{3, 4}, &applied);
  CHECK(applied == Indexes{3, 4});
  Content with = content;
  with.facts.aliases = {AliasOf("a", "b")};
  CHECK(Write(folder.path(), with)->digest != written.digest);
}

TEST_CASE("deprecated tags are told, and only with the tag itself") {
  TempFolder folder;
  DatasetFacts facts;
  facts.deprecated_tag_names = {"hug"};
  const auto snapshot = WriteAndOpen(folder.path(), ContentOf({"hug", "solo"}, facts));
  CHECK(snapshot->FindTagsByName("hug", 1)->at(0).is_deprecated);
  CHECK_FALSE(snapshot->FindTag(15)->value().is_deprecated);
  CHECK(snapshot->ListTags({})->tags.at(0).is_deprecated);
}

TEST_CASE("relations that a broken file leads round in circles end") {
  TempFolder folder;
  DatasetFacts facts;
  facts.aliases = {AliasOf("c", "c")};
  facts.implications = {ImplicationOf("a", "b"), ImplicationOf("b", "a")};
  const auto snapshot = WriteAndOpen(folder.path(), ContentOf({"a", "b", "c"}, facts));
  const TagRelations& relations = **snapshot->relations();
  CHECK(AppliedTo(relations, 0) == Indexes{0, 1});
  CHECK(Meaning(*snapshot, "a") == Indexes{0, 1});
  CHECK(Meaning(*snapshot, "c") == Indexes{2});
}

TEST_CASE("random relations: what a tag stands for, forward and backward, is what following names gives") {
  std::mt19937 random(GENERATE(1, 2, 3, 4, 5, 6));
  TempFolder folder;
  const auto name = [](size_t number) { return "n" + std::to_string(number); };
  constexpr size_t kNameCount = 40;
  std::vector<std::string> tags;
  for (size_t i = 0; i < kNameCount; ++i) {
    if (random() % 4 != 0) tags.push_back(name(i));  // the others are names that no post carries
  }
  // Names are aliases of others or implied from smaller to greater numbers: no circles.
  std::map<std::string, std::string> alias;
  std::map<std::string, std::set<std::string>> implied;
  DatasetFacts facts;
  for (size_t i = 0; i < kNameCount; ++i) {
    if (i % 5 == 4) {
      alias[name(i)] = name(i - 1 - random() % 3);
      facts.aliases.push_back(AliasOf(name(i), alias[name(i)]));
    } else if (i + 1 < kNameCount) {
      for (int k = 0; k < 2; ++k) implied[name(i)].insert(name(i + 1 + random() % (kNameCount - i - 1)));
    }
  }
  for (const auto& [from, targets] : implied) {
    for (const std::string& to : targets) facts.implications.push_back(ImplicationOf(from, to));
  }
  const auto snapshot = WriteAndOpen(folder.path(), ContentOf(tags, facts));
  const TagRelations& relations = **snapshot->relations();

  const auto resolve = [&](const std::string& n) { return alias.count(n) > 0 ? alias[n] : n; };
  const auto reach = [&](const std::string& from) {
    std::set<std::string> reached{resolve(from)};
    std::vector<std::string> open{resolve(from)};
    while (!open.empty()) {
      const std::string next = open.back();
      open.pop_back();
      for (const std::string& to : implied[next]) {
        if (reached.insert(resolve(to)).second) open.push_back(resolve(to));
      }
    }
    return reached;
  };
  const auto has_tag = [&](const std::string& n) { return std::count(tags.begin(), tags.end(), n) > 0; };
  for (uint32_t tag = 0; tag < tags.size(); ++tag) {
    std::set<std::string> expected = reach(tags[tag]);
    std::erase_if(expected, [&](const std::string& n) { return !has_tag(n); });
    if (!has_tag(resolve(tags[tag]))) expected.insert(tags[tag]);
    std::set<std::string> applied;
    for (const uint32_t index : AppliedTo(relations, tag)) applied.insert(tags[index]);
    CHECK(applied == expected);
  }
  for (size_t i = 0; i < kNameCount; ++i) {
    Indexes expected;
    for (uint32_t tag = 0; tag < tags.size(); ++tag) {
      if (reach(tags[tag]).count(resolve(name(i))) > 0) expected.push_back(tag);
    }
    CHECK(Meaning(*snapshot, name(i)) == expected);
  }
}

TEST_CASE("random posts have the tags that following names gives, and their counts are those of these tags") {
  const uint32_t seed = GENERATE(1, 2, 3, 4);
  std::mt19937 random(seed);
  TempFolder folder;
  Content content = RandomContent(seed, 300, 50);
  content.facts = RandomRelations(random, content);
  const auto snapshot = WriteAndOpen(folder.path(), content);
  const NaiveTags naive(content);
  const absl::Span<const int64_t> tag_ids = *snapshot->TagIds();
  AppliedTags applied(*RelationsFor(*snapshot, TagReading::kApplied));
  AppliedTags said(*RelationsFor(*snapshot, TagReading::kAsSaid));
  std::vector<absl::Span<const uint32_t>> lists;
  std::vector<int64_t> counts(content.tags.size());
  for (size_t row = 0; row < content.posts.size(); ++row) {
    lists.push_back(*snapshot->TagIndexes(static_cast<int64_t>(row)));
    CHECK(said.Of(lists.back()).data() == lists.back().data());
    const absl::Span<const uint32_t> tags = applied.Of(lists.back());
    const std::set<int64_t> expected = naive.IdsOf(content.posts[row], TagReading::kApplied);
    std::vector<int64_t> ids;
    for (const uint32_t tag : tags) ids.push_back(tag_ids[tag]);
    REQUIRE(ids == std::vector<int64_t>(expected.begin(), expected.end()));
    for (const uint32_t tag : tags) ++counts[tag];
  }
  const auto said_lists = lists;
  CHECK_FALSE(applied.Replace(absl::MakeSpan(lists), 10));
  for (size_t row = 0; row < lists.size(); ++row) CHECK(lists[row].data() == said_lists[row].data());
  CHECK(said.Replace(absl::MakeSpan(lists), 0));
  REQUIRE(applied.Replace(absl::MakeSpan(lists), SIZE_MAX));
  AppliedTags one(*RelationsFor(*snapshot, TagReading::kApplied));
  for (size_t row = 0; row < lists.size(); ++row) CHECK(lists[row] == one.Of(said_lists[row]));
  const absl::Span<const int64_t> post_counts = *TagPostCountsFor(*snapshot, TagReading::kApplied);
  CHECK(std::vector<int64_t>(post_counts.begin(), post_counts.end()) == counts);
  CHECK(TagPostCountsFor(*snapshot, TagReading::kAsSaid)->data() == snapshot->TagPostCounts()->data());
}

TEST_CASE("counting ends when nobody waits for it, and who waits for that call counts instead") {
  std::mt19937 random(3);
  TempFolder folder;
  Content content = RandomContent(3, 300, 50);
  content.facts = RandomRelations(random, content);
  const auto snapshot = WriteAndOpen(folder.path(), content);
  const TagRelations& relations = **snapshot->relations();
  std::atomic<bool> is_counting = false, is_given_up = false;
  absl::Status first_status;
  std::thread first([&] {
    const auto give_up = [&] {
      is_counting = true;
      while (!is_given_up) std::this_thread::yield();
      return true;
    };
    first_status = relations.PostCounts(give_up).status();
  });
  while (!is_counting) std::this_thread::yield();
  // Another call need not wait to its end either.
  CHECK(ReasonOf(relations.PostCounts([] { return true; }).status()) == Reason::kCancelled);
  std::atomic<bool> is_waiting = false;
  size_t count = 0;
  std::thread second([&] {
    const auto post_counts = relations.PostCounts([&] {
      is_waiting = true;
      return false;
    });
    count = post_counts.ok() ? post_counts->size() : 0;
  });
  while (!is_waiting) std::this_thread::yield();
  is_given_up = true;
  first.join();
  second.join();
  CHECK(ReasonOf(first_status) == Reason::kCancelled);
  CHECK(count == content.tags.size());
  CHECK(relations.PostCounts([] { return true; }).ok());
}

}  // namespace
}  // namespace millrace
