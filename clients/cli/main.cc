// The millrace command: prepares the process, then hands over to RunCli.
#include <unistd.h>

#include <clocale>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "clients/cli/app.h"
#include "core/base/tuning.h"

int main(int argc, char** argv) {
  millrace::TuneAllocator();
  millrace::StopLookingForDeadlocks();
  // Widths of characters come from the C library's tables, which need some UTF-8 locale; the user's may not be one.
  std::setlocale(LC_CTYPE, "C.UTF-8");
  std::ios::sync_with_stdio(false);
  // gRPC logs connection failures to standard error; they come back as statuses anyway.
  setenv("GRPC_VERBOSITY", "NONE", 0);
  // `millrace posts list | head` ends like any other filter.
  std::signal(SIGPIPE, SIG_DFL);

  millrace::cli::Interrupt interrupt;
  const millrace::cli::SignalWatcher watcher(interrupt);
  const millrace::cli::Output output{std::cout, millrace::cli::TerminalOf(STDOUT_FILENO), std::cerr,
                                     millrace::cli::TerminalOf(STDERR_FILENO)};
  return millrace::cli::RunCli(std::vector<std::string>(argv + 1, argv + argc), output, interrupt);
}
