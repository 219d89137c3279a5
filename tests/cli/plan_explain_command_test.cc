// Goal: `millrace plan explain` asks what its flags say, and shows all that the server answers. Method: whole command
// lines against a server with canned answers.
#include "clients/cli/plan_explain_command.h"

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

Result Explain(const FakeServer& server, std::vector<std::string> flags) {
  std::vector<std::string> arguments = {"plan", "explain", "abcdef12", "--address", server.address()};
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  std::ostringstream out, err;
  Interrupt interrupt;
  const int exit_code = RunCli(arguments, Output{out, Terminal{}, err, Terminal{}}, interrupt);
  return {exit_code, out.str(), err.str()};
}

bool Contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_CASE("a post is explained") {
  FakeServer server;
  const Result result = Explain(server, {"--post", "77", "--epoch", "3"});
  CHECK(result.exit_code == 0);
  REQUIRE(server.plans.explain_post.size() == 1);
  CHECK(server.plans.explain_post[0].plan_id() == "abcdef12");
  CHECK(server.plans.explain_post[0].post_id() == 77);
  CHECK(server.plans.explain_post[0].epoch() == 3);
  CHECK(Contains(result.out, "split     train\n"));
  CHECK(Contains(result.out, "  - it was dealt\n  - and drawn\n"));
  CHECK(Contains(result.out, "   5     25     345  no\n"));
  CHECK(Contains(result.out, "   6      1     345  yes\n"));
}

TEST_CASE("a step is explained") {
  FakeServer server;
  const Result result = Explain(server, {"--split", "train", "--step", "9"});
  CHECK(result.exit_code == 0);
  REQUIRE(server.plans.explain_step.size() == 1);
  CHECK(server.plans.explain_step[0].split() == "train");
  CHECK(server.plans.explain_step[0].epoch() == 0);
  CHECK(server.plans.explain_step[0].step() == 9);
  CHECK(Contains(result.out, "token     mt1-ff\n"));
  CHECK(Contains(result.out, "  - because\n"));
  CHECK(Contains(result.out, "    0      90      12   17  1234  no\n"));
  CHECK(Contains(result.out, "and 11,999 more\n"));
}

TEST_CASE("for programs the answers are JSON") {
  FakeServer server;
  const Result post = Explain(server, {"--post", "77", "--json"});
  CHECK(Contains(post.out, "\"global_index\":\"25\""));
  const Result step = Explain(server, {"--split", "train", "--step", "9", "--json"});
  CHECK(Contains(step.out, "\"sample_count\":\"12000\""));
}

TEST_CASE("either a post or a step must be named") {
  FakeServer server;
  const std::vector<std::vector<std::string>> lines = {{},
                                                       {"--split", "train"},
                                                       {"--step", "1"},
                                                       {"--post", "1", "--split", "train"},
                                                       {"--post", "1", "--split", "train", "--step", "1"},
                                                       {"--post", "x"}};
  for (const auto& flags : lines) {
    const Result result = Explain(server, flags);
    CAPTURE(result.out, result.err);
    CHECK(result.exit_code == 2);
  }
  CHECK(server.plans.explain_post.empty());
  CHECK(server.plans.explain_step.empty());
}

}  // namespace
}  // namespace millrace::cli
