// Goal: what is explained is what is served. Method: a snapshot of posts with families, artists, pools, ratings and
// tags; plans of every strategy over it, with every order; all batches of an epoch are read, and the explanation of
// every post is compared with where the batches have it. (ExplainPost itself fails when the split that it derives is
// not the plan's.) Numbers that the sentences name are looked up in them and compared as well.
#include "core/batch/explain.h"

#include <algorithm>
#include <map>
#include <memory>
#include <regex>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/error.h"
#include "core/batch/batch.h"
#include "core/batch/explain_order.h"
#include "core/batch/explain_selection.h"
#include "core/batch/plan_input_reader.h"
#include "core/plan/hash.h"
#include "core/plan/permutation.h"
#include "tests/core/batch/explain_fixture.h"
#include "tests/core/snapshot/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using testing::BaseSpec;
using testing::kExplainedPostCount;
using testing::NamedSpec;
using testing::PostIdOfRow;
using testing::SpecsOfOrders;
using testing::SpecsOfStrategies;
using testing::TempFolder;
using testing::WriteExplainedSnapshot;

struct Served {
  std::map<int64_t, size_t> splits;  // by post id
  std::map<int64_t, std::vector<Appearance>> appearances;
};

// All batches of an epoch, as one rank reads them.
Served ReadEpoch(const std::shared_ptr<const Plan>& plan, const std::shared_ptr<const Snapshot>& snapshot,
                 int64_t epoch) {
  Served served;
  for (size_t split = 0; split < plan->splits().size(); ++split) {
    const SplitInfo& info = plan->splits()[split];
    auto reader = BatchReader::Create(plan, snapshot, info.name, {});
    REQUIRE(reader.ok());
    Batch batch;
    for (int64_t step = 0; step < info.batch_count; ++step) {
      REQUIRE(reader->Read({epoch, step}, &batch).ok());
      for (size_t i = 0; i < batch.post_ids.size(); ++i) {
        const int64_t number = batch.slice.first_sample + static_cast<int64_t>(i);
        served.splits[batch.post_ids[i]] = split;
        served.appearances[batch.post_ids[i]].push_back(
            {step, static_cast<int64_t>(i), number % info.sample_count, number >= info.sample_count});
      }
    }
  }
  return served;
}

std::string Text(const std::vector<std::string>& reasons) { return absl::StrJoin(reasons, "\n"); }

void CheckPlan(const std::shared_ptr<const Snapshot>& snapshot, const PlanSpec& spec, int64_t epoch) {
  absl::StatusOr<Plan> opened = OpenPlan(spec, *snapshot);
  INFO(opened.status().ToString());
  REQUIRE(opened.ok());
  const auto plan = std::make_shared<const Plan>(*std::move(opened));
  const Served served = ReadEpoch(plan, snapshot, epoch);
  for (int64_t row = 0; row < kExplainedPostCount; ++row) {
    const int64_t post_id = PostIdOfRow(row);
    CAPTURE(post_id);
    const auto explained = ExplainPost(*plan, *snapshot, post_id, epoch);
    INFO(explained.status().ToString());
    REQUIRE(explained.ok());
    INFO(Text(explained->reasons));
    REQUIRE(explained->row == row);
    REQUIRE(explained->is_selected == plan->ElementOf(row).has_value());
    REQUIRE(explained->split == plan->SplitOf(row));
    const auto appearances = served.appearances.find(post_id);
    if (appearances == served.appearances.end()) {
      REQUIRE(explained->appearances.empty());
      continue;
    }
    REQUIRE(explained->split == served.splits.at(post_id));
    REQUIRE(explained->appearances == appearances->second);
    // Where the order puts one member at one sample, a sentence names it.
    std::smatch match;
    const std::string text = Text(explained->reasons);
    if (std::regex_search(text, match, std::regex("(at|is|:) sample ([0-9]+)( in every epoch)?\n"))) {
      REQUIRE(std::stoll(match[2]) == explained->appearances.front().sample);
    }
  }
}

TEST_CASE("every post of every strategy is where its explanation says") {
  const TempFolder folder;
  const auto snapshot = WriteExplainedSnapshot(folder.path());
  for (const NamedSpec& named : SpecsOfStrategies(*snapshot)) {
    INFO(named.name);
    for (const int64_t epoch : {0, 3}) CheckPlan(snapshot, named.spec, epoch);
  }
}

TEST_CASE("every post of every order is where its explanation says") {
  const TempFolder folder;
  const auto snapshot = WriteExplainedSnapshot(folder.path());
  for (const NamedSpec& named : SpecsOfOrders(*snapshot)) {
    INFO(named.name);
    CheckPlan(snapshot, named.spec, 2);
  }
}

TEST_CASE("a step's explanation has the batch, and the numbers that it came from") {
  const TempFolder folder;
  const auto snapshot = WriteExplainedSnapshot(folder.path());
  std::vector<NamedSpec> specs = SpecsOfStrategies(*snapshot);
  for (NamedSpec& named : SpecsOfOrders(*snapshot)) specs.push_back(std::move(named));
  for (const NamedSpec& named : specs) {
    INFO(named.name);
    const auto plan = std::make_shared<const Plan>(OpenPlan(named.spec, *snapshot).value());
    auto reader = BatchReader::Create(plan, snapshot, plan->splits()[0].name, {});
    REQUIRE(reader.ok());
    const SplitInfo& info = plan->splits()[0];
    for (int64_t step = 0; step < info.batch_count; ++step) {
      Batch batch;
      REQUIRE(reader->Read({1, step}, &batch).ok());
      const auto explained = ExplainStep(*plan, *snapshot, 0, {1, step});
      REQUIRE(explained.ok());
      CHECK(!explained->reasons.empty());
      CHECK(explained->sample_count == batch.slice.global_sample_count);
      REQUIRE(explained->samples.size() == batch.rows.size());
      for (size_t i = 0; i < batch.rows.size(); ++i) {
        const ExplainedSample& sample = explained->samples[i];
        REQUIRE(sample.row == batch.rows[i]);
        REQUIRE(sample.post_id == batch.post_ids[i]);
        const int64_t number = batch.slice.first_sample + static_cast<int64_t>(i);
        REQUIRE(sample.is_padding == number >= info.sample_count);
        REQUIRE(sample.sample == number % info.sample_count);
        REQUIRE(plan->FindRow(sample.row) == Membership{0, sample.member});
      }
    }
    const auto behind = ExplainStep(*plan, *snapshot, 0, {1, info.batch_count});
    CHECK(ReasonOf(behind.status()) == Reason::kStepPastEnd);
  }
}

TEST_CASE("sentences have the numbers that the specification's rules give") {
  const TempFolder folder;
  const auto snapshot = WriteExplainedSnapshot(folder.path());
  const auto reasons_of = [&](const PlanSpec& spec, int64_t row) {
    const Plan plan = OpenPlan(spec, *snapshot).value();
    return Text(ExplainPost(plan, *snapshot, PostIdOfRow(row), 3).value().reasons);
  };
  const auto contains = [](const std::string& text, const std::string& part) {
    INFO(text << "\n lacks \n" << part);
    CHECK(text.find(part) != std::string::npos);
  };
  PlanSpec spec = BaseSpec(*snapshot);
  const Permutation dealt = Permutation::Create(kExplainedPostCount, SelectionKey(42)).value();
  const std::string exact = reasons_of(spec, 17);
  contains(exact, absl::StrCat("row 17 of snapshot ", snapshot->digest()));
  contains(exact, "selected by no query, as every post is, as element 17 of 211");
  contains(exact, absl::StrCat("has element 17 at place ", dealt.IndexOf(17), "\n"));
  contains(exact, "counts(211; 80, 10, 10) gives split ");

  spec.strategy = SplitStrategy::kHash;
  const RoundWords words = ExpandKey(LabelledKey("millrace.v1.hash", 42, "", 0), 0);
  const std::string hash = reasons_of(spec, 17);
  contains(hash, absl::StrCat("hash64 of the unit's key (0, ", PostIdOfRow(17), ")"));
  char digits[20];
  std::snprintf(digits, sizeof digits, "0x%016llx",
                static_cast<unsigned long long>(Hash64(words, 0, static_cast<uint64_t>(PostIdOfRow(17)))));
  contains(hash, digits);
  spec.unit = SplitUnit::kParent;
  contains(reasons_of(spec, 13), absl::StrCat("unit: parent family of post ", PostIdOfRow(10)));
  contains(reasons_of(spec, 63), absl::StrCat("unit: parent family of post ", PostIdOfRow(60)));
  spec.strategy = SplitStrategy::kExact;
  contains(reasons_of(spec, 13),
           absl::StrCat("unit: parent family of post ", PostIdOfRow(10), " (4 posts of the selection"));
  spec.unit = SplitUnit::kArtist;
  contains(reasons_of(spec, 1), "unit: artist painter_21, tag id 21 (");
  contains(reasons_of(spec, 6), "unit: the post itself (1 post of");

  spec = BaseSpec(*snapshot);
  spec.query = "sky -comic";
  contains(reasons_of(spec, 3), "selected by \"sky -comic\" as element 0 of ");
  contains(reasons_of(spec, 15), "not selected by \"sky -comic\": the term \"-comic\" does not hold");
  contains(reasons_of(spec, 4), "the term \"sky\" does not hold");

  spec = BaseSpec(*snapshot);
  spec.strategy = SplitStrategy::kIdRange;
  spec.modulus = 100;
  spec.splits = {{.name = "train", .ranges = {{0, 49}}}, {.name = "test", .ranges = {{90, 99}}}};
  contains(reasons_of(spec, 3), "id 110 modulo 100 is 10, in train's range 0-49");
  contains(reasons_of(spec, 20), "id 160 modulo 100 is 60, in no split's range");

  spec = BaseSpec(*snapshot);
  spec.strategy = SplitStrategy::kStratified;
  spec.stratify = StratifySpec{.by = StratifyBy::kRating, .tag = {}};
  contains(reasons_of(spec, 4), "stratum 2: rating sensitive");
  spec.stratify = StratifySpec{.by = StratifyBy::kCategory, .tag = {}, .category = TagCategory::kCharacter};
  contains(reasons_of(spec, 7),
           "stratum 13: rarest tag of category character: hero_12, id 12; its 2 units are fewer "
           "than the 3 splits with a share");
}

TEST_CASE("the numbers of weights lead to the samples") {
  const TempFolder folder;
  const auto snapshot = WriteExplainedSnapshot(folder.path());
  PlanSpec spec = BaseSpec(*snapshot);
  spec.splits[0].order = OrderKind::kWeighted;
  spec.weights =
      WeightsSpec{.by = WeightsBy::kTagFrequency, .queries = {}, .cap = 100, .power_quarters = 3, .category = {}};
  const RoundWords words = ExpandKey(LabelledKey("millrace.v1.weighted", 42, "train", 5), 0);
  int64_t certain_count = 0, drawn_count = 0, missed_count = 0;
  for (const bool replacement : {true, false}) {
    spec.weights->replacement = replacement;
    spec.weights->epoch_samples = replacement ? 400 : 60;
    const Plan plan = OpenPlan(spec, *snapshot).value();
    const Permutation slots = Permutation::Create(plan.splits()[0].sample_count, EpochKey(42, "train", 5)).value();
    for (int64_t row = 0; row < kExplainedPostCount; ++row) {
      if (plan.SplitOf(row) != size_t{0}) continue;
      const PostExplanation explained = ExplainPost(plan, *snapshot, PostIdOfRow(row), 5).value();
      const std::string text = Text(explained.reasons);
      INFO(text);
      std::smatch match;
      if (replacement) {
        REQUIRE(std::regex_search(text, match,
                                  std::regex("below\\(w, 0, i, ([0-9]+)\\).* is from ([0-9]+) to ([0-9]+)\n")));
        std::vector<int64_t> samples;
        for (int64_t i = 0; i < 400; ++i) {
          const uint64_t number = Below(words, 0, static_cast<uint64_t>(i), std::stoull(match[1]));
          if (number >= std::stoull(match[2]) && number <= std::stoull(match[3])) samples.push_back(i);
        }
        CHECK(AppearancesOf(samples, 400, spec.batch_size, spec.last_batch) == explained.appearances);
        continue;
      }
      int64_t slot = -1;
      if (std::regex_search(text, match, std::regex("has slot ([0-9]+)\n"))) {
        slot = std::stoll(match[1]);
        ++certain_count;
      } else {
        REQUIRE(std::regex_search(
            text, match,
            std::regex("\\(t \\* ([0-9]+) \\+ below\\(w, 1, 0, .* div ([0-9]+), .* is from ([0-9]+) to ([0-9]+)\n")));
        const uint64_t weight = std::stoull(match[1]), count = std::stoull(match[2]);
        for (uint64_t t = 0; t < count; ++t) {
          const uint64_t number = (t * weight + Below(words, 1, 0, weight)) / count;
          if (number >= std::stoull(match[3]) && number <= std::stoull(match[4])) {
            slot = 60 - static_cast<int64_t>(count) + static_cast<int64_t>(t);
          }
        }
        ++(slot < 0 ? missed_count : drawn_count);
      }
      std::vector<int64_t> samples;
      if (slot >= 0) samples.push_back(slots.IndexOf(slot));
      CHECK(AppearancesOf(samples, 60, spec.batch_size, spec.last_batch) == explained.appearances);
    }
  }
  CHECK(certain_count > 0);
  CHECK(drawn_count > 0);
  CHECK(missed_count > 0);
}

TEST_CASE("a post that is not there and an epoch that cannot be are refused") {
  const TempFolder folder;
  const auto snapshot = WriteExplainedSnapshot(folder.path());
  const Plan plan = OpenPlan(BaseSpec(*snapshot), *snapshot).value();
  CHECK(ReasonOf(ExplainPost(plan, *snapshot, 99, 0).status()) == Reason::kPostNotFound);
  CHECK(ReasonOf(ExplainPost(plan, *snapshot, 102, 0).status()) == Reason::kPostNotFound);
  CHECK(ReasonOf(ExplainPost(plan, *snapshot, 100, -1).status()) == Reason::kFieldInvalid);
  CHECK(ReasonOf(ExplainPost(plan, *snapshot, 100, kEpochMax + 1).status()) == Reason::kFieldInvalid);
  CHECK(ExplainPost(plan, *snapshot, 100, kEpochMax).ok());
  CHECK(ReasonOf(ExplainStep(plan, *snapshot, 0, {-1, 0}).status()) == Reason::kFieldInvalid);
  CHECK(ReasonOf(ExplainStep(plan, *snapshot, 0, {0, -1}).status()) == Reason::kFieldInvalid);
}

TEST_CASE("what looks at all tags for one post ends with its call") {
  const TempFolder folder;
  const auto snapshot = WriteExplainedSnapshot(folder.path());
  const Cancelled always = [] { return true; };
  PlanSpec spec = BaseSpec(*snapshot);
  spec.weights = WeightsSpec{};
  spec.weights->by = WeightsBy::kQueries;
  spec.weights->queries = {{"*a*", 2}};
  const auto reason_of = [&](OrderKind order) {
    return ReasonOf(DrawingText(spec, *snapshot, order, 0, always).status());
  };
  CHECK(reason_of(OrderKind::kWeighted) == Reason::kCancelled);
  CHECK(DrawingText(spec, *snapshot, OrderKind::kWeighted, 0, {}).ok());
  spec.mix = MixSpec{};
  spec.mix->parts = {{"*a*", 1}};
  CHECK(reason_of(OrderKind::kMixed) == Reason::kCancelled);
  CHECK(ReasonOf(ExplainSelection("*a*", *snapshot, TagReading::kAsSaid, 0, std::nullopt, 1, always).status()) ==
        Reason::kCancelled);
}

TEST_CASE("draws that are too many to look through are told, not searched") {
  const TempFolder folder;
  const auto snapshot = WriteExplainedSnapshot(folder.path());
  PlanSpec spec = BaseSpec(*snapshot);
  spec.splits[0].order = OrderKind::kWeighted;
  spec.weights = WeightsSpec{.by = WeightsBy::kTagFrequency,
                             .queries = {},
                             .cap = 100,
                             .power_quarters = 4,
                             .category = {},
                             .replacement = true,
                             .epoch_samples = kEpochSamplesMax};
  const Plan plan = OpenPlan(spec, *snapshot).value();
  bool was_in_train = false;
  for (int64_t row = 0; row < 20; ++row) {
    const auto explained = ExplainPost(plan, *snapshot, PostIdOfRow(row), 0);
    REQUIRE(explained.ok());
    if (explained->split != size_t{0}) continue;
    was_in_train = true;
    CHECK(explained->appearances.empty());
    CHECK(Text(explained->reasons).find("were not looked through") != std::string::npos);
  }
  CHECK(was_in_train);
}

TEST_CASE("appearances end where the steps do, or at the limit") {
  CHECK(AppearancesOf({9}, 10, 4, LastBatch::kDrop).empty());
  CHECK(AppearancesOf({9}, 10, 4, LastBatch::kKeep) == std::vector<Appearance>{{2, 1, 9, false}});
  CHECK(AppearancesOf({1}, 10, 4, LastBatch::kPad) == std::vector<Appearance>{{0, 1, 1, false}, {2, 3, 1, true}});
  CHECK(AppearancesOf({1}, 12, 4, LastBatch::kPad) == std::vector<Appearance>{{0, 1, 1, false}});
  CHECK(AppearancesOf({1}, 2, 5, LastBatch::kPad) == std::vector<Appearance>{{0, 1, 1, false}, {0, 3, 1, true}});
  CHECK(AppearancesOf({}, 10, 4, LastBatch::kPad).empty());
  CHECK(AppearancesOf({0}, 1, 4096, LastBatch::kPad).size() == kAppearanceCountMax);
  std::vector<int64_t> many(5000);
  for (size_t i = 0; i < many.size(); ++i) many[i] = static_cast<int64_t>(i);
  CHECK(AppearancesOf(many, 5000, 4, LastBatch::kKeep).size() == kAppearanceCountMax);
}

}  // namespace
}  // namespace millrace
