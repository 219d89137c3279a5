// Goal: `millrace query` prints nothing of an answer by another reading of tags than was asked for, and asks a server
// of before there were readings for what it can do. Method: whole command lines against a server with canned answers.
#include <sstream>

#include "clients/cli/app.h"
#include "tests/cli/fake_server.h"
#include "tests/support/catch.h"

namespace millrace::cli {
namespace {

struct Result {
  int exit_code;
  std::string out;
  std::string err;
};

Result Run(const FakeServer& server, const std::vector<std::string>& flags) {
  std::vector<std::string> arguments = {"query", "cat", "--dataset", "d", "--address", server.address()};
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  std::ostringstream out, err;
  Interrupt interrupt;
  const int exit_code = RunCli(arguments, Output{out, Terminal{}, err, Terminal{}}, interrupt);
  return {exit_code, out.str(), err.str()};
}

TEST_CASE("a server that passes the reading of a query over is noticed by its answer") {
  FakeServer server;  // is of before there were readings
  for (const std::vector<std::string>& shape :
       std::vector<std::vector<std::string>>{{}, {"--count"}, {"--ids"}, {"--posts"}, {"--json"}}) {
    CAPTURE(shape);
    const auto with = [&](const std::string& reading) {
      std::vector<std::string> flags = shape;
      flags.insert(flags.end(), {"--tags", reading});
      return Run(server, flags);
    };
    server.queries.knows_readings = false;
    const Result refused = with("applied");
    CHECK(refused.exit_code == 1);
    CHECK(refused.out.empty());
    CHECK(refused.err.find("it answered by tags as said") != std::string::npos);
    CHECK(refused.err.find("leave --tags applied out") != std::string::npos);
    CHECK(with("as-said").exit_code == 0);
    CHECK(Run(server, shape).exit_code == 0);
    server.queries.knows_readings = true;
    const Result taken = with("applied");
    CHECK(taken.exit_code == 0);
    CHECK(!taken.out.empty());
  }
}

TEST_CASE("a query that is no UTF-8 is refused before the server is asked") {
  std::ostringstream out, err;
  Interrupt interrupt;
  CHECK(RunCli({"query", "caf\xe9", "--dataset", "d"}, Output{out, Terminal{}, err, Terminal{}}, interrupt) == 2);
  CHECK(err.str().find("the query is no UTF-8") != std::string::npos);
}

TEST_CASE("ids are printed page by page") {
  FakeServer server;
  CHECK(Run(server, {"--ids"}).out == "1\n2\n");
  CHECK(Run(server, {"--count"}).out == "2\n");
}

}  // namespace
}  // namespace millrace::cli
