#include "clients/cli/dashed_query.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

namespace millrace::cli {
namespace {

// Flags may be written behind any command below the one that they belong to.
const CLI::Option* FindFlag(const CLI::App& command, const std::string& name) {
  for (const CLI::App* app = &command; app != nullptr; app = app->get_parent()) {
    if (const CLI::Option* flag = app->get_option_no_throw(name)) return flag;
  }
  return nullptr;
}

const CLI::App* FindCommand(const CLI::App& group, const std::string& name) {
  const auto commands = group.get_subcommands([](const CLI::App*) { return true; });
  const auto found = std::find_if(commands.begin(), commands.end(),
                                  [&](const CLI::App* command) { return command->check_name(name); });
  return found == commands.end() ? nullptr : *found;
}

bool TakesValue(const CLI::Option& flag) { return flag.get_items_expected_max() > 0; }

// What an argument that begins with '-' may be.
enum class Reading { kFlag, kFlagBeforeValue, kQuery, kFlagOrQuery };

Reading Read(const CLI::App& command, const std::string& argument) {
  const bool has_space = argument.find_first_of(" \t\n") != std::string::npos;
  if (argument.starts_with("--")) {
    const size_t equals = argument.find('=');
    const CLI::Option* const flag = FindFlag(command, argument.substr(0, equals));
    // A misspelt flag is no query: no tag begins so.
    if (flag == nullptr) return has_space ? Reading::kQuery : Reading::kFlag;
    return TakesValue(*flag) && equals == std::string::npos ? Reading::kFlagBeforeValue : Reading::kFlag;
  }
  const CLI::Option* const flag = FindFlag(command, argument.substr(0, 2));
  if (flag == nullptr) return Reading::kQuery;
  const bool is_alone = argument.size() == 2;
  if (!TakesValue(*flag)) return is_alone ? Reading::kFlag : Reading::kQuery;  // "-hat" asks for no help
  if (is_alone) return Reading::kFlagBeforeValue;
  // "-dog": the dataset "og", or no dog.
  return has_space ? Reading::kQuery : Reading::kFlagOrQuery;
}

}  // namespace

bool TakesQuery(const CLI::App& command) {
  const auto options = command.get_options();
  return std::any_of(options.begin(), options.end(), [](const CLI::Option* option) {
    return !option->nonpositional() && option->get_type_name() == kQueryType;
  });
}

std::vector<std::string> WithDashedQueryLast(const CLI::App& root, std::vector<std::string> arguments) {
  const CLI::App* command = &root;
  std::optional<size_t> query;
  std::optional<size_t> perhaps_query;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--") return arguments;
    if (!argument.starts_with('-') || argument.size() == 1) {
      if (TakesQuery(*command)) return arguments;  // this is the query
      const CLI::App* const named = FindCommand(*command, argument);
      if (named != nullptr) command = named;
      continue;
    }
    switch (Read(*command, argument)) {
      case Reading::kFlag:
        break;
      case Reading::kFlagBeforeValue:
        ++i;
        break;
      case Reading::kQuery:
        if (!query.has_value()) query = i;
        break;
      case Reading::kFlagOrQuery:
        perhaps_query = i;  // of several the last: flags are mostly written before it
        break;
    }
  }
  if (!query.has_value()) query = perhaps_query;
  if (!query.has_value() || !TakesQuery(*command)) return arguments;
  std::string text = std::move(arguments[*query]);
  arguments.erase(arguments.begin() + static_cast<std::ptrdiff_t>(*query));
  arguments.insert(arguments.end(), {"--", std::move(text)});
  return arguments;
}

}  // namespace millrace::cli
