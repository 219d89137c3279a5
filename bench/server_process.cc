#include "bench/server_process.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

#include "absl/strings/str_cat.h"

namespace millrace::bench {

absl::StatusOr<std::unique_ptr<ServerProcess>> ServerProcess::Start(const Options& options) {
  int out[2];
  if (pipe2(out, O_CLOEXEC) != 0) return absl::InternalError("pipe failed");
  const std::string log_path = absl::StrCat(options.data_dir, ".log");
  std::vector<const char*> arguments = {options.binary.c_str(), "--listen", "127.0.0.1:0", "--data-dir",
                                        options.data_dir.c_str()};
  for (const std::string& flag : options.flags) arguments.push_back(flag.c_str());
  arguments.push_back(nullptr);
  const pid_t pid = fork();
  if (pid < 0) return absl::InternalError("fork failed");
  if (pid == 0) {
    // However this program ends, the server must not outlive it.
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    dup2(out[1], STDOUT_FILENO);
    const int log_fd = open(log_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (log_fd >= 0) dup2(log_fd, STDERR_FILENO);
    if (options.cpu >= 0) {
      cpu_set_t set;
      CPU_ZERO(&set);
      CPU_SET(options.cpu, &set);
      sched_setaffinity(0, sizeof set, &set);
    }
    execv(options.binary.c_str(), const_cast<char* const*>(arguments.data()));
    _exit(127);
  }
  close(out[1]);
  std::string line;
  char c;
  while (read(out[0], &c, 1) == 1 && c != '\n') line.push_back(c);
  close(out[0]);
  const size_t at = line.find("listening on ");
  if (at == std::string::npos) {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    return absl::UnavailableError(absl::StrCat(options.binary, " did not start; see ", log_path));
  }
  return std::unique_ptr<ServerProcess>(new ServerProcess(pid, line.substr(at + 13), log_path));
}

ServerProcess::~ServerProcess() {
  if (is_waited_for_) return;
  kill(pid_, SIGTERM);
  waitpid(pid_, nullptr, 0);
}

int64_t ServerProcess::MemoryBytes(const std::string& field) const {
  std::ifstream status(absl::StrCat("/proc/", pid_, "/status"));
  std::string name;
  while (status >> name) {
    if (name == field + ":") {
      int64_t kib = 0;
      status >> kib;
      return kib * 1024;
    }
  }
  return -1;
}

void ServerProcess::ResetPeak() { std::ofstream(absl::StrCat("/proc/", pid_, "/clear_refs")) << "5"; }

int64_t ServerProcess::StatField(int number) const {
  std::ifstream stat(absl::StrCat("/proc/", pid_, "/stat"));
  std::string text((std::istreambuf_iterator<char>(stat)), {});
  // The name, in parentheses, may hold spaces; the field behind it is the third.
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string skipped;
  for (int i = 3; i < number; ++i) fields >> skipped;
  int64_t value = 0;
  fields >> value;
  return value;
}

double ServerProcess::CpuSeconds() const {
  return static_cast<double>(StatField(14) + StatField(15)) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

int64_t ServerProcess::FaultCount() const { return StatField(10); }

int64_t ServerProcess::DescriptorCount() const {
  const std::filesystem::directory_iterator descriptors(absl::StrCat("/proc/", pid_, "/fd"));
  return std::distance(begin(descriptors), end(descriptors));
}

std::string ServerProcess::Log() const {
  std::ifstream file(log_path_);
  return {std::istreambuf_iterator<char>(file), {}};
}

void ServerProcess::RunOn(pid_t pid, int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (cpu < 0 || i == cpu) CPU_SET(i, &set);
  }
  // Threads that are there have masks of their own; those to come inherit theirs. Twice, for those that come meanwhile.
  for (int i = 0; i < 2; ++i) {
    for (const auto& task : std::filesystem::directory_iterator(absl::StrCat("/proc/", pid, "/task"))) {
      sched_setaffinity(std::stoi(task.path().filename()), sizeof set, &set);
    }
  }
}

void ServerProcess::BeginStop() { kill(pid_, SIGTERM); }

int ServerProcess::WaitForEnd(double timeout_s) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::duration<double>(timeout_s);
  do {
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) == pid_) {
      is_waited_for_ = true;
      return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  } while (std::chrono::steady_clock::now() < deadline);
  return -1;
}

}  // namespace millrace::bench
