// millrace plan explain.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "clients/cli/command.h"

namespace millrace::cli {

// Of a post: its split, the steps that hold it, and why. Of a step: its posts, and how they came there.
class ExplainPlanCommand : public Command {
 public:
  explicit ExplainPlanCommand(CLI::App* app);

  Outcome Run(Session& session) override;

 private:
  Outcome ExplainPost(Session& session);
  Outcome ExplainStep(Session& session);

  std::string plan_id_;
  std::optional<int64_t> post_id_;
  std::string split_;
  std::optional<int64_t> step_;
  int64_t epoch_ = 0;
};

}  // namespace millrace::cli
