// Goal: a plan is shown with what it is made of, as far as it differs from the defaults, and with everything its reader
// should know.
#include "clients/cli/plan_table.h"

#include <sstream>

#include "tests/support/catch.h"

namespace millrace::cli {
namespace {

std::string Printed(const v1::Plan& plan) {
  std::ostringstream out;
  PrintPlan(plan, false, Terminal{}, out);
  return out.str();
}

v1::Plan PlanOf(v1::OrderKind order) {
  v1::Plan plan;
  plan.set_id(std::string(64, 'a'));
  plan.set_selected_count(1234);
  v1::PlanSpec& spec = *plan.mutable_spec();
  spec.set_snapshot(std::string(64, 'b'));
  spec.set_strategy(v1::SPLIT_STRATEGY_EXACT);
  spec.set_unit(v1::SPLIT_UNIT_POST);
  v1::SplitSpec* split = spec.add_splits();
  split->set_name("train");
  split->set_share(80);
  split->set_order(order);
  v1::SplitInfo* info = plan.add_splits();
  info->set_name("train");
  info->set_member_count(1000);
  info->set_sample_count(5000);
  info->set_batch_count(79);
  return plan;
}

TEST_CASE("a plain plan shows no more than there is") {
  const std::string text = Printed(PlanOf(v1::ORDER_KIND_EPOCH));
  CHECK_THAT(text, Catch::Contains("strategy    exact\n") && Catch::Contains("posts       1,234\n"));
  CHECK_THAT(text, Catch::Contains("split  share  order  posts  samples  batches\n") &&
                       Catch::Contains("train     80  epoch  1,000    5,000       79\n"));
  for (const char* word : {"query", "unit", "modulus", "weight", "mix", "note", "in no split", "coverage"}) {
    CAPTURE(word);
    CHECK_THAT(text, !Catch::Contains(word));
  }
}

TEST_CASE("queries, units, posts in no split and notes are shown") {
  v1::Plan plan = PlanOf(v1::ORDER_KIND_BLOCK);
  plan.mutable_spec()->set_query("1girl -comic");
  plan.mutable_spec()->set_unit(v1::SPLIT_UNIT_PARENT);
  plan.mutable_spec()->mutable_splits(0)->set_block_rows(512);
  plan.mutable_spec()->mutable_splits(0)->set_window_blocks(8);
  plan.set_unassigned_count(34);
  plan.add_notes("A unit\x1b is large.");
  const std::string text = Printed(plan);
  CHECK_THAT(text, Catch::Contains("query        1girl -comic\n") && Catch::Contains("unit         parent\n"));
  CHECK_THAT(text, Catch::Contains("block:512x8"));
  CHECK_THAT(text, Catch::Contains("in no split  34\n") && Catch::Contains("note: A unit\\x1b is large.\n"));
}

TEST_CASE("ranges stand in the place of shares, the first ones") {
  v1::Plan plan = PlanOf(v1::ORDER_KIND_EPOCH);
  plan.mutable_spec()->set_strategy(v1::SPLIT_STRATEGY_ID_RANGE);
  plan.mutable_spec()->set_modulus(1000);
  for (int64_t i = 0; i < 10; ++i) {
    v1::IdRange* range = plan.mutable_spec()->mutable_splits(0)->add_ranges();
    range->set_first(10 * i);
    range->set_last(10 * i + 4);
  }
  const std::string text = Printed(plan);
  CHECK_THAT(text, Catch::Contains("0-4,10-14,") && Catch::Contains("70-74,and 2 more") && !Catch::Contains("80-84"));
  CHECK_THAT(text, Catch::Contains("modulus     1,000\n") && Catch::Contains("ids"));
}

TEST_CASE("weights and mixes are shown part by part") {
  v1::Plan plan = PlanOf(v1::ORDER_KIND_WEIGHTED);
  v1::QueryWeight* weight = plan.mutable_spec()->mutable_weights()->mutable_queries()->add_queries();
  weight->set_query("1girl");
  weight->set_weight(3);
  plan.mutable_spec()->mutable_weights()->mutable_queries()->set_otherwise(1);
  for (const char* query : {"comic", ""}) {
    v1::MixPart* part = plan.mutable_spec()->mutable_mix()->add_parts();
    part->set_query(query);
    part->set_share(7);
  }
  const std::string text = Printed(plan);
  CHECK_THAT(text, Catch::Contains("3  1girl\n") && Catch::Contains("1  all others\n"));
  CHECK_THAT(text, Catch::Contains("7  comic\n") && Catch::Contains("7  all others\n"));
  plan.mutable_spec()->mutable_weights()->mutable_tag_frequency()->set_category(v1::TAG_CATEGORY_ARTIST);
  plan.mutable_spec()->mutable_weights()->mutable_tag_frequency()->set_power_quarters(2);
  plan.mutable_spec()->mutable_weights()->mutable_tag_frequency()->set_cap(100);
  CHECK_THAT(Printed(plan), Catch::Contains("by the rarest artist tag, power 2/4, at most 100"));
}

}  // namespace
}  // namespace millrace::cli
