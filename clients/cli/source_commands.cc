// millrace source list, show, delete, refresh, runs; create and update have a file of their own.
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "clients/cli/arguments.h"
#include "clients/cli/command.h"
#include "clients/cli/format.h"
#include "clients/cli/json.h"
#include "clients/cli/list.h"
#include "clients/cli/progress.h"
#include "clients/cli/progress_flag.h"
#include "clients/cli/source_settings_command.h"
#include "clients/cli/table.h"

namespace millrace::cli {
namespace {

absl::Time TimeOf(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

std::string TimeTaken(const v1::RefreshRun& run) {
  return run.has_ended_at() ? HumanDuration(TimeOf(run.ended_at()) - TimeOf(run.started_at())) : "-";
}

void AddName(CLI::App& app, std::string& name) {
  app.add_option("name", name, "The source's name")->required()->type_name("NAME");
}

class ListSourcesCommand : public Command {
 public:
  explicit ListSourcesCommand(CLI::App* app) : Command(app) { limit_.AddTo(*app); }

  Outcome Run(Session& session) override {
    return PrintList<v1::SourceService::Stub, v1::ListSourcesRequest, v1::ListSourcesResponse, v1::Source>(
        session, session.client.sources(), &v1::SourceService::Stub::ListSources, {}, &v1::ListSourcesResponse::sources,
        limit_,
        Table({{"source"},
               {"dataset"},
               {"kind"},
               {"address", Align::kLeft, true},
               {"position", Align::kRight},
               {"failed pages", Align::kRight},
               {"last refresh"}},
              session.output.out_terminal),
        [](const v1::Source& source) -> std::vector<std::string> {
          return {source.name(),
                  source.dataset(),
                  BoardKindText(source.kind()),
                  source.address(),
                  std::to_string(source.position()),
                  WithThousands(source.failed_page_count()),
                  source.has_last_refresh_ended_at() ? HumanTime(source.last_refresh_ended_at()) : "-"};
        },
        "No sources. Create one: millrace source create NAME https://board.example --kind danbooru");
  }

 private:
  Limit limit_;
};

class ShowSourceCommand : public Command {
 public:
  explicit ShowSourceCommand(CLI::App* app) : Command(app) { AddName(*app, name_); }

  Outcome Run(Session& session) override {
    v1::GetSourceRequest request;
    request.set_name(name_);
    v1::GetSourceResponse response;
    Client& client = session.client;
    if (const Outcome outcome = client.Call(client.sources(), &v1::SourceService::Stub::GetSource, request, &response);
        !outcome.ok()) {
      return outcome;
    }
    if (session.options.json) {
      PrintJson(response, session.out());
    } else {
      PrintSource(response.source(), session.output.out_terminal, session.out());
    }
    return {};
  }

 private:
  std::string name_;
};

class DeleteSourceCommand : public Command {
 public:
  explicit DeleteSourceCommand(CLI::App* app) : Command(app) {
    AddName(*app, name_);
    app->add_flag("--allow-missing", allow_missing_, "Succeed when there is none");
  }

  Outcome Run(Session& session) override {
    v1::DeleteSourceRequest request;
    request.set_name(name_);
    request.set_allow_missing(allow_missing_);
    v1::DeleteSourceResponse response;
    Client& client = session.client;
    if (const Outcome outcome =
            client.Call(client.sources(), &v1::SourceService::Stub::DeleteSource, request, &response);
        !outcome.ok()) {
      return outcome;
    }
    if (session.options.json) {
      PrintJson(response, session.out());
    } else {
      session.out() << "source " << Printable(name_) << " is gone; its dataset stays\n";
    }
    return {};
  }

 private:
  std::string name_;
  bool allow_missing_ = false;
};

class RefreshSourceCommand : public Command {
 public:
  explicit RefreshSourceCommand(CLI::App* app) : Command(app) {
    AddName(*app, name_);
    app->add_option("--max-pages", page_count_max_, "End after so many pages; 0: at the board's end")
        ->check(AtLeast(0))
        ->capture_default_str();
    progress_.AddTo(*app);
  }

  Outcome Run(Session& session) override {
    v1::RefreshSourceRequest request;
    request.set_name(name_);
    request.set_max_page_count(page_count_max_);
    CallContext context = session.client.NewContext(CallKind::kLong);
    const auto reader = session.client.sources().RefreshSource(context.get(), request);
    v1::RefreshSourceResponse last;
    {
      ProgressMeter meter(session.err(), session.output.err_terminal,
                          ChooseProgressMode(session.output.err_terminal, progress_.asked()));
      v1::RefreshSourceResponse response;
      while (reader->Read(&response)) {
        if (session.options.json) PrintJson(response, session.out());
        if (response.has_page()) {
          ShowPage(session, response.page(), meter);
        } else if (response.has_wait()) {
          ShowWait(session, response.wait(), meter);
        } else {
          last = response;
        }
      }
    }
    const Outcome outcome = session.client.Conclude(reader->Finish());
    if (last.has_run() && !session.options.json) PrintRun(session, last.run());
    if (!last.run().warning().empty()) session.err() << "warning: " << Printable(last.run().warning()) << std::endl;
    if (!outcome.ok()) return Explain(outcome);
    return Judge(session, last);
  }

 private:
  static void ShowPage(Session& session, const v1::RefreshPage& page, ProgressMeter& meter) {
    if (page.has_error()) {
      meter.Clear();
      session.err() << (page.by_change() ? "page of changes" : absl::StrCat("page behind post ", page.after_id()))
                    << " failed, to be tried again in an hour: " << Printable(page.error().message()) << std::endl;
    }
    const v1::RefreshCounts& total = page.total();
    ProgressView view;
    view.label = "refreshing";
    view.facts = {absl::StrCat("post ", page.position()), absl::StrCat(WithThousands(total.page_count()), " pages"),
                  absl::StrCat(WithThousands(total.new_post_count()), " new"),
                  absl::StrCat(WithThousands(total.updated_post_count()), " updated"),
                  absl::StrCat(WithThousands(total.unchanged_post_count()), " unchanged")};
    meter.Update(view);
  }

  static void ShowWait(Session& session, const v1::RefreshWait& wait, ProgressMeter& meter) {
    meter.Clear();
    session.err() << "waiting " << HumanDuration(wait.wait()) << " to ask again: " << Printable(wait.error().message())
                  << std::endl;
  }

  static void PrintRun(Session& session, const v1::RefreshRun& run) {
    const v1::RefreshCounts& counts = run.counts();
    std::vector<std::pair<std::string, std::string>> pairs = {
        {"refresh", RefreshStateText(run.state())},
        {"pages", WithThousands(counts.page_count())},
        {"new", WithThousands(counts.new_post_count())},
        {"updated", WithThousands(counts.updated_post_count())},
        {"unchanged", WithThousands(counts.unchanged_post_count())}};
    if (counts.missing_post_count() > 0) pairs.emplace_back("missing", WithThousands(counts.missing_post_count()));
    if (counts.failed_post_count() > 0) pairs.emplace_back("no posts", WithThousands(counts.failed_post_count()));
    if (counts.failed_page_count() > 0) pairs.emplace_back("failed pages", WithThousands(counts.failed_page_count()));
    if (counts.lookup_request_count() > 0) {
      pairs.emplace_back("tags looked up", absl::StrCat(WithThousands(counts.told_tag_count()), " told by ",
                                                        WithThousands(counts.lookup_request_count()),
                                                        counts.lookup_request_count() == 1 ? " request" : " requests"));
    }
    pairs.emplace_back("position", absl::StrCat("behind post ", run.last_position()));
    if (!run.snapshot().empty()) pairs.emplace_back("snapshot", ShortDigest(run.snapshot(), session.options.full));
    PrintPairs(pairs, session.output.out_terminal, session.out());
  }

  Outcome Explain(Outcome outcome) const {
    if (outcome.exit_code == ExitCode::kInterrupted || outcome.exit_code == ExitCode::kUnreachable) {
      outcome.hint = absl::StrCat("Nothing is lost: millrace source refresh ", name_, " goes on where it was.");
    }
    return outcome;
  }

  Outcome Judge(Session& session, const v1::RefreshSourceResponse& last) const {
    if (!last.has_run()) return LocalError("the server ended the refresh without telling what became of it");
    if (last.run().state() == v1::REFRESH_STATE_FAILED) {
      Outcome outcome = LocalError(absl::StrCat("the refresh failed: ", last.run().error_message()),
                                   "What was committed stays; the next refresh goes on behind it.");
      outcome.reason = last.run().error_reason();
      return outcome;
    }
    if (last.has_snapshot_error()) {
      return LocalError(absl::StrCat("the refresh is done, but its snapshot could not be compiled: ",
                                     last.snapshot_error().message()),
                        "Try again: millrace snapshot create DATASET");
    }
    return {};
  }

  std::string name_;
  int64_t page_count_max_ = 0;
  ProgressFlag progress_;
};

class ListRunsCommand : public Command {
 public:
  explicit ListRunsCommand(CLI::App* app) : Command(app) {
    app->add_option("name", name_, "Only of this source")->type_name("NAME");
    limit_.AddTo(*app);
  }

  Outcome Run(Session& session) override {
    v1::ListRefreshRunsRequest request;
    request.set_source(name_);
    return PrintList<v1::SourceService::Stub, v1::ListRefreshRunsRequest, v1::ListRefreshRunsResponse, v1::RefreshRun>(
        session, session.client.sources(), &v1::SourceService::Stub::ListRefreshRuns, request,
        &v1::ListRefreshRunsResponse::runs, limit_,
        Table({{"source"},
               {"started"},
               {"took", Align::kRight},
               {"state"},
               {"pages", Align::kRight},
               {"new", Align::kRight},
               {"updated", Align::kRight},
               {"unchanged", Align::kRight},
               {"failed pages", Align::kRight},
               {"why", Align::kLeft, true}},
              session.output.out_terminal),
        [](const v1::RefreshRun& run) -> std::vector<std::string> {
          const v1::RefreshCounts& counts = run.counts();
          return {run.source(),
                  HumanTime(run.started_at()),
                  TimeTaken(run),
                  RefreshStateText(run.state()),
                  WithThousands(counts.page_count()),
                  WithThousands(counts.new_post_count()),
                  WithThousands(counts.updated_post_count()),
                  WithThousands(counts.unchanged_post_count()),
                  WithThousands(counts.failed_page_count()),
                  run.error_message().empty() ? run.warning() : run.error_message()};
        },
        "No refreshes.");
  }

 private:
  std::string name_;
  Limit limit_;
};

}  // namespace

void AddSourceCommands(CLI::App& root, Commands& commands) {
  CLI::App* group = AddGroup(root, "source", "Refresh datasets from live boards");
  commands.push_back(std::make_unique<CreateSourceCommand>(
      group->add_subcommand("create", "Name a board that a dataset is refreshed from")));
  commands.push_back(std::make_unique<ListSourcesCommand>(group->add_subcommand("list", "List sources by name")));
  commands.push_back(std::make_unique<ShowSourceCommand>(
      group->add_subcommand("show", "Show a source's settings and position")->alias("get")));
  commands.push_back(
      std::make_unique<UpdateSourceCommand>(group->add_subcommand("update", "Change a source's settings or position")));
  commands.push_back(std::make_unique<DeleteSourceCommand>(
      group->add_subcommand("delete", "Delete a source and its history; the dataset stays")));
  commands.push_back(std::make_unique<RefreshSourceCommand>(
      group->add_subcommand("refresh", "Fetch what is new, and wait for it; Ctrl-C stops, the next one continues")));
  commands.push_back(std::make_unique<ListRunsCommand>(group->add_subcommand("runs", "List refreshes, newest first")));
}

}  // namespace millrace::cli
