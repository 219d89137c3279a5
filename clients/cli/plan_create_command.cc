#include "clients/cli/plan_create_command.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iostream>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "clients/cli/arguments.h"
#include "clients/cli/json.h"
#include "clients/cli/plan_arguments.h"
#include "clients/cli/plan_table.h"

namespace millrace::cli {
namespace {

// The enum value of a word that IsMember has checked: "id_range" is SPLIT_STRATEGY_ID_RANGE.
template <typename Enum>
Enum ValueOf(bool (*parse)(google::protobuf::ConstStringParam, Enum*), const char* prefix, const std::string& word) {
  Enum value{};
  parse(absl::StrCat(prefix, absl::AsciiStrToUpper(word)), &value);
  return value;
}

CLI::Option* AddRepeated(CLI::App& app, const std::string& name, std::vector<std::string>& values,
                         const std::string& description, const std::string& type_name) {
  return app.add_option(name, values, description)->type_name(type_name)->take_all()->expected(1);
}

}  // namespace

CreatePlanCommand::CreatePlanCommand(CLI::App* app) : Command(app) {
  scope_.AddTo(*app, Scope::Style::kFlagsOnly);
  const size_t shared_option_count = app->get_options().size();
  app->add_option("-b,--batch-size", batch_size_, "Samples of a step over all ranks together; required");
  app->add_option("-q,--query", query_, "Which posts; all when left out")->type_name("QUERY");
  app->add_option("--seed", seed_, "Chooses among all splits and orders; 0 when left out");
  AddSplitFlags();
  AddDrawFlags();
  app->add_option("--last", last_, "What to do with an epoch's last batch when it is not full")
      ->check(CLI::IsMember({"keep", "drop", "pad"}))
      ->capture_default_str();
  tags_.AddTo(*app, ", for queries, strata, weights, units and in the batches");
  const std::vector<CLI::Option*> options = app->get_options();
  CLI::Option* spec = app->add_option("--spec", spec_file_,
                                      "A millrace.v1.PlanSpec as JSON instead of the other flags; - reads it from "
                                      "standard input")
                          ->type_name("FILE");
  for (size_t i = shared_option_count; i < options.size(); ++i) spec->excludes(options[i]);
  app->parse_complete_callback([this, spec] {
    if (!batch_size_.has_value() && spec->count() == 0) throw CLI::RequiredError("--batch-size");
  });
}

void CreatePlanCommand::AddSplitFlags() {
  AddRepeated(
      *app(), "--split", splits_,
      "A named share of the posts, once for each split, or ranges of ids such as validation=950-999; ORDER is epoch, "
      "fixed, sequential, block, block:ROWSxBLOCKS, weighted or mixed. train=80, validation=10 and test=10 when "
      "left out",
      "NAME=SHARE[:ORDER]");
  app()
      ->add_option("--strategy", strategy_, "How posts are dealt to the splits; exact when no other flag says more")
      ->check(CLI::IsMember({"exact", "hash", "id_range", "stratified", "partitioned"}));
  app()
      ->add_option("--unit", unit_, "What one split holds whole")
      ->check(CLI::IsMember({"post", "parent", "artist", "pool"}));
  app()->add_option("--modulus", modulus_, "Ranges are of ids modulo this; 1000 when left out");
  app()
      ->add_option("--stratify", stratify_, "Split every stratum alike: by rating, tag:NAME or category:CATEGORY")
      ->type_name("BY");
  app()->add_option("--coverage", coverage_, "How much of a partition is used")->check(CLI::IsMember({"full", "half"}));
  app()
      ->add_option("--batch-rows", batch_rows_, "In which order the rows of a partition's batch stand")
      ->check(CLI::IsMember({"drawn", "ascending"}));
}

void CreatePlanCommand::AddDrawFlags() {
  AddRepeated(*app(), "--weight", weights_,
              "For splits with the order weighted: the weight of posts that match, a whole number; the first match "
              "counts. Once for each query",
              "QUERY=WEIGHT");
  app()->add_option("--weight-otherwise", weight_otherwise_, "The weight of posts that match none; 0 when left out");
  app()->add_flag("--weights-by-tag-frequency", weights_by_tag_frequency_,
                  "For splits with the order weighted: the rarer a post's rarest tag, the larger its weight");
  app()->add_option("--weight-category", weight_category_, "Only tags of this category count")->type_name("CATEGORY");
  app()->add_option("--weight-power", weight_power_, "The power of rarity in quarters, 1 to 4; 2 when left out");
  app()->add_option("--weight-cap", weight_cap_, "The largest weight; 100 when left out");
  app()->add_flag("--replacement", replacement_, "A post may be drawn several times an epoch");
  AddRepeated(*app(), "--mix", mix_,
              "For splits with the order mixed: posts that match, and their share of every epoch, a whole number. Once "
              "for each part; an empty query takes all that are left",
              "QUERY=SHARE");
  app()->add_option("--epoch-samples", epoch_samples_, "Samples of an epoch of weighted and mixed splits");
}

Outcome CreatePlanCommand::FillSplits(v1::PlanSpec* spec) const {
  for (const std::string& text : splits_) {
    const auto split = ParseSplit(text);
    if (!split.has_value()) {
      return UsageError(
          absl::StrCat("--split ", text, ": not NAME=SHARE, NAME=FIRST-LAST or one of them with :ORDER"),
          "For example --split train=90 --split validation=10:fixed, or --split validation=950-999; ORDER is "
          "epoch, fixed, sequential, block, block:1024x16, weighted or mixed.");
    }
    *spec->add_splits() = *split;
  }
  return {};
}

// Flags that only one strategy takes stand for it.
void CreatePlanCommand::FillStrategy(v1::PlanSpec* spec) const {
  const bool has_ranges = std::any_of(spec->splits().begin(), spec->splits().end(),
                                      [](const v1::SplitSpec& split) { return split.ranges_size() > 0; });
  if (!strategy_.empty()) {
    spec->set_strategy(ValueOf<v1::SplitStrategy>(v1::SplitStrategy_Parse, "SPLIT_STRATEGY_", strategy_));
  } else if (has_ranges) {
    spec->set_strategy(v1::SPLIT_STRATEGY_ID_RANGE);
  } else if (!stratify_.empty()) {
    spec->set_strategy(v1::SPLIT_STRATEGY_STRATIFIED);
  } else if (!coverage_.empty() || !batch_rows_.empty()) {
    spec->set_strategy(v1::SPLIT_STRATEGY_PARTITIONED);
  }
  if (!unit_.empty()) spec->set_unit(ValueOf<v1::SplitUnit>(v1::SplitUnit_Parse, "SPLIT_UNIT_", unit_));
  if (modulus_.has_value()) spec->set_modulus(*modulus_);
  if (!coverage_.empty()) spec->set_coverage(ValueOf<v1::Coverage>(v1::Coverage_Parse, "COVERAGE_", coverage_));
  if (!batch_rows_.empty()) {
    spec->set_batch_rows(ValueOf<v1::BatchRows>(v1::BatchRows_Parse, "BATCH_ROWS_", batch_rows_));
  }
}

Outcome CreatePlanCommand::FillWeights(v1::PlanSpec* spec) const {
  const bool has_queries = !weights_.empty() || weight_otherwise_.has_value();
  if (has_queries && weights_by_tag_frequency_) {
    return UsageError("--weight and --weights-by-tag-frequency exclude each other");
  }
  const bool has_frequency_flag = !weight_category_.empty() || weight_power_.has_value() || weight_cap_.has_value();
  if (has_frequency_flag && !weights_by_tag_frequency_) {
    return UsageError("--weight-category, --weight-power and --weight-cap need --weights-by-tag-frequency");
  }
  if (!has_queries && !weights_by_tag_frequency_) {
    return replacement_ ? UsageError("--replacement needs --weight or --weights-by-tag-frequency") : Outcome();
  }
  v1::Weights& weights = *spec->mutable_weights();
  weights.set_replacement(replacement_);
  if (epoch_samples_.has_value()) weights.set_epoch_samples(*epoch_samples_);
  for (const std::string& text : weights_) {
    v1::QueryWeight* weight = weights.mutable_queries()->add_queries();
    int64_t number = 0;
    const Outcome outcome = ParseQueryNumber("--weight", text, 0, weight->mutable_query(), &number);
    if (!outcome.ok()) return outcome;
    weight->set_weight(number);
  }
  if (weight_otherwise_.has_value()) weights.mutable_queries()->set_otherwise(*weight_otherwise_);
  if (!weights_by_tag_frequency_) return {};
  v1::TagFrequencyWeights& frequency = *weights.mutable_tag_frequency();
  if (weight_power_.has_value()) frequency.set_power_quarters(*weight_power_);
  if (weight_cap_.has_value()) frequency.set_cap(*weight_cap_);
  if (weight_category_.empty()) return {};
  const auto category = ParseCategory(weight_category_);
  if (!category.has_value()) {
    return UsageError(absl::StrCat("--weight-category ", weight_category_, ": there is no such category"),
                      "For example --weight-category character.");
  }
  frequency.set_category(*category);
  return {};
}

Outcome CreatePlanCommand::FillMix(v1::PlanSpec* spec) const {
  for (const std::string& text : mix_) {
    v1::MixPart* part = spec->mutable_mix()->add_parts();
    int64_t number = 0;
    const Outcome outcome = ParseQueryNumber("--mix", text, 1, part->mutable_query(), &number);
    if (!outcome.ok()) return outcome;
    part->set_share(number);
  }
  if (spec->has_mix() && epoch_samples_.has_value()) spec->mutable_mix()->set_epoch_samples(*epoch_samples_);
  if (epoch_samples_.has_value() && !spec->has_mix() && !spec->has_weights()) {
    return UsageError("--epoch-samples needs --weight, --weights-by-tag-frequency or --mix");
  }
  return {};
}

Outcome CreatePlanCommand::FillFromFlags(v1::PlanSpec* spec) const {
  if (const Outcome outcome = FillSplits(spec); !outcome.ok()) return outcome;
  FillStrategy(spec);
  if (!stratify_.empty()) {
    const auto stratify = ParseStratify(stratify_);
    if (!stratify.has_value()) {
      return UsageError(absl::StrCat("--stratify ", stratify_, ": not rating, tag:NAME or category:CATEGORY"),
                        "For example --stratify rating, --stratify tag:1girl or --stratify category:character.");
    }
    *spec->mutable_stratify() = *stratify;
  }
  if (const Outcome outcome = FillWeights(spec); !outcome.ok()) return outcome;
  if (const Outcome outcome = FillMix(spec); !outcome.ok()) return outcome;
  spec->set_query(query_);
  spec->set_batch_size(*batch_size_);
  if (seed_.has_value()) spec->set_seed(*seed_);
  spec->set_last_batch(ValueOf<v1::LastBatch>(v1::LastBatch_Parse, "LAST_BATCH_", last_));
  spec->set_tags(tags_.value());
  return {};
}

Outcome CreatePlanCommand::FillFromFile(v1::PlanSpec* spec) const {
  std::ifstream file;
  errno = 0;
  if (spec_file_ != "-") file.open(spec_file_);
  std::istream& in = spec_file_ == "-" ? std::cin : file;
  const std::string json{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in.good() && !in.eof()) return FileError("read", spec_file_);
  if (const std::string error = ParseJson(json, spec); !error.empty()) {
    return UsageError(absl::StrCat("--spec ", spec_file_, ": not a PlanSpec as JSON: ", error),
                      "For example {\"batch_size\": 256, \"splits\": [{\"name\": \"train\", \"share\": 1}]}.");
  }
  return {};
}

Outcome CreatePlanCommand::Run(Session& session) {
  v1::CreatePlanRequest request;
  v1::PlanSpec& spec = *request.mutable_spec();
  const Outcome filled = spec_file_.empty() ? FillFromFlags(&spec) : FillFromFile(&spec);
  if (!filled.ok()) return filled;
  const bool has_scope_flag = app()->count("--dataset") + app()->count("--snapshot") > 0;
  if (has_scope_flag || spec.source_case() == v1::PlanSpec::SOURCE_NOT_SET) {
    if (const Outcome outcome = scope_.Fill(session, spec); !outcome.ok()) return outcome;
  }
  v1::CreatePlanResponse response;
  Client& client = session.client;
  if (const Outcome outcome = client.Call(client.plans(), &v1::PlanService::Stub::CreatePlan, request, &response);
      !outcome.ok()) {
    return outcome;
  }
  if (Outcome outcome =
          CheckTagReading(spec.tags(), response.plan().spec().tags(), "made plan " + response.plan().id());
      !outcome.ok()) {
    return outcome;
  }
  if (session.options.json) {
    PrintJson(response, session.out());
    return {};
  }
  PrintPlan(response.plan(), session.options.full, session.output.out_terminal, session.out());
  if (!response.created()) session.out() << "\nThe plan was there already.\n";
  return {};
}

}  // namespace millrace::cli
