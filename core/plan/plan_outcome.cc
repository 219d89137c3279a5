#include "core/plan/plan_outcome.h"

#include <simdjson.h>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/plan/json_object.h"

namespace millrace {
namespace {

using simdjson::SUCCESS;
using simdjson::dom::element;

std::string SplitText(const SplitInfo& split) {
  return JsonObject()
      .Add("batch_count", split.batch_count)
      .Add("member_count", split.member_count)
      .Add("name", split.name)
      .Add("sample_count", split.sample_count)
      .Take();
}

bool ReadText(const element& item, std::string* text) {
  std::string_view view;
  if (item.get(view) != SUCCESS) return false;
  *text = std::string(view);
  return true;
}

bool ReadSplit(const element& item, SplitInfo* split) {
  element name;
  return item["name"].get(name) == SUCCESS && ReadText(name, &split->name) &&
         item["batch_count"].get(split->batch_count) == SUCCESS &&
         item["member_count"].get(split->member_count) == SUCCESS &&
         item["sample_count"].get(split->sample_count) == SUCCESS;
}

// `read(element, T*)` for every item of the array behind `key`.
template <typename T, typename Read>
bool ReadArray(const element& parent, const char* key, Read read, std::vector<T>* values) {
  simdjson::dom::array array;
  if (parent[key].get(array) != SUCCESS) return false;
  for (const element item : array) {
    if (!read(item, &values->emplace_back())) return false;
  }
  return true;
}

bool ReadOutcome(std::string_view text, PlanOutcome* outcome) {
  simdjson::dom::parser parser;
  element object;
  return parser.parse(text.data(), text.size()).get(object) == SUCCESS &&
         object["selected_count"].get(outcome->selected_count) == SUCCESS &&
         object["unassigned_count"].get(outcome->unassigned_count) == SUCCESS &&
         ReadArray(object, "notes", ReadText, &outcome->notes) &&
         ReadArray(object, "splits", ReadSplit, &outcome->splits);
}

}  // namespace

PlanOutcome OutcomeOf(const Plan& plan) {
  PlanOutcome outcome;
  outcome.selected_count = plan.selection_size();
  outcome.unassigned_count = plan.unassigned_count();
  outcome.splits.assign(plan.splits().begin(), plan.splits().end());
  outcome.notes.assign(plan.notes().begin(), plan.notes().end());
  return outcome;
}

std::string FormatPlanOutcome(const PlanOutcome& outcome) {
  const auto note_text = [](const std::string& note) { return JsonString(note); };
  return JsonObject()
      .AddRaw("notes", JsonArray(outcome.notes, note_text))
      .Add("selected_count", outcome.selected_count)
      .AddRaw("splits", JsonArray(outcome.splits, SplitText))
      .Add("unassigned_count", outcome.unassigned_count)
      .Take();
}

absl::StatusOr<PlanOutcome> ParsePlanOutcome(std::string_view text) {
  PlanOutcome outcome;
  if (ReadOutcome(text, &outcome)) return outcome;
  return MakeError(Reason::kInternal, absl::StrCat("this is not the outcome of a plan: ", QuoteForMessage(text, 200)));
}

}  // namespace millrace
