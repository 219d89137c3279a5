// Numbers on the command line that are larger than what they are read into.
#pragma once

#include <CLI/CLI.hpp>

namespace millrace::cli {

// Lets every option of `app` and its subcommands that takes whole numbers refuse those beyond 64 bits: CLI11 takes the
// largest number in their place, without a word. Call once, behind the last option.
void RefuseHugeNumbers(CLI::App& app);

}  // namespace millrace::cli
