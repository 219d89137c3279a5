// millrace tags relations, millrace tags pools, millrace tags artists: what boards list apart from posts.
#include "absl/strings/str_join.h"
#include "clients/cli/command.h"
#include "clients/cli/format.h"
#include "clients/cli/list.h"
#include "clients/cli/scope.h"
#include "clients/cli/table.h"

namespace millrace::cli {
namespace {

std::string KindText(v1::TagRelationKind kind) {
  return kind == v1::TAG_RELATION_KIND_ALIAS         ? "alias"
         : kind == v1::TAG_RELATION_KIND_IMPLICATION ? "implication"
                                                     : "unknown";
}

class ListRelationsCommand : public Command {
 public:
  explicit ListRelationsCommand(CLI::App* app) : Command(app) {
    scope_.AddTo(*app, Scope::Style::kPositional);
    app->add_option("--kind", kind_, "Only these")->check(CLI::IsMember({"alias", "implication"}));
    limit_.AddTo(*app);
  }

  Outcome Run(Session& session) override {
    v1::ListTagRelationsRequest request;
    if (const Outcome outcome = scope_.Fill(session, request); !outcome.ok()) return outcome;
    if (kind_ == "alias") request.set_kind(v1::TAG_RELATION_KIND_ALIAS);
    if (kind_ == "implication") request.set_kind(v1::TAG_RELATION_KIND_IMPLICATION);
    const auto row = [](const v1::TagRelation& relation) -> std::vector<std::string> {
      return {KindText(relation.kind()), relation.antecedent_name(), relation.consequent_name(),
              relation.status().empty() ? "active" : relation.status()};
    };
    return PrintList<v1::TagService::Stub, v1::ListTagRelationsRequest, v1::ListTagRelationsResponse, v1::TagRelation>(
        session, session.client.tags(), &v1::TagService::Stub::ListTagRelations, request,
        &v1::ListTagRelationsResponse::relations, limit_,
        Table({{"kind"}, {"tag", Align::kLeft, true}, {"to", Align::kLeft, true}, {"status"}},
              session.output.out_terminal),
        row, "No relations.");
  }

 private:
  Scope scope_;
  std::string kind_;
  Limit limit_;
};

class ListPoolsCommand : public Command {
 public:
  explicit ListPoolsCommand(CLI::App* app) : Command(app) {
    app->add_option("dataset", dataset_, "The dataset")->required();
    limit_.AddTo(*app);
  }

  Outcome Run(Session& session) override {
    v1::ListPoolsRequest request;
    request.set_dataset(dataset_);
    const auto row = [](const v1::ListedPool& pool) -> std::vector<std::string> {
      return {std::to_string(pool.id()), pool.name(), pool.kind(), WithThousands(pool.post_count()),
              pool.is_deleted() ? "yes" : ""};
    };
    return PrintList<v1::TagService::Stub, v1::ListPoolsRequest, v1::ListPoolsResponse, v1::ListedPool>(
        session, session.client.tags(), &v1::TagService::Stub::ListPools, request, &v1::ListPoolsResponse::pools,
        limit_,
        Table({{"id", Align::kRight}, {"pool", Align::kLeft, true}, {"kind"}, {"posts", Align::kRight}, {"deleted"}},
              session.output.out_terminal),
        row, "No pools.");
  }

 private:
  std::string dataset_;
  Limit limit_;
};

class ListArtistsCommand : public Command {
 public:
  explicit ListArtistsCommand(CLI::App* app) : Command(app) {
    app->add_option("dataset", dataset_, "The dataset")->required();
    limit_.AddTo(*app);
  }

  Outcome Run(Session& session) override {
    v1::ListArtistsRequest request;
    request.set_dataset(dataset_);
    const auto row = [](const v1::ListedArtist& artist) -> std::vector<std::string> {
      return {artist.id() == 0 ? "" : std::to_string(artist.id()), artist.name(),
              absl::StrJoin(artist.other_names(), ", ")};
    };
    return PrintList<v1::TagService::Stub, v1::ListArtistsRequest, v1::ListArtistsResponse, v1::ListedArtist>(
        session, session.client.tags(), &v1::TagService::Stub::ListArtists, request, &v1::ListArtistsResponse::artists,
        limit_,
        Table({{"id", Align::kRight}, {"artist"}, {"other names", Align::kLeft, true}}, session.output.out_terminal),
        row, "No artists.");
  }

 private:
  std::string dataset_;
  Limit limit_;
};

}  // namespace

void AddTagRelationCommands(CLI::App& tags, Commands& commands) {
  commands.push_back(std::make_unique<ListRelationsCommand>(
      tags.add_subcommand("relations", "List aliases and implications of a dataset or snapshot")));
  commands.push_back(
      std::make_unique<ListPoolsCommand>(tags.add_subcommand("pools", "List the pools that a dataset was told of")));
  commands.push_back(std::make_unique<ListArtistsCommand>(
      tags.add_subcommand("artists", "List the artists that a dataset was told of")));
}

}  // namespace millrace::cli
