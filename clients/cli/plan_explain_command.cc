#include "clients/cli/plan_explain_command.h"

#include "absl/strings/str_cat.h"
#include "clients/cli/format.h"
#include "clients/cli/json.h"
#include "clients/cli/table.h"
#include "millrace/v1/plan_service.pb.h"

namespace millrace::cli {
namespace {

void PrintReasons(const google::protobuf::RepeatedPtrField<std::string>& reasons, std::ostream& out) {
  out << "\nwhy\n";
  for (const std::string& reason : reasons) out << "  - " << Printable(reason) << '\n';
}

void PrintPostExplanation(const v1::ExplainPostResponse& response, int64_t post_id, bool full, const Terminal& terminal,
                          std::ostream& out) {
  PrintPairs({{"plan", ShortDigest(response.plan_id(), full)},
              {"snapshot", ShortDigest(response.snapshot(), full)},
              {"post", std::to_string(post_id)},
              {"row", std::to_string(response.row())},
              {"selected", response.is_selected() ? "yes" : "no"},
              {"split", response.split().empty() ? "none" : response.split()},
              {"epoch", std::to_string(response.epoch())}},
             terminal, out);
  PrintReasons(response.reasons(), out);
  if (response.appearances().empty()) {
    out << "\nIn no batch of this epoch.\n";
    return;
  }
  out << '\n';
  Table table({{"step", Align::kRight}, {"place", Align::kRight}, {"sample", Align::kRight}, {"padding"}}, terminal);
  for (const v1::Appearance& appearance : response.appearances()) {
    table.AddRow({std::to_string(appearance.step()), std::to_string(appearance.global_index()),
                  std::to_string(appearance.sample()), appearance.is_padding() ? "yes" : "no"});
  }
  table.Print(out);
}

void PrintStepExplanation(const v1::ExplainStepResponse& response, const v1::ExplainStepRequest& request, bool full,
                          const Terminal& terminal, std::ostream& out) {
  PrintPairs({{"plan", ShortDigest(response.plan_id(), full)},
              {"snapshot", ShortDigest(response.snapshot(), full)},
              {"split", request.split()},
              {"epoch", std::to_string(request.epoch())},
              {"step", std::to_string(request.step())},
              {"samples", WithThousands(response.sample_count())},
              {"token", response.token()}},
             terminal, out);
  PrintReasons(response.reasons(), out);
  out << '\n';
  Table table({{"place", Align::kRight},
               {"sample", Align::kRight},
               {"member", Align::kRight},
               {"row", Align::kRight},
               {"post", Align::kRight},
               {"padding"}},
              terminal);
  for (int i = 0; i < response.samples_size(); ++i) {
    const v1::ExplainedSample& sample = response.samples(i);
    table.AddRow({std::to_string(i), std::to_string(sample.sample()), std::to_string(sample.member()),
                  std::to_string(sample.row()), std::to_string(sample.post_id()), sample.is_padding() ? "yes" : "no"});
  }
  table.Print(out);
  if (response.samples_size() < response.sample_count()) {
    out << "and " << WithThousands(response.sample_count() - response.samples_size()) << " more\n";
  }
}

}  // namespace

ExplainPlanCommand::ExplainPlanCommand(CLI::App* app) : Command(app) {
  app->add_option("plan", plan_id_, "The plan's id, or 8 or more of its first digits")->required()->type_name("PLAN");
  CLI::Option* post = app->add_option("--post", post_id_, "Explain where this post is")->type_name("ID");
  CLI::Option* split = app->add_option("--split", split_, "Explain a step of this split");
  app->add_option("--step", step_, "The step within the epoch, from 0")->needs(split)->excludes(post);
  split->excludes(post);
  app->add_option("--epoch", epoch_, "The epoch, from 0")->capture_default_str();
}

Outcome ExplainPlanCommand::Run(Session& session) {
  if (post_id_.has_value()) return ExplainPost(session);
  if (step_.has_value()) return ExplainStep(session);
  return UsageError("say what to explain: a post or a step",
                    "For example --post 1234 --epoch 3, or --split train --epoch 3 --step 25.");
}

Outcome ExplainPlanCommand::ExplainPost(Session& session) {
  v1::ExplainPostRequest request;
  request.set_plan_id(plan_id_);
  request.set_post_id(*post_id_);
  request.set_epoch(epoch_);
  v1::ExplainPostResponse response;
  Client& client = session.client;
  if (const Outcome outcome = client.Call(client.plans(), &v1::PlanService::Stub::ExplainPost, request, &response);
      !outcome.ok()) {
    return outcome;
  }
  if (session.options.json) {
    PrintJson(response, session.out());
  } else {
    PrintPostExplanation(response, *post_id_, session.options.full, session.output.out_terminal, session.out());
  }
  return {};
}

Outcome ExplainPlanCommand::ExplainStep(Session& session) {
  v1::ExplainStepRequest request;
  request.set_plan_id(plan_id_);
  request.set_split(split_);
  request.set_epoch(epoch_);
  request.set_step(*step_);
  v1::ExplainStepResponse response;
  Client& client = session.client;
  if (const Outcome outcome = client.Call(client.plans(), &v1::PlanService::Stub::ExplainStep, request, &response);
      !outcome.ok()) {
    return outcome;
  }
  if (session.options.json) {
    PrintJson(response, session.out());
  } else {
    PrintStepExplanation(response, request, session.options.full, session.output.out_terminal, session.out());
  }
  return {};
}

}  // namespace millrace::cli
