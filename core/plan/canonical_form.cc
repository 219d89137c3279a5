// The text of a plan: CanonicalForm and PlanIdOf, declared in plan_spec.h. parse_canonical_form.cc reads it.
#include <string>

#include "core/base/digest.h"
#include "core/base/text.h"
#include "core/plan/json_object.h"
#include "core/plan/plan_spec.h"
#include "core/plan/spec_words.h"

namespace millrace {
namespace {

std::string RangeForm(const IdRange& range) {
  return "[" + std::to_string(range.first) + "," + std::to_string(range.last) + "]";
}

std::string SplitForm(const PlanSpec& spec, const SplitSpec& split) {
  const bool has_blocks = split.order == OrderKind::kBlock;
  JsonObject object;
  if (has_blocks) object.Add("block_rows", split.block_rows);
  object.Add("name", split.name).Add("order", WordOf(kOrderWords, split.order));
  if (spec.strategy == SplitStrategy::kIdRange) {
    object.AddRaw("ranges", JsonArray(split.ranges, RangeForm));
  } else {
    object.Add("share", split.share);
  }
  if (has_blocks) object.Add("window_blocks", split.window_blocks);
  return object.Take();
}

std::string StratifyForm(const StratifySpec& stratify) {
  JsonObject object;
  object.Add("by", WordOf(kStratifyByWords, stratify.by));
  if (stratify.by == StratifyBy::kCategory) object.Add("category", WordOf(kCategoryWords, stratify.category));
  if (stratify.by == StratifyBy::kTag) object.Add("tag", stratify.tag);
  return object.Take();
}

std::string QueryWeightForm(const QueryWeight& weight) {
  return JsonObject().Add("query", weight.query).Add("weight", weight.weight).Take();
}

std::string WeightsForm(const WeightsSpec& weights) {
  const bool is_by_queries = weights.by == WeightsBy::kQueries;
  JsonObject object;
  object.Add("by", WordOf(kWeightsByWords, weights.by));
  if (!is_by_queries) object.Add("cap", weights.cap);
  if (weights.category.has_value()) object.Add("category", WordOf(kCategoryWords, *weights.category));
  if (weights.epoch_samples != 0) object.Add("epoch_samples", weights.epoch_samples);
  if (weights.otherwise != 0) object.Add("otherwise", weights.otherwise);
  if (!is_by_queries) object.Add("power_quarters", weights.power_quarters);
  if (is_by_queries) object.AddRaw("queries", JsonArray(weights.queries, QueryWeightForm));
  return object.Add("replacement", weights.replacement).Take();
}

std::string MixPartForm(const MixPart& part) {
  return JsonObject().Add("query", part.query).Add("share", part.share).Take();
}

std::string MixForm(const MixSpec& mix) {
  JsonObject object;
  if (mix.epoch_samples != 0) object.Add("epoch_samples", mix.epoch_samples);
  return object.AddRaw("parts", JsonArray(mix.parts, MixPartForm)).Take();
}

}  // namespace

std::string CanonicalForm(const PlanSpec& spec) {
  JsonObject plan;
  if (spec.batch_rows != BatchRows::kDrawn) plan.Add("batch_rows", WordOf(kBatchRowsWords, spec.batch_rows));
  plan.Add("batch_size", spec.batch_size);
  if (spec.coverage != Coverage::kFull) plan.Add("coverage", WordOf(kCoverageWords, spec.coverage));
  plan.Add("last_batch", WordOf(kLastBatchWords, spec.last_batch));
  if (spec.mix.has_value()) plan.AddRaw("mix", MixForm(*spec.mix));
  if (spec.strategy == SplitStrategy::kIdRange) plan.Add("modulus", spec.modulus);
  if (!spec.query.empty()) plan.Add("query", spec.query);
  plan.Add("seed", std::to_string(spec.seed));
  plan.Add("snapshot", spec.snapshot);
  plan.AddRaw("splits", JsonArray(spec.splits, [&](const SplitSpec& split) { return SplitForm(spec, split); }));
  plan.Add("strategy", WordOf(kStrategyWords, spec.strategy));
  if (spec.stratify.has_value()) plan.AddRaw("stratify", StratifyForm(*spec.stratify));
  if (spec.tags != TagReading::kAsSaid) plan.Add("tags", WordOf(kTagReadingWords, spec.tags));
  if (spec.unit != SplitUnit::kPost) plan.Add("unit", WordOf(kUnitWords, spec.unit));
  plan.Add("version", int64_t{1});
  if (spec.weights.has_value()) plan.AddRaw("weights", WeightsForm(*spec.weights));
  return plan.Take();
}

std::string PlanIdOf(std::string_view canonical_form) { return HexEncode(Sha256Of(canonical_form)); }

}  // namespace millrace
