#include "clients/cli/completion_model.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace millrace::cli {
namespace {

// CLI11 keeps the choices of IsMember only in the type's text: "TEXT:{keep,drop,pad}".
std::vector<std::string> ChoicesOf(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const size_t open = type.find('{');
  const size_t close = type.find('}');
  if (open == std::string::npos || close == std::string::npos) return {};
  return absl::StrSplit(type.substr(open + 1, close - open - 1), ',');
}

CompletionFlag FlagOf(const CLI::Option& option) {
  CompletionFlag flag;
  for (const std::string& name : option.get_lnames()) flag.names.push_back(absl::StrCat("--", name));
  for (const std::string& name : option.get_snames()) flag.names.push_back(absl::StrCat("-", name));
  flag.description = option.get_description();
  flag.takes_value = option.get_items_expected_max() > 0;
  flag.choices = ChoicesOf(option);
  return flag;
}

void AddCommand(const CLI::App& app, const std::string& path, const std::vector<CompletionFlag>& common,
                std::vector<CompletionCommand>& commands) {
  CompletionCommand command;
  command.path = path;
  for (const CLI::Option* option : app.get_options()) {
    if (option->nonpositional()) {
      command.flags.push_back(FlagOf(*option));
    } else if (option->get_type_name() == "PATH") {
      command.takes_files = true;
    } else {
      command.choices = ChoicesOf(*option);
    }
  }
  command.flags.insert(command.flags.end(), common.begin(), common.end());
  const auto subcommands = app.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* subcommand : subcommands) {
    command.subcommands.push_back({subcommand->get_name(), subcommand->get_description()});
  }
  commands.push_back(std::move(command));

  std::vector<CompletionFlag> inherited = common;
  for (const CLI::Option* option : app.get_options()) {
    // Every command has a --help of its own; --version is about the program.
    const bool is_own = option == app.get_help_ptr() || option == app.get_version_ptr();
    if (option->nonpositional() && !is_own) inherited.push_back(FlagOf(*option));
  }
  for (const CLI::App* subcommand : subcommands) {
    AddCommand(*subcommand, absl::StrCat(path, " ", subcommand->get_name()), inherited, commands);
  }
}

}  // namespace

std::vector<CompletionCommand> MakeCompletionModel(const CLI::App& root) {
  std::vector<CompletionCommand> commands;
  AddCommand(root, root.get_name(), {}, commands);
  return commands;
}

}  // namespace millrace::cli
