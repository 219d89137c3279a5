#include "server/config/config.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/nearest.h"
#include "core/base/text.h"
#include "server/config/command_line.h"
#include "server/config/config_file.h"
#include "server/config/options.h"

namespace millrace {
namespace {

constexpr std::string_view kVariablePrefix = "MILLRACE_";
constexpr std::string_view kConfigVariable = "MILLRACE_CONFIG";
// Of Millrace's clients, tests and benchmarks, which may well run in the server's environment.
bool IsForeignVariable(std::string_view name) {
  return name == "MILLRACE_ADDRESS" || name == "MILLRACE_CLI" || name == "MILLRACE_SERVER" ||
         name.starts_with("MILLRACE_TEST_") || name.starts_with("MILLRACE_BENCH_");
}

// A value and the place it came from, "flag --listen", for messages.
struct Setting {
  std::string text;
  std::string place;
};

// By key. Several layers of it, the strongest first, make a configuration.
using Layer = std::map<std::string, Setting, std::less<>>;

absl::Status ConfigError(std::string_view place, std::string_view description) {
  return MakeError(Reason::kConfigInvalid, std::string(place) + ": " + std::string(description));
}

struct Environment {
  Layer settings;
  std::string config_path;  // empty: none
};

absl::StatusOr<Environment> ReadEnvironment(absl::Span<const Option> options, const char* const* variables) {
  std::map<std::string, const Option*, std::less<>> option_of_name;
  std::vector<std::string> names = {std::string(kConfigVariable)};
  for (const Option& option : options) {
    option_of_name.emplace(option.VariableName(), &option);
    names.push_back(option.VariableName());
  }
  Environment environment;
  for (; variables != nullptr && *variables != nullptr; ++variables) {
    const std::string_view variable = *variables;
    const std::string_view name = variable.substr(0, variable.find('='));
    if (!name.starts_with(kVariablePrefix) || name.size() == variable.size() || IsForeignVariable(name)) continue;
    const std::string value(variable.substr(name.size() + 1));
    const std::string place = "environment variable " + QuoteForMessage(name);
    if (name == kConfigVariable) {
      environment.config_path = value;
    } else if (const auto found = option_of_name.find(name); found != option_of_name.end()) {
      environment.settings[found->second->key] = {value, absl::StrCat("environment variable ", found->first)};
    } else {
      return ConfigError(place, "there is no such setting; did you mean " + NearestName(name, names) + "?");
    }
  }
  return environment;
}

absl::StatusOr<std::string> ReadText(const std::string& path) {
  // A file that never ends, such as /dev/zero, must not fill the memory.
  constexpr size_t kSizeBytesMax = 1 << 20;
  const auto error = [&](std::string_view why) {
    return MakeError(Reason::kConfigInvalid,
                     "cannot read the configuration file " + QuoteForMessage(path, 256) + ": " + std::string(why));
  };
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return error(std::strerror(errno));
  std::string text(kSizeBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return error(errno != 0 ? std::strerror(errno) : "it is not a readable file");
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kSizeBytesMax) return error("it is larger than 1 MiB");
  return text;
}

absl::StatusOr<Layer> ReadConfigFile(absl::Span<const Option> options, const std::string& path) {
  if (path.empty()) return Layer();
  MILLRACE_ASSIGN_OR_RETURN(const std::string text, ReadText(path));
  MILLRACE_ASSIGN_OR_RETURN(std::vector<FileSetting> settings, ParseConfigFile(path, text));
  std::vector<std::string> keys;
  for (const Option& option : options) keys.push_back(option.key);
  Layer layer;
  for (FileSetting& setting : settings) {
    const std::string line = absl::StrCat(path, ":", setting.line);
    if (FindOption(options, setting.key) == nullptr) {
      return ConfigError(line, "there is no setting " + QuoteForMessage(setting.key) + "; did you mean " +
                                   NearestName(setting.key, keys) + "?");
    }
    layer[setting.key] = {std::move(setting.text), absl::StrCat(line, ": ", setting.key)};
  }
  return layer;
}

absl::Status Apply(const Option& option, const Setting& setting, ServerConfig& config) {
  std::optional<std::string> expected;
  if (IsValidUtf8(setting.text)) {
    expected = option.set(setting.text, config);
  } else {
    expected = "UTF-8 text";
  }
  if (!expected.has_value()) return absl::OkStatus();
  return ConfigError(setting.place, QuoteForMessage(setting.text, 256) + " is not valid: expected " + *expected);
}

// Every value is checked, also those that a stronger place hides: a mistake shows at once rather than on the day
// the flag above it goes.
absl::StatusOr<Layer> Merge(absl::Span<const Option> options, absl::Span<const Layer> layers, ServerConfig& config) {
  Layer effective;
  for (const Option& option : options) {
    for (size_t i = layers.size(); i-- > 0;) {
      const auto found = layers[i].find(option.key);
      if (found == layers[i].end()) continue;
      MILLRACE_RETURN_IF_ERROR(Apply(option, found->second, config));
      effective[option.key] = found->second;
    }
  }
  return effective;
}

absl::Status CheckTogether(const ServerConfig& config, const Layer& effective) {
  if (config.listen.is_loopback || config.allow_insecure_remote) return absl::OkStatus();
  const Setting& listen = effective.find("listen")->second;
  return ConfigError(listen.place,
                     QuoteForMessage(listen.text) +
                         " can be reached from other machines, and calls are neither encrypted nor authenticated: "
                         "listen on a loopback address such as 127.0.0.1, or give --allow-insecure-remote if the "
                         "network is trusted");
}

std::string PrintConfig(absl::Span<const Option> options, const Layer& effective) {
  std::string text = "# The effective configuration of millrace-server, each setting under where it came from.\n";
  for (const Option& option : options) {
    const Setting& setting = effective.find(option.key)->second;
    absl::StrAppend(&text, "\n# ", option.help, ".\n# From: ", setting.place, "\n", option.key, " = ",
                    option.kind == Option::Kind::kText ? QuoteConfigValue(setting.text) : setting.text, "\n");
  }
  return text;
}

}  // namespace

absl::StatusOr<Invocation> LoadConfig(int argc, const char* const* argv, const char* const* environment) {
  const std::vector<Option> options = MakeOptions();
  MILLRACE_ASSIGN_OR_RETURN(CommandLine command_line, ParseCommandLine(options, argc, argv));
  Invocation invocation;
  invocation.text_to_print = std::move(command_line.text_to_print);
  if (!invocation.text_to_print.empty()) return invocation;

  Layer flags;
  for (auto& [key, text] : command_line.settings) flags[key] = {std::move(text), absl::StrCat("flag --", key)};
  MILLRACE_ASSIGN_OR_RETURN(Environment variables, ReadEnvironment(options, environment));
  const std::string config_path = command_line.config_path.value_or(variables.config_path);
  MILLRACE_ASSIGN_OR_RETURN(Layer file, ReadConfigFile(options, config_path));
  Layer defaults;
  for (const Option& option : options) defaults[option.key] = {option.default_text, "default"};

  const std::vector<Layer> layers = {std::move(flags), std::move(variables.settings), std::move(file),
                                     std::move(defaults)};
  MILLRACE_ASSIGN_OR_RETURN(const Layer effective, Merge(options, layers, invocation.config));
  MILLRACE_RETURN_IF_ERROR(CheckTogether(invocation.config, effective));
  if (command_line.print_config) invocation.text_to_print = PrintConfig(options, effective);
  return invocation;
}

}  // namespace millrace
