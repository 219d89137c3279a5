// Which dataset or snapshot a command looks into.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "clients/cli/command.h"

namespace millrace::cli {

// The flags, and what they say. Without any, a server's only dataset is meant.
class Scope {
 public:
  enum class Style { kPositional, kFlagsOnly };

  // Adds --dataset and --snapshot; with kPositional the dataset may also stand without its flag.
  void AddTo(CLI::App& app, Style style);

  // Puts the scope into a request that has `dataset` and `snapshot` in a oneof. May ask the server which
  // datasets there are. A usage error when that leaves a choice, not found when there are none.
  template <typename Request>
  Outcome Fill(Session& session, Request& request) {
    if (const Outcome outcome = Resolve(session); !outcome.ok()) return outcome;
    if (!snapshot_.empty()) {
      request.set_snapshot(snapshot_);
    } else {
      request.set_dataset(dataset_);
    }
    return {};
  }

  // "dataset openclipart", "snapshot 0123456789ab". After Fill.
  std::string Text(bool full) const;

 private:
  Outcome Resolve(Session& session);

  std::string dataset_;
  std::string snapshot_;
};

}  // namespace millrace::cli
