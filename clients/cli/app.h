// The whole program but for main's dealings with the process.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "clients/cli/command.h"
#include "clients/cli/interrupt.h"

namespace millrace::cli {

// The tree of commands and flags, and the values that parsing gives them.
class CommandLine {
 public:
  CommandLine();

  CLI::App& root() { return *root_; }
  const GlobalOptions& options() const { return options_; }
  // The command that was named; null for those that need no server (completion).
  Command* selected() const;
  // The shell to write a completion script for; empty when that was not asked.
  const std::string& completion_shell() const { return completion_shell_; }

 private:
  std::unique_ptr<CLI::App> root_;
  GlobalOptions options_;
  Commands commands_;
  std::string completion_shell_;
};

// Runs one command line (without the program's name). Returns the exit code.
int RunCli(const std::vector<std::string>& arguments, const Output& output, Interrupt& interrupt);

}  // namespace millrace::cli
