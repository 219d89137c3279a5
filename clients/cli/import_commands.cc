// millrace import, millrace imports list.
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "clients/cli/arguments.h"
#include "clients/cli/command.h"
#include "clients/cli/format.h"
#include "clients/cli/import_files.h"
#include "clients/cli/import_report.h"
#include "clients/cli/import_sender.h"
#include "clients/cli/json.h"
#include "clients/cli/list.h"
#include "clients/cli/progress.h"
#include "clients/cli/progress_flag.h"
#include "clients/cli/table.h"
#include "google/rpc/status.pb.h"

namespace millrace::cli {
namespace {

// RFC 9562, version 4.
std::string RandomUuid() {
  std::random_device device;
  const auto word = [&] { return static_cast<uint32_t>(device()); };
  return absl::StrFormat("%08x-%04x-4%03x-%04x-%04x%08x", word(), word() & 0xFFFF, word() & 0xFFF,
                         (word() & 0x3FFF) | 0x8000, word() & 0xFFFF, word());
}

class ImportCommand : public Command {
 public:
  explicit ImportCommand(CLI::App* app) : Command(app) {
    app->add_option("dataset", dataset_, "The dataset to import into; a new name makes a new one")
        ->required()
        ->type_name("DATASET");
    app->add_option("path", paths_,
                    "Files, plain, .gz or .zst; folders, for the data in them, or pictures with sidecars; - for "
                    "standard input")
        ->required()
        ->type_name("PATH");
    app->add_option("--format", format_, "What the files are; the server tells it from their bytes when left out")
        ->check(CLI::IsMember(SourceFormatNames()));
    app->add_option("--stdin-name", stdin_name_,
                    "What standard input is called: in messages, and to tell tag aliases from implications")
        ->type_name("NAME");
    app->add_flag("--md5", with_md5_, "Of a folder of pictures, read every picture for its MD5");
    app->add_option("--max-rejected", max_rejected_count_,
                    "Fail once more records than this are rejected; -1 allows any number")
        ->capture_default_str();
    app->add_option("--report", max_reported_count_, "Print at most this many rejected records; more are only counted")
        ->check(AtLeast(1))
        ->capture_default_str();
    app->add_flag("--no-snapshot", skip_snapshot_, "Do not compile a snapshot at the end");
    app->add_flag("--apply-aliases", apply_aliases_,
                  "Put what a tag is an alias of in its place, by the aliases of the dataset and of this import");
    app->add_option("--request-id", request_id_, "Names this import, so that a repeat does not import twice")
        ->type_name("ID");
    progress_.AddTo(*app);
  }

  Outcome Run(Session& session) override {
    if (app()->count("--request-id") > 0 && request_id_.empty()) {
      return UsageError("--request-id is empty",
                        "Leave it out, or give a text that names this import; a UUID serves well.");
    }
    if (request_id_.empty()) request_id_ = RandomUuid();
    InputFiles input;
    if (const Outcome outcome = FindInput(session, input); !outcome.ok()) return outcome;
    total_byte_count_ = TotalSize(input.files);

    CallContext context = session.client.NewContext(CallKind::kLong);
    const auto stream = session.client.imports().Import(context.get());
    ImportSender sender(context.get(), stream.get(), session.interrupt, MakeStart(), std::move(input.files), with_md5_);
    Receive(session, *stream);
    sender.Stop();
    const grpc::Status status = stream->Finish();
    if (!sender.error().empty()) {
      return LocalError(absl::StrCat(sender.error(), "; nothing was changed"));
    }
    return Conclude(session, status, sender.end_sent());
  }

 private:
  Outcome FindInput(Session& session, InputFiles& input) {
    const v1::SourceFormat named = SourceFormatOf(format_);
    if (const Outcome outcome = FindInputFiles(paths_, named, input); !outcome.ok()) return outcome;
    source_format_ = input.format;
    for (InputFile& file : input.files) {
      if (file.path == "-" && !stdin_name_.empty()) file.name = stdin_name_;
    }
    // Also beside JSON, which has no word for what was not sent.
    PrintSkipped(input, session.err());
    if (!session.options.json && source_format_ != named) {
      session.err() << "reading as " << SourceFormatText(source_format_) << ": pictures with sidecars" << std::endl;
    }
    return CheckNoWriteAheadLog(input.files);
  }

  v1::ImportStart MakeStart() const {
    v1::ImportStart start;
    start.set_dataset(dataset_);
    start.set_format(source_format_);
    start.set_request_id(request_id_);
    start.set_max_rejected_count(max_rejected_count_);
    start.set_max_reported_count(max_reported_count_);
    start.set_skip_snapshot(skip_snapshot_);
    start.set_apply_aliases(apply_aliases_);
    return start;
  }

  // Takes the server's messages until there are no more.
  void Receive(Session& session, ImportSender::Stream& stream) {
    ProgressMeter meter(session.err(), session.output.err_terminal,
                        ChooseProgressMode(session.output.err_terminal, progress_.asked()));
    v1::ImportResponse response;
    while (stream.Read(&response)) {
      if (session.options.json) {
        PrintJson(response, session.out());
        session.out().flush();
      }
      if (response.has_progress()) {
        stage_ = response.progress().stage();
        SayFormat(session, response.progress().format(), meter);
        meter.Update(ImportProgressView(response.progress(), total_byte_count_, absl::Now() - start_time_));
      } else if (response.has_rejected()) {
        ++reported_count_;
        if (session.options.json) continue;
        meter.Clear();
        session.err() << RejectedText(response.rejected()) << std::endl;
      } else if (response.has_result()) {
        result_ = response.result();
      }
    }
  }

  // Says, once, what the server takes the bytes for when nobody had named it.
  void SayFormat(Session& session, v1::SourceFormat format, ProgressMeter& meter) {
    if (source_format_ != v1::SOURCE_FORMAT_UNSPECIFIED || format == v1::SOURCE_FORMAT_UNSPECIFIED) return;
    source_format_ = format;
    if (session.options.json) return;
    meter.Clear();
    session.err() << "reading as " << SourceFormatText(format) << ", recognised from the bytes" << std::endl;
  }

  Outcome Conclude(Session& session, const grpc::Status& status, bool end_sent) {
    Outcome outcome = session.client.Conclude(status);
    if (!outcome.ok()) return ExplainFailure(std::move(outcome), end_sent);
    if (!result_.has_value()) return LocalError("the server ended the import without a result");
    if (!session.options.json) {
      PrintImportResult(*result_, request_id_, absl::Now() - start_time_, session.options.full,
                        session.output.out_terminal, session.out());
      const int64_t unreported = result_->rejected_count() - reported_count_;
      if (unreported > 0 && !result_->already_imported()) {
        session.err() << WithThousands(unreported) << " more rejected records were counted, not shown; see --report"
                      << std::endl;
      }
    }
    if (!result_->has_snapshot_error()) return {};
    outcome = session.client.Conclude(grpc::Status(static_cast<grpc::StatusCode>(result_->snapshot_error().code()),
                                                   result_->snapshot_error().message(),
                                                   result_->snapshot_error().SerializeAsString()));
    outcome.exit_code = ExitCode::kRefused;
    outcome.message =
        absl::StrCat("the import is committed, but its snapshot could not be compiled: ", outcome.message);
    outcome.hint = absl::StrCat("Try again: millrace snapshot create ", dataset_);
    return outcome;
  }

  // Says what became of the data, as far as that can be known here.
  Outcome ExplainFailure(Outcome outcome, bool end_sent) const {
    const bool is_cut = outcome.exit_code == ExitCode::kInterrupted || outcome.exit_code == ExitCode::kUnreachable;
    if (stage_ == v1::IMPORT_STAGE_COMPILING) {
      absl::StrAppend(&outcome.message, "; the import is committed, its snapshot may be missing");
      outcome.hint = absl::StrCat("Compile it: millrace snapshot create ", dataset_);
    } else if (is_cut && end_sent && outcome.reason.empty()) {
      absl::StrAppend(&outcome.message, "; everything was sent, so the import may have been committed");
      outcome.hint = absl::StrCat("Repeat the command with --request-id ", request_id_,
                                  ": it is imported once, whatever happened.");
    } else if (outcome.exit_code == ExitCode::kInterrupted) {
      absl::StrAppend(&outcome.message, "; nothing was changed");
    } else if (outcome.exit_code == ExitCode::kDataRejected) {
      outcome.message = absl::StrCat("import failed, nothing was changed: ", outcome.message);
    }
    return outcome;
  }

  std::string dataset_;
  std::vector<std::string> paths_;
  std::string format_;
  std::string stdin_name_;
  int64_t max_rejected_count_ = 0;
  int64_t max_reported_count_ = 1000;
  bool skip_snapshot_ = false;
  bool apply_aliases_ = false;
  bool with_md5_ = false;
  std::string request_id_;
  ProgressFlag progress_;

  const absl::Time start_time_ = absl::Now();
  v1::SourceFormat source_format_ = v1::SOURCE_FORMAT_UNSPECIFIED;
  std::optional<int64_t> total_byte_count_;
  v1::ImportStage stage_ = v1::IMPORT_STAGE_UNSPECIFIED;
  int64_t reported_count_ = 0;
  std::optional<v1::ImportResult> result_;
};

class ListImportsCommand : public Command {
 public:
  explicit ListImportsCommand(CLI::App* app) : Command(app) {
    app->add_option("-d,--dataset,dataset", dataset_, "Only imports into this dataset")->type_name("NAME");
    limit_.AddTo(*app);
  }

  Outcome Run(Session& session) override {
    v1::ListImportsRequest request;
    request.set_dataset(dataset_);
    return PrintList<v1::ImportService::Stub, v1::ListImportsRequest, v1::ListImportsResponse, v1::ImportRecord>(
        session, session.client.imports(), &v1::ImportService::Stub::ListImports, request,
        &v1::ListImportsResponse::imports, limit_,
        Table({{"import"},
               {"dataset"},
               {"state"},
               {"started"},
               {"posts", Align::kRight},
               {"listed", Align::kRight},
               {"rejected", Align::kRight},
               {"error", Align::kLeft, true}},
              session.output.out_terminal),
        [](const v1::ImportRecord& record) -> std::vector<std::string> {
          const v1::ImportResult& result = record.result();
          const bool has_result = record.has_result();
          return {record.import_id(),
                  record.dataset(),
                  StateText(record.state()),
                  HumanTime(record.started_at()),
                  has_result ? WithThousands(result.new_post_count() + result.replaced_post_count()) : "-",
                  has_result ? WithThousands(ListedCount(result)) : "-",
                  has_result ? WithThousands(result.rejected_count()) : "-",
                  record.has_error() ? record.error().message() : ""};
        },
        "No imports.");
  }

 private:
  std::string dataset_;
  Limit limit_;
};

}  // namespace

void AddImportCommands(CLI::App& root, Commands& commands) {
  commands.push_back(std::make_unique<ImportCommand>(
      root.add_subcommand("import", "Import a dump into a dataset: all of it, or nothing")));
  CLI::App* imports = AddGroup(root, "imports", "Look at past and running imports");
  commands.push_back(std::make_unique<ListImportsCommand>(
      imports->add_subcommand("list", "List imports, newest first, with those that failed")));
}

}  // namespace millrace::cli
