// millrace stats, millrace datasets list.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "clients/cli/command.h"
#include "clients/cli/format.h"
#include "clients/cli/json.h"
#include "clients/cli/list.h"
#include "clients/cli/scope.h"
#include "clients/cli/table.h"

namespace millrace::cli {
namespace {

void PrintSummary(const v1::Stats& stats, const Terminal& terminal, std::ostream& out) {
  std::vector<std::pair<std::string, std::string>> pairs = {
      {"posts", WithThousands(stats.post_count())},
      {"tags", WithThousands(stats.tag_count())},
      {"tag uses", WithThousands(stats.tag_use_count())},
  };
  if (stats.post_count() > 0) {
    absl::StrAppendFormat(&pairs.back().second, " (%.1f a post)",
                          static_cast<double>(stats.tag_use_count()) / static_cast<double>(stats.post_count()));
  }
  if (stats.has_min_post_id()) {
    pairs.emplace_back("post ids", absl::StrCat(stats.min_post_id(), " to ", stats.max_post_id()));
  }
  if (stats.has_last_import()) {
    const v1::ImportSummary& last = stats.last_import();
    pairs.emplace_back("last import",
                       absl::StrCat(HumanTime(last.committed_at()), ", ", WithThousands(last.post_count()), " posts, ",
                                    WithThousands(last.rejected_count()), " rejected (", last.import_id(), ")"));
  }
  PrintPairs(pairs, terminal, out);
}

void PrintBreakdowns(const v1::Stats& stats, const Terminal& terminal, std::ostream& out) {
  if (stats.post_count() == 0) return;
  Table ratings({{"rating"}, {"posts", Align::kRight}, {"share", Align::kRight}}, terminal);
  for (const v1::RatingCount& count : stats.ratings()) {
    ratings.AddRow({RatingText(count.rating()), WithThousands(count.post_count()),
                    Percent(count.post_count(), stats.post_count())});
  }
  Table categories({{"category"}, {"tags", Align::kRight}, {"tag uses", Align::kRight}, {"share", Align::kRight}},
                   terminal);
  for (const v1::CategoryCount& count : stats.categories()) {
    categories.AddRow({CategoryText(count.category()), WithThousands(count.tag_count()),
                       WithThousands(count.tag_use_count()), Percent(count.tag_use_count(), stats.tag_use_count())});
  }
  Table file_types({{"file type"}, {"posts", Align::kRight}, {"share", Align::kRight}}, terminal);
  for (const v1::FileTypeCount& count : stats.file_types()) {
    file_types.AddRow({count.file_ext().empty() ? "-" : count.file_ext(), WithThousands(count.post_count()),
                       Percent(count.post_count(), stats.post_count())});
  }
  for (Table* table : {&ratings, &categories, &file_types}) {
    out << '\n';
    table->Print(out);
  }
}

class StatsCommand : public Command {
 public:
  explicit StatsCommand(CLI::App* app) : Command(app) { scope_.AddTo(*app, Scope::Style::kPositional); }

  Outcome Run(Session& session) override {
    v1::GetStatsRequest request;
    if (const Outcome outcome = scope_.Fill(session, request); !outcome.ok()) return outcome;
    v1::GetStatsResponse response;
    Client& client = session.client;
    if (const Outcome outcome = client.Call(client.catalog(), &v1::CatalogService::Stub::GetStats, request, &response);
        !outcome.ok()) {
      return outcome;
    }
    if (session.options.json) {
      PrintJson(response, session.out());
      return {};
    }
    const Terminal& terminal = session.output.out_terminal;
    session.out() << Paint(scope_.Text(session.options.full), "1", terminal.color) << "\n\n";
    PrintSummary(response.stats(), terminal, session.out());
    PrintBreakdowns(response.stats(), terminal, session.out());
    return {};
  }

 private:
  Scope scope_;
};

class ListDatasetsCommand : public Command {
 public:
  explicit ListDatasetsCommand(CLI::App* app) : Command(app) { limit_.AddTo(*app); }

  Outcome Run(Session& session) override {
    const bool full = session.options.full;
    return PrintList<v1::CatalogService::Stub, v1::ListDatasetsRequest, v1::ListDatasetsResponse, v1::Dataset>(
        session, session.client.catalog(), &v1::CatalogService::Stub::ListDatasets, {},
        &v1::ListDatasetsResponse::datasets, limit_,
        Table({{"dataset", Align::kLeft, true}, {"posts", Align::kRight}, {"newest snapshot"}, {"created"}},
              session.output.out_terminal),
        [full](const v1::Dataset& dataset) -> std::vector<std::string> {
          return {dataset.name(), WithThousands(dataset.post_count()),
                  dataset.has_newest_snapshot() ? ShortDigest(dataset.newest_snapshot(), full) : "-",
                  HumanTime(dataset.created_at())};
        },
        "No datasets. Bring one in: millrace import DATASET PATH...");
  }

 private:
  Limit limit_;
};

}  // namespace

void AddStatsCommands(CLI::App& root, Commands& commands) {
  commands.push_back(std::make_unique<StatsCommand>(
      root.add_subcommand("stats", "Count posts, tags, ratings and file types of a dataset or snapshot")));
  CLI::App* datasets = AddGroup(root, "datasets", "Look at the datasets");
  commands.push_back(std::make_unique<ListDatasetsCommand>(
      datasets->add_subcommand("list", "List the datasets with their sizes and newest snapshots")));
}

}  // namespace millrace::cli
