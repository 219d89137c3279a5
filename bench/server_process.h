// A millrace-server of the benchmark's own, with readings of what it uses.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace millrace::bench {

// Started on a free port of the loopback interface; stopped by SIGTERM on destruction.
class ServerProcess {
 public:
  struct Options {
    std::string binary;
    std::string data_dir;
    int cpu = -1;                    // pins the process to one core; -1: does not
    std::vector<std::string> flags;  // further ones
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
  // Pages that the kernel had to give it (minor faults).
  int64_t FaultCount() const;
  // Descriptors that it has open.
  int64_t DescriptorCount() const;
  // Everything that it has logged.
  std::string Log() const;

  // Keeps the process, or this one, on one core from now on; -1: on any.
  void RunOn(int cpu) const { RunOn(pid_, cpu); }
  static void RunSelfOn(int cpu) { RunOn(getpid(), cpu); }

  // SIGTERM, without waiting for the end. WaitForEnd returns the exit code, or -1 when a signal ended the process or
  // `timeout_s` have passed.
  void BeginStop();
  int WaitForEnd(double timeout_s);

 private:
  // A field of /proc/PID/stat, counted as proc(5) does.
  int64_t StatField(int number) const;
  static void RunOn(pid_t pid, int cpu);

  ServerProcess(pid_t pid, std::string address, std::string log_path)
      : pid_(pid), address_(std::move(address)), log_path_(std::move(log_path)) {}

  const pid_t pid_;
  const std::string address_;
  const std::string log_path_;
  bool is_waited_for_ = false;
};

}  // namespace millrace::bench
