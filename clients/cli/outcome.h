// How a command ended, and how that is told: a message, what to do about it, and an exit code.
#pragma once

#include <grpcpp/support/status.h>

#include <map>
#include <ostream>
#include <string>

#include "clients/cli/exit_code.h"

namespace millrace::cli {

struct Outcome {
  ExitCode exit_code = ExitCode::kOk;
  // What went wrong; empty when all is well or when the command has said it already.
  std::string message;
  // What to do about it; may be empty.
  std::string hint;
  // Of the server's error: its status code ("NOT_FOUND"), ErrorInfo.reason, the field of BadRequest and
  // ErrorInfo.metadata. Empty for what did not come from the server.
  std::string code;
  std::string reason;
  std::string field;
  std::map<std::string, std::string> metadata;

  bool ok() const { return exit_code == ExitCode::kOk; }
};

// The command line makes no sense.
Outcome UsageError(std::string message, std::string hint = "");
// Something on this machine said no: a file that cannot be read.
Outcome LocalError(std::string message, std::string hint = "");
// A file that could not be opened, read or written ("cannot read PATH: why"), with errno's reason where it is set: set
// it to 0 before.
Outcome FileError(const std::string& verb, const std::string& path);

// The outcome of a call that ended with `status`. `interrupted`: the user asked to stop.
Outcome OutcomeOf(const grpc::Status& status, const std::string& address, bool interrupted);

// Prints an outcome that is not ok: two lines at most, or with `json` one JSON document on one line.
void PrintOutcome(const Outcome& outcome, bool json, bool color, std::ostream& err);

}  // namespace millrace::cli
