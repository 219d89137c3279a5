// The --progress flag of commands that may take long.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>

namespace millrace::cli {

// --progress, --no-progress, or neither. (A bound std::optional would not do: CLI11 presets it.)
class ProgressFlag {
 public:
  void AddTo(CLI::App& app) {
    option_ = app.add_flag("--progress,!--no-progress")
                  ->description("Show progress on standard error, also when it is not a terminal; or do not");
  }

  // After parsing.
  std::optional<bool> asked() const {
    if (option_->count() == 0) return std::nullopt;
    return option_->as<bool>();
  }

 private:
  CLI::Option* option_ = nullptr;
};

}  // namespace millrace::cli
