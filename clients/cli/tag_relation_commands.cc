// millrace tags relations, tags listed, tags pools and tags artists: what boards list apart from posts.
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

class ListListedTagsCommand : public Command {
 public:
  explicit ListListedTagsCommand(CLI::App* app) : Command(app) {
    app->add_option("dataset", dataset_, "The dataset")->required();
    app->add_option("--prefix", prefix_, "Only tags whose names begin so");
    limit_.AddTo(*app);
  }

  Outcome Run(Session& session) override {
    v1::ListListedTagsRequest request;
    request.set_dataset(dataset_);
    request.set_prefix(prefix_);
    const auto row = [](const v1::ListedTag& tag) -> std::vector<std::string> {
      return {tag.id() == 0 ? "" : std::to_string(tag.id()), tag.name(),
              CategoryText(tag.category()) + (tag.is_deprecated() ? " (deprecated)" : ""),
              tag.has_source_post_count() ? WithThousands(tag.source_post_count()) : "", tag.extra_json()};
    };
    return PrintList<v1::TagService::Stub, v1::ListListedTagsRequest, v1::ListListedTagsResponse, v1::ListedTag>(
        session, session.client.tags(), &v1::TagService::Stub::ListListedTags, request,
        &v1::ListListedTagsResponse::tags, limit_,
        Table({{"id", Align::kRight},
               {"tag"},
               {"category"},
               {"posts at source", Align::kRight},
               {"more", Align::kLeft, true}},
              session.output.out_terminal),
        row, "No list of tags told any.");
  }

 private:
  std::string dataset_;
  std::string prefix_;
  Limit limit_;
};

class ListPoolsCommand : public Command {
 public:
  explicit ListPoolsCommand(CLI::App* app) : Command(app) {
    app->add_option("dataset", dataset_, "The dataset")->required();
    app->add_option("--id", pool_id_, "Only the pool of this id")->check(AtLeast(1));
    app->add_flag("--posts", with_post_ids_, "Show the ids of its posts, in its order");
    limit_.AddTo(*app);
  }

  Outcome Run(Session& session) override {
    v1::ListPoolsRequest request;
    request.set_dataset(dataset_);
    request.set_pool_id(pool_id_);
    request.set_with_post_ids(with_post_ids_);
    const auto row = [this](const v1::ListedPool& pool) -> std::vector<std::string> {
      std::vector<std::string> cells{std::to_string(pool.id()), pool.name(), pool.kind(),
                                     WithThousands(pool.post_count()), pool.is_deleted() ? "yes" : ""};
      if (with_post_ids_) cells.push_back(absl::StrJoin(pool.post_ids(), " "));
      return cells;
    };
    std::vector<Column> columns{
        {"id", Align::kRight}, {"pool", Align::kLeft, true}, {"kind"}, {"posts", Align::kRight}, {"deleted"}};
    if (with_post_ids_) columns.push_back({"post ids", Align::kLeft, true});
    return PrintList<v1::TagService::Stub, v1::ListPoolsRequest, v1::ListPoolsResponse, v1::ListedPool>(
        session, session.client.tags(), &v1::TagService::Stub::ListPools, request, &v1::ListPoolsResponse::pools,
        limit_, Table(std::move(columns), session.output.out_terminal), row, "No pools.");
  }

 private:
  std::string dataset_;
  int64_t pool_id_ = 0;
  bool with_post_ids_ = false;
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
  commands.push_back(std::make_unique<ListListedTagsCommand>(
      tags.add_subcommand("listed", "List what lists of tags told a dataset, with the source's other fields")));
  commands.push_back(
      std::make_unique<ListPoolsCommand>(tags.add_subcommand("pools", "List the pools that a dataset was told of")));
  commands.push_back(std::make_unique<ListArtistsCommand>(
      tags.add_subcommand("artists", "List the artists that a dataset was told of")));
}

}  // namespace millrace::cli
