#include "clients/cli/plan_table.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/format.h"
#include "clients/cli/table.h"

namespace millrace::cli {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string StratifyText(const v1::Stratify& stratify) {
  if (stratify.has_tag()) return absl::StrCat("tag:", stratify.tag());
  if (stratify.has_category()) return absl::StrCat("category:", CategoryText(stratify.category()));
  return "rating";
}

std::string QuotedQuery(const std::string& query) { return query.empty() ? "all others" : query; }

void AddStrategy(const v1::PlanSpec& spec, Pairs* pairs) {
  pairs->emplace_back("strategy", StrategyText(spec.strategy()));
  if (spec.unit() > v1::SPLIT_UNIT_POST) pairs->emplace_back("unit", UnitText(spec.unit()));
  if (spec.modulus() != 0) pairs->emplace_back("modulus", WithThousands(spec.modulus()));
  if (spec.has_stratify()) pairs->emplace_back("stratify", StratifyText(spec.stratify()));
  if (spec.coverage() == v1::COVERAGE_HALF) pairs->emplace_back("coverage", "half");
  if (spec.batch_rows() == v1::BATCH_ROWS_ASCENDING) pairs->emplace_back("batch rows", "ascending");
}

void AddWeights(const v1::Weights& weights, Pairs* pairs) {
  for (const v1::QueryWeight& query : weights.queries().queries()) {
    pairs->emplace_back("weight", absl::StrCat(WithThousands(query.weight()), "  ", query.query()));
  }
  if (weights.has_queries() && weights.queries().otherwise() != 0) {
    pairs->emplace_back("weight", absl::StrCat(WithThousands(weights.queries().otherwise()), "  all others"));
  }
  if (weights.has_tag_frequency()) {
    const v1::TagFrequencyWeights& frequency = weights.tag_frequency();
    const std::string category =
        frequency.category() == v1::TAG_CATEGORY_UNSPECIFIED ? "" : CategoryText(frequency.category()) + " ";
    pairs->emplace_back("weight", absl::StrCat("by the rarest ", category, "tag, power ", frequency.power_quarters(),
                                               "/4, at most ", WithThousands(frequency.cap())));
  }
  pairs->emplace_back("replacement", weights.replacement() ? "yes" : "no");
}

void AddMix(const v1::Mix& mix, Pairs* pairs) {
  for (const v1::MixPart& part : mix.parts()) {
    pairs->emplace_back("mix", absl::StrCat(WithThousands(part.share()), "  ", QuotedQuery(part.query())));
  }
}

// "80", or "0-899,950-959".
std::string AmountText(const v1::SplitSpec& split) {
  if (split.ranges_size() == 0) return WithThousands(split.share());
  constexpr int kShownCount = 8;
  std::vector<std::string> texts;
  for (int i = 0; i < split.ranges_size() && i < kShownCount; ++i) {
    texts.push_back(absl::StrCat(split.ranges(i).first(), "-", split.ranges(i).last()));
  }
  const int left_out_count = split.ranges_size() - static_cast<int>(texts.size());
  if (left_out_count > 0) texts.push_back(absl::StrCat("and ", left_out_count, " more"));
  return absl::StrJoin(texts, ",");
}

std::string SplitOrderText(const v1::SplitSpec& split) {
  const std::string order = OrderText(split.order());
  if (split.order() != v1::ORDER_KIND_BLOCK) return order;
  return absl::StrCat(order, ":", split.block_rows(), "x", split.window_blocks());
}

void PrintSplits(const v1::Plan& plan, const Terminal& terminal, std::ostream& out) {
  const v1::PlanSpec& spec = plan.spec();
  const bool has_ranges = spec.strategy() == v1::SPLIT_STRATEGY_ID_RANGE;
  Table table({{"split"},
               {has_ranges ? "ids" : "share", Align::kRight},
               {"order"},
               {"posts", Align::kRight},
               {"samples", Align::kRight},
               {"batches", Align::kRight}},
              terminal);
  for (int i = 0; i < plan.splits_size(); ++i) {
    const v1::SplitInfo& split = plan.splits(i);
    const bool has_spec = i < spec.splits_size();
    table.AddRow({split.name(), has_spec ? AmountText(spec.splits(i)) : "-",
                  has_spec ? SplitOrderText(spec.splits(i)) : "-", WithThousands(split.member_count()),
                  WithThousands(split.sample_count()), WithThousands(split.batch_count())});
  }
  table.Print(out);
}

}  // namespace

void PrintPlan(const v1::Plan& plan, bool full, const Terminal& terminal, std::ostream& out) {
  const v1::PlanSpec& spec = plan.spec();
  Pairs pairs = {{"plan", plan.id()}, {"snapshot", ShortDigest(spec.snapshot(), full)}};
  if (!spec.query().empty()) pairs.emplace_back("query", spec.query());
  AddStrategy(spec, &pairs);
  pairs.emplace_back("seed", std::to_string(spec.seed()));
  pairs.emplace_back("batch size", WithThousands(spec.batch_size()));
  pairs.emplace_back("last batch", LastBatchText(spec.last_batch()));
  if (spec.tags() == v1::TAG_READING_APPLIED) pairs.emplace_back("tags", "aliases and implications applied");
  if (spec.has_weights()) AddWeights(spec.weights(), &pairs);
  if (spec.has_mix()) AddMix(spec.mix(), &pairs);
  pairs.emplace_back("posts", WithThousands(plan.selected_count()));
  if (plan.unassigned_count() != 0) pairs.emplace_back("in no split", WithThousands(plan.unassigned_count()));
  pairs.emplace_back("samples", WithThousands(plan.sample_count()));
  pairs.emplace_back("created", HumanTime(plan.created_at()));
  PrintPairs(pairs, terminal, out);
  out << '\n';
  PrintSplits(plan, terminal, out);
  if (plan.notes_size() > 0) out << '\n';
  for (const std::string& note : plan.notes()) out << "note: " << Printable(note) << '\n';
}

}  // namespace millrace::cli
