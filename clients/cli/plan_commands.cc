// millrace plan create, list, get, delete.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/arguments.h"
#include "clients/cli/command.h"
#include "clients/cli/format.h"
#include "clients/cli/json.h"
#include "clients/cli/list.h"
#include "clients/cli/scope.h"
#include "clients/cli/table.h"

namespace millrace::cli {
namespace {

void PrintPlan(const v1::Plan& plan, bool full, const Terminal& terminal, std::ostream& out) {
  const v1::PlanSpec& spec = plan.spec();
  PrintPairs({{"plan", plan.id()},
              {"snapshot", ShortDigest(spec.snapshot(), full)},
              {"seed", std::to_string(spec.seed())},
              {"batch size", WithThousands(spec.batch_size())},
              {"last batch", LastBatchText(spec.last_batch())},
              {"samples", WithThousands(plan.sample_count())},
              {"created", HumanTime(plan.created_at())}},
             terminal, out);
  Table table({{"split"}, {"share", Align::kRight}, {"order"}, {"samples", Align::kRight}, {"batches", Align::kRight}},
              terminal);
  for (int i = 0; i < plan.splits_size(); ++i) {
    const v1::SplitInfo& split = plan.splits(i);
    const bool has_spec = i < spec.splits_size();
    table.AddRow({split.name(), has_spec ? WithThousands(spec.splits(i).share()) : "-",
                  has_spec ? OrderText(spec.splits(i).order()) : "-", WithThousands(split.sample_count()),
                  WithThousands(split.batch_count())});
  }
  out << '\n';
  table.Print(out);
}

CLI::Option* AddPlanId(CLI::App& app, std::string& plan_id) {
  return app.add_option("plan", plan_id, "The plan's id, or 8 or more of its first digits")
      ->required()
      ->type_name("PLAN");
}

class CreatePlanCommand : public Command {
 public:
  explicit CreatePlanCommand(CLI::App* app) : Command(app) {
    scope_.AddTo(*app, Scope::Style::kFlagsOnly);
    app->add_option("-b,--batch-size", batch_size_, "Samples of a step over all ranks together")->required();
    app->add_option("--seed", seed_, "Chooses among all splits and orders; 0 when left out");
    app->add_option("--split", splits_,
                    "A named share of the posts, once for each split; ORDER is epoch or fixed. "
                    "train=80, validation=10 and test=10 when left out")
        ->type_name("NAME=SHARE[:ORDER]")
        ->take_all()
        ->expected(1);
    app->add_option("--last", last_, "What to do with an epoch's last batch when it is not full")
        ->check(CLI::IsMember({"keep", "drop", "pad"}))
        ->capture_default_str();
  }

  Outcome Run(Session& session) override {
    v1::CreatePlanRequest request;
    v1::PlanSpec& spec = *request.mutable_spec();
    for (const std::string& text : splits_) {
      const auto split = ParseSplit(text);
      if (!split.has_value()) {
        return UsageError(absl::StrCat("--split ", text, ": not NAME=SHARE or NAME=SHARE:ORDER"),
                          "For example --split train=90 --split validation=10:fixed; ORDER is epoch or fixed.");
      }
      *spec.add_splits() = *split;
    }
    if (const Outcome outcome = scope_.Fill(session, spec); !outcome.ok()) return outcome;
    spec.set_batch_size(batch_size_);
    if (seed_.has_value()) spec.set_seed(*seed_);
    spec.set_last_batch(last_ == "drop"  ? v1::LAST_BATCH_DROP
                        : last_ == "pad" ? v1::LAST_BATCH_PAD
                                         : v1::LAST_BATCH_KEEP);
    v1::CreatePlanResponse response;
    Client& client = session.client;
    if (const Outcome outcome = client.Call(client.plans(), &v1::PlanService::Stub::CreatePlan, request, &response);
        !outcome.ok()) {
      return outcome;
    }
    if (session.options.json) {
      PrintJson(response, session.out());
      return {};
    }
    PrintPlan(response.plan(), session.options.full, session.output.out_terminal, session.out());
    if (!response.created()) session.out() << "\nThe plan was there already.\n";
    return {};
  }

 private:
  Scope scope_;
  int64_t batch_size_ = 0;
  std::optional<uint64_t> seed_;
  std::vector<std::string> splits_;
  std::string last_ = "keep";
};

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
  commands.push_back(
      std::make_unique<GetPlanCommand>(group->add_subcommand("get", "Show a plan, its splits and their batches")));
  commands.push_back(std::make_unique<DeletePlanCommand>(
      group->add_subcommand("delete", "Delete a plan; creating it again brings back the same batches")));
}

}  // namespace millrace::cli
