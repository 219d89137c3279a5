// The one table of the server's settings.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "server/config/config.h"

namespace millrace {

struct Option {
  enum class Kind { kText, kNumber, kSwitch };

  std::string key;          // "data-dir": the flag without dashes, and the key in the file
  std::string placeholder;  // of the value, in the help
  Kind kind;
  std::string help;
  std::string default_text;
  // Sets the setting's field. When the text is not a value of it: what was expected, for the message.
  std::optional<std::string> (*set)(std::string_view text, ServerConfig& config);

  // "MILLRACE_DATA_DIR".
  std::string VariableName() const;
};

// In the order of the help. Some defaults depend on the machine (its cores).
std::vector<Option> MakeOptions();

// Null when there is none.
const Option* FindOption(absl::Span<const Option> options, std::string_view key);

}  // namespace millrace
