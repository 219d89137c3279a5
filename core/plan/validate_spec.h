// The parts of ValidatePlanSpec (plan_spec.h). Each gives kFieldInvalid naming the first field at fault, as the request
// spells it, or OK.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/plan/plan_spec.h"
#include "core/plan/spec_words.h"

namespace millrace {

// Names, orders with what belongs to them, and shares; with kIdRange ranges instead.
absl::Status ValidateSplits(const PlanSpec& spec);
// Of kIdRange: in each split ascending, in the whole plan none that overlap.
absl::Status ValidateIdRanges(const PlanSpec& spec);
// That the strategy and what is given for it go together: unit, modulus, stratify, coverage, batch_rows.
absl::Status ValidateStrategy(const PlanSpec& spec);
// weights and mix.
absl::Status ValidateWeights(const PlanSpec& spec);
absl::Status ValidateMix(const PlanSpec& spec);

// A text that a canonical form can hold: UTF-8 without control characters, at most kQuerySizeMax bytes.
absl::Status ValidateText(std::string_view field, std::string_view text);

bool HasOrder(const PlanSpec& spec, OrderKind order);

// An enum's number must be in `words`. The message lists them as the contract spells them: EXACT (1).
template <typename Enum, size_t N>
absl::Status ValidateChoice(std::string_view field, const SpecWord<Enum> (&words)[N], Enum value) {
  if (!WordOf(words, value).empty()) return absl::OkStatus();
  std::string choices;
  for (size_t i = 0; i < N; ++i) {
    absl::StrAppend(&choices,
                    i == 0       ? ""
                    : i + 1 == N ? " or "
                                 : ", ",
                    absl::AsciiStrToUpper(absl::string_view(words[i].word.data(), words[i].word.size())), " (",
                    static_cast<int>(words[i].value), ")");
  }
  return FieldError(field, absl::StrCat("is the unknown value ", static_cast<int>(value), "; give ", choices));
}

// `meaning` ends the message; it may be empty.
inline absl::Status ValidateNumber(std::string_view field, int64_t value, int64_t min, int64_t max,
                                   std::string_view meaning = {}) {
  if (value >= min && value <= max) return absl::OkStatus();
  return FieldError(field, absl::StrCat("is ", value, "; give ", min, " to ", max, meaning.empty() ? "" : ", ",
                                        std::string(meaning)));
}

}  // namespace millrace
