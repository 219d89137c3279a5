#include "core/batch/explain_order.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/batch/explain_text.h"
#include "core/batch/rarest_tag.h"
#include "core/plan/key.h"
#include "core/plan/order_weight_classes.h"
#include "core/plan/permutation.h"
#include "core/plan/plan_input.h"
#include "core/query/bound_query.h"
#include "core/query/evaluator.h"
#include "core/query/query.h"
#include "core/snapshot/applied_tags.h"

namespace millrace {
namespace {

using Sentences = std::vector<std::string>;

struct NamedKey {
  PermutationKey key;
  std::string name;
};

NamedKey LabelledNamedKey(const ExplainedSplit& split, std::string_view label, int64_t epoch) {
  const uint64_t seed = split.spec.seed;
  const std::string& name = split.split().name;
  return {LabelledKey(label, seed, name, static_cast<uint64_t>(epoch)),
          KeyName(label, seed, name, static_cast<uint64_t>(epoch))};
}

NamedKey EpochNamedKey(const ExplainedSplit& split, int64_t epoch) {
  const int64_t of = split.split().order == OrderKind::kFixed ? 0 : epoch;
  return {EpochKey(split.spec.seed, split.split().name, of),
          absl::StrCat("epoch_key(", split.spec.seed, ", \"", split.split().name, "\", ", of, ")")};
}

std::string PermutationText(int64_t size, const NamedKey& key) {
  return millrace::PermutationText(size, key.name, key.key);
}

NamedKey SubNamedKey(const NamedKey& key, int64_t number) {
  return {SubKey(key.key, static_cast<uint64_t>(number)), absl::StrCat("subkey(", key.name, ", ", number, ")")};
}

bool KeepsBatches(const ExplainedSplit& split) { return split.spec.strategy == SplitStrategy::kPartitioned; }

std::string EpochText(const ExplainedSplit& split, int64_t epoch) {
  return split.split().order == OrderKind::kFixed ? "every epoch" : absl::StrCat("epoch ", epoch);
}

std::string ExplainPermuted(const ExplainedSplit& split, int64_t epoch, int64_t member) {
  const NamedKey key = EpochNamedKey(split, epoch);
  const std::string where = absl::StrCat("in ", EpochText(split, epoch), ", ");
  if (!KeepsBatches(split)) {
    const auto order = Permutation::Create(split.member_count, key.key);
    if (!order.ok()) return where;
    return absl::StrCat(where, PermutationText(split.member_count, key), " has member ", member, " at sample ",
                        order->IndexOf(member));
  }
  const int64_t batch_size = split.spec.batch_size;
  const int64_t batch_count = split.member_count / batch_size;
  if (member >= batch_count * batch_size) {
    return absl::StrCat(where, "members from ", batch_count * batch_size,
                        " on, behind the split's whole batches, keep their places: member ", member, " is sample ",
                        member);
  }
  const auto order = Permutation::Create(batch_count, key.key);
  if (!order.ok()) return where;
  const int64_t place = order->IndexOf(member / batch_size);
  return absl::StrCat(where, PermutationText(batch_count, key), " has the split's batch ", member / batch_size,
                      ", which has member ", member, " as its number ", member % batch_size, ", at place ", place,
                      ": sample ", place * batch_size + member % batch_size);
}

absl::StatusOr<Sentences> ExplainBlocks(const ExplainedSplit& split, int64_t epoch, int64_t member) {
  const int64_t block_rows = split.split().block_rows;
  const int64_t window_blocks = split.split().window_blocks;
  const int64_t block_count = (split.member_count + block_rows - 1) / block_rows;
  const NamedKey key = LabelledNamedKey(split, "millrace.v1.blocks", epoch);
  MILLRACE_ASSIGN_OR_RETURN(const Permutation blocks, Permutation::Create(block_count, key.key));
  const int64_t block = member / block_rows;
  const int64_t place = blocks.IndexOf(block);
  // The last block may be smaller; members are counted past it.
  const int64_t small_place = blocks.IndexOf(block_count - 1);
  const int64_t missing_count = block_count * block_rows - split.member_count;
  const auto members_before = [&](int64_t block_place) {
    return block_place * block_rows - (small_place < block_place ? missing_count : 0);
  };
  const int64_t window = place / window_blocks;
  const int64_t start = members_before(window * window_blocks);
  const int64_t size = members_before(std::min((window + 1) * window_blocks, block_count)) - start;
  const int64_t place_in_window = members_before(place) - start + member % block_rows;
  const NamedKey window_key = SubNamedKey(key, window);
  MILLRACE_ASSIGN_OR_RETURN(const Permutation order, Permutation::Create(size, window_key.key));
  const int64_t index = order.IndexOf(place_in_window);
  return Sentences{
      absl::StrCat("member ", member, " is number ", member % block_rows, " of block ", block, "; ",
                   PermutationText(block_count, key), " has the block at place ", place, ": window ", window),
      absl::StrCat("window ", window, " begins at sample ", start, "; the member has place ", place_in_window,
                   " of its ", CountText(size), "; ", PermutationText(size, window_key), " has that at ", index,
                   ": sample ", start + index)};
}

absl::StatusOr<Sentences> ExplainWeighted(const ExplainedSplit& split, int64_t epoch, int64_t member) {
  const std::optional<WeightClasses> classes = WeightClasses::Create(split.values.weights);
  if (!classes.has_value()) return MakeError(Reason::kInternal, "weights that are too large for an opened plan");
  const std::optional<int64_t> place = classes->PlaceOf(member);
  if (!place.has_value()) return Sentences{"a member of weight 0 is never drawn"};
  const size_t number = classes->ClassOf(*place);
  const WeightClass& of = classes->classes()[number];
  const NamedKey key = LabelledNamedKey(split, "millrace.v1.weighted", epoch);
  int64_t rank = *place - of.first_place;
  std::string text = absl::StrCat("weight class ", number, " of ", classes->classes().size(), " has ",
                                  CountOf(of.member_count, "member", "members"), " of weight ", of.weight,
                                  ", of which member ", member, " is number ", rank);
  if (split.spec.weights->replacement) {
    const int64_t first = of.weight_start + rank * of.weight;
    return Sentences{std::move(text), absl::StrCat("it is sample i when below(w, 0, i, ", classes->total(),
                                                   "), with the words of ", key.name, ", key ", HexEncode(key.key),
                                                   ", is from ", first, " to ", first + of.weight - 1)};
  }
  int64_t certain_slots = split.sample_count, certain_weight = classes->total();
  for (const WeightClass& other : classes->classes()) {
    const bool is_certain = certain_slots > 0 && static_cast<unsigned __int128>(certain_slots) *
                                                         static_cast<unsigned __int128>(other.weight) >=
                                                     static_cast<unsigned __int128>(certain_weight);
    if (!is_certain) break;
    if (&other == &of) {
      return Sentences{std::move(text), absl::StrCat("the class is certain, so that the member has slot ", *place)};
    }
    certain_slots -= other.member_count;
    certain_weight -= other.member_count * other.weight;
  }
  const NamedKey class_key = SubNamedKey(key, static_cast<int64_t>(number));
  MILLRACE_ASSIGN_OR_RETURN(const Permutation order, Permutation::Create(of.member_count, class_key.key));
  rank = order.IndexOf(rank);
  const int64_t first = of.weight_start - (classes->total() - certain_weight) + rank * of.weight;
  return Sentences{std::move(text),
                   absl::StrCat(PermutationText(of.member_count, class_key), " has it at rank ", rank,
                                ", so that a slot has it whose number (t * ", certain_weight, " + below(w, 1, 0, ",
                                certain_weight, ")) div ", certain_slots, ", with the words of ", key.name,
                                ", is from ", first, " to ", first + of.weight - 1)};
}

Sentences ExplainMixed(const ExplainedSplit& split, int64_t epoch, int64_t member) {
  const std::vector<uint8_t>& parts = split.values.mix_parts;
  const uint8_t part = parts[static_cast<size_t>(member)];
  if (part == kNoMixPart) return {"a member of no part of the mix is never drawn"};
  const int64_t count = std::count(parts.begin(), parts.end(), part);  // not 0: the member is one
  const int64_t number = std::count(parts.begin(), parts.begin() + member, part);
  int64_t divisor = 0;
  for (const MixPart& other : split.spec.mix->parts) divisor = std::gcd(divisor, other.share);
  int64_t deck = 0;
  for (const MixPart& other : split.spec.mix->parts) deck += other.share / divisor;
  const NamedKey key = LabelledNamedKey(split, "millrace.v1.mix", epoch);
  const NamedKey part_key = SubNamedKey(key, part);
  return {absl::StrCat("part ", part, " has ", CountOf(count, "member", "members"), " of the split, of which member ",
                       member, " is number ", number, "; of ", CountOf(deck, "card", "cards"), " it has ",
                       split.spec.mix->parts[part].share / divisor, ", dealt by ", PermutationText(deck, key)),
          absl::StrCat("round q of the part is in the order P(", count, ", subkey(", part_key.name, ", q))")};
}

// The number of the first query that the row matches.
absl::StatusOr<std::optional<size_t>> FirstMatch(const std::vector<std::string>& queries, const Snapshot& snapshot,
                                                 TagReading reading, int64_t row, const Cancelled& cancelled) {
  for (size_t i = 0; i < queries.size(); ++i) {
    MILLRACE_ASSIGN_OR_RETURN(const Query query, Query::Parse(queries[i]));
    MILLRACE_ASSIGN_OR_RETURN(const BoundQuery bound, BoundQuery::Bind(query, snapshot, reading, cancelled));
    MILLRACE_ASSIGN_OR_RETURN(const bool matches, Matches(bound, snapshot, row));
    if (matches) return i;
  }
  return std::nullopt;
}

absl::StatusOr<std::string> MixPartText(const PlanSpec& spec, const Snapshot& snapshot, int64_t row,
                                        const Cancelled& cancelled) {
  const MixSpec& mix = *spec.mix;
  std::vector<std::string> queries;
  for (const MixPart& part : mix.parts) queries.push_back(part.query);
  MILLRACE_ASSIGN_OR_RETURN(const std::optional<size_t> match,
                            FirstMatch(queries, snapshot, spec.tags, row, cancelled));
  if (!match.has_value()) return std::string("it matches the query of no part of the mix");
  if (queries[*match].empty()) return absl::StrCat("part ", *match, " of the mix takes what earlier parts left");
  return absl::StrCat("part ", *match,
                      " of the mix is the first whose query it matches: ", QuoteForMessage(queries[*match]));
}

absl::StatusOr<std::string> QueryWeightText(const PlanSpec& spec, const Snapshot& snapshot, int64_t row,
                                            const Cancelled& cancelled) {
  const WeightsSpec& weights = *spec.weights;
  std::vector<std::string> queries;
  for (const QueryWeight& query : weights.queries) queries.push_back(query.query);
  MILLRACE_ASSIGN_OR_RETURN(const std::optional<size_t> match,
                            FirstMatch(queries, snapshot, spec.tags, row, cancelled));
  if (!match.has_value()) return absl::StrCat("it matches no query of the weights: weight ", weights.otherwise);
  return absl::StrCat("query ", *match, " of the weights is the first that it matches, ",
                      QuoteForMessage(queries[*match]), ": weight ", weights.queries[*match].weight);
}

absl::StatusOr<std::string> TagWeightText(const PlanSpec& spec, const Snapshot& snapshot, int64_t row,
                                          const Cancelled& cancelled) {
  const WeightsSpec& weights = *spec.weights;
  MILLRACE_ASSIGN_OR_RETURN(const RarestTagFinder finder,
                            RarestTagFinder::Open(snapshot, spec.tags, weights.category, cancelled));
  MILLRACE_ASSIGN_OR_RETURN(const absl::Span<const uint32_t> tag_indexes, snapshot.TagIndexes(row));
  MILLRACE_ASSIGN_OR_RETURN(const TagRelations* const relations, RelationsFor(snapshot, spec.tags));
  const std::optional<uint32_t> rarest = finder.Find(AppliedTags(relations).Of(tag_indexes));
  const int64_t post_count = rarest.has_value() ? finder.post_count(*rarest) : snapshot.post_count();
  std::string text = "it has no tag that counts";
  if (rarest.has_value()) {
    MILLRACE_ASSIGN_OR_RETURN(const TagView tag, snapshot.TagAt(*rarest));
    text = absl::StrCat("its rarest tag is ", std::string(tag.name), ", id ", tag.id);
  }
  return absl::StrCat(text, ", f = ", CountText(post_count), " of ", CountOf(snapshot.post_count(), "post", "posts"),
                      "; to the power of ", weights.power_quarters, "/4 and up to ", weights.cap,
                      " that is the weight ",
                      TagFrequencyWeight(snapshot.post_count(), post_count, weights.cap, weights.power_quarters),
                      ", where 65536 stands for 1");
}

}  // namespace

std::string OrderText(const ExplainedSplit& split, int64_t epoch) {
  const int64_t batch_size = split.spec.batch_size;
  switch (split.split().order) {
    case OrderKind::kEpoch:
    case OrderKind::kFixed: {
      const NamedKey key = EpochNamedKey(split, epoch);
      if (!KeepsBatches(split)) {
        return absl::StrCat("sample i of ", EpochText(split, epoch), " is member P(", split.member_count, ", ",
                            key.name, ")[i], key ", HexEncode(key.key));
      }
      if (split.member_count < batch_size) return "the split has no whole batch: sample i is member i";
      return absl::StrCat("sample i of ", EpochText(split, epoch), " is member P(", split.member_count / batch_size,
                          ", ", key.name, ")[i div ", batch_size, "] * ", batch_size, " + i mod ", batch_size,
                          ", behind the whole batches member i; key ", HexEncode(key.key));
    }
    case OrderKind::kSequential:
      return "order sequential: sample i is member i in every epoch";
    case OrderKind::kBlock: {
      const int64_t block_rows = split.split().block_rows;
      const NamedKey key = LabelledNamedKey(split, "millrace.v1.blocks", epoch);
      return absl::StrCat("blocks of ", CountOf(block_rows, "member", "members"), " in the order ",
                          PermutationText((split.member_count + block_rows - 1) / block_rows, key),
                          " and in windows of ", CountOf(split.split().window_blocks, "block", "blocks"),
                          " the members in an order of their own, by subkey(that key, window)");
    }
    case OrderKind::kWeighted: {
      const NamedKey key = LabelledNamedKey(split, "millrace.v1.weighted", epoch);
      return absl::StrCat("drawn by weight, ", split.spec.weights->replacement ? "with" : "without",
                          " replacement, by ", key.name, ", key ", HexEncode(key.key));
    }
    case OrderKind::kMixed: {
      const NamedKey key = LabelledNamedKey(split, "millrace.v1.mix", epoch);
      return absl::StrCat("drawn from the mix of ",
                          CountOf(static_cast<int64_t>(split.spec.mix->parts.size()), "part", "parts"), " by ",
                          key.name, ", key ", HexEncode(key.key));
    }
  }
  return "";
}

absl::StatusOr<std::vector<std::string>> ExplainOrder(const ExplainedSplit& split, int64_t epoch, int64_t member) {
  switch (split.split().order) {
    case OrderKind::kEpoch:
    case OrderKind::kFixed:
      return Sentences{ExplainPermuted(split, epoch, member)};
    case OrderKind::kSequential:
      return Sentences{absl::StrCat("order sequential: member ", member, " is sample ", member, " in every epoch")};
    case OrderKind::kBlock:
      return ExplainBlocks(split, epoch, member);
    case OrderKind::kWeighted:
      return ExplainWeighted(split, epoch, member);
    case OrderKind::kMixed:
      return ExplainMixed(split, epoch, member);
  }
  return MakeError(Reason::kInternal, "a split with an order that is not known here");
}

absl::StatusOr<std::string> DrawingText(const PlanSpec& spec, const Snapshot& snapshot, OrderKind order, int64_t row,
                                        const Cancelled& cancelled) {
  if (order == OrderKind::kMixed) return MixPartText(spec, snapshot, row, cancelled);
  if (spec.weights->by == WeightsBy::kQueries) return QueryWeightText(spec, snapshot, row, cancelled);
  return TagWeightText(spec, snapshot, row, cancelled);
}

}  // namespace millrace
