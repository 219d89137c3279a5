// Goal: what a plan is told of its selection is what docs/plan-specification.md (2, 5.2, 5.4, 6.4, 6.5) says of the
// posts, and the answer for one row is that for all. Method: random snapshots against the posts they were written from;
// borders and errors by hand.
#include "core/batch/plan_input_reader.h"

#include <algorithm>
#include <functional>
#include <random>
#include <set>

#include "core/base/error.h"
#include "core/batch/rarest_tag.h"
#include "tests/core/snapshot/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using testing::Content;

// Small ids, so that parents, pools and names meet; scores from -2 to 2.
Content FamilyContent(uint32_t seed, int post_count) {
  Content content = testing::RandomContent(seed, post_count, 60);
  std::mt19937 random(seed);
  for (Post& post : content.posts) {
    if (post.parent_id.has_value()) post.parent_id = static_cast<int64_t>(random() % (5 * content.posts.size()));
    post.score = static_cast<int32_t>(random() % 5) - 2;
    for (Pool& pool : post.pools) pool.id = static_cast<int64_t>(random() % 9);
    for (uint32_t i = random() % 3; i > 0; --i) post.pools.push_back({static_cast<int64_t>(random() % 9), ""});
  }
  return content;
}

struct Fixture {
  explicit Fixture(Content made) : content(std::move(made)), snapshot(testing::WriteAndOpen(folder.path(), content)) {
    spec.snapshot = snapshot->digest();
    spec.splits = DefaultSplits();
    spec.batch_size = 4;
  }
  PlanInput Read() const {
    absl::StatusOr<PlanInput> input = ReadPlanInput(spec, *snapshot);
    INFO(input.status());
    REQUIRE(input.ok());
    return *std::move(input);
  }
  absl::Status Fault() const { return ReadPlanInput(spec, *snapshot).status(); }
  const Tag& TagOf(int64_t tag_id) const {
    return *std::find_if(content.tags.begin(), content.tags.end(), [&](const Tag& tag) { return tag.id == tag_id; });
  }
  std::vector<uint32_t> RowsWhere(const std::function<bool(const Post&)>& holds) const {
    std::vector<uint32_t> rows;
    for (size_t row = 0; row < content.posts.size(); ++row) {
      if (holds(content.posts[row])) rows.push_back(static_cast<uint32_t>(row));
    }
    return rows;
  }
  std::vector<uint32_t> AllRows() const {
    return RowsWhere([](const Post&) { return true; });
  }

  testing::TempFolder folder;
  Content content;
  std::unique_ptr<Snapshot> snapshot;
  PlanSpec spec;
};

void OrderBy(OrderKind order, PlanSpec* spec) {
  spec->splits.resize(1);
  spec->splits[0].order = order;
}

WeightsSpec WeightsOf(std::vector<QueryWeight> queries) {
  WeightsSpec weights;
  weights.queries = std::move(queries);
  return weights;
}

std::vector<uint32_t> RowsOf(const PlanInput& input) {
  std::vector<uint32_t> rows;
  const int64_t size = input.selection.has_value() ? input.selection->size() : input.row_count;
  for (int64_t i = 0; i < size; ++i) {
    rows.push_back(static_cast<uint32_t>(input.selection.has_value() ? input.selection->At(i) : i));
  }
  return rows;
}

TEST_CASE("without a query every row is selected, and nothing is read that is not needed") {
  const Fixture fixture(FamilyContent(1, 300));
  const PlanInput input = fixture.Read();
  CHECK(input.row_count == 300);
  CHECK(!input.selection.has_value());
  CHECK(input.post_ids.empty());
  CHECK(input.unit_keys.empty());
  CHECK(input.strata.empty());
  CHECK(input.weights.empty());
  CHECK(input.mix_parts.empty());
}

TEST_CASE("a query selects its rows, and a query that all match selects as none does") {
  Fixture fixture(FamilyContent(2, 20'000));
  fixture.spec.query = "score:>0";
  CHECK(RowsOf(fixture.Read()) == fixture.RowsWhere([](const Post& post) { return *post.score > 0; }));
  fixture.spec.query = "score:..2";
  CHECK(!fixture.Read().selection.has_value());
}

TEST_CASE("post ids are those of the selection, dense or sparse") {
  Fixture fixture(FamilyContent(3, 20'000));
  fixture.spec.strategy = SplitStrategy::kHash;
  fixture.spec.query = GENERATE("", "score:2", "score:1 width:<-2400");
  const PlanInput input = fixture.Read();
  const std::vector<uint32_t> rows = RowsOf(input);
  REQUIRE(!rows.empty());
  REQUIRE(input.post_ids.size() == rows.size());
  for (size_t i = 0; i < rows.size(); ++i) REQUIRE(input.post_ids[i] == fixture.content.posts[rows[i]].id);
}

// Section 5.2, for units but families: those are the business of family_roots_test.
UnitKey UnitNaively(const Fixture& fixture, const Post& post) {
  std::set<int64_t> groups;
  if (fixture.spec.unit == SplitUnit::kArtist) {
    for (const int64_t id : post.tag_ids) {
      if (fixture.TagOf(id).category == TagCategory::kArtist) groups.insert(id);
    }
  } else {
    for (const Pool& pool : post.pools) groups.insert(pool.id);
  }
  return groups.empty() ? UnitKey{0, post.id} : UnitKey{1, *groups.begin()};
}

TEST_CASE("artists and pools are those with the smallest id, whether one row is asked for or all") {
  Fixture fixture(FamilyContent(4, 9000));
  fixture.spec.unit = GENERATE(SplitUnit::kArtist, SplitUnit::kPool);
  fixture.spec.query = GENERATE("", "score:-2..0 rating:s");
  const PlanInput input = fixture.Read();
  const std::vector<uint32_t> rows = RowsOf(input);
  REQUIRE(input.unit_keys.size() == rows.size());
  std::set<uint32_t> kinds;
  for (size_t i = 0; i < rows.size(); ++i) {
    const UnitKey expected = UnitNaively(fixture, fixture.content.posts[rows[i]]);
    REQUIRE(input.unit_keys[i] == expected);
    if (i % 50 == 0) REQUIRE(*UnitKeyOf(fixture.spec, *fixture.snapshot, rows[i]) == expected);
    kinds.insert(expected.kind);
  }
  CHECK(kinds.size() == 2);
}

TEST_CASE("families look at the whole snapshot, also at posts that the query leaves out") {
  Content content;
  content.posts.resize(4);
  for (int64_t i = 0; i < 4; ++i) content.posts[static_cast<size_t>(i)].id = 10 + i;
  // 13 -> 12 -> 10, and 11 by itself; the query leaves 12 and 10 out.
  content.posts[2].parent_id = 10;
  content.posts[3].parent_id = 12;
  content.posts[1].score = content.posts[3].score = 1;
  Fixture fixture(content);
  fixture.spec.unit = SplitUnit::kParent;
  fixture.spec.query = "score:1";
  CHECK(fixture.Read().unit_keys == std::vector<UnitKey>{{1, 11}, {1, 10}});
  CHECK(*UnitKeyOf(fixture.spec, *fixture.snapshot, 2) == UnitKey{1, 10});
  CHECK(*UnitKeyOf(fixture.spec, *fixture.snapshot, 0) == UnitKey{1, 10});
}

TEST_CASE("the unit of a post by itself is its id") {
  const Fixture fixture(FamilyContent(5, 20));
  CHECK(*UnitKeyOf(fixture.spec, *fixture.snapshot, 7) == UnitKey{0, fixture.content.posts[7].id});
}

int64_t StratumNaively(const Fixture& fixture, const Post& post) {
  const StratifySpec& stratify = *fixture.spec.stratify;
  if (stratify.by == StratifyBy::kRating) return static_cast<int64_t>(post.rating);
  std::vector<std::pair<int64_t, int64_t>> tags;  // post_count, id
  for (const int64_t id : post.tag_ids) {
    const Tag& tag = fixture.TagOf(id);
    if (stratify.by == StratifyBy::kTag ? tag.name == stratify.tag : tag.category == stratify.category) {
      tags.emplace_back(tag.post_count, id);
    }
  }
  if (tags.empty()) return 0;
  return stratify.by == StratifyBy::kTag ? 1 : std::min_element(tags.begin(), tags.end())->second + 1;
}

TEST_CASE("strata are by rating, by tag or by the rarest tag of a category") {
  Fixture fixture(FamilyContent(6, 9000));
  fixture.spec.strategy = SplitStrategy::kStratified;
  StratifySpec& stratify = fixture.spec.stratify.emplace();
  stratify.by = GENERATE(StratifyBy::kRating, StratifyBy::kTag, StratifyBy::kCategory);
  stratify.tag = fixture.content.tags[2].name;
  stratify.category = TagCategory::kCharacter;
  fixture.spec.query = GENERATE("", "score:-2..0");
  const PlanInput input = fixture.Read();
  const std::vector<uint32_t> rows = RowsOf(input);
  REQUIRE(input.strata.size() == rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    const int64_t expected = StratumNaively(fixture, fixture.content.posts[rows[i]]);
    REQUIRE(input.strata[i] == expected);
    if (i % 50 == 0) REQUIRE(*StratumOf(fixture.spec, *fixture.snapshot, rows[i]) == expected);
  }
  CHECK(std::set<int64_t>(input.strata.begin(), input.strata.end()).size() > 1);
}

TEST_CASE("a tag to stratify by that no post has is refused") {
  Fixture fixture(FamilyContent(7, 20));
  fixture.spec.strategy = SplitStrategy::kStratified;
  fixture.spec.stratify = {.by = StratifyBy::kTag, .tag = "no such tag"};
  CHECK(ReasonOf(fixture.Fault()) == Reason::kQueryInvalid);
  CHECK(MetadataOf(fixture.Fault())["field"] == "spec.stratify.tag");
}

TEST_CASE("a tag whose id plus one is no number is refused as a stratum") {
  Content content;
  content.tags = {{INT64_MAX, "last", TagCategory::kGeneral, 1}};
  content.posts.resize(1);
  content.posts[0].tag_ids = {INT64_MAX};
  Fixture fixture(content);
  fixture.spec.strategy = SplitStrategy::kStratified;
  fixture.spec.stratify.emplace().by = StratifyBy::kCategory;
  fixture.spec.stratify->category = TagCategory::kGeneral;
  CHECK(FieldOf(fixture.Fault()) == "spec.stratify.category");
}

TEST_CASE("weights by query are those of the first that matches") {
  Fixture fixture(FamilyContent(8, 20'000));
  OrderBy(OrderKind::kWeighted, &fixture.spec);
  WeightsSpec& weights = fixture.spec.weights.emplace();
  weights.queries = {{"score:2", 7}, {"score:>0", 2147483647}, {"rating:e", 0}};
  weights.otherwise = 3;
  const PlanInput input = fixture.Read();
  REQUIRE(input.weights.size() == fixture.content.posts.size());
  for (size_t row = 0; row < input.weights.size(); ++row) {
    const Post& post = fixture.content.posts[row];
    const int64_t expected = post.score == 2                    ? 7
                             : post.score == 1                  ? 2147483647
                             : post.rating == Rating::kExplicit ? 0
                                                                : 3;
    REQUIRE(input.weights[row] == expected);
    if (row % 100 == 0) REQUIRE(*WeightOf(fixture.spec, *fixture.snapshot, static_cast<int64_t>(row)) == expected);
  }
}

TEST_CASE("weights by tag frequency are those of the rarest tag, and of a post without one, 2^16") {
  Fixture fixture(FamilyContent(9, 9000));
  OrderBy(OrderKind::kWeighted, &fixture.spec);
  WeightsSpec& weights = fixture.spec.weights.emplace();
  weights.by = WeightsBy::kTagFrequency;
  weights.cap = 6;
  weights.power_quarters = 3;
  if (GENERATE(false, true)) weights.category = TagCategory::kMeta;
  fixture.spec.query = "score:<2";
  const PlanInput input = fixture.Read();
  const std::vector<uint32_t> rows = RowsOf(input);
  std::set<int64_t> values;
  for (size_t i = 0; i < rows.size(); ++i) {
    int64_t post_count_min = 9000;
    for (const int64_t id : fixture.content.posts[rows[i]].tag_ids) {
      const Tag& tag = fixture.TagOf(id);
      if (weights.category.value_or(tag.category) == tag.category) {
        post_count_min = std::min(post_count_min, tag.post_count);
      }
    }
    const int64_t expected = TagFrequencyWeight(9000, post_count_min, 6, 3);
    REQUIRE(input.weights[i] == expected);
    if (i % 50 == 0) REQUIRE(*WeightOf(fixture.spec, *fixture.snapshot, rows[i]) == expected);
    values.insert(expected);
  }
  CHECK(values.contains(6 << 16));
  CHECK(values.contains(1 << 16));
}

TEST_CASE("parts of a mix are the first that matches, or none") {
  Fixture fixture(FamilyContent(10, 20'000));
  OrderBy(OrderKind::kMixed, &fixture.spec);
  fixture.spec.mix = {.parts = {{"score:2", 1}, {"score:>=1", 1}, {"-score:<0 rating:e", 5}}};
  const PlanInput input = fixture.Read();
  REQUIRE(input.mix_parts.size() == fixture.content.posts.size());
  for (size_t row = 0; row < input.mix_parts.size(); ++row) {
    const Post& post = fixture.content.posts[row];
    const uint8_t expected = post.score == 2                                       ? 0
                             : post.score == 1                                     ? 1
                             : post.score == 0 && post.rating == Rating::kExplicit ? 2
                                                                                   : kNoMixPart;
    REQUIRE(input.mix_parts[row] == expected);
    if (row % 100 == 0) REQUIRE(*MixPartOf(fixture.spec, *fixture.snapshot, static_cast<int64_t>(row)) == expected);
  }
  fixture.spec.mix->parts.push_back({"", 1});
  for (const uint8_t part : fixture.Read().mix_parts) REQUIRE(part != kNoMixPart);
}

TEST_CASE("a selection without posts, and a snapshot without any, are refused") {
  Fixture fixture(FamilyContent(11, 30));
  fixture.spec.query = "score:>2";
  CHECK(ReasonOf(fixture.Fault()) == Reason::kSelectionEmpty);
  CHECK(MetadataOf(fixture.Fault())["field"] == "spec.query");
  CHECK_THAT(std::string(fixture.Fault().message()), Catch::Contains("none of the 30 posts"));
  const Fixture empty(Content{});
  CHECK(ReasonOf(empty.Fault()) == Reason::kSnapshotEmpty);
}

TEST_CASE("an error in a query names its field") {
  Fixture fixture(FamilyContent(12, 30));
  PlanSpec& spec = fixture.spec;
  const auto check = [&](const std::string& field) {
    CHECK(ReasonOf(fixture.Fault()) == Reason::kQueryInvalid);
    CHECK(MetadataOf(fixture.Fault())["field"] == field);
    CHECK(MetadataOf(fixture.Fault())["char_offset"] == "2");
    CHECK_THAT(std::string(fixture.Fault().message()), Catch::StartsWith(field + ": the term"));
  };
  const std::string tag = fixture.content.tags[0].name;
  spec.query = tag + " no_such_tag";
  CHECK(MetadataOf(fixture.Fault())["field"] == "spec.query");
  spec.query = "  score:x";
  check("spec.query");
  spec.query.clear();
  OrderBy(OrderKind::kWeighted, &spec);
  spec.weights = WeightsOf({{"score:1", 1}, {"  no_such_tag", 1}});
  check("spec.weights.queries.queries[1].query");
  OrderBy(OrderKind::kMixed, &spec);
  spec.mix = {.parts = {{"  no_such_tag", 1}, {"", 1}}};
  check("spec.mix.parts[0].query");
}

TEST_CASE("a plan opened on a snapshot deals out the posts that its query selects, each once") {
  Fixture fixture(FamilyContent(13, 3000));
  fixture.spec.query = "score:>0";
  fixture.spec.unit = SplitUnit::kPool;
  const Plan plan = *OpenPlan(fixture.spec, *fixture.snapshot);
  std::vector<int64_t> rows;
  for (size_t split = 0; split < plan.splits().size(); ++split) {
    const size_t begin = rows.size();
    rows.resize(begin + static_cast<size_t>(plan.splits()[split].sample_count));
    plan.OpenEpoch(split, 0)->Rows(0, absl::MakeSpan(rows).subspan(begin));
  }
  std::sort(rows.begin(), rows.end());
  const std::vector<uint32_t> selected = fixture.RowsWhere([](const Post& post) { return *post.score > 0; });
  CHECK(rows == std::vector<int64_t>(selected.begin(), selected.end()));

  fixture.spec.query = "score:>2";
  CHECK(ReasonOf(OpenPlan(fixture.spec, *fixture.snapshot).status()) == Reason::kSelectionEmpty);
}

TEST_CASE("every query of a plan is put into canonical form, or named as wrong") {
  PlanSpec spec;
  spec.query = " a  b ";
  spec.weights = WeightsOf({{"  c", 1}, {"", 1}});
  spec.mix = {.parts = {{"d\te", 1}, {" ", 1}}};
  REQUIRE(CanonicalisePlanQueries(&spec).ok());
  CHECK(spec.query == "a b");
  CHECK(spec.weights->queries[0].query == "c");
  CHECK(spec.mix->parts[0].query == "d e");
  CHECK(spec.mix->parts[1].query.empty());
  spec.mix->parts[1].query = "a (b";
  const absl::Status status = CanonicalisePlanQueries(&spec);
  CHECK(ReasonOf(status) == Reason::kQueryInvalid);
  CHECK(MetadataOf(status)["field"] == "spec.mix.parts[1].query");
}

}  // namespace
}  // namespace millrace
