// How explanations write numbers, keys and lists.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/plan/key.h"
#include "core/plan/plan_spec.h"

namespace millrace {

// "1,234,567": for how many there are. Ids, rows, places and other names of things are written without commas.
std::string CountText(int64_t count);
// "1 post", "1,234 posts".
std::string CountOf(int64_t count, std::string_view singular, std::string_view plural);
// "0x00ff00ff00ff00ff"
std::string HashText(uint64_t hash);
// "places 0 to 986"; "no places" for none.
std::string RangeText(std::string_view what, int64_t start, int64_t count);
// "P(800, epoch_key(42, "train", 3)), key 1a2b...,": the permutation as docs/plan-specification.md writes it, with its
// key in full, for those who do not want to compute it.
std::string PermutationText(int64_t size, std::string_view key_name, const PermutationKey& key);
// key("millrace.v1.stratum", 42, "", 3)
std::string KeyName(std::string_view label, uint64_t seed, std::string_view name, uint64_t number);
// "80, 10, 10"
std::string SharesText(const PlanSpec& spec);

}  // namespace millrace
