#include "tests/core/batch/explain_fixture.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/snapshot/writer.h"
#include "tests/support/catch.h"

namespace millrace::testing {
namespace {

std::vector<Tag> Tags() {
  std::vector<Tag> tags = {{.id = 1, .name = "sky", .category = TagCategory::kGeneral},
                           {.id = 2, .name = "comic", .category = TagCategory::kGeneral}};
  for (int64_t id = 10; id < 13; ++id) {
    tags.push_back({.id = id, .name = absl::StrCat("hero_", id), .category = TagCategory::kCharacter});
  }
  for (int64_t id = 20; id < 25; ++id) {
    tags.push_back({.id = id, .name = absl::StrCat("painter_", id), .category = TagCategory::kArtist});
  }
  return tags;
}

Post PostOfRow(int64_t row) {
  Post post;
  post.id = PostIdOfRow(row);
  post.rating = row % 50 == 0 ? Rating::kExplicit : static_cast<Rating>(1 + row % 3);
  post.score = static_cast<int32_t>(row % 40);
  if (row % 3 == 0) post.tag_ids.push_back(1);
  if (row % 5 == 0) post.tag_ids.push_back(2);
  if (row % 4 == 0) post.tag_ids.push_back(10);
  if (row % 20 == 0) post.tag_ids.push_back(11);
  if (row == 7 || row == 8) post.tag_ids.push_back(12);
  if (row % 7 < 5) post.tag_ids.push_back(20 + row % 5);
  // Families of up to four; one of them goes round in a circle.
  if (row % 10 != 0 && row % 10 < 4) post.parent_id = PostIdOfRow(row - 1);
  if (row == 60) post.parent_id = PostIdOfRow(63);
  if (row % 6 == 1) post.pools.push_back({900 + row / 30, ""});
  return post;
}

}  // namespace

int64_t PostIdOfRow(int64_t row) { return 100 + 3 * row + row % 2; }

std::shared_ptr<const Snapshot> WriteExplainedSnapshot(const std::string& folder) {
  auto writer = SnapshotWriter::Create(folder, Tags());
  REQUIRE(writer.ok());
  for (int64_t row = 0; row < kExplainedPostCount; ++row) REQUIRE((*writer)->Add(PostOfRow(row)).ok());
  const auto written = (*writer)->Finish();
  REQUIRE(written.ok());
  auto snapshot = Snapshot::Open(written->path, written->digest);
  REQUIRE(snapshot.ok());
  return *std::move(snapshot);
}

PlanSpec BaseSpec(const Snapshot& snapshot) {
  PlanSpec spec;
  spec.snapshot = snapshot.digest();
  spec.seed = 42;
  spec.splits = DefaultSplits();
  spec.batch_size = 16;
  spec.splits[1].order = OrderKind::kEpoch;
  return spec;
}

std::vector<NamedSpec> SpecsOfStrategies(const Snapshot& snapshot) {
  const PlanSpec base = BaseSpec(snapshot);
  std::vector<NamedSpec> specs = {{"exact", base}};
  const auto add = [&](std::string name, PlanSpec spec) { specs.push_back({std::move(name), std::move(spec)}); };
  PlanSpec spec = base;
  spec.query = "-comic score:>3";
  add("exact with a query", spec);
  for (const SplitUnit unit : {SplitUnit::kParent, SplitUnit::kArtist, SplitUnit::kPool}) {
    spec.strategy = SplitStrategy::kExact;
    spec.unit = unit;
    add(absl::StrCat("exact, unit ", static_cast<int>(unit)), spec);
    spec.strategy = SplitStrategy::kHash;
    add(absl::StrCat("hash, unit ", static_cast<int>(unit)), spec);
  }
  spec = base;
  spec.strategy = SplitStrategy::kHash;
  add("hash", spec);
  spec.splits.clear();
  for (const auto& [name, share] : {std::pair("none", 0), {"a", 3}, {"b", 4}, {"no", 0}}) {
    spec.splits.emplace_back();
    spec.splits.back().name = name;
    spec.splits.back().share = share;
  }
  add("hash with shares of 0", spec);
  spec = base;
  spec.strategy = SplitStrategy::kIdRange;
  spec.modulus = 100;
  spec.splits = {{.name = "train", .ranges = {{0, 9}, {20, 79}}}, {.name = "test", .ranges = {{90, 99}}}};
  add("id_range", spec);
  for (const StratifyBy by : {StratifyBy::kRating, StratifyBy::kTag, StratifyBy::kCategory}) {
    for (const SplitUnit unit : {SplitUnit::kPost, SplitUnit::kParent}) {
      spec = base;
      spec.strategy = SplitStrategy::kStratified;
      spec.unit = unit;
      spec.stratify.emplace();
      spec.stratify->by = by;
      if (by == StratifyBy::kTag) spec.stratify->tag = "sky";
      if (by == StratifyBy::kCategory) spec.stratify->category = TagCategory::kCharacter;
      add(absl::StrCat("stratified by ", static_cast<int>(by), ", unit ", static_cast<int>(unit)), spec);
    }
  }
  for (const BatchRows rows : {BatchRows::kDrawn, BatchRows::kAscending}) {
    spec = base;
    spec.strategy = SplitStrategy::kPartitioned;
    spec.batch_rows = rows;
    spec.batch_size = 10;
    add(absl::StrCat("partitioned, rows ", static_cast<int>(rows)), spec);
    spec.coverage = Coverage::kHalf;
    add(absl::StrCat("partitioned half, rows ", static_cast<int>(rows)), spec);
    spec.splits[0].order = OrderKind::kSequential;
    add(absl::StrCat("partitioned half in sequence, rows ", static_cast<int>(rows)), spec);
  }
  return specs;
}

std::vector<NamedSpec> SpecsOfOrders(const Snapshot& snapshot) {
  std::vector<NamedSpec> specs;
  for (const SplitStrategy strategy : {SplitStrategy::kExact, SplitStrategy::kHash}) {
    const auto add = [&](std::string name, PlanSpec spec) {
      spec.strategy = strategy;
      specs.push_back({absl::StrCat(name, ", strategy ", static_cast<int>(strategy)), std::move(spec)});
    };
    for (const LastBatch last : {LastBatch::kKeep, LastBatch::kDrop, LastBatch::kPad}) {
      PlanSpec base = BaseSpec(snapshot);
      base.last_batch = last;
      const std::string of = absl::StrCat(", last ", static_cast<int>(last));
      for (const OrderKind order : {OrderKind::kEpoch, OrderKind::kFixed, OrderKind::kSequential}) {
        PlanSpec spec = base;
        spec.splits[0].order = order;
        add(absl::StrCat("order ", static_cast<int>(order), of), spec);
      }
      for (const int64_t block_rows : {1, 7, 64, 1000}) {
        PlanSpec spec = base;
        spec.splits[0].order = OrderKind::kBlock;
        spec.splits[0].block_rows = block_rows;
        spec.splits[0].window_blocks = 3;
        add(absl::StrCat("blocks of ", block_rows, of), spec);
      }
      for (const bool replacement : {true, false}) {
        for (const int64_t epoch_samples : {0, 50, 120}) {
          PlanSpec spec = base;
          spec.splits[0].order = OrderKind::kWeighted;
          spec.weights = WeightsSpec{.by = WeightsBy::kQueries,
                                     .queries = {{"comic", 1000}, {"sky -hero_10", 7}, {"hero_10", 0}},
                                     .otherwise = 3,
                                     .category = {},
                                     .replacement = replacement,
                                     .epoch_samples = epoch_samples};
          add(absl::StrCat("weighted by queries, ", replacement ? "with" : "without", " ", epoch_samples, of), spec);
          spec.weights = WeightsSpec{.by = WeightsBy::kTagFrequency,
                                     .queries = {},
                                     .cap = 100,
                                     .power_quarters = 2,
                                     .category = {},
                                     .replacement = replacement,
                                     .epoch_samples = epoch_samples};
          add(absl::StrCat("weighted by tags, ", replacement ? "with" : "without", " ", epoch_samples, of), spec);
        }
      }
      for (const int64_t epoch_samples : {0, 500}) {
        PlanSpec spec = base;
        spec.splits[0].order = OrderKind::kMixed;
        spec.mix = MixSpec{.parts = {{"comic", 20}, {"rating:s", 10}, {"sky", 30}}, .epoch_samples = epoch_samples};
        add(absl::StrCat("mixed ", epoch_samples, of), spec);
      }
    }
    PlanSpec spec = BaseSpec(snapshot);
    spec.batch_size = 500;  // larger than the selection
    spec.last_batch = LastBatch::kPad;
    add("padding that goes round", spec);
  }
  return specs;
}

}  // namespace millrace::testing
