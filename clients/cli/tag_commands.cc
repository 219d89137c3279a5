// millrace tags list, millrace tags get.
#include "clients/cli/arguments.h"
#include "clients/cli/command.h"
#include "clients/cli/format.h"
#include "clients/cli/json.h"
#include "clients/cli/list.h"
#include "clients/cli/scope.h"
#include "clients/cli/table.h"

namespace millrace::cli {
namespace {

// The --category flag.
struct CategoryFlag {
  std::string text;

  void AddTo(CLI::App& app) {
    std::vector<std::string> names;
    for (int number = v1::TagCategory_MIN; number <= v1::TagCategory_MAX; ++number) {
      if (number != v1::TAG_CATEGORY_UNSPECIFIED) names.push_back(CategoryText(static_cast<v1::TagCategory>(number)));
    }
    app.add_option("--category", text, "Only tags of this category")->check(CLI::IsMember(names));
  }
  v1::TagCategory value() const { return ParseCategory(text).value_or(v1::TAG_CATEGORY_UNSPECIFIED); }
};

Table TagTable(const Terminal& terminal) {
  return Table({{"id", Align::kRight}, {"tag", Align::kLeft, true}, {"category"}, {"posts", Align::kRight}}, terminal);
}

std::vector<std::string> TagRow(const v1::Tag& tag) {
  const std::string category = CategoryText(tag.category()) + (tag.is_deprecated() ? ", deprecated" : "");
  return {std::to_string(tag.id()), tag.name(), category, WithThousands(tag.post_count())};
}

class ListTagsCommand : public Command {
 public:
  explicit ListTagsCommand(CLI::App* app) : Command(app) {
    scope_.AddTo(*app, Scope::Style::kPositional);
    app->add_option("--prefix", prefix_, "Only names that begin with this");
    category_.AddTo(*app);
    app->add_option("--min-posts", min_post_count_, "Only tags that at least this many posts carry")->check(AtLeast(0));
    app->add_option("--order", order_, "By name, or by number of posts with the most first")
        ->check(CLI::IsMember({"name", "count"}))
        ->capture_default_str();
    limit_.AddTo(*app);
  }

  Outcome Run(Session& session) override {
    v1::ListTagsRequest request;
    if (const Outcome outcome = scope_.Fill(session, request); !outcome.ok()) return outcome;
    request.set_prefix(prefix_);
    request.set_category(category_.value());
    request.set_min_post_count(min_post_count_);
    request.set_order(order_ == "count" ? v1::TAG_ORDER_POST_COUNT : v1::TAG_ORDER_NAME);
    return PrintList<v1::CatalogService::Stub, v1::ListTagsRequest, v1::ListTagsResponse, v1::Tag>(
        session, session.client.catalog(), &v1::CatalogService::Stub::ListTags, request, &v1::ListTagsResponse::tags,
        limit_, TagTable(session.output.out_terminal), TagRow, "No such tags.");
  }

 private:
  Scope scope_;
  std::string prefix_;
  CategoryFlag category_;
  int64_t min_post_count_ = 0;
  std::string order_ = "count";
  Limit limit_;
};

class GetTagCommand : public Command {
 public:
  explicit GetTagCommand(CLI::App* app) : Command(app) {
    scope_.AddTo(*app, Scope::Style::kFlagsOnly);
    CLI::Option* name = app->add_option("name", name_, "The tag's exact name");
    CLI::Option* id = app->add_option("--id", id_, "The tag's id instead")->check(AtLeast(1));
    id->excludes(name);
    category_.AddTo(*app);
  }

  Outcome Run(Session& session) override {
    if (name_.empty() && id_ == 0)
      return UsageError("which tag? Give its name, or --id", "See: millrace tags get --help");
    v1::GetTagRequest request;
    if (const Outcome outcome = scope_.Fill(session, request); !outcome.ok()) return outcome;
    if (id_ != 0) {
      request.set_id(id_);
    } else {
      request.set_name(name_);
    }
    request.set_category(category_.value());
    v1::GetTagResponse response;
    Client& client = session.client;
    if (const Outcome outcome = client.Call(client.catalog(), &v1::CatalogService::Stub::GetTag, request, &response);
        !outcome.ok()) {
      return outcome;
    }
    if (session.options.json) {
      PrintJson(response, session.out());
      return {};
    }
    Table table = TagTable(session.output.out_terminal);
    table.AddRow(TagRow(response.tag()));
    for (const v1::Tag& tag : response.namesakes()) table.AddRow(TagRow(tag));
    table.Print(session.out());
    return {};
  }

 private:
  Scope scope_;
  std::string name_;
  int64_t id_ = 0;
  CategoryFlag category_;
};

}  // namespace

void AddTagCommands(CLI::App& root, Commands& commands) {
  CLI::App* tags = AddGroup(root, "tags", "Look at the tags of a dataset or snapshot");
  commands.push_back(std::make_unique<ListTagsCommand>(
      tags->add_subcommand("list", "List tags by prefix, category and number of posts")));
  commands.push_back(
      std::make_unique<GetTagCommand>(tags->add_subcommand("get", "Show one tag, and others of the same name")));
  AddTagRelationCommands(*tags, commands);
}

}  // namespace millrace::cli
