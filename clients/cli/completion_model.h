// What a shell needs to know of the command tree to complete it, whichever shell it is.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace millrace::cli {

struct CompletionFlag {
  std::vector<std::string> names;  // "--last", "-b"
  std::string description;
  bool takes_value = false;
  std::vector<std::string> choices;  // of the value; empty when it is free
};

struct CompletionCommand {
  std::string path;  // "millrace plan create"
  struct Subcommand {
    std::string name;
    std::string description;
  };
  std::vector<Subcommand> subcommands;
  std::vector<CompletionFlag> flags;  // its own, then those of every command
  bool takes_files = false;
  std::vector<std::string> choices;  // of its argument; empty when it is free
};

// Every command of the tree, the root first.
std::vector<CompletionCommand> MakeCompletionModel(const CLI::App& root);

}  // namespace millrace::cli
