#include "server/config/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/nearest.h"
#include "core/base/text.h"

namespace millrace {
namespace {

constexpr char kFooter[] =
    "Every setting can also come from an environment variable (--data-dir from MILLRACE_DATA_DIR) and\n"
    "from a configuration file with lines such as: data-dir = \"/srv/millrace\". A flag wins over a\n"
    "variable, a variable over the file. --print-config shows what holds, in the form of such a file.";

// CLI11 reads only the flags: it lets a configuration file win over the environment, takes files apart without
// keeping line numbers, and splits unquoted values at spaces. `texts` gets the values, in the options' order.
void DeclareOptions(absl::Span<const Option> options, CLI::App& app, std::vector<std::string>& texts) {
  texts.resize(options.size());
  for (size_t i = 0; i < options.size(); ++i) {
    const std::string flag = "--" + options[i].key;
    if (options[i].kind == Option::Kind::kSwitch) {
      app.add_flag(flag, texts[i], options[i].help);
    } else {
      CLI::Option* option = app.add_option(flag, texts[i], options[i].help);
      option->type_name(options[i].placeholder)->default_str(options[i].default_text);
    }
  }
}

// The arguments as CLI11 takes them: last first, without the program's name. An empty value behind "=" becomes an
// argument of its own, as CLI11 would take the next flag for the value.
std::vector<std::string> ArgumentsForCli11(int argc, const char* const* argv) {
  std::vector<std::string> arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument.starts_with("--") && argument.find('=') == argument.size() - 1) {
      arguments.emplace_back(argument.substr(0, argument.size() - 1));
      arguments.emplace_back();
    } else {
      arguments.emplace_back(argument);
    }
  }
  std::reverse(arguments.begin(), arguments.end());
  return arguments;
}

// What CLI11 did not take: the first is the mistake, the others may be its values.
absl::Status UnknownFlagError(absl::Span<const Option> options, const std::string& argument) {
  const std::string flag = argument.substr(0, argument.find('='));
  if (!flag.starts_with('-')) {
    return MakeError(Reason::kConfigInvalid,
                     "unexpected argument " + QuoteForMessage(flag) + ": settings are flags, see --help");
  }
  std::vector<std::string> known = {"--config", "--print-config", "--version", "--help"};
  for (const Option& option : options) known.push_back("--" + option.key);
  return MakeError(Reason::kConfigInvalid, "flag " + QuoteForMessage(flag) + ": there is no such flag; did you mean " +
                                               NearestName(flag, known) + "?");
}

}  // namespace

absl::StatusOr<CommandLine> ParseCommandLine(absl::Span<const Option> options, int argc, const char* const* argv) {
  CLI::App app("Millrace's server: names a plan's batches and streams them, reproducibly, to any number of trainers.",
               "millrace-server");
  app.footer(kFooter);
  app.allow_extras();
  app.set_version_flag("--version", "millrace-server " MILLRACE_VERSION);
  std::vector<std::string> texts;
  DeclareOptions(options, app, texts);
  std::string config_path;
  const CLI::Option* config = app.add_option("--config", config_path, "Configuration file")->type_name("FILE");
  bool print_config = false;
  app.add_flag("--print-config", print_config, "Print the configuration that holds, and where from, and end");
  try {
    app.parse(ArgumentsForCli11(argc, argv));
  } catch (const CLI::CallForHelp&) {
    CommandLine command_line;
    command_line.text_to_print = app.help();
    return command_line;
  } catch (const CLI::CallForVersion& version) {
    CommandLine command_line;
    command_line.text_to_print = absl::StrCat(version.what(), "\n");
    return command_line;
  } catch (const CLI::ParseError& error) {
    return MakeError(Reason::kConfigInvalid, absl::StrCat("flags: ", error.what(), "; see --help"));
  }
  if (const std::vector<std::string> unknown = app.remaining(); !unknown.empty()) {
    return UnknownFlagError(options, unknown.front());
  }
  CommandLine command_line;
  for (size_t i = 0; i < options.size(); ++i) {
    const std::string& key = options[i].key;
    if (app.count("--" + key) > 0) command_line.settings[key] = std::move(texts[i]);
  }
  command_line.print_config = print_config;
  if (config->count() > 0) command_line.config_path = config_path;
  return command_line;
}

}  // namespace millrace
