// Goal: a query that begins with '-' is read as the query, and no flag ever is. Method: whole command lines, parsed as
// the program does.
#include "clients/cli/dashed_query.h"

#include "clients/cli/app.h"
#include "tests/support/catch.h"

namespace millrace::cli {
namespace {

using Arguments = std::vector<std::string>;

Arguments Reorder(const Arguments& arguments) {
  CommandLine command_line;
  return WithDashedQueryLast(command_line.root(), arguments);
}

struct Parsed {
  std::string query;
  std::string dataset;
};

Parsed Parse(const Arguments& arguments) {
  CommandLine command_line;
  Arguments read = WithDashedQueryLast(command_line.root(), arguments);
  command_line.root().parse(Arguments(read.rbegin(), read.rend()));
  const CLI::App* const command = command_line.root().get_subcommand("query");
  const auto text = [&](const char* name) {
    const CLI::Option* const option = command->get_option(name);
    return option->count() == 0 ? std::string() : option->results().front();
  };
  return {text("query"), text("--dataset")};
}

TEST_CASE("a query may begin with a dash, wherever it stands") {
  for (const std::string query : {"-solo 1girl", "-solo", "-hat", "-hat -dog", "-(a or b)", "-\"blue sky\"", "-d* sky",
                                  "-source:any", "-score:>-5", "--x y"}) {
    CAPTURE(query);
    for (const Arguments& arguments :
         {Arguments{"query", query, "-d", "one"}, Arguments{"query", "-d", "one", query},
          Arguments{"query", "--dataset=one", "--ids", query}, Arguments{"--json", "query", "-done", query},
          Arguments{"query", query, "--dataset", "one", "--json", "--address", "localhost:1"},
          Arguments{"--address", "query", "query", query, "-d", "one", "--tags", "applied"}}) {
      CAPTURE(arguments);
      const Parsed parsed = Parse(arguments);
      CHECK(parsed.query == query);
      CHECK(parsed.dataset == "one");
    }
  }
}

TEST_CASE("what may be a flag or a query is the query when there is no other") {
  CHECK(Parse({"query", "-dog"}).query == "-dog");
  CHECK(Parse({"query", "-dog"}).dataset.empty());
  CHECK(Parse({"query", "-d", "one", "-dog"}).query == "-dog");
  CHECK(Parse({"query", "-dog", "cat"}).query == "cat");
  CHECK(Parse({"query", "-dog", "cat"}).dataset == "og");
  CHECK(Parse({"query", "-dog", "-cat"}).query == "-cat");
}

TEST_CASE("other command lines stay as they are") {
  for (const Arguments& arguments :
       {Arguments{}, Arguments{"query"}, Arguments{"query", "--help"}, Arguments{"query", "-h"},
        Arguments{"query", "--cuont", "-d", "one"}, Arguments{"query", "1girl", "-x"},
        Arguments{"query", "--", "-solo"}, Arguments{"query", "-d", "-solo"}, Arguments{"query", "-d", "one", "--ids"},
        Arguments{"posts", "get", "-5"}, Arguments{"plan", "create", "-b", "4", "-q", "-solo 1girl"},
        Arguments{"plan", "create", "--query", "-solo"}, Arguments{"import", "query", "-solo"},
        Arguments{"stats", "-x y"}}) {
    CAPTURE(arguments);
    CHECK(Reorder(arguments) == arguments);
  }
}

}  // namespace
}  // namespace millrace::cli
