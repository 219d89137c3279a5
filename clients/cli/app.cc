#include "clients/cli/app.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "clients/cli/arguments.h"
#include "clients/cli/completion.h"
#include "clients/cli/dashed_query.h"
#include "clients/cli/number_range.h"

namespace millrace::cli {
namespace {

constexpr char kDescription[] =
    "Feeds a Millrace server with booru metadata, looks into it, and draws reproducible batches from it.";
constexpr char kFooter[] =
    "Exit codes: 0 done, 1 the server said no, 2 usage, 3 not found, 4 server unreachable,\n"
    "5 data rejected or damaged, 130 interrupted.";

// The deepest command that was named: the one whose help is of use.
const CLI::App& DeepestParsed(const CLI::App& app) {
  const auto parsed = app.get_subcommands();
  return parsed.empty() ? app : DeepestParsed(*parsed.back());
}

std::string CommandPath(const CLI::App& app) {
  if (app.get_parent() == nullptr) return app.get_name();
  return absl::StrCat(CommandPath(*app.get_parent()), " ", app.get_name());
}

std::string UsageHint(const CLI::App& command) {
  const std::string help = absl::StrCat("See: ", CommandPath(command), " --help");
  if (!TakesQuery(command)) return help;
  return absl::StrCat(
      "Write the whole query as one argument, in quotation marks, and behind -- when it reads like a flag: ",
      CommandPath(command), " -- '-solo 1girl'. ", help);
}

// Writing can fail late, on a full disk for one. (A reader that went away ends the process by SIGPIPE.)
int FinishOutput(const Output& output, int exit_code) {
  output.out.flush();
  if (output.out.good()) return exit_code;
  PrintOutcome(LocalError("cannot write the output", "Is the disk full?"), false, output.err_terminal.color,
               output.err);
  return exit_code == 0 ? static_cast<int>(ExitCode::kRefused) : exit_code;
}

int Execute(CommandLine& command_line, const Output& output, Interrupt& interrupt) {
  const GlobalOptions& options = command_line.options();
  std::optional<absl::Duration> timeout;
  Outcome outcome;
  if (!options.timeout.empty()) {
    timeout = ParseTimeout(options.timeout);
    if (!timeout.has_value()) {
      outcome = UsageError(absl::StrCat("--timeout ", options.timeout, ": not a duration above 0"),
                           "Say 30s, 1.5m or 2h; a plain number is seconds.");
    }
  }
  if (outcome.ok()) {
    Client client(options.address, timeout, interrupt);
    Session session{options, output, client, interrupt};
    outcome = command_line.selected()->Run(session);
  }
  output.out.flush();
  if (!outcome.ok()) PrintOutcome(outcome, options.json, output.err_terminal.color, output.err);
  return static_cast<int>(outcome.exit_code);
}

}  // namespace

CLI::App* AddGroup(CLI::App& root, const std::string& name, const std::string& description) {
  CLI::App* group = root.add_subcommand(name, description);
  group->require_subcommand(1);
  return group;
}

CommandLine::CommandLine() : root_(std::make_unique<CLI::App>(kDescription, "millrace")) {
  root_->footer(kFooter);
  root_->require_subcommand(1);
  root_->fallthrough();  // so that `millrace stats --json` works, too
  root_->set_version_flag("--version", "millrace " MILLRACE_VERSION, "Print the version and exit");
  root_->add_option("--address", options_.address, "The server, HOST:PORT")
      ->envname("MILLRACE_ADDRESS")
      ->capture_default_str();
  root_->add_flag("--json", options_.json, "Print JSON for programs instead of tables for people");
  root_->add_flag("--full", options_.full, "Print digests in full instead of their first 12 digits");
  root_
      ->add_option("--timeout", options_.timeout,
                   "Give up on a call after this long (30s, 5m); default 60s, none for what grows with the data")
      ->type_name("DURATION");
  AddImportCommands(*root_, commands_);
  AddStatsCommands(*root_, commands_);
  AddTagCommands(*root_, commands_);
  AddPostCommands(*root_, commands_);
  AddQueryCommand(*root_, commands_);
  AddSnapshotCommands(*root_, commands_);
  AddPlanCommands(*root_, commands_);
  AddVocabularyCommands(*root_, commands_);
  AddSourceCommands(*root_, commands_);
  AddBatchCommand(*root_, commands_);
  AddStreamCommand(*root_, commands_);
  CLI::App* completion = root_->add_subcommand("completion", "Print a completion script for a shell");
  completion->add_option("shell", completion_shell_, "The shell")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  RefuseHugeNumbers(*root_);
}

Command* CommandLine::selected() const {
  const auto found =
      std::find_if(commands_.begin(), commands_.end(), [](const auto& command) { return command->parsed(); });
  return found == commands_.end() ? nullptr : found->get();
}

int RunCli(const std::vector<std::string>& arguments, const Output& output, Interrupt& interrupt) {
  CommandLine command_line;
  CLI::App& root = command_line.root();
  try {
    const std::vector<std::string> read = WithDashedQueryLast(root, arguments);
    root.parse(std::vector<std::string>(read.rbegin(), read.rend()));
  } catch (const CLI::Success& success) {  // --help and --version
    root.exit(success, output.out, output.err);
    return FinishOutput(output, 0);
  } catch (const CLI::ParseError& error) {
    PrintOutcome(UsageError(error.what(), UsageHint(DeepestParsed(root))), false, output.err_terminal.color,
                 output.err);
    return static_cast<int>(ExitCode::kUsage);
  }
  if (!command_line.completion_shell().empty()) {
    output.out << CompletionScript(root, command_line.completion_shell());
    return FinishOutput(output, 0);
  }
  return FinishOutput(output, Execute(command_line, output, interrupt));
}

}  // namespace millrace::cli
