// Finds out whether an address can be listened on, and why not.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace millrace {

// Binds the address for a moment. `host` is an address or a name, `port` 0 any free one. kConfigInvalid, with what
// can be done about it, when it is in use, not this machine's, forbidden, or the name does not resolve. The answer
// can be outdated the next moment.
absl::Status ProbeAddress(const std::string& host, int port);

}  // namespace millrace
