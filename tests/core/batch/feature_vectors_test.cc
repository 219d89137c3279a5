// Goal: what every released feature of plans computes never changes. Method: each golden vector over posts
// (docs/plan-specification.md, section 9) anew, from a snapshot that is written with its posts and relations;
// tests/golden/check_plans.py and check_plans.mjs do the same without this code.
#include "tests/core/batch/feature_vectors.h"

#include <memory>
#include <utility>

#include "core/base/digest.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/batch/column_writer.h"
#include "core/batch/plan_input_reader.h"
#include "core/plan/plan.h"
#include "core/plan/token.h"
#include "core/vocabulary/label_index.h"
#include "core/vocabulary/select_tags.h"
#include "tests/core/batch/columns_of.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using simdjson::dom::element;
using testing::IntegerOf;
using testing::IntegersOf;
using testing::TextOf;

PlanSpec SpecOf(const element& golden, const std::string& canonical_form) {
  absl::StatusOr<PlanSpec> spec = ParseCanonicalForm(canonical_form);
  INFO(spec.status());
  REQUIRE(spec.ok());
  CHECK(CanonicalForm(*spec) == canonical_form);
  CHECK(PlanIdOf(canonical_form) == TextOf(golden["plan_id"]));
  CHECK(ValidatePlanSpec(*spec).ok());
  return *std::move(spec);
}

// `snapshot` may be null when the plan looks at no post.
Plan OpenVector(const element& golden, const PlanSpec& spec, const Snapshot* snapshot) {
  if (snapshot == nullptr) return Plan::Open(spec, IntegerOf(golden["selection_size"])).value();
  // A plan does not look at the digest once it is opened, so the vector's plan may be asked of any snapshot.
  absl::StatusOr<Plan> plan = OpenPlan(spec, *snapshot);
  INFO(plan.status());
  REQUIRE(plan.ok());
  return *std::move(plan);
}

void CheckSplits(const Plan& plan, const element& golden) {
  CHECK(plan.selection_size() == IntegerOf(golden["selection_size"]));
  CHECK(plan.unassigned_count() == IntegerOf(golden["unassigned_count"]));
  size_t i = 0;
  for (const element expected : golden["splits"].get_array()) {
    REQUIRE(i < plan.splits().size());
    CHECK(plan.splits()[i].name == TextOf(expected["name"]));
    CHECK(plan.splits()[i].member_count == IntegerOf(expected["member_count"]));
    CHECK(plan.splits()[i].sample_count == IntegerOf(expected["sample_count"]));
    CHECK(plan.splits()[i].batch_count == IntegerOf(expected["batch_count"]));
    ++i;
  }
  CHECK(i == plan.splits().size());
}

std::vector<int64_t> RowsOf(const EpochOrder& order, const BatchSlice& slice) {
  std::vector<int64_t> rows(static_cast<size_t>(slice.sample_count));
  order.Rows(slice.first_sample, absl::MakeSpan(rows));
  return rows;
}

void CheckEpoch(const Plan& plan, const element& expected) {
  const size_t split = plan.FindSplit(TextOf(expected["split"])).value();
  const int64_t epoch = expected["epoch"];
  if (plan.splits()[split].batch_count == 0) {
    CHECK(expected["batches"].get_array().size() == 0);
    return;
  }
  const EpochOrder order = plan.OpenEpoch(split, epoch).value();
  int64_t step = 0;
  for (const element batch : expected["batches"].get_array()) {
    CAPTURE(TextOf(expected["split"]), epoch, step);
    CHECK(RowsOf(order, plan.Slice(split, {epoch, step}, {}).value()) == IntegersOf(batch));
    ++step;
  }
  CHECK(step == plan.splits()[split].batch_count);
}

void CheckSlice(const Plan& plan, const element& expected) {
  const size_t split = plan.FindSplit(TextOf(expected["split"])).value();
  const Position position = {expected["epoch"], expected["step"]};
  const Rank rank = {static_cast<int32_t>(IntegerOf(expected["rank"])),
                     static_cast<int32_t>(IntegerOf(expected["world_size"]))};
  const BatchSlice slice = plan.Slice(split, position, rank).value();
  CHECK(slice.global_sample_count == IntegerOf(expected["global_sample_count"]));
  CHECK(slice.global_offset == IntegerOf(expected["global_offset"]));
  CHECK(slice.padding_count == IntegerOf(expected["padding_count"]));
  CHECK(RowsOf(plan.OpenEpoch(split, position.epoch).value(), slice) == IntegersOf(expected["rows"]));
}

std::string RowsDigest(const Plan& plan, const element& stretch) {
  const size_t split = plan.FindSplit(TextOf(stretch["split"])).value();
  const int64_t epoch = stretch["epoch"];
  const EpochOrder order = plan.OpenEpoch(split, epoch).value();
  Sha256 hash;
  for (int64_t step = stretch["first_step"]; step < IntegerOf(stretch["end_step"]); ++step) {
    std::string bytes;
    for (const int64_t row : RowsOf(order, plan.Slice(split, {epoch, step}, {}).value())) {
      for (int shift = 0; shift < 64; shift += 8) bytes.push_back(static_cast<char>(row >> shift & 0xff));
    }
    hash.Update(bytes.data(), bytes.size());
  }
  return HexEncode(hash.Finish());
}

void CheckToken(const element& golden, const element& expected) {
  const std::string plan_id = TextOf(golden["plan_id"]), split = TextOf(expected["split"]);
  const std::string token = TextOf(expected["token"]);
  const Position position = {expected["epoch"], expected["step"]};
  CHECK(EncodeToken(plan_id, split, position) == token);
  CHECK(DecodeToken(token, plan_id, split).value() == position);
}

std::shared_ptr<const LabelIndex> LabelsOf(const element& golden, const Snapshot& snapshot, TagReading reading) {
  std::vector<VocabularyEntry> entries;
  for (const element entry : golden["vocabulary"].get_array()) {
    entries.push_back({0, TextOf(entry.at(0)), testing::CategoryOf(TextOf(entry.at(1))), 0});
  }
  const Vocabulary vocabulary = Vocabulary::Create(std::move(entries)).value();
  return std::make_shared<const LabelIndex>(LabelIndex::Create(snapshot, vocabulary, reading).value());
}

// How many posts have each tag, in the order of a vocabulary made of the snapshot.
void CheckTagCounts(const element& golden, const Snapshot& snapshot, TagReading reading) {
  TagSelection selection;
  selection.tags = reading;
  const Vocabulary vocabulary = SelectTags(snapshot, selection).value();
  std::vector<std::vector<int64_t>> expected, found;
  for (const element entry : golden["tag_counts"].get_array()) expected.push_back(IntegersOf(entry));
  for (const VocabularyEntry& entry : vocabulary.entries()) found.push_back({entry.tag_id, entry.post_count});
  CHECK(found == expected);
}

// As columns have them; that rows have the same is for the tests of a server (tests/e2e/test_feature_vectors.py).
size_t CheckTagBatches(const element& golden, const Plan& plan, const Snapshot& snapshot, TagReading reading) {
  ColumnWriter writer = ColumnWriter::Create(snapshot, LocationTemplate::Parse("{id}").value(),
                                             {.fields = PostFieldSet::Parse({"tags"}).value(),
                                              .labels = LabelsOf(golden, snapshot, reading),
                                              .tags = reading})
                            .value();
  size_t batch_count = 0;
  for (const element expected : golden["tag_batches"].get_array()) {
    const size_t split = plan.FindSplit(TextOf(expected["split"])).value();
    const Position position = {expected["epoch"], expected["step"]};
    CAPTURE(TextOf(expected["split"]), position.epoch, position.step);
    const EpochOrder order = plan.OpenEpoch(split, position.epoch).value();
    const std::vector<int64_t> rows = RowsOf(order, plan.Slice(split, position, {}).value());
    const ColumnsOf columns(writer, snapshot, rows);
    const simdjson::dom::array tags = expected["tags"], labels = expected["labels"];
    REQUIRE(tags.size() == rows.size());
    REQUIRE(labels.size() == rows.size());
    for (size_t i = 0; i < rows.size(); ++i) {
      CHECK(columns.list<int64_t>("tags", i) == IntegersOf(tags.at(i)));
      const std::vector<int32_t> found = columns.list<int32_t>("labels", i);
      CHECK(std::vector<int64_t>(found.begin(), found.end()) == IntegersOf(labels.at(i)));
    }
    ++batch_count;
  }
  return batch_count;
}

TEST_CASE("plans of every feature are the golden ones") {
  size_t file_count = 0, epoch_count = 0, slice_count = 0, stretch_count = 0, tag_batch_count = 0;
  for (const std::filesystem::path& path : testing::FeatureVectorFiles()) {
    CAPTURE(path.string());
    simdjson::dom::parser parser;
    const element golden = parser.load(path.string());
    const PlanSpec spec = SpecOf(golden, testing::PlanLine(path));
    const testing::TempFolder folder;
    const std::unique_ptr<Snapshot> snapshot =
        testing::HasPosts(golden) ? testing::WriteAndOpen(folder.path(), testing::PostsOf(golden)) : nullptr;
    const Plan plan = OpenVector(golden, spec, snapshot.get());
    CheckSplits(plan, golden);
    if (!golden["stretches"].error()) {
      for (const element stretch : golden["stretches"].get_array()) {
        CHECK(RowsDigest(plan, stretch) == TextOf(stretch["rows_sha256"]));
        ++stretch_count;
      }
    } else {
      for (const element expected : golden["epochs"].get_array()) CheckEpoch(plan, expected), ++epoch_count;
      for (const element expected : golden["batches"].get_array()) CheckSlice(plan, expected), ++slice_count;
    }
    if (!golden["vocabulary"].error()) {
      CheckTagCounts(golden, *snapshot, spec.tags);
      tag_batch_count += CheckTagBatches(golden, plan, *snapshot, spec.tags);
    }
    for (const element expected : golden["tokens"].get_array()) CheckToken(golden, expected);
    ++file_count;
  }
  CHECK(file_count >= 80);
  CHECK(epoch_count >= 250);
  CHECK(slice_count >= 180);
  CHECK(stretch_count >= 40);
  CHECK(tag_batch_count >= 22);
}

TEST_CASE("plans that the posts do not fit are refused for the golden reason") {
  size_t file_count = 0;
  for (const std::filesystem::path& path : testing::RefusalVectorFiles()) {
    CAPTURE(path.string());
    simdjson::dom::parser parser;
    const element golden = parser.load(path.string());
    const PlanSpec spec = SpecOf(golden, testing::PlanLine(path));
    const testing::TempFolder folder;
    const std::unique_ptr<Snapshot> snapshot = testing::WriteAndOpen(folder.path(), testing::PostsOf(golden));
    const absl::Status status = OpenPlan(spec, *snapshot).status();
    INFO(status);
    CHECK(ReasonOf(status) == Reason::kQueryInvalid);
    CHECK(MetadataOf(status)["field"] == "spec." + TextOf(golden["refused"]));
    ++file_count;
  }
  CHECK(file_count >= 3);
}

}  // namespace
}  // namespace millrace
