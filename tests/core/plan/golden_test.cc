// Goal: the batches of released plans never change. Method: every golden vector (docs/plan-specification.md, section 9)
// computed anew; tests/golden/check_plans.py does the same without this code.
#include <simdjson.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/text.h"
#include "core/plan/plan.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using simdjson::dom::element;

std::filesystem::path GoldenFolder() { return MILLRACE_GOLDEN_FOLDER; }

int64_t Integer(const element& value) { return value; }

std::vector<int64_t> Integers(const element& array) {
  std::vector<int64_t> integers;
  for (const element number : array.get_array()) integers.push_back(Integer(number));
  return integers;
}

std::string Text(const element& value) { return std::string(std::string_view(value)); }
uint64_t Seed(const element& value) { return std::strtoull(Text(value).c_str(), nullptr, 10); }

TEST_CASE("keys and permutations are the golden ones") {
  simdjson::dom::parser parser;
  const element golden = parser.load((GoldenFolder() / "permutations.json").string());
  size_t count = 0;
  for (const element entry : golden["selection_keys"].get_array()) {
    CHECK(HexEncode(SelectionKey(Seed(entry["seed"]))) == Text(entry["key"]));
    ++count;
  }
  for (const element entry : golden["epoch_keys"].get_array()) {
    const PermutationKey key = EpochKey(Seed(entry["seed"]), Text(entry["split"]), entry["epoch"]);
    CHECK(HexEncode(key) == Text(entry["key"]));
    ++count;
  }
  for (const element entry : golden["permutations"].get_array()) {
    const Permutation permutation =
        Permutation::Create(entry["size"], HexDecode<32>(Text(entry["key"])).value()).value();
    std::vector<int64_t> elements = Integers(entry["indices"]);
    permutation.Apply(absl::MakeSpan(elements));
    CHECK(elements == Integers(entry["elements"]));
    ++count;
  }
  CHECK(count == 78);
}

// The plan of a golden file. Its keys are in canonical order there, so printing it compactly is its canonical form.
Plan OpenGolden(const element& golden) {
  const std::string canonical_form = simdjson::minify(golden["plan"]);
  CHECK(PlanIdOf(canonical_form) == Text(golden["plan_id"]));
  return Plan::Open(ParseCanonicalForm(canonical_form).value(), golden["selection_size"]).value();
}

void CheckSplits(const Plan& plan, const element& golden) {
  size_t i = 0;
  for (const element expected : golden["splits"].get_array()) {
    REQUIRE(i < plan.splits().size());
    CHECK(plan.splits()[i].name == Text(expected["name"]));
    CHECK(plan.splits()[i].sample_count == Integer(expected["sample_count"]));
    CHECK(plan.splits()[i].batch_count == Integer(expected["batch_count"]));
    ++i;
  }
  CHECK(i == plan.splits().size());
}

void CheckBatch(const Plan& plan, const element& expected) {
  const size_t split = plan.FindSplit(Text(expected["split"])).value();
  const Position position = {expected["epoch"], expected["step"]};
  const Rank rank = {static_cast<int32_t>(Integer(expected["rank"])),
                     static_cast<int32_t>(Integer(expected["world_size"]))};
  const BatchSlice slice = plan.Slice(split, position, rank).value();
  CHECK(slice.global_sample_count == Integer(expected["global_sample_count"]));
  CHECK(slice.global_offset == Integer(expected["global_offset"]));
  CHECK(slice.padding_count == Integer(expected["padding_count"]));
  std::vector<int64_t> rows(static_cast<size_t>(slice.sample_count));
  plan.OpenEpoch(split, position.epoch)->Rows(slice.first_sample, absl::MakeSpan(rows));
  CHECK(rows == Integers(expected["rows"]));
}

std::string RowsDigest(const Plan& plan, const element& stretch) {
  const size_t split = plan.FindSplit(Text(stretch["split"])).value();
  const EpochOrder order = plan.OpenEpoch(split, stretch["epoch"]).value();
  Sha256 hash;
  std::vector<int64_t> rows;
  std::string bytes;
  for (int64_t step = stretch["first_step"]; step < Integer(stretch["end_step"]); ++step) {
    const BatchSlice slice = plan.Slice(split, {stretch["epoch"], step}, {}).value();
    rows.resize(static_cast<size_t>(slice.sample_count));
    order.Rows(slice.first_sample, absl::MakeSpan(rows));
    bytes.clear();
    for (const int64_t row : rows) {
      for (int shift = 0; shift < 64; shift += 8) bytes.push_back(static_cast<char>(row >> shift & 0xff));
    }
    hash.Update(bytes.data(), bytes.size());
  }
  return HexEncode(hash.Finish());
}

TEST_CASE("plans and batches are the golden ones") {
  size_t file_count = 0, batch_count = 0, stretch_count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(GoldenFolder() / "plans")) {
    CAPTURE(entry.path().string());
    simdjson::dom::parser parser;
    const element golden = parser.load(entry.path().string());
    const Plan plan = OpenGolden(golden);
    CheckSplits(plan, golden);
    for (const element expected : golden["batches"].get_array()) {
      CheckBatch(plan, expected);
      ++batch_count;
    }
    for (const element stretch : golden["stretches"].get_array()) {
      CHECK(RowsDigest(plan, stretch) == Text(stretch["rows_sha256"]));
      ++stretch_count;
    }
    ++file_count;
  }
  CHECK(file_count >= 8);
  CHECK(batch_count >= 600);
  CHECK(stretch_count >= 10);
}

}  // namespace
}  // namespace millrace
