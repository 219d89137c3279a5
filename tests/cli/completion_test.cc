// The completion scripts know every command and flag of the tree, and bash's really completes: it is run in a real
// bash. (zsh and fish are not everywhere; their scripts are checked for content.)
#include "clients/cli/completion.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "clients/cli/app.h"
#include "clients/cli/completion_model.h"
#include "tests/support/catch.h"

namespace millrace::cli {
namespace {

// What bash offers for a command line that ends in the word to complete.
std::string BashCompletions(const std::string& words) {
  CommandLine command_line;
  std::string path = (std::filesystem::temp_directory_path() / "millrace-completion-XXXXXX").string();
  REQUIRE(mkstemp(path.data()) >= 0);
  std::ofstream(path) << CompletionScript(command_line.root(), "bash") << "COMP_WORDS=(" << words
                      << ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_millrace\necho \"${COMPREPLY[*]}\"\n";
  FILE* pipe = popen(("bash --norc " + path).c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string output;
  std::array<char, 256> buffer;
  while (std::fgets(buffer.data(), buffer.size(), pipe) != nullptr) output += buffer.data();
  CHECK(pclose(pipe) == 0);
  std::filesystem::remove(path);
  return output;
}

TEST_CASE("the model holds every level of the tree, with descriptions") {
  CommandLine command_line;
  const auto model = MakeCompletionModel(command_line.root());
  REQUIRE(model[0].path == "millrace");
  bool has_plan_create = false;
  for (const CompletionCommand& command : model) {
    for (const auto& subcommand : command.subcommands) {
      CAPTURE(command.path, subcommand.name);
      CHECK_FALSE(subcommand.description.empty());
    }
    for (const CompletionFlag& flag : command.flags) {
      CAPTURE(command.path, flag.names);
      CHECK_FALSE(flag.description.empty());
    }
    if (command.path != "millrace plan create") continue;
    has_plan_create = true;
    for (const CompletionFlag& flag : command.flags) {
      if (flag.names[0] == "--last") CHECK(flag.choices == std::vector<std::string>{"keep", "drop", "pad"});
      if (flag.names[0] == "--json") CHECK_FALSE(flag.takes_value);
      if (flag.names[0] == "--batch-size") CHECK(flag.takes_value);
    }
  }
  CHECK(has_plan_create);
}

TEST_CASE("bash completes commands, subcommands, flags and values") {
  CHECK(BashCompletions("millrace sna") == "snapshot\n");
  CHECK(BashCompletions("millrace plan cr") == "create\n");
  CHECK(BashCompletions("millrace plan create --batch-s") == "--batch-size\n");
  CHECK(BashCompletions("millrace plan create --last p") == "pad\n");
  CHECK(BashCompletions("millrace --json completion f") == "fish\n");
  CHECK(BashCompletions("millrace --address list tags l") == "list listed\n");
  CHECK(BashCompletions("millrace plan create --seed x") == "\n");
}

TEST_CASE("the scripts for zsh and fish hold commands with their descriptions") {
  CommandLine command_line;
  const std::string zsh = CompletionScript(command_line.root(), "zsh");
  CHECK(zsh.find("#compdef millrace") == 0);
  CHECK(zsh.find("'verify:Read a snapshot whole") != std::string::npos);
  const std::string fish = CompletionScript(command_line.root(), "fish");
  CHECK(fish.find("-a verify -d 'Read a snapshot whole") != std::string::npos);
  CHECK(fish.find("-l last -x -a 'keep drop pad'") != std::string::npos);
}

}  // namespace
}  // namespace millrace::cli
