// Runs a command and meddles with its system calls on the files of one folder: kills it on entry to the N-th of them,
// or makes calls fail. Counts over all threads together, which strace's `inject` does not: it counts in each thread by
// itself.
//
//   meddle FOLDER ORDERS LOG COMMAND [ARGUMENT...]
//
// ORDERS is a file that may be replaced (by rename) at any time; missing or empty means: leave everything alone. It
// says
//   SERIAL ACTION FIRST LAST CALL[,CALL...]
// and applies to calls number FIRST to LAST among those named, counted from 1 since the orders changed. ACTION is
// `kill`, `note` (only the log), or the number of an error, with which the call then fails without being made. SERIAL
// tells orders from each other that are otherwise the same. LOG gets a line for each call counted: "NUMBER DONE CALL
// PATH".
//
// The command's exit code becomes this program's, 137 when it was killed. SIGTERM and SIGINT are passed on, SIGUSR1
// kills the command. When this program is killed the command is, too.
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace {

constexpr int kExitUsage = 2;
constexpr int kExitNotPermitted = 3;
constexpr int kExitKilled = 137;

// Where a call's file is named: argument `file` is a descriptor, or a path below the folder that `folder` (a
// descriptor) is. `flags` is the argument that must have O_CREAT for the call to change anything.
struct Call {
  const char* name;
  long number;
  int file = 0;
  bool is_path = false;
  int folder = -1;
  int flags = -1;
};

constexpr Call kCalls[] = {
    {"write", SYS_write},
    {"writev", SYS_writev},
    {"pwrite64", SYS_pwrite64},
    {"pwritev", SYS_pwritev},
    {"ftruncate", SYS_ftruncate},
    {"fallocate", SYS_fallocate},
    {"fsync", SYS_fsync},
    {"fdatasync", SYS_fdatasync},
    {"openat", SYS_openat, 1, true, 0, 2},
    {"mkdirat", SYS_mkdirat, 1, true, 0},
    {"unlinkat", SYS_unlinkat, 1, true, 0},
    {"renameat", SYS_renameat, 3, true, 2},
    {"renameat2", SYS_renameat2, 3, true, 2},
    {"linkat", SYS_linkat, 3, true, 2},
#ifdef SYS_mkdir  // newer architectures have only the calls above
    {"open", SYS_open, 0, true, -1, 1},
    {"mkdir", SYS_mkdir, 0, true},
    {"rmdir", SYS_rmdir, 0, true},
    {"unlink", SYS_unlink, 0, true},
    {"rename", SYS_rename, 1, true},
    {"link", SYS_link, 1, true},
#endif
    {"read", SYS_read},
    {"pread64", SYS_pread64},
};

struct Registers {
  long number;
  uint64_t arguments[6];
};

#if defined(__x86_64__)
Registers ReadRegisters(pid_t thread) {
  user_regs_struct regs = {};
  ptrace(PTRACE_GETREGS, thread, nullptr, &regs);
  return {static_cast<long>(regs.orig_rax), {regs.rdi, regs.rsi, regs.rdx, regs.r10, regs.r8, regs.r9}};
}

// Leaves the call out; it returns the error.
void Fail(pid_t thread, int error_number) {
  user_regs_struct regs = {};
  ptrace(PTRACE_GETREGS, thread, nullptr, &regs);
  regs.orig_rax = static_cast<unsigned long long>(-1);
  regs.rax = static_cast<unsigned long long>(-error_number);
  ptrace(PTRACE_SETREGS, thread, nullptr, &regs);
}
#elif defined(__aarch64__)
constexpr int kSystemCallRegister = 0x404;  // NT_ARM_SYSTEM_CALL

user_regs_struct GetRegs(pid_t thread) {
  user_regs_struct regs = {};
  iovec place = {&regs, sizeof regs};
  ptrace(PTRACE_GETREGSET, thread, 1 /* NT_PRSTATUS */, &place);
  return regs;
}

Registers ReadRegisters(pid_t thread) {
  const user_regs_struct regs = GetRegs(thread);
  return {static_cast<long>(regs.regs[8]),
          {regs.regs[0], regs.regs[1], regs.regs[2], regs.regs[3], regs.regs[4], regs.regs[5]}};
}

void Fail(pid_t thread, int error_number) {
  int number = -1;
  iovec number_place = {&number, sizeof number};
  ptrace(PTRACE_SETREGSET, thread, kSystemCallRegister, &number_place);
  user_regs_struct regs = GetRegs(thread);
  regs.regs[0] = static_cast<unsigned long long>(-error_number);
  iovec place = {&regs, sizeof regs};
  ptrace(PTRACE_SETREGSET, thread, 1, &place);
}
#else
#error "meddle knows the registers of x86-64 and arm64 only"
#endif

struct Orders {
  std::string text;
  std::string action;
  long first = 0;
  long last = 0;
  std::string calls;  // with a comma at both ends

  bool Names(const Call& call) const { return calls.find("," + std::string(call.name) + ",") != std::string::npos; }
};

Orders ReadOrders(const std::string& path) {
  std::ifstream file(path);
  Orders orders;
  orders.text.assign(std::istreambuf_iterator<char>(file), {});
  std::istringstream words(orders.text);
  std::string serial;
  words >> serial >> orders.action >> orders.first >> orders.last >> orders.calls;
  orders.calls = "," + orders.calls + ",";
  return orders;
}

std::string LinkTarget(const std::string& link) {
  char target[PATH_MAX];
  const ssize_t size = readlink(link.c_str(), target, sizeof target);
  return size < 0 ? std::string() : std::string(target, static_cast<size_t>(size));
}

std::string PathOfDescriptor(pid_t thread, int fd) {
  const std::string process = "/proc/" + std::to_string(thread);
  return LinkTarget(fd == AT_FDCWD ? process + "/cwd" : process + "/fd/" + std::to_string(fd));
}

std::string ReadText(pid_t thread, uint64_t address) {
  std::string text;
  char byte;
  iovec local = {&byte, 1};
  while (text.size() < PATH_MAX) {
    iovec remote = {reinterpret_cast<void*>(address + text.size()), 1};
    if (process_vm_readv(thread, &local, 1, &remote, 1, 0) != 1 || byte == '\0') break;
    text.push_back(byte);
  }
  return text;
}

class Meddler {
 public:
  Meddler(std::string folder, std::string orders_path, int log_fd)
      : folder_(std::move(folder)), orders_path_(std::move(orders_path)), log_fd_(log_fd) {}

  // On entry to a call of the table, before it does anything.
  void Enter(pid_t process, pid_t thread) {
    const Registers registers = ReadRegisters(thread);
    const Call* call = nullptr;
    for (const Call& known : kCalls) {
      if (known.number == registers.number) call = &known;
    }
    if (call == nullptr) return;
    if (call->flags >= 0 && (registers.arguments[call->flags] & O_CREAT) == 0) return;
    const std::string path = PathOf(thread, *call, registers);
    if (path != folder_ && path.rfind(folder_ + "/", 0) != 0) return;
    Orders orders = ReadOrders(orders_path_);
    if (orders.text != orders_.text) count_ = 0;
    orders_ = std::move(orders);
    if (!orders_.Names(*call)) return;
    const long number = ++count_;
    const bool applies = number >= orders_.first && number <= orders_.last;
    Note(number, applies ? orders_.action : "note", *call, path);
    if (!applies || orders_.action == "note") return;
    if (orders_.action == "kill") {
      kill(process, SIGKILL);
    } else {
      Fail(thread, std::atoi(orders_.action.c_str()));
    }
  }

 private:
  static std::string PathOf(pid_t thread, const Call& call, const Registers& registers) {
    const uint64_t file = registers.arguments[call.file];
    if (!call.is_path) return PathOfDescriptor(thread, static_cast<int>(file));
    std::string path = ReadText(thread, file);
    if (!path.empty() && path[0] == '/') return path;
    const int folder = call.folder < 0 ? AT_FDCWD : static_cast<int>(registers.arguments[call.folder]);
    return PathOfDescriptor(thread, folder) + "/" + path;
  }

  void Note(long number, const std::string& done, const Call& call, const std::string& path) const {
    const std::string line = std::to_string(number) + " " + done + " " + call.name + " " + path + "\n";
    if (write(log_fd_, line.data(), line.size()) < 0) std::perror("meddle: log");
  }

  const std::string folder_;
  const std::string orders_path_;
  const int log_fd_;
  Orders orders_;
  long count_ = 0;
};

volatile pid_t child = 0;

void PassOn(int signal) { kill(child, signal == SIGUSR1 ? SIGKILL : signal); }

// In the child: waits until it is traced, has the calls of the table stop, and becomes the command.
[[noreturn]] void Become(int traced_fd, char** command) {
  char byte;
  if (read(traced_fd, &byte, 1) != 1) _exit(kExitNotPermitted);
  close(traced_fd);
  std::vector<sock_filter> filter = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
  for (const Call& call : kCalls) {
    filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(call.number), 0, 1));
    filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE));
  }
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog program = {static_cast<unsigned short>(filter.size()), filter.data()};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    std::perror("meddle: seccomp is not permitted here");
    _exit(kExitNotPermitted);
  }
  execv(command[0], command);
  std::perror(command[0]);
  _exit(kExitUsage);
}

int Trace(Meddler meddler) {
  while (true) {
    int status = 0;
    const pid_t thread = waitpid(-1, &status, __WALL);
    if (thread < 0 && errno == EINTR) continue;
    if (thread < 0) return kExitKilled;
    if (WIFEXITED(status) || WIFSIGNALED(status)) {
      if (thread == child) return WIFEXITED(status) ? WEXITSTATUS(status) : kExitKilled;
      continue;
    }
    const int event = status >> 16;
    if (event == PTRACE_EVENT_SECCOMP) meddler.Enter(child, thread);
    ptrace(PTRACE_CONT, thread, nullptr, event == 0 ? WSTOPSIG(status) : 0);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fputs("usage: meddle FOLDER ORDERS LOG COMMAND [ARGUMENT...]\n", stderr);
    return kExitUsage;
  }
  const int log_fd = open(argv[3], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  int traced[2];
  if (log_fd < 0 || pipe(traced) != 0) {
    std::perror("meddle");
    return kExitUsage;
  }
  child = fork();
  if (child == 0) {
    close(traced[1]);
    Become(traced[0], argv + 4);
  }
  close(traced[0]);
  for (const int number : {SIGTERM, SIGINT, SIGUSR1}) signal(number, PassOn);
  const long options =
      PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL;
  if (child < 0 || ptrace(PTRACE_SEIZE, child, nullptr, options) != 0 || write(traced[1], "t", 1) != 1) {
    std::perror("meddle: ptrace is not permitted here");
    if (child > 0) kill(child, SIGKILL);
    return kExitNotPermitted;
  }
  close(traced[1]);
  return Trace(Meddler(argv[1], argv[2], log_fd));
}
