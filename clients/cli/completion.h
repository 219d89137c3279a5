// Completion scripts for shells, made from the command tree, so that they cannot fall behind it.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace millrace::cli {

// A script that completes commands, flags and the values of flags with a fixed choice, with descriptions where
// the shell shows them. `shell` is bash, zsh or fish.
std::string CompletionScript(const CLI::App& root, const std::string& shell);

}  // namespace millrace::cli
