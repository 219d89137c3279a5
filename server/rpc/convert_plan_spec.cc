#include "server/rpc/convert_plan_spec.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/batch/plan_input_reader.h"
#include "server/rpc/request.h"

namespace millrace {
namespace {

constexpr int64_t kModulusDefault = 1000;
constexpr int64_t kBlockRowsDefault = 1024;
constexpr int64_t kWindowBlocksDefault = 16;
constexpr int64_t kPowerQuartersDefault = 2;
constexpr int64_t kWeightCapDefault = 100;

// 0 stands for the default.
int64_t OrDefault(int64_t value, int64_t otherwise) { return value == 0 ? otherwise : value; }

// The unspecified value, 0, stands for the default; all other numbers are the domain's own.
template <typename Enum>
absl::Status ReadEnum(std::string_view field, int value, bool (*known)(int), Enum otherwise, Enum* result) {
  MILLRACE_RETURN_IF_ERROR(CheckEnum(field, value, known));
  *result = value == 0 ? otherwise : static_cast<Enum>(value);
  return absl::OkStatus();
}

// Before the copy: a request may hold a million of them.
absl::Status CheckCount(std::string_view field, int count, size_t count_max, const char* what) {
  if (static_cast<size_t>(count) <= count_max) return absl::OkStatus();
  return FieldError(field, absl::StrCat("holds ", count, " ", what, "; at most ", count_max, " are allowed"));
}

absl::Status ReadSplit(const v1::SplitSpec& message, const std::string& field, SplitSpec* split) {
  split->name = message.name();
  split->share = message.share();
  MILLRACE_RETURN_IF_ERROR(
      ReadEnum(field + ".order", message.order(), v1::OrderKind_IsValid, DefaultOrder(split->name), &split->order));
  MILLRACE_RETURN_IF_ERROR(CheckCount(field + ".ranges", message.ranges_size(), kIdRangeCountMax, "ranges"));
  for (const v1::IdRange& range : message.ranges()) split->ranges.push_back({range.first(), range.last()});
  const bool has_blocks = split->order == OrderKind::kBlock;
  split->block_rows = has_blocks ? OrDefault(message.block_rows(), kBlockRowsDefault) : message.block_rows();
  split->window_blocks =
      has_blocks ? OrDefault(message.window_blocks(), kWindowBlocksDefault) : message.window_blocks();
  return absl::OkStatus();
}

absl::Status ReadSplits(const v1::PlanSpec& message, PlanSpec* spec) {
  MILLRACE_RETURN_IF_ERROR(CheckCount("spec.splits", message.splits_size(), kSplitCountMax, "splits"));
  for (int i = 0; i < message.splits_size(); ++i) {
    MILLRACE_RETURN_IF_ERROR(
        ReadSplit(message.splits(i), absl::StrCat("spec.splits[", i, "]"), &spec->splits.emplace_back()));
  }
  if (!spec->splits.empty()) return absl::OkStatus();
  if (spec->strategy == SplitStrategy::kIdRange) {
    return FieldError("spec.splits",
                      "are required with the strategy id_range: give each its ranges, for example train 0-899, test "
                      "900-949 and validation 950-999 of ids modulo 1000");
  }
  spec->splits = DefaultSplits();
  return absl::OkStatus();
}

absl::Status ReadStratify(const v1::Stratify& message, StratifySpec* stratify) {
  switch (message.by_case()) {
    case v1::Stratify::kRating:
      if (!message.rating()) return FieldError("spec.stratify.rating", "is false; give true, or a tag or a category");
      stratify->by = StratifyBy::kRating;
      return absl::OkStatus();
    case v1::Stratify::kTag:
      stratify->by = StratifyBy::kTag;
      stratify->tag = message.tag();
      return absl::OkStatus();
    case v1::Stratify::kCategory:
      stratify->by = StratifyBy::kCategory;
      return ReadEnum("spec.stratify.category", message.category(), v1::TagCategory_IsValid, TagCategory::kUnspecified,
                      &stratify->category);
    case v1::Stratify::BY_NOT_SET:
      break;
  }
  return FieldError("spec.stratify.by", "is required: give a rating, a tag or a category");
}

absl::Status ReadQueryWeights(const v1::QueryWeights& message, WeightsSpec* weights) {
  weights->by = WeightsBy::kQueries;
  weights->otherwise = message.otherwise();
  MILLRACE_RETURN_IF_ERROR(
      CheckCount("spec.weights.queries.queries", message.queries_size(), kWeightQueryCountMax, "queries"));
  for (const v1::QueryWeight& query : message.queries()) weights->queries.push_back({query.query(), query.weight()});
  return absl::OkStatus();
}

absl::Status ReadTagFrequencyWeights(const v1::TagFrequencyWeights& message, WeightsSpec* weights) {
  weights->by = WeightsBy::kTagFrequency;
  weights->power_quarters = OrDefault(message.power_quarters(), kPowerQuartersDefault);
  weights->cap = OrDefault(message.cap(), kWeightCapDefault);
  if (message.category() == v1::TAG_CATEGORY_UNSPECIFIED) return absl::OkStatus();
  return ReadEnum("spec.weights.tag_frequency.category", message.category(), v1::TagCategory_IsValid,
                  TagCategory::kUnspecified, &weights->category.emplace());
}

absl::Status ReadWeights(const v1::Weights& message, WeightsSpec* weights) {
  weights->replacement = message.replacement();
  weights->epoch_samples = message.epoch_samples();
  if (message.has_queries()) return ReadQueryWeights(message.queries(), weights);
  if (message.has_tag_frequency()) return ReadTagFrequencyWeights(message.tag_frequency(), weights);
  return FieldError("spec.weights.by", "is required: give weights by queries or by tag_frequency");
}

absl::Status ReadMix(const v1::Mix& message, MixSpec* mix) {
  mix->epoch_samples = message.epoch_samples();
  MILLRACE_RETURN_IF_ERROR(CheckCount("spec.mix.parts", message.parts_size(), kMixPartCountMax, "parts"));
  for (const v1::MixPart& part : message.parts()) mix->parts.push_back({part.query(), part.share()});
  return absl::OkStatus();
}

absl::Status ReadStrategy(const v1::PlanSpec& message, PlanSpec* spec) {
  MILLRACE_RETURN_IF_ERROR(
      ReadEnum("spec.strategy", message.strategy(), v1::SplitStrategy_IsValid, SplitStrategy::kExact, &spec->strategy));
  MILLRACE_RETURN_IF_ERROR(ReadEnum("spec.unit", message.unit(), v1::SplitUnit_IsValid, SplitUnit::kPost, &spec->unit));
  MILLRACE_RETURN_IF_ERROR(
      ReadEnum("spec.coverage", message.coverage(), v1::Coverage_IsValid, Coverage::kFull, &spec->coverage));
  MILLRACE_RETURN_IF_ERROR(
      ReadEnum("spec.batch_rows", message.batch_rows(), v1::BatchRows_IsValid, BatchRows::kDrawn, &spec->batch_rows));
  spec->modulus =
      spec->strategy == SplitStrategy::kIdRange ? OrDefault(message.modulus(), kModulusDefault) : message.modulus();
  if (!message.has_stratify()) return absl::OkStatus();
  return ReadStratify(message.stratify(), &spec->stratify.emplace());
}

void SetStratify(const StratifySpec& stratify, v1::Stratify* message) {
  switch (stratify.by) {
    case StratifyBy::kRating:
      message->set_rating(true);
      break;
    case StratifyBy::kTag:
      message->set_tag(stratify.tag);
      break;
    case StratifyBy::kCategory:
      message->set_category(static_cast<v1::TagCategory>(stratify.category));
      break;
  }
}

void SetSplit(const SplitSpec& split, v1::SplitSpec* message) {
  message->set_name(split.name);
  message->set_share(split.share);
  message->set_order(static_cast<v1::OrderKind>(split.order));
  message->set_block_rows(split.block_rows);
  message->set_window_blocks(split.window_blocks);
  for (const IdRange& range : split.ranges) {
    v1::IdRange* range_message = message->add_ranges();
    range_message->set_first(range.first);
    range_message->set_last(range.last);
  }
}

void SetWeights(const WeightsSpec& weights, v1::Weights* message) {
  message->set_replacement(weights.replacement);
  message->set_epoch_samples(weights.epoch_samples);
  if (weights.by == WeightsBy::kTagFrequency) {
    v1::TagFrequencyWeights& frequency = *message->mutable_tag_frequency();
    frequency.set_cap(static_cast<int32_t>(weights.cap));
    frequency.set_power_quarters(static_cast<int32_t>(weights.power_quarters));
    if (weights.category.has_value()) frequency.set_category(static_cast<v1::TagCategory>(*weights.category));
    return;
  }
  message->mutable_queries()->set_otherwise(weights.otherwise);
  for (const QueryWeight& query : weights.queries) {
    v1::QueryWeight* query_message = message->mutable_queries()->add_queries();
    query_message->set_query(query.query);
    query_message->set_weight(query.weight);
  }
}

void SetMix(const MixSpec& mix, v1::Mix* message) {
  message->set_epoch_samples(mix.epoch_samples);
  for (const MixPart& part : mix.parts) {
    v1::MixPart* part_message = message->add_parts();
    part_message->set_query(part.query);
    part_message->set_share(part.share);
  }
}

}  // namespace

absl::StatusOr<PlanSpec> PlanSpecOf(const v1::PlanSpec& message, std::string snapshot_digest) {
  PlanSpec spec;
  spec.snapshot = std::move(snapshot_digest);
  spec.query = message.query();
  spec.seed = message.seed();
  spec.batch_size = message.batch_size();
  MILLRACE_RETURN_IF_ERROR(ReadStrategy(message, &spec));
  MILLRACE_RETURN_IF_ERROR(ReadSplits(message, &spec));
  if (message.has_weights()) MILLRACE_RETURN_IF_ERROR(ReadWeights(message.weights(), &spec.weights.emplace()));
  if (message.has_mix()) MILLRACE_RETURN_IF_ERROR(ReadMix(message.mix(), &spec.mix.emplace()));
  MILLRACE_RETURN_IF_ERROR(
      ReadEnum("spec.last_batch", message.last_batch(), v1::LastBatch_IsValid, LastBatch::kKeep, &spec.last_batch));
  MILLRACE_RETURN_IF_ERROR(
      ReadEnum("spec.tags", message.tags(), v1::TagReading_IsValid, TagReading::kAsSaid, &spec.tags));
  MILLRACE_RETURN_IF_ERROR(CanonicalisePlanQueries(&spec));
  MILLRACE_RETURN_IF_ERROR(ValidatePlanSpec(spec));
  return spec;
}

void SetPlanSpec(const PlanSpec& spec, v1::PlanSpec* message) {
  message->set_snapshot(spec.snapshot);
  message->set_query(spec.query);
  message->set_seed(spec.seed);
  message->set_strategy(static_cast<v1::SplitStrategy>(spec.strategy));
  message->set_modulus(spec.modulus);
  if (spec.strategy == SplitStrategy::kPartitioned) {
    message->set_coverage(static_cast<v1::Coverage>(spec.coverage));
    message->set_batch_rows(static_cast<v1::BatchRows>(spec.batch_rows));
  } else if (spec.strategy != SplitStrategy::kIdRange) {
    message->set_unit(static_cast<v1::SplitUnit>(spec.unit));
  }
  if (spec.stratify.has_value()) SetStratify(*spec.stratify, message->mutable_stratify());
  for (const SplitSpec& split : spec.splits) SetSplit(split, message->add_splits());
  if (spec.weights.has_value()) SetWeights(*spec.weights, message->mutable_weights());
  if (spec.mix.has_value()) SetMix(*spec.mix, message->mutable_mix());
  message->set_batch_size(spec.batch_size);
  message->set_last_batch(static_cast<v1::LastBatch>(spec.last_batch));
  message->set_tags(static_cast<v1::TagReading>(spec.tags));
}

}  // namespace millrace
