// millrace batch.
#include "absl/strings/str_cat.h"
#include "clients/cli/batch_options.h"
#include "clients/cli/column_table.h"
#include "clients/cli/command.h"
#include "clients/cli/format.h"
#include "clients/cli/json.h"
#include "clients/cli/post_table.h"
#include "clients/cli/table.h"
#include "clients/cpp/column_call.h"

namespace millrace::cli {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs IdentityOf(const v1::Batch& batch, int64_t post_count, bool full) {
  std::string samples =
      absl::StrCat(WithThousands(post_count), " of the step's ", WithThousands(batch.global_sample_count()),
                   ", from number ", WithThousands(batch.global_offset()), " on");
  if (batch.padding_count() > 0) absl::StrAppend(&samples, ", the last ", batch.padding_count(), " padding");
  return {{"plan", ShortDigest(batch.plan_id(), full)},
          {"snapshot", ShortDigest(batch.snapshot(), full)},
          {"split", batch.split()},
          {"epoch", std::to_string(batch.epoch())},
          {"step", absl::StrCat(batch.step(), " of ", batch.batch_count())},
          {"rank", absl::StrCat(batch.rank(), " of ", batch.world_size())},
          {"samples", samples},
          {"token", batch.token()}};
}

void PrintPosts(const v1::Batch& batch, const Terminal& terminal, std::ostream& out) {
  if (batch.posts_size() > 0) {
    Table table = PostTable(terminal);
    for (const v1::Post& post : batch.posts()) table.AddRow(PostRow(post));
    table.Print(out);
    return;
  }
  Table table({{"row", Align::kRight}, {"id", Align::kRight}}, terminal);
  for (int i = 0; i < batch.post_ids_size(); ++i) {
    table.AddRow({i < batch.rows_size() ? std::to_string(batch.rows(i)) : "-", std::to_string(batch.post_ids(i))});
  }
  table.Print(out);
}

class BatchCommand : public Command {
 public:
  explicit BatchCommand(CLI::App* app) : Command(app) {
    batch_.AddTo(*app);
    app->add_option("--epoch", epoch_, "The epoch, from 0")->capture_default_str();
    app->add_option("--step", step_, "The step within the epoch, from 0")->capture_default_str();
  }

  Outcome Run(Session& session) override {
    v1::GetBatchRequest request;
    batch_.Fill(request);
    request.set_epoch(epoch_);
    request.set_step(step_);
    return batch_.columns() ? ShowColumns(session, request) : ShowRows(session, request);
  }

 private:
  static Outcome ShowRows(Session& session, const v1::GetBatchRequest& request) {
    v1::GetBatchResponse response;
    Client& client = session.client;
    if (const Outcome outcome = client.Call(client.loader(), &v1::LoaderService::Stub::GetBatch, request, &response);
        !outcome.ok()) {
      return outcome;
    }
    if (session.options.json) {
      PrintJson(response, session.out());
      return {};
    }
    const v1::Batch& batch = response.batch();
    const Terminal& terminal = session.output.out_terminal;
    PrintPairs(IdentityOf(batch, batch.post_ids_size(), session.options.full), terminal, session.out());
    session.out() << '\n';
    PrintPosts(batch, terminal, session.out());
    return {};
  }

  static Outcome ShowColumns(Session& session, const v1::GetBatchRequest& request) {
    CallContext context = session.client.NewContext(CallKind::kShort);
    grpc::Status status;
    const auto batch = client::GetColumns(session.client.channel(), context.get(), request, &status);
    if (!status.ok()) return session.client.Conclude(status);
    if (!batch.ok()) return session.client.Conclude(client::ToGrpcStatus(batch.status()));
    if (session.options.json) {
      PrintColumnsJson(*batch, session.out());
      return {};
    }
    const v1::Batch& head = batch->head();
    Pairs pairs = IdentityOf(head, static_cast<int64_t>(batch->size()), session.options.full);
    pairs.emplace_back("body", HumanBytes(head.body_size_bytes()));
    if (!head.vocabulary().empty()) {
      pairs.emplace_back("vocabulary", absl::StrCat(ShortDigest(head.vocabulary(), session.options.full), ", ",
                                                    WithThousands(head.label_count()), " labels"));
    }
    const Terminal& terminal = session.output.out_terminal;
    PrintPairs(pairs, terminal, session.out());
    session.out() << '\n';
    PrintColumns(*batch, terminal, session.out());
    return {};
  }

  BatchOptions batch_;
  int64_t epoch_ = 0;
  int64_t step_ = 0;
};

}  // namespace

void AddBatchCommand(CLI::App& root, Commands& commands) {
  commands.push_back(std::make_unique<BatchCommand>(
      root.add_subcommand("batch", "Show one batch of a plan: what it is, and its posts")));
}

}  // namespace millrace::cli
