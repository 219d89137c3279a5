// millrace plan list, get, delete; plan create and plan explain have files of their own.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/command.h"
#include "clients/cli/format.h"
#include "clients/cli/json.h"
#include "clients/cli/list.h"
#include "clients/cli/plan_create_command.h"
#include "clients/cli/plan_explain_command.h"
#include "clients/cli/plan_table.h"
#include "clients/cli/table.h"

namespace millrace::cli {
namespace {

CLI::Option* AddPlanId(CLI::App& app, std::string& plan_id) {
  return app.add_option("plan", plan_id, "The plan's id, or 8 or more of its first digits")
      ->required()
      ->type_name("PLAN");
}

class ListPlansCommand : public Command {
 public:
  explicit ListPlansCommand(CLI::App* app) : Command(app) {
    app->add_option("-s,--snapshot", snapshot_, "Only plans on this snapshot")->type_name("DIGEST");
    limit_.AddTo(*app);
  }

  Outcome Run(Session& session) override {
    v1::ListPlansRequest request;
    request.set_snapshot(snapshot_);
    const bool full = session.options.full;
    return PrintList<v1::PlanService::Stub, v1::ListPlansRequest, v1::ListPlansResponse, v1::Plan>(
        session, session.client.plans(), &v1::PlanService::Stub::ListPlans, request, &v1::ListPlansResponse::plans,
        limit_,
        Table({{"plan"},
               {"snapshot"},
               {"created"},
               {"seed", Align::kRight},
               {"batch", Align::kRight},
               {"splits (samples)", Align::kLeft, true}},
              session.output.out_terminal),
        [full](const v1::Plan& plan) -> std::vector<std::string> {
          const auto split_text = [](std::string* out, const v1::SplitInfo& split) {
            absl::StrAppend(out, split.name(), " ", WithThousands(split.sample_count()));
          };
          return {ShortDigest(plan.id(), full),
                  ShortDigest(plan.spec().snapshot(), full),
                  HumanTime(plan.created_at()),
                  std::to_string(plan.spec().seed()),
                  WithThousands(plan.spec().batch_size()),
                  absl::StrJoin(plan.splits(), "  ", split_text)};
        },
        "No plans. Create one: millrace plan create --batch-size 256");
  }

 private:
  std::string snapshot_;
  Limit limit_;
};

class GetPlanCommand : public Command {
 public:
  explicit GetPlanCommand(CLI::App* app) : Command(app) { AddPlanId(*app, plan_id_); }

  Outcome Run(Session& session) override {
    v1::GetPlanRequest request;
    request.set_plan_id(plan_id_);
    v1::GetPlanResponse response;
    Client& client = session.client;
    if (const Outcome outcome = client.Call(client.plans(), &v1::PlanService::Stub::GetPlan, request, &response);
        !outcome.ok()) {
      return outcome;
    }
    if (session.options.json) {
      PrintJson(response, session.out());
    } else {
      PrintPlan(response.plan(), session.options.full, session.output.out_terminal, session.out());
    }
    return {};
  }

 private:
  std::string plan_id_;
};

class DeletePlanCommand : public Command {
 public:
  explicit DeletePlanCommand(CLI::App* app) : Command(app) {
    AddPlanId(*app, plan_id_);
    app->add_flag("--allow-missing", allow_missing_, "Succeed when there is none (needs the full id)");
  }

  Outcome Run(Session& session) override {
    v1::DeletePlanRequest request;
    request.set_plan_id(plan_id_);
    request.set_allow_missing(allow_missing_);
    v1::DeletePlanResponse response;
    Client& client = session.client;
    if (const Outcome outcome = client.Call(client.plans(), &v1::PlanService::Stub::DeletePlan, request, &response);
        !outcome.ok()) {
      return outcome;
    }
    if (session.options.json) {
      PrintJson(response, session.out());
    } else {
      session.out() << "plan " << Printable(plan_id_) << " is gone\n";
    }
    return {};
  }

 private:
  std::string plan_id_;
  bool allow_missing_ = false;
};

}  // namespace

void AddPlanCommands(CLI::App& root, Commands& commands) {
  CLI::App* group = AddGroup(root, "plan", "Create plans, look at them, delete them");
  commands.push_back(std::make_unique<CreatePlanCommand>(
      group->add_subcommand("create", "Create a plan; the same request gives the same plan")));
  commands.push_back(std::make_unique<ListPlansCommand>(group->add_subcommand("list", "List plans, newest first")));
  commands.push_back(std::make_unique<GetPlanCommand>(
      group->add_subcommand("get", "Show a plan, its splits and their batches")->alias("show")));
  commands.push_back(std::make_unique<ExplainPlanCommand>(
      group->add_subcommand("explain", "Say why a post is in a batch, or where a step's posts come from")));
  commands.push_back(std::make_unique<DeletePlanCommand>(
      group->add_subcommand("delete", "Delete a plan; creating it again brings back the same batches")));
}

}  // namespace millrace::cli
