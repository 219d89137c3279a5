// Goal: with aliases and implications applied, a plan, its batches, labels and vocabularies are what they would be had
// the posts said the applied tags themselves. Method: a random snapshot with relations beside one whose posts say what
// an evaluation by names (naive_tags.h) gives them and that holds no relations.
#include <algorithm>
#include <functional>
#include <random>

#include "core/base/error.h"
#include "core/batch/column_writer.h"
#include "core/batch/explain.h"
#include "core/batch/plan_input_reader.h"
#include "core/vocabulary/label_index.h"
#include "core/vocabulary/select_tags.h"
#include "tests/core/batch/columns_of.h"
#include "tests/core/snapshot/naive_tags.h"
#include "tests/core/snapshot/random_relations.h"
#include "tests/core/snapshot/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using testing::Content;

Content WithRelations(uint32_t seed) {
  Content content = testing::RandomContent(seed, 400, 60);
  std::mt19937 random(seed);
  content.facts = testing::RandomRelations(random, content);
  // A name that only aliases are carried of stays several tags, which a query takes together.
  std::erase_if(content.facts.aliases, [&](const TagRelation& alias) {
    return std::none_of(content.tags.begin(), content.tags.end(),
                        [&](const Tag& tag) { return tag.name == alias.consequent; });
  });
  return content;
}

Content Applied(const Content& content) {
  const testing::NaiveTags naive(content);
  Content applied = content;
  applied.facts = {};
  for (Tag& tag : applied.tags) tag.post_count = 0;
  for (Post& post : applied.posts) {
    const std::set<int64_t> ids = naive.IdsOf(post, TagReading::kApplied);
    post.tag_ids.assign(ids.begin(), ids.end());
    for (Tag& tag : applied.tags) tag.post_count += static_cast<int64_t>(ids.count(tag.id));
  }
  std::erase_if(applied.tags, [](const Tag& tag) { return tag.post_count == 0; });
  return applied;
}

struct Fixture {
  explicit Fixture(uint32_t seed)
      : said(WithRelations(seed)),
        applied(Applied(said)),
        snapshot(testing::WriteAndOpen(folder.path(), said)),
        applied_snapshot(testing::WriteAndOpen(folder.path(), applied)) {
    // Otherwise nothing below would be seen.
    REQUIRE(applied.tags.size() < said.tags.size());
    REQUIRE(applied_snapshot->tag_use_count() != snapshot->tag_use_count());
  }
  // On one of the most used tags of the applied content.
  const Tag& CommonTag(size_t number) const { return applied.tags[number]; }

  testing::TempFolder folder;
  Content said;
  Content applied;
  std::unique_ptr<Snapshot> snapshot;
  std::unique_ptr<Snapshot> applied_snapshot;
};

PlanSpec BaseSpec(const Snapshot& snapshot, TagReading reading) {
  PlanSpec spec;
  spec.snapshot = snapshot.digest();
  spec.splits = DefaultSplits();
  spec.batch_size = 4;
  spec.tags = reading;
  return spec;
}

void CheckEqual(const PlanInput& a, const PlanInput& b) {
  CHECK(a.row_count == b.row_count);
  REQUIRE(a.selection.has_value() == b.selection.has_value());
  if (a.selection.has_value()) {
    REQUIRE(a.selection->size() == b.selection->size());
    for (int64_t i = 0; i < a.selection->size(); ++i) CHECK(a.selection->At(i) == b.selection->At(i));
  }
  CHECK(a.post_ids == b.post_ids);
  CHECK(a.unit_keys == b.unit_keys);
  CHECK(a.strata == b.strata);
  CHECK(a.weights == b.weights);
  CHECK(a.mix_parts == b.mix_parts);
}

TEST_CASE("what a plan looks at is as if the posts said the applied tags") {
  const Fixture fixture(GENERATE(1, 2, 3));
  const std::string one = fixture.CommonTag(0).name;
  const std::string other = fixture.CommonTag(1).name;
  const auto order_by = [](OrderKind order, PlanSpec* spec) {
    spec->splits.resize(1);
    spec->splits[0].order = order;
  };
  const std::vector<std::function<void(PlanSpec*)>> changes = {
      [&](PlanSpec* spec) { spec->query = one + " or -" + other; },
      [&](PlanSpec* spec) { spec->query = "-(" + one + " tagcount:<12) gentags:1.."; },
      [&](PlanSpec* spec) { spec->unit = SplitUnit::kArtist; },
      [&](PlanSpec* spec) {
        spec->strategy = SplitStrategy::kStratified;
        spec->stratify = StratifySpec{StratifyBy::kTag, other, TagCategory::kUnspecified};
      },
      [&](PlanSpec* spec) {
        spec->strategy = SplitStrategy::kStratified;
        spec->stratify = StratifySpec{StratifyBy::kCategory, "", TagCategory::kGeneral};
      },
      [&](PlanSpec* spec) {
        order_by(OrderKind::kWeighted, spec);
        spec->weights.emplace();
        spec->weights->by = WeightsBy::kTagFrequency;
        spec->weights->cap = 1000;
        spec->weights->power_quarters = 3;
      },
      [&](PlanSpec* spec) {
        order_by(OrderKind::kWeighted, spec);
        spec->weights.emplace();
        spec->weights->by = WeightsBy::kTagFrequency;
        spec->weights->cap = 1000;
        spec->weights->power_quarters = 4;
        spec->weights->category = TagCategory::kCharacter;
      },
      [&](PlanSpec* spec) {
        order_by(OrderKind::kWeighted, spec);
        spec->weights.emplace();
        spec->weights->queries = {{one, 3}, {other + " chartags:1..", 2}};
        spec->weights->otherwise = 1;
      },
      [&](PlanSpec* spec) {
        order_by(OrderKind::kMixed, spec);
        spec->mix.emplace();
        spec->mix->parts = {{other, 1}, {"", 2}};
      }};
  int differing_count = 0;
  for (const auto& change : changes) {
    PlanSpec spec = BaseSpec(*fixture.snapshot, TagReading::kApplied);
    PlanSpec expected_spec = BaseSpec(*fixture.applied_snapshot, TagReading::kAsSaid);
    PlanSpec said_spec = BaseSpec(*fixture.snapshot, TagReading::kAsSaid);
    for (PlanSpec* const each : {&spec, &expected_spec, &said_spec}) change(each);
    const auto input = ReadPlanInput(spec, *fixture.snapshot);
    const auto expected = ReadPlanInput(expected_spec, *fixture.applied_snapshot);
    INFO(input.status() << " " << expected.status());
    REQUIRE(input.ok());
    REQUIRE(expected.ok());
    CheckEqual(*input, *expected);
    const auto said = ReadPlanInput(said_spec, *fixture.snapshot);
    REQUIRE(said.ok());
    const auto size_of = [](const PlanInput& of) { return of.selection.has_value() ? of.selection->size() : -1; };
    if (size_of(*said) != size_of(*input) || said->unit_keys != input->unit_keys || said->strata != input->strata ||
        said->weights != input->weights || said->mix_parts != input->mix_parts) {
      ++differing_count;
    }
    // One row alone, and its explanation, which compares itself with what is served.
    const Plan plan = *OpenPlan(spec, *fixture.snapshot);
    for (int64_t row = 0; row < 400; row += 37) {
      if (!input->selection.has_value() && !input->strata.empty()) {
        CHECK(*StratumOf(spec, *fixture.snapshot, row) == input->strata[static_cast<size_t>(row)]);
      }
      if (!input->unit_keys.empty()) {
        CHECK(*UnitKeyOf(spec, *fixture.snapshot, row) == input->unit_keys[static_cast<size_t>(row)]);
      }
      if (!input->weights.empty()) {
        CHECK(*WeightOf(spec, *fixture.snapshot, row) == input->weights[static_cast<size_t>(row)]);
      }
      if (!input->mix_parts.empty()) {
        CHECK(*MixPartOf(spec, *fixture.snapshot, row) == input->mix_parts[static_cast<size_t>(row)]);
      }
      const int64_t post_id = fixture.said.posts[static_cast<size_t>(row)].id;
      const auto explained = ExplainPost(plan, *fixture.snapshot, post_id, 0);
      INFO(explained.status());
      CHECK(explained.ok());
    }
  }
  CHECK(differing_count >= 6);
}

TEST_CASE("a stratum by a tag that is an alias, or that only implications speak of, is named as in a query") {
  testing::TempFolder folder;
  Content content;
  for (const auto& [id, name] : {std::pair<int64_t, std::string>(1, "cat"), {2, "neko"}, {3, "dog"}}) {
    content.tags.push_back({id, name, TagCategory::kGeneral, 1});
    Post& post = content.posts.emplace_back();
    post.id = id;
    post.tag_ids = {id};
  }
  content.facts.aliases = {{TagRelationKind::kAlias, "neko", "cat", "active", ""}};
  content.facts.implications = {{TagRelationKind::kImplication, "cat", "animal", "active", ""},
                                {TagRelationKind::kImplication, "dog", "animal", "active", ""}};
  const auto snapshot = testing::WriteAndOpen(folder.path(), content);
  const auto strata = [&](const std::string& tag, TagReading reading) {
    PlanSpec spec = BaseSpec(*snapshot, reading);
    spec.strategy = SplitStrategy::kStratified;
    spec.stratify = StratifySpec{StratifyBy::kTag, tag, TagCategory::kUnspecified};
    const auto input = ReadPlanInput(spec, *snapshot);
    return input.ok() ? input->strata : std::vector<int64_t>();
  };
  using Strata = std::vector<int64_t>;
  CHECK(strata("neko", TagReading::kAsSaid) == Strata{1, 1, 0});
  CHECK(strata("cat", TagReading::kApplied) == Strata{1, 1, 0});
  CHECK(strata("animal", TagReading::kApplied) == Strata{1, 1, 1});
  CHECK(strata("animal", TagReading::kAsSaid).empty());
}

TEST_CASE("columns and labels are as if the posts said the applied tags") {
  const Fixture fixture(GENERATE(4, 5));
  const LocationTemplate location = LocationTemplate::Parse("{id}").value();
  const Vocabulary vocabulary = *SelectTags(*fixture.snapshot, {.tags = TagReading::kApplied});
  const auto labels_on = [&](const Snapshot& snapshot, TagReading reading) {
    return std::make_shared<const LabelIndex>(LabelIndex::Create(snapshot, vocabulary, reading).value());
  };
  const auto labels = labels_on(*fixture.snapshot, TagReading::kApplied);
  const auto applied_labels = labels_on(*fixture.applied_snapshot, TagReading::kAsSaid);
  for (const LabelEncoding encoding : {LabelEncoding::kCsr, LabelEncoding::kDense, LabelEncoding::kBits}) {
    const auto writer_of = [&](const Snapshot& snapshot, const auto& its_labels, TagReading reading) {
      return ColumnWriter::Create(snapshot, location,
                                  {.fields = PostFieldSet::Parse({"tags", "tag_indexes"}).value(),
                                   .labels = its_labels,
                                   .label_encoding = encoding,
                                   .tags = reading})
          .value();
    };
    ColumnWriter writer = writer_of(*fixture.snapshot, labels, TagReading::kApplied);
    ColumnWriter expected_writer = writer_of(*fixture.applied_snapshot, applied_labels, TagReading::kAsSaid);
    // Several batches, whose lists lie in the same memory.
    for (int64_t first = 0; first < 400; first += 100) {
      std::vector<int64_t> rows;
      for (int64_t i = 0; i < 100; ++i) rows.push_back(first + (i * 37) % 100);
      const ColumnsOf columns(writer, *fixture.snapshot, rows);
      const ColumnsOf expected(expected_writer, *fixture.applied_snapshot, rows);
      CHECK(columns.values<int64_t>("tags.values") == expected.values<int64_t>("tags.values"));
      CHECK(columns.values<int32_t>("tags.offsets") == expected.values<int32_t>("tags.offsets"));
      CHECK(columns.values<int32_t>("tag_indexes.offsets") == columns.values<int32_t>("tags.offsets"));
      const std::vector<int32_t> indexes = columns.values<int32_t>("tag_indexes.values");
      const std::vector<int64_t> ids = columns.values<int64_t>("tags.values");
      REQUIRE(indexes.size() == ids.size());
      for (size_t i = 0; i < ids.size(); ++i) {
        CHECK(fixture.said.tags[static_cast<size_t>(indexes[i])].id == ids[i]);
      }
      if (encoding == LabelEncoding::kCsr) {
        CHECK(columns.values<int32_t>("labels.values") == expected.values<int32_t>("labels.values"));
        CHECK(columns.values<int32_t>("labels.offsets") == expected.values<int32_t>("labels.offsets"));
      } else {
        const std::string name = encoding == LabelEncoding::kDense ? "labels.dense" : "labels.bits";
        CHECK(columns.values<uint8_t>(name) == expected.values<uint8_t>(name));
      }
    }
  }
}

TEST_CASE("a vocabulary's labels, counts and order are as if the posts said the applied tags") {
  const Fixture fixture(GENERATE(6, 7, 8));
  const std::string alias = fixture.said.facts.aliases.front().antecedent;
  const std::string meant = fixture.said.facts.aliases.front().consequent;
  const auto check = [&](TagSelection selection, TagSelection expected_selection) {
    selection.tags = TagReading::kApplied;
    const auto selected = SelectTags(*fixture.snapshot, selection);
    const auto expected = SelectTags(*fixture.applied_snapshot, expected_selection);
    INFO(selected.status() << " " << expected.status());
    REQUIRE(selected.ok());
    REQUIRE(expected.ok());
    CHECK(selected->entries() == expected->entries());
  };
  check({}, {});
  check({.top = 7}, {.top = 7});
  check({.min_post_count = 90}, {.min_post_count = 90});
  check({.include = {alias}}, {.include = {meant}});
  check({.exclude = {alias, meant}}, {.exclude = {meant}});
  const auto as_said = SelectTags(*fixture.snapshot, {});
  CHECK(as_said->entries() != SelectTags(*fixture.snapshot, {.tags = TagReading::kApplied})->entries());
}

TEST_CASE("as said, a vocabulary takes an alias that no post said for what it stands for, and others as they are") {
  testing::TempFolder folder;
  Content content;
  for (const auto& [id, name] : {std::pair<int64_t, std::string>(1, "cat"), {2, "neko"}, {3, "dog"}}) {
    content.tags.push_back({id, name, TagCategory::kGeneral, 1});
    Post& post = content.posts.emplace_back();
    post.id = id;
    post.tag_ids = {id};
  }
  content.facts.aliases = {{TagRelationKind::kAlias, "neko", "cat", "active", ""},
                           {TagRelationKind::kAlias, "puppy", "dog", "active", ""}};
  const auto snapshot = testing::WriteAndOpen(folder.path(), content);
  const auto names = [&](TagSelection selection, TagReading reading) {
    selection.tags = reading;
    const auto selected = SelectTags(*snapshot, selection);
    std::vector<std::string> found;
    if (!selected.ok()) return found;
    for (const VocabularyEntry& entry : selected->entries()) found.push_back(entry.name);
    return found;
  };
  using Names = std::vector<std::string>;
  CHECK(names({.include = {"neko", "puppy"}}, TagReading::kAsSaid) == Names{"neko", "dog"});
  CHECK(names({.include = {"neko", "puppy"}}, TagReading::kApplied) == Names{"cat", "dog"});
  CHECK(names({.exclude = {"puppy"}}, TagReading::kAsSaid) == Names{"cat", "neko"});
  CHECK(names({.exclude = {"neko"}}, TagReading::kApplied) == Names{"dog"});
  CHECK(names({.include = {"bird"}}, TagReading::kApplied).empty());
}

}  // namespace
}  // namespace millrace
