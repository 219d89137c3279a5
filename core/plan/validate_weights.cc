// What the orders weighted and mixed draw by.
#include <algorithm>
#include <numeric>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/plan/plan_spec.h"
#include "core/plan/validate_spec.h"

namespace millrace {
namespace {

absl::Status ValidateEpochSamples(const char* field, int64_t value) {
  return ValidateNumber(field, value, 0, kEpochSamplesMax, "0 for as many as there are to draw from");
}

// `what` is there exactly when a split has the order.
absl::Status ValidatePresence(const PlanSpec& spec, const char* field, bool is_given, OrderKind order) {
  const bool is_wanted = HasOrder(spec, order);
  if (is_given == is_wanted) return absl::OkStatus();
  const std::string word(WordOf(kOrderWords, order));
  if (is_given) {
    return FieldError(field, absl::StrCat("is given, but no split has the order ", word,
                                          "; leave it out, or give a split that order"));
  }
  return FieldError(field, absl::StrCat("is required: a split has the order ", word));
}

absl::Status ValidateQueryWeights(const WeightsSpec& weights) {
  const std::string path = "spec.weights.queries";
  if (weights.queries.empty() || weights.queries.size() > kWeightQueryCountMax) {
    return FieldError(path + ".queries",
                      absl::StrCat("has ", weights.queries.size(), " queries; give 1 to ", kWeightQueryCountMax));
  }
  constexpr char kScale[] = "a whole number (only proportions matter: for fractions, multiply all)";
  for (size_t i = 0; i < weights.queries.size(); ++i) {
    const std::string field = absl::StrCat(path, ".queries[", i, "]");
    const QueryWeight& query = weights.queries[i];
    if (query.query.empty()) {
      return FieldError(field + ".query", "is empty; give a query, or `otherwise` for posts that match none");
    }
    MILLRACE_RETURN_IF_ERROR(ValidateText(field + ".query", query.query));
    MILLRACE_RETURN_IF_ERROR(ValidateNumber(field + ".weight", query.weight, 0, kWeightMax, kScale));
  }
  MILLRACE_RETURN_IF_ERROR(ValidateNumber(path + ".otherwise", weights.otherwise, 0, kWeightMax, kScale));
  const auto is_zero = [](const QueryWeight& query) { return query.weight == 0; };
  if (weights.otherwise > 0 || !std::all_of(weights.queries.begin(), weights.queries.end(), is_zero)) {
    return absl::OkStatus();
  }
  return FieldError(path, "has weights that are all 0, so that nothing would be drawn; give at least one above 0");
}

absl::Status ValidateTagFrequencyWeights(const WeightsSpec& weights) {
  const std::string path = "spec.weights.tag_frequency";
  MILLRACE_RETURN_IF_ERROR(ValidateNumber(path + ".power_quarters", weights.power_quarters, 1, 4,
                                          "the power in quarters (2 is the square root)"));
  MILLRACE_RETURN_IF_ERROR(ValidateNumber(path + ".cap", weights.cap, 1, kWeightCapMax, "the largest weight"));
  if (!weights.category.has_value()) return absl::OkStatus();
  return ValidateChoice(path + ".category", kCategoryWords, *weights.category);
}

// What one way of weighing takes, the other leaves at 0.
absl::Status ValidateOneWay(const WeightsSpec& weights) {
  const bool has_queries = !weights.queries.empty() || weights.otherwise != 0;
  const bool has_frequency = weights.cap != 0 || weights.power_quarters != 0 || weights.category.has_value();
  if (weights.by == WeightsBy::kQueries ? !has_frequency : !has_queries) return absl::OkStatus();
  return FieldError("spec.weights", "weighs both by queries and by tag_frequency; give one of them");
}

}  // namespace

absl::Status ValidateWeights(const PlanSpec& spec) {
  MILLRACE_RETURN_IF_ERROR(ValidatePresence(spec, "spec.weights", spec.weights.has_value(), OrderKind::kWeighted));
  if (!spec.weights.has_value()) return absl::OkStatus();
  const WeightsSpec& weights = *spec.weights;
  MILLRACE_RETURN_IF_ERROR(ValidateChoice("spec.weights.by", kWeightsByWords, weights.by));
  MILLRACE_RETURN_IF_ERROR(ValidateOneWay(weights));
  MILLRACE_RETURN_IF_ERROR(weights.by == WeightsBy::kQueries ? ValidateQueryWeights(weights)
                                                             : ValidateTagFrequencyWeights(weights));
  return ValidateEpochSamples("spec.weights.epoch_samples", weights.epoch_samples);
}

absl::Status ValidateMix(const PlanSpec& spec) {
  MILLRACE_RETURN_IF_ERROR(ValidatePresence(spec, "spec.mix", spec.mix.has_value(), OrderKind::kMixed));
  if (!spec.mix.has_value()) return absl::OkStatus();
  const std::vector<MixPart>& parts = spec.mix->parts;
  if (parts.size() < 2 || parts.size() > kMixPartCountMax) {
    return FieldError("spec.mix.parts", absl::StrCat("has ", parts.size(), " parts; give 2 to ", kMixPartCountMax));
  }
  int64_t divisor = 0;
  int64_t total = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    const std::string field = absl::StrCat("spec.mix.parts[", i, "]");
    MILLRACE_RETURN_IF_ERROR(ValidateText(field + ".query", parts[i].query));
    MILLRACE_RETURN_IF_ERROR(
        ValidateNumber(field + ".share", parts[i].share, 1, kShareMax, "a part of the total of all shares"));
    divisor = std::gcd(divisor, parts[i].share);
    total += parts[i].share;
  }
  if (total / divisor > kMixDeckMax) {
    return FieldError(
        "spec.mix.parts",
        absl::StrCat("have shares that add up to ", total / divisor, " when divided by their greatest common divisor, ",
                     divisor, "; at most ", kMixDeckMax, " are allowed: round the shares to smaller numbers"));
  }
  return ValidateEpochSamples("spec.mix.epoch_samples", spec.mix->epoch_samples);
}

}  // namespace millrace
