// The text of a plan: CanonicalForm and its inverse, declared in plan_spec.h.
#include <simdjson.h>

#include <charconv>
#include <optional>

#include "absl/strings/str_cat.h"
#include "core/base/digest.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/plan/plan_spec.h"

namespace millrace {
namespace {

// 64 splits of at most 150 bytes each fit several times over; anything larger was not made here.
constexpr size_t kCanonicalFormSizeMax = 64 << 10;

template <typename Enum>
struct EnumName {
  Enum value;
  std::string_view name;
};
constexpr EnumName<SplitStrategy> kStrategies[] = {{SplitStrategy::kExact, "exact"}};
constexpr EnumName<OrderKind> kOrders[] = {{OrderKind::kEpoch, "epoch"}, {OrderKind::kFixed, "fixed"}};
constexpr EnumName<LastBatch> kLastBatches[] = {
    {LastBatch::kKeep, "keep"}, {LastBatch::kDrop, "drop"}, {LastBatch::kPad, "pad"}};

template <typename Enum, size_t N>
std::string NameOf(const EnumName<Enum> (&names)[N], Enum value) {
  for (const EnumName<Enum>& entry : names) {
    if (entry.value == value) return std::string(entry.name);
  }
  return {};  // not a valid specification
}

template <typename Enum, size_t N>
bool ReadEnum(const EnumName<Enum> (&names)[N], const simdjson::dom::element& parent, const char* key, Enum* value) {
  std::string_view text;
  if (parent[key].get(text) != simdjson::SUCCESS) return false;
  for (const EnumName<Enum>& entry : names) {
    if (entry.name != text) continue;
    *value = entry.value;
    return true;
  }
  return false;
}

bool ReadText(const simdjson::dom::element& parent, const char* key, std::string* value) {
  std::string_view text;
  if (parent[key].get(text) != simdjson::SUCCESS) return false;
  *value = std::string(text);
  return true;
}

bool ReadSplits(const simdjson::dom::element& plan, std::vector<SplitSpec>* splits) {
  simdjson::dom::array array;
  if (plan["splits"].get(array) != simdjson::SUCCESS) return false;
  for (const simdjson::dom::element element : array) {
    SplitSpec& split = splits->emplace_back();
    if (!ReadText(element, "name", &split.name) || !ReadEnum(kOrders, element, "order", &split.order) ||
        element["share"].get(split.share) != simdjson::SUCCESS) {
      return false;
    }
  }
  return true;
}

bool ReadSeed(const simdjson::dom::element& plan, uint64_t* seed) {
  std::string_view text;
  if (plan["seed"].get(text) != simdjson::SUCCESS) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *seed);
  return error == std::errc() && end == text.data() + text.size();
}

// Reads the fields; unknown keys, and other spellings of the same values, are for the caller to find by writing
// the form again.
std::optional<PlanSpec> ReadSpec(std::string_view text) {
  simdjson::dom::parser parser;
  simdjson::dom::element plan;
  if (parser.parse(text.data(), text.size()).get(plan) != simdjson::SUCCESS || !plan.is_object()) return std::nullopt;
  PlanSpec spec;
  if (plan["batch_size"].get(spec.batch_size) != simdjson::SUCCESS ||
      !ReadEnum(kLastBatches, plan, "last_batch", &spec.last_batch) || !ReadSeed(plan, &spec.seed) ||
      !ReadText(plan, "snapshot", &spec.snapshot) || !ReadSplits(plan, &spec.splits) ||
      !ReadEnum(kStrategies, plan, "strategy", &spec.strategy)) {
    return std::nullopt;
  }
  return spec;
}

}  // namespace

// Nothing needs escaping: names and digests are of plain characters. The keys of every object are in byte order.
std::string CanonicalForm(const PlanSpec& spec) {
  std::string splits;
  for (const SplitSpec& split : spec.splits) {
    absl::StrAppend(&splits, splits.empty() ? "" : ",", "{\"name\":\"", split.name, "\",\"order\":\"",
                    NameOf(kOrders, split.order), "\",\"share\":", split.share, "}");
  }
  return absl::StrCat("{\"batch_size\":", spec.batch_size, ",\"last_batch\":\"", NameOf(kLastBatches, spec.last_batch),
                      "\",\"seed\":\"", spec.seed, "\",\"snapshot\":\"", spec.snapshot, "\",\"splits\":[", splits,
                      "],\"strategy\":\"", NameOf(kStrategies, spec.strategy), "\",\"version\":1}");
}

absl::StatusOr<PlanSpec> ParseCanonicalForm(std::string_view canonical_form) {
  std::optional<PlanSpec> spec;
  if (canonical_form.size() <= kCanonicalFormSizeMax) spec = ReadSpec(canonical_form);
  if (!spec.has_value() || !ValidatePlanSpec(*spec).ok() || CanonicalForm(*spec) != canonical_form) {
    return MakeError(
        Reason::kInternal,
        absl::StrCat("this is not the canonical form of a plan that this program knows: ",
                     QuoteForMessage(canonical_form, 200), ". It was damaged, or a newer program wrote it."));
  }
  return *std::move(spec);
}

std::string PlanIdOf(std::string_view canonical_form) { return HexEncode(Sha256Of(canonical_form)); }

}  // namespace millrace
