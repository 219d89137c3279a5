// Goal: a signal is waited for; afterwards a second one, or the end of the time, ends the process.
// Method: each case in a process of its own, forked here, that is sent signals and whose exit code is looked at.
#include "server/lifecycle/stop_signals.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "tests/support/catch.h"

namespace millrace {
namespace {

constexpr int kStopped = 40;  // an exit code that nothing else uses

// Runs `body` in a child, sends it `signals` one after another, each once the one before was taken; returns its exit
// code, or minus the number of the signal that killed it. The child tells by a byte that it takes the next signal.
int ExitCodeOf(const std::function<int(StopSignals& signals, const std::function<void()>& ready)>& body,
               const std::vector<int>& signals) {
  int pipe_fds[2];
  REQUIRE(pipe(pipe_fds) == 0);
  const pid_t child = fork();
  if (child == 0) {
    alarm(30);  // a child that hangs is killed, and the test fails
    StopSignals stop_signals;
    _exit(body(stop_signals, [&] { (void)!write(pipe_fds[1], "x", 1); }));
  }
  close(pipe_fds[1]);
  for (const int signal : signals) {
    char byte;
    CHECK(read(pipe_fds[0], &byte, 1) == 1);
    kill(child, signal);
  }
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  close(pipe_fds[0]);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TEST_CASE("SIGTERM and SIGINT are waited for") {
  for (const int signal : {SIGTERM, SIGINT}) {
    const int code = ExitCodeOf(
        [&](StopSignals& signals, const std::function<void()>& ready) {
          ready();
          return signals.Wait() == signal ? kStopped : 1;
        },
        {signal});
    CHECK(code == kStopped);
  }
}

TEST_CASE("An orderly end that is in time is not disturbed") {
  const int code = ExitCodeOf(
      [](StopSignals& signals, const std::function<void()>& ready) {
        ready();
        signals.Wait();
        {
          StopSignals inner;  // destroyed while it watches
          inner.EndProcessAfter(absl::Hours(1), [](const char*) { _exit(2); });
        }
        return kStopped;
      },
      {SIGTERM});
  CHECK(code == kStopped);
}

TEST_CASE("A second signal ends the process at once") {
  const int code = ExitCodeOf(
      [](StopSignals& signals, const std::function<void()>& ready) {
        ready();
        signals.Wait();
        signals.EndProcessAfter(absl::Hours(1), [](const char*) {});
        ready();
        while (true) pause();
        return 1;
      },
      {SIGTERM, SIGINT});
  CHECK(code == 128 + SIGINT);
}

TEST_CASE("The end of the time ends the process, and says so before") {
  const int code = ExitCodeOf(
      [](StopSignals& signals, const std::function<void()>& ready) {
        ready();
        signals.Wait();
        signals.EndProcessAfter(absl::Milliseconds(20), [](const char*) { _exit(kStopped); });
        while (true) pause();
        return 2;
      },
      {SIGTERM});
  CHECK(code == kStopped);
}

}  // namespace
}  // namespace millrace
