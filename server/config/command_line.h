// The server's flags.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "server/config/options.h"

namespace millrace {

struct CommandLine {
  std::map<std::string, std::string> settings;  // by key; only the flags that were given
  std::optional<std::string> config_path;
  bool print_config = false;
  std::string text_to_print;  // for --help and --version
};

// Every option is a flag --KEY; besides there are --config, --print-config, --version and --help. Values are not
// judged here. kConfigInvalid for unknown flags, flags without their value or given twice, and stray words.
absl::StatusOr<CommandLine> ParseCommandLine(absl::Span<const Option> options, int argc, const char* const* argv);

}  // namespace millrace
