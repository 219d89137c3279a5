// Goal: what the flags of `millrace plan create` say reaches the server, what they leave out stays unsaid, and flags
// that make no sense together are refused before the server is asked. Method: whole command lines against a server with
// canned answers.
#include "clients/cli/plan_create_command.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "clients/cli/app.h"
#include "tests/cli/fake_server.h"
#include "tests/support/catch.h"

namespace millrace::cli {
namespace {

struct Result {
  int exit_code;
  std::string err;
};

Result Create(const FakeServer& server, std::vector<std::string> flags) {
  std::vector<std::string> arguments = {"plan", "create", "--address", server.address()};
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  std::ostringstream out, err;
  Interrupt interrupt;
  const int exit_code = RunCli(arguments, Output{out, Terminal{}, err, Terminal{}}, interrupt);
  return {exit_code, err.str()};
}

v1::PlanSpec SpecOf(std::vector<std::string> flags) {
  FakeServer server;
  flags.insert(flags.end(), {"-b", "64", "-d", "x"});
  const Result result = Create(server, std::move(flags));
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  REQUIRE(server.plans.create_plan.size() == 1);
  return server.plans.create_plan[0].spec();
}

// A file that lives as long as the object.
struct TempFile {
  std::string path;
  explicit TempFile(const std::string& content) {
    path = (std::filesystem::temp_directory_path() / "millrace-plan-XXXXXX").string();
    REQUIRE(close(mkstemp(path.data())) == 0);
    std::ofstream(path) << content;
  }
  ~TempFile() { std::filesystem::remove(path); }
};

TEST_CASE("a server that passes the reading of tags over is noticed by the plan that comes back") {
  FakeServer server;  // is of before there were readings
  const Result result = Create(server, {"-b", "64", "-d", "x", "--tags", "applied"});
  CHECK(result.exit_code == 1);
  CHECK(result.err.find("it made plan " + std::string(64, 'a') + " by tags as said") != std::string::npos);
  CHECK(Create(server, {"-b", "64", "-d", "x", "--tags", "as-said"}).exit_code == 0);
  REQUIRE(server.plans.create_plan.size() == 2);
  CHECK(server.plans.create_plan[0].spec().tags() == v1::TAG_READING_APPLIED);
  server.plans.knows_readings = true;
  CHECK(Create(server, {"-b", "64", "-d", "x", "--tags", "applied"}).exit_code == 0);
}

TEST_CASE("what is not said stays unsaid") {
  v1::PlanSpec expected;
  expected.set_dataset("x");
  expected.set_batch_size(64);
  expected.set_last_batch(v1::LAST_BATCH_KEEP);
  CHECK(SpecOf({}).SerializeAsString() == expected.SerializeAsString());
}

TEST_CASE("strategies and what they take") {
  const v1::PlanSpec hash = SpecOf({"--query=-comic 1girl", "--strategy", "hash", "--unit", "parent"});
  CHECK(hash.query() == "-comic 1girl");
  CHECK(SpecOf({"--query", "-comic 1girl"}).query() == "-comic 1girl");
  CHECK(SpecOf({"-q", "-hat"}).query() == "-hat");
  CHECK(hash.strategy() == v1::SPLIT_STRATEGY_HASH);
  CHECK(hash.unit() == v1::SPLIT_UNIT_PARENT);
  const v1::PlanSpec half = SpecOf({"--strategy", "partitioned", "--coverage", "half", "--batch-rows", "ascending"});
  CHECK(half.strategy() == v1::SPLIT_STRATEGY_PARTITIONED);
  CHECK(half.coverage() == v1::COVERAGE_HALF);
  CHECK(half.batch_rows() == v1::BATCH_ROWS_ASCENDING);
  const v1::PlanSpec ranges = SpecOf({"--strategy", "id_range", "--modulus", "100", "--split", "train=0-99"});
  CHECK(ranges.strategy() == v1::SPLIT_STRATEGY_ID_RANGE);
  CHECK(ranges.modulus() == 100);
}

TEST_CASE("a flag that only one strategy takes stands for it") {
  CHECK(SpecOf({"--split", "train=0-899"}).strategy() == v1::SPLIT_STRATEGY_ID_RANGE);
  CHECK(SpecOf({"--stratify", "rating"}).strategy() == v1::SPLIT_STRATEGY_STRATIFIED);
  CHECK(SpecOf({"--stratify", "tag:1girl"}).stratify().tag() == "1girl");
  CHECK(SpecOf({"--coverage", "half"}).strategy() == v1::SPLIT_STRATEGY_PARTITIONED);
  CHECK(SpecOf({"--batch-rows", "drawn"}).strategy() == v1::SPLIT_STRATEGY_PARTITIONED);
  // Not against what is said; the server explains what does not go together.
  CHECK(SpecOf({"--stratify", "rating", "--strategy", "hash"}).strategy() == v1::SPLIT_STRATEGY_HASH);
}

TEST_CASE("weights by queries") {
  const v1::PlanSpec spec = SpecOf({"--split", "train=1:weighted", "--weight", "score:>=10=3", "--weight=-comic=0",
                                    "--weight-otherwise", "1", "--replacement", "--epoch-samples", "500"});
  REQUIRE(spec.weights().queries().queries_size() == 2);
  CHECK(spec.weights().queries().queries(0).query() == "score:>=10");
  CHECK(spec.weights().queries().queries(0).weight() == 3);
  CHECK(spec.weights().queries().queries(1).query() == "-comic");
  CHECK(spec.weights().queries().queries(1).weight() == 0);
  CHECK(spec.weights().queries().otherwise() == 1);
  CHECK(spec.weights().replacement());
  CHECK(spec.weights().epoch_samples() == 500);
  CHECK_FALSE(spec.has_mix());
}

TEST_CASE("weights by tag frequency") {
  const v1::PlanSpec spec = SpecOf({"--split", "train=1:weighted", "--weights-by-tag-frequency", "--weight-category",
                                    "artist", "--weight-power", "1", "--weight-cap", "50"});
  CHECK(spec.weights().tag_frequency().category() == v1::TAG_CATEGORY_ARTIST);
  CHECK(spec.weights().tag_frequency().power_quarters() == 1);
  CHECK(spec.weights().tag_frequency().cap() == 50);
  CHECK(SpecOf({"--weights-by-tag-frequency"}).weights().has_tag_frequency());
}

TEST_CASE("mixes") {
  const v1::PlanSpec spec =
      SpecOf({"--split", "train=1:mixed", "--mix", "1girl=3", "--mix", "=1", "--epoch-samples", "9"});
  REQUIRE(spec.mix().parts_size() == 2);
  CHECK(spec.mix().parts(0).query() == "1girl");
  CHECK(spec.mix().parts(0).share() == 3);
  CHECK(spec.mix().parts(1).query().empty());
  CHECK(spec.mix().epoch_samples() == 9);
  CHECK_FALSE(spec.has_weights());
}

TEST_CASE("a whole specification comes from a file") {
  FakeServer server;
  const TempFile file(R"({"batch_size": 32, "seed": "7", "query": "1girl", "splits": [{"name": "a", "order": )"
                      R"("ORDER_KIND_BLOCK", "share": 1}], "weights": {"tag_frequency": {}}})");
  CHECK(Create(server, {"-d", "x", "--spec", file.path}).exit_code == 0);
  REQUIRE(server.plans.create_plan.size() == 1);
  const v1::PlanSpec& spec = server.plans.create_plan[0].spec();
  CHECK(spec.dataset() == "x");
  CHECK(spec.seed() == 7);
  CHECK(spec.splits(0).order() == v1::ORDER_KIND_BLOCK);
  CHECK(spec.weights().has_tag_frequency());

  const TempFile named(R"({"batch_size": 32, "dataset": "y"})");
  CHECK(Create(server, {"--spec", named.path}).exit_code == 0);
  CHECK(Create(server, {"--spec", named.path, "-d", "z"}).exit_code == 0);
  CHECK(server.plans.create_plan[1].spec().dataset() == "y");
  CHECK(server.plans.create_plan[2].spec().dataset() == "z");
}

TEST_CASE("flags that make no sense are refused before the server is asked") {
  FakeServer server;
  const TempFile file(R"({"batch_size": 32})");
  const TempFile unknown(R"({"batch_size": 32, "shuffle": true})");
  const TempFile fraction(R"({"batch_size": 32, "weights": {"queries": {"otherwise": 0.5}}})");
  const std::vector<std::vector<std::string>> lines = {
      {},
      {"--seed", "1"},
      {"-b", "4", "--strategy", "random"},
      {"-b", "4", "--unit", "uploader"},
      {"-b", "4", "--coverage", "most"},
      {"-b", "4", "--stratify", "score"},
      {"-b", "4", "--split", "train=0.5"},
      {"-b", "4", "--weight", "1girl=0.5"},
      {"-b", "4", "--weight", "1girl=nan"},
      {"-b", "4", "--weight", "1girl=-1"},
      {"-b", "4", "--weight", "1girl"},
      {"-b", "4", "--weight-otherwise", "0.5"},
      {"-b", "4", "--weight", "a=1", "--weights-by-tag-frequency"},
      {"-b", "4", "--weight-cap", "5"},
      {"-b", "4", "--weights-by-tag-frequency", "--weight-category", "colour"},
      {"-b", "4", "--replacement"},
      {"-b", "4", "--mix", "a=0"},
      {"-b", "4", "--mix", "a=0.5"},
      {"-b", "4", "--epoch-samples", "5"},
      {"--spec", file.path, "-b", "4"},
      {"--spec", file.path, "--split", "train=1"},
      {"--spec", unknown.path},
      {"--spec", fraction.path},
  };
  for (const auto& line : lines) {
    CAPTURE(line);
    const Result result = Create(server, line);
    CHECK(result.exit_code == 2);
    CHECK_FALSE(result.err.empty());
  }
  CHECK(Create(server, {"--spec", file.path + "-missing"}).exit_code == 1);
  CHECK(server.plans.create_plan.empty());
}

}  // namespace
}  // namespace millrace::cli
