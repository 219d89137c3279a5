// A millrace-server of the benchmark's own, with readings of what it uses.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace millrace::bench {

// Started on a free port of the loopback interface; stopped by SIGTERM on destruction.
class ServerProcess {
 public:
  struct Options {
    std::string binary;
    std::string data_dir;
    int cpu = -1;  // pins the process to one core; -1: does not
  };
  static absl::StatusOr<std::unique_ptr<ServerProcess>> Start(const Options& options);
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  const std::string& address() const { return address_; }
  // From /proc/PID/status, in bytes: "VmHWM" (the peak of the resident set), "RssAnon", "RssFile".
  int64_t MemoryBytes(const std::string& field) const;
  // Makes the peak start anew from what is resident now.
  void ResetPeak();
  // User and system time used so far.
  double CpuSeconds() const;

 private:
  ServerProcess(pid_t pid, std::string address) : pid_(pid), address_(std::move(address)) {}

  const pid_t pid_;
  const std::string address_;
};

}  // namespace millrace::bench
