// What the program's exit codes mean. Scripts depend on them: a number never changes its meaning.
#pragma once

namespace millrace::cli {

enum class ExitCode : int {
  kOk = 0,
  kRefused = 1,        // the server, or the machine, said no
  kUsage = 2,          // the command line makes no sense
  kNotFound = 3,       // what was named is not there
  kUnreachable = 4,    // no server, or no answer in time
  kDataRejected = 5,   // the data is at fault: a rejected import, a damaged snapshot
  kInterrupted = 130,  // SIGINT or SIGTERM
};

}  // namespace millrace::cli
