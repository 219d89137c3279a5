// The words that a plan's canonical form has for its choices, and the tables behind them.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "core/plan/plan_spec.h"

namespace millrace {

template <typename Enum>
struct SpecWord {
  Enum value;
  std::string_view word;
};

inline constexpr SpecWord<SplitStrategy> kStrategyWords[] = {{SplitStrategy::kExact, "exact"},
                                                             {SplitStrategy::kHash, "hash"},
                                                             {SplitStrategy::kIdRange, "id_range"},
                                                             {SplitStrategy::kStratified, "stratified"},
                                                             {SplitStrategy::kPartitioned, "partitioned"}};
inline constexpr SpecWord<OrderKind> kOrderWords[] = {
    {OrderKind::kEpoch, "epoch"}, {OrderKind::kFixed, "fixed"},       {OrderKind::kSequential, "sequential"},
    {OrderKind::kBlock, "block"}, {OrderKind::kWeighted, "weighted"}, {OrderKind::kMixed, "mixed"}};
inline constexpr SpecWord<LastBatch> kLastBatchWords[] = {
    {LastBatch::kKeep, "keep"}, {LastBatch::kDrop, "drop"}, {LastBatch::kPad, "pad"}};
inline constexpr SpecWord<SplitUnit> kUnitWords[] = {{SplitUnit::kPost, "post"},
                                                     {SplitUnit::kParent, "parent"},
                                                     {SplitUnit::kArtist, "artist"},
                                                     {SplitUnit::kPool, "pool"}};
inline constexpr SpecWord<Coverage> kCoverageWords[] = {{Coverage::kFull, "full"}, {Coverage::kHalf, "half"}};
inline constexpr SpecWord<BatchRows> kBatchRowsWords[] = {{BatchRows::kDrawn, "drawn"},
                                                          {BatchRows::kAscending, "ascending"}};
inline constexpr SpecWord<StratifyBy> kStratifyByWords[] = {
    {StratifyBy::kRating, "rating"}, {StratifyBy::kTag, "tag"}, {StratifyBy::kCategory, "category"}};
inline constexpr SpecWord<WeightsBy> kWeightsByWords[] = {{WeightsBy::kQueries, "queries"},
                                                          {WeightsBy::kTagFrequency, "tag_frequency"}};
inline constexpr SpecWord<TagReading> kTagReadingWords[] = {{TagReading::kAsSaid, "as_said"},
                                                            {TagReading::kApplied, "applied"}};
inline constexpr SpecWord<TagCategory> kCategoryWords[] = {{TagCategory::kGeneral, "general"},
                                                           {TagCategory::kArtist, "artist"},
                                                           {TagCategory::kCopyright, "copyright"},
                                                           {TagCategory::kCharacter, "character"},
                                                           {TagCategory::kMeta, "meta"},
                                                           {TagCategory::kSpecies, "species"},
                                                           {TagCategory::kInvalid, "invalid"},
                                                           {TagCategory::kLore, "lore"},
                                                           {TagCategory::kContributor, "contributor"}};

// The value's word; empty for a value that has none, which no valid specification holds.
template <typename Enum, size_t N>
constexpr std::string_view WordOf(const SpecWord<Enum> (&words)[N], Enum value) {
  for (const SpecWord<Enum>& entry : words) {
    if (entry.value == value) return entry.word;
  }
  return {};
}

template <typename Enum, size_t N>
constexpr std::optional<Enum> ValueOf(const SpecWord<Enum> (&words)[N], std::string_view word) {
  for (const SpecWord<Enum>& entry : words) {
    if (entry.word == word) return entry.value;
  }
  return std::nullopt;
}

}  // namespace millrace
