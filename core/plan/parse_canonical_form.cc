// Reads the text of a plan: ParseCanonicalForm, declared in plan_spec.h.
#include <simdjson.h>

#include <charconv>
#include <optional>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/plan/plan_spec.h"
#include "core/plan/spec_words.h"

namespace millrace {
namespace {

using simdjson::dom::element;

// The largest that the limits of plan_spec.h allow is some 6 MiB: 385 queries of 4,096 bytes of which each takes at
// most three, and 65,536 ranges of 24. Anything larger was not made here.
constexpr size_t kCanonicalFormSizeMax = 8 << 20;

// Reads the values of one object. A key that is missing where it is required, or of another type, makes ok() false.
// Unknown keys, and other spellings of the same values, are for ParseCanonicalForm to find by writing the form again.
class ObjectReader {
 public:
  explicit ObjectReader(const element& object) : object_(object), ok_(object.is_object()) {}

  bool ok() const { return ok_; }
  bool Has(const char* key) const {
    element value;
    return object_[key].get(value) == simdjson::SUCCESS;
  }

  // T is int64_t, bool or std::string_view.
  template <typename T>
  T Get(const char* key) {
    T value{};
    if (object_[key].get(value) != simdjson::SUCCESS) ok_ = false;
    return value;
  }
  int64_t GetInt(const char* key) { return Get<int64_t>(key); }
  int64_t GetIntOr0(const char* key) { return Has(key) ? GetInt(key) : 0; }
  std::string GetText(const char* key) { return std::string(Get<std::string_view>(key)); }

  template <typename Enum, size_t N>
  Enum GetWord(const char* key, const SpecWord<Enum> (&words)[N]) {
    const std::optional<Enum> value = ValueOf(words, Get<std::string_view>(key));
    if (!value.has_value()) ok_ = false;
    return value.value_or(words[0].value);
  }
  template <typename Enum, size_t N>
  Enum GetWordOr(const char* key, const SpecWord<Enum> (&words)[N], Enum otherwise) {
    return Has(key) ? GetWord(key, words) : otherwise;
  }

  // `read(element)` for every item of an array; false when it cannot be read.
  template <typename Read>
  void ForEach(const char* key, Read read) {
    simdjson::dom::array array;
    if (object_[key].get(array) != simdjson::SUCCESS) ok_ = false;
    if (!ok_) return;
    for (const element item : array) ok_ = ok_ && read(item);
  }
  // `read(element)` for an object, when there is one.
  template <typename Read>
  void Optional(const char* key, Read read) {
    element value;
    if (object_[key].get(value) == simdjson::SUCCESS) ok_ = ok_ && read(value);
  }

 private:
  const element object_;
  bool ok_;
};

bool ReadRange(const element& item, IdRange* range) {
  simdjson::dom::array ends;
  return item.get(ends) == simdjson::SUCCESS && ends.size() == 2 && ends.at(0).get(range->first) == simdjson::SUCCESS &&
         ends.at(1).get(range->last) == simdjson::SUCCESS;
}

bool ReadSplit(const element& item, SplitSpec* split) {
  ObjectReader reader(item);
  split->name = reader.GetText("name");
  split->order = reader.GetWord("order", kOrderWords);
  split->share = reader.GetIntOr0("share");
  split->block_rows = reader.GetIntOr0("block_rows");
  split->window_blocks = reader.GetIntOr0("window_blocks");
  if (reader.Has("ranges")) {
    reader.ForEach("ranges", [&](const element& range) { return ReadRange(range, &split->ranges.emplace_back()); });
  }
  return reader.ok();
}

bool ReadStratify(const element& item, StratifySpec* stratify) {
  ObjectReader reader(item);
  stratify->by = reader.GetWord("by", kStratifyByWords);
  if (stratify->by == StratifyBy::kTag) stratify->tag = reader.GetText("tag");
  if (stratify->by == StratifyBy::kCategory) stratify->category = reader.GetWord("category", kCategoryWords);
  return reader.ok();
}

bool ReadQueryWeight(const element& item, QueryWeight* weight) {
  ObjectReader reader(item);
  weight->query = reader.GetText("query");
  weight->weight = reader.GetInt("weight");
  return reader.ok();
}

bool ReadWeights(const element& item, WeightsSpec* weights) {
  ObjectReader reader(item);
  weights->by = reader.GetWord("by", kWeightsByWords);
  weights->replacement = reader.Get<bool>("replacement");
  weights->epoch_samples = reader.GetIntOr0("epoch_samples");
  if (weights->by == WeightsBy::kQueries) {
    weights->otherwise = reader.GetIntOr0("otherwise");
    reader.ForEach("queries",
                   [&](const element& query) { return ReadQueryWeight(query, &weights->queries.emplace_back()); });
  } else {
    weights->cap = reader.GetInt("cap");
    weights->power_quarters = reader.GetInt("power_quarters");
    if (reader.Has("category")) weights->category = reader.GetWord("category", kCategoryWords);
  }
  return reader.ok();
}

bool ReadMixPart(const element& item, MixPart* part) {
  ObjectReader reader(item);
  part->query = reader.GetText("query");
  part->share = reader.GetInt("share");
  return reader.ok();
}

bool ReadMix(const element& item, MixSpec* mix) {
  ObjectReader reader(item);
  mix->epoch_samples = reader.GetIntOr0("epoch_samples");
  reader.ForEach("parts", [&](const element& part) { return ReadMixPart(part, &mix->parts.emplace_back()); });
  return reader.ok();
}

bool ParseSeed(std::string_view text, uint64_t* seed) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *seed);
  return error == std::errc() && end == text.data() + text.size();
}

bool ReadPlan(const element& item, PlanSpec* spec) {
  ObjectReader reader(item);
  spec->batch_rows = reader.GetWordOr("batch_rows", kBatchRowsWords, BatchRows::kDrawn);
  spec->batch_size = reader.GetInt("batch_size");
  spec->coverage = reader.GetWordOr("coverage", kCoverageWords, Coverage::kFull);
  spec->last_batch = reader.GetWord("last_batch", kLastBatchWords);
  reader.Optional("mix", [&](const element& mix) { return ReadMix(mix, &spec->mix.emplace()); });
  spec->modulus = reader.GetIntOr0("modulus");
  if (reader.Has("query")) spec->query = reader.GetText("query");
  spec->snapshot = reader.GetText("snapshot");
  reader.ForEach("splits", [&](const element& split) { return ReadSplit(split, &spec->splits.emplace_back()); });
  spec->strategy = reader.GetWord("strategy", kStrategyWords);
  reader.Optional("stratify",
                  [&](const element& stratify) { return ReadStratify(stratify, &spec->stratify.emplace()); });
  spec->tags = reader.GetWordOr("tags", kTagReadingWords, TagReading::kAsSaid);
  spec->unit = reader.GetWordOr("unit", kUnitWords, SplitUnit::kPost);
  reader.Optional("weights", [&](const element& weights) { return ReadWeights(weights, &spec->weights.emplace()); });
  return ParseSeed(reader.Get<std::string_view>("seed"), &spec->seed) && reader.ok();
}

std::optional<PlanSpec> ReadSpec(std::string_view text) {
  if (text.size() > kCanonicalFormSizeMax) return std::nullopt;
  simdjson::dom::parser parser;
  element plan;
  PlanSpec spec;
  if (parser.parse(text.data(), text.size()).get(plan) != simdjson::SUCCESS || !plan.is_object() ||
      !ReadPlan(plan, &spec)) {
    return std::nullopt;
  }
  return spec;
}

}  // namespace

absl::StatusOr<PlanSpec> ParseCanonicalForm(std::string_view canonical_form) {
  std::optional<PlanSpec> spec = ReadSpec(canonical_form);
  if (!spec.has_value() || !ValidatePlanSpec(*spec).ok() || CanonicalForm(*spec) != canonical_form) {
    return MakeError(
        Reason::kInternal,
        absl::StrCat("this is not the canonical form of a plan that this program knows: ",
                     QuoteForMessage(canonical_form, 200), ". It was damaged, or a newer program wrote it."));
  }
  return *std::move(spec);
}

}  // namespace millrace
