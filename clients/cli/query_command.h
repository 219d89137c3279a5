// millrace query: what a query means, and the posts that match it.
#pragma once

#include "clients/cli/command.h"

namespace millrace::cli {

void AddQueryCommand(CLI::App& root, Commands& commands);

}  // namespace millrace::cli
