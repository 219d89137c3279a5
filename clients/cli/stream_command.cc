// millrace stream.
#include <google/protobuf/struct.pb.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "clients/cli/arguments.h"
#include "clients/cli/batch_feed.h"
#include "clients/cli/batch_options.h"
#include "clients/cli/command.h"
#include "clients/cli/format.h"
#include "clients/cli/json.h"
#include "clients/cli/progress.h"
#include "clients/cli/progress_flag.h"
#include "clients/cli/stream_summary.h"
#include "clients/cli/table.h"

namespace millrace::cli {
namespace {

// How many ids a batch's line shows: enough to compare two runs by eye.
constexpr size_t kLineIdCountMax = 6;

std::string BatchLine(const v1::Batch& batch, absl::Span<const int64_t> ids) {
  std::string line = absl::StrCat("epoch ", batch.epoch(), "  step ", batch.step(), "/", batch.batch_count(), "  ",
                                  WithThousands(static_cast<int64_t>(ids.size())), " posts");
  if (batch.padding_count() > 0) absl::StrAppend(&line, " (", batch.padding_count(), " padding)");
  absl::StrAppend(&line, "  ids");
  for (const int64_t id : ids.subspan(0, kLineIdCountMax)) absl::StrAppend(&line, " ", id);
  if (ids.size() > kLineIdCountMax) line += " ...";
  if (batch.skipped_step_count() > 0) absl::StrAppend(&line, "  behind ", batch.skipped_step_count(), " skipped");
  return line;
}

class StreamCommand : public Command {
 public:
  explicit StreamCommand(CLI::App* app) : Command(app) {
    batch_.AddTo(*app);
    app->add_option("--epochs", epoch_count_, "How many epochs to stream")->check(AtLeast(1))->capture_default_str();
    CLI::Option* start = app->add_option("--start", start_, "The first batch to send")->type_name("EPOCH:STEP");
    app->add_option("--start-token", start_token_, "Begin behind the batch that has this token")
        ->type_name("TOKEN")
        ->excludes(start);
    app->add_option("--skip", skip_, "Leave these steps out, the last one included; once for each range")
        ->type_name("EPOCH:FIRST-LAST")
        ->take_all()
        ->expected(1);
    app->add_option("--limit", batch_count_max_, "End after this many batches")->check(AtLeast(1));
    app->add_flag("-q,--quiet", quiet_, "Print only the summary, no line a batch");
    progress_.AddTo(*app);
  }

  Outcome Run(Session& session) override {
    v1::StreamBatchesRequest request;
    if (const Outcome outcome = MakeRequest(request); !outcome.ok()) return outcome;
    CallContext context = session.client.NewContext(CallKind::kLong);
    const absl::Time start_time = absl::Now();
    const auto feed = OpenFeed(session.client, context.get(), request);
    StreamSummary summary;
    {
      ProgressMeter meter(session.err(), session.output.err_terminal,
                          ChooseProgressMode(session.output.err_terminal, progress_.asked()));
      FedBatch batch;
      int64_t expected_count = 0;
      while (feed->Next(&batch)) {
        if (expected_count == 0) expected_count = ExpectedBatchCount(*batch.head, request);
        summary.Add(*batch.head, batch.post_ids, batch.size_bytes);
        PrintBatch(session, *feed, batch, meter);
        if (meter.IsDue()) meter.Update(View(summary, *batch.head, expected_count, absl::Now() - start_time));
        // A full disk should not go unnoticed for the rest of an epoch.
        if (!session.out().good()) context.get()->TryCancel();
      }
    }
    const grpc::Status status = feed->Finish();
    // A stream that was refused has nothing to sum up.
    if (status.ok() || summary.batch_count() > 0) PrintSummary(session, summary, absl::Now() - start_time);
    if (!session.out().good()) return {};  // the caller tells
    return Conclude(session, status, summary);
  }

 private:
  Outcome MakeRequest(v1::StreamBatchesRequest& request) const {
    batch_.Fill(request);
    v1::Position start;
    if (!start_.empty()) {
      const auto position = ParsePosition(start_);
      if (!position.has_value()) {
        return UsageError(absl::StrCat("--start ", start_, ": not a position"), "Say EPOCH:STEP, as in 0:1500.");
      }
      start = *position;
      *request.mutable_start() = start;
    }
    if (!start_token_.empty()) {
      request.set_start_token(start_token_);
      // A token without an epoch is none, as the server will say.
      start.set_epoch(TokenEpoch(start_token_).value_or(0));
    }
    for (const std::string& text : skip_) {
      const auto range = ParseStepRange(text);
      if (!range.has_value()) {
        return UsageError(absl::StrCat("--skip ", text, ": not a range of steps"),
                          "Say EPOCH:FIRST-LAST, as in 0:1500-1520, the last one included.");
      }
      *request.add_skip() = *range;
    }
    request.set_end_epoch(start.epoch() + epoch_count_);
    request.set_max_batch_count(batch_count_max_);
    return {};
  }

  void PrintBatch(Session& session, const BatchFeed& feed, const FedBatch& batch, ProgressMeter& meter) const {
    if (quiet_) return;
    // The line and the bar may share a terminal.
    if (session.output.out_terminal.is_terminal) meter.Clear();
    if (session.options.json) {
      feed.PrintJson(session.out());
    } else {
      session.out() << BatchLine(*batch.head, batch.post_ids) << '\n';
    }
    session.out().flush();
  }

  static ProgressView View(const StreamSummary& summary, const v1::Batch& batch, int64_t expected_count,
                           absl::Duration elapsed) {
    ProgressView view;
    view.label = "streaming";
    view.facts = {
        absl::StrCat(WithThousands(summary.batch_count()), " batches"),
        absl::StrCat("epoch ", batch.epoch(), " step ", batch.step()),
        absl::StrCat(HumanRate(static_cast<double>(summary.post_count()) / absl::ToDoubleSeconds(elapsed)), " posts")};
    if (expected_count > 0) {
      view.fraction = static_cast<double>(summary.batch_count()) / static_cast<double>(expected_count);
      view.facts[0] =
          absl::StrCat(WithThousands(summary.batch_count()), " of ", WithThousands(expected_count), " batches");
      if (const auto left = EstimateRemaining(*view.fraction, elapsed); left.has_value()) {
        view.facts.push_back(absl::StrCat(HumanDuration(*left), " left"));
      }
    }
    return view;
  }

  static void PrintSummary(Session& session, StreamSummary& summary, absl::Duration elapsed) {
    const double seconds = absl::ToDoubleSeconds(elapsed);
    const double posts_per_second = static_cast<double>(summary.post_count()) / seconds;
    const double bytes_per_second = static_cast<double>(summary.byte_count()) / seconds;
    const std::string digest = summary.FinishDigest();
    if (session.options.json) {
      google::protobuf::Struct document;
      auto& fields = *(*document.mutable_fields())["summary"].mutable_struct_value()->mutable_fields();
      fields["batch_count"].set_string_value(std::to_string(summary.batch_count()));
      fields["post_count"].set_string_value(std::to_string(summary.post_count()));
      fields["byte_count"].set_string_value(std::to_string(summary.byte_count()));
      fields["seconds"].set_number_value(seconds);
      fields["posts_per_second"].set_number_value(posts_per_second);
      fields["bytes_per_second"].set_number_value(bytes_per_second);
      fields["post_ids_sha256"].set_string_value(digest);
      fields["skipped_step_count"].set_string_value(std::to_string(summary.skipped_step_count()));
      fields["token"].set_string_value(summary.next_token());
      PrintJson(document, session.out());
      return;
    }
    std::vector<std::pair<std::string, std::string>> pairs = {
        {"batches", WithThousands(summary.batch_count())},
        {"posts", absl::StrCat(WithThousands(summary.post_count()), ", ", HumanRate(posts_per_second))},
        {"data", absl::StrCat(HumanBytes(summary.byte_count()), ", ", HumanByteRate(bytes_per_second))},
        {"time", HumanDuration(elapsed)},
        {"sha-256 of ids", digest}};
    if (summary.skipped_step_count() > 0) {
      pairs.insert(pairs.begin() + 1, {"skipped steps", WithThousands(summary.skipped_step_count())});
    }
    if (!summary.next_token().empty()) pairs.emplace_back("token", summary.next_token());
    PrintPairs(pairs, session.output.out_terminal, session.out());
  }

  static Outcome Conclude(Session& session, const grpc::Status& status, const StreamSummary& summary) {
    Outcome outcome = session.client.Conclude(status);
    if (outcome.ok() || !summary.next_position().has_value()) return outcome;
    const v1::Position& next = *summary.next_position();
    if (outcome.exit_code == ExitCode::kUnreachable && outcome.reason.empty()) {
      outcome.message = absl::StrCat("the connection to ", session.client.address(), " broke");
    }
    outcome.hint = absl::StrCat("Nothing is lost: continue with --start ", next.epoch(), ":", next.step());
    return outcome;
  }

  BatchOptions batch_;
  int64_t epoch_count_ = 1;
  std::string start_;
  std::string start_token_;
  std::vector<std::string> skip_;
  int64_t batch_count_max_ = 0;
  bool quiet_ = false;
  ProgressFlag progress_;
};

}  // namespace

void AddStreamCommand(CLI::App& root, Commands& commands) {
  commands.push_back(std::make_unique<StreamCommand>(
      root.add_subcommand("stream", "Stream a split's batches in order, with a digest of the ids to compare runs by")));
}

}  // namespace millrace::cli
