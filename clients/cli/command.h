// What every command is, and what it is given to run with.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "clients/cli/client.h"
#include "clients/cli/display.h"
#include "clients/cli/interrupt.h"
#include "clients/cli/outcome.h"

namespace millrace::cli {

// Where output goes, and what is known of it. The streams are borrowed.
struct Output {
  std::ostream& out;
  Terminal out_terminal;
  std::ostream& err;
  Terminal err_terminal;
};

// Flags of every command.
struct GlobalOptions {
  std::string address = "127.0.0.1:50051";
  bool json = false;
  bool full = false;
  std::string timeout;
};

// What a command runs with. Everything is borrowed for the run.
struct Session {
  const GlobalOptions& options;
  const Output& output;
  Client& client;
  Interrupt& interrupt;

  std::ostream& out() const { return output.out; }
  std::ostream& err() const { return output.err; }
};

// One command. The constructor of a subclass adds its flags to `app`, bound to its members, so it must not
// move afterwards.
class Command {
 public:
  explicit Command(CLI::App* app) : app_(app) {}
  virtual ~Command() = default;
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  // Whether the command line names this command.
  bool parsed() const { return app_->parsed(); }
  virtual Outcome Run(Session& session) = 0;

 protected:
  CLI::App* app() { return app_; }

 private:
  CLI::App* const app_;
};

using Commands = std::vector<std::unique_ptr<Command>>;

// Each adds the commands of one group to the tree below `root`.
void AddImportCommands(CLI::App& root, Commands& commands);
void AddStatsCommands(CLI::App& root, Commands& commands);
void AddTagCommands(CLI::App& root, Commands& commands);
// To the group "tags".
void AddTagRelationCommands(CLI::App& tags, Commands& commands);
void AddPostCommands(CLI::App& root, Commands& commands);
void AddQueryCommand(CLI::App& root, Commands& commands);
void AddSnapshotCommands(CLI::App& root, Commands& commands);
void AddPlanCommands(CLI::App& root, Commands& commands);
void AddSourceCommands(CLI::App& root, Commands& commands);
void AddVocabularyCommands(CLI::App& root, Commands& commands);
void AddBatchCommand(CLI::App& root, Commands& commands);
void AddStreamCommand(CLI::App& root, Commands& commands);

// Adds a command that is only a group of others, one of which must be named.
CLI::App* AddGroup(CLI::App& root, const std::string& name, const std::string& description);

}  // namespace millrace::cli
