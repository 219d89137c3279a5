// millrace query: what a query means, and the posts that match it.
#include <algorithm>
#include <charconv>

#include "absl/strings/str_cat.h"
#include "clients/cli/command.h"
#include "clients/cli/dashed_query.h"
#include "clients/cli/format.h"
#include "clients/cli/json.h"
#include "clients/cli/post_table.h"
#include "clients/cli/scope.h"
#include "clients/cli/table.h"
#include "clients/cli/tag_reading_flag.h"
#include "core/base/text.h"
#include "millrace/v1/query_service.grpc.pb.h"

namespace millrace::cli {
namespace {

using Stub = v1::QueryService::Stub;

constexpr int kIdsPageSize = 10'000;

// The beginning of the text that so many characters make.
std::string_view FirstCharacters(std::string_view text, size_t char_count) {
  size_t end = 0;
  for (; end < text.size(); ++end) {
    const bool begins_character = (static_cast<unsigned char>(text[end]) & 0xC0) != 0x80;
    if (begins_character && char_count-- == 0) break;
  }
  return text.substr(0, end);
}

class QueryCommand : public Command {
 public:
  explicit QueryCommand(CLI::App* app) : Command(app) {
    app->add_option("query", query_, "The query, in quotation marks: '1girl (smile or ~grin) score:>10'")
        ->required()
        ->type_name(kQueryType);
    scope_.AddTo(*app, Scope::Style::kFlagsOnly);
    CLI::Option* const count = app->add_flag("--count", wants_count_, "Print only how many posts match");
    CLI::Option* const ids =
        app->add_flag("--ids", wants_ids_, "Print the ids of all posts that match, one a line")->excludes(count);
    app->add_flag("--posts", wants_posts_, "List the posts that match, the first page of them")
        ->excludes(count)
        ->excludes(ids);
    tags_.AddTo(*app, "");
  }

  Outcome Run(Session& session) override {
    if (!IsValidUtf8(query_)) return UsageError("the query is no UTF-8", "Is the terminal's encoding UTF-8?");
    const std::unique_ptr<Stub> stub = v1::QueryService::NewStub(session.client.channel());
    const Outcome outcome = wants_ids_     ? PrintIds(session, *stub)
                            : wants_posts_ ? PrintPosts(session, *stub)
                                           : Explain(session, *stub);
    if (!session.options.json) PrintPlace(session, outcome);
    return outcome;
  }

 private:
  // The query, and below it where it is at fault.
  void PrintPlace(Session& session, const Outcome& outcome) const {
    const auto found = outcome.metadata.find("char_offset");
    const std::string shown = Printable(query_);
    // What is not printed as it is takes other columns than it has characters.
    if (outcome.reason != "QUERY_INVALID" || found == outcome.metadata.end() || shown != query_) return;
    size_t char_offset = 0;
    std::from_chars(found->second.data(), found->second.data() + found->second.size(), char_offset);
    const int width_columns = DisplayWidth(FirstCharacters(query_, char_offset));
    session.err() << "  " << query_ << "\n  " << std::string(static_cast<size_t>(width_columns), ' ') << '^'
                  << std::endl;
  }

  // Fails also when the server answers by another reading of tags.
  template <typename Method, typename Request, typename Response>
  static Outcome Ask(Session& session, Stub& stub, Method method, const Request& request, Response* response) {
    const Outcome outcome = session.client.Call(stub, method, request, response);
    return outcome.ok() ? CheckTagReading(request.tags(), response->tags(), "answered") : outcome;
  }

  Outcome Explain(Session& session, Stub& stub) {
    v1::ExplainQueryRequest request;
    if (const Outcome outcome = scope_.Fill(session, request); !outcome.ok()) return outcome;
    request.set_query(query_);
    request.set_tags(tags_.value());
    v1::ExplainQueryResponse response;
    if (const Outcome outcome = Ask(session, stub, &Stub::ExplainQuery, request, &response); !outcome.ok()) {
      return outcome;
    }
    if (session.options.json) {
      PrintJson(response, session.out());
    } else if (wants_count_) {
      session.out() << response.post_count() << '\n';
    } else {
      PrintTree(session, response);
    }
    return {};
  }

  static void PrintTree(Session& session, const v1::ExplainQueryResponse& response) {
    Table table({{"query", Align::kLeft, true}, {"posts", Align::kRight}, {"of all", Align::kRight}},
                session.output.out_terminal);
    AddNode(response, 0, 0, table);
    table.Print(session.out());
    session.out() << '\n'
                  << WithThousands(response.post_count()) << " of " << WithThousands(response.snapshot_post_count())
                  << " posts, snapshot " << ShortDigest(response.snapshot(), session.options.full) << ", in "
                  << WithThousands(response.evaluation_us()) << " us\n";
  }

  // Trees are shallow: the language limits how deep groups nest.
  static void AddNode(const v1::ExplainQueryResponse& response, int place, int depth, Table& table) {
    const v1::QueryNode& node = response.nodes(place);
    std::string text(static_cast<size_t>(2 * depth), ' ');
    switch (node.kind()) {
      case v1::QUERY_NODE_KIND_AND:
        text += node.children().empty() ? "every post" : "all of";
        break;
      case v1::QUERY_NODE_KIND_OR:
        text += "one of";
        break;
      case v1::QUERY_NODE_KIND_NOT:
        text += "not";
        break;
      default:
        text += node.text();
        if (!node.alias_of().empty()) text += absl::StrCat("  (alias of ", node.alias_of(), ")");
    }
    const bool is_counted = node.has_post_count();
    table.AddRow({text, is_counted ? WithThousands(node.post_count()) : "",
                  is_counted ? Percent(node.post_count(), response.snapshot_post_count()) : ""});
    for (const int child : node.children()) AddNode(response, child, depth + 1, table);
  }

  Outcome PrintIds(Session& session, Stub& stub) {
    v1::SearchPostsRequest request;
    if (const Outcome outcome = scope_.Fill(session, request); !outcome.ok()) return outcome;
    request.set_query(query_);
    request.set_tags(tags_.value());
    request.set_ids_only(true);
    request.set_page_size(kIdsPageSize);
    do {
      v1::SearchPostsResponse response;
      if (const Outcome outcome = Ask(session, stub, &Stub::SearchPosts, request, &response); !outcome.ok()) {
        return outcome;
      }
      for (const int64_t id : response.post_ids()) session.out() << id << '\n';
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty() && session.out().good());
    return {};
  }

  Outcome PrintPosts(Session& session, Stub& stub) {
    v1::SearchPostsRequest request;
    if (const Outcome outcome = scope_.Fill(session, request); !outcome.ok()) return outcome;
    request.set_query(query_);
    request.set_tags(tags_.value());
    v1::SearchPostsResponse response;
    if (const Outcome outcome = Ask(session, stub, &Stub::SearchPosts, request, &response); !outcome.ok()) {
      return outcome;
    }
    if (session.options.json) {
      for (const v1::Post& post : response.posts()) PrintJson(post, session.out());
      return {};
    }
    Table table = PostTable(session.output.out_terminal);
    for (const v1::Post& post : response.posts()) table.AddRow(PostRow(post));
    table.Print(session.out());
    session.out() << '\n'
                  << WithThousands(response.posts_size()) << " of " << WithThousands(response.post_count())
                  << " posts that match, snapshot " << ShortDigest(response.snapshot(), session.options.full) << '\n';
    return {};
  }

  std::string query_;
  Scope scope_;
  TagReadingFlag tags_;
  bool wants_count_ = false;
  bool wants_ids_ = false;
  bool wants_posts_ = false;
};

}  // namespace

void AddQueryCommand(CLI::App& root, Commands& commands) {
  commands.push_back(std::make_unique<QueryCommand>(
      root.add_subcommand("query", "Explain a query: how it is read, and how many posts each of its terms matches")));
}

}  // namespace millrace::cli
