// millrace posts list, get, sample.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/arguments.h"
#include "clients/cli/command.h"
#include "clients/cli/format.h"
#include "clients/cli/json.h"
#include "clients/cli/list.h"
#include "clients/cli/post_table.h"
#include "clients/cli/scope.h"

namespace millrace::cli {
namespace {

class ListPostsCommand : public Command {
 public:
  explicit ListPostsCommand(CLI::App* app) : Command(app) {
    scope_.AddTo(*app, Scope::Style::kPositional);
    limit_.AddTo(*app);
  }

  Outcome Run(Session& session) override {
    v1::ListPostsRequest request;
    if (const Outcome outcome = scope_.Fill(session, request); !outcome.ok()) return outcome;
    return PrintList<v1::CatalogService::Stub, v1::ListPostsRequest, v1::ListPostsResponse, v1::Post>(
        session, session.client.catalog(), &v1::CatalogService::Stub::ListPosts, request, &v1::ListPostsResponse::posts,
        limit_, PostTable(session.output.out_terminal), PostRow, "No posts.");
  }

 private:
  Scope scope_;
  Limit limit_;
};

class GetPostsCommand : public Command {
 public:
  explicit GetPostsCommand(CLI::App* app) : Command(app) {
    scope_.AddTo(*app, Scope::Style::kFlagsOnly);
    app->add_option("key", keys_, "Ids of posts, or MD5s of their pictures")->required()->type_name("ID|MD5");
  }

  Outcome Run(Session& session) override {
    for (const std::string& key : keys_) {
      if (!IsMd5(key) && !ParseInt(key).has_value()) {
        return UsageError(absl::StrCat(key, " is neither a post's id nor an MD5"),
                          "An id is a whole number, an MD5 32 hexadecimal digits.");
      }
    }
    // One by one, so that the posts before a missing one are shown.
    std::vector<std::string> missing;
    Outcome last_missing;
    bool is_first = true;
    for (const std::string& key : keys_) {
      v1::GetPostResponse response;
      const Outcome outcome = Get(session, key, response);
      if (outcome.reason == "POST_NOT_FOUND") {
        missing.push_back(key);
        last_missing = outcome;
        continue;
      }
      if (!outcome.ok()) return outcome;
      Print(session, response.post(), is_first);
      is_first = false;
    }
    if (missing.size() > 1) last_missing.message = absl::StrCat("no such posts: ", absl::StrJoin(missing, ", "));
    return last_missing;
  }

 private:
  Outcome Get(Session& session, const std::string& key, v1::GetPostResponse& response) {
    v1::GetPostRequest request;
    if (const Outcome outcome = scope_.Fill(session, request); !outcome.ok()) return outcome;
    if (IsMd5(key)) {
      request.set_md5(key);
    } else {
      request.set_id(*ParseInt(key));
    }
    Client& client = session.client;
    return client.Call(client.catalog(), &v1::CatalogService::Stub::GetPost, request, &response);
  }

  static void Print(Session& session, const v1::Post& post, bool is_first) {
    if (session.options.json) {
      PrintJson(post, session.out());
      return;
    }
    if (!is_first) session.out() << '\n';
    PrintPost(post, session.output.out_terminal, session.out());
  }

  Scope scope_;
  std::vector<std::string> keys_;
};

class SamplePostsCommand : public Command {
 public:
  explicit SamplePostsCommand(CLI::App* app) : Command(app) {
    scope_.AddTo(*app, Scope::Style::kPositional);
    app->add_option("-n,--size", size_, "How many posts to draw, 1 to 1,000")->capture_default_str();
    app->add_option("--seed", seed_, "The same seed draws the same posts; the server chooses one otherwise");
    CLI::Option* ids = app->add_option("--ids", ids_, "Draw from posts with START <= id < END")->type_name("START:END");
    app->add_option("--rows", rows_, "Draw from the snapshot's rows START to END - 1")
        ->type_name("START:END")
        ->excludes(ids);
  }

  Outcome Run(Session& session) override {
    v1::SamplePostsRequest request;
    if (const Outcome outcome = FillRanges(request); !outcome.ok()) return outcome;
    if (const Outcome outcome = scope_.Fill(session, request); !outcome.ok()) return outcome;
    request.set_size(size_);
    if (seed_.has_value()) request.set_seed(*seed_);
    v1::SamplePostsResponse response;
    Client& client = session.client;
    if (const Outcome outcome =
            client.Call(client.catalog(), &v1::CatalogService::Stub::SamplePosts, request, &response);
        !outcome.ok()) {
      return outcome;
    }
    if (session.options.json) {
      PrintJson(response, session.out());
      return {};
    }
    Table table = PostTable(session.output.out_terminal);
    for (const v1::Post& post : response.posts()) table.AddRow(PostRow(post));
    table.Print(session.out());
    session.out() << "\n"
                  << WithThousands(response.posts_size()) << " of " << WithThousands(response.range_post_count())
                  << " posts, snapshot " << ShortDigest(response.snapshot(), session.options.full) << ", seed "
                  << response.seed() << '\n';
    return {};
  }

 private:
  Outcome FillRanges(v1::SamplePostsRequest& request) const {
    for (const auto& [flag, text] : {std::pair("--ids", &ids_), std::pair("--rows", &rows_)}) {
      if (text->empty()) continue;
      const auto range = ParseRange(*text);
      if (!range.has_value()) {
        return UsageError(absl::StrCat(flag, " ", *text, ": not a range"),
                          "Say START:END with START below END, as in 1000:2000.");
      }
      *(text == &ids_ ? request.mutable_ids() : request.mutable_rows()) = *range;
    }
    return {};
  }

  Scope scope_;
  int32_t size_ = 10;
  std::optional<uint64_t> seed_;
  std::string ids_;
  std::string rows_;
};

}  // namespace

void AddPostCommands(CLI::App& root, Commands& commands) {
  CLI::App* posts = AddGroup(root, "posts", "Look at the posts of a dataset or snapshot");
  commands.push_back(
      std::make_unique<ListPostsCommand>(posts->add_subcommand("list", "List posts in ascending order of id")));
  commands.push_back(
      std::make_unique<GetPostsCommand>(posts->add_subcommand("get", "Show posts by id or by MD5, with every field")));
  commands.push_back(
      std::make_unique<SamplePostsCommand>(posts->add_subcommand("sample", "Draw distinct posts at random")));
}

}  // namespace millrace::cli
